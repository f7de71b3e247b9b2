"""nbgit graph on a project that really ran: fetched files, two notebooks, a script, and one notebook of code alone."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import GitBox
from tests.kernels import run_steps

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
MAKE = {
    "import": "from pathlib import Path",
    "read": "text = Path('config/scale.txt').read_text()",
    "other": "nothing = 0",
    "write": "_ = Path('data/clean.csv').write_text(text * 2)",
}
SHOW = {
    "import": "import base64\nfrom IPython.display import Image, display",
    "read": "rows = open('data/clean.csv').read()",
    "width": "width = 3",
    "plot": f"display(Image(base64.b64decode('{PIXEL}'), format='png', width=len(rows) * width))",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository in which two notebooks were run and committed, one after the other."""
    box = GitBox(tmp_path_factory.mktemp("graph"))
    assert box.nbgit("install").code == 0
    box.write(".gitignore", b"data/\n")
    box.write("config/scale.txt", b"1.5\n")
    (box.path / "data").mkdir()
    box.commit("set up")
    run_steps(box, "make.ipynb", MAKE, list(MAKE))
    box.commit("make")
    run_steps(box, "show.ipynb", SHOW, list(SHOW))
    box.commit("show")
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


def steps(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return the edges of a graph by the last part of their ends' ids."""
    short = {node["id"]: node.get("cell_id") or node["path"] or node["label"] for node in document["nodes"]}
    return {(short[edge["from"]], edge["kind"], short[edge["to"]]) for edge in document["edges"]}


def test_the_whole_repository_at_three_levels(project: GitBox) -> None:
    document = graph(project)
    assert document["collapse"] == "cells"
    assert steps(document) == {
        ("config/scale.txt", "read", "read"),
        ("read", "feeds", "write"),
        ("write", "wrote", "data/clean.csv"),
        ("data/clean.csv", "read", "read"),
        ("read", "feeds", "plot"),
        ("plot", "showed", "plot"),
    }
    scale = next(node for node in document["nodes"] if node["path"] == "config/scale.txt")
    assert (scale["commit"]["summary"], scale["kept_by"]) == ("set up", "git")
    small = graph(project, "--collapse", "notebooks")
    assert steps(small) >= {("make.ipynb", "wrote", "data/clean.csv"), ("data/clean.csv", "read", "show.ipynb")}
    assert len(small["nodes"]) == 5


def test_a_figure_step_by_step_and_a_file_both_ways(project: GitBox) -> None:
    document = graph(project, "show.ipynb", "--cell-id", "plot")
    assert document["collapse"] == "none"
    assert {"cell width", "cell import"} <= names(document)
    assert "cell other" not in names(document)
    assert [node["kind"] for node in document["nodes"] if node["target"]] == ["cell", "figure"]
    assert names(graph(project, "data/clean.csv", "--up", "0")) == {
        "file data/clean.csv",
        "cell read",
        "cell plot",
        "figure plot",
    }
    near = graph(project, "data/clean.csv", "--up", "1", "--down", "1")
    assert names(near) == {"file data/clean.csv", "cell write", "cell read"}
    assert near["notes"] != []


def test_every_format_says_the_same(project: GitBox) -> None:
    text = project.nbgit("graph").out
    assert "├" in text or "└" in text
    assert "config/scale.txt  committed " in text
    dot, mermaid = (project.nbgit("graph", "--format", form).out for form in ("dot", "mermaid"))
    assert dot.count(" -> ") == mermaid.count("-->") == 6
    assert "subgraph cluster_" in dot
    done = project.nbgit("graph", "-o", "lineage.svg")
    assert done.code == 0, done
    root = ElementTree.fromstring((project.path / "lineage.svg").read_bytes())
    assert len(root.findall(".//{http://www.w3.org/2000/svg}image")) == 1
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
