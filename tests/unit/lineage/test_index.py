"""The index is a cache: damaged, foreign, locked or unwritable, the answer is the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nbgit.lineage.history.index import VERSION, Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.store.repository import Repository, find_repository
from tests.gitbox import GitBox
from tests.unit.lineage.brute import digest, one_figure, spans


@pytest.fixture
def repository(box: GitBox) -> Repository:
    """Return a repository with three figures, of which it was asked once."""
    for text in ("one", "two", "three"):
        box.write("a.ipynb", one_figure(text))
        box.commit(text)
    repository = find_repository(str(box.path), {})
    assert digest("two") in answer(repository)
    return repository


def answer(repository: Repository) -> dict[str, tuple[str, str]]:
    """Return the spans of all payloads of a.ipynb."""
    return with_index(repository, lambda index: spans(Past(repository, index), "a.ipynb"))


def index_path(repository: Repository) -> Path:
    """Return where the index lies."""
    return Path(repository.nbgit_dir, "index.sqlite")


def test_nothing_is_read_twice(repository: Repository) -> None:
    before = index_path(repository).read_bytes()
    answer(repository)
    assert index_path(repository).read_bytes() == before


@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "middle", "no table"])
def test_a_damaged_file_is_rebuilt(repository: Repository, damage: str) -> None:
    expected = answer(repository)
    path = index_path(repository)
    content = path.read_bytes()
    if damage == "no table":
        with sqlite3.connect(path) as connection:
            connection.execute("DROP TABLE payloads")
        connection.close()
    else:
        half = len(content) // 2
        broken = {
            "garbage": b"not a database at all" * 500,
            "truncated": content[:half],
            "empty": b"",
            "middle": content[:4096] + b"\xff" * half + content[4096 + half :],
        }
        path.write_bytes(broken[damage])
    assert answer(repository) == expected
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_of_another_version_is_rebuilt(repository: Repository) -> None:
    expected = answer(repository)
    with sqlite3.connect(index_path(repository)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("DROP TABLE payloads")
    connection.close()
    assert answer(repository) == expected


def test_a_foreign_database_is_replaced(repository: Repository) -> None:
    expected = answer(repository)
    index_path(repository).unlink()
    with sqlite3.connect(index_path(repository)) as connection:
        connection.execute("CREATE TABLE something (x)")
    connection.close()
    assert answer(repository) == expected


def test_a_locked_file_is_gone_round(box: GitBox, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbgit.lineage.history.index.LOCK_SECONDS", 0.01)
    box.write("a.ipynb", one_figure("four"))
    box.commit("four")
    other = sqlite3.connect(index_path(repository), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert digest("four") in answer(repository)
    other.execute("ROLLBACK")
    other.execute("BEGIN IMMEDIATE")
    assert digest("four") in answer(repository)
    other.close()
    assert index_path(repository).exists()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_where_nothing_can_be_written_the_index_lives_in_memory(repository: Repository, tmp_path: Path) -> None:
    expected = answer(repository)
    blocked = tmp_path / "a file, where a directory is wanted"
    blocked.write_bytes(b"")
    unwritable = Repository(
        repository.start, repository.git_dir, str(blocked), repository.worktree, repository.hash_name
    )
    assert answer(unwritable) == expected


def test_a_read_only_file_serves_and_new_commits_are_answered_from_memory(box: GitBox, repository: Repository) -> None:
    box.write("a.ipynb", one_figure("four"))
    box.commit("four")
    index = Index(str(index_path(repository)))
    index.connection.execute("PRAGMA query_only = ON")  # what a read-only file system answers, for root too
    assert digest("four") in spans(Past(repository, index), "a.ipynb")
    assert index.path is None
    index.close()


def test_many_processes_at_once(box: GitBox, repository: Repository) -> None:
    expected = answer(repository)
    index_path(repository).unlink()
    environ = {**box.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "nbgit", "blame-output", "a.ipynb", "--json"]
    running = [
        subprocess.Popen(command, cwd=box.path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(5)
    ]
    told = [process.communicate() for process in running]
    assert {process.returncode for process in running} == {0}, told
    assert len({out for out, _ in told}) == 1
    assert answer(repository) == expected
