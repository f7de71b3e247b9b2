"""Ring 3: a clean tree of one commit, for a while: a git worktree in a temporary folder, which always goes."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository

# nbgit's own filter would fill notebooks with outputs, and hooks are for the person's own work.
PLAIN = ("process=", "smudge=", "clean=", "required=false")


@contextmanager
def clean_tree(repository: Repository, commit: str) -> Iterator[str]:
    """Give the top of a detached worktree of a commit, in which no run is recorded; raises GitFailed."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="nbgit-reproduce-"))
    top = os.path.join(folder, "tree")
    settings = [f"filter.nbgit.{one}" for one in PLAIN] + [f"core.hooksPath={os.path.join(folder, 'no-hooks')}"]
    options = [word for setting in settings for word in ("-c", setting)]
    try:
        run_git([*options, "worktree", "add", "--quiet", "--detach", top, commit], cwd=repository.start)
        _record_nothing(top)
        yield top
    finally:
        _remove(folder)
        try_git(["worktree", "remove", "--force", top], cwd=repository.start)


def _record_nothing(top: str) -> None:
    """Tell kernels that are started in a worktree not to record: what runs there is none of the person's runs."""
    with open(os.path.join(top, ".git"), encoding="utf-8", errors="surrogateescape") as file:
        git_dir = file.readline().removeprefix("gitdir:").strip()
    with open(os.path.join(top, git_dir, "config.worktree"), "a", encoding="utf-8") as file:
        file.write("[nbgit]\n\truns = false\n")


def _remove(folder: str) -> None:
    """Remove a folder, also what code has left there without the right to write."""

    def retry(function: Callable[..., Any], path: str, _: object) -> None:
        try:
            for place in (os.path.dirname(path), path):
                os.chmod(place, stat.S_IRWXU)
            function(path)
        except OSError:
            pass

    shutil.rmtree(folder, onerror=retry)
