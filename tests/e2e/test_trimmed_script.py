"""A recipe without the statements that its output does not rest on still makes the same bytes."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.lab import CLEAN, PLOT
from tests.gitbox import GitBox
from tests.kernels import run_cells


def recipe(box: GitBox, *arguments: str) -> tuple[str, list[str]]:
    """Return the head and the steps of the notebook that blame-output --script writes."""
    result = box.nbgit("blame-output", *arguments, "--script", "recipe.ipynb", "--force")
    assert result.code == 0, result
    head, *steps = json.loads(box.read("recipe.ipynb"))["cells"]
    return head["source"], [step["source"] for step in steps]


def figure(cells: list[dict[str, Any]]) -> str:
    """Return the last picture that cells show, in base64."""
    found = [output["data"]["image/png"] for cell in cells for output in cell["outputs"] if "data" in output]
    return str(found[-1])


def test_a_trimmed_recipe_makes_the_same_bytes(lab: GitBox) -> None:
    head, steps = recipe(lab, "plot.ipynb", "--cell-id", "plot")
    assert steps == [PLOT["import"], PLOT["read"], "width = 3", PLOT["plot"]]
    assert "Without 1 line that it does not rest on." in head
    then = [cell for cell in json.loads(lab.read("plot.ipynb"))["cells"] if cell["id"] == "plot"]
    assert figure(run_cells(lab, steps, path="again.ipynb")) == figure(then)

    _, steps = recipe(lab, "plot.ipynb", "--cell-id", "plot", "--no-trim")
    assert steps[2] == PLOT["width"]
    _, steps = recipe(lab, "data/clean.csv")
    assert steps == [CLEAN["import"], CLEAN["read"], CLEAN["write"]]
