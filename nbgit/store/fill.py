"""Ring 2: notebooks that stand bare on disk get the outputs that are known for them by now.

A checkout gives a notebook its outputs; this is for those that came later (a fetch, `nbgit install` in a clone), or
were not given because nbgit could not be started. Only a file that is, to the byte, what the index has, and stands as
git wrote it, is touched: so nothing can be lost, and what a person has cleared stays cleared.
"""

import os
import re
from hashlib import sha256

from nbgit.store.bare import take_note
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
    from collections.abc import Callable, Iterator

MANY = 64  # notebooks that are read ahead, and held in memory, at a time
# A plain file in `git ls-files -s -z --debug`: its oid, path, time of change (seconds, nanoseconds) and size.
ENTRY = re.compile(
    r"100\d\d\d ([0-9a-f]+) 0\t([^\0]+)\0 *ctime: [\d:]+\n *mtime: (\d+):(\d+)\n.*\n.*\n *size: (\d+)\t.*\n"
)


class Pending:
    """A file of the working tree that is bare, to the byte the source, and the notebook that it is to become."""

    __slots__ = ("data", "notebook", "oid", "path")

    def __init__(self, path: str, oid: str, data: bytes, notebook: bytes) -> None:
        self.path = path
        self.oid = oid
        self.data = data
        self.notebook = notebook


def fill_bare(repository: Repository, report: "Callable[[int, int], None]" = lambda done, total: None) -> list[str]:
    """Give bare notebooks of the working tree their outputs; return their paths. `report` is told (done, total)."""
    if repository.worktree is None or os.path.exists(os.path.join(repository.git_dir, "index.lock")):
        return []
    captures = CaptureStore(repository, load_policy(repository))
    filled: list[str] = []
    for found in pending(repository, captures, report):
        file = worktree_file(repository, found.path)
        if file is not None and replace_unchanged(file, sha256(found.data).hexdigest(), found.notebook):
            captures.note_run(found.data, found.oid)
            filled.append(found.path)
    if filled:
        told = "".join(f"{path}\0" for path in filled).encode("utf-8", "surrogateescape")
        run_git(["update-index", "-q", "-z", "--stdin"], cwd=repository.worktree, stdin=told)
    return filled


def bare_paths(repository: Repository) -> list[str]:
    """Return the paths of the notebooks that `fill_bare` would give outputs."""
    if repository.worktree is None:
        return []
    return [found.path for found in pending(repository, CaptureStore(repository, load_policy(repository)))]


def pending(
    repository: Repository,
    captures: CaptureStore,
    report: "Callable[[int, int], None]" = lambda done, total: None,
) -> "Iterator[Pending]":
    """Yield the bare notebooks of the working tree for which outputs are known."""
    with ObjectReader(repository) as reader:
        take_note(repository, captures, reader)
        lookup = Lookup(repository, load_policy(repository), captures, reader)
        if not lookup.has_snapshots():
            return
        rows = [(path, oid) for path, oid in _as_git_wrote_them(repository) if lookup.snapshot_ids(oid)]
        for start in range(0, len(rows), MANY):
            report(start, len(rows))
            read = [(path, oid, _bare(repository, path, oid)) for path, oid in rows[start : start + MANY]]
            lookup.prefetch([oid for _, oid, data in read if data])
            for path, oid, data in read:
                notebook = lookup.notebook_for(path, data, oid, "HEAD") if data else None
                if data and notebook is not None and notebook != data:
                    yield Pending(path, oid, data, notebook)


def _as_git_wrote_them(repository: Repository) -> list[tuple[str, str]]:
    """Return (path, blob oid) of the notebooks in the index whose file has the blob's size, and the size and time of
    change that git has noted: nobody has written it since. git itself might run the filter to tell."""
    command = ["ls-files", "-s", "-z", "--debug", "--full-name", "--", f":(top)*{SUFFIX}"]
    code, out, _ = try_git(command, cwd=repository.worktree)
    text = out.decode("utf-8", "surrogateescape") if code == 0 else ""
    rows = [
        (path, oid, int(size))
        for oid, path, seconds, nanoseconds, size in ENTRY.findall(text)
        if _stands(repository, path, int(seconds), int(nanoseconds), int(size))
    ]
    asked = "".join(f"{oid}\n" for _, oid, _ in rows).encode("ascii")
    command = ["cat-file", "--buffer", "--batch-check=%(objectsize)"]
    _, out, _ = try_git(command, cwd=repository.worktree, stdin=asked) if rows else (0, b"", b"")
    sizes = out.decode("ascii", "replace").split("\n")
    return [(path, oid) for (path, oid, size), blob in zip(rows, sizes, strict=False) if blob == str(size)]


def _stands(repository: Repository, path: str, seconds: int, nanoseconds: int, size: int) -> bool:
    file = worktree_file(repository, path)
    try:
        found = os.stat(file) if file is not None else None
    except OSError:
        return False
    if found is None or found.st_size != size:
        return False
    at = divmod(found.st_mtime_ns, 1_000_000_000)
    return at == (seconds, nanoseconds) or (nanoseconds == 0 and at[0] == seconds)  # where git keeps seconds only


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
