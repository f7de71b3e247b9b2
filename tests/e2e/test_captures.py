"""`nbgit captures` and the completion of its ids: when, how big, which cells, and what became of the file."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.e2e.scene import never_ran, run_of
from tests.gitbox import SOURCE_ROOT, GitBox

N = "n.ipynb"


def rows_of(box: GitBox, *paths: str) -> list[dict[str, Any]]:
    """Return what `nbgit captures --json` says; it must be as its schema has it."""
    done = box.nbgit("captures", "--json", *paths)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert validate(document, "captures.v1") == []
    found: list[dict[str, Any]] = document["captures"]
    return found


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write(N, run_of("x = 1", "y = 2", run="first"))
    installed.commit("first")
    return installed


def captured(box: GitBox, path: str, data: bytes) -> None:
    """Have a notebook captured as it stands."""
    box.write(path, data)
    assert box.nbgit("refresh", path).code == 0


def test_the_listing_says_when_how_big_which_cells_and_what_became_of_it(repo: GitBox) -> None:
    early, late = run_of("x = 1", "y = 2", run="early"), run_of("x = 1", "y = 2", run="and late")
    captured(repo, N, early)
    captured(repo, N, late)
    captured(repo, "sub/gone.ipynb", run_of("z = 3", run="gone"))
    (repo.path / "sub" / "gone.ipynb").unlink()
    captured(repo, "sub/bare.ipynb", never_ran("q = 1"))
    rows = rows_of(repo)
    assert [(row["path"], row["cells"], row["state"], row["is_on_disk"], row["file_exists"]) for row in rows] == [
        (N, [1, 2], "waiting", True, True),
        (N, [1, 2], "waiting", False, True),
        ("sub/bare.ipynb", [], "waiting", True, True),
        ("sub/gone.ipynb", [1], "waiting", False, False),
    ]
    assert [row["size"] for row in rows[:2]] == [len(late), len(early)]
    first, second, third, fourth, fifth, sixth, seventh = repo.nbgit("captures").out.splitlines()
    assert (first, fourth, sixth) == (N, "sub/bare.ipynb", "sub/gone.ipynb   (no longer on disk)")
    assert second.split()[0] == rows[0]["id"][:12]
    assert second.endswith(f"   {len(late)} B  waiting    outputs of cells 1-2, on disk now (main)")
    assert third.endswith(f"   {len(early)} B  waiting    outputs of cells 1-2; cells 1-2 differ from disk (main)")
    assert fifth.endswith("waiting    no outputs, on disk now (main)")
    assert seventh.endswith("waiting    outputs of cell 1 (main)")


def test_what_a_commit_overtook_is_told_from_what_waits(repo: GitBox) -> None:
    captured(repo, N, run_of("x = 1", "y = 2", run="early"))
    repo.write(N, run_of("x = 1", "y = 2", run="late"))
    repo.commit("late")
    captured(repo, N, run_of("x = 1", "y = 2", run="latest"))
    assert [row["state"] for row in rows_of(repo, N)] == ["waiting", "overtaken"]


def test_committed_outputs_that_were_put_back_do_not_wait(repo: GitBox) -> None:
    first = repo.read(N)
    repo.write(N, run_of("x = 2", "y = 2", run="second"))
    repo.commit("second")
    second = repo.read(N)
    assert repo.nbgit("restore", N, "--from", "HEAD~1").code == 0
    mixed = repo.read(N)
    assert mixed not in (first, second)
    assert repo.nbgit("restore", N, "--from", "HEAD").code == 0
    assert repo.read(N) == second
    (row,) = rows_of(repo, N)
    assert (row["size"], row["is_on_disk"], row["differing_cells"]) == (len(mixed), False, [2])
    repo.write(N, never_ran("x = 2", "y = 2"))
    repo.git("checkout", "-q", "--", N)
    assert repo.read(N) == second
    assert repo.nbgit("restore", N).code == 0
    assert repo.read(N) == mixed


def test_each_line_says_how_it_differs_from_what_is_on_disk(repo: GitBox) -> None:
    captured(repo, N, run_of("x = 10", "y = 2", run="other"))
    captured(repo, N, run_of("x = 1", "y = 2", "z = 3", run="longer"))
    repo.git("checkout", "-q", "-f", "-b", "side")
    repo.commit("nothing", "--all")
    captured(repo, N, run_of("x = 1", "y = 2", run="on the side"))
    said = [line.partition("outputs of ")[2] for line in repo.nbgit("captures", N).out.splitlines()[1:]]
    assert said == [
        "cells 1-2, on disk now (side)",
        "cells 1-3; other code: z = 3 (main)",
        "cells 1-2; other code: x = 10 (main)",
    ]


def test_what_is_no_notebook_is_said_to_be_none(repo: GitBox) -> None:
    repo.write("mk.py", b"print(1)\n")
    done = repo.nbgit("captures", "mk.py")
    assert (done.code, done.out) == (8, "")
    assert done.err == "nbgit: mk.py is no notebook (.ipynb), so nbgit keeps no outputs of it\n"
    repo.write("half.ipynb", b"{")
    said = repo.nbgit("captures", "half.ipynb").out
    assert said == "half.ipynb is not a notebook as it stands, so there is nothing to capture.\n"


def test_a_directory_stands_for_what_is_in_it_even_when_it_is_gone(repo: GitBox) -> None:
    captured(repo, "sub/gone.ipynb", run_of("z = 3", run="gone"))
    captured(repo, "subtle.ipynb", run_of("z = 3", run="other"))
    (repo.path / "sub" / "gone.ipynb").unlink()
    (repo.path / "sub").rmdir()
    assert [row["path"] for row in rows_of(repo, "sub")] == ["sub/gone.ipynb"]
    assert [row["path"] for row in rows_of(repo, ".")] == ["sub/gone.ipynb", "subtle.ipynb"]


def test_a_path_without_captures_gets_the_reason(repo: GitBox) -> None:
    assert repo.nbgit("captures", N).out == f"{N} has no captures waiting: what was seen of it is in a commit.\n"
    repo.write("new.ipynb", run_of("z = 3", run="new"))
    said = repo.nbgit("captures", "new.ipynb").out
    assert said == "new.ipynb was not captured yet; `nbgit refresh new.ipynb` does it now.\n"
    (repo.path / N).unlink()
    said = repo.nbgit("captures", N).out
    assert said == f"{N} has no captures left: its outputs are in commits (`nbgit log` names them).\n"
    wrong = repo.nbgit("captures", "m.ipynb")
    assert (wrong.code, wrong.out) == (9, "")
    assert wrong.err == (
        "nbgit: m.ipynb was never captured in this clone, and there is no such file; did you mean n.ipynb?\n"
    )


def test_a_name_with_control_characters_reaches_no_terminal(repo: GitBox) -> None:
    name = "a\x1b[31m.ipynb"
    captured(repo, name, run_of("z = 3", run="red"))
    assert "\x1b" not in repo.nbgit("captures").out
    assert [row["path"] for row in rows_of(repo)] == [name]


def completed(box: GitBox, words: str) -> list[str]:
    """Return what bash would be offered for a command line: `type,value` rows."""
    environ = {"_NBGIT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    program = "import sys; from nbgit.cli import nbgit; sys.argv[0] = 'nbgit'; nbgit(prog_name='nbgit')"
    done = box.run([sys.executable, "-c", program], environ={**environ, "PYTHONPATH": str(SOURCE_ROOT)})
    return done.out.splitlines()


def test_the_shell_completes_ids_and_notebooks_that_are_gone(repo: GitBox) -> None:
    captured(repo, N, run_of("x = 1", "y = 2", run="second"))
    captured(repo, "gone.ipynb", run_of("z = 3", run="gone"))
    (repo.path / "gone.ipynb").unlink()
    (row,) = rows_of(repo, N)
    assert completed(repo, f"nbgit restore {N} --capture ") == [f"plain,{row['id'][:12]}"]
    assert completed(repo, "nbgit restore g") == ["plain,gone.ipynb"]
    assert completed(repo, f"nbgit restore {N[0]}") == [f"file,{N[0]}"]


@pytest.mark.parametrize(
    ("typed", "meant"), [("restor", "restore"), ("captrues", "captures"), ("blame-outputs", "blame-output")]
)
def test_a_misspelled_verb_gets_the_nearest(repo: GitBox, typed: str, meant: str) -> None:
    done = repo.nbgit(typed)
    assert done.code == 2
    assert f"No such command '{typed}'; did you mean '{meant}'?" in done.err
    assert "did you mean" not in repo.nbgit("xyzzy").err


def test_help_comes_in_every_way_that_people_ask_for_it(box: GitBox) -> None:
    asked = box.nbgit("--help")
    assert (box.nbgit("help").out, asked.code) == (asked.out, 0)
    assert box.nbgit("help", "log").out == box.nbgit("log", "--help").out
    bare = box.nbgit()
    assert (bare.code, bare.err.strip()) == (2, asked.out.strip())
