"""Ring 2: git's object database: read through one open `cat-file --batch`, written as one pack.

Objects are collected in an ObjectSink and handed to git in one pack (gitformat-pack(5)): through `index-pack` where
they are many, through `unpack-objects` where they are few, so that a day of small commits leaves loose objects and not
a pack each. What is compressed already (PNG, JPEG) is stored at zlib level 0: deflating it again gains nothing.
"""

import os
from hashlib import new as new_hash

from nbgit.errors import GitFailed
from nbgit.store.git import run_git
from nbgit.store.pack import write_pack
from nbgit.store.process import Child
from nbgit.store.promised import NO_LAZY_FETCH, fetch_promised, local_oids
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO


FEW_OBJECTS = 100  # as fetch.unpackLimit
PACK_BYTES = 64 << 20  # a pack is written whenever this much is waiting, which bounds the memory used
NO_LIMIT = 1 << 62  # bytes
_TOO_LARGE = ("", b"")  # stands for an object that was not read
BATCH = 500  # requests sent before the answers are read: they fit into a pipe of 64 KiB with room to spare


class ObjectReader:
    """One open `git cat-file --batch`; use as a context manager."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._process: Child | None = None
        self._ready: dict[str, tuple[str, bytes] | None] = {}
        self._local: set[str] | None = None  # what is here, in a partial clone

    def __enter__(self) -> "ObjectReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; it starts again when something more is asked."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

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

    def read_sound(self, names: list[str], *, most: int = NO_LIMIT) -> list[bytes | None]:
        """Return what `read_many` does, with None also for each that is damaged."""
        try:
            return self.read_many(names, most=most)
        except GitFailed:
            return [None] if len(names) == 1 else [self.read_sound([name], most=most)[0] for name in names]

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
        if self._repository.is_partial:
            return self._fetch_what_is_here(names, most, within)
        return self._ask(names, most, within)

    def _ask(self, names: list[str], most: int, within: int) -> list[tuple[str, bytes] | None]:
        found: list[tuple[str, bytes] | None] = []
        for start in range(0, len(names), BATCH):
            part = self._exchange(names[start : start + BATCH], most, within)
            within -= sum(len(item[1]) for item in part if item is not None)
            found += part
        return found

    def _fetch_what_is_here(self, names: list[str], most: int, within: int) -> list[tuple[str, bytes] | None]:
        """Return the objects in a partial clone: what trees name and is not here is fetched, in one go."""
        from nbgit.store.trees import oid_in_tree

        if self._local is None:
            self._local = local_oids(self._repository)
        oids: dict[str, str | None] = {}
        for name in names:
            root, has_path, _ = name.removesuffix("^{tree}").partition(":")
            is_here = root in self._local or not _is_oid(root)
            oids[name] = (
                oid_in_tree(self, name, self._repository) if has_path and is_here else name if is_here else None
            )
        promised = [oid for name, oid in oids.items() if oid and ":" in name and oid not in self._local]
        if promised and fetch_promised(self._repository, promised):
            self._local.update(promised)
        wanted = {name: oid for name, oid in oids.items() if oid and (oid in self._local or not _is_oid(oid))}
        found = dict(zip(wanted, self._ask(list(wanted.values()), most, within), strict=True))
        return [found.get(name) for name in names]

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
            raise GitFailed(
                f"git cat-file stopped while it was read ({error}); `nbgit fsck` says what is damaged"
            ) from error

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
                self._process = Child(
                    ["git", "-C", self._repository.start, "cat-file", "--batch"],
                    {**os.environ, **NO_LAZY_FETCH} if self._repository.is_partial else None,
                )
            except OSError as error:
                raise GitFailed(f"git could not be started: {error.strerror or error}; is it on PATH?") from error
        return self._process.stdin, self._process.stdout


def _is_oid(name: str) -> bool:
    return len(name) in (40, 64) and all(c in "0123456789abcdef" for c in name)


def read_oids(repository: Repository, names: list[str]) -> list[str | None]:
    """Return the oids of the objects that these names mean, in their order, None for each that is missing.

    A name with a line break in it is missing: git reads one name a line.
    """
    asked = [name for name in names if "\n" not in name]
    if not asked:
        return [None] * len(names)
    lines = run_git(
        ["cat-file", "--buffer", "--batch-check=%(objectname)"],
        cwd=repository.start,
        stdin="".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape"),
        environ=NO_LAZY_FETCH,
    ).split(b"\n")
    answers = iter(lines)
    found: list[str | None] = []
    for name in names:
        line = b" " if "\n" in name else next(answers, b" ")
        found.append(None if b" " in line else line.decode("ascii"))
    return found


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
        if self._repository.is_partial:
            return oids  # to ask for an object that is not there may start a fetch
        return [oid for oid, there in zip(oids, read_oids(self._repository, oids), strict=True) if there is None]

    def _send(self, objects: list[tuple[str, bytes, int]]) -> None:
        few = len(objects) <= FEW_OBJECTS and self._bytes < (2 << 20)
        if few and not self._try_send(["unpack-objects", "-q"], objects):
            return
        # many; or `git gc` has taken the folder away that a loose object was to go to
        if words := self._try_send(["index-pack", "--stdin"], objects):
            raise GitFailed(f"git could not store objects: {words}")

    def _try_send(self, verb: list[str], objects: list[tuple[str, bytes, int]]) -> str:
        """Give objects to a git command as a pack; return its last words where it failed, else ""."""
        import subprocess

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
