"""`nbgit status --outputs`: which outputs of the working tree are stale, out of order, or of code that never ran."""

from __future__ import annotations

import json
import shutil
from typing import Any

from nbgit.external.json_schema import validate
from tests.e2e.lab import change
from tests.gitbox import GitBox

FRESH = """\
clean.ipynb  2 fresh
plot.ipynb   3 fresh, 1 out of order, 1 never run
  cell 5 [7]  out of order  cell 5 was run after cell 6
  cell 8      never run
2 notebooks  5 fresh, 1 out of order, 1 never run
"""


def states(box: GitBox, *paths: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return path -> cell id -> what status --outputs --json tells of it."""
    result = box.nbgit("status", "--outputs", "--json", *paths)
    assert result.code == 0, result
    document = json.loads(result.out)
    assert validate(document, "status.v1") == []
    return {one["path"]: {cell["cell_id"]: cell for cell in one["cells"]} for one in document["outputs"]}


def told(box: GitBox, *paths: str) -> str:
    """Return what status --outputs prints."""
    result = box.nbgit("status", "--outputs", *paths)
    assert (result.code, result.err) == (0, ""), result
    return result.out


def drop_cuts(box: GitBox) -> None:
    """Take the runs out that are stored with commits, as if they had never been."""
    rows = box.git("ls-tree", "refs/nbgit/snapshots").splitlines(keepends=True)
    tree = box.git("mktree", stdin="".join(row for row in rows if not row.endswith("\truns\n")).encode()).strip()
    box.git("update-ref", "refs/nbgit/snapshots", box.git("commit-tree", tree, "-m", "no runs").strip())


def test_what_was_just_run_is_fresh(lab: GitBox) -> None:
    assert told(lab) == FRESH
    assert told(lab, "clean.ipynb") == "clean.ipynb  2 fresh\n"
    cells = states(lab)["plot.ipynb"]
    assert {cell["kind"] for name, cell in cells.items() if name != "never"} == {"recorded"}
    assert (cells["show"]["state"], cells["show"]["out_of_order"]) == ("out of order", True)
    assert cells["never"]["run"] is None


def test_code_files_and_other_notebooks_make_it_stale(lab: GitBox) -> None:
    change(lab, "plot.ipynb", "width", source="width = 4")
    change(lab, "plot.ipynb", "count", source="print(len(lines) + 1)")
    cells = states(lab)["plot.ipynb"]
    assert cells["plot"]["reasons"] == ["cell 2 has been edited since"]
    assert cells["count"]["reasons"] == ["cell 4 has been edited since"]
    assert cells["twice"]["state"] == "fresh"

    lab.write("raw.csv", b"x,y\n1,2\n")
    change(lab, "clean.ipynb", "write", source="pass")
    lab.git("mv", "clean.ipynb", "kept clean ü.ipynb")
    (lab.path / "data" / "clean.csv").unlink()
    found = states(lab)
    assert found["kept clean ü.ipynb"]["look"]["reasons"] == ["raw.csv has changed since"]
    assert found["plot.ipynb"]["twice"]["reasons"] == [
        "data/clean.csv is gone",
        "cell 3 of kept clean ü.ipynb has been edited since",
        "raw.csv has changed since",
    ]
    assert "cell 3 [4]  stale  cell 2 has been edited since\n                     data/clean.csv is gone\n" in told(lab)
    change(lab, "plot.ipynb", "read", source="lines = []")
    assert "and 2 more reasons" in told(lab)


def test_packages_that_changed_are_named(lab: GitBox) -> None:
    drop_cuts(lab)
    (journal,) = (file for file in (lab.path / ".git/nbgit/runs").iterdir() if b"matplotlib" in file.read_bytes())
    rows = [json.loads(row) for row in journal.read_text("ascii").splitlines()]
    for row in rows:
        if row["type"] == "packages" and "matplotlib" in row["packages"]:
            now, row["packages"]["matplotlib"] = row["packages"]["matplotlib"], "2.0.1"
    journal.write_text("".join(json.dumps(row) + "\n" for row in rows), "ascii")
    assert states(lab)["plot.ipynb"]["plot"]["reasons"] == [f"matplotlib is {now} now (was 2.0.1)"]


def test_cells_without_ids_and_copies_lead_to_their_runs(lab: GitBox) -> None:
    document = json.loads(lab.read("plot.ipynb"))
    for cell in document["cells"]:
        del cell["id"]
    document["nbformat_minor"] = 4
    document["cells"][4]["source"] = "print(0)"
    lab.write("sub/copy.ipynb", json.dumps(document).encode())
    rows = json.loads(lab.nbgit("status", "--outputs", "--json", "sub").out)["outputs"]
    (found,) = rows
    assert [(cell["cell_index"], cell["kind"], cell["reasons"]) for cell in found["cells"] if cell["reasons"]] == [
        (4, "recorded", ["cell 4 has been edited since"]),
        (5, "recorded", ["out of order: cell 5 was run after cell 6"]),
    ]


def test_without_a_record_the_committed_code_tells(lab: GitBox) -> None:
    shutil.rmtree(lab.path / ".git" / "nbgit" / "runs")
    assert told(lab) == FRESH  # by the runs that are stored with the commits
    drop_cuts(lab)
    cells = states(lab)["plot.ipynb"]
    assert {cell["kind"] for cell in cells.values()} == {"static"}
    assert (cells["show"]["state"], cells["plot"]["state"]) == ("out of order", "unknown")
    change(lab, "plot.ipynb", "width", source="width = 4")
    lab.commit("edit")
    change(lab, "plot.ipynb", "count", source="print(len(lines) + 1)")
    cells = states(lab)["plot.ipynb"]
    assert cells["plot"]["reasons"] == ["cell 2 has been edited since"]
    assert cells["count"]["reasons"] == ["cell 4 has been edited since"]
    assert "cell 3 [4]  stale (static)         cell 2 has been edited since" in told(lab)


def test_what_is_no_notebook_and_what_is_not_there(lab: GitBox) -> None:
    lab.write("broken \x1b[31m.ipynb", b"{")
    lab.write(".ipynb_checkpoints/plot-checkpoint.ipynb", lab.read("plot.ipynb"))
    (lab.path / "clean.ipynb").unlink()
    out = told(lab)
    assert "can't be read" in out
    assert "\x1b" not in out
    assert ("checkpoint" in out, "clean.ipynb" in out) == (False, False)
    assert lab.nbgit("status", "--outputs", "clean.ipynb").code == 9
    assert lab.nbgit("status", "plot.ipynb").code == 2


def test_before_the_first_commit(installed: GitBox) -> None:
    assert told(installed) == "no notebook in the working tree\n"
