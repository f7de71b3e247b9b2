"""A full disk, a repository that can't be written, objects that rot: git goes on, a line says what is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbgit.store.refs import SNAPSHOTS
from tests.e2e.scene import N, outputs_at, run_of
from tests.gitbox import SOURCE_ROOT, GitBox

A, B, C = run_of("a = 1", run="A" * 5000), run_of("a = 1", "b = 2", run="B" * 5000), run_of("c = 1", run="C")
LARGE = run_of("a = 3", run=os.urandom(100_000).hex())
FREE = 64 << 10  # bytes: enough for a source, not for its outputs


def mount(*arguments: str) -> None:
    """Mount something, or skip the test where this user may not."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount: {done.stderr.strip()}")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[GitBox]:
    """Return a repository on a disk of 3 MB."""
    if sys.platform != "linux":
        pytest.skip("mounts a tmpfs")
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path))
    try:
        box = GitBox(tmp_path)
        assert box.nbgit("install").code == 0
        box.write(N, A)
        box.commit("one")
        box.write(N, B)
        box.commit("two")
        yield box
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
def frozen(installed: GitBox) -> Iterator[GitBox]:
    """Return a repository whose .git can't be written, not even by root."""
    if sys.platform != "linux":
        pytest.skip("mounts a folder onto itself")
    installed.write(N, A)
    installed.commit("one")
    installed.write(N, B)
    installed.commit("two")
    installed.write(N, LARGE)
    folder = str(installed.path / ".git")
    mount("--bind", folder, folder)
    try:
        mount("-o", "remount,ro,bind", folder)
        yield installed
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(box: GitBox) -> Path:
    """Leave only FREE bytes on the disk; return the file that has the rest."""
    stuff = box.root / "stuff"
    there = os.statvfs(box.root)
    stuff.write_bytes(b"x" * (there.f_bavail * there.f_frsize - FREE))
    return stuff


def test_a_full_disk(small: GitBox) -> None:
    small.write(N, LARGE)
    stuff = fill(small)
    said = f"nbgit: the outputs of {N} could not be captured (No space left on device); the file itself is untouched\n"
    for arguments in (["diff", "--quiet"], ["add", N], ["commit", "-q", "-m", "three"]):
        done = small.try_git(*arguments)
        assert done.code == int(arguments[0] == "diff"), done
        assert done.err == said or (arguments[0] == "commit" and not done.err), arguments  # git may ask again, or not
        assert small.read(N) == LARGE
    small.write(N, LARGE.replace(b"a = 3", b"a = 1"))
    refused = small.nbgit("restore", N, "--from", "HEAD~1")
    assert refused.code != 0
    assert "could not be captured first" in refused.err
    small.write(N, LARGE)
    stuff.unlink()
    assert small.nbgit("refresh").code == 0
    small.git("checkout", "-q", "HEAD~1")
    assert small.read(N) == B
    small.git("checkout", "-q", "main")
    assert small.read(N) == LARGE
    small.git("fsck", "--full")
    assert small.nbgit("fsck").code == 0


def test_a_repository_that_cannot_be_written(frozen: GitBox) -> None:
    for arguments in (["status", "--porcelain"], ["diff", "HEAD"], ["log", "-p"], ["show", "HEAD~1"], ["blame", N]):
        done = frozen.try_git(*arguments)
        assert done.code == 0, done
        assert "Traceback" not in done.err
    verbs = [["status"], ["log"], ["captures"], ["blame-output", N, "--cell", "1"], ["show", f"HEAD:{N}"], ["diff"]]
    for verb in [*verbs, ["fsck"], ["du"], ["gc", "--dry-run"]]:
        done = frozen.nbgit(*verb)
        assert (done.code, done.err) == (0, ""), done
    for verb in (["restore", N, "--from", "HEAD"], ["refresh"], ["forget", "--pattern", "B", "--yes"]):
        done = frozen.nbgit(*verb)
        assert done.code not in (0, 100), done
        assert "Traceback" not in done.err
    assert frozen.read(N) == LARGE


def objects(box: GitBox, what: str) -> list[Path]:
    """Return the loose objects of HEAD's snapshot: its `document`, its `payloads`, or its `trees`."""
    box.git("repack", "-adq")
    for pack in list((box.path / ".git" / "objects" / "pack").iterdir()):
        data = pack.read_bytes()
        pack.unlink()
        if pack.suffix == ".pack":
            packed = data
    box.git("unpack-objects", "-q", stdin=packed)
    rows = [line.split() for line in box.git("ls-tree", "-r", "-t", SNAPSHOTS).splitlines()]
    found = []
    for _, kind, oid, path in rows:
        is_document = path.endswith("snapshot.json")
        is_payload = kind == "blob" and path.startswith("by-") and not is_document
        if {"document": is_document, "payloads": is_payload, "trees": kind == "tree"}[what]:
            found.append(oid)
    folder = box.path / ".git" / "objects"
    return [folder / oid[:2] / oid[2:] for oid in found]


@pytest.mark.parametrize("damage", ["garbled", "empty", "gone"])
@pytest.mark.parametrize("what", ["document", "payloads", "trees"])
def test_a_snapshot_that_rots(installed: GitBox, what: str, damage: str) -> None:
    for data in (A, B):
        installed.write(N, data)
        installed.commit("run")
    found = objects(installed, what)
    assert found
    installed.git("fsck", "--full")
    for file in found:
        file.chmod(0o600)
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(b"" if damage == "empty" else file.read_bytes()[:20] + b"rot")
    done = installed.try_git("checkout", "-q", "HEAD~1")
    assert done.code == 0, done
    assert installed.read(N) == installed.git_bytes("cat-file", "blob", f"HEAD:{N}")
    assert installed.git("status", "--porcelain") == ""
    if (what, damage) != ("trees", "gone"):  # that is how a repository without snapshots looks; fsck tells
        assert re.fullmatch(f"nbgit: {N} was checked out without its stored outputs: [^\n]+\n", done.err), done.err
    installed.write("more.ipynb", C)
    installed.commit("goes on")
    checked = installed.nbgit("fsck")
    assert (checked.code, "Traceback" in checked.err) == (1, False), checked
    if what == "trees":  # nothing is written to what can't be read: it stays captured
        assert "more.ipynb" in installed.nbgit("captures").out
    else:
        assert outputs_at(installed, "HEAD", "more.ipynb") == C


def test_snapshots_of_a_later_version(installed: GitBox) -> None:
    names = [f"n{number}.ipynb" for number in range(7)]
    for name in names:
        installed.write(name, run_of(f"name = {name!r}", run="A" * 5000))
    installed.commit("run")
    index = {"GIT_INDEX_FILE": str(installed.root / "index")}
    for row in installed.git("ls-tree", "-r", SNAPSHOTS).splitlines():
        facts, path = row.split("\t")
        if path.endswith("snapshot.json"):
            oid = facts.split(" ")[2]
            document = json.loads(installed.git_bytes("cat-file", "blob", oid))
            newer = json.dumps({**document, "version": document["version"] + 1}).encode()
            stored = installed.git("hash-object", "-w", "--stdin", stdin=newer).strip()
            folder, _, old = path.rpartition("/")[0].rpartition("/")
            listing = installed.git("ls-tree", old).replace(oid, stored)
            snapshot_id = installed.git("mktree", stdin=listing.encode()).strip()
            arguments = ["git", "read-tree", "-i", f"--prefix={folder}/{snapshot_id}/", snapshot_id]
            done = installed.run(arguments, environ=index)
            assert done.code == 0, done
    tree = installed.run(["git", "write-tree"], environ=index).out.strip()
    installed.git("update-ref", SNAPSHOTS, installed.git("commit-tree", "-m", "later", tree).strip())
    for name in names:
        (installed.path / name).unlink()
    done = installed.try_git("checkout", "--", ".")
    assert done.code == 0
    said = done.err.splitlines()
    assert said[0] == (
        "nbgit: n0.ipynb was checked out without its stored outputs: a snapshot was written by a newer nbgit; upgrade "
        "nbgit to read it"
    )
    assert len(said) == 6
    assert said[5].endswith("`nbgit fsck` says which and why")
    before = installed.git("rev-parse", f"{SNAPSHOTS}^{{tree}}")
    installed.write("more.ipynb", C)
    installed.commit("more")
    assert outputs_at(installed, "HEAD", "more.ipynb") == C
    assert installed.git("diff-tree", "-r", "--diff-filter=DM", before.strip(), SNAPSHOTS) == ""


@pytest.mark.skipif(os.name == "nt", reason="the directory one is in can't be removed there")
@pytest.mark.parametrize("verb", [["status"], ["log"], ["install"], ["restore", N], ["fsck"]])
def test_a_directory_that_is_gone(box: GitBox, verb: list[str]) -> None:
    gone = box.root / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    environ = {"PYTHONPATH": str(SOURCE_ROOT)}
    done = box.run([sys.executable, "-c", code, "-m", "nbgit", *verb], cwd=gone, environ=environ)
    assert (done.code, done.err) == (3, "nbgit: the directory you are in no longer exists; go to one that does\n")
