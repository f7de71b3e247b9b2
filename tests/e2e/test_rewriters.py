"""Commits that were written anew without telling git's hooks: a tool, a GUI, a server, git replace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import (
    N,
    assert_sound,
    comes_back,
    entry_of,
    linked,
    note_of,
    outputs_at,
    quietly,
    rewritten,
    run_of,
)
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox

M = "m.ipynb"
CELLS = ["a = 1", "b = 2", "c = 3", "d = 4"]
FIRST = run_of(*CELLS, run="first")
SECOND, M_SECOND = run_of("a = 1", "b = 20", "c = 3", "d = 4", run="second"), run_of("m = 2", run="second")
RUNS = {run: run_of(*CELLS, run=run) for run in ("second", "third")}  # of the first commit's source


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    box = GitBox(tmp_path_factory.mktemp("rewriters"))
    assert box.nbgit("install").code == 0
    box.write(N, FIRST)
    box.write(M, run_of("m = 1", run="first"))
    box.commit("first")
    box.git("checkout", "-q", "-b", "reruns")
    for run, data in RUNS.items():
        rewritten(box, N, data)
        box.write("x.txt", run.encode())
        box.commit(run)
    box.git("checkout", "-q", "main")
    return box


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository with one commit of n.ipynb and m.ipynb on main, and on `reruns` two more, each of which came
    with another run of n.ipynb."""
    return copied(world, tmp_path / "copy")


def as_a_gui(box: GitBox, revision: str, parent: str, message: str) -> str:
    """Write a commit anew with another message, as libgit2 does it: no hook, no notes; return the new one."""
    date = box.git("log", "-1", "--format=%at +0000", revision).strip()
    command = ["git", "commit-tree", f"{revision}^{{tree}}", "-p", parent, "-m", message]
    return box.run(command, environ={"GIT_AUTHOR_DATE": date}).out.strip()


def test_filter_branch(repo: GitBox) -> None:
    repo.git("checkout", "-q", "reruns")
    repo.environ["FILTER_BRANCH_SQUELCH_WARNING"] = "1"
    quietly(repo, "filter-branch", "-f", "--msg-filter", "sed 's/$/, reworded/'", "--", "reruns")
    assert repo.nbgit("link").code == 0
    assert linked(repo, among="reruns") == ["third, reworded", "second, reworded", "first, reworded"]
    comes_back(repo, "HEAD~1", N, RUNS["second"])
    comes_back(repo, "HEAD~2", N, FIRST)
    assert_sound(repo)


def test_replace(repo: GitBox) -> None:
    repo.git("checkout", "-q", "reruns")
    root = repo.git("rev-parse", "HEAD~2").strip()
    quietly(repo, "replace", "--graft", "HEAD", root)
    assert repo.git("log", "--format=%s") == "third\nfirst\n"
    assert outputs_at(repo, "HEAD", N) == RUNS["third"]
    comes_back(repo, root, N, FIRST)
    repo.write(N, SECOND)
    quietly(repo, "commit", "-q", "-a", "-m", "fourth")
    assert outputs_at(repo, "HEAD", N) == SECOND
    found = repo.nbgit("blame-output", N, "--cell", "1", "--json")
    assert json.loads(found.out)["matches"][0]["introduced"]["summary"] == "fourth"
    assert_sound(repo)


def test_an_amend_that_tells_nobody(repo: GitBox) -> None:
    """A GUI writes the commit anew and carries no notes; author and author's date stay."""
    repo.git("checkout", "-q", "reruns")
    commit = as_a_gui(repo, "HEAD", "HEAD~1", "third, reworded")
    repo.git("reset", "-q", "--soft", commit)
    assert note_of(repo) == ""
    assert repo.nbgit("link").out == "1 notebook linked.\n"
    assert outputs_at(repo, "HEAD", N) == RUNS["third"] == repo.read(N)
    assert repo.nbgit("link").out == "0 notebooks linked.\n"
    comes_back(repo, "HEAD~1", N, RUNS["second"])
    assert_sound(repo)


def test_an_amend_with_another_run_that_tells_nobody(repo: GitBox) -> None:
    repo.write(N, SECOND)
    repo.commit("second")
    again = run_of("a = 1", "b = 20", "c = 3", "d = 4", run="again")
    rewritten(repo, N, again)
    repo.git("reset", "-q", "--soft", as_a_gui(repo, "HEAD", "HEAD~1", "second, again"))
    assert repo.nbgit("log").code == 0
    assert outputs_at(repo, "HEAD", N) == again
    assert_sound(repo)


def test_a_rebase_that_tells_nobody(repo: GitBox) -> None:
    repo.write(M, M_SECOND)
    repo.commit("main moves")
    repo.git("-c", "core.hooksPath=/dev/null", "-c", "notes.rewrite.rebase=false", "rebase", "-q", "main", "reruns")
    assert linked(repo, among="main..reruns") == []
    assert repo.nbgit("link").out == "2 notebooks linked.\n"
    assert [outputs_at(repo, commit, N) for commit in ("HEAD", "HEAD~1")] == [RUNS["third"], RUNS["second"]]
    assert_sound(repo)


def test_commits_of_one_second_are_no_copies_of_each_other(repo: GitBox) -> None:
    rewritten(repo, N, run_of(*CELLS, run="a run of its own"))
    for number in range(2):
        repo.write("x.txt", str(number).encode())
        repo.git("add", "x.txt")
        repo.git("commit", "-q", "-m", "wip")
    assert linked(repo, among="main") == ["wip", "first"]
    assert repo.nbgit("link").out == "0 notebooks linked.\n"


def test_a_squash_on_a_server(repo: GitBox) -> None:
    """Another author's date, another parent, and the branch is deleted: the source says which outputs."""
    quietly(repo, "checkout", "-q", "-b", "topic")
    repo.write(N, SECOND)
    repo.commit("topic one")
    repo.write(M, M_SECOND)
    repo.commit("topic two")
    tree = repo.git("rev-parse", "HEAD^{tree}").strip()
    squashed = repo.git("commit-tree", tree, "-p", "main", "-m", "squashed").strip()
    quietly(repo, "checkout", "-q", "main")
    quietly(repo, "merge", "-q", "--ff-only", squashed)
    repo.git("branch", "-q", "-D", "topic")
    found = repo.nbgit("blame-output", N, "--cell", "2", "--json")
    assert [match["introduced"]["summary"] for match in json.loads(found.out)["matches"]] == ["squashed"]
    assert set(entry_of(repo)) == {N, M}
    comes_back(repo, "HEAD~1", N, FIRST)
    assert_sound(repo)
