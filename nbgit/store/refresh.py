"""Ring 2: capture notebooks that were run since git saw them, and refresh the index where their source is git's."""

from hashlib import sha256

from nbgit.notebook.spans import split
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX, dirty_paths
from nbgit.store.objects import object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.restore import refresh_index
from nbgit.store.worktree import read_worktree_file


def refresh(repository: Repository, paths: list[str]) -> tuple[int, int]:
    """Capture these notebooks (none named: all that git takes for modified); return how many were captured, and how
    many of them have the source that the index has, so that git now calls them unmodified."""
    policy = load_policy(repository)
    store = CaptureStore(repository, policy)
    captured = cleared = 0
    for path in paths or sorted(path for path in dirty_paths(repository) if path.endswith(SUFFIX)):
        data = read_worktree_file(repository, path)
        parts = None if data is None else split(data, policy)
        if data is None or parts is None:
            continue
        digest = sha256(data).hexdigest()
        source_oid = object_id("blob", parts.source, repository.hash_name)
        if store.old_news(path, digest) is None:
            store.put(path, source_oid, digest, data, parts)
        captured += 1
        cleared += refresh_index(repository, path, source_oid)
    return captured, cleared
