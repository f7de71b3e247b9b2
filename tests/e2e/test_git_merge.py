"""Merges of notebooks through real git: merge, rebase, cherry-pick, stash pop, criss-cross, merge-tree."""

import json
from typing import Any

import pytest

from nbgit.external.nbformat import problem_with
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

Cell = dict[str, Any]


def cells() -> list[Cell]:
    return [
        markdown("# Light curve", id="c0000001"),
        code("frame = read('a.csv')", id="c0000002"),
        code("fit(frame, 0.5)", id="c0000003"),
    ]


def edited(place: int, source: str) -> list[Cell]:
    return [{**cell, "source": [source]} if index == place else cell for index, cell in enumerate(cells())]


def ran(these: list[Cell]) -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": ["42\n"]}
    return notebook(
        *(
            {**cell, "outputs": [output], "execution_count": 5} if cell["cell_type"] == "code" else cell
            for cell in these
        )
    )


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write("n.ipynb", ran(cells()))
    installed.commit("base")
    return installed


def branch(repo: GitBox, name: str, these: list[Cell], start: str = "main") -> None:
    repo.git("checkout", "-q", "-B", name, start)
    repo.write("n.ipynb", ran(these))
    repo.commit(name)


def diverge(repo: GitBox, ours: list[Cell], theirs: list[Cell]) -> None:
    branch(repo, "theirs", theirs)
    branch(repo, "ours", ours)


def test_edits_of_different_cells_merge(repo: GitBox) -> None:
    diverge(repo, edited(1, "frame = read('b.csv')"), edited(2, "fit(frame, 0.3)"))
    repo.git("merge", "-q", "-m", "merged", "theirs")
    assert sources(repo.read("n.ipynb")) == ["# Light curve", "frame = read('b.csv')", "fit(frame, 0.3)"]
    assert repo.git("status", "--porcelain") == ""


def test_a_conflict_is_marked_inside_the_cell_of_a_valid_notebook(repo: GitBox) -> None:
    diverge(repo, edited(2, "fit(frame, 0.8)"), edited(2, "fit(frame, 0.3)"))
    result = repo.try_git("merge", "theirs")
    assert result.code == 1
    assert "conflicts are marked in cell 2 (source)" in result.err
    data = repo.read("n.ipynb")
    assert problem_with(data) == ""
    assert sources(data)[2] == "<<<<<<< HEAD\nfit(frame, 0.8)\n=======\nfit(frame, 0.3)\n>>>>>>> theirs"
    assert repo.git("status", "--porcelain") == "UU n.ipynb\n"
    assert repo.try_git("diff").code == 0
    repo.write("n.ipynb", ran(edited(2, "fit(frame, 0.4)")))
    repo.commit("merged")
    assert repo.git("status", "--porcelain") == ""


def test_a_conflict_that_was_settled_is_made_again(repo: GitBox) -> None:
    """git crashes where the filter delays a file in conflict, and has deleted it by then."""
    diverge(repo, edited(1, "frame = read('b.csv')"), edited(1, "frame = read('c.csv')"))
    assert repo.try_git("merge", "-q", "theirs").code == 1
    repo.git("checkout", "--ours", "--", "n.ipynb")
    assert "<<<<<<<" not in repo.read("n.ipynb").decode()
    done = repo.try_git("checkout", "-m", "--", "n.ipynb")
    assert done.code == 0, done
    assert "<<<<<<<" in repo.read("n.ipynb").decode()
    repo.git("reset", "-q", "--hard")
    assert sources(repo.read("n.ipynb"))[1] == "frame = read('b.csv')"


def test_delete_against_edit_is_marked(repo: GitBox) -> None:
    diverge(repo, cells()[:2], edited(2, "fit(frame, 0.3)"))
    assert repo.try_git("merge", "theirs").code == 1
    assert "<<<<<<< HEAD: deleted this cell\n=======\nfit(frame, 0.3)" in sources(repo.read("n.ipynb"))[2]


@pytest.mark.parametrize(
    "verb", [["rebase", "-q", "theirs"], ["cherry-pick", "theirs"], ["merge", "-q", "--squash", "theirs"]]
)
def test_other_verbs_merge_the_same(repo: GitBox, verb: list[str]) -> None:
    diverge(repo, edited(1, "frame = read('b.csv')"), edited(2, "fit(frame, 0.3)"))
    repo.git(*verb)
    assert sources(repo.read("n.ipynb"))[1:] == ["frame = read('b.csv')", "fit(frame, 0.3)"]


def test_stash_pop_merges(repo: GitBox) -> None:
    repo.write("n.ipynb", ran(edited(2, "fit(frame, 0.3)")))
    repo.git("stash", "-q")
    repo.write("n.ipynb", ran(edited(1, "frame = read('b.csv')")))
    repo.commit("meanwhile")
    repo.git("stash", "pop", "-q")
    assert sources(repo.read("n.ipynb"))[1:] == ["frame = read('b.csv')", "fit(frame, 0.3)"]


def test_merge_tree_needs_no_working_tree(repo: GitBox) -> None:
    diverge(repo, edited(1, "frame = read('b.csv')"), edited(2, "fit(frame, 0.3)"))
    tree = repo.git("merge-tree", "--write-tree", "ours", "theirs").strip()
    merged = repo.git_bytes("cat-file", "blob", f"{tree}:n.ipynb")
    assert sources(merged)[1:] == ["frame = read('b.csv')", "fit(frame, 0.3)"]


def test_criss_cross(repo: GitBox) -> None:
    diverge(repo, edited(1, "frame = read('b.csv')"), edited(1, "frame = read('c.csv')"))
    for name, other, source in (
        ("ours", "theirs", "frame = read('d.csv')"),
        ("theirs", "ours~1", "frame = read('e.csv')"),
    ):
        repo.git("checkout", "-q", name)
        repo.try_git("merge", "-q", other)
        repo.write("n.ipynb", ran(edited(1, source)))
        repo.commit(f"{name} merges {other}")
    repo.git("checkout", "-q", "ours")
    assert repo.try_git("merge", "theirs").code == 1
    data = repo.read("n.ipynb")
    assert problem_with(data) == ""
    assert "d.csv" in sources(data)[1]
    assert "e.csv" in sources(data)[1]


def test_both_added_the_file(installed: GitBox) -> None:
    installed.write("x", b"")
    installed.commit("base")
    diverge(installed, cells(), edited(2, "fit(frame, 0.3)"))
    assert installed.try_git("merge", "theirs").code == 1
    data = installed.read("n.ipynb")
    assert problem_with(data) == ""
    assert sources(data)[:2] == ["# Light curve", "frame = read('a.csv')"]
    assert sources(data)[2].startswith("<<<<<<< HEAD\n")


def test_what_is_no_notebook_is_merged_as_text(repo: GitBox) -> None:
    lines = [f"line {number}\n" for number in range(9)]
    repo.write("n.ipynb", "".join(lines).encode())
    repo.commit("text")
    for name, place in (("theirs", 1), ("ours", 7)):
        repo.git("checkout", "-q", "-B", name, "main")
        repo.write("n.ipynb", "".join([*lines[:place], f"{name}\n", *lines[place + 1 :]]).encode())
        repo.commit(name)
    repo.git("merge", "-q", "-m", "merged", "theirs")
    assert repo.read("n.ipynb").decode().split("\n")[1:8:6] == ["theirs", "ours"]


def test_text_in_conflict_has_gits_markers_and_binary_keeps_ours(box: GitBox) -> None:
    for base, ours, theirs, kept in (
        (b"a\n", b"b\n", b"c\n", b"<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n"),
        (b"\0a", b"\0b", b"\0c", b"\0b"),
    ):
        for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
            box.write(name, data)
        result = box.nbgit("merge-driver", "base", "ours", "theirs", "7", "n.ipynb")
        assert result.code == 1
        assert result.err.startswith("nbgit: n.ipynb: ")
        assert box.read("ours") == kept
    assert box.nbgit("merge-driver", "base", "ours").code == 2
    assert box.nbgit("merge-driver", "absent", "ours", "theirs", "7", "n.ipynb").code == 1
