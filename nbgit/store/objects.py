"""Ring 2: git's object database: read through one open `cat-file --batch`, written as one pack.

Objects are collected in an ObjectSink and handed to git in one pack (gitformat-pack(5)): through `index-pack` where
they are many, through `unpack-objects` where they are few, so that a day of small commits leaves loose objects and not
a pack each. What is compressed already (PNG, JPEG) is stored at zlib level 0: deflating it again gains nothing.
"""

import os
import subprocess
import zlib
from hashlib import new as new_hash

from nbgit.errors import GitFailed
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO


FEW_OBJECTS = 100  # as fetch.unpackLimit
PACK_BYTES = 64 << 20  # a pack is written whenever this much is waiting, which bounds the memory used
NO_LIMIT = 1 << 62  # bytes
_TOO_LARGE = ("", b"")  # stands for an object that was not read
BATCH = 500  # requests sent before the answers are read: they fit into a pipe of 64 KiB with room to spare
_TYPE_NUMBER = {"commit": 1, "tree": 2, "blob": 3}


class ObjectReader:
    """One open `git cat-file --batch`; use as a context manager."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: dict[str, tuple[str, bytes] | None] = {}

    def __enter__(self) -> "ObjectReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; it starts again when something more is asked."""
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                try:
                    if stream is not None:
                        stream.close()
                except OSError:
                    pass  # git has ended before it read all that was asked
            process.wait()

    def read(self, name: str, *, most: int = NO_LIMIT) -> bytes | None:
        """Return the content of the object that `name` (an oid, `REV:path`) names, or None where there is none.

        One of more than `most` bytes counts as missing.
        """
        return self.read_many([name], most=most)[0]

    def read_many(self, names: list[str], *, most: int = NO_LIMIT, within: int = NO_LIMIT) -> list[bytes | None]:
        """Return the contents of these objects in their order, None for each that is missing.

        One of more than `most` bytes counts as missing, and so does what would make it more than `within` bytes in all:
        what others have pushed must not fill the memory.
        """
        found = self.read_named(names, most=most, within=within)
        return [None if item is None else item[1] for item in found]

    def read_named(
        self, names: list[str], *, most: int = NO_LIMIT, within: int = NO_LIMIT
    ) -> list[tuple[str, bytes] | None]:
        """Return (oid, content) of these objects as `read_many` does."""
        ready = self._ready
        missing = [name for name in names if name not in ready] if ready else names
        fetched = self._fetch(missing, most, within)
        new = dict(zip(missing, fetched, strict=True)) if ready else {}
        found = [ready[name] if name in ready else new[name] for name in names] if ready else fetched
        return [None if item is _TOO_LARGE else item for item in found]

    def prefetch(self, names: list[str], *, most: int = NO_LIMIT, within: int = NO_LIMIT) -> list[bytes | None]:
        """Read these objects in one go, as `read_many` does, and keep them for the reads to come.

        What was too large is read when it is asked for.
        """
        found = self._fetch(names, most, within)
        self._ready.update((name, item) for name, item in zip(names, found, strict=True) if item is not _TOO_LARGE)
        return [None if item is None or item is _TOO_LARGE else item[1] for item in found]

    def forget(self) -> None:
        """Drop what was prefetched."""
        self._ready.clear()

    def _fetch(self, names: list[str], most: int, within: int) -> list[tuple[str, bytes] | None]:
        found: list[tuple[str, bytes] | None] = []
        for start in range(0, len(names), BATCH):
            part = self._exchange(names[start : start + BATCH], most, within)
            within -= sum(len(item[1]) for item in part if item is not None)
            found += part
        return found

    def _exchange(self, names: list[str], most: int, within: int) -> list[tuple[str, bytes] | None]:
        if any("\n" in name for name in names):
            raise GitFailed("an object name holds a line break, which no object of nbgit's has; nothing was read")
        stdin, stdout = self._streams()
        try:
            stdin.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
            stdin.flush()
            found: list[tuple[str, bytes] | None] = []
            for _ in names:
                answer = self._answer(stdout, min(most, within))
                within -= 0 if answer is None else len(answer[1])
                found.append(answer)
            return found
        except (OSError, ValueError, GitFailed) as error:
            self.close()  # the next question starts git again
            raise GitFailed(f"git cat-file stopped while it was read ({error}); try `git fsck`") from error

    def _answer(self, stdout: "IO[bytes]", most: int) -> tuple[str, bytes] | None:
        header = stdout.readline()
        if not header:
            raise GitFailed("it ended early")
        if header.endswith((b" missing\n", b" ambiguous\n")):
            return None
        oid, _, size = header.decode("ascii").rsplit(" ", 2)
        if int(size) > most:
            _skip(stdout, int(size) + 1)
            return _TOO_LARGE
        content = stdout.read(int(size))
        if len(content) != int(size) or stdout.read(1) != b"\n":
            raise GitFailed(f"object {oid} is damaged")
        return oid, content

    def _streams(self) -> "tuple[IO[bytes], IO[bytes]]":
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    ["git", "cat-file", "--batch"],
                    cwd=self._repository.start,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=1 << 16,
                )
            except OSError as error:
                raise GitFailed(f"git could not be started: {error.strerror or error}; is it on PATH?") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def _skip(stream: "IO[bytes]", size: int) -> None:
    while size > 0:
        piece = stream.read(min(size, 1 << 20))
        if not piece:
            raise GitFailed("an object is damaged")
        size -= len(piece)


def object_id(kind: str, content: bytes, hash_name: str) -> str:
    """Return the oid of an object: the hash of `<kind> <size>\\0<content>` (gitformat-loose(5))."""
    digest = new_hash(hash_name, b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


class ObjectSink:
    """New objects on their way to git: `add` them, then `flush`; nothing refers to them before a ref is moved."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._waiting: dict[str, tuple[str, bytes, int]] = {}
        self._bytes = 0
        self._written: set[str] = set()

    def add(self, kind: str, content: bytes, *, level: int = 6) -> str:
        """Take one object in and return its oid; `level` is zlib's (0 for what is compressed already)."""
        oid = object_id(kind, content, self._repository.hash_name)
        if oid not in self._waiting and oid not in self._written:
            self._waiting[oid] = (kind, content, level)
            self._bytes += len(content)
            if self._bytes > PACK_BYTES:
                self.flush()
        return oid

    def flush(self) -> None:
        """Hand everything that waits and that git does not have yet to git, as one pack; raises GitFailed."""
        missing = self._missing(list(self._waiting))
        if missing:
            self._send([self._waiting[oid] for oid in missing])
        self._written.update(self._waiting)
        self._waiting.clear()
        self._bytes = 0

    def _missing(self, oids: list[str]) -> list[str]:
        if not oids:
            return []
        environ = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
        done = subprocess.run(
            ["git", "cat-file", "--buffer", "--batch-check=%(objectname)"],
            cwd=self._repository.start,
            env=environ,
            input="".join(f"{oid}\n" for oid in oids).encode(),
            capture_output=True,
            check=False,
        )
        lines = done.stdout.split(b"\n")
        if done.returncode or len(lines) != len(oids) + 1:
            return oids
        return [oid for oid, line in zip(oids, lines, strict=False) if line.endswith(b" missing")]

    def _send(self, objects: list[tuple[str, bytes, int]]) -> None:
        few = len(objects) <= FEW_OBJECTS and self._bytes < (2 << 20)
        if few and not self._try_send(["unpack-objects", "-q"], objects):
            return
        # many; or `git gc` has taken the folder away that a loose object was to go to
        if words := self._try_send(["index-pack", "--stdin"], objects):
            raise GitFailed(f"git could not store objects: {words}")

    def _try_send(self, verb: list[str], objects: list[tuple[str, bytes, int]]) -> str:
        """Give objects to a git command as a pack; return its last words where it failed, else ""."""
        process = subprocess.Popen(
            ["git", *verb],
            cwd=self._repository.start,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            write_pack(process.stdin, objects, self._repository.hash_name)
            process.stdin.close()
        except OSError:
            pass  # git has ended; its own words follow
        words = process.stderr.read().decode("utf-8", "replace").strip()
        process.stderr.close()
        return (words.splitlines() or ["no reason given"])[-1] if process.wait() else ""


def write_pack(stream: "IO[bytes]", objects: list[tuple[str, bytes, int]], hash_name: str) -> None:
    """Write (kind, content, zlib level) objects to `stream` as one pack of version 2."""
    trailer = new_hash(hash_name, usedforsecurity=False)

    def write(data: bytes) -> None:
        trailer.update(data)
        stream.write(data)

    write(b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big"))
    for kind, content, level in objects:
        write(_pack_header(_TYPE_NUMBER[kind], len(content)))
        write(zlib.compress(content, level))
    stream.write(trailer.digest())


def _pack_header(number: int, size: int) -> bytes:
    """Return the type and size of a packed object: 4 bits of size, then 7 at a time."""
    byte = number << 4 | size & 15
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)
