"""nbgit graph on a project that really ran: fetched files, two notebooks, a script, and one notebook of code alone."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import GitBox
from tests.kernels import paths, run_steps, runs
from tests.nb import code, notebook

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
MAKE = {
    "import": "import sys\nfrom pathlib import Path",
    "read": "text = Path('config/scale.txt').read_text()",
    "other": "nothing = 0",
    "write": "_ = Path('data/clean.csv').write_text(text * 2)",
    "script": "!{sys.executable} tools/count.py",
}
COUNT = b"""\
text = open("data/clean.csv").read()
with open("data/count.txt", "w") as file:
    file.write(str(len(text)))
"""
SHOW = {
    "import": "import base64\nfrom IPython.display import Image, display",
    "read": "rows = open('data/clean.csv').read()",
    "count": "count = int(open('data/count.txt').read())",
    "width": "width = 3",
    "plot": f"display(Image(base64.b64decode('{PIXEL}'), format='png', width=len(rows) * width + count))",
}


PICTURE = {"output_type": "display_data", "data": {"image/png": PIXEL[:-8] + "AAAAAA=="}, "metadata": {}}
R_NOTEBOOK = notebook(
    code('source("helpers.R")', id="source", execution_count=1),
    code('d <- read.csv("data/clean.csv")  # read.csv("none.csv")', id="read", execution_count=2),
    code('write.csv(summary(d), "data/summary.csv")', id="write", execution_count=3),
    metadata={"language_info": {"name": "R"}, "kernelspec": {"name": "ir", "display_name": "R"}},
)
PYTHON_NOTEBOOK = notebook(
    code("import pandas as pd\nplace = 'data'", id="set", execution_count=1),
    code("other = pd.read_csv('data/never.csv')", id="other", execution_count=2),
    code("df = pd.read_csv(f'{place}/summary.csv')", id="read", execution_count=3),
    code("df.plot()", id="plot", execution_count=4, outputs=[PICTURE]),
    metadata={"language_info": {"name": "python"}},
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository in which two notebooks were run and committed, one after the other."""
    box = GitBox(tmp_path_factory.mktemp("graph"))
    assert box.nbgit("install").code == 0
    box.write(".gitignore", b"data/\n")
    box.write("config/scale.txt", b"1.5\n")
    box.write("tools/count.py", COUNT)
    (box.path / "data").mkdir()
    box.commit("set up")
    run_steps(box, "make.ipynb", MAKE, list(MAKE))
    box.commit("make")
    run_steps(box, "show.ipynb", SHOW, list(SHOW))
    box.commit("show")
    box.write("stats.ipynb", R_NOTEBOOK)
    box.write("helpers.R", b'fit <- function(d) lm(y ~ x, d)\nlimits <- readRDS("config/limits.rds")\n')
    box.write("report.ipynb", PYTHON_NOTEBOOK)
    box.commit("by code")
    return box


def graph(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return what `nbgit graph --format json` says, held against the schema."""
    done = box.nbgit("graph", *arguments, "--format", "json")
    assert done.code == 0, done
    document: dict[str, Any] = json.loads(done.out)
    assert validate(document, "graph.v1") == []
    return document


def names(document: dict[str, Any]) -> set[str]:
    """Return what the nodes of a graph are, in a word each."""
    return {f"{node['kind']} {node.get('cell_id') or node['path'] or node['label']}" for node in document["nodes"]}


def steps(document: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return the edges of a graph by the last part of their ends' ids."""
    short = {node["id"]: node.get("cell_id") or node["path"] or node["label"] for node in document["nodes"]}
    by = {"recorded": (), "code": ("by code",)}
    return {(short[edge["from"]], edge["kind"], short[edge["to"]], *by[edge["by"]]) for edge in document["edges"]}


def test_the_whole_repository(project: GitBox) -> None:
    document = graph(project)
    assert document["collapse"] == "cells"
    assert steps(document) == {
        ("config/scale.txt", "read", "read"),
        ("read", "feeds", "write"),
        ("write", "wrote", "data/clean.csv"),
        ("data/clean.csv", "read", "read"),
        ("read", "feeds", "plot"),
        ("plot", "showed", "plot"),
        ("tools/count.py", "read", "script"),
        ("write", "feeds", "script"),
        ("data/clean.csv", "read", "script", "by code"),
        ("script", "wrote", "data/count.txt", "by code"),
        ("data/count.txt", "read", "count"),
        ("count", "feeds", "plot"),
        ("helpers.R", "read", "source", "by code"),
        ("config/limits.rds", "read", "source", "by code"),
        ("data/clean.csv", "read", "read", "by code"),
        ("read", "feeds", "write", "by code"),
        ("source", "feeds", "read", "by code"),
        ("write", "wrote", "data/summary.csv", "by code"),
        ("data/summary.csv", "read", "read", "by code"),
        ("data/never.csv", "read", "other", "by code"),
        ("read", "feeds", "plot", "by code"),
        ("plot", "showed", "plot", "by code"),
    }
    scale = next(node for node in document["nodes"] if node["path"] == "config/scale.txt")
    assert (scale["commit"]["summary"], scale["kept_by"]) == ("set up", "git")
    small = graph(project, "--collapse", "notebooks")
    assert steps(small) >= {("make.ipynb", "wrote", "data/clean.csv"), ("data/clean.csv", "read", "show.ipynb")}
    assert ("data/summary.csv", "read", "report.ipynb", "by code") in steps(small)


def test_a_figure_step_by_step_and_a_file_both_ways(project: GitBox) -> None:
    document = graph(project, "show.ipynb", "--cell-id", "plot")
    assert document["collapse"] == "none"
    assert {"cell width", "cell import"} <= names(document)
    assert "cell other" not in names(document)
    assert [node["kind"] for node in document["nodes"] if node["target"]] == ["cell", "figure"]
    assert names(graph(project, "data/clean.csv", "--up", "0")) == {
        "file data/clean.csv",
        "file data/summary.csv",
        "file data/count.txt",
        "cell script",
        "cell count",
        "cell read",
        "cell write",
        "cell plot",
        "figure plot",
    }
    near = graph(project, "data/clean.csv", "--up", "1", "--down", "1")
    assert names(near) == {"file data/clean.csv", "cell write", "cell read", "cell script"}
    assert near["notes"] != []


def test_what_only_code_tells(project: GitBox) -> None:
    document = json.loads(project.nbgit("blame-output", "report.ipynb", "--cell-id", "plot", "--json").out)
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    (read,) = match["inputs"]
    assert (read["path"], read["by"], read["cell_index"], read["sha256"]) == ("data/summary.csv", "code", 2, None)
    assert read["path_written_by"] == [{"path": "stats.ipynb", "cell_index": 2, "run": None, "script": None}]
    told = project.nbgit("blame-output", "report.ipynb", "--cell-id", "plot").out
    assert "inputs      data/summary.csv  by its code, whose path is in the code of stats.ipynb cell 2\n" in told

    found = json.loads(project.nbgit("affected", "config/scale.txt", "--json").out)
    assert validate(found, "affected.v1") == []
    assert [(one["path"], one["by"]) for one in found["figures"]] == [
        ("show.ipynb", "recorded"),
        ("report.ipynb", "code"),
    ]
    assert (found["files"], found["files_by_code"]) == (["data/clean.csv"], ["data/count.txt", "data/summary.csv"])
    limits = project.nbgit("affected", "config/limits.rds")
    assert "report.ipynb  cell 3 [4] output 0 · image/png 1x1  by its code, not seen as it ran\n" in limits.out
    assert project.nbgit("affected", "data/never.csv").out == "0 figures; 0 runs, 1 cell by code\n"
    assert project.nbgit("affected", "none.csv").code == 1


def test_a_script_that_a_cell_has_started(project: GitBox) -> None:
    (run,) = [one for one in runs(project) if "commands" in one]
    assert run["commands"][0].endswith(" tools/count.py")
    assert paths(run, "reads") == ["tools/count.py"]
    (match,) = json.loads(project.nbgit("blame-output", "show.ipynb", "--cell-id", "plot", "--json").out)["matches"]
    inputs = {(one["path"], one["by"]): one for one in match["inputs"]}
    count = inputs["data/count.txt", "recorded"]
    assert (count["written_by"], count["commit"]) == (None, None)
    (writer,) = count["path_written_by"]
    assert (writer["path"], writer["cell_index"], writer["script"]) == ("make.ipynb", 4, "tools/count.py")
    clean = inputs["data/clean.csv", "code"]
    assert (clean["script"], clean["path_written_by"][0]["cell_index"]) == ("tools/count.py", 3)
    told = project.nbgit("blame-output", "show.ipynb", "--cell-id", "plot").out
    assert "data/count.txt  <- tools/count.py, by its code, started by make.ipynb cell 4\n" in told
    assert "data/clean.csv  by the code of tools/count.py, written by make.ipynb cell 3\n" in told
    found = json.loads(project.nbgit("affected", "tools/count.py", "--json").out)
    assert [one["path"] for one in found["figures"]] == ["show.ipynb"]


def test_a_copy_is_known_by_what_it_holds(project: GitBox) -> None:
    copied = project.path / "data" / "elsewhere.dat"
    copied.write_bytes(project.read("data/clean.csv"))
    found = json.loads(project.nbgit("affected", "data/elsewhere.dat", "--json").out)
    assert [(one["path"], one["by"]) for one in found["figures"]] == [("show.ipynb", "recorded")]
    document = graph(project, "data/elsewhere.dat", "--up", "2", "--down", "2")
    assert ("data/clean.csv", "same", "data/elsewhere.dat") in steps(document)
    assert ("write", "wrote", "data/clean.csv") in steps(document)
    copied.unlink()
    assert project.nbgit("affected", "data/elsewhere.dat").code == 1


def test_every_format_says_the_same(project: GitBox) -> None:
    text = project.nbgit("graph").out
    assert "├" in text or "└" in text
    assert "config/scale.txt  committed " in text
    dot, mermaid = (project.nbgit("graph", "--format", form).out for form in ("dot", "mermaid"))
    assert dot.count(" -> ") == mermaid.count("-->") + mermaid.count("-.->") == 22
    assert "subgraph cluster_" in dot
    done = project.nbgit("graph", "-o", "lineage.svg")
    assert done.code == 0, done
    root = ElementTree.fromstring((project.path / "lineage.svg").read_bytes())
    assert len(root.findall(".//{http://www.w3.org/2000/svg}image")) == 2
    assert project.nbgit("graph", "-o", "lineage.svg").code == 2
    assert project.nbgit("graph", "-o", "lineage.xyz").code == 2
    page = project.nbgit("graph", "--html", "-").out
    assert page.startswith("<!doctype html>")
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", page) == []
    (project.path / "lineage.svg").unlink()


def test_nothing_to_tell(installed: GitBox) -> None:
    installed.write("a.txt", b"a\n")
    installed.commit("a")
    done = installed.nbgit("graph")
    assert (done.code, done.out) == (1, "")
    assert installed.nbgit("graph", "a.txt").code == 1
    document = json.loads(installed.nbgit("graph", "--format", "json").out)
    assert validate(document, "graph.v1") == []
