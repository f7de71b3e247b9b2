"""Ring 2: the paths that were ever captured in this clone: one append-only file (docs/formats.md, "Local files").

A capture's directory is named by a hash of its path; this file says which path that is. It is a file of its own, so
that a directory without captures can go, and a listing shows only what is waiting.
"""

import os
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def path_key(path: str) -> str:
    """Return the name of the directory of a path's captures."""
    return sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:24]


class CapturedPaths:
    """The paths that were ever captured, read again only when the file has grown."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._content = b""

    def all(self) -> frozenset[str]:
        """Return every path, as the repository has it."""
        return frozenset(_decode(line) for line in self._lines())

    def has(self, path: str) -> bool:
        """Return whether this path was captured: found as it stands, since one of thousands is asked for."""
        return b"\n%b\n" % _encode(path) in b"\n%b\n" % self._read()

    def add(self, path: str) -> None:
        """Note a path; raises OSError where it can't be written.

        A line begins with a line end, too: one that a crash has cut short must not spoil the next.
        """
        if self.has(path):
            return
        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        with open(self._file, "ab") as stream:
            stream.write(b"\n%b\n" % _encode(path))

    def by_key(self, keys: "Iterable[str]") -> dict[str, str]:
        """Return path key -> path for those of `keys` whose path was captured."""
        wanted = set(keys)
        every = ((path_key(path), path) for path in map(_decode, self._lines() if wanted else ()))
        return {key: path for key, path in every if key in wanted}

    def _lines(self) -> list[bytes]:
        return [line for line in self._read().split(b"\n") if line]

    def _read(self) -> bytes:
        try:
            size = os.stat(self._file).st_size
        except OSError:
            return b""
        if size != len(self._content):
            with open(self._file, "rb") as stream:
                self._content = stream.read()
        return self._content


def _encode(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape").replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def _decode(line: bytes) -> str:
    if b"\\" in line:
        line = line.replace(b"\\\\", b"\0").replace(b"\\n", b"\n").replace(b"\0", b"\\")
    return line.decode("utf-8", "surrogateescape")
