"""Ring 2: notebooks that stand bare on disk get the outputs that are known for them by now.

A checkout gives a notebook its outputs; this is for those that came later (a fetch, `nbgit install` in a clone). Only a
file that is, to the byte, what the index has is touched, so nothing can be lost.
"""

import os
from hashlib import sha256

from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX
from nbgit.store.git import run_git, try_git
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader, object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import worktree_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 64  # notebooks that are read ahead, and held in memory, at a time


def fill_bare(repository: Repository, report: "Callable[[int, int], None]" = lambda done, total: None) -> list[str]:
    """Give bare notebooks of the working tree their outputs; return their paths. `report` is told (done, total)."""
    if repository.worktree is None or os.path.exists(os.path.join(repository.git_dir, "index.lock")):
        return []
    policy = load_policy(repository)
    captures = CaptureStore(repository, policy)
    filled: list[str] = []
    with ObjectReader(repository) as reader:
        lookup = Lookup(repository, policy, captures, reader)
        rows = [(path, oid) for path, oid in _tracked(repository) if lookup.snapshot_ids(oid)]
        for start in range(0, len(rows), MANY):
            report(start, len(rows))
            read = [(path, oid, _bare(repository, path, oid)) for path, oid in rows[start : start + MANY]]
            lookup.prefetch([oid for _, oid, data in read if data])
            filled += [path for path, oid, data in read if data and _fill(repository, lookup, path, oid, data)]
    if filled:
        told = "".join(f"{path}\0" for path in filled).encode("utf-8", "surrogateescape")
        run_git(["update-index", "-q", "-z", "--stdin"], cwd=repository.worktree, stdin=told)
    return filled


def _tracked(repository: Repository) -> list[tuple[str, str]]:
    """Return (path, blob oid) of the notebooks in the index that are not in conflict."""
    code, out, _ = try_git(["ls-files", "-s", "-z", "--full-name", "--", f":(top)*{SUFFIX}"], cwd=repository.worktree)
    fields = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
    rows = [field.partition("\t") for field in fields if field]
    return [(path, facts.split(" ")[1]) for facts, _, path in rows if facts.endswith(" 0") and facts.startswith("100")]


def _bare(repository: Repository, path: str, source_oid: str) -> bytes | None:
    """Return the bytes of a file that is just what the index has, or None."""
    file = worktree_file(repository, path)
    try:
        if file is None:
            return None
        with open(file, "rb") as stream:
            data = stream.read()
    except OSError:
        return None
    return data if object_id("blob", data, repository.hash_name) == source_oid else None


def _fill(repository: Repository, lookup: Lookup, path: str, source_oid: str, data: bytes) -> bool:
    notebook = lookup.notebook_for(path, data, source_oid, "HEAD")
    file = worktree_file(repository, path)
    if notebook is None or notebook == data or file is None:
        return False
    return replace_unchanged(file, sha256(data).hexdigest(), notebook)
