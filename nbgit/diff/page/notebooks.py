"""Ring 3: one notebook of the page, or another file as the text that it is."""

from __future__ import annotations

from nbgit.diff.between import FileChange
from nbgit.diff.changes import CellChange, Changes, LineEdits, changes
from nbgit.diff.fold import folded_metadata
from nbgit.diff.page.cells import Shown, View, cell_html, unchanged_html
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.room import Room
from nbgit.diff.page.rows import Rows
from nbgit.diff.render_outputs import cut, one_sided
from nbgit.diff.render_terminal import follow_titles
from nbgit.diff.report import plain_edits, why_nothing_shows
from nbgit.diff.totals import Totals, totals
from nbgit.errors import NotANotebook
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.notebook.policy import Policy

MOST_PLAIN = 2_000  # changed lines of a file that is no notebook
STATUS = {"A": "new", "D": "deleted", "R": "renamed", "C": "copied", "U": "unmerged"}


class Entry:
    """A line of the outline: where it leads, what it says, and what happened there."""

    def __init__(self, anchor: str, label: str, verb: str) -> None:
        self.anchor = anchor
        self.label = label
        self.verb = verb


class Section:
    """One file of the page: its `html`, its name and numbers, and the `entries` of its outline."""

    def __init__(self, change: FileChange, number: int) -> None:
        self.anchor = f"n{number}"
        self.path = change.after.path
        self.status = STATUS.get(change.status, "")
        self.old_path = change.before.path if change.status in "RC" and change.before.path != self.path else ""
        self.entries: list[Entry] = []
        self.totals: Totals | None = None
        self.html = Html()


def section(change: FileChange, number: int, policy: Policy, room: Room, *, context: int, outputs: bool) -> Section:
    """Return what became of one file."""
    made = Section(change, number)
    body = _body(made, change, policy, room, context=context, outputs=outputs)
    made.html = tag("section", _head(made), tag("div", body, class_="cells"), class_="notebook", id=made.anchor)
    return made


def _body(made: Section, change: FileChange, policy: Policy, room: Room, *, context: int, outputs: bool) -> Html:
    if change.status == "U":
        return _remark("not merged yet: git has several versions of it; nbgit resolve walks the conflicts")
    try:
        old, new = (None if side.data is None else read_cells(side.data) for side in (change.before, change.after))
    except NotANotebook:
        return _plain(made, change, room, context)
    what = changes(old, new, policy)
    made.totals = totals(what, outputs=outputs)
    language = next((each.language for each in (new, old) if each is not None), "")
    are_gone = bool(one_sided(what)) and not any(change.after and change.after.outputs for change in what.cells)
    view = View(context, outputs and not are_gone, language, room)
    parts = [*_about(what, view), *_cells(made, what, view), *_last_lines(what, outputs)]
    return join(parts) if made.entries or what.about.hunks else join([_quiet(old, new, what, change), *parts])


def _about(what: Changes, view: View) -> list[Html]:
    if not what.about.hunks:
        return []
    if not what.is_edit:
        lines = what.about.after or what.about.before
        return [_remark(", ".join(line.removeprefix("# ") for line in lines[:4]))]
    head = tag("header", tag("h3", "Notebook"), tag("span", "metadata", class_="kind"))
    rows = Rows(what.about).render(view.context)
    return [tag("article", head, tag("div", rows, class_="body"), class_="cell change metadata", tabindex="-1")]


def _cells(made: Section, what: Changes, view: View) -> list[Html]:
    """Return the cells in order, those without a change in folds between the others."""
    parts: list[Html] = []
    waiting: list[tuple[CellChange, str]] = []
    titles = {"before": "", "after": ""}
    folded = bool(folded_metadata(what))
    for change in what.cells:
        title = follow_titles(change, titles)
        is_told = change.shows and not (folded and change.only_metadata)
        if not is_told and not (view.outputs and change.output_changes):
            waiting.append((change, title))
            continue
        if waiting:
            parts.append(unchanged_html(waiting, view))
            waiting = []
        anchor = f"{made.anchor}c{len(made.entries)}"
        shown = Shown(change, title)
        made.entries.append(Entry(anchor, f"{shown.number} {title}".strip(), shown.verbs[0]))
        parts.append(cell_html(shown, anchor, view, folded=folded))
    return [*parts, unchanged_html(waiting, view)] if waiting else parts


def _last_lines(what: Changes, outputs: bool) -> list[Html]:
    """Return what says little, in one line each."""
    number = what.ids_changed
    lines = [folded_metadata(what), one_sided(what) if outputs else ""]
    lines += [f"{number:,} cell{'' if number == 1 else 's'} with another id"] if number else []
    return [_remark(line) for line in lines if line]


def _quiet(old: Notebook | None, new: Notebook | None, what: Changes, change: FileChange) -> Html:
    if change.before.data == change.after.data:
        modes = change.before.mode, change.after.mode
        return _remark(f"the same bytes; mode {modes[0]} → {modes[1]}" if modes[0] != modes[1] else "the same bytes")
    return _remark(why_nothing_shows(change.before, change.after, old, new, what))


def _plain(made: Section, change: FileChange, room: Room, context: int) -> Html:
    """Return the change of a file that is no notebook, at least on one side, by its lines."""
    edits = plain_edits(change.before, change.after)
    if not isinstance(edits, LineEdits):
        return _remark(edits)
    shown, left_out = cut(edits, context, MOST_PLAIN)
    rows = Rows(shown).render(context)
    if not room.take(len(rows)):
        return _remark("left out to keep the page small")
    made.entries.append(Entry(f"{made.anchor}c0", "as text", "edited"))
    head = tag("header", tag("h3", "Text"), tag("span", "no notebook on both sides", class_="kind"))
    more = _remark(f"{left_out:,} more changed lines are not shown") if left_out else Html()
    body = tag("div", rows, more, class_="body")
    return tag("article", head, body, class_="cell change edited", id=f"{made.anchor}c0", tabindex="-1")


def _head(made: Section) -> Html:
    parts = [tag("h2", made.path)]
    parts += [tag("span", f"from {made.old_path}", class_="where")] if made.old_path else []
    status = made.status or (made.totals.whole if made.totals else "")
    parts += [tag("span", status, class_=f"badge {status}")] if status else []
    parts += [tag("span", made.totals.words(), class_="numbers")] if made.totals else []
    return tag("header", *parts)


def _remark(words: str) -> Html:
    return tag("p", words, class_="remark")
