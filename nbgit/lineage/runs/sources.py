"""Ring 3: where runs are written down, source by source: the journals that kernels have left here.

All sources of a session count as one (docs/formats.md, "Runs"). Whatever stands in a source is untrusted.
"""

import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO

from nbgit.store.entries import is_session
from nbgit.store.repository import Repository

FOLDER, SUFFIX = "runs", ".jsonl"
REMOVED = "removed"  # in FOLDER: a session a line
LIMIT = 32 << 20  # bytes of a source that are read
LINE_LIMIT = 1 << 20  # bytes of a line
HEAD, TAIL = 4096, 1024  # bytes that tell whether a journal still begins with what was read of it


class Source:
    """Lines of one session; `key` names the source among all, and `stamp` changes whenever its content does.

    `is_local`: its kernel ran in this clone, so that its process can be asked for.
    """

    is_local = False
    size = 10_000  # bytes, about

    def __init__(self, session: str, key: str, stamp: str) -> None:
        self.session = session
        self.key = key
        self.stamp = stamp

    def rows(self, start: int = 0) -> Iterator[tuple[bytes, int]]:
        """Yield each whole line from byte `start` on, and the offset behind it; raises OSError."""
        raise NotImplementedError

    def mark(self, end: int) -> bytes:
        """Return what tells that the first `end` bytes are what they were; what never changes needs none."""
        return b""


class JournalSource(Source):
    """The journal of a session of this clone: lines are appended to it while its kernel lives."""

    is_local = True

    def __init__(self, session: str, file: str, found: os.stat_result) -> None:
        super().__init__(session, session + SUFFIX, f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}")
        self.file = file
        self.size = found.st_size

    def rows(self, start: int = 0) -> Iterator[tuple[bytes, int]]:
        """Yield each whole line from byte `start` on, and the offset behind it; a torn last line is left out."""
        with open(self.file, "rb") as journal:
            journal.seek(start)
            yield from whole_lines(journal, start)

    def mark(self, end: int) -> bytes:
        """Return a digest of the beginning and of what stands right before `end`."""
        with open(self.file, "rb") as journal:
            head = journal.read(min(HEAD, end))
            journal.seek(max(0, end - TAIL))
            return blake2b(b"%d:%s:%s" % (end, head, journal.read(min(TAIL, end))), digest_size=16).digest()


def list_sources(repository: Repository) -> list[Source]:
    """Return all sources of a repository; those of one session stand together, the most trusted first."""
    from nbgit.lineage.cuts.reading import list_cut_sources  # here: a cut is a source, and its module needs this one

    found = [*journals_in(repository.nbgit_dir), *list_cut_sources(repository)]
    return sorted(found, key=lambda source: source.session)


def journals_in(nbgit_dir: str) -> "list[JournalSource]":
    """Return the journals below a folder that kernels write to, oldest first."""
    found: list[JournalSource] = []
    folder = os.path.join(nbgit_dir, FOLDER)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        names = []
    for name in names:
        if name.endswith(SUFFIX) and name.isascii():
            file = os.path.join(folder, name)
            try:
                found.append(JournalSource(name.removesuffix(SUFFIX), file, os.stat(file)))
            except OSError:
                continue
    return found


def removed_journals(repository: Repository) -> set[str]:
    """Return the sessions whose journals `nbgit gc` has removed: they were recorded here all the same."""
    try:
        with open(os.path.join(repository.nbgit_dir, FOLDER, REMOVED), encoding="ascii", errors="replace") as file:
            return {line.strip() for line in file if is_session(line.strip())}
    except OSError:
        return set()


def whole_lines(file: BinaryIO, start: int) -> Iterator[tuple[bytes, int]]:
    """Yield the whole lines of an open file, and the offset behind each; what is too long or too far in is left out."""
    offset = start
    while offset < LIMIT:
        row = file.readline(LINE_LIMIT + 1)
        offset += len(row)
        if row.endswith(b"\n"):
            yield row, offset
        elif len(row) > LINE_LIMIT:
            while row and not row.endswith(b"\n"):
                row = file.readline(LINE_LIMIT)
                offset += len(row)
        else:
            return
