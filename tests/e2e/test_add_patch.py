"""`nbgit add -p`: what is staged is the index's notebook with the chosen changes; the file on disk is not touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nbgit.external.nbformat import problem_with
from tests.e2e.scene import N, assert_sound, linked, outputs_at, quietly, run_of
from tests.gitbox import GitBox, Result
from tests.nb import code, markdown, notebook

CELLS = ["a = 1\nplot(a)\n\n\n\n\nprint(a)", "b = 1", "c = 1", "d = 1"]
EDITED = ["a = 2\nplot(a)\n\n\n\n\nprint(a, a)", "b = 1", "c = 3", "d = 1"]


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write(N, run_of(*CELLS, run="first"))
    installed.commit("first")
    return installed


def add_p(box: GitBox, answers: str, *paths: str, **more: str) -> Result:
    """Answer `nbgit add -p`, a letter a question; the working tree is as it was."""
    before = {path: path.read_bytes() for path in box.path.glob("*.*") if path.is_file()}
    result = box.nbgit("add", "-p", *paths, stdin="".join(f"{one}\n" for one in answers).encode(), environ=more)
    assert result.code == 0, result
    assert result.err == ""
    assert {path: path.read_bytes() for path in box.path.glob("*.*") if path.is_file()} == before
    return result


def staged(box: GitBox, path: str = N) -> bytes:
    data = box.git_bytes("cat-file", "blob", f":{path}")
    assert problem_with(data) == ""
    return data


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def test_one_of_two_edits(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again", count=5))
    result = add_p(repo, "ny")
    assert result.out.startswith(f"diff --git a/{N} b/{N}\n")
    assert "@@ -1,7 +1,7 @@ cell 1 [code] cell0 Title\n-a = 1\n+a = 2\n" in result.out
    assert "(1/2) Stage this cell [y,n,q,a,d,j,J,s,e,?]? " in result.out
    assert sources(staged(repo)) == ["# Title", *CELLS[:2], "c = 3", "d = 1"]
    assert repo.git("status", "--porcelain") == f"MM {N}\n"
    assert json.loads(staged(repo))["cells"][3]["id"] == "cell2"


def test_lines_of_a_cell(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    result = add_p(repo, "snyn")
    assert "Split into 2.\n" in result.out
    assert "(2/3) Stage these lines [" in result.out
    assert sources(staged(repo))[1] == "a = 1\nplot(a)\n\n\n\n\nprint(a, a)"


def test_all_is_what_git_add_makes(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    add_p(repo, "a")
    made = staged(repo)
    assert repo.git("status", "--porcelain") == f"M  {N}\n"
    repo.git("add", N)
    assert staged(repo) == made


@pytest.mark.parametrize("answers", ["q", "d", "nn", ""])
def test_nothing_leaves_the_index(repo: GitBox, answers: str) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    index = repo.read(".git/index")
    add_p(repo, answers)
    assert repo.read(".git/index") == index


def test_quitting_keeps_what_was_taken_before(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    add_p(repo, "yq")
    assert sources(staged(repo)) == ["# Title", EDITED[0], *CELLS[1:]]


def test_back_and_forth(repo: GitBox) -> None:
    repo.write(N, run_of("a = 5", "b = 5", "c = 5", "d = 1", run="again"))
    result = add_p(repo, "jkJzKnjyy")
    assert "k - leave this undecided" in result.out
    assert sources(staged(repo)) == ["# Title", CELLS[0], "b = 5", "c = 5", "d = 1"]


def test_inserts_deletes_and_moves(repo: GitBox) -> None:
    old = json.loads(repo.read(N))["cells"]
    title, a, _, c, d = old
    new = code("import numpy as np\nnp.random.seed(1)", id="new")
    repo.write(N, notebook(new, title, d, a, c))  # d moved up, b deleted
    asked = add_p(repo, "nnn").out
    assert [word for word in ("inserted cell 0", "moved cell 4 → 2", "deleted cell 2") if word in asked] != []
    for place, expected in enumerate(
        (
            [sources(notebook(new))[0], "# Title", *CELLS],
            ["# Title", "d = 1", *CELLS[:3]],
            ["# Title", CELLS[0], "c = 1", "d = 1"],
        )
    ):
        add_p(repo, "".join("y" if number == place else "n" for number in range(3)))
        assert sources(staged(repo)) == expected
        repo.git("reset", "-q")
    add_p(repo, "yyy")
    assert repo.git("status", "--porcelain") == f"M  {N}\n"


def test_what_was_moved_and_edited_is_split(repo: GitBox) -> None:
    title, a, b, c, d = json.loads(repo.read(N))["cells"]
    longer = {**a, "source": [*a["source"], "\nmore"], "metadata": {"tags": ["x"]}}
    repo.write(N, notebook(title, b, c, d, longer))
    result = add_p(repo, "snyn")
    for words in ("Stage this move", "Stage these values", "Stage these lines"):
        assert f"{words} [" in result.out
    assert [cell["metadata"] for cell in json.loads(staged(repo))["cells"]] == [{}, {"tags": ["x"]}, {}, {}, {}]
    assert sources(staged(repo)) == ["# Title", *CELLS]


def test_metadata_of_the_notebook(repo: GitBox) -> None:
    cells = json.loads(repo.read(N))["cells"]
    cells[2]["source"] = ["b = 2"]
    repo.write(N, notebook(*cells, metadata={"title": "Fits"}))
    assert "Stage this of the notebook itself [y,n,q,a,d,j,J,?]? " in add_p(repo, "yn").out
    assert json.loads(staged(repo))["metadata"] == {"title": "Fits"}
    assert sources(staged(repo)) == ["# Title", *CELLS]


def test_ids_alone_are_one_question(repo: GitBox) -> None:
    cells = [{**cell, "id": f"other-{number}"} for number, cell in enumerate(json.loads(repo.read(N))["cells"])]
    repo.write(N, notebook(*cells))
    result = add_p(repo, "y")
    assert "(1/1) Stage this notebook [" in result.out
    assert json.loads(staged(repo))["cells"][0]["id"] == "other-0"


def test_a_person_writes_the_cell(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    script = repo.root / "edit.py"
    script.write_text("import pathlib, sys\npathlib.Path(sys.argv[1]).write_text('a = 1.5\\n')\n")
    editor = f'"{Path(sys.executable).as_posix()}" "{script.as_posix()}"'
    add_p(repo, "en", GIT_EDITOR=editor)
    assert sources(staged(repo)) == ["# Title", "a = 1.5", *CELLS[1:]]


@pytest.mark.parametrize("editor", ["false", "/nonexistent/editor", "'unclosed"])
def test_an_editor_that_fails_is_told_and_the_question_asked_again(repo: GitBox, editor: str) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    result = repo.nbgit("add", "-p", stdin=b"y\ne\nn\n", environ={"GIT_EDITOR": editor})
    assert result.code == 0, result
    assert result.err.startswith("nbgit: ")
    assert "editor" in result.err.lower()
    assert result.out.count("(2/2) Stage this cell") == 2
    assert sources(staged(repo)) == ["# Title", EDITED[0], *CELLS[1:]]


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts go another way there")
def test_an_interrupt_keeps_no_answer(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    script = repo.root / "edit.py"
    script.write_text("import os, signal\nos.kill(os.getppid(), signal.SIGINT)\n")
    editor = f'"{Path(sys.executable).as_posix()}" "{script.as_posix()}"'
    result = repo.nbgit("add", "-p", stdin=b"y\ne\ny\n", environ={"GIT_EDITOR": editor})
    assert result.code == 130, result
    assert "Traceback" not in result.err
    assert sources(staged(repo)) == ["# Title", *CELLS]


def test_the_commit_has_the_outputs_of_what_was_taken(repo: GitBox) -> None:
    both = run_of(*EDITED, run="again", count=5)
    repo.write(N, both)
    add_p(repo, "ny")
    quietly(repo, "commit", "-q", "-m", "c alone")
    shown = json.loads(outputs_at(repo, "HEAD", N))["cells"]
    assert ["".join(cell["outputs"][0]["text"]).split(":")[0] for cell in shown[1:]] == [
        "first",
        "again",
        "again",
        "again",
    ]
    assert repo.read(N) == both
    quietly(repo, "commit", "-q", "-a", "-m", "the rest")
    assert outputs_at(repo, "HEAD", N) == both
    assert linked(repo) == ["the rest", "c alone", "first"]
    assert_sound(repo)


def test_a_notebook_that_was_only_run_again(repo: GitBox) -> None:
    repo.write(N, run_of(*CELLS, run="again, and longer", count=9))
    assert add_p(repo, "").out == "No changes.\n"
    assert N in repo.nbgit("captures").out


def test_other_files_are_left_to_git(repo: GitBox) -> None:
    repo.write("x.txt", b"one\n")
    repo.commit("text")
    repo.write("x.txt", b"two\n")
    repo.write(N, run_of(*EDITED, run="again"))
    result = add_p(repo, "yny")  # the last answer is git's
    assert "Stage this hunk" in result.out
    assert repo.git("diff", "--cached", "--name-only") == f"{N}\nx.txt\n"
    repo.git("reset", "-q")
    add_p(repo, "y", "x.txt")
    assert repo.git("diff", "--cached", "--name-only") == "x.txt\n"


def test_new_and_deleted_notebooks(repo: GitBox) -> None:
    repo.write("new.ipynb", run_of("x = 1", "y = 2", run="new"))
    assert add_p(repo, "").out == "No changes.\n"  # as git, which asks about tracked files
    repo.git("add", "-N", "new.ipynb")
    add_p(repo, "nnn", "new.ipynb")
    assert repo.git("diff", "--cached", "--name-only") == ""
    add_p(repo, "yny", "new.ipynb")
    assert sources(staged(repo, "new.ipynb")) == ["# Title", "y = 2"]
    (repo.path / N).unlink()
    assert "the notebook is gone, with its 5 cells" in add_p(repo, "n", N).out
    assert repo.git("diff", "--cached", "--name-only") == "new.ipynb\n"
    add_p(repo, "y", N)
    assert repo.git("status", "--porcelain", "--", N) == f"D  {N}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_a_mode_is_asked_about(repo: GitBox) -> None:
    (repo.path / N).chmod(0o755)
    assert "Stage mode change [" in add_p(repo, "n").out
    assert repo.git("diff", "--cached", "--name-only") == ""
    repo.write(N, run_of(*EDITED, run="again"))
    add_p(repo, "ynn")
    assert repo.git("diff", "--cached", "--summary") == f" mode change 100644 => 100755 {N}\n"
    assert sources(staged(repo)) == ["# Title", *CELLS]


def test_other_formats_and_broken_files(repo: GitBox) -> None:
    repo.write(N, b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}\n')
    result = add_p(repo, "y")
    assert "(1/1) Stage this notebook" in result.out
    assert repo.git_bytes("cat-file", "blob", f":{N}") == repo.read(N)
    repo.write(N, b'{"nbformat": 3, broken\n')
    result = repo.nbgit("add", "-p", stdin=b"n\n")
    assert "Stage this hunk" in result.out
    assert f"no notebook of nbgit's as it stands: {N}\n" in result.err


def test_an_index_in_use_is_left(repo: GitBox) -> None:
    repo.write(N, run_of(*EDITED, run="again"))
    repo.write(".git/index.lock", b"")
    index = repo.read(".git/index")
    result = repo.nbgit("add", "-p", stdin=b"a\n")
    assert result.code == 3
    assert "the index is in use" in result.err
    assert repo.read(".git/index") == index


def test_in_a_folder_with_odd_names(repo: GitBox) -> None:
    name = "sub dir/größe [1].ipynb"
    repo.write(name, run_of(*CELLS, run="first"))
    repo.commit("more")
    repo.write(name, run_of(*EDITED, run="again"))
    result = repo.nbgit("add", "-p", ".", stdin=b"y\nn\n", cwd="sub dir")
    assert result.code == 0, result
    assert sources(staged(repo, name))[1] == EDITED[0]


def test_split_cells_are_taken_together(repo: GitBox) -> None:
    load = "".join(f"table = read('{name}')\nmodel.{name}(table)\n" for name in ("train", "score", "rest"))
    repo.write(N, notebook(markdown("# Fits", id="m"), code(load, id="one")))
    repo.commit("one")
    first, rest = load[:42], load[42:]
    repo.write(N, notebook(markdown("# Fits", id="m"), code(first, id="two"), code(rest, id="one")))
    result = add_p(repo, "y")
    assert "(1/1) Stage these 2 cells [y,n,q,a,d,?]? " in result.out
    assert sources(staged(repo)) == ["# Fits", first, rest]


def test_it_is_there_for_p(repo: GitBox) -> None:
    result = repo.nbgit("add", N)
    assert result.code == 2
    assert "use `git add`" in result.err
