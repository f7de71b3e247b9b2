"""Ring 2: after a checkout, give notebooks whose source is the same on both sides the outputs of the new commit.

Git starts no smudge where the blob does not change, so two branches with the same source and other outputs would keep
showing the first one's. Only outputs that are safe in a snapshot are replaced; uncommitted ones stay, as git's own
uncommitted changes do.
"""

import os
import time
from hashlib import sha256

from nbgit.store.captures import CaptureStore
from nbgit.store.changes import blobs_at
from nbgit.store.entries import read_some_entries
from nbgit.store.git import try_git
from nbgit.store.index_file import in_index, refresh_index
from nbgit.store.lookup import HISTORY, Lookup
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.worktree import worktree_file


def switch_outputs(repository: Repository, old: str, new: str) -> list[str]:
    """Rewrite the notebooks whose outputs differ between two commits with the same source; return their paths."""
    if rebases(repository):
        return []
    arguments = ["rev-list", f"--max-count={HISTORY}", f"{old}...{new}", "--"]
    code, out, _ = try_git(arguments, cwd=repository.start)
    if code:
        return []
    policy = load_policy(repository)
    captures = CaptureStore(repository, policy)
    with ObjectReader(repository) as reader:
        entries = read_some_entries(reader, out.decode("ascii").split())
        paths = sorted({path for entry in entries.values() for path in entry})
        same = in_index(repository, _same_blobs(repository, old, new, paths)) if paths else {}
        lookup = Lookup(repository, policy, captures, reader)
        done = [path for path, oid in same.items() if _switch(repository, lookup, captures, reader, new, path, oid)]
    if done:
        refresh_index(repository, {path: same[path] for path in done})
    return done


def _same_blobs(repository: Repository, old: str, new: str, paths: list[str]) -> dict[str, str]:
    """Return path -> blob oid of those paths that have the same blob in both commits."""
    before, after = blobs_at(repository, old, paths), blobs_at(repository, new, paths)
    return {path: oid for path, oid in after.items() if before.get(path) == oid}


def rebases(repository: Repository) -> bool:
    """Return whether a rebase is under way: it keeps the index in memory, and a file that was rewritten behind its back
    looks to it like an unstaged change."""
    return any(os.path.isdir(os.path.join(repository.git_dir, name)) for name in ("rebase-merge", "rebase-apply"))


def _switch(
    repository: Repository,
    lookup: Lookup,
    captures: CaptureStore,
    reader: ObjectReader,
    commit: str,
    path: str,
    source_oid: str,
) -> bool:
    file = worktree_file(repository, path)
    candidates = lookup.snapshot_ids(source_oid)
    target = lookup.linked_snapshot(path, commit, candidates) if file and len(candidates) > 1 else None
    if file is None or target is None:
        return False
    before = _digest(file)
    shown = captures.known(before)
    source = reader.read(source_oid)
    if shown is None or shown.snapshot_id == target or source is None:
        return False
    notebook = lookup.read_checked(target, source_oid, source)
    return notebook is not None and replace_unchanged(file, before, notebook)


def replace_unchanged(file: str, expected_digest: str, data: bytes) -> bool:
    """Put `data` in place of a file if it still is what it was; return whether it was replaced.

    Written beside it and renamed, with the file's own mode; a file that an editor has saved meanwhile is left alone.
    """
    beside = f"{file}.{os.getpid()}.{time.monotonic_ns()}.nbgit"
    try:
        mode = os.stat(file).st_mode
        with open(beside, "wb") as stream:
            stream.write(data)
        os.chmod(beside, mode)
        if _digest(file) != expected_digest:
            return False
        os.replace(beside, file)
        return True
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def _digest(file: str) -> str:
    with open(file, "rb") as stream:
        return sha256(stream.read()).hexdigest()
