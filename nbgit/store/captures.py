"""Ring 2: captures, the local safety net (docs/formats.md, "Captures").

A capture is one notebook's bytes as seen at one moment, in a file of its own:

    <git-common-dir>/nbgit/captures/<path key>/<time>-<source oid>-<digest>-<policy key>
    <git-common-dir>/nbgit/captures/<path key>/<time>-<source oid>-<digest>-<policy key>.past
    <git-common-dir>/nbgit/captures/<path key>/path         the notebook's path

The file is the notebook, byte for byte, and a last line that says how it was split (so that it need not be again).
The whole notebook and not only its volatile part, because what was never added has its source nowhere else. A file
appears whole or not at all (written beside, then renamed), so no lock is needed and a crash leaves nothing half done.
When a commit is linked its capture is in a snapshot; then the file goes, and its digest stays in `known`, so that
seeing the same bytes again does not make them "uncommitted work" again. Older captures of the same path and source are
then `.past`: they can still be restored by name, but no look-up prefers them to what was committed.
"""

import os
import time
from hashlib import sha256

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, apply_spans, encode_spans, split
from nbgit.store.repository import Repository, head_commit

PAST = ".past"
TRAILER = b"\nnbgit-capture 1 "  # ends the notebook in a capture's file; one line of JSON follows
# In `known`, in place of a snapshot's id: these bytes are a source that was checked out with no outputs known; and: it
# was, but outputs have been seen since, so that seeing it bare again is news.
NOTHING, RAN = "-", "+"


class Capture:
    """One capture on disk: `taken` in nanoseconds since 1970 (UTC), `digest` the sha256 of the notebook, in hex."""

    __slots__ = ("digest", "file", "is_past", "path", "policy_key", "source_oid", "taken")

    def __init__(self, path: str, file: str) -> None:
        name = os.path.basename(file)
        taken, self.source_oid, self.digest, self.policy_key = name.removesuffix(PAST).split("-")
        self.is_past = name.endswith(PAST)
        self.path = path
        self.taken = int(taken)
        self.file = file

    def head(self) -> str:
        """Return where HEAD was when this was captured, as `head_commit` says it; "" where that is not known."""
        import json

        try:
            with open(self.file, "rb") as file:
                content = file.read()
            return str(json.loads(content[content.rindex(TRAILER) + len(TRAILER) :])["head"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def read(self, policy: Policy) -> tuple[bytes, Split] | None:
        """Return the notebook's bytes and its split under `policy`, or None where they are gone or damaged."""
        try:
            with open(self.file, "rb") as file:
                content = file.read()
        except OSError:
            return None
        end = content.rfind(TRAILER)
        data = content[:end]
        if end < 0 or sha256(data).hexdigest() != self.digest:
            return None
        recorded = self.policy_key == policy.key
        parts = _recorded_split(data, content[end + len(TRAILER) :]) if recorded else None
        parts = parts or split(data, policy)
        return None if parts is None else (data, parts)


def _recorded_split(data: bytes, trailer: bytes) -> Split | None:
    """Return the split that was recorded with a capture, or None where the record is damaged."""
    import json

    try:
        found = json.loads(trailer)
        return apply_spans(data, found["spans"], found["can_run"])
    except (ValueError, KeyError, TypeError):
        return None


class Known:
    """What is known of a notebook that was seen before: the snapshot that holds it (or NOTHING), and its source."""

    __slots__ = ("snapshot_id", "source_oid")

    def __init__(self, snapshot_id: str, source_oid: str) -> None:
        self.snapshot_id = snapshot_id
        self.source_oid = source_oid


class CaptureStore:
    """The captures of one repository."""

    def __init__(self, repository: Repository, policy: Policy) -> None:
        self._repository = repository
        self._policy = policy
        self._head: bytes | None = None  # read once: git moves HEAD after it has cleaned
        self._root = os.path.join(repository.nbgit_dir, "captures")
        self._known = os.path.join(repository.nbgit_dir, "known", policy.key)
        self._shards: dict[str, bytes] = {}

    def put(self, path: str, source_oid: str, digest: str, data: bytes, parts: Split) -> None:
        """Keep `data`, the notebook at `path` with this digest and split, unless the path's newest capture is it.

        Raises OSError where it can't be written.
        """
        directory = self._directory(path)
        ending = f"-{source_oid}-{digest}-{self._policy.key}"
        names = _listing(directory)
        name = f"{time.time_ns():020d}{ending}"
        same = [old for old in names if old.endswith(ending)]
        if same:
            if same[-1] != names[-1]:  # seen again after others: now it is the newest
                os.replace(os.path.join(directory, same[-1]), os.path.join(directory, name))
            return
        if not names:
            os.makedirs(directory, exist_ok=True)
            write_whole(os.path.join(directory, "path"), path.encode("utf-8", "surrogateescape"))
        can_run = b"true" if parts.can_run else b"false"
        spans = encode_spans(parts.spans)
        if self._head is None:
            self._head = head_commit(self._repository).encode("ascii", "replace")
        trailer = b'{"can_run":%b,"head":"%b","spans":%b}\n' % (can_run, self._head, spans)
        write_whole(os.path.join(directory, name), data, TRAILER, trailer)

    def source_of_newest(self, path: str, digest: str) -> str | None:
        """Return the source oid of the newest capture of `path` if it has this digest, made under this policy."""
        names = _listing(self._directory(path))
        return names[-1].split("-")[1] if names and names[-1].endswith(f"-{digest}-{self._policy.key}") else None

    def has_seen(self, path: str) -> bool:
        """Return whether a notebook was ever captured at `path` in this clone."""
        return os.path.isdir(self._directory(path))

    def of_path(self, path: str) -> list[Capture]:
        """Return the captures of one path, newest first."""
        directory = self._directory(path)
        return [Capture(path, os.path.join(directory, name)) for name in reversed(_listing(directory))]

    def past_of_path(self, path: str) -> list[Capture]:
        """Return the captures of one path that a commit has overtaken, newest first."""
        directory = self._directory(path)
        names = [name for name in _names(directory) if name.endswith(PAST) and name.count("-") == 3]
        return [Capture(path, os.path.join(directory, name)) for name in reversed(names)]

    def all(self) -> list[Capture]:
        """Return every capture, newest first."""
        found: list[Capture] = []
        for key in _names(self._root):
            directory = os.path.join(self._root, key)
            path = _read(os.path.join(directory, "path")).decode("utf-8", "surrogateescape")
            if path:
                found += [Capture(path, os.path.join(directory, name)) for name in _listing(directory)]
        found.sort(key=lambda capture: capture.taken, reverse=True)
        return found

    def settle(self, linked: Capture, snapshot_id: str) -> None:
        """Note that `linked` is in a snapshot now: its file goes; older ones of its path and source are past."""
        self.remember(linked.digest, snapshot_id, linked.source_oid)
        for capture in self.of_path(linked.path):
            if capture.source_oid == linked.source_oid and capture.taken <= linked.taken:
                try:
                    if capture.digest == linked.digest:
                        os.unlink(capture.file)
                    else:
                        os.replace(capture.file, capture.file + PAST)
                except FileNotFoundError:
                    pass  # another process has settled it

    def paths(self) -> set[str]:
        """Return every path that has a capture directory (it may be empty by now)."""
        return {
            _read(os.path.join(self._root, key, "path")).decode("utf-8", "surrogateescape")
            for key in _names(self._root)
        }

    def known(self, digest: str) -> Known | None:
        """Return what is known of the notebook with this digest, or None where it is new here."""
        lines = self._shard(digest)
        at = lines.rfind(f"{digest} ".encode())
        if at < 0:
            return None
        fields = lines[at:].split(b"\n", 1)[0].decode("ascii", "replace").split(" ")
        return Known(fields[1], fields[2]) if len(fields) == 3 and fields[1] != RAN else None

    def remember(self, digest: str, snapshot_id: str, source_oid: str) -> None:
        """Note that the notebook with this digest is in that snapshot and has that source; never raises.

        With NOTHING as the snapshot: these bytes were checked out because no outputs were known, so that seeing them
        again says nothing new. A note that is lost only costs the time to find out again.
        """
        known = self.known(digest)
        if known is not None and (known.snapshot_id, known.source_oid) == (snapshot_id, source_oid):
            return
        try:
            os.makedirs(self._known, exist_ok=True)
            with open(os.path.join(self._known, digest[0]), "ab") as file:
                file.write(f"{digest} {snapshot_id} {source_oid}\n".encode())
        except OSError:
            pass

    def note_run(self, source: bytes, source_oid: str) -> None:
        """Note that outputs of this source were seen: from now on the bare source on disk means they were cleared."""
        digest = sha256(source).hexdigest()
        known = self.known(digest)
        if known is not None and known.snapshot_id == NOTHING:
            self.remember(digest, RAN, source_oid)

    def old_news(self, path: str, digest: str) -> Known | None:
        """Return what is known of the notebook at `path` with this digest, or None where it has to be captured.

        It has to be, too, where the newest capture of the path has this source with other outputs: these were put back.
        """
        known = self.known(digest)
        newest = self.of_path(path)[:1] if known is not None else []
        return None if known is None or (newest and newest[0].source_oid == known.source_oid) else known

    def _shard(self, digest: str) -> bytes:
        """Return one of the 16 files of `known`, read again only when it has grown."""
        file = os.path.join(self._known, digest[0])
        try:
            size = os.stat(file).st_size
        except OSError:
            return b""
        if digest[0] not in self._shards or len(self._shards[digest[0]]) != size:
            self._shards[digest[0]] = _read(file)
        return self._shards[digest[0]]

    def _directory(self, path: str) -> str:
        return os.path.join(self._root, sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:24])


def write_whole(file: str, *pieces: bytes) -> None:
    """Write a file so that it is there whole or not at all: beside it, then renamed over it."""
    beside = f"{file}.{os.getpid()}.{time.monotonic_ns()}.new"
    try:
        with open(beside, "wb") as stream:
            stream.writelines(pieces)
        os.replace(beside, file)
    except BaseException:
        try:
            os.unlink(beside)
        except OSError:
            pass
        raise


def _listing(directory: str) -> list[str]:
    """Return the names of the captures in one directory, oldest first."""
    return [name for name in _names(directory) if name.count("-") == 3 and "." not in name]


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError:
        return b""
