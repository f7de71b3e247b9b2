"""`nbgit show`: one output of one commit, to a file, a pipe or a terminal."""

from __future__ import annotations

import pytest

from tests.gitbox import GitBox
from tests.nb import code, notebook
from tests.unit.lineage.brute import figure_cell, made_up, one_figure


@pytest.fixture(params=[False, True], ids=["blobs", "snapshots"])
def history(request: pytest.FixtureRequest, box: GitBox) -> GitBox:
    """Return a repository in which a.ipynb showed "one", then "two" (and a text), without and with nbgit installed."""
    if request.param:
        assert box.nbgit("install").code == 0
    box.write("a.ipynb", one_figure("one"))
    box.commit("one")
    cell = figure_cell("plot()", "two", "three")
    cell["outputs"].insert(0, {"output_type": "stream", "name": "stdout", "text": ["héllo\n", "\x1b[31mred\n"]})
    box.write("a.ipynb", notebook(code("x"), cell, minor=4))
    box.commit("two")
    return box


def test_the_bytes_in_a_pipe_and_in_a_file(history: GitBox) -> None:
    assert history.nbgit("show", "HEAD:a.ipynb", "--cell", "1").raw == made_up("two")
    assert history.nbgit("show", "a.ipynb", "--cell", "1", "--output", "2").raw == made_up("three")
    assert history.nbgit("show", "HEAD~1:a.ipynb", "--cell", "1").raw == made_up("one")
    assert history.nbgit("show", "a.ipynb", "--cell", "1", "--output", "0").raw == "héllo\n\x1b[31mred\n".encode()
    assert history.nbgit("show", "a.ipynb", "--cell", "1", "--mime", "text/plain").raw == b"<Figure>"
    result = history.nbgit("show", "HEAD~1:a.ipynb", "--cell", "1", "-o", "figure.png")
    assert (result.code, result.out, history.read("figure.png")) == (0, "", made_up("one"))


def test_a_file_is_overwritten_only_by_force(history: GitBox) -> None:
    history.write("figure.png", b"mine")
    result = history.nbgit("show", "HEAD:a.ipynb", "--cell", "1", "-o", "figure.png")
    assert (result.code, history.read("figure.png")) == (2, b"mine")
    assert "--force" in result.err
    assert history.nbgit("show", "HEAD:a.ipynb", "--cell", "1", "-o", "figure.png", "--force").code == 0
    assert history.read("figure.png") == made_up("two")
    assert sorted(path.name for path in history.path.iterdir()) == [".git", "a.ipynb", "figure.png"]


def test_without_a_cell_the_outputs_are_listed(history: GitBox) -> None:
    lines = history.nbgit("show", "HEAD:a.ipynb").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["cell 1 [1] output 0"] + ["cell 1 [1] output 1"] * 2 + [
        "cell 1 [1] output 2"
    ] * 2
    assert "image/png  4x3, 152 bytes" in lines[1]


def test_what_is_not_there(history: GitBox) -> None:
    for arguments, number in (
        (["HEAD:a.ipynb", "--cell", "0"], 1),
        (["HEAD:a.ipynb", "--cell", "1", "--output", "9"], 1),
        (["HEAD:a.ipynb", "--cell", "1", "--mime", "text/html"], 1),
        (["HEAD:nowhere.ipynb", "--cell", "1"], 9),
        (["nosuch:a.ipynb", "--cell", "1"], 9),
    ):
        result = history.nbgit("show", *arguments)
        assert (result.code, result.out, result.err.count("\n")) == (number, "", 1), arguments
