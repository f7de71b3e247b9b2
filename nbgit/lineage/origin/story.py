"""Ring 3: where an output came from as lines for people: run, recipe, inputs, packages, state."""

import re
from collections.abc import Iterator

from nbgit.lineage.by_code.inputs import CodedInput
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.pointers import GIT
from nbgit.lineage.origin.recipe import Recipe
from nbgit.lineage.origin.state import FRESH
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.runs.journals import OK, Run
from nbgit.lineage.runs.paths import shown_path
from nbgit.lineage.runs.story import tell_length
from nbgit.lineage.runs.times import local_day, local_time
from nbgit.lineage.slicing.slicer import IMPORTED, RECORDED, STATIC
from nbgit.lineage.story import LABEL, Line, label
from nbgit.notebook.text import visible

CODE = 60  # characters of a step's first line
STEPS = 12  # steps that are shown; blame-output --json has all
INPUTS = 20  # lines about inputs
PACKAGES = 6
HOW = {  # what a recipe counts, and what it was read from
    RECORDED: ("runs", "conservative"),
    IMPORTED: ("runs", "imported: from code and order alone"),
    STATIC: ("cells", "static: from the committed code alone"),
}
CODED = 2  # notebooks whose code writes a path
SHORT = 7  # digits of a commit beside an input


def tell_origin(origin: Origin) -> Iterator[Line]:
    """Yield the lines of an origin, below those that tell of commits."""
    if origin.made is not None:
        yield label("made by") + _tell_run(origin.made.run, origin.session)
    yield from _tell_recipe(origin.recipe)
    lines = [*_tell_inputs(origin.made.inputs if origin.made else [], 0), *_tell_coded(origin.coded)]
    if len(lines) > INPUTS:
        lines = [*lines[:INPUTS], [(f"… {len(lines) - INPUTS} more lines", "dim")]]
    yield from _labelled("inputs", lines)
    if origin.packages:
        yield label("packages") + _tell_packages(origin)
    yield from tell_state(origin)


def tell_briefly(origin: Origin) -> Iterator[Line]:
    """Yield the lines for one of many outputs: its state, where a run of it was recorded."""
    if origin.made is not None:
        yield from tell_state(origin)


def tell_state(origin: Origin) -> Iterator[Line]:
    """Yield the lines that say whether an output is fresh, stale or unknown, and why."""
    state = origin.state
    style = "green" if state.name == FRESH else "yellow"
    first, *more = state.reasons or [""]
    yield [*label("state"), (state.name + (f": {visible(first)}" if first else ""), style)]
    for reason in more:
        yield [(" " * (LABEL + len(state.name) + 2) + visible(reason), style)]


def _tell_run(run: Run, session: int) -> Line:
    kernel = run.session.kernel
    python = ".".join(kernel.get("python", "").split(".")[:2])
    on = f" on {visible(run.session.host)}" if run.session.host else ""
    count = f" [{run.execution_count}]" if run.execution_count is not None else ""
    if run.session.imported:
        begun = f"run{count} of a session begun {local_time(run.started)}"
        return [(begun, ""), (f", session {session}, imported from IPython's history", "dim")]
    line: Line = [(f"run{count} of {local_time(run.started)}", ""), (f" ({tell_length(run)})", "")]
    line.append((f", session {session}, kernel python {visible(python)}{on}", "dim"))
    return line if run.outcome == OK else [*line, (f", {visible(run.outcome)}", "red")]


def _tell_recipe(recipe: Recipe) -> Iterator[Line]:
    if not recipe.steps:
        return
    of, how = HOW[recipe.kind]
    yield [*label("recipe"), (f"{len(recipe.steps)} of {recipe.among} {of} ({how})", "")]
    hidden = len(recipe.steps) - STEPS
    if hidden > 0:
        yield [(" " * (LABEL + 2) + f"… {hidden} earlier", "dim")]
    width = max(len(_count(step.execution_count)) for step in recipe.steps)
    for step in recipe.steps[-STEPS:]:
        rows = [row.strip() for row in step.code.splitlines() if row.strip()]
        first = visible(rows[0]) if rows else ""
        more = " …" if len(rows) > 1 or len(first) > CODE else ""
        count = f"{_count(step.execution_count):>{width}} "
        yield [(" " * (LABEL + 2) + count, "dim"), (first[:CODE].rstrip() + more, "")]


def _count(count: int | None) -> str:
    return f"[{' ' if count is None else count}]"


def _labelled(word: str, lines: list[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        yield [*(label(word) if number == 0 else [(" " * LABEL, "")]), *line]


def _tell_inputs(inputs: list[Input], depth: int) -> Iterator[Line]:
    indent = "  " * depth
    for read in inputs:
        if read.file is None:
            yield [
                (f"{indent}{visible(read.url or '')}", ""),
                (f"  <- fetched {local_day(read.read_by.started)}", "dim"),
            ]
            continue
        line: Line = [(indent + visible(shown_path(read.file.path)), "bold" if depth == 0 else "")]
        made = read.written_by
        if made is None:
            yield [*line, ("  <- ", "dim"), *_tell_source(read)]
            continue
        fetched = [one for one in made.inputs if one.file is None]
        if fetched and len(fetched) == len(made.inputs):
            more = f" and {len(fetched) - 1} more" if len(fetched) > 1 else ""
            told = f"downloaded {local_day(made.run.started)} from {visible(fetched[0].url or '')}{more} by "
            yield [*line, ("  <- ", "dim"), (told, ""), *_tell_place(made)]
            continue
        yield [
            *line,
            ("  <- ", "dim"),
            *_tell_place(made),
            (f", {local_day(made.run.started)}", ""),
            *_tell_commit(made),
        ]
        yield from _tell_inputs(made.inputs, depth + 1)


def _tell_coded(inputs: list[CodedInput]) -> Iterator[Line]:
    """Yield the lines of what code reads; what was in it when the output was made, nobody has seen."""
    for read in inputs:
        whose = f"by the code of {visible(read.script)}" if read.script else "by its code"
        line: Line = [(visible(read.path or read.url or ""), "bold"), (f"  {whose}", "dim")]
        for writer in read.writers[:CODED]:
            cell = f" cell {writer.cell_index}" if writer.cell_index is not None else ""
            known = "written by" if writer.run else "whose path is in the code of"
            line += [(f", {known} ", "dim"), (visible(writer.path or "a kernel") + cell, "")]
        if len(read.writers) > CODED:
            line.append((f" and {len(read.writers) - CODED} more", "dim"))
        if not read.writers and read.commit:
            line += [("  <- ", "dim"), *_tell_commit_of(read.commit, read.kept_by)]
        yield line


def _tell_source(read: Input) -> Line:
    if read.likely is not None:
        cell = f" cell {read.likely.cell_index}" if read.likely.cell_index is not None else ""
        home = visible(read.likely.path or "a kernel") + cell
        told = f"{visible(read.likely.script or '')}, by its code, started by {home}"
        return [(told, "")]
    if read.commit is None:
        return [("not recorded", "dim")]
    return _tell_commit_of(read.commit, read.kept_by)


def _tell_commit_of(commit: Commit, kept_by: str | None) -> Line:
    name = visible(commit.author.rsplit(" <", 1)[0])
    keeper = f" ({kept_by})" if kept_by not in (None, GIT) else ""
    return [("committed ", ""), (commit.oid[:SHORT], "yellow"), (f" {commit.date[:10]} {name}{keeper}", "")]


def _tell_place(made: Made) -> Line:
    place = made.place
    if place.path is None:
        return [(f"run [{made.run.execution_count or ' '}] of a kernel", "")]
    cell = f" cell {place.cell_index}" if place.cell_index is not None else f" run [{made.run.execution_count or ' '}]"
    return [(visible(place.path) + cell, "")]


def _tell_commit(made: Made) -> Line:
    commit = made.place.commit
    return [(" (", ""), (commit.oid[:SHORT], "yellow"), (")", "")] if commit else []


def _tell_packages(origin: Origin) -> Line:
    """Name the packages that the recipe imports itself first, and as many of the others as there is room for."""
    words = {word.lower() for step in origin.recipe.steps for word in _imported(step.code)}
    own = [name for name in origin.packages if name.lower().replace("-", "_") in words]
    shown = (own or list(origin.packages))[:PACKAGES]
    text = ", ".join(f"{visible(name)} {visible(origin.packages[name])}" for name in shown)
    hidden = len(origin.packages) - len(shown)
    text += f" and {hidden} more" if hidden else ""
    differ = len(origin.changed)
    verb = "differs" if differ == 1 else "differ"
    return [(text, ""), (f" ({differ} {verb} from those installed now)" if differ else "", "yellow")]


def _imported(code: str) -> set[str]:
    return set(re.findall(r"^\s*(?:import|from)\s+(\w+)", code, re.MULTILINE)) | set(
        re.findall(r"^\s*import\s[^#\n]*?,\s*(\w+)", code, re.MULTILINE)
    )
