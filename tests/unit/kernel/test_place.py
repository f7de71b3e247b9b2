"""Which repository, and what holds in it: as git and nbgit's other reader of repositories have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbgit.kernel.place import KEEP_QUERY, RUNS, find_place, is_on, is_opted_in, read_settings
from nbgit.store.repository import find_repository, head_commit
from tests.gitbox import GitBox


def assert_same(box: GitBox, folder: Path | None = None) -> None:
    """Fail unless both readers agree on a worktree and its HEAD."""
    start = str(folder or box.path)
    place, repository = find_place(start), find_repository(os.path.realpath(start), {})
    assert place is not None
    assert (place.top, place.git_dir, place.common_dir) == (
        repository.worktree,
        repository.git_dir,
        repository.common_dir,
    )
    assert (place.head(), place.worktree_name) == (head_commit(repository), repository.worktree_name)
    assert place.head() == head_commit(repository)


def test_where_head_is(box: GitBox) -> None:
    assert_same(box)
    place = find_place(str(box.path))
    assert place is not None
    assert place.head() == "unborn"
    first = box.commit("one")
    assert place.head() == first
    box.git("pack-refs", "--all")
    assert place.head() == first
    assert_same(box)
    second = box.commit("two")
    assert place.head() == second
    box.git("checkout", "-q", "--detach", first)
    assert place.head() == first
    assert_same(box)
    box.git("worktree", "add", "-q", "-b", "side", "../linked é", second)
    (box.root / "linked é" / "sub").mkdir()
    assert_same(box, box.root / "linked é" / "sub")
    assert find_place(str(box.root)) is None


@pytest.mark.parametrize(
    ("place", "text", "on"),
    [
        (".gitconfig", '[filter "nbgit"]\n\tprocess = x', True),
        (".config/git/config", '[filter "nbgit"] process = "x"', True),
        (".gitconfig", "[include]\n\tpath = more.inc", True),
        (".gitconfig", '[FILTER "nbgit"]\n  Process = x\n[nbgit]\n\truns', True),
        (".gitconfig", '[filter "nbgit"]\n\tprocess = x\n[nbgit]\n\truns = off # not now', False),
        (".gitconfig", '[filter "NBGIT"]\n\tprocess = x', False),
        (".gitconfig", '# [filter "nbgit"]\n#\tprocess = x', False),
        (".gitconfig", "[nbgit]\n\truns = true", False),
    ],
)
def test_who_has_opted_in(box: GitBox, place: str, text: str, on: bool) -> None:
    file = box.home / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")
    (box.home / "more.inc").write_text('[filter "nbgit"]\nprocess = x\n')
    found = find_place(str(box.path))
    assert found is not None
    assert is_opted_in(found, read_settings(found, box.environ)) is on
    told = box.try_git("config", "--get", "filter.nbgit.process").code == 0
    refused = box.try_git("config", "--type=bool", "--get", RUNS).out.strip() == "false"
    assert on is (told and not refused)


def test_the_repository_has_the_last_word(installed: GitBox) -> None:
    installed.git("config", "--global", RUNS, "false")
    found = find_place(str(installed.path))
    assert found is not None
    assert not is_opted_in(found, read_settings(found, installed.environ))
    installed.git("config", RUNS, "yes")
    installed.git("config", KEEP_QUERY, "1")
    settings = read_settings(found, installed.environ)
    assert is_opted_in(found, settings)
    assert is_on(settings, KEEP_QUERY, False)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a directory away")
def test_a_repository_of_somebody_else_is_left_alone(installed: GitBox) -> None:
    os.chown(installed.path, 12345, -1)
    found = find_place(str(installed.path))
    assert found is not None
    assert not is_opted_in(found, read_settings(found, installed.environ))
    installed.git("config", "--global", "safe.directory", str(installed.path))
    assert is_opted_in(found, read_settings(found, installed.environ))
