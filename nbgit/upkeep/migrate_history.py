"""Ring 3: a history written anew, commit by commit, with the outputs of its notebooks moved into snapshots.

Commits, trees and tags are edited as the bytes they are: only oids change, and signatures go, because what they sign is
gone. So dates, encodings, odd modes, and names and messages that are no UTF-8 stay as they were.
"""

from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.showing import Showing, read_code
from nbgit.notebook.spans import split
from nbgit.store.build import build_notebook
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.repository import Repository
from nbgit.store.snapshots import SnapshotWriter

_SIGNATURES = (b"gpgsig ", b"gpgsig-sha256 ", b"mergetag ")
_TAG_SIGNATURES = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
)
_SUFFIX = SUFFIX.encode()


class Moved:
    """What has become of one notebook's blob: its source's oid, the snapshot of its outputs, and what that shows."""

    __slots__ = ("digest", "showing", "snapshot_id", "source_oid")

    def __init__(self, source_oid: str, snapshot_id: str, showing: Showing, digest: str) -> None:
        self.source_oid = source_oid
        self.snapshot_id = snapshot_id
        self.showing = showing
        self.digest = digest


class HistoryRewriter:
    """Gives rewritten objects to a sink; `new_of` is old oid -> new oid of every commit and tag that was asked for."""

    def __init__(self, repository: Repository, policy: Policy, reader: ObjectReader, sink: ObjectSink) -> None:
        self._policy = policy
        self._reader = reader
        self._sink = sink
        self._writer = SnapshotWriter(sink)
        self._lookup = Lookup(repository, policy, CaptureStore(repository, policy), reader)
        self._oid_bytes = len(repository.empty_oid) // 2
        self._trees: dict[bytes, bytes] = {}
        self.new_of: dict[str, str] = {}
        self.moved: dict[str, Moved | None] = {}  # by the old blob's oid; None: it stays as it is
        self.texts: dict[str, str] = {}  # source oid -> oid of its readable text
        self.signatures = 0

    def commit(self, oid: str) -> str:
        """Rewrite one commit, whose parents have been, and return its new oid (the old one where nothing changes)."""
        head, _, message = self._read(oid).partition(b"\n\n")
        lines: list[bytes] = []
        is_dropped = False
        signed = 0
        for line in head.split(b"\n"):
            if line.startswith(b" "):
                lines += [] if is_dropped else [line]
                continue
            key, _, value = line.partition(b" ")
            is_dropped = line.startswith(_SIGNATURES)
            if is_dropped:
                signed += 1
            elif key == b"tree":
                lines.append(b"tree " + self._tree(bytes.fromhex(value.decode("ascii"))).hex().encode())
            elif key == b"parent":
                lines.append(b"parent " + self._known(value.decode("ascii")).encode())
            else:
                lines.append(line)
        kept = [line for line in head.split(b"\n") if line.startswith((b"tree ", b"parent "))]
        if kept == [line for line in lines if line.startswith((b"tree ", b"parent "))]:
            self.new_of[oid] = oid
            return oid
        self.signatures += bool(signed)
        self.new_of[oid] = self._sink.add("commit", b"\n".join(lines) + b"\n\n" + message)
        return self.new_of[oid]

    def tag(self, oid: str) -> str:
        """Rewrite a tag object, and those it names; return its new oid. What names no rewritten commit stays."""
        if oid in self.new_of:
            return self.new_of[oid]
        content = self._read(oid)
        first, _, rest = content.partition(b"\n")
        target = first.removeprefix(b"object ").decode("ascii")
        new = self.tag(target) if rest.startswith(b"type tag\n") else self.new_of.get(target, target)
        if new != target:
            places = [place for mark in _TAG_SIGNATURES if (place := rest.find(b"\n" + mark)) >= 0]
            self.signatures += bool(places)
            rest = rest[: min(places) + 1] if places else rest
            new = self._sink.add("tag", b"object " + new.encode() + b"\n" + rest)
        else:
            new = oid
        self.new_of[oid] = new
        return new

    def _known(self, parent: str) -> str:
        if parent not in self.new_of:
            raise NbgitError(f"commit {parent[:12]} is missing from the walk; are there grafts? Nothing was changed")
        return self.new_of[parent]

    def _read(self, oid: str) -> bytes:
        content = self._reader.read(oid)
        if content is None:
            raise NbgitError(f"git lacks the object {oid[:12]}, so its history can't be rewritten; see `git fsck`")
        return content

    def _tree(self, raw_oid: bytes) -> bytes:
        """Return the raw oid of a tree with the sources of its notebooks, at any depth."""
        if raw_oid in self._trees:
            return self._trees[raw_oid]
        content = bytearray(self._read(raw_oid.hex()))
        changed = False
        at = 0
        while at < len(content):
            zero = content.index(b"\0", at)
            mode, _, name = bytes(content[at:zero]).partition(b" ")
            start, at = zero + 1, zero + 1 + self._oid_bytes
            old = bytes(content[start:at])
            new = old
            if mode in (b"40000", b"040000"):
                new = self._tree(old)
            elif mode.startswith(b"100") and name.endswith(_SUFFIX):
                moved = self._blob(old.hex())
                new = bytes.fromhex(moved.source_oid) if moved is not None else old
            if new != old:
                content[start:at] = new
                changed = True
        self._trees[raw_oid] = bytes.fromhex(self._sink.add("tree", bytes(content))) if changed else raw_oid
        return self._trees[raw_oid]

    def _blob(self, oid: str) -> Moved | None:
        if oid not in self.moved:
            self.moved[oid] = self._move(oid)
        return self.moved[oid]

    def _move(self, oid: str) -> Moved | None:
        notebook = self._read(oid)
        parts = split(notebook, self._policy)
        if parts is None or not (parts.spans or parts.can_run):
            return None
        if not parts.spans and self._lookup.snapshot_ids(oid):
            return None  # a source whose outputs nbgit has kept already
        digest = sha256(notebook).hexdigest()
        source_oid = self._sink.add("blob", parts.source)
        built = build_notebook(self._writer, self._policy, notebook, digest, parts, source_oid)
        if built is None:
            return None  # too large to be read as a snapshot: it stays in the history
        if built.text_oid:
            self.texts[source_oid] = built.text_oid
        code = [(cell_id, hash(text)) for cell_id, text in read_code(parts.source)]  # texts would fill the memory
        return Moved(source_oid, built.snapshot_id, Showing(code, built.runs), digest)


class CountingSink(ObjectSink):
    """A sink that keeps nothing: what a dry run writes to."""

    def flush(self) -> None:
        """Drop what waits."""
        self._written.update(self._waiting)
        self._waiting.clear()
        self._bytes = 0
