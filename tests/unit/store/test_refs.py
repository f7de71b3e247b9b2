"""Refs are moved by compare-and-swap: processes that work at once lose nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from nbgit.errors import GitFailed
from nbgit.store.entries import list_notes, read_some_entries
from nbgit.store.locks import HUNG, STALE
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES, SNAPSHOTS, commit_content, read_refs, resolve_commits, swap_refs
from nbgit.store.repository import find_repository
from tests.e2e.scene import assert_clean, entry_of, run_of
from tests.gitbox import SOURCE_ROOT, GitBox

PROCESSES, ROUNDS = 4, 6
# Each process adds commits of its own to one ref, as a linker does: read, build on it, swap, try again.
WRITER = """
import sys
from nbgit.store.git import run_git
from nbgit.store.refs import read_refs, swap_refs
from nbgit.store.repository import find_repository
name, rounds = sys.argv[1], int(sys.argv[2])
repository = find_repository(".", {})
tree = run_git(["mktree"], stdin=b"").decode().strip()
for number in range(rounds):
    while True:
        old = read_refs(repository, ["refs/nbgit/test"]).get("refs/nbgit/test")
        parents = ["-p", old] if old else []
        new = run_git(["commit-tree", tree, *parents, "-m", f"{name} {number}"]).decode().strip()
        if swap_refs(repository, {"refs/nbgit/test": (new, old)}):
            break
"""


def processes(box: GitBox, commands: list[list[str]]) -> list[subprocess.Popen[bytes]]:
    """Start programs in the box, all at once."""
    environ = {**box.environ, "PYTHONPATH": str(SOURCE_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    pipe = subprocess.PIPE
    return [subprocess.Popen(words, cwd=box.path, env=environ, stdout=pipe, stderr=pipe) for words in commands]


def test_four_processes_lose_no_update(box: GitBox) -> None:
    commands = [[sys.executable, "-c", WRITER, f"writer {n}", str(ROUNDS)] for n in range(PROCESSES)]
    for process in processes(box, commands):
        _, err = process.communicate()
        assert process.returncode == 0, err
    subjects = box.git("log", "--format=%s", "refs/nbgit/test").splitlines()
    assert sorted(subjects) == sorted(f"writer {n} {number}" for n in range(PROCESSES) for number in range(ROUNDS))


def test_four_linkers_lose_no_entry(installed: GitBox) -> None:
    """Commits on four branches, made with hooks off, are linked by four processes at once."""
    commits: dict[str, str] = {}
    for n in range(PROCESSES * 2):
        path = f"{n}.ipynb"
        installed.write(path, run_of(f"cell = {n}", run="A"))
        installed.git("add", path)
        installed.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", path)
        commits[path] = installed.git("rev-parse", "HEAD").strip()
    oids = list(commits.values())
    commands = [
        [sys.executable, "-m", "nbgit", "link", oids[n], oids[n + PROCESSES], oids[(n + 1) % PROCESSES]]
        for n in range(PROCESSES)
    ]
    for process in processes(installed, commands):
        _, err = process.communicate()
        assert process.returncode == 0, err
    repository = find_repository(str(installed.path), {})
    with ObjectReader(repository) as reader:
        entries = read_some_entries(reader, list(list_notes(repository, ENTRIES)))
    assert {commit: list(entry) for commit, entry in entries.items()} == {oid: [path] for path, oid in commits.items()}
    stored = installed.git("ls-tree", "-r", "--name-only", SNAPSHOTS).splitlines()
    assert len([name for name in stored if name.endswith("/snapshot.json")]) == len(commits)
    assert_clean(installed)


def commit(box: GitBox, message: str) -> str:
    """Return a commit of the empty tree, made without a ref."""
    tree = box.git("mktree", stdin=b"").strip()
    content = commit_content(tree, [], message, 1_700_000_000)
    return box.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=content).strip()


def test_all_refs_move_or_none_does(box: GitBox) -> None:
    repository = find_repository(str(box.path), {})
    one, two, three = (commit(box, word) for word in ("one", "two", "three"))
    assert swap_refs(repository, {"refs/nbgit/a": (one, None), "refs/nbgit/b": (two, None)})
    assert not swap_refs(repository, {"refs/nbgit/a": (three, one), "refs/nbgit/b": (three, one)})
    assert not swap_refs(repository, {"refs/nbgit/a": (three, None)})
    assert read_refs(repository, ["refs/nbgit/a", "refs/nbgit/b", "refs/nbgit/c"]) == {
        "refs/nbgit/a": one,
        "refs/nbgit/b": two,
    }
    assert swap_refs(repository, {"refs/nbgit/a": (three, one), "refs/nbgit/b": (three, two)})


def test_a_ref_that_another_process_holds_is_not_taken(box: GitBox) -> None:
    repository = find_repository(str(box.path), {})
    one, two = commit(box, "one"), commit(box, "two")
    assert swap_refs(repository, {"refs/nbgit/a": (one, None)})
    lock = box.path / ".git" / "refs" / "nbgit" / "a.lock"
    lock.write_bytes(b"")
    box.git("config", "core.filesRefLockTimeout", "0")
    assert not swap_refs(repository, {"refs/nbgit/a": (two, one)})
    lock.unlink()
    assert swap_refs(repository, {"refs/nbgit/a": (two, one)})


def test_a_lock_that_a_killed_git_has_left_is_named_and_then_removed(box: GitBox) -> None:
    repository = find_repository(str(box.path), {})
    (box.path / ".git" / "nbgit").mkdir()
    one, two = commit(box, "one"), commit(box, "two")
    assert swap_refs(repository, {SNAPSHOTS: (one, None)})
    lock = box.path / ".git" / "refs" / "nbgit" / "snapshots.lock"
    lock.write_bytes(b"")
    box.git("config", "core.filesRefLockTimeout", "0")
    for seconds in (HUNG + 5, STALE - 5, -HUNG - 5, -STALE - 5):
        os.utime(lock, (0, time.time() - seconds))
        with pytest.raises(GitFailed, match=re.escape(f"{lock} stands in the way")):
            swap_refs(repository, {SNAPSHOTS: (two, one)})
    os.utime(lock, (0, time.time() - STALE - 5))
    assert not swap_refs(repository, {SNAPSHOTS: (two, one)})
    assert swap_refs(repository, {SNAPSHOTS: (two, one)})
    assert not lock.exists()


def test_a_commit_goes_on_where_a_lock_stands_in_the_way_and_is_linked_later(installed: GitBox) -> None:
    lock = installed.path / ".git" / "refs" / "nbgit" / "snapshots.lock"
    lock.parent.mkdir()
    lock.write_bytes(b"")
    os.utime(lock, (0, time.time() - HUNG - 5))
    installed.write("n.ipynb", run_of("a", run="A"))
    installed.git("add", "-A")
    committed = installed.try_git("commit", "-q", "-m", "one")
    assert committed.code == 0
    assert committed.err.splitlines() == [line for line in committed.err.splitlines() if f"{lock} stands" in line]
    assert len(committed.err.splitlines()) == 1
    refused = installed.nbgit("link")
    assert (refused.code, refused.out) == (5, "")
    assert f"{lock} stands in the way" in refused.err
    os.utime(lock, (0, time.time() - STALE - 5))
    assert installed.nbgit("link").code == 0
    assert list(entry_of(installed)) == ["n.ipynb"]


def test_an_object_that_is_not_there_is_an_error_and_no_endless_try(box: GitBox) -> None:
    repository = find_repository(str(box.path), {})
    with pytest.raises(GitFailed):
        swap_refs(repository, {"refs/nbgit/a": ("1" * 40, None)})


def test_names_are_read_exactly(box: GitBox) -> None:
    repository = find_repository(str(box.path), {})
    one = commit(box, "one")
    box.git("update-ref", "refs/nbgit/snapshots/deeper", one)
    assert read_refs(repository, [SNAPSHOTS]) == {}
    assert resolve_commits(repository, [one, one[:12]]) == [one, one]
    with pytest.raises(GitFailed):
        resolve_commits(repository, ["--all"])


def test_a_commit_of_ours_is_one_that_git_reads(box: GitBox) -> None:
    oid = commit(box, "é, and\n\nmore")
    assert box.git("log", "-1", "--format=%an <%ae> %at %B", oid).startswith("nbgit <nbgit> 1700000000 é, and")
    assert box.try_git("fsck", "--strict").code == 0
