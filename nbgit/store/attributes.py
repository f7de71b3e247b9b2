"""Ring 2: which files git gives to nbgit's filter: the repositories, and the paths in them, that have opted in."""

import os

from nbgit.store.git import run_git
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILTER = "nbgit"


def filtered(repository: Repository, paths: "Iterable[str]") -> list[str]:
    """Return those of `paths` that have the attribute filter=nbgit; raises GitFailed where git can't tell."""
    names = list(paths)
    if not names or repository.worktree is None:
        return []
    stdin = "".join(f"{path}\0" for path in names).encode("utf-8", "surrogateescape")
    out = run_git(["check-attr", "-z", "--stdin", "filter"], cwd=repository.worktree, stdin=stdin)
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    return [path for path, value in zip(fields[0::3], fields[2::3], strict=False) if value == FILTER]


class OptedIn:
    """Answers for one path at a time, asking git again only when a file that decides it has changed.

    `settings` are the files outside of repositories that may decide it: a person's own configuration and attributes.
    """

    def __init__(self, settings: tuple[str, ...]) -> None:
        self._settings = settings
        self._answers: dict[str, tuple[object, bool]] = {}

    def __call__(self, repository: Repository, path: str) -> bool:
        """Return whether `path` is given to nbgit's filter; raises GitFailed where git can't tell."""
        if repository.worktree is None:
            return False
        file = os.path.join(repository.worktree, *path.split("/"))
        state = [_state(place) for place in self._deciding(repository, path)]
        known = self._answers.get(file)
        if known is None or known[0] != state:
            self._answers[file] = known = state, filtered(repository, [path]) == [path]
        return known[1]

    def _deciding(self, repository: Repository, path: str) -> "Iterable[str]":
        assert repository.worktree is not None
        yield from self._settings
        yield os.path.join(repository.common_dir, "config")
        yield os.path.join(repository.common_dir, "info", "attributes")
        folder = repository.worktree
        yield os.path.join(folder, ".gitattributes")
        for name in path.split("/")[:-1]:
            folder = os.path.join(folder, name)
            yield os.path.join(folder, ".gitattributes")


def settings_files(environ: "Mapping[str, str]", home: str) -> tuple[str, ...]:
    """Return where a person's own git settings lie, by git's rules (gitattributes(5), git-config(1))."""
    folder = os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git")
    return (os.path.join(home, ".gitconfig"), os.path.join(folder, "config"), os.path.join(folder, "attributes"))


def _state(file: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
