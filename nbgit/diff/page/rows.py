"""Ring 3: a text's change as rows of the page: one markup for unified and side by side, words marked.

Each hunk is cut into segments. In a segment the older lines come first, then the newer ones, and the style sheet lays
them out: in two columns packed from the top, which puts the first of both next to each other, or as one list.
"""

from __future__ import annotations

from nbgit.diff.changes import LineEdits
from nbgit.diff.lines import Hunk
from nbgit.diff.page.colour import Span, colour_lines
from nbgit.diff.page.markup import Html, join, tag, text
from nbgit.diff.words import pair_lines, word_edits

LONGEST_LINE = 5_000  # characters of a line that stand in the page
LEAST_FOLDED, MOST_FOLDED = 4, 400  # unchanged lines: fewer are not worth a fold, more are only counted
TALLEST = 2_000  # lines of one segment: browsers lay out no more rows than some thousands in one grid


class Rows:
    """Makes the rows of one text's change; `start` are the lines that it begins at in its cells, from 0."""

    def __init__(self, edits: LineEdits, language: str = "", start: tuple[int, int] = (0, 0)) -> None:
        self._edits = edits
        self._start = start
        self._old_colours = colour_lines(edits.before, language)
        self._new_colours = colour_lines(edits.after, language)

    def render(self, context: int) -> Html:
        """Return all of it, unchanged lines folded but for `context` around each change."""
        parts: list[Html] = []
        a_at, b_at = 0, 0
        hunks = self._edits.hunks
        for number, hunk in enumerate(hunks):
            parts += self._equal(a_at, b_at, hunk.a_start - a_at, context if number else 0, context)
            parts.append(self._hunk(hunk))
            a_at, b_at = hunk.a_end, hunk.b_end
        parts += self._equal(a_at, b_at, len(self._edits.before) - a_at, context if hunks else 0, 0)
        if not self._edits.exact:
            parts.append(tag("p", "large and very different: a shorter diff may exist", class_="remark"))
        is_alone = not (self._edits.before and self._edits.after)
        return tag("div", join(parts), class_="code alone" if is_alone else "code")

    def _equal(self, a_at: int, b_at: int, length: int, above: int, below: int) -> list[Html]:
        """Return unchanged lines; those further than `above` and `below` lines from a change are folded."""
        inner = length - above - below
        if inner < LEAST_FOLDED:
            return [self._context(a_at + step, b_at + step) for step in range(length)]
        head = [self._context(a_at + step, b_at + step) for step in range(above)]
        tail = [self._context(a_at + step, b_at + step) for step in range(length - below, length)]
        told = f"{inner:,} unchanged lines"
        if inner > MOST_FOLDED:
            return [*head, tag("p", told, class_="fold"), *tail]
        rows = [self._context(a_at + step, b_at + step) for step in range(above, length - below)]
        return [*head, tag("details", tag("summary", told), join(rows), class_="fold"), *tail]

    def _context(self, a: int, b: int) -> Html:
        old = line_html(self._edits.before[a], self._old_colours[a], [], "")
        new = line_html(self._edits.after[b], self._new_colours[b], [], "")
        numbers = self._number(a, 0), self._number(b, 1)
        halves = tag("code", old, class_="left"), tag("code", new, class_="right", aria_hidden="true")
        return tag("div", *numbers, *halves, class_="row same")

    def _hunk(self, hunk: Hunk) -> Html:
        old = self._edits.before[hunk.a_start : hunk.a_end]
        new = self._edits.after[hunk.b_start : hunk.b_end]
        segments: list[tuple[list[Html], list[Html]]] = []
        was_paired: bool | None = None
        for a, b in pair_lines(old, new):
            is_paired = a is not None and b is not None
            if is_paired != was_paired or max(map(len, segments[-1])) >= TALLEST:
                segments.append(([], []))
                was_paired = is_paired
            marks = word_edits(old[a], new[b]) if a is not None and b is not None else ([], [])
            if a is not None:
                segments[-1][0].append(self._removed(hunk.a_start + a, marks[0]))
            if b is not None:
                segments[-1][1].append(self._added(hunk.b_start + b, marks[1]))
        made = [tag("div", join([*olds, *news]), class_="segment") for olds, news in segments]
        return tag("div", join(made), class_="hunk")

    def _removed(self, at: int, marks: list[tuple[int, int]]) -> Html:
        line = line_html(self._edits.before[at], self._old_colours[at], marks, "del")
        return tag("div", self._number(at, 0), tag("code", line), class_="row old")

    def _added(self, at: int, marks: list[tuple[int, int]]) -> Html:
        line = line_html(self._edits.after[at], self._new_colours[at], marks, "ins")
        return tag("div", self._number(at, 1), tag("code", line), class_="row new")

    def _number(self, at: int, side: int) -> Html:
        return Html(f'<i data-n="{at + self._start[side] + 1}"></i>')


def line_html(line: str, colours: list[Span], marks: list[tuple[int, int]], mark: str) -> Html:
    """Return one line with its colours, and its `marks` (start, end) as elements named `mark`."""
    size = min(len(line), LONGEST_LINE)
    parts: list[Html] = []
    at = 0
    for start, end in marks:
        parts += _coloured(line, colours, at, min(start, size))
        if start < size:
            parts.append(tag(mark, *_coloured(line, colours, start, min(end, size))))
        at = end
    parts += _coloured(line, colours, at, size)
    if size < len(line):
        parts.append(tag("span", f"… ({len(line):,} characters)", class_="cut"))
    return join(parts)


def _coloured(line: str, colours: list[Span], low: int, high: int) -> list[Html]:
    parts: list[Html] = []
    at = low
    for start, end, name in colours:
        start, end = max(start, low), min(end, high)
        if start < end:
            parts.append(text(line[at:start]))
            parts.append(tag("span", line[start:end], class_=name))
            at = end
    if at < high:
        parts.append(text(line[at:high]))
    return parts


def plain_lines(lines: list[str], language: str, most: int) -> Html:
    """Return a text that did not change, its first `most` lines."""
    shown = lines[:most]
    colours = colour_lines(shown, language)
    rows = [tag("div", tag("code", line_html(line, spans, [], ""))) for line, spans in zip(shown, colours, strict=True)]
    rest = tag("p", f"{len(lines) - most:,} more lines", class_="remark") if len(lines) > most else Html()
    return join([tag("div", join(rows), class_="plain"), rest])
