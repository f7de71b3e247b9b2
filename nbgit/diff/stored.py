"""Ring 3: the notebooks of two states of a repository with their outputs, and those that were only run again.

See docs/design.md, "Diff": outputs.
"""

from hashlib import new as new_hash
from hashlib import sha256

from nbgit.diff.between import FileChange, files_of, on_disk
from nbgit.diff.report import Side
from nbgit.notebook.policy import Policy
from nbgit.store.captures import CaptureStore
from nbgit.store.git import run_git, try_git
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMIT, INDEX, WORKTREE = "commit", "index", "worktree"


class State:
    """One side of `git diff`: `kind` is COMMIT, INDEX or WORKTREE; `commit` the one whose outputs it has.

    That is HEAD for the index and the working tree, "" where there is none (a tree, no commit yet).
    """

    __slots__ = ("commit", "kind")

    def __init__(self, kind: str, commit: str) -> None:
        self.kind = kind
        self.commit = commit


def states(cwd: str, revisions: "Sequence[str]", *, cached: bool) -> tuple[State, State]:
    """Return what `git diff REVISIONS` compares, the older side first."""
    head = _commit(cwd, "HEAD")
    newer = State(INDEX if cached else WORKTREE, head)
    if not revisions:
        return State(COMMIT if cached else INDEX, head), newer
    names = run_git(["rev-parse", "--revs-only", *revisions, "--"], cwd=cwd).decode("utf-8", "replace").split()
    without = [name[1:] for name in names if name.startswith("^")]
    wanted = [name for name in names if not name.startswith("^")]
    if without and wanted:  # A..B gives `B ^A`, A...B gives `A B ^base`
        return State(COMMIT, _commit(cwd, without[0])), State(COMMIT, _commit(cwd, wanted[-1]))
    if len(wanted) > 1:
        return State(COMMIT, _commit(cwd, wanted[0])), State(COMMIT, _commit(cwd, wanted[1]))
    return State(COMMIT, _commit(cwd, (wanted or without)[0])), newer


class Stored:
    """Reads notebooks with their outputs; use as a context manager."""

    def __init__(self, repository: Repository, policy: Policy, before: State, after: State) -> None:
        self._repository = repository
        self._before = before
        self._after = after
        self._captures = CaptureStore(repository, policy)
        self._reader = ObjectReader(repository)
        self._lookup = Lookup(repository, policy, self._captures, self._reader)

    def __enter__(self) -> "Stored":
        return self

    def __exit__(self, *exception: object) -> None:
        self._reader.close()

    def fill(self, change: FileChange) -> FileChange:
        """Give the sides of `change` the outputs that belong to them, in place of the sources alone."""
        for side, state in ((change.before, self._before), (change.after, self._after)):
            if side.data is not None and side.oid.strip("0") and not (side is change.after and change.in_worktree):
                side.data = self._notebook(side.path, side.oid, side.data, state, is_newer=side is change.after)
        return change

    def run_again(self, cwd: str, paths: "Sequence[str]", known: "set[str]") -> "Iterator[FileChange]":
        """Yield the notebooks whose source is the same on both sides, and that have another run on the newer one.

        `known` are the paths whose source differs.
        """
        empty = new_hash(self._repository.hash_name, b"tree 0\0", usedforsecurity=False).hexdigest()
        is_commit = self._after.kind == COMMIT
        if is_commit and not self._after.commit:
            return
        arguments = [empty, self._after.commit] if is_commit else ["--cached", empty]
        for path, mode, oid in files_of(cwd, arguments, paths):
            if path not in known:
                found = self._other_run(path, oid)
                if found is not None:
                    before, after = found
                    in_worktree = self._after.kind == WORKTREE
                    sides = Side(path, before, mode, oid), Side(path, after, mode, "" if in_worktree else oid)
                    yield FileChange("M", *sides, in_worktree, [])

    def _other_run(self, path: str, oid: str) -> tuple[bytes, bytes] | None:
        """Return the notebook on both sides where they are not the same bytes."""
        candidates = self._lookup.snapshot_ids(oid)
        data = on_disk(self._repository, path) if self._after.kind == WORKTREE else None
        if self._after.kind == WORKTREE:
            is_same = data is None or self._is_stored(data, path, candidates)
        elif self._after.kind == INDEX:
            is_same = not self._captures.of_path_here(path)
        else:
            linked = [self._linked(path, state, candidates) for state in (self._before, self._after)]
            is_same = len(candidates) < 2 or linked[0] == linked[1]
        if is_same:
            return None
        source = self._reader.read(oid)
        if source is None:
            return None
        before = self._notebook(path, oid, source, self._before, is_newer=False)
        after = self._notebook(path, oid, source, self._after, is_newer=True) if data is None else data
        return None if before == after else (before, after)

    def _is_stored(self, data: bytes, path: str, candidates: list[str]) -> bool:
        """Say whether this file on disk is what the older side shows."""
        known = self._captures.known(sha256(data).hexdigest()) if candidates else None
        return known is not None and known.snapshot_id == self._linked(path, self._before, candidates)

    def _linked(self, path: str, state: State, candidates: list[str]) -> str | None:
        return self._lookup.linked_snapshot(path, state.commit, candidates) if state.commit and candidates else None

    def _notebook(self, path: str, oid: str, source: bytes, state: State, *, is_newer: bool) -> bytes:
        """Return the notebook, or its source where no outputs are known.

        What the index has as the newer side is what the next commit will take: the newest capture.
        """
        candidates = sorted(self._lookup.snapshot_ids(oid))
        linked = None if state.kind == INDEX and is_newer else self._linked(path, state, candidates)
        first = linked or (candidates[0] if candidates and state.kind == COMMIT else None)
        found = self._lookup.read_checked(first, oid, source) if first else None
        return found or self._lookup.notebook_for(path, source, oid, state.commit or None) or source


def _commit(cwd: str, name: str) -> str:
    code, out, _ = try_git(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], cwd=cwd)
    return out.decode("ascii", "replace").strip() if code == 0 else ""
