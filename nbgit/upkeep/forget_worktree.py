"""Ring 3: notebooks on disk that show what is to be forgotten: told, and cleaned where that is asked for.

Nothing is captured on the way: that would bring back what was just removed.
"""

import os
from hashlib import sha256

from nbgit.errors import GitFailed
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX
from nbgit.store.git import run_git
from nbgit.store.index_file import refresh_index
from nbgit.store.objects import object_id
from nbgit.store.repository import Repository, find_repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import read_worktree_file, worktree_file
from nbgit.upkeep.forget_notebook import remove_target
from nbgit.upkeep.forget_targets import PathTarget, Target


class OnDisk:
    """A notebook on disk that shows the target: the worktree, its path there, and whether it was cleaned."""

    __slots__ = ("is_cleaned", "path", "top")

    def __init__(self, top: str, path: str) -> None:
        self.top = top
        self.path = path
        self.is_cleaned = False

    @property
    def file(self) -> str:
        """Where it lies."""
        return os.path.join(self.top, *self.path.split("/"))


def forget_on_disk(repository: Repository, policy: Policy, target: Target, *, clean: bool) -> list[OnDisk]:
    """Return the notebooks of every worktree that show the target in an output; with `clean` they are rewritten.

    One that changes while it is read is left alone, and so is one whose outputs are part of the source.
    """
    captured = CaptureStore(repository, policy).paths()
    found = []
    for top in _worktrees(repository):
        place = find_repository(top, {})
        for path in sorted(_notebooks(top) | captured):
            shown = _forget_one(place, policy, target, path, clean=clean)
            found += [] if shown is None else [shown]
    return found


def _forget_one(place: Repository, policy: Policy, target: Target, path: str, *, clean: bool) -> OnDisk | None:
    if isinstance(target, PathTarget) and path != target.path:
        return None
    data = read_worktree_file(place, path)
    parts = None if data is None else split(data, policy)
    left = None if parts is None else remove_target(parts, target, policy, path=path)
    if data is None or parts is None or left is None:
        return None
    shown = OnDisk(str(place.worktree), path)
    file = worktree_file(place, path)
    if clean and file is not None:
        shown.is_cleaned = replace_unchanged(file, sha256(data).hexdigest(), left.notebook)
        if shown.is_cleaned:
            try:
                refresh_index(place, {path: object_id("blob", parts.source, place.hash_name)})
            except GitFailed:
                pass  # git then calls it modified until it is added
    return shown


def _worktrees(repository: Repository) -> list[str]:
    out = run_git(["worktree", "list", "--porcelain"], cwd=repository.start).decode("utf-8", "surrogateescape")
    blocks = [block.split("\n") for block in out.split("\n\n") if block]
    tops = [block[0].removeprefix("worktree ") for block in blocks if "bare" not in block]
    return [top for top in tops if os.path.isdir(top)]


def _notebooks(top: str) -> set[str]:
    out = run_git(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f"*{SUFFIX}"], cwd=top)
    return {path for path in out.decode("utf-8", "surrogateescape").split("\0") if path}
