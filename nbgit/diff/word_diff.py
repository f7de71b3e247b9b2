"""Ring 3: a hunk by words, as git's --word-diff shows it."""

from nbgit.diff.lines import match
from nbgit.diff.words import tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbgit.diff.lines import Matching

MOST = 4000  # words of both sides together that are compared


def word_lines(before: "Sequence[str]", after: "Sequence[str]") -> "Iterator[list[tuple[str, str]]]":
    """Yield lines of (mark, text), mark "-" for what was removed, "+" for what was added, " " for what stayed."""
    a, b, matching = _compare(before, after)
    if matching is None:
        yield from ([(mark, line)] for mark, lines in (("-", before), ("+", after)) for line in lines)
        return
    line: list[tuple[str, str]] = []
    for mark, words in _pieces(a, b, matching):
        first, *rest = "".join(words).split("\n")
        line += [(mark, first)] if first else []
        for text in rest:
            yield line
            line = [(mark, text)] if text else []
    if line:
        yield line


def _compare(before: "Sequence[str]", after: "Sequence[str]") -> "tuple[list[str], list[str], Matching | None]":
    """Return the words of both sides, each line with its line break, and what they have in common (None: too much)."""
    sizes = sum(map(len, before)), sum(map(len, after))
    if not all(sizes) or sum(sizes) > MOST * 8:
        return [], [], None
    a, b = ([word for line in lines for word in (*tokens(line), "\n")] for lines in (before, after))
    return a, b, match(a, b) if len(a) + len(b) <= MOST else None


def _pieces(a: list[str], b: list[str], matching: "Matching") -> "Iterator[tuple[str, list[str]]]":
    a_at = b_at = 0
    for a_start, b_start, length in [*matching.blocks, (len(a), len(b), 0)]:
        yield "-", a[a_at:a_start]
        yield "+", b[b_at:b_start]
        yield " ", b[b_start : b_start + length]
        a_at, b_at = a_start + length, b_start + length
