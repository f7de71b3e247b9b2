"""Ring 3: git's index after a migration, and the way back.

The files on disk are never touched: they have their outputs, and the index learns which source each of them has. A mark
says that the refs have moved and the index has not yet, so that an interrupted migration is finished by the next one.
"""

import os

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.printable import printable
from nbgit.store.entries import is_oid
from nbgit.store.git import run_git, try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.refs import TRIES, refs_below, swap_refs
from nbgit.store.repository import Repository
from nbgit.upkeep.migrate_checks import check_repository
from nbgit.upkeep.migrate_refs import BACKUP

NO_FILTER = ["-c", "filter.nbgit.process=", "-c", "filter.nbgit.clean=", "-c", "filter.nbgit.required=false"]


def map_file(repository: Repository, stamp: str) -> str:
    """Return where the map of a migration lies: a line `<old oid> <new oid>` for each commit and tag that is new."""
    return os.path.join(repository.nbgit_dir, "migrated", f"{stamp}.map")


def mark_file(repository: Repository) -> str:
    """Return where the mark lies: one line, the migration's stamp and the oid that HEAD's branch had."""
    return os.path.join(repository.nbgit_dir, "migrating")


def finish_index(repository: Repository) -> None:
    """Do what an interrupted migration has left to do, if there is a mark: nothing, where the refs did not move."""
    try:
        with open(mark_file(repository), encoding="ascii", errors="replace") as file:
            _, _, old = file.read().strip().partition(" ")
    except FileNotFoundError:
        return
    if is_oid(old) and repository.worktree is not None:
        head = run_git(["rev-parse", "--verify", "HEAD"], cwd=repository.start).decode("ascii").strip()
        tree = run_git(["rev-parse", "--verify", f"{old}^{{tree}}"], cwd=repository.start)
        code, index, _ = try_git(["write-tree"], cwd=repository.worktree)
        if head != old and code == 0 and index == tree:  # else there is nothing to do, or somebody has gone on
            reset_index(repository)
    os.unlink(mark_file(repository))


def reset_index(repository: Repository, *, raw: bool = False) -> None:
    """Give the index what HEAD has, and let it take the files on disk for up to date where they are.

    `raw` compares them as they are, as before a migration, where the blobs held outputs.
    """
    run_git(["read-tree", "-i", "-m", "HEAD"], cwd=repository.worktree)
    try_git([*(NO_FILTER if raw else []), "update-index", "-q", "--refresh"], cwd=repository.worktree)


def backups(repository: Repository) -> list[str]:
    """Return the stamps of the backups of migrations that there are, newest first (`nbgit fsck` keeps others there)."""
    names = [name.removeprefix(BACKUP).split("/") for name in refs_below(repository, BACKUP)]
    return sorted({parts[0] for parts in names if parts[1] in ("heads", "tags")}, reverse=True)


def undo(repository: Repository) -> dict[str, str]:
    """Put the newest backup back, and delete it; return ref -> the oid that it has again.

    Raises NbgitError where there is none, and where a ref has moved on since: its new commits would be lost.
    """
    policy: Policy = load_policy(repository)
    finish_index(repository)
    stamps = backups(repository)
    if not stamps:
        raise NbgitError(f"there is no backup of a migration below {BACKUP}: nothing to undo")
    check_repository(repository, policy)
    prefix = f"{BACKUP}{stamps[0]}/"
    kept = {
        f"refs/{name.removeprefix(prefix)}": oid
        for name, oid in refs_below(repository, f"{prefix}heads", f"{prefix}tags").items()
    }
    new_of = _read_map(repository, stamps[0])
    now = refs_below(repository, "refs/heads", "refs/tags")
    for name, oid in kept.items():
        if now.get(name) not in (None, new_of.get(oid), oid):
            raise NbgitError(
                f"{printable(name)} has moved on since the migration: the way back would lose that; move it by hand,"
                f" its backup is {prefix}{name.removeprefix('refs/')}"
            )
    moves: dict[str, tuple[str, str | None]] = {name: (oid, now.get(name)) for name, oid in kept.items()}
    for name, oid in kept.items():
        moves[prefix + name.removeprefix("refs/")] = (repository.empty_oid, oid)
    if not any(swap_refs(repository, moves) for _ in range(TRIES)):
        raise NbgitError("a branch or tag is locked by another process; run `nbgit migrate --undo` again")
    if repository.worktree is not None:
        reset_index(repository, raw=True)
    return kept


def _read_map(repository: Repository, stamp: str) -> dict[str, str]:
    try:
        with open(map_file(repository, stamp), encoding="ascii") as file:
            return dict(line.split() for line in file)
    except (OSError, ValueError) as error:
        raise NbgitError(f"the map of the migration {stamp} can't be read; move the refs back by hand") from error
