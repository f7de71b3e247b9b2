"""Ring 2: captures, the local safety net (docs/formats.md, "Captures").

A capture is one notebook's bytes as seen at one moment, in a file of its own:

    <git-common-dir>/nbgit/captures/<path key>/<time>-<source oid>-<digest>-<policy key>    waiting to be linked
    <git-common-dir>/nbgit/past/<path key>/<time>-<source oid>-<digest>-<policy key>        overtaken by a commit

The file is the notebook, byte for byte, and a last line that says how it was split (so that it need not be again).
The whole notebook and not only its volatile part, because what was never added has its source nowhere else. A file
appears whole or not at all (written beside, then renamed), so no lock is needed and a crash leaves nothing half done.
When a commit is linked its capture is in a snapshot; then the file goes, and its digest stays in `known`, so that
seeing the same bytes again does not make them "uncommitted work" again. Older captures of the same path and source are
then past: they can still be restored by name, but no look-up prefers them to what was committed.
"""

import os
import time
from hashlib import sha256

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, apply_spans, encode_spans, split
from nbgit.store.known import Known, KnownNotebooks
from nbgit.store.paths import CapturedPaths, path_key
from nbgit.store.repository import Repository, head_commit

PATIENCE = 10  # tries to write into a directory that other processes remove
MAIN_END = b"]}\n"  # ends a trailer that names no worktree: its spans come last
TRAILER = b"\nnbgit-capture 1 "  # ends the notebook in a capture's file; one line of JSON follows


class Capture:
    """One capture on disk: `taken` in nanoseconds since 1970 (UTC), `digest` the sha256 of the notebook, in hex.

    `is_past` says that a commit has overtaken it.
    """

    __slots__ = ("digest", "file", "is_past", "path", "policy_key", "source_oid", "taken")

    def __init__(self, path: str, file: str, *, is_past: bool = False) -> None:
        name = os.path.basename(file)
        taken, self.source_oid, self.digest, self.policy_key = name.split("-")
        self.is_past = is_past
        self.path = path
        self.taken = int(taken)
        self.file = file

    def head(self) -> str:
        """Return where HEAD was when this was captured, as `head_commit` says it; "" where that is not known."""
        return self._told("head")

    def worktree(self) -> str:
        """Return the name of the linked worktree where this was captured; "" for the main one."""
        try:
            with open(self.file, "rb") as file:
                file.seek(-len(MAIN_END), os.SEEK_END)
                end = file.read()
        except OSError:
            return ""
        return "" if end == MAIN_END else self._told("worktree")

    def _told(self, key: str) -> str:
        import json

        try:
            with open(self.file, "rb") as file:
                content = file.read()
            return str(json.loads(content[content.rindex(TRAILER) + len(TRAILER) :])[key])
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


class CaptureStore:
    """The captures of one repository."""

    def __init__(self, repository: Repository, policy: Policy) -> None:
        self._repository = repository
        self._policy = policy
        self._head: bytes | None = None  # read once: git moves HEAD after it has cleaned
        self._waiting = os.path.join(repository.nbgit_dir, "captures")
        self._past = os.path.join(repository.nbgit_dir, "past")
        self._paths = CapturedPaths(os.path.join(repository.nbgit_dir, "paths"))
        self._known = KnownNotebooks(os.path.join(repository.nbgit_dir, "known", policy.key))

    def put(self, path: str, source_oid: str, digest: str, data: bytes, parts: Split) -> None:
        """Keep `data`, the notebook at `path` with this digest and split, unless the path's newest capture is it.

        Raises OSError where it can't be written.
        """
        directory = self._directory(path)
        ending = f"-{source_oid}-{digest}-{self._policy.key}"
        names = _listing(directory)
        name = f"{time.time_ns():020d}{ending}"
        same = [old for old in names if old.endswith(ending)]
        here = {os.path.basename(capture.file) for capture in self.of_path_here(path)} if same else set()
        same = [old for old in same if old in here]
        if same and same[-1] == max(here):
            return
        if same:  # seen again after others: now it is the newest
            try:
                os.replace(os.path.join(directory, same[-1]), os.path.join(directory, name))
                return
            except FileNotFoundError:
                pass  # another process has settled it: it is captured anew
        can_run = b"true" if parts.can_run else b"false"
        if self._head is None:
            self._head = head_commit(self._repository).encode("ascii", "replace")
        worktree = self._worktree_told()
        spans = encode_spans(parts.spans)
        trailer = b'{"can_run":%b,"head":"%b","spans":%b%b}\n' % (can_run, self._head, spans, worktree)
        self._paths.add(path)
        self._write(directory, name, data, TRAILER, trailer)

    def _worktree_told(self) -> bytes:
        """Return the trailer's member for a linked worktree's name, nothing in the main one."""
        if not self._repository.worktree_name:
            return b""
        import json

        return b',"worktree":%b' % json.dumps(self._repository.worktree_name).encode("ascii")

    def _write(self, directory: str, name: str, *pieces: bytes) -> None:
        """Write one capture; its directory goes whenever it is empty, so it may go under our feet."""
        for attempt in range(PATIENCE):
            os.makedirs(directory, exist_ok=True)
            try:
                write_whole(os.path.join(directory, name), *pieces)
                return
            except FileNotFoundError:
                if attempt == PATIENCE - 1:
                    raise

    def source_of_newest(self, path: str, digest: str) -> str | None:
        """Return the source oid of the newest capture of `path` if it has this digest, made under this policy."""
        names = _listing(self._directory(path))
        return names[-1].split("-")[1] if names and names[-1].endswith(f"-{digest}-{self._policy.key}") else None

    def has_seen(self, path: str) -> bool:
        """Return whether a notebook was ever captured at `path` in this clone."""
        return self._paths.has(path)

    def has_shown(self, source_oid: str) -> bool:
        """Return whether a stored notebook with this source was seen or checked out in this clone."""
        return self._known.has_stored(source_oid)

    def paths(self) -> frozenset[str]:
        """Return every path that was ever captured in this clone."""
        return self._paths.all()

    def of_path(self, path: str) -> list[Capture]:
        """Return the captures of one path, newest first."""
        directory = self._directory(path)
        return [Capture(path, os.path.join(directory, name)) for name in reversed(_listing(directory))]

    def of_path_here(self, path: str) -> list[Capture]:
        """Return the captures of one path that were made in this working tree, newest first."""
        return [capture for capture in self.of_path(path) if capture.worktree() == self._repository.worktree_name]

    def past_of_path(self, path: str) -> list[Capture]:
        """Return the captures of one path that a commit has overtaken, newest first."""
        directory = os.path.join(self._past, path_key(path))
        return [Capture(path, os.path.join(directory, name), is_past=True) for name in reversed(_listing(directory))]

    def waiting_paths(self) -> list[str]:
        """Return the paths that have captures, in no meaningful order."""
        return list(self._paths.by_key(_names(self._waiting)).values())

    def captured_paths(self) -> list[str]:
        """Return the paths that have captures, those that a commit has overtaken included, sorted."""
        return sorted(self._paths.by_key({*_names(self._waiting), *_names(self._past)}).values())

    def all(self) -> list[Capture]:
        """Return every capture, newest first."""
        found = [capture for path in self.waiting_paths() for capture in self.of_path(path)]
        found.sort(key=lambda capture: capture.taken, reverse=True)
        return found

    def all_past(self) -> list[Capture]:
        """Return every capture that a commit has overtaken, newest first."""
        paths = self._paths.by_key(_names(self._past)).values()
        found = [capture for path in paths for capture in self.past_of_path(path)]
        found.sort(key=lambda capture: capture.taken, reverse=True)
        return found

    def settle(self, linked: Capture, snapshot_id: str, *, keep: bool = False) -> None:
        """Note that `linked` is in a snapshot now: its file goes; older ones of its path and source are past.

        With `keep` it is past itself: the snapshot lacks a part of it.
        """
        self.remember(linked.digest, snapshot_id, linked.source_oid)
        worktree = linked.worktree()
        for capture in self.of_path(linked.path):
            if capture.worktree() != worktree:
                continue  # what other working trees wait with is theirs
            if capture.source_oid == linked.source_oid and capture.taken <= linked.taken:
                try:
                    if capture.digest == linked.digest and not keep:
                        os.unlink(capture.file)
                    else:
                        past = os.path.join(self._past, path_key(linked.path))
                        os.makedirs(past, exist_ok=True)
                        os.replace(capture.file, os.path.join(past, os.path.basename(capture.file)))
                except FileNotFoundError:
                    pass  # another process has settled it
        remove_empty(self._directory(linked.path))

    def known(self, digest: str) -> Known | None:
        """Return what is known of the notebook with this digest, or None where it is new here."""
        return self._known.get(digest)

    def remember(self, digest: str, snapshot_id: str, source_oid: str) -> None:
        """Note that the notebook with this digest is in that snapshot (or NOTHING), with that source; never raises."""
        self._known.put(digest, snapshot_id, source_oid)

    def note_run(self, source: bytes, source_oid: str) -> None:
        """Note that outputs of this source were seen: from now on the bare source on disk means they were cleared."""
        self._known.note_run(source, source_oid)

    def old_news(self, path: str, digest: str) -> Known | None:
        """Return what is known of the notebook at `path` with this digest, or None where it has to be captured.

        It has to be, too, where the newest capture of the path has this source with other outputs: these were put back.
        """
        known = self.known(digest)
        newest = self.of_path_here(path)[:1] if known is not None else []
        return None if known is None or (newest and newest[0].source_oid == known.source_oid) else known

    def _directory(self, path: str) -> str:
        return os.path.join(self._waiting, path_key(path))


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


def remove_empty(directory: str) -> None:
    """Remove a directory of captures that has none left."""
    try:
        os.rmdir(directory)
    except OSError:
        pass  # not empty, or gone already


def _listing(directory: str) -> list[str]:
    """Return the names of the captures in one directory, oldest first."""
    return [name for name in _names(directory) if name.count("-") == 3 and "." not in name]


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []
