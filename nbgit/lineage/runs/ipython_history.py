"""Ring 3: IPython's own history: the sessions of its `history.sqlite`, each with its lines, read while others write it.

IPython keeps what was typed in every session of a profile, with the execution counts and when the session began: not
in which folder, not how it ended, and outputs only where a person has asked for it.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgit.errors import NbgitError

NAME = "history.sqlite"
PROFILE = "profile_default"
PATIENCE = 10.0  # seconds that IPython may take to write
LARGEST = 1 << 30  # bytes of a file that is copied where it can't be read in place
LINES = 100_000  # of a session
JOURNALS = ("-journal", "-wal", "-shm")


@dataclass(frozen=True)
class TypedSession:
    """One session: its number in the file, when it began and ended (UTC; None: it lives, or was killed)."""

    number: int
    started: datetime
    ended: datetime | None
    stamp: str  # when it began, as the file has it


def default_file(environ: Mapping[str, str]) -> str:
    """Return where IPython has the history of the default profile."""
    home = environ.get("HOME") or os.path.expanduser("~")
    return os.path.join(environ.get("IPYTHONDIR") or os.path.join(home, ".ipython"), PROFILE, NAME)


class History:
    """An open history."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def sessions(self) -> list[TypedSession]:
        """Return all sessions in their order; those whose beginning can't be read are left out."""
        found = []
        for number, start, end in self._connection.execute("SELECT session, start, end FROM sessions ORDER BY session"):
            started = _time(start)
            if isinstance(number, int) and started is not None:
                found.append(TypedSession(number, started, _time(end), str(start)))
        return found

    def lines(self, session: int) -> Iterator[tuple[int, str]]:
        """Yield (execution count, code) of a session's lines in their order."""
        rows = self._connection.execute(
            "SELECT line, coalesce(source_raw, source) FROM history WHERE session = ? AND line > 0"
            " ORDER BY line LIMIT ?",
            [session, LINES],
        )
        for line, code in rows:
            if isinstance(line, int) and isinstance(code, str) and code.strip():
                yield line, code


@contextmanager
def open_history(file: str) -> Iterator[History]:
    """Open a history without changing it; raises NbgitError where it can't be read."""
    if not os.path.isfile(file):
        raise NbgitError(f"{file} is not there: IPython has kept no history; name one by --file")
    with TemporaryDirectory(prefix="nbgit-history-") as folder:
        try:
            connection = _connect(file)
        except sqlite3.Error:
            connection = _connect_copy(file, folder)
        try:
            yield History(connection)
        except sqlite3.Error as error:
            raise NbgitError(f"{file} can't be read as IPython's history ({error})") from error
        finally:
            connection.close()


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("SELECT session FROM sessions LIMIT 1").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _connect_copy(file: str, folder: str) -> sqlite3.Connection:
    """Read a copy: what a kernel that was killed has left behind can't be settled without writing."""
    copy = os.path.join(folder, NAME)
    try:
        if os.path.getsize(file) > LARGEST:
            raise NbgitError(
                f"{file} is too large to be copied, and can't be read in place; end IPython, and try again"
            )
        for suffix in ("", *JOURNALS):
            if os.path.exists(file + suffix):
                shutil.copyfile(file + suffix, copy + suffix)
        connection = sqlite3.connect(copy)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("SELECT session FROM sessions LIMIT 1").fetchone()
    except (OSError, sqlite3.Error) as error:
        raise NbgitError(f"{file} can't be read as IPython's history ({error})") from error
    return connection


def _time(text: object) -> datetime | None:
    """Return a time of the file in UTC: IPython writes local time without a zone, and newer ones ends in UTC."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(timezone.utc) if text is not None else None
    except (ValueError, OverflowError, OSError):
        return None
