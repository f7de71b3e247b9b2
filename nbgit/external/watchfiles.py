"""Ring 3: the door to watchfiles: which files changed in a directory, as the system tells it."""

import os
from collections.abc import Callable, Iterator
from threading import Event

from nbgit.errors import MissingExtra, NbgitError

PATIENCE = 500  # milliseconds after which an empty set comes, so that nobody waits for ever
QUIET = 50  # milliseconds without a change after which a burst counts as over
BURST = 400  # milliseconds that a burst may last


def watch_files(folders: list[str], wanted: Callable[[str], bool], stop: Event) -> Iterator[set[str]]:
    """Yield the files (absolute paths that are `wanted`) that were written or moved into these folders, in bursts.

    From the first set on, which may be empty, nothing is missed; empty ones follow twice a second. Ends when `stop` is
    set. Raises MissingExtra where watchfiles is not installed, NbgitError where the system can't watch so much.
    """
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        raise MissingExtra("watchfiles is not installed; run `pip install 'nbgit[watch]'`") from error

    def is_wanted(change: "Change", file: str) -> bool:
        return change != Change.deleted and (wanted(file) or (change == Change.added and os.path.isdir(file)))

    try:
        for changes in watch(
            *folders,
            watch_filter=is_wanted,
            debounce=BURST,
            step=QUIET,
            stop_event=stop,
            rust_timeout=PATIENCE,
            yield_on_timeout=True,
            raise_interrupt=True,
        ):
            yield {file for _, path in changes for file in _files_of(path) if wanted(file)}
    except (OSError, RuntimeError) as error:
        words = str(error).strip() or type(error).__name__
        raise NbgitError(
            f"these folders can't be watched: {words}; name fewer folders, or set WATCHFILES_FORCE_POLLING=true"
        ) from error


def _files_of(path: str) -> Iterator[str]:
    """Yield the file itself, or all files of a new folder: what was written into it first came before the watch."""
    if not os.path.isdir(path) or os.path.islink(path):
        yield path
        return
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.path.join(folder, name)
