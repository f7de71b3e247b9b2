"""Ring 2: which saved files are notebooks that nbgit looks after: the edge of `nbgit.jupyter` and `nbgit watch`."""

import os

from nbgit.errors import NotARepository
from nbgit.store.attributes import OptedIn, settings_files
from nbgit.store.changes import SUFFIX
from nbgit.store.repository import Repository, find_repository
from nbgit.store.worktree import path_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER = {".git", ".ipynb_checkpoints"}


def may_be_notebook(file: str) -> bool:
    """Return whether a file's name is a notebook's, and it lies in no folder of git's or of Jupyter's checkpoints."""
    return file.endswith(SUFFIX) and NEVER.isdisjoint(file.replace(os.sep, "/").split("/"))


class Saves:
    """Finds the repository of each file that was saved, and remembers what git said of it.

    `environ` and `home` are those of the process: they decide which repository and which settings git sees.
    """

    def __init__(self, environ: "Mapping[str, str]", home: str) -> None:
        self._environ = environ
        self._opted_in = OptedIn(settings_files(environ, home))

    def place_of(self, file: str) -> tuple[Repository, str] | None:
        """Return the repository and the path in it of a notebook (an absolute path), or None where it is not ours.

        It is where git's attributes give it to nbgit's filter. Raises GitFailed where git can't tell.
        """
        if not may_be_notebook(file):
            return None
        folder = os.path.realpath(os.path.dirname(file))
        try:
            repository = find_repository(folder, self._environ)
        except NotARepository:
            return None
        path = path_in(repository, file)
        if path is None or not self._opted_in(repository, path):
            return None
        return repository, path
