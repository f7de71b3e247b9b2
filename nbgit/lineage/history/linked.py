"""Ring 3: which snapshots the commits are linked to, in the index: one notebook's links, without reading every entry.

Entries change, unlike all else in the index. So it says which state of their ref its rows are of, and only what has
changed since is read.
"""

import sqlite3
from collections.abc import Iterable

from nbgit.lineage.history.commits import to_bytes, to_text
from nbgit.lineage.history.index import Index
from nbgit.store.entries import SIZE_LIMIT, read_entry
from nbgit.store.note_changes import changed_notes
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES, read_refs
from nbgit.store.repository import Repository

TRIES = 5  # where other processes write the same index at once
_Links = dict[str, dict[str, str]]  # commit oid -> path -> snapshot oid


def learn_links(repository: Repository, index: Index) -> None:
    """Bring the index up to what `refs/notes/nbgit` says now."""
    tip = read_refs(repository, [ENTRIES]).get(ENTRIES, "")
    for _ in range(TRIES):
        before = _state(index)
        if before == tip:
            return
        changes = changed_notes(repository, before or None, tip or None)
        afresh = changes is None  # what the rows are of is gone
        if changes is None:
            changes = changed_notes(repository, None, tip or None) or {}
        links, is_whole = _read(repository, {commit: new for commit, (_, new) in changes.items() if new})
        with index.writing() as connection:
            if _state(index) != before:
                continue  # another process was faster
            if afresh:
                connection.execute("DELETE FROM links")
                connection.execute("DELETE FROM noted")
            _replace(connection, links, list(changes))
            connection.execute("DELETE FROM state")
            connection.execute("INSERT INTO state VALUES (?)", [tip if is_whole else before])
        return


def _state(index: Index) -> str:
    """Return the commit of the entries' ref that the rows are of, "" for none."""
    row = index.connection.execute("SELECT entries FROM state").fetchone()
    return str(row[0]) if row else ""


def _read(repository: Repository, notes: dict[str, str]) -> tuple[_Links, bool]:
    """Return what these notes (commit -> note) say, and whether all of them are here: a partial clone may lack some."""
    if not notes:
        return {}, True
    with ObjectReader(repository) as reader:
        contents = reader.read_many(list(notes.values()), most=SIZE_LIMIT)
    links = {
        commit: entry for commit, content in zip(notes, contents, strict=True) if (entry := read_entry(content or b""))
    }
    return links, all(content is not None for content in contents)


def _replace(connection: sqlite3.Connection, links: _Links, commits: list[str]) -> None:
    for commit in commits:
        connection.execute("DELETE FROM links WHERE noted_id = (SELECT id FROM noted WHERE oid = ?)", [commit])
        connection.execute("DELETE FROM noted WHERE oid = ?", [commit])
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM noted").fetchone()[0]
    connection.executemany("INSERT INTO noted VALUES (?, ?)", enumerate(links, first))
    rows = (
        (number, to_bytes(path), snapshot)
        for number, entry in enumerate(links.values(), first)
        for path, snapshot in entry.items()
    )
    connection.executemany("INSERT INTO links VALUES (?, ?, ?)", rows)


def links_of(index: Index, names: Iterable[str]) -> _Links:
    """Return commit -> path -> snapshot for these paths."""
    found: _Links = {}
    for name in names:
        rows = index.connection.execute(
            "SELECT oid, snapshot FROM links JOIN noted ON noted.id = noted_id WHERE path = ?", [to_bytes(name)]
        )
        for commit, snapshot in rows:
            found.setdefault(commit, {})[name] = snapshot
    return found


def unread_snapshots(index: Index) -> list[tuple[str, str]]:
    """Return (commit, snapshot) for every link to a snapshot that the index has no document of."""
    return index.connection.execute(
        "SELECT noted.oid, snapshot FROM links JOIN noted ON noted.id = noted_id"
        " WHERE snapshot NOT IN (SELECT oid FROM documents WHERE cells IS NULL)"
    ).fetchall()


def names_linked_to(index: Index, snapshot: str) -> set[str]:
    """Return the paths at which some commit is linked to this snapshot."""
    rows = index.connection.execute("SELECT DISTINCT path FROM links WHERE snapshot = ?", [snapshot])
    return {to_text(path) for (path,) in rows}
