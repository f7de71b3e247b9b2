"""Ring 2: git trees that are edited in memory and written once (gitformat: mode, name, NUL, raw oid)."""

from nbgit.errors import GitFailed
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.repository import Repository

BLOB, TREE = "100644", "40000"


def decode_tree(content: bytes, oid_bytes: int) -> dict[str, tuple[str, str]]:
    """Return name -> (mode, oid) of a tree object's content; `oid_bytes` is 20 or 32. Raises ValueError for no tree."""
    found: dict[str, tuple[str, str]] = {}
    at = 0
    while at < len(content):
        space = content.index(b" ", at)
        zero = content.index(b"\0", space)
        name = content[space + 1 : zero].decode("utf-8", "surrogateescape")
        end = zero + 1 + oid_bytes
        if end > len(content):
            raise ValueError("a tree ends in the middle of an oid")
        found[name] = (content[at:space].decode("ascii"), content[zero + 1 : end].hex())
        at = end
    return found


def encode_tree(entries: dict[str, tuple[str, str]]) -> bytes:
    """Return a tree object's content, in git's order (a directory sorts as if its name ended in a slash)."""

    def order(item: tuple[str, tuple[str, str]]) -> bytes:
        name, (mode, _) = item
        return (name + "/" if mode == TREE else name).encode("utf-8", "surrogateescape")

    pieces = []
    for name, (mode, oid) in sorted(entries.items(), key=order):
        pieces.append(f"{mode} {name}\0".encode("utf-8", "surrogateescape") + bytes.fromhex(oid))
    return b"".join(pieces)


def oid_in_tree(reader: ObjectReader, name: str, repository: Repository) -> str | None:
    """Return the oid that a tree has for `<tree>:<path>`, also where that object is not here; None for no such path."""
    root, _, path = name.partition(":")
    *folders, last = path.split("/")
    content = reader.read(f"{root}:{'/'.join(folders)}" if folders else f"{root}^{{tree}}")
    try:
        return decode_tree(content or b"", len(repository.empty_oid) // 2).get(last, ("", None))[1]
    except ValueError:
        return None


class Tree:
    """One directory, read from git only where it is walked into, and written only where it changed.

    `oid` may be any name that git reads as a tree (`REF^{tree}`).
    """

    def __init__(self, oid: str | None, reader: ObjectReader, oid_bytes: int) -> None:
        self._oid = oid
        self._reader = reader
        self._oid_bytes = oid_bytes
        self._entries: dict[str, tuple[str, str]] | None = None
        self._children: dict[str, Tree] = {}
        self._changed = False

    @property
    def entries(self) -> dict[str, tuple[str, str]]:
        """name -> (mode, oid) as it stands in git, with `put` and `drop` applied (changed children are not)."""
        if self._entries is None:
            self._oid, content = self._read(self._oid) if self._oid else (None, b"")
            self._entries = decode_tree(content, self._oid_bytes)
        return self._entries

    def _read(self, name: str) -> tuple[str, bytes]:
        found = self._reader.read_named([name])[0]
        if found is None:  # an empty one in its place would drop all that it holds
            raise GitFailed(f"git lacks the tree {name[:50]}, so nothing was written over it; see `nbgit fsck`")
        return found

    def directory(self, name: str) -> "Tree":
        """Return the directory of that name, a new one where there is none."""
        if name not in self._children:
            mode, oid = self.entries.get(name, ("", ""))
            self._children[name] = Tree(oid if mode == TREE else None, self._reader, self._oid_bytes)
        return self._children[name]

    def put(self, name: str, mode: str, oid: str) -> None:
        """Set one entry."""
        if self.entries.get(name) != (mode, oid):
            self.entries[name] = (mode, oid)
            self._changed = True

    def drop(self, name: str) -> None:
        """Remove one entry and what is below it, if it is there."""
        self._children.pop(name, None)
        if self.entries.pop(name, None) is not None:
            self._changed = True

    def is_touched(self) -> bool:
        """Return whether anything in this directory or below it was put or dropped."""
        return self._changed or any(child.is_touched() for child in self._children.values())

    def write(self, sink: ObjectSink) -> str:
        """Give what changed to the sink and return this directory's oid; a directory that has lost all of it goes."""
        for name, child in list(self._children.items()):
            if child.is_touched():
                oid = child.write(sink)
                if child.entries:
                    self.put(name, TREE, oid)
                else:
                    self.drop(name)
        entries = self.entries  # read now, if they were not: `_oid` is an oid from here on
        if self._oid is None or self._changed:
            self._oid = sink.add("tree", encode_tree(entries))
            self._changed = False
        return self._oid
