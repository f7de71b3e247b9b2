"""Ring 2: runs whose commit was undone by a reset, and that the next commit comes with (design.md, "Linking")."""

from nbgit.errors import GitFailed
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import NotebookChange, blobs_at, dirty_paths
from nbgit.store.entries import read_some_entries
from nbgit.store.git import try_git
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.worktree import digest_of_worktree_file

MANY = 50  # commits that HEAD has left, at most


def undone_runs(
    repository: Repository,
    lookup: Lookup,
    captures: CaptureStore,
    reader: ObjectReader,
    commit: str,
    left: list[str],
    changed: set[str],
) -> list[NotebookChange]:
    """Return the notebooks but for those `changed` that show, unedited and taken by git as up to date, the outputs of a
    commit that HEAD has left, where the history of `commit` has others. `left` are the places where HEAD was."""
    shown: dict[str, set[str]] = {}
    for entry in read_some_entries(reader, _not_in(repository, left, commit)).values():
        for path, snapshot_id in entry.items():
            shown.setdefault(path, set()).add(snapshot_id)
    paths = sorted(shown.keys() - changed)
    if not paths or repository.worktree is None:
        return []
    try:
        blobs, dirty = blobs_at(repository, commit, paths), dirty_paths(repository)
    except GitFailed:
        return []
    found = []
    for path in [path for path in paths if path in blobs.keys() - dirty]:
        digest = digest_of_worktree_file(repository, path)
        known = captures.known(digest) if digest else None
        if known is not None and known.source_oid == blobs[path] and known.snapshot_id in shown[path]:
            candidates = lookup.snapshot_ids(blobs[path])
            if len(candidates) > 1 and lookup.linked_snapshot(path, commit, candidates) != known.snapshot_id:
                found.append(NotebookChange(commit, path, blobs[path]))
    return found


def _not_in(repository: Repository, commits: list[str], history: str) -> list[str]:
    """Return these commits and their past, less what is in the history of another one; the newest few."""
    if not commits:
        return []
    arguments = ["rev-list", f"--max-count={MANY}", "--ignore-missing", *commits, f"^{history}", "--"]
    code, out, _ = try_git(arguments, cwd=repository.start)
    return out.decode("ascii").split() if code == 0 else []
