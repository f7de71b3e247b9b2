"""Ring 3: a recipe without the statements that what it makes does not rest on (docs/slicing.md, "Trimming")."""

from dataclasses import replace

from nbgit.lineage.origin.recipe import Recipe, units_of
from nbgit.lineage.slicing.slicer import RECORDED, Run, Slice
from nbgit.lineage.slicing.trimming import trim


def trimmed(recipe: Recipe) -> Recipe:
    """Return a recipe in Python with shorter steps, or the same where that would not be safe.

    Names that something else than a run has bound, and code that was cut, can't be laid to a statement.
    """
    if any(run.bound_before or run.is_cut for run in recipe.runs) or not recipe.steps:
        return recipe
    if recipe.kind == RECORDED:
        units = units_of(recipe.runs)
    else:
        units = [Run(step.code, step.execution_count, step.cell_id) for step in recipe.steps]
    code = trim(units, Slice(tuple(range(len(units)))))
    steps = tuple(replace(step, code=code[at]) for at, step in enumerate(recipe.steps) if at in code)
    return replace(recipe, steps=steps)


def lines_left_out(whole: Recipe, short: Recipe) -> int:
    """Return how many lines of code one recipe has more than the other, blank ones apart."""
    counts = [sum(bool(row.strip()) for step in one.steps for row in step.code.split("\n")) for one in (whole, short)]
    return counts[0] - counts[1]
