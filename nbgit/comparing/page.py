"""Ring 4: a comparison as one self-contained HTML page, made of the parts of the page of a diff."""

from __future__ import annotations

from nbgit.comparing.comparison import Comparison, shown_output
from nbgit.comparing.sides import Side
from nbgit.comparing.steps import StepChange
from nbgit.comparing.story import WORDS, capital
from nbgit.comparing.surroundings import CHANGED, SAME, InputChange, Read, count_packages
from nbgit.diff.changes import split_lines
from nbgit.diff.compare import compare
from nbgit.diff.figures import FigureEdits
from nbgit.diff.outputs import OutputChange
from nbgit.diff.page.figures import figure_html
from nbgit.diff.page.frame import bar, help_dialog, whole_page
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.outputs import output_html
from nbgit.diff.page.room import Room
from nbgit.diff.page.rows import Rows, plain_lines
from nbgit.lineage.export.telling import file_key
from nbgit.lineage.runs.times import local_time

MOST_ROWS = 500  # of one table
MOST_LINES = 400  # of a step that did not change
SHORT = 10  # digits of a commit, of a digest
KEYS = (
    ("j k", "next, previous step that differs"),
    ("u", "unified or side by side"),
    ("i", "pictures: side by side, swipe, onion skin, difference"),
    ("t", "dark or light"),
    ("?", "this help"),
)
BADGES = {"changed": "edited", "new": "inserted", "gone": "deleted", "renamed": "moved", "unknown": "edited"}


def comparison_page(what: Comparison, asked: str, context: int, limit: int) -> bytes:
    """Return the page, of about `limit` bytes at most; `asked` is the command that it answers."""
    room = Room(limit)
    title = f"{what.home} cell {what.after.figure.cell_index}"
    parts = [
        ("verdict", "Verdict", _verdict(what)),
        (
            "picture",
            "Picture" if shown_output(what.after).kind == "figure" else "Output",
            _outputs(what, room, context),
        ),
        ("runs", "Runs", _runs(what)),
        (
            "values",
            "Values",
            _pairs([(one.name, _where(what, one.path), one.before, one.after) for one in what.values]),
        ),
        ("facts", "Facts", _pairs([(one.name, "", one.before, one.after) for one in what.facts])),
        ("inputs", "Inputs", _inputs(what.inputs)),
        ("packages", "Packages", _packages(what)),
        ("code", "Code", _code(what, room, context)),
    ]
    shown = [(name, words, html) for name, words, html in parts if html]
    sections = [
        tag("section", Html() if name == "verdict" else tag("h2", words), html, class_="part", id=name)
        for name, words, html in shown
    ]
    links = [tag("li", tag("a", words, href=f"#{name}")) for name, words, _ in shown]
    outline = tag("nav", tag("ul", *links), class_="outline parts", aria_label="Parts")
    footer = tag("footer", "Made by nbgit; cells count from 0. Nothing of a notebook runs here.")
    body = tag("div", outline, tag("main", *sections, footer), class_="columns")
    return whole_page(title, [bar(title, asked, outputs=False), body, help_dialog(KEYS)], room)


def _verdict(what: Comparison) -> Html:
    reasons = [tag("li", reason) for reason in what.reasons]
    words = what.verdict if not reasons else what.summary
    because = "although this differs:" if what.same else "because of:"
    told = [tag("p", capital(words), class_="told")]
    told += [tag("p", because, class_="because"), tag("ul", *reasons, class_="reasons")] if reasons else []
    told += [tag("p", note, class_="remark") for note in what.notes]
    return tag("div", *told, class_="card same" if what.same else "card differs")


def _outputs(what: Comparison, room: Room, context: int) -> Html:
    old, new = shown_output(what.before), shown_output(what.after)
    if what.before.payload is None or what.after.payload is None:
        return Html()
    if old.kind == new.kind == "figure":
        edits = compare(OutputChange(old, new), decode=True) if not what.same else None
        return figure_html(old, new, edits if isinstance(edits, FigureEdits) else None, room)
    return Html() if what.same else output_html(OutputChange(old, new), room, context)


def _runs(what: Comparison) -> Html:
    """Return the table of both sides: where they stand, who made them, when, in what kernel."""
    old, new = (dict(_facts(side)) for side in (what.before, what.after))
    rows = []
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name, ""), new.get(name, "")
        rows.append(_row(name, [before, after], changed=bool(before and after) and before != after))
    return _table(["", "Before", "After"], rows)


def _facts(side: Side) -> list[tuple[str, str]]:
    figure, commit = side.figure, side.commit
    place = side.written or f"{side.path} cell {figure.cell_index}, output {figure.output_index}"
    found = [("asked for", side.name), ("output", place)]
    if commit:
        author = commit.author.rsplit(" <", 1)[0]
        found += [("introduced", f"{commit.oid[:SHORT]} {commit.date[:10]} {author}"), ("subject", commit.summary)]
    else:
        found.append(("introduced", "not committed yet"))
    if side.origin.made is None:
        return [*found, ("run", "not recorded")]
    run = side.origin.made.run
    length = f", {run.seconds:.1f} s" if run.seconds is not None else ""
    found.append(("run", f"{local_time(run.started)}{length}, session {side.origin.session}"))
    kernel = run.session.kernel
    found += [(word, kernel[word]) for word in ("python", "ipykernel") if kernel.get(word)]
    return [*found, ("host", run.session.host)] if run.session.host else found


def _inputs(inputs: list[InputChange]) -> Html:
    changed = [one for one in inputs if one.kind != SAME]
    rows = []
    for one in [*changed, *(one for one in inputs if one.kind == SAME)][:MOST_ROWS]:
        badge = (
            tag("span", WORDS[one.kind], class_=f"badge {BADGES[one.kind]}") if one.kind != SAME else tag("i", "same")
        )
        before, after = (_content(read) for read in (one.before, one.after))
        rows.append(
            tag(
                "tr",
                tag("th", one.shown.name, scope="row"),
                tag("td", badge),
                tag("td", before, class_="old" if one.kind == CHANGED else None),
                tag("td", after, class_="new" if one.kind == CHANGED else None),
                tag("td", one.shown.origin, class_="words"),
            )
        )
    return _table(["", "", "Before", "After", "Where from"], rows) if rows else Html()


def _content(read: Read | None) -> str:
    if read is None:
        return ""
    return f"{file_key(read.file)[:SHORT]} · {read.file.size:,} bytes" if read.file else "an address"


def _packages(what: Comparison) -> Html:
    rows = [(one.name, _where(what, one.path), one.before or "", one.after or "") for one in what.packages]
    names = {one.name for one in what.packages}
    same = count_packages(what.after) - len(names)
    rest = tag("p", f"{same} {'others ' if names else ''}the same", class_="remark") if same > 0 else Html()
    return join([_pairs(list(dict.fromkeys(rows))), rest if what.before.is_recorded else Html()])


def _pairs(rows: list[tuple[str, str, str, str]]) -> Html:
    if not rows:
        return Html()
    made = [_row(f"{name}{where}", [old, new], changed=True) for name, where, old, new in rows[:MOST_ROWS]]
    return _table(["", "Before", "After"], made)


def _where(what: Comparison, path: str) -> str:
    return "" if path == what.home else f" in {path}"


def _row(name: str, values: list[str], *, changed: bool) -> Html:
    marks = ("old", "new") if changed else (None, None)
    cells = [tag("td", value, class_=mark) for value, mark in zip(values, marks, strict=True)]
    return tag("tr", tag("th", name, scope="row"), *cells)


def _table(names: list[str], rows: list[Html]) -> Html:
    head = tag("thead", tag("tr", *[tag("th", name, scope="col") for name in names]))
    return tag("div", tag("table", head, tag("tbody", join(rows)), class_="data facts"), class_="scroll", tabindex=0)


def _code(what: Comparison, room: Room, context: int) -> Html:
    language = what.after.language or "python"
    parts: list[Html] = []
    waiting: list[StepChange] = []
    for step in what.steps:
        if not step.shows:
            waiting.append(step)
            continue
        parts += [_unchanged(waiting, what, language, room)] if waiting else []
        waiting = []
        parts.append(_step(step, what, language, room, context))
    return join([*parts, *([_unchanged(waiting, what, language, room)] if waiting else [])])


def _step(step: StepChange, what: Comparison, language: str, room: Room, context: int) -> Html:
    verbs = ["inserted"] if step.before is None else ["deleted"] if step.after is None else []
    verbs += ["moved"] if step.moved else []
    verbs += ["edited"] if not verbs or (step.moved and step.edits.hunks) else []
    if step.edits.hunks:
        rows = Rows(step.edits, language).render(context)
    else:
        rows = plain_lines(step.edits.after, language, MOST_LINES)
    if not room.take(len(rows)):
        rows = tag("p", "left out to keep the page small", class_="remark left-out")
    body = tag("div", rows, class_="body")
    return tag("article", _step_head(step, what, verbs), body, class_=f"cell change {' '.join(verbs)}", tabindex="-1")


def _unchanged(steps: list[StepChange], what: Comparison, language: str, room: Room) -> Html:
    number = len(steps)
    shown = []
    for step in steps:
        at = step.after or step.before
        lines = plain_lines(split_lines(at.step.code if at else ""), language, MOST_LINES)
        shown.append(tag("article", _step_head(step, what, []), lines, class_="cell"))
    body = join(shown)
    if not room.take(len(body)):
        body = tag("p", "left out to keep the page small", class_="remark left-out")
    told = tag("summary", "1 step is the same" if number == 1 else f"{number} steps are the same")
    return tag("details", told, body, class_="unchanged")


def _step_head(step: StepChange, what: Comparison, verbs: list[str]) -> Html:
    at = step.after or step.before
    assert at is not None
    parts = [
        tag("span", {"inserted": "added", "deleted": "removed"}.get(verb, verb), class_=f"badge {verb}")
        for verb in verbs
    ]
    parts.append(tag("h3", at.name.capitalize()))
    parts += [tag("span", step.path, class_="where")] if step.path != what.home else []
    count = f"[{at.step.execution_count}]" if at.step.execution_count is not None else ""
    parts += (
        [tag("code", count, class_="count", title="execution count")] if count and at.cell_index is not None else []
    )
    return tag("header", *parts)
