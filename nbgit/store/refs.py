"""Ring 2: refs, moved only by compare-and-swap (git-facts: without the old value 69 of 100 updates were lost)."""

import time

from nbgit.errors import GitFailed
from nbgit.store.git import run_git, try_git
from nbgit.store.locks import check_locks
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = "refs/nbgit/snapshots"
ENTRIES = "refs/notes/nbgit"
BACKUPS = "refs/nbgit-backup"  # <time>/heads and <time>/tags below it are a person's, from before `nbgit migrate`
KEPT = (f"{BACKUPS}/*/snapshots", f"{BACKUPS}/*/entries")  # old values of both that a repair has kept
TRIES = 40
README = b"""Written by nbgit (https://pypi.org/project/nbgit/): the outputs of this repository's notebooks.
by-source/<blob id of the notebook's source>/<snapshot id>/ holds snapshot.json and the decoded outputs.
"""


def read_refs(repository: Repository, names: list[str]) -> dict[str, str]:
    """Return ref -> oid for those of `names` that exist."""
    found = refs_below(repository, *names)
    return {name: found[name] for name in names if name in found}


def refs_below(repository: Repository, *patterns: str) -> dict[str, str]:
    """Return ref -> oid of the refs that have one of these names, or lie below it."""
    out = run_git(["for-each-ref", "--format=%(objectname) %(refname)", *patterns], cwd=repository.start)
    rows = [line.split(" ", 1) for line in out.decode("utf-8", "surrogateescape").splitlines()]
    return {name: oid for oid, name in rows}


def resolve_commits(repository: Repository, revisions: list[str]) -> list[str]:
    """Return the commit oids of revisions, in their order; raises GitFailed for one that names no commit."""
    return [
        run_git(["rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}"], cwd=repository.start)
        .decode("ascii")
        .strip()
        for name in revisions
    ]


def swap_refs(repository: Repository, changes: dict[str, tuple[str, str | None]]) -> bool:
    """Move refs from their old to their new oid, all or none; False where another process was faster.

    `changes` is ref -> (new oid, old oid or None for "must not exist yet"). Raises GitFailed for any other refusal, and
    where a lock file is in the way for good.
    """
    lines = [f"update {name} {new} {old or repository.empty_oid}\n" for name, (new, old) in changes.items()]
    arguments = ["-c", "core.fsync=reference", "update-ref", "--stdin"]
    code, _, words = try_git(arguments, cwd=repository.start, stdin="".join(lines).encode("utf-8", "surrogateescape"))
    if code == 0:
        return True
    if b"cannot lock ref" in words or b"Unable to create" in words or b"reference already exists" in words:
        if b".lock'" in words:
            check_locks(repository, list(changes))
        return False
    run_git(arguments, cwd=repository.start, stdin="".join(lines).encode("utf-8", "surrogateescape"))
    return True


def move_refs(
    repository: Repository, names: list[str], build: "Callable[[dict[str, str]], dict[str, str | None]]"
) -> dict[str, str]:
    """Move refs together to what `build` makes of their old oids; return ref -> the oid it has now.

    `build` gets ref -> old oid for those of `names` that exist, and returns ref -> new oid (None: leave it), whose
    objects must be in git by then. It is called again, with the new values, when another process was faster: also at
    a ref that it returned as it was, because what it made of the others may rest on that one.
    Raises GitFailed where that never ends.
    """
    for attempt in range(TRIES):
        old = read_refs(repository, names)
        new = {name: oid for name, oid in build(old).items() if oid}
        moves = {name: (oid, old.get(name)) for name, oid in new.items()}
        if all(oid == before for oid, before in moves.values()) or swap_refs(repository, moves):
            return {**old, **new}
        import random

        time.sleep(random.uniform(0.001, 0.01) * (attempt + 1))
    raise GitFailed("refs/nbgit could not be moved, other processes were always faster; run the command again")


def commit_content(tree: str, parents: list[str], message: str, stamp: int) -> bytes:
    """Return a commit object's content by "nbgit", made at `stamp` (Unix seconds, UTC)."""
    who = f"nbgit <nbgit> {stamp} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
    return ("\n".join(lines) + "\n\n" + message + "\n").encode()
