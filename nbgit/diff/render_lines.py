"""Ring 3: the lines of a hunk: unchanged ones, and changed ones by lines or by words, in git's colours."""

from nbgit.diff.palette import REVERSED, UPRIGHT
from nbgit.diff.view import PLAIN, View
from nbgit.diff.word_diff import word_lines
from nbgit.diff.words import pair_lines, word_edits
from nbgit.notebook.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbgit.diff.words import Span

NO_NEWLINE = "\n\\ No newline at end of file"  # behind a line of a file that has no line end there
SLOTS = {" ": "context", "-": "old", "+": "new"}
BRACKETS = {" ": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}  # git's --word-diff=plain


def context_lines(lines: "Sequence[str]", view: View) -> "Iterator[str]":
    """Yield lines that stayed."""
    return _lines("" if view.words else " ", "context", lines, [], view)


def changed_lines(before: "Sequence[str]", after: "Sequence[str]", view: View) -> "Iterator[str]":
    """Yield the lines that were removed and those in their place; or, by words, both in one text."""
    if view.words:
        yield from (_worded(line, view) for line in word_lines(before, after))
        return
    old, new = _changed_spans(before, after) if view.marks and before and after else ([], [])
    yield from _lines("-", "old", before, old, view)
    yield from _lines("+", "new", after, new, view)


def _changed_spans(before: "Sequence[str]", after: "Sequence[str]") -> "tuple[list[list[Span]], list[list[Span]]]":
    """Return for each line what of it changed; nothing where it has little in common with the other side."""
    old: list[list[Span]] = [[] for _ in before]
    new: list[list[Span]] = [[] for _ in after]
    for a, b in pair_lines(before, after):
        if a is not None and b is not None:
            old[a], new[b] = word_edits(before[a], after[b])
    return old, new


def _lines(mark: str, slot: str, lines: "Sequence[str]", spans: "list[list[Span]]", view: View) -> "Iterator[str]":
    paint = view.palette.paint
    for number, line in enumerate(lines):
        text = line.removesuffix(NO_NEWLINE)
        shown = _marked(text, spans[number]) if spans and spans[number] else visible(text)
        yield paint(slot, mark + shown)
        if text != line:
            yield paint(slot, NO_NEWLINE[1:])


def _marked(line: str, spans: "list[Span]") -> str:
    """Return a line with these parts of it reversed."""
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += [visible(line[at:start]), REVERSED, visible(line[start:end]), UPRIGHT]
        at = end
    return "".join([*pieces, visible(line[at:])])


def _worded(line: "list[tuple[str, str]]", view: View) -> str:
    pieces = []
    for mark, text in line:
        left, right = BRACKETS[mark] if view.words == PLAIN else ("", "")
        pieces.append(view.palette.paint(SLOTS[mark], left + visible(text) + right))
    return "".join(pieces)
