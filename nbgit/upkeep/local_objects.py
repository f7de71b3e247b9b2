"""Ring 3: git's objects as they lie in this clone: read by oid, never fetched, and one bad object never stops the rest.

In a partial clone git would fetch each missing object with a process of its own (before 2.45 nothing forbids it), so
there the objects that are here are listed first, and no other is asked for.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nbgit.errors import GitFailed
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import BATCH, ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.trees import decode_tree

GROUP_BYTES = 32 << 20  # objects are read in groups of about this much
INFO = "%(objectname) %(objecttype) %(objectsize) %(objectsize:disk)"
Entries = dict[str, tuple[str, str]]  # a tree: name -> (mode, oid)


class Info(NamedTuple):
    """What git says of an object: its type, its size in bytes, and what it takes on disk."""

    kind: str
    size: int
    disk: int


class LocalObjects:
    """The objects of one clone; use as a context manager."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.is_shallow = os.path.exists(os.path.join(repository.common_dir, "shallow"))
        self.is_partial = _is_partial(repository)
        self._here = _every_object(repository) if self.is_partial else None
        self._reader = ObjectReader(repository)
        self._info: subprocess.Popen[bytes] | None = None
        self._ready: dict[str, tuple[Info | None, bytes | None]] = {}

    def __enter__(self) -> "LocalObjects":
        return self

    def __exit__(self, *exception: object) -> None:
        self._reader.close()
        process, self._info = self._info, None
        if process is not None:
            process.communicate()

    def is_elsewhere(self, oid: str) -> bool:
        """Return whether an object is lawfully not here: a partial clone may fetch it later."""
        return self._here is not None and bytes.fromhex(oid) not in self._here

    def infos(self, oids: Sequence[str]) -> list[Info | None]:
        """Return what git says of these objects in their order, None for each that is missing or has no header."""
        found = {oid: self._ready[oid][0] for oid in oids if oid in self._ready}
        asked = [oid for oid in dict.fromkeys(oids) if oid not in found and not self.is_elsewhere(oid)]
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            found.update(zip(part, self._exchange(part), strict=True))
        return [found.get(oid) for oid in oids]

    def prefetch(self, oids: Iterable[str]) -> None:
        """Ask for these objects together, in place of those before: what `infos` says of them, and the contents of as
        many as bounded memory allows."""
        self._ready = {}
        asked = list(dict.fromkeys(oids))
        infos = self.infos(asked)
        small: list[str] = []
        left = GROUP_BYTES
        for oid, info in zip(asked, infos, strict=True):
            if info is not None and info.size <= left:
                small.append(oid)
                left -= info.size
        read = dict(self._read_group(small))
        self._ready = {oid: (info, read.get(oid)) for oid, info in zip(asked, infos, strict=True)}

    def read(self, oid: str, limit: int = GROUP_BYTES) -> bytes | None:
        """Return the content of one object, or None where it is missing, damaged, or larger than `limit` bytes."""
        info, content = self._ready.get(oid, (None, None))
        if content is not None and info is not None and info.size <= limit:
            return content
        return next(self.stream([oid], limit))[1]

    def stream(self, oids: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        """Give (oid, content) of these objects in their order, as `read` does, with bounded memory."""
        asked = list(oids)
        group: list[str] = []
        size = 0
        for oid, info in zip(asked, self.infos(asked), strict=True):
            if info is None or info.size > limit:
                yield from self._read_group(group)
                group, size = [], 0
                yield oid, None
                continue
            if group and size + info.size > GROUP_BYTES:
                yield from self._read_group(group)
                group, size = [], 0
            group.append(oid)
            size += info.size
        yield from self._read_group(group)

    def read_small(self, oids: list[str]) -> dict[str, bytes | None]:
        """Return oid -> content of objects that `infos` has shown to be here and not too large, read at once."""
        ready = {oid: self._ready[oid][1] for oid in oids if oid in self._ready}
        missing = [oid for oid in oids if ready.get(oid) is None]
        return {**ready, **dict(self._read_group(missing))}

    def trees(self, oids: Iterable[str]) -> Iterator[Entries | None]:
        """Give name -> (mode, oid) of these trees in their order, None for each that is missing or is no tree."""
        for oid, content in self.stream(oids, GROUP_BYTES):
            try:
                yield None if content is None else decode_tree(content, len(oid) // 2)
            except ValueError:
                yield None

    def tree_of(self, commit: str) -> Entries | None:
        """Return the root tree of a commit, or None where either is missing."""
        content = self.read(commit)
        oid = None if content is None else tree_line(content)
        return next(self.trees([oid])) if oid else None

    def _read_group(self, oids: list[str]) -> Iterator[tuple[str, bytes | None]]:
        try:
            yield from zip(oids, self._reader.read_many(oids), strict=True) if oids else ()
        except GitFailed:
            for oid in oids:  # one of them ended git: each alone tells which
                try:
                    content = self._reader.read(oid)
                except GitFailed:
                    content = None
                yield oid, content

    def _exchange(self, oids: list[str]) -> list[Info | None]:
        if self._info is None:
            self._info = subprocess.Popen(
                ["git", "cat-file", f"--batch-check={INFO}"],
                cwd=self.repository.start,
                env={**os.environ, "GIT_NO_LAZY_FETCH": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        stdin, stdout = self._info.stdin, self._info.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write("".join(f"{oid}\n" for oid in oids).encode("ascii"))
            stdin.flush()
        except OSError as error:
            raise GitFailed(f"git cat-file stopped while it was read ({error}); try `git fsck`") from error
        return [_info_of(stdout.readline()) for _ in oids]


def tree_line(commit: bytes) -> str | None:
    """Return the tree's oid of a commit's content, or None where it is none."""
    first = commit.split(b"\n", 1)[0]
    return first[5:].decode("ascii", "replace") if first.startswith(b"tree ") else None


def _info_of(line: bytes) -> Info | None:
    fields = line.split()
    if not line:
        raise GitFailed("git cat-file ended early; try `git fsck`")
    return Info(fields[1].decode("ascii"), int(fields[2]), int(fields[3])) if len(fields) == 4 else None


def _is_partial(repository: Repository) -> bool:
    arguments = ["config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"]
    return try_git(arguments, cwd=repository.start)[0] == 0


def _every_object(repository: Repository) -> set[bytes]:
    """Return the raw oids of all objects that are here."""
    arguments = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"]
    return {bytes.fromhex(line) for line in run_git(arguments, cwd=repository.start).decode("ascii").split()}
