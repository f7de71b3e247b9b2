"""Ring 3: a recipe to be run: as a notebook, or as a Python script (docs/lineage.md, "What an output rests on")."""

import json
import re
from collections.abc import Iterable

from nbgit.lineage.blame import Match
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import Recipe, Step
from nbgit.lineage.origin.trimmed import lines_left_out
from nbgit.lineage.runs.paths import shown_path
from nbgit.lineage.slicing.magics import without_magics
from nbgit.lineage.slicing.slicer import RECORDED
from nbgit.notebook.text import visible

BACKEND = re.compile(r"^([ \t]*)(%matplotlib\b.*)$", re.MULTILINE)  # a script has the backend that its user wants


def as_notebook(match: Match, origin: Origin, short: Recipe | None = None) -> bytes:
    """Return a notebook (nbformat 4.5) of a recipe's steps as they were run, below a cell that says what it is.

    `short` is the same recipe with statements left out, to be written in its place.
    """
    text = "\n".join(f"- {line}" for line in _header(match, origin, short))
    cells: list[dict[str, object]] = [
        {"cell_type": "markdown", "id": "recipe", "metadata": {}, "source": f"# Recipe\n\n{text}"}
    ]
    for number, step in enumerate((short or origin.recipe).steps, 1):
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"step-{number}",
                "metadata": {},
                "outputs": [],
                "source": step.code,
            }
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def as_script(match: Match, origin: Origin, short: Recipe | None = None) -> bytes:
    """Return a Python script of a recipe's steps, each behind `# %%`; magics become calls of IPython's shell.

    `short` is as for `as_notebook`.
    """
    return write_script(_header(match, origin, short), (short or origin.recipe).steps)


def write_script(header: Iterable[str], recipe: Iterable[Step]) -> bytes:
    """Return steps as a Python script, below comments that say what they are."""
    lines = [f"# {visible(line)}" for line in header]
    steps = []
    for step in recipe:
        count = f" [{step.execution_count}]" if step.execution_count is not None else ""
        steps.append(f"\n# %%{count}\n{without_magics(BACKEND.sub(_commented, step.code)).rstrip()}\n")
    if any("get_ipython()" in step for step in steps):
        lines.append("# It calls IPython's shell: run it by `ipython FILE`.")
    return ("\n".join(lines) + "\n" + "".join(steps)).encode("utf-8", "replace")


def _commented(found: "re.Match[str]") -> str:
    return f"{found.group(1)}# {found.group(2)}"


def _header(match: Match, origin: Origin, short: Recipe | None) -> list[str]:
    """Return what a recipe is of and what it needs, a sentence a line."""
    recipe, figure = origin.recipe, match.figure
    commit = match.introduced
    place = f"{match.path} cell {figure.cell_index}"
    place = f"{match.written[1].path} by {place}" if match.written else f"{place} output {figure.output_index}"
    lines = [f"What made {place} in {commit.oid[:10]} of {commit.date[:10]}."]
    if origin.made is not None and recipe.kind == RECORDED:
        run = origin.made.run
        lines.append(f"{len(recipe.steps)} of {recipe.among} runs, as recorded, up to {run.id} at {run.started}.")
        lines.append(f"Run in {run.session.cwd or '.'} of the repository.")
    else:
        lines.append(f"{len(recipe.steps)} of {recipe.among} cells, by the committed code alone: no run was recorded.")
    if short and (left_out := lines_left_out(recipe, short)):
        lines.append(f"Without {left_out} line{'' if left_out == 1 else 's'} that it does not rest on.")
    read = origin.made.inputs if origin.made else []
    inputs = [shown_path(one.file.path) if one.file else one.url or "" for one in read]
    lines += [f"Reads {one}." for one in inputs]
    if origin.packages:
        named = (f"{name}=={version}" for name, version in sorted(origin.packages.items()))
        lines.append(f"Packages: {' '.join(named)}")
    return [visible(line) for line in lines]
