"""The pre-commit hook: conflict markers do not get into a commit unnoticed, and nothing else is held up."""

from __future__ import annotations

import pytest

from tests.e2e.test_git_merge import branch, cells, diverge, edited, ran
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import markdown, notebook

MARKED = markdown("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic", id="m")
LESSON = notebook(markdown("What git writes:", id="l"), MARKED)


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write("n.ipynb", ran(cells()))
    installed.commit("base")
    return installed


def refused(box: GitBox, *arguments: str) -> str:
    """Return what a commit that is refused says; the test fails where it is not."""
    before = box.try_git("rev-parse", "HEAD").out
    result = box.try_git("commit", "-q", "-m", "refused", *arguments)
    assert result.code == 1, result
    assert box.try_git("rev-parse", "HEAD").out == before
    assert "conflict markers are left in " in result.err
    return result.err


def test_markers_of_a_merge_are_refused_until_they_are_gone(repo: GitBox) -> None:
    diverge(repo, edited(2, "fit(frame, 0.8)"), edited(2, "fit(frame, 0.3)"))
    assert repo.try_git("merge", "theirs").code == 1
    repo.git("add", "n.ipynb")
    assert "n.ipynb (cell 2): `nbgit resolve` walks them" in refused(repo)
    assert repo.nbgit("resolve", "n.ipynb", "--ours", "--add").code == 0
    repo.git("commit", "-q", "-m", "merged")
    assert repo.git("status", "--porcelain") == ""


def test_a_person_may_insist(repo: GitBox) -> None:
    repo.write("lesson.ipynb", LESSON)
    repo.git("add", "lesson.ipynb")
    assert "lesson.ipynb (cell 1)" in refused(repo)
    repo.git("commit", "-q", "--no-verify", "-m", "a lesson about git")
    repo.write("lesson.ipynb", LESSON.replace(b"What git writes", b"This is what git writes"))
    repo.commit("its first cell")
    repo.git("commit", "-q", "--amend", "-m", "once more")
    repo.write("lesson.ipynb", notebook(MARKED, MARKED))
    repo.git("add", "lesson.ipynb")
    assert "lesson.ipynb (cell 1)" in refused(repo)


def test_a_setting_ends_the_guard(repo: GitBox) -> None:
    repo.write("lesson.ipynb", LESSON)
    repo.git("add", "lesson.ipynb")
    refused(repo)
    repo.git("-c", "nbgit.guard=false", "commit", "-q", "-m", "a lesson about git")


def test_what_a_merged_commit_has_already_is_no_news(repo: GitBox) -> None:
    branch(repo, "topic", cells())
    repo.write("lesson.ipynb", LESSON)
    repo.git("add", "lesson.ipynb")
    repo.git("commit", "-q", "--no-verify", "-m", "a lesson")
    branch(repo, "side", edited(1, "frame = read('b.csv')"))
    repo.git("merge", "-q", "--no-commit", "topic")
    repo.git("commit", "-q", "-m", "merged")
    assert repo.git("show", "HEAD:lesson.ipynb").startswith("{")


def test_markers_in_the_json_are_refused_too(installed: GitBox) -> None:
    installed.write("n.ipynb", b'{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [ ],\n>>>>>>> topic\n')
    installed.git("add", "n.ipynb")
    assert "left in n.ipynb:" in refused(installed)  # in a repository without a commit, too


def test_only_what_is_committed_counts(repo: GitBox) -> None:
    repo.write("lesson.ipynb", LESSON)
    repo.write("a.txt", b"a")
    repo.write("m.ipynb", ran(cells()))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "other files", "a.txt", "m.ipynb")
    refused(repo, "lesson.ipynb")
    assert repo.git("status", "--porcelain") == "A  lesson.ipynb\n"


def test_a_hook_that_was_there_runs_and_decides(box: GitBox) -> None:
    hook = box.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "checked" >>log\ntest ! -e forbidden\n')
    hook.chmod(0o755)
    assert box.nbgit("install").code == 0
    box.write("n.ipynb", ran(cells()))
    box.commit("one")
    assert box.read("log") == b"checked\n"
    box.write("forbidden", b"")
    assert box.try_git("commit", "-q", "--allow-empty", "-m", "two").code == 1


@pytest.mark.parametrize("python", ["/gone", "/bin/false"])
def test_a_broken_nbgit_holds_nothing_up(repo: GitBox, python: str) -> None:
    hook = repo.path / ".git" / "hooks" / "pre-commit"
    lines = hook.read_text().split("\n")
    hook.write_text("\n".join(f"python='{python}'" if line.startswith("python=") else line for line in lines))
    repo.write("lesson.ipynb", LESSON)
    repo.commit("unseen")


def checked(box: GitBox, hook: str, *arguments: str, before: str = "") -> tuple[int, str]:
    """Return what a check of `.pre-commit-hooks.yaml` answers, started as the pre-commit framework starts it."""
    words = next(row["entry"] for row in framework_hooks() if row["id"] == hook).split()
    assert words[0] == "nbgit"
    result = box.nbgit(*words[1:], *arguments, environ={"PRE_COMMIT_FROM_REF": before} if before else {})
    return result.code, result.err


def framework_hooks() -> list[dict[str, str]]:
    """Return the rows of `.pre-commit-hooks.yaml`, as far as a line holds a key."""
    rows: list[dict[str, str]] = []
    for line in (SOURCE_ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8").splitlines():
        key, colon, value = line.removeprefix("- ").strip().partition(": ")
        if line.startswith("- "):
            rows.append({})
        if colon and rows:
            rows[-1][key] = value
    return rows


def test_a_clone_without_nbgit_passes_where_its_commits_are_clean(repo: GitBox) -> None:
    """As in CI: the clone was never set up, and nothing is staged."""
    ci = GitBox(repo.root, "ci", init=False)
    ci.git("clone", "-q", str(repo.path), ".")
    assert checked(ci, "nbgit-installed", "n.ipynb") == (0, "")
    assert checked(ci, "nbgit-conflict-markers", "n.ipynb") == (0, "")
    ci.write("held.ipynb", ran(cells()))
    ci.git("add", "held.ipynb")
    code, said = checked(ci, "nbgit-installed", "n.ipynb", "held.ipynb")
    assert code == 15
    assert "git holds outputs of held.ipynb: run `nbgit install`" in said


def test_markers_in_commits_are_found_where_nothing_is_staged(repo: GitBox) -> None:
    repo.write("lesson.ipynb", LESSON)
    repo.write("broken.ipynb", b'{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [ ],\n>>>>>>> topic\n')
    repo.git("add", ".")
    repo.git("commit", "-q", "--no-verify", "-m", "two")
    assert checked(repo, "nbgit-conflict-markers", "lesson.ipynb", "n.ipynb") == (0, "")  # a lesson may have them
    code, said = checked(repo, "nbgit-conflict-markers", "lesson.ipynb", "broken.ipynb")
    assert (code, "left in broken.ipynb:" in said) == (14, True)
    code, said = checked(repo, "nbgit-conflict-markers", "lesson.ipynb", "n.ipynb", before="HEAD~1")
    assert (code, "left in lesson.ipynb (cell 1):" in said) == (14, True)
    assert checked(repo, "nbgit-conflict-markers", "lesson.ipynb", "n.ipynb", before="HEAD") == (0, "")
