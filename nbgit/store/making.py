"""Ring 2: how the commit at HEAD was made, as far as its outputs are concerned (docs/design.md, "Linking")."""

import os

from nbgit.store.entries import is_oid
from nbgit.store.git import try_git
from nbgit.store.repository import Repository

LATELY = 20  # lines of HEAD's reflog
AMENDING = ("rebase (squash)", "rebase (fixup)", "rebase (reword)")  # as a rebase says it in the reflog


class Making:
    """How HEAD came about.

    `by_person` is False where git went on with a rebase by itself; `was_moved` is True where HEAD went to a commit that
    was there before. `originals` are the commits that it was picked from, the nearest first; `left` are those that HEAD
    was at lately.
    """

    __slots__ = ("by_person", "left", "originals", "was_moved")

    def __init__(
        self, originals: list[str], *, by_person: bool, was_moved: bool, left: "list[str] | None" = None
    ) -> None:
        self.originals = originals
        self.left = left or []
        self.by_person = by_person
        self.was_moved = was_moved


def how_made(repository: Repository) -> Making:
    """Return how the commit at HEAD was made; a git that keeps no reflog leaves "by a person, now"."""
    rebases = any(os.path.isdir(os.path.join(repository.git_dir, name)) for name in ("rebase-merge", "rebase-apply"))
    picked = _picked(repository)
    code, out, _ = try_git(["log", "-g", f"-{LATELY}", "--format=%H %gs", "HEAD", "--"], cwd=repository.start)
    rows = [line.partition(" ") for line in out.decode("utf-8", "replace").splitlines()] if code == 0 else []
    why = rows[0][2] if rows else ""
    amends = why.startswith(AMENDING)
    alone = (
        rebases and why.startswith("rebase") and (amends or why.startswith("rebase (merge)") or _is_picking(repository))
    )
    if rebases and not why.startswith("rebase"):
        picked = []  # a commit that a person made at a stop; what the rebase picked last is its parent, or amended
    if alone and amends and len(rows) > 1:
        picked.append(rows[1][0])  # it was amended
    left = list(dict.fromkeys(row[0] for row in rows[1:]))
    return Making(picked, by_person=not alone, was_moved=why.endswith("Fast-forward"), left=left)


def _is_picking(repository: Repository) -> bool:
    """Return whether a rebase is in the middle of a commit: else the hook was started by a person's at a stop, which
    leaves no mark in the reflog if it gives the very same commit."""
    signs = ("CHERRY_PICK_HEAD", "rebase-apply")
    return any(os.path.exists(os.path.join(repository.git_dir, name)) for name in signs)


def _picked(repository: Repository) -> list[str]:
    """Return the commit that a rebase or a cherry-pick is at."""
    for name in ("CHERRY_PICK_HEAD", "rebase-apply/original-commit", "rebase-merge/done"):
        try:
            with open(os.path.join(repository.git_dir, name), encoding="utf-8", errors="replace") as file:
                words = file.read().rstrip("\n").rpartition("\n")[2].split()
        except OSError:
            continue
        found = [word for word in words[:3] if is_oid(word)]
        if found:
            return found[:1]
    return []
