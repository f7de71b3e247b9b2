"""Real histories, replayed commit by commit through an installed repository, then checked out again and compared.

By default a stretch of numpy-100's history is replayed, and all of pdsh-visualization's; NBGIT_FULL_REPLAY=1 takes all.
"""

from __future__ import annotations

import os
import subprocess
from typing import IO

import pytest

from tests.corpus import bundle
from tests.gitbox import GitBox

STRETCH = 60  # commits of a longer history that are replayed by default: the newest ones
TIP_OF_NUMPY_100 = "6447594ad639908dc979446a4ec7f0f2e62fb23b"
TIP_OF_PDSH = "main"


class Original:
    """The history in a bundle, read through one `git cat-file --batch`."""

    def __init__(self, box: GitBox, name: str, tip: str) -> None:
        self.path = box.root / "original"
        box.git("clone", "-q", "--bare", str(bundle(name)), str(self.path))
        self.box = box
        out = box.git("-C", str(self.path), "log", "--topo-order", "--reverse", "--format=%H %P", tip)
        self.parents = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
        self.process = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=self.path,
            env=box.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.blobs: dict[str, bytes] = {}

    def close(self) -> None:
        """End the reader."""
        self.process.communicate()

    def files(self, commit: str) -> dict[str, str]:
        """Return path -> blob oid of a commit."""
        out = self.box.git("-C", str(self.path), "ls-tree", "-r", "-z", commit)
        rows = [row.partition("\t") for row in out.split("\0") if row]
        return {path: facts.split()[2] for facts, _, path in rows if facts.startswith("100")}

    def blob(self, oid: str) -> bytes:
        """Return a blob's bytes."""
        if oid not in self.blobs:
            self.blobs[oid] = self._read(oid)
        return self.blobs[oid]

    def _read(self, oid: str) -> bytes:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{oid}\n".encode())
        stdin.flush()
        return _answer(stdout)


def _answer(stdout: IO[bytes]) -> bytes:
    header = stdout.readline().split()
    assert header[1] == b"blob"
    data = stdout.read(int(header[2]))
    stdout.read(1)
    return data


class Replay:
    """The same history, made again with ordinary git in a repository that has nbgit."""

    def __init__(self, box: GitBox, original: Original) -> None:
        self.box = box
        self.original = original
        self.made: dict[str, str] = {}
        self.there: dict[str, str] = {}  # path -> blob oid of what lies on disk

    def take(self, commit: str, files: dict[str, str]) -> None:
        """Make this commit again, on top of what its parents have become, and look at git's status."""
        parents = [self.made[parent] for parent in self.original.parents[commit] if parent in self.made]
        if not parents and self.made:
            self.box.git("checkout", "-q", "--orphan", f"root-{len(self.made)}")
        elif parents and parents[0] != self.made.get(next(reversed(self.made), "")):
            self.box.git("checkout", "-q", parents[0])
            self.there = self.at(parents[0])
            self.compare(parents[0])
        if len(parents) > 1:
            self.box.git("merge", "-q", "--no-commit", "--no-ff", "-s", "ours", *parents[1:])
        self.write(files)
        self.box.git("add", "-A")
        self.box.minutes += 1
        self.box.git("commit", "-q", "--allow-empty", "--no-edit", "-m", f"replay of {commit}")
        assert self.box.git("--no-optional-locks", "status", "--porcelain") == ""
        self.made[commit] = self.box.git("rev-parse", "HEAD").strip()

    def write(self, files: dict[str, str]) -> None:
        """Write what differs from what is on disk, as an editor would."""
        for path in self.there.keys() - files.keys():
            (self.box.path / path).unlink()
        for path, oid in files.items():
            if self.there.get(path) != oid:
                self.box.write(path, self.original.blob(oid))
        self.there = files

    def at(self, made: str) -> dict[str, str]:
        """Return the original's files at a commit of the replay."""
        return self.original.files(next(commit for commit, oid in self.made.items() if oid == made))

    def compare(self, made: str) -> None:
        """Fail unless every notebook on disk is the original's, byte for byte."""
        files = self.at(made)
        notebooks = {path: oid for path, oid in files.items() if path.endswith(".ipynb")}
        wrong = [path for path, oid in notebooks.items() if self.box.read(path) != self.original.blob(oid)]
        assert wrong == [], f"{made} does not show the outputs it was committed with"


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "tip"), [("pdsh-visualization.bundle", TIP_OF_PDSH), ("numpy-100.bundle", TIP_OF_NUMPY_100)]
)
def test_every_commit_comes_back_byte_for_byte(installed: GitBox, name: str, tip: str) -> None:
    original = Original(installed, name, tip)
    try:
        commits = list(original.parents)
        if not os.environ.get("NBGIT_FULL_REPLAY"):
            commits = commits[-STRETCH:]
        replay = Replay(installed, original)
        for commit in commits:
            replay.take(commit, original.files(commit))
        for commit in reversed(commits):
            installed.git("checkout", "-q", replay.made[commit])
            replay.compare(replay.made[commit])
        installed.git("checkout", "-q", replay.made[commits[-1]])
        replay.compare(replay.made[commits[-1]])
        assert installed.git("status", "--porcelain") == ""
        assert installed.try_git("fsck", "--strict", "--no-dangling").err == ""
    finally:
        original.close()
