"""Ring 3: the lines of a hunk: unchanged ones, and changed ones by lines or by words, in git's colours."""

from nbgit.diff.palette import REVERSED, UPRIGHT
from nbgit.diff.syntax import END
from nbgit.diff.view import PLAIN, View
from nbgit.diff.word_diff import word_lines
from nbgit.diff.words import pair_lines, word_edits
from nbgit.notebook.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbgit.diff.syntax import Code
    from nbgit.diff.words import Span

NO_NEWLINE = "\n\\ No newline at end of file"  # behind a line of a file that has no line end there
SLOTS = {" ": "context", "-": "old", "+": "new"}
BRACKETS = {" ": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}  # git's --word-diff=plain


def context_lines(lines: "Sequence[str]", view: View, codes: "Sequence[Code]" = ()) -> "Iterator[str]":
    """Yield lines that stayed; `codes` are the colours of each (nbgit.diff.syntax)."""
    return _lines("" if view.words else " ", "context", lines, [], view, codes)


def changed_lines(
    before: "Sequence[str]",
    after: "Sequence[str]",
    view: View,
    codes: "tuple[Sequence[Code], Sequence[Code]]" = ((), ()),
) -> "Iterator[str]":
    """Yield the lines that were removed and those in their place; or, by words, both in one text."""
    if view.words:
        yield from (_worded(line, view) for line in word_lines(before, after))
        return
    old, new = _changed_spans(before, after) if view.marks and before and after else ([], [])
    yield from _lines("-", "old", before, old, view, codes[0])
    yield from _lines("+", "new", after, new, view, codes[1])


def _changed_spans(before: "Sequence[str]", after: "Sequence[str]") -> "tuple[list[list[Span]], list[list[Span]]]":
    """Return for each line what of it changed; nothing where it has little in common with the other side."""
    old: list[list[Span]] = [[] for _ in before]
    new: list[list[Span]] = [[] for _ in after]
    for a, b in pair_lines(before, after):
        if a is not None and b is not None:
            old[a], new[b] = word_edits(before[a], after[b])
    return old, new


def _lines(
    mark: str,
    slot: str,
    lines: "Sequence[str]",
    spans: "list[list[Span]]",
    view: View,
    codes: "Sequence[Code]",
) -> "Iterator[str]":
    paint = view.palette.paint
    for number, line in enumerate(lines):
        text = line.removesuffix(NO_NEWLINE)
        marked = spans[number] if spans else []
        code = codes[number] if codes else []
        shown = _styled(text, marked, code) if marked or code else visible(text)
        yield paint(slot, mark + shown)
        if text != line:
            yield paint(slot, NO_NEWLINE[1:])


def _styled(line: str, marked: "list[Span]", code: "Code") -> str:
    """Return a line with these parts of it reversed, and those in the colours of code."""
    opens: dict[int, str] = {}
    for start, end, escape in code:
        opens[start] = opens.get(start, "").removesuffix(END) + escape
        opens[end] = opens.get(end, "") + END
    for start, end in marked:
        opens[start] = opens.get(start, "") + REVERSED
        opens[end] = UPRIGHT + opens.get(end, "")
    pieces: list[str] = []
    at = 0
    for place in sorted(opens):
        pieces += [visible(line[at:place]), opens[place]]
        at = place
    return "".join([*pieces, visible(line[at:])])


def _worded(line: "list[tuple[str, str]]", view: View) -> str:
    pieces = []
    for mark, text in line:
        left, right = BRACKETS[mark] if view.words == PLAIN else ("", "")
        pieces.append(view.palette.paint(SLOTS[mark], left + visible(text) + right))
    return "".join(pieces)
