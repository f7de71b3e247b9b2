"""Ring 4: a comparison as lines for people: the verdict, then what it rests on, then the code as a diff."""

from collections.abc import Iterator

from nbgit.comparing.comparison import Comparison, differs
from nbgit.comparing.sides import Side
from nbgit.comparing.steps import StepChange
from nbgit.comparing.surroundings import CHANGED, GONE, NEW, RENAMED, SAME, UNKNOWN, InputChange, count_packages
from nbgit.diff.render_lines import context_lines
from nbgit.diff.render_terminal import hunk_header, render_edits
from nbgit.diff.view import View
from nbgit.lineage.export.telling import file_key
from nbgit.lineage.runs.times import local_time
from nbgit.lineage.story import LABEL, Line, Sizes, label, tell_commit, tell_place
from nbgit.notebook.text import visible

SHORT = 7  # digits of a digest
FEW = 12  # rows of one kind; --json has all
WORDS = {CHANGED: "changed", NEW: "new", GONE: "read no more", RENAMED: "moved", UNKNOWN: "may have changed"}
STYLES = {CHANGED: "yellow", NEW: "green", GONE: "red", RENAMED: "cyan", UNKNOWN: "yellow"}


def tell_comparison(what: Comparison, sizes: Sizes) -> Iterator[Line]:
    """Yield the lines of all but the code; `sizes` are those of pictures in pixels."""
    style = "green" if what.same else "yellow"
    yield [(visible(capital(what.verdict)), f"bold {style}")]
    yield []
    for word, side in (("before", what.before), ("after", what.after)):
        yield from _tell_side(word, side, sizes)
    for pair in what.around:
        if differs(pair):
            yield [*label(pair.name), *_from_to(pair.before, pair.after)]
    yield from _rows("values", [(one.name, one.before, one.after) for one in what.values])
    yield from _rows("facts", [(one.name, one.before or "nothing", one.after or "nothing") for one in what.facts])
    yield from _tell_inputs(what.inputs)
    yield from _tell_packages(what)
    yield from _tell_steps(what.steps)
    for note in what.notes:
        yield [*label("note"), (visible(note), "yellow")]


def tell_code(what: Comparison, view: View) -> Iterator[str]:
    """Yield the diff of the steps, a hunk's header naming the step."""
    view.language = what.after.language or "python"
    for step in what.steps:
        if not step.shows:
            continue
        name = step_name(step, what.home)
        if step.edits.hunks:
            yield from render_edits(step.edits, name, view, language=view.language)
        else:
            shown = step.edits.after[:1]
            yield hunk_header(0, len(shown), 0, len(shown), name, view.palette)
            yield from context_lines(shown, view)


def step_name(step: StepChange, home: str) -> str:
    """Return what a step is called, with what became of it as a whole, and its notebook where it is another one."""
    where = "" if step.path == home else f" in {step.path}"
    verb = "added " if step.before is None else "removed " if step.after is None else "moved " if step.moved else ""
    at = step.after or step.before
    assert at is not None
    count = f" [{at.step.execution_count}]" if at.step.execution_count is not None and at.cell_index is not None else ""
    return f"{verb}{at.name}{count}{where}"


def capital(text: str) -> str:
    """Return a sentence with its first letter as a sentence has it."""
    return text[:1].upper() + text[1:]


def _tell_side(word: str, side: Side, sizes: Sizes) -> Iterator[Line]:
    if side.written:
        place: Line = [(visible(side.written), "bold"), (f" by {visible(side.path)}", "")]
    else:
        place = tell_place(side.path, side.figure, side.execution_count, sizes)
    yield [*label(word), *place]
    made = side.origin.made
    run = [("no run was recorded", "yellow")]
    if made:
        run = [(f"run {local_time(made.run.started)}, session {side.origin.session}", "dim")]
    commit = tell_commit(side.commit) if side.commit else [("not committed yet", "yellow")]
    yield [(" " * LABEL, ""), *commit, ("  ", ""), *run]


def _rows(word: str, rows: list[tuple[str, str, str]]) -> Iterator[Line]:
    width = max((len(visible(name)) for name, _, _ in rows[:FEW]), default=0)
    for number, (name, before, after) in enumerate(rows[:FEW]):
        yield [*label("" if number else word), (f"{visible(name):<{width}}  ", ""), *_from_to(before, after)]
    if len(rows) > FEW:
        yield [*label(""), (f"… {len(rows) - FEW} more", "dim")]


def _from_to(before: str, after: str) -> Line:
    return [(visible(before), "red"), (" → ", "dim"), (visible(after), "green")]


def _tell_inputs(inputs: list[InputChange]) -> Iterator[Line]:
    shown = [one for one in inputs if one.kind != SAME]
    same = len(inputs) - len(shown)
    width = max((len(visible(one.shown.name)) for one in shown[:FEW]), default=0)
    lines: list[Line] = []
    for one in shown[:FEW]:
        name = f"{visible(one.shown.name):<{width}}  "
        line: Line = [(name, "" if one.shown.is_source else "dim"), (WORDS[one.kind], STYLES[one.kind])]
        lines.append(
            [*line, *_tell_contents(one), *([(f"  {visible(one.shown.origin)}", "dim")] if one.shown.origin else [])]
        )
    if len(shown) > FEW:
        lines.append([(f"… {len(shown) - FEW} more", "dim")])
    if same:
        others = "other" if same == 1 else "others"
        lines.append([(f"{same} {others} the same" if shown else _all(same), "dim")])
    for number, told in enumerate(lines):
        yield [*label("" if number else "inputs"), *told]


def _tell_contents(one: InputChange) -> Line:
    if one.kind == RENAMED and one.before:
        return [(f" from {visible(one.before.name)}", "")]
    if one.kind != CHANGED or not (one.before and one.after and one.before.file and one.after.file):
        return []
    old, new = (file_key(read.file)[:SHORT] for read in (one.before, one.after) if read.file)
    sizes = one.before.file.size, one.after.file.size
    size = f", {sizes[0]:,} → {sizes[1]:,} bytes" if sizes[0] != sizes[1] else ""
    return [(f" {visible(old)} → {visible(new)}{size}", "")]


def _tell_packages(what: Comparison) -> Iterator[Line]:
    changed = [one for one in what.packages if one.before and one.after]
    rows = []
    for one in changed:
        where = "" if one.path == what.home else f" in {one.path}"
        rows.append((one.name + where, str(one.before), str(one.after)))
    rows = list(dict.fromkeys(rows))
    yield from _rows("packages", rows)
    new = list(dict.fromkeys(one.name for one in what.packages if not one.before))
    gone = list(dict.fromkeys(one.name for one in what.packages if not one.after))
    same = count_packages(what.after) - len({one.name for one in changed}) - len(new)
    told = [f"new: {_listed(new)}"] if new else []
    told += [f"no longer imported: {_listed(gone)}"] if gone else []
    told += [f"{same} others the same" if rows else _all(same)] if same > 0 and what.before.is_recorded else []
    if told:
        yield [*label("" if rows else "packages"), (visible("; ".join(told)), "dim")]


def _all(number: int, noun: str = "") -> str:
    """Return `1 step, the same`, `26, all the same`."""
    nouns = f" {noun}s" if noun else ""
    return f"1 {noun}".strip() + ", the same" if number == 1 else f"{number}{nouns}, all the same"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _tell_steps(steps: list[StepChange]) -> Iterator[Line]:
    if not steps:
        return
    edited = [step for step in steps if step.before and step.after and step.edits.hunks]
    added = [step for step in steps if step.before is None]
    removed = [step for step in steps if step.after is None]
    moved = [step for step in steps if step.moved]
    told = [
        f"{len(found)} {word}"
        for found, word in ((edited, "edited"), (added, "added"), (removed, "removed"), (moved, "run in another order"))
        if found
    ]
    same = len([step for step in steps if not step.shows])
    told += [f"{same} the same"] if same else []
    number = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    yield [*label("code"), (f"{number}: {', '.join(told)}" if same < len(steps) else _all(same, "step"), "")]
