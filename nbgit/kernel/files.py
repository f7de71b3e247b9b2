"""Apart: what became of the files that a run has opened: which it read, which it wrote, and the digests of both."""

import os
import stat
from hashlib import sha256

from nbgit.kernel.journal import rfc3339
from nbgit.kernel.seen import CHANGE, READ, WRITE, file_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nbgit.kernel.place import Place
    from nbgit.kernel.seen import File, Seen, State

    Record = dict[str, Any]

AT_ONCE = 1 << 19  # bytes that are digested before the next cell may run; more is left to a thread
FILE_LIMIT = 64 << 20  # bytes of a file; of a larger one size and mtime must do
RUN_LIMIT = 256 << 20  # bytes of all files of a run
CHUNK = 1 << 20
LISTED = 1000  # files of a run
IN_FOLDER = 200  # files of a folder that is read as one table
KNOWN = 4096  # digests that are remembered
HELD = 64  # files that may be open for writing from one run to the next


class Files:
    """Settles the files of runs; remembers digests by (device, inode, size, mtime), and what is held open."""

    def __init__(self, place: "Place") -> None:
        self._place = place
        self._digests: dict[State, str] = {}
        self._held: dict[str, State | None] = {}

    def settle(self, seen: "Seen") -> "tuple[list[Record], list[Record], list[tuple[str, State]]]":
        """Return what was read, what was written, and (path, state) of those files whose digests are still due."""
        self._note_held(seen)
        reads: list[tuple[str, State]] = []
        writes: list[tuple[str, State]] = []
        for path, file in seen.files.items():
            for each, before, after in _regular(path, file):
                if after is not None and self._was_written(each, file, before, after):
                    writes.append((each, after))
                if _was_read(file) and before is not None:
                    reads.append((each, before))
        self._hold(writes)
        left = len(reads) + len(writes) - LISTED
        if left > 0:
            seen.omitted["files"] = seen.omitted.get("files", 0) + left
            writes = writes[:LISTED]
            reads = reads[: LISTED - len(writes)]
        due = self._digest_small([*writes, *reads])
        return [self.record(*one) for one in reads], [self.record(*one) for one in writes], due

    def record(self, path: str, state: "State") -> "Record":
        """Return a file as it stands in a journal."""
        digest = self._digests.get(state)
        return {
            "path": self._place.shown(path),
            "size": state[2],
            "mtime": rfc3339(state[3] / 1e9, 6),
            "sha256": digest,
        }

    def digest(self, path: str, state: "State") -> str | None:
        """Return the digest of a file that still is what it was, or None; known ones are not computed again."""
        known = self._digests.get(state)
        if known is not None or state[2] > FILE_LIMIT or file_state(path) != state:
            return known
        digest = sha256()
        try:
            with open(path, "rb", buffering=0) as file:
                while block := file.read(CHUNK):
                    digest.update(block)
        except OSError:
            return None
        if file_state(path) != state:
            return None
        if len(self._digests) >= KNOWN:
            self._digests.pop(next(iter(self._digests)), None)
        self._digests[state] = digest.hexdigest()
        return self._digests[state]

    def _was_written(self, path: str, file: "File", before: "State | None", after: "State") -> bool:
        """Return whether a run has written a file: to be opened for changes is not enough, nor is another mtime."""
        if file.how & WRITE:
            return True
        if not file.how & CHANGE or before == after:
            return False
        known = self._digests.get(before) if before is not None and before[2] == after[2] <= AT_ONCE else None
        return known is None or known != self.digest(path, after)

    def _digest_small(self, files: "list[tuple[str, State]]") -> "list[tuple[str, State]]":
        """Digest as much as costs nothing; return what is left for later."""
        left, later, due = AT_ONCE, RUN_LIMIT, []
        for path, state in dict.fromkeys(files):
            size = state[2]
            if state in self._digests or size > FILE_LIMIT:
                continue
            if size <= left:
                left -= max(size, 4096)
                self.digest(path, state)
            elif size <= later:
                later -= size
                due.append((path, state))
        return due

    def _note_held(self, seen: "Seen") -> None:
        """Note what this run has written into files that earlier ones have left open."""
        changed = [path for path, state in self._held.items() if path not in seen.files and file_state(path) != state]
        if not changed:
            return
        still = _open_files()
        for path in changed:
            if path in still and (before := self._held[path]) is not None:
                seen.open(path, CHANGE)
                seen.files[path].before = before
            else:
                del self._held[path]

    def _hold(self, written: "list[tuple[str, State]]") -> None:
        for path, state in written:
            self._held.pop(path, None)
            self._held[path] = state
        while len(self._held) > HELD:
            del self._held[next(iter(self._held))]


def _regular(path: str, file: "File") -> "Iterator[tuple[str, State | None, State | None]]":
    """Yield (path, state before, state after) of a regular file; of those in a folder that a library reads as one."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        if file.how & READ and file.before is not None and not file.written_first:
            yield path, file.before, None  # read, and gone or renamed since
        return
    if stat.S_ISREG(mode):
        yield path, file.before, file_state(path)
    elif stat.S_ISDIR(mode) and file.named:
        count = 0
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                each = os.path.join(folder, name)
                state = file_state(each)
                if state is not None and count < IN_FOLDER:
                    count += 1
                    yield each, state if file.how & READ else None, state


def _was_read(file: "File") -> bool:
    """Return whether what was in the file before has come into the run: also where it was added to, or changed."""
    return not file.written_first and bool(file.how & (READ | CHANGE))


def _open_files() -> set[str]:
    """Return the paths of what this process has open; nothing where /proc does not tell."""
    found: set[str] = set()
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for number in numbers:
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            pass
    return found
