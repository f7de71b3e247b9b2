"""Ring 3: linking with recorded runs: the door for hooks and commands.

It is imported by every commit, so it imports next to nothing: what follows runs comes in only where some were recorded.
"""

import os
import sys

from nbgit.store import late
from nbgit.store.cuts import FOLDER, SUFFIX, travels
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.store.folding import Contents
    from nbgit.store.told import News


QUICK = 3000  # runs of a session that a hook follows: 0.2 ms each


def _say_nothing(sentence: str) -> None:
    return


def fold_runs(repository: Repository, reader: ObjectReader, news: "News", most: int = QUICK) -> "Contents | None":
    """Return commit -> session -> the cut of its runs that what is new in the commit rests on.

    None where no runs are known here, or they are to stay at home. Sessions of more than `most` runs are left out.
    """
    if not _has_journals(repository) and reader.read(f"{SNAPSHOTS}:{FOLDER}") is None:
        return None
    if not travels(repository):
        return None
    from nbgit.lineage.cuts.choosing import cuts_for

    return cuts_for(repository, reader, news, most)


def fold_all_runs(repository: Repository, reader: ObjectReader, news: "News") -> "Contents | None":
    """Return the same of all sessions, however long that takes."""
    return fold_runs(repository, reader, news, sys.maxsize)


def link_missing(repository: Repository, tell: "Callable[[str], object]" = _say_nothing) -> int:
    """Do what `nbgit.store.late.link_missing` does, with the runs that were recorded."""
    return late.link_missing(repository, tell, fold_runs)


def _has_journals(repository: Repository) -> bool:
    try:
        with os.scandir(os.path.join(repository.nbgit_dir, FOLDER)) as found:
            return any(entry.name.endswith(SUFFIX) for entry in found)
    except OSError:
        return False
