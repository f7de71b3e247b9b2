"""Ring 2: the paths that were ever captured in this clone: one append-only file (docs/formats.md, "Local files").

A capture's directory is named by a hash of its path; this file says which path that is. It is a file of its own, so
that a directory without captures can go, and a listing shows only what is waiting.
"""

import os
from hashlib import sha256


def path_key(path: str) -> str:
    """Return the name of the directory of a path's captures."""
    return sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:24]


class CapturedPaths:
    """The paths that were ever captured, read again only when the file has grown."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._size = -1
        self._paths: frozenset[str] = frozenset()

    def all(self) -> frozenset[str]:
        """Return every path, as the repository has it."""
        try:
            size = os.stat(self._file).st_size
        except OSError:
            return frozenset()
        if size != self._size:
            with open(self._file, "rb") as stream:
                lines = stream.read().split(b"\n")
            self._paths = frozenset(_decode(line) for line in lines if line)
            self._size = size
        return self._paths

    def add(self, path: str) -> None:
        """Note a path; raises OSError where it can't be written.

        A line begins with a line end, too: one that a crash has cut short must not spoil the next.
        """
        if path in self.all():
            return
        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        with open(self._file, "ab") as stream:
            stream.write(b"\n%b\n" % _encode(path))

    def by_key(self) -> dict[str, str]:
        """Return path key -> path."""
        return {path_key(path): path for path in self.all()}


def _encode(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape").replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def _decode(line: bytes) -> str:
    if b"\\" in line:
        line = line.replace(b"\\\\", b"\0").replace(b"\\n", b"\n").replace(b"\0", b"\\")
    return line.decode("utf-8", "surrogateescape")
