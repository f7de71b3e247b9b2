"""Ring 3: how much two cells have in common, by hashed words and neighbouring pairs of words."""

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbgit.notebook.cells import Cell

MOST_WORDS = 2000  # of one cell that count


class _Spaces(dict[int, int]):
    """For `str.translate`: each character that is no letter, digit or underscore becomes a blank.

    What `re` calls a word, and faster; `re` alone takes 5 ms to import.
    """

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        self[code] = code if letter.isalnum() or letter == "_" else 32
        return self[code]


_spaces = _Spaces()


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
    words = source.translate(_spaces).split()[:MOST_WORDS]
    return frozenset(map(hash, words)) | frozenset(map(hash, pairwise(words)))
