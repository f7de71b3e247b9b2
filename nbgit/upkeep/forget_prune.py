"""Ring 3: the objects that held what was forgotten, deleted from this clone, and nothing else.

`git gc --prune=now` would delete every object that nothing refers to, a person's lost commits among them. Here only
objects of the old snapshots and entries go, and of these only what no ref, reflog or index of any worktree reaches.
"""

import os
import subprocess

from nbgit.errors import GitFailed
from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository
from nbgit.upkeep.forget_refs import REFS


def expire_reflogs(repository: Repository) -> None:
    """Empty the reflogs of nbgit's own refs, where git keeps any: they would hold the old objects."""
    for name in REFS:
        arguments = ["reflog", "expire", "--expire=now", "--expire-unreachable=now", name]
        try_git(arguments, cwd=repository.start)  # one that has no reflog is no failure


def prune_objects(repository: Repository, snapshots: list[str], commits: list[str]) -> list[str]:
    """Delete what only these snapshots and commits reach; return what should be gone and is still there.

    It stays where a ref reaches it (what was fetched from a remote), where a pack has a .keep file, and where another
    repository lends it. Raises GitFailed.
    """
    unreachable = _closure(repository, _present(repository, [*snapshots, *commits]))
    _drop_reachable(repository, unreachable)
    if _present(repository, sorted(unreachable)) and _is_packed(repository, unreachable):
        run_git(["repack", "-A", "-d", "-q"], cwd=repository.start)  # unreachable objects of packs become loose
    folder = _git_path(repository, "objects")
    for oid in unreachable:
        file = os.path.join(folder, oid[:2], oid[2:])
        try:
            os.chmod(file, 0o600)  # Windows deletes no file that is read-only
            os.unlink(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise GitFailed(f"{file} could not be deleted ({error.strerror}); delete it by hand") from error
    if os.path.exists(os.path.join(folder, "info", "commit-graph")) or os.path.isdir(
        os.path.join(folder, "info", "commit-graphs")
    ):
        try_git(["commit-graph", "write", "--reachable"], cwd=repository.start)  # it would name commits that are gone
    return _present(repository, sorted(unreachable.union(snapshots)))


def _closure(repository: Repository, roots: list[str]) -> set[str]:
    """Return every object that the roots reach."""
    if not roots:
        return set()
    arguments = ["rev-list", "--objects", "--missing=allow-any", "--stdin"]
    out = run_git(arguments, cwd=repository.start, stdin="".join(f"{oid}\n" for oid in roots).encode())
    return {line.split(b" ", 1)[0].decode("ascii") for line in out.splitlines()}


def _drop_reachable(repository: Repository, oids: set[str]) -> None:
    """Take out of `oids` all that a ref, a reflog or an index of any worktree reaches; the walk is not kept."""
    arguments = ["git", "rev-list", "--objects", "--missing=allow-any", "--all", "--reflog", "--indexed-objects"]
    process = subprocess.Popen(
        arguments, cwd=repository.start, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        oids.discard(line.split(b" ", 1)[0].strip().decode("ascii", "replace"))
    words = process.stderr.read().decode("utf-8", "replace").strip()
    process.stdout.close()
    process.stderr.close()
    if process.wait():
        raise GitFailed(f"git could not say what is in use, so no object was deleted: {words or 'no reason given'}")


def _present(repository: Repository, oids: list[str]) -> list[str]:
    """Return those of the objects that are in this clone."""
    if not oids:
        return []
    out = run_git(
        ["cat-file", "--buffer", "--batch-check=%(objectname)"],
        cwd=repository.start,
        stdin="".join(f"{oid}\n" for oid in oids).encode(),
        environ={"GIT_NO_LAZY_FETCH": "1"},
    )
    answers = zip(oids, out.decode("ascii", "replace").splitlines(), strict=True)
    return [oid for oid, answer in answers if not answer.endswith("missing")]


def _is_packed(repository: Repository, oids: set[str]) -> bool:
    """Return whether one of the objects lies in a pack."""
    folder = _git_path(repository, "objects")
    present = _present(repository, sorted(oids))
    if any(not os.path.exists(os.path.join(folder, oid[:2], oid[2:])) for oid in present):
        return True
    packs = [name for name in os.listdir(os.path.join(folder, "pack")) if name.endswith(".idx")]
    for name in packs:
        with open(os.path.join(folder, "pack", name), "rb") as stream:
            out = run_git(["show-index"], cwd=repository.start, stdin=stream.read())
        if any(line.split()[1].decode("ascii") in oids for line in out.splitlines()):
            return True
    return False


def _git_path(repository: Repository, name: str) -> str:
    out = run_git(["rev-parse", "--git-path", name], cwd=repository.start).decode("utf-8", "surrogateescape")
    return os.path.join(repository.start, out.rstrip("\n"))
