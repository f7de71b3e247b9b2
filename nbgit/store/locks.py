"""Ring 2: lock files of nbgit's refs that a killed git has left behind (git never removes one of its own).

A ref's lock is held for milliseconds. One that is older than `HUNG` seconds is said, with what to do; one that is older
than `STALE` seconds, and by the clock that has written it, is removed.
"""

import os
import time

from nbgit.errors import GitFailed
from nbgit.store.repository import Repository

HUNG = 10.0  # seconds
STALE = 600.0  # seconds


def check_locks(repository: Repository, names: list[str]) -> list[str]:
    """Remove the stale lock files of these refs and return their paths; raises GitFailed for one that may be in use
    and is not going away."""
    removed = []
    for name in names:
        lock = lock_file(repository, name)
        age = _age(lock)
        if age is not None and age > STALE and _remove(repository, lock):
            removed.append(lock)
        elif age is not None and abs(age) > HUNG:
            raise GitFailed(
                f"{lock} stands in the way: a git that was killed has left it, or one is stuck; if no git is at work "
                "in this repository remove that file, then run `nbgit link` (no outputs are lost)"
            )
    return removed


def lock_file(repository: Repository, name: str) -> str:
    """Return where git puts the lock file of a ref."""
    return os.path.join(repository.common_dir, *name.split("/")) + ".lock"


def _age(lock: str) -> float | None:
    """Return how many seconds old a lock file is (less than 0 where the clocks disagree), None where there is none."""
    try:
        return time.time() - os.stat(lock).st_mtime
    except OSError:
        return None


def _remove(repository: Repository, lock: str) -> bool:
    """Remove a stale lock; False where that can't be done safely.

    One process at a time looks again and removes, or a second one would remove the lock that a git has taken since.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        with open(os.path.join(repository.nbgit_dir, "stale-locks"), "ab") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)  # the system gives it back when this process ends, however it ends
            age = _age(lock)
            if age is not None and age > STALE:
                os.unlink(lock)
        return True
    except OSError:
        return False
