"""Ring 3: how much two cells have in common, by hashed words and neighbouring pairs of words."""

import re
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbgit.notebook.cells import Cell

MOST_WORDS = 2000  # of one cell that count
_words = re.compile(r"\w+").findall


class Similarity:
    """How much two cells have in common, from 0 to 1: Dice's coefficient over words and neighbouring word pairs."""

    def __init__(self, a: "Sequence[Cell]", b: "Sequence[Cell]") -> None:
        self._a = a
        self._b = b
        self._features: dict[tuple[str, int], frozenset[int]] = {}

    def features_a(self, index: int) -> frozenset[int]:
        """Return the features of cell `index` of a."""
        return self._of("a", index, self._a[index])

    def features_b(self, index: int) -> frozenset[int]:
        """Return the features of cell `index` of b."""
        return self._of("b", index, self._b[index])

    def score(self, a_index: int, b_index: int) -> float:
        """Return the similarity of two cells; cells of different kinds count a quarter less."""
        ours, theirs = self.features_a(a_index), self.features_b(b_index)
        if not ours or not theirs:
            return 0.0
        share = 2 * len(ours & theirs) / (len(ours) + len(theirs))
        return share if self._a[a_index].kind == self._b[b_index].kind else share * 0.75

    def _of(self, side: str, index: int, cell: "Cell") -> frozenset[int]:
        known = self._features.get((side, index))
        if known is None:
            known = self._features[side, index] = features(cell.source)
        return known


def features(source: str) -> frozenset[int]:
    """Return the hashes of the words of `source` and of their neighbouring pairs."""
    words = _words(source)[:MOST_WORDS]
    return frozenset(map(hash, words)) | frozenset(map(hash, pairwise(words)))
