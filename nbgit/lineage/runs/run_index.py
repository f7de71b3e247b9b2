"""Ring 3: which sessions have to do with a file, an output or a piece of code, in the index (docs/formats.md).

Only these are read then: what the index says of a session is a superset of what its sources say. Sources are read on
from where they were left, so that a kernel that lives costs the lines it has added.
"""

import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.index import Index
from nbgit.lineage.runs.journals import VERSION, instant, read_line
from nbgit.lineage.runs.sources import Source

# What a key stands for: a displayed digest, a run's code, a file read or written by path or by content, and the place
# (a file or notebook, and each folder above it) that a run has to do with.
SHOWN, CODE, READ, WRITTEN, READ_CONTENT, WRITTEN_CONTENT, PLACE = "s", "c", "r", "w", "R", "W", "p"
BATCH = 400_000  # keys that are stored at once: what bounds the memory
TIME = 40  # characters of a time
UNKNOWN = "9"  # a time that sorts behind all others
KEYED = (b'"displayed"', b'"reads"', b'"writes"')


class SessionRow(NamedTuple):
    """A session as the index knows it: its id, when it began, and when its last run did (as `instant` gives them).

    `kin` is the same for sessions that are numbered together: those of this clone, or of one other machine.
    """

    id: str
    began: str
    last: str
    kin: int


class _Known(NamedTuple):
    session: str
    stamp: str
    end: int
    mark: bytes


class _Session:
    """What is new of one session."""

    def __init__(self) -> None:
        self.keys: set[int] = set()
        self.began = self.last = ""
        self.home: int | None = None
        self.host = ""
        self.is_local = False
        self.read: list[tuple[str, str, int, bytes]] = []  # key, stamp, end, mark of each source

    def take(self, line: dict[str, Any]) -> None:
        """Take in a line; raises what a line of another form raises."""
        kind = line.get("type")
        if kind == "begin":
            started = instant(line["started"])[:TIME]
            self.began = self.began or started
            self.last = max(self.last, started)
            self.keys.add(key_of(CODE, line["code"]))
        elif kind == "session":
            if isinstance(line.get("started"), str):
                self.began = instant(line["started"])[:TIME]
            self.host = self.host or str(line.get("host", ""))
            if isinstance(line.get("notebook"), str):
                self.home = key_of(PLACE, line["notebook"])
                self.keys.update(_places(line["notebook"]))
        else:
            for one in line.get("displayed", ()):
                self.keys.add(key_of(SHOWN, one["digest"]))
            for name, path_kind, content_kind in FILES:
                for one in line.get(name, ()):
                    self._take_file(one, path_kind, content_kind)

    def _take_file(self, file: dict[str, Any], path_kind: str, content_kind: str) -> None:
        if isinstance(file.get("sha256"), str):
            self.keys.add(key_of(content_kind, file["sha256"]))
        self.keys.add(key_of(path_kind, file["path"]))
        self.keys.update(_places(file["path"]))


FILES = (
    ("reads", READ, READ_CONTENT),
    ("writes", WRITTEN, WRITTEN_CONTENT),
    ("files", READ, READ_CONTENT),  # digests that came later: of files read, or written
    ("files", WRITTEN, WRITTEN_CONTENT),
)


def key_of(kind: str, text: str) -> int:
    """Return the number that stands for a digest, a path or code in the index; different ones may share it."""
    data = f"{kind}{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def learn_runs(index: Index, sources: list[Source], report: Report | None = None) -> None:
    """Put into the index what is new in the sources, and drop what is gone; `report` counts sources."""
    rows = index.connection.execute(
        "SELECT key, name, stamp, end, mark FROM run_sources JOIN sessions ON sessions.id = session_id"
    )
    known = {row[0]: _Known(*row[1:]) for row in rows}
    there = {source.key for source in sources}
    dropped = {row.session for key, row in known.items() if key not in there}
    changed = [source for source in sources if source.key not in known or known[source.key].stamp != source.stamp]
    dropped |= {source.session for source in changed if not _continues(source, known.get(source.key))}
    if dropped:
        _drop(index, dropped)
        known = {key: row for key, row in known.items() if row.session not in dropped}
        changed = [source for source in sources if source in changed or source.session in dropped]
    for batch in _batches(changed, known, report):
        _store(index, batch)


def unread_bytes(index: Index, sources: list[Source]) -> int:
    """Return about how many bytes `learn_runs` would read now."""
    rows = index.connection.execute("SELECT key, stamp, end FROM run_sources")
    known = {key: (stamp, end) for key, stamp, end in rows}
    found = [(source, *known.get(source.key, (None, 0))) for source in sources]
    return sum(max(0, source.size - end) for source, stamp, end in found if stamp != source.stamp)


def sessions_with(index: Index, kind: str, text: str) -> set[int]:
    """Return the sessions (numbers of the index) that may have to do with something."""
    rows = index.connection.execute("SELECT session_id FROM run_keys WHERE key = ?", [key_of(kind, text)])
    return {session for (session,) in rows}


def sessions_at_home(index: Index, notebooks: Iterable[str]) -> set[int]:
    """Return the sessions of these notebooks, and those of which it is not known."""
    homes = [key_of(PLACE, path) for path in notebooks]
    marks = ",".join("?" * len(homes))
    rows = index.connection.execute(f"SELECT id FROM sessions WHERE home IS NULL OR home IN ({marks})", homes)
    return {session for (session,) in rows}


def all_sessions(index: Index) -> dict[int, SessionRow]:
    """Return every session that has a run, by its number in the index, in the order in which they began."""
    rows = index.connection.execute(
        "SELECT id, name, began, last, kin FROM sessions WHERE last <> '' ORDER BY began, name"
    )
    return {row[0]: SessionRow(*row[1:]) for row in rows}


def kept_edges(index: Index, session: str, stamp: bytes) -> bytes | None:
    """Return what was kept with this stamp for a session, or None."""
    row = index.connection.execute(
        "SELECT packed FROM edges JOIN sessions ON id = session_id WHERE name = ? AND stamp = ?", [session, stamp]
    ).fetchone()
    return row[0] if row else None


def keep_edges(index: Index, session: str, stamp: bytes, packed: bytes) -> None:
    """Keep it, once the question is answered."""
    statement = "INSERT OR REPLACE INTO edges SELECT id, ?, ? FROM sessions WHERE name = ?"
    index.write_later(statement, (stamp, packed, session))


def all_homes(index: Index) -> set[int]:
    """Return the keys of all notebooks that sessions are known to be of."""
    return {home for (home,) in index.connection.execute("SELECT DISTINCT home FROM sessions WHERE home IS NOT NULL")}


def newest_sessions(index: Index) -> list[str]:
    """Return the last session of each notebook, and all of which none is known, oldest first."""
    rows = index.connection.execute("SELECT name, home FROM sessions WHERE last <> '' ORDER BY last, name").fetchall()
    newest = {home: name for name, home in rows if home is not None}
    return [name for name, home in rows if home is None or newest[home] == name]


def _continues(source: Source, row: _Known | None) -> bool:
    """Return whether a source still begins with what was read of it."""
    if row is None:
        return True
    try:
        return source.mark(row.end) == row.mark
    except OSError:
        return False


def _batches(sources: list[Source], known: dict[str, _Known], report: Report | None) -> Iterator[dict[str, _Session]]:
    """Yield what is new, by session, so much at once that it can be stored."""
    batch: dict[str, _Session] = {}
    size = 0
    for number, source in enumerate(sources, 1):
        session = batch.setdefault(source.session, _Session())
        before = len(session.keys)
        row = known.get(source.key)
        _read(source, row.end if row else 0, session)
        size += len(session.keys) - before
        if size >= BATCH or number == len(sources):
            yield batch
            batch, size = {}, 0
        if report:
            report(number, len(sources))


def _read(source: Source, start: int, session: _Session) -> None:
    """Read a source from byte `start` on."""
    end = start
    try:
        for row, behind in source.rows(start):
            end = behind
            if row.startswith(b'{"type":"end"') and not any(word in row for word in KEYED):
                continue  # most runs show and open nothing
            line = read_line(row)
            if line is None:
                continue
            if line.get("nbgit-run", VERSION) != VERSION:
                break
            try:
                session.take(line)
            except (TypeError, ValueError, KeyError, AttributeError):
                continue  # a line of another form
        mark = source.mark(end)
    except OSError:
        return  # gone meanwhile
    session.is_local = session.is_local or source.is_local
    session.read.append((source.key, source.stamp, end, mark))


def _store(index: Index, batch: dict[str, _Session]) -> None:
    with index.writing() as connection:
        ids: dict[str, int] = {}
        for name, new in batch.items():
            kin = 0 if new.is_local else key_of("h", new.host)
            connection.execute(
                "INSERT INTO sessions (name, began, last, home, kin) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET began = min(began, excluded.began), last = max(last, excluded.last),"
                " home = coalesce(excluded.home, home), kin = iif(excluded.kin = 0, 0, kin)",
                [name, _plain(new.began or UNKNOWN), _plain(new.last), new.home, kin],
            )
            ids[name] = connection.execute("SELECT id FROM sessions WHERE name = ?", [name]).fetchone()[0]
            rows = [(key, ids[name], stamp, end, mark) for key, stamp, end, mark in new.read]
            connection.executemany("INSERT OR REPLACE INTO run_sources VALUES (?, ?, ?, ?, ?)", rows)
        pairs = sorted(key << 32 | ids[name] for name, new in batch.items() for key in new.keys)
        connection.executemany(
            "INSERT OR IGNORE INTO run_keys VALUES (?, ?)", ((pair >> 32, pair & 0xFFFFFFFF) for pair in pairs)
        )


def _drop(index: Index, names: set[str]) -> None:
    with index.writing() as connection:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS dropped (id INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM dropped")
        rows = [[name] for name in names]
        connection.executemany("INSERT OR IGNORE INTO dropped SELECT id FROM sessions WHERE name = ?", rows)
        for table in ("run_keys", "edges", "run_sources"):
            connection.execute(f"DELETE FROM {table} WHERE session_id IN (SELECT id FROM dropped)")
        connection.execute("DELETE FROM sessions WHERE id IN (SELECT id FROM dropped)")


def _places(path: str) -> Iterator[int]:
    """Yield the keys of a path and of each folder above it."""
    while path:
        yield key_of(PLACE, path)
        path = os.path.dirname(path) if path.strip("/") else ""


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
