"""Ring 3: the figure index `<git-common-dir>/nbgit/index.sqlite` (docs/formats.md, "Local files").

A cache and nothing more: all of it can be made again from git's objects and the journals of runs. So a file that is
damaged, foreign or of another version is dropped, and where the file can't be written (a read-only repository, a lock
that is not given up) the same tables live in memory for this one process. Rows are immutable: a commit's changes and a
document's payloads never change under their oid. Only `noted` and `links` follow the entries' ref, as far as `state`
says, and the tables of runs what lies in their sources. A document is what shows outputs: a notebook's blob, or a
snapshot's tree.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import TypeVar

from nbgit.store.repository import Repository

APPLICATION_ID = 0x6E626769  # "nbgi"
VERSION = 6
LOCK_SECONDS = 2.0
LATER = 100  # rows that may wait
Answer = TypeVar("Answer")

_TABLES = """
CREATE TABLE commits (
    id INTEGER PRIMARY KEY, oid TEXT NOT NULL UNIQUE, parents TEXT NOT NULL,
    author TEXT NOT NULL, date TEXT NOT NULL, summary TEXT NOT NULL);
CREATE TABLE changes (
    commit_id INTEGER NOT NULL, parent INTEGER NOT NULL, path BLOB NOT NULL, old_path BLOB, blob TEXT,
    old_blob TEXT);
CREATE INDEX changes_by_path ON changes (path);
CREATE INDEX changes_by_old_path ON changes (old_path) WHERE old_path IS NOT NULL;
CREATE INDEX changes_by_blob ON changes (blob);
CREATE INDEX changes_by_commit ON changes (commit_id);
CREATE TABLE documents (id INTEGER PRIMARY KEY, oid TEXT NOT NULL UNIQUE, cells TEXT, counts TEXT NOT NULL);
CREATE TABLE data (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL, UNIQUE (digest, mime));
CREATE TABLE payloads (
    document_id INTEGER NOT NULL, cell_index INTEGER NOT NULL, output_index INTEGER NOT NULL, position INTEGER NOT NULL,
    datum_id INTEGER NOT NULL, cell_id TEXT, execution_count INTEGER, file TEXT,
    PRIMARY KEY (document_id, cell_index, output_index, position)) WITHOUT ROWID;
CREATE INDEX payloads_by_datum ON payloads (datum_id);
CREATE TABLE pictures (digest BLOB PRIMARY KEY, width INTEGER, height INTEGER, pixels BLOB) WITHOUT ROWID;
CREATE TABLE signatures (digest BLOB PRIMARY KEY, hash BLOB) WITHOUT ROWID;
CREATE TABLE thumbnails (digest BLOB PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE traces (digest BLOB NOT NULL, kind TEXT NOT NULL, trace BLOB NOT NULL);
CREATE INDEX traces_by_digest ON traces (digest);
CREATE INDEX traces_by_trace ON traces (trace);
CREATE TABLE noted (id INTEGER PRIMARY KEY, oid TEXT NOT NULL UNIQUE);
CREATE TABLE links (
    noted_id INTEGER NOT NULL, path BLOB NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (noted_id, path)) WITHOUT ROWID;
CREATE INDEX links_by_path ON links (path);
CREATE INDEX links_by_snapshot ON links (snapshot);
CREATE TABLE state (entries TEXT NOT NULL);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, began TEXT NOT NULL, last TEXT NOT NULL, home INTEGER,
    kin INTEGER NOT NULL);
CREATE TABLE run_sources (
    key TEXT PRIMARY KEY, session_id INTEGER NOT NULL, stamp TEXT NOT NULL, end INTEGER NOT NULL, mark BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE edges (session_id INTEGER PRIMARY KEY, stamp BLOB NOT NULL, packed BLOB NOT NULL);
CREATE TABLE run_keys (key INTEGER NOT NULL, session_id INTEGER NOT NULL, PRIMARY KEY (key, session_id)) WITHOUT ROWID;
"""


class Index:
    """An open index; `connection` is for reading, `writing()` for changes. Close it when done."""

    def __init__(self, path: str | None) -> None:
        """Open the index at `path` (made if absent, dropped if it is not ours), or one in memory for None."""
        self.path = path
        self.connection = _memory() if path is None else _open_file(path)
        self._later: list[tuple[str, tuple[object, ...]]] = []

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one transaction, which is committed at the end.

        Where the file can't be written the index goes on in memory with all it knew.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._move_to_memory()
            self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    def write_later(self, statement: str, row: tuple[object, ...]) -> None:
        """Have something written when the answer is there; where that can't be, it is left out."""
        self._later.append((statement, row))
        if len(self._later) >= LATER:
            self.write_now()

    def write_now(self) -> None:
        """Write what was left for later."""
        rows, self._later = self._later, []
        if rows and self.path is not None:
            with contextlib.suppress(sqlite3.Error), self.writing() as connection:
                for statement, row in rows:
                    connection.execute(statement, row)

    def _move_to_memory(self) -> None:
        copy = sqlite3.connect(":memory:", isolation_level=None)
        try:
            self.connection.backup(copy)
        except sqlite3.Error:
            copy.close()
            raise
        self.connection.close()
        self.connection = copy
        self.path = None


def with_index(repository: Repository, work: Callable[[Index], Answer]) -> Answer:
    """Return `work(index)` with this repository's index; `work` may run again, on a fresh one, where the file fails it.

    First the file as it is; then, if SQLite finds it damaged, a new file; then, if that can't be had either, memory.
    """
    path = os.path.join(repository.nbgit_dir, "index.sqlite")
    for attempt in ("as it is", "afresh"):
        if attempt == "afresh":
            _drop(path)
        try:
            index = Index(path)
        except (sqlite3.Error, OSError):
            break
        try:
            answer = work(index)
            index.write_now()
            return answer
        except sqlite3.Error as error:
            if "locked" in str(error):
                break  # another process is at work on a file that is in order
        finally:
            index.close()
    index = Index(None)
    try:
        return work(index)
    finally:
        index.close()


def _open_file(path: str) -> sqlite3.Connection:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for _ in range(2):
        connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
        try:
            if _is_ours(connection):
                return connection
        except sqlite3.OperationalError:
            connection.close()
            raise
        except sqlite3.DatabaseError:
            pass
        connection.close()
        _drop(path)
    raise sqlite3.DatabaseError("the index could not be made")


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Return whether the file is an index of this version; an empty file becomes one."""
    identity = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if identity == [APPLICATION_ID, VERSION]:
        return True
    connection.execute("BEGIN IMMEDIATE")
    try:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables:
            _make_tables(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    identity = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    return identity == [APPLICATION_ID, VERSION]


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _make_tables(connection)
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _drop(path: str) -> None:
    for name in (path, path + "-journal"):
        with contextlib.suppress(OSError):
            os.unlink(name)
