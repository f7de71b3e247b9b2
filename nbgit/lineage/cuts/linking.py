"""Ring 3: linking with recorded runs: the door for hooks and commands.

It is imported by every commit, so it imports next to nothing: what follows runs comes in only where some were recorded.
"""

import os

from nbgit.errors import NbgitError
from nbgit.store import late
from nbgit.store.cuts import FOLDER, SUFFIX, travels
from nbgit.store.entries import is_oid
from nbgit.store.git import try_git
from nbgit.store.link import link_commits
from nbgit.store.log import log_line
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.store.folding import Contents
    from nbgit.store.told import News


WAITING = "waiting"  # in FOLDER: commits whose runs were too many to be followed in a hook, one a line


def _say_nothing(sentence: str) -> None:
    return


def fold_runs(repository: Repository, reader: ObjectReader, news: "News") -> "Contents | None":
    """Return commit -> session -> the cut of its runs that what is new in the commit rests on.

    None where no runs are known here, they are to stay at home, or it would take long: then they wait for a push.
    """
    if not _has_runs(repository, reader):
        return None
    from nbgit.lineage.cuts.choosing import TooMuch, cuts_for

    try:
        return cuts_for(repository, reader, news, quickly=True)
    except Exception as error:
        _note_waiting(repository, list(news))
        if isinstance(error, TooMuch):
            return None
        raise


def fold_all_runs(repository: Repository, reader: ObjectReader, news: "News") -> "Contents | None":
    """Return the same, however long that takes."""
    if not _has_runs(repository, reader):
        return None
    from nbgit.lineage.cuts.choosing import cuts_for

    return cuts_for(repository, reader, news, quickly=False)


def fold_waiting(repository: Repository) -> int:
    """Store the runs of the commits that wait for it; return how many notebooks were linked. What fails is logged."""
    try:
        return _fold_waiting(repository)
    except (NbgitError, OSError) as error:
        log_line(repository.nbgit_dir, f"recorded runs still wait to be stored with their commits: {error}")
        return 0


def _fold_waiting(repository: Repository) -> int:
    file = os.path.join(repository.nbgit_dir, FOLDER, WAITING)
    try:
        with open(file, encoding="ascii", errors="replace") as stream:
            commits = [line.strip() for line in stream if is_oid(line.strip())]
    except FileNotFoundError:
        return 0
    commits = [oid for oid in dict.fromkeys(commits) if try_git(["cat-file", "-e", oid], cwd=repository.start)[0] == 0]
    linked = link_commits(repository, commits, lazily=True, fold=fold_all_runs) if commits else 0
    os.unlink(file)
    return linked


def _note_waiting(repository: Repository, commits: list[str]) -> None:
    try:
        with open(os.path.join(repository.nbgit_dir, FOLDER, WAITING), "a", encoding="ascii") as file:
            file.write("".join(f"{oid}\n" for oid in commits))
    except OSError:
        return  # `nbgit link COMMIT` does it


def link_missing(repository: Repository, tell: "Callable[[str], object]" = _say_nothing) -> int:
    """Do what `nbgit.store.late.link_missing` does, with the runs that were recorded."""
    return late.link_missing(repository, tell, fold_runs)


def _has_runs(repository: Repository, reader: ObjectReader) -> bool:
    """Return whether any runs are known here that may be stored with commits."""
    is_known = _has_journals(repository) or reader.read(f"{SNAPSHOTS}:{FOLDER}") is not None
    return is_known and travels(repository)


def _has_journals(repository: Repository) -> bool:
    try:
        with os.scandir(os.path.join(repository.nbgit_dir, FOLDER)) as found:
            return any(entry.name.endswith(SUFFIX) for entry in found)
    except OSError:
        return False
