"""Ring 3: what the two shared refs hold, walked once: snapshots by source, entries by commit."""

from collections.abc import Iterator
from typing import NamedTuple

from nbgit.store.cuts import FOLDER as CUTS
from nbgit.store.cuts import cuts_in, file_name
from nbgit.store.entries import is_oid, is_session, read_cuts, read_own, read_rows
from nbgit.store.snapshots import DOCUMENT, SIZE_LIMIT
from nbgit.store.trees import BLOB, TREE
from nbgit.upkeep.local_objects import Entries, LocalObjects

CHUNK = 200  # snapshots whose trees and documents are read together
NOTE_LIMIT = 32 << 20  # bytes of a note that are read


class Gap(NamedTuple):
    """A tree that can't be read: what it is, its oid, and whether it is lawfully not here."""

    what: str
    oid: str
    is_elsewhere: bool


class Shelf(NamedTuple):
    """A snapshots ref, listed: (source oid, snapshot id) of each, what can't be read, what is neither a snapshot's
    place nor a cut's, the root tree, and (session, oid) of each cut."""

    rows: list[tuple[str, str]]
    gaps: list[Gap]
    odd: list[str]
    root: Entries
    cuts: list[tuple[str, str]]


class Parts(NamedTuple):
    """One snapshot, opened: its document, its payload files (name -> blob), its trees, and what could not be read.

    `documents` is the document's blob oid, or "".
    """

    source_oid: str
    snapshot_id: str
    document: bytes | None
    document_oid: str
    files: dict[str, str]
    trees: list[str]
    gaps: list[Gap]


class Note(NamedTuple):
    """One entry: the commit, the note's blob and what it says, path by path; None where it can't be read.

    `own` is path -> blob of notebooks that have their outputs in the commit, `cuts` the recorded runs that it names.
    """

    commit: str
    blob: str
    rows: list[tuple[str, str]] | None
    own: dict[str, str]
    cuts: list[tuple[str, str]]


def list_snapshots(objects: LocalObjects, tip: str | None) -> Shelf:
    """Return what the snapshots ref at commit `tip` holds, read in a handful of exchanges with git."""
    shelf = Shelf([], [], [], {}, [])
    if tip is None:
        return shelf
    root = objects.tree_of(tip)
    if root is None:
        shelf.gaps.append(Gap("the root tree", tip, objects.is_elsewhere(tip)))
        return shelf
    shelf.root.update(root)
    mode, oid = root.get("by-source", ("", ""))
    top = _open(objects, [("by-source", oid)] if mode == TREE else [], shelf)
    shards = _open(objects, _folders(top, shelf, 2), shelf)
    length = len(tip)
    for name, entries in _open(objects, _folders(shards, shelf, length - 2), shelf):
        source_oid = name.removeprefix("by-source/").replace("/", "")
        for snapshot_id, (mode, oid) in entries.items():
            if mode == TREE and oid == snapshot_id and is_oid(source_oid):
                shelf.rows.append((source_oid, snapshot_id))
            else:
                shelf.odd.append(f"{name}/{snapshot_id}")
    _list_cuts(objects, shelf)
    return shelf


def _list_cuts(objects: LocalObjects, shelf: Shelf) -> None:
    mode, oid = shelf.root.get(CUTS, ("", ""))
    sessions = []
    for name, entries in _open(objects, [(CUTS, oid)] if mode == TREE else [], shelf):
        for part, (kind, one) in entries.items():
            if kind == TREE and is_session(part):
                sessions.append((f"{name}/{part}", one))
            else:
                shelf.odd.append(f"{name}/{part}")
    for name, entries in _open(objects, sessions, shelf):
        named = cuts_in(entries)
        shelf.cuts.extend((name.removeprefix(f"{CUTS}/"), one) for one in named)
        shelf.odd.extend(f"{name}/{part}" for part in entries.keys() - {file_name(one) for one in named})


def _open(objects: LocalObjects, named: list[tuple[str, str]], shelf: Shelf) -> list[tuple[str, Entries]]:
    found = []
    for (name, oid), entries in zip(named, objects.trees(oid for _, oid in named), strict=True):
        if entries is None:
            shelf.gaps.append(Gap(f"the tree {name}", oid, objects.is_elsewhere(oid)))
        else:
            found.append((name, entries))
    return found


def _folders(opened: list[tuple[str, Entries]], shelf: Shelf, length: int) -> list[tuple[str, str]]:
    """Return (name, oid) of the folders in these trees; names must be so many hex digits."""
    found = []
    for name, entries in opened:
        for part, (mode, oid) in entries.items():
            if mode == TREE and len(part) == length and set(part) <= set("0123456789abcdef"):
                found.append((f"{name}/{part}", oid))
            else:
                shelf.odd.append(f"{name}/{part}")
    return found


def open_snapshots(
    objects: LocalObjects, rows: list[tuple[str, str]], *, documents: bool = True, payloads: bool = False
) -> Iterator[Parts]:
    """Give each of these snapshots with its document and the names of its payload files.

    Without `documents` these are not read. With `payloads` these and the sources are asked for ahead.
    """
    for start in range(0, len(rows), CHUNK):
        yield from _open_chunk(objects, rows[start : start + CHUNK], documents, payloads)


def _open_chunk(
    objects: LocalObjects, rows: list[tuple[str, str]], reads_documents: bool, reads_payloads: bool
) -> Iterator[Parts]:
    roots = list(objects.trees(snapshot_id for _, snapshot_id in rows))
    opened = [
        Parts(source_oid, snapshot_id, None, (root or {}).get(DOCUMENT, ("", ""))[1], {}, [snapshot_id], [])
        for (source_oid, snapshot_id), root in zip(rows, roots, strict=True)
    ]
    folders: list[tuple[Parts, str, str]] = []
    for parts, root in zip(opened, roots, strict=True):
        if root is None:
            parts.gaps.append(_gap(objects, "its tree", parts.snapshot_id))
        elif root.get("cells", ("", ""))[0] == TREE:
            folders.append((parts, "cells", root["cells"][1]))
    while folders:
        folders = _open_folders(objects, folders)
    if reads_payloads:
        objects.prefetch(oid for parts in opened for oid in (*parts.files.values(), parts.source_oid))
    if not reads_documents:
        yield from opened
        return
    documents = objects.stream((parts.document_oid for parts in opened if parts.document_oid), SIZE_LIMIT)
    for parts in opened:
        content = next(documents)[1] if parts.document_oid else None
        if content is None and parts.document_oid:
            parts.gaps.append(_gap(objects, DOCUMENT, parts.document_oid))
        yield parts._replace(document=content)


def _open_folders(objects: LocalObjects, folders: list[tuple[Parts, str, str]]) -> list[tuple[Parts, str, str]]:
    """Take the files of these folders into their snapshots; return the folders below, at most two levels in all."""
    below: list[tuple[Parts, str, str]] = []
    for (parts, name, oid), entries in zip(folders, objects.trees(oid for _, _, oid in folders), strict=True):
        parts.trees.append(oid)
        if entries is None:
            parts.gaps.append(_gap(objects, name, oid))
            continue
        for part, (mode, child) in entries.items():
            if mode == TREE and name == "cells":
                below.append((parts, f"{name}/{part}", child))
            elif mode == BLOB:
                parts.files[f"{name}/{part}"] = child
    return below


def _gap(objects: LocalObjects, what: str, oid: str) -> Gap:
    return Gap(what, oid, objects.is_elsewhere(oid))


def list_notes(objects: LocalObjects, tip: str | None) -> tuple[list[tuple[str, str]], list[Gap]]:
    """Return (commit, blob) of every note of the notes ref at commit `tip`, whatever its fan-out; and what can't be
    read."""
    gaps: list[Gap] = []
    notes: list[tuple[str, str]] = []
    root = objects.tree_of(tip) if tip is not None else {}
    if root is None:
        return [], [Gap("the root tree", tip or "", objects.is_elsewhere(tip or ""))]
    level: list[tuple[str, Entries]] = [("", root)]
    while level:
        folders = []
        for prefix, entries in level:
            for name, (mode, oid) in entries.items():
                if mode == TREE and len(name) == 2:
                    folders.append((prefix + name, oid))
                elif is_oid(prefix + name):
                    notes.append((prefix + name, oid))
        level = []
        for (prefix, oid), entries_or_none in zip(folders, objects.trees(oid for _, oid in folders), strict=True):
            if entries_or_none is None:
                gaps.append(_gap(objects, f"the tree {prefix}", oid))
            else:
                level.append((prefix, entries_or_none))
    return notes, gaps


def read_notes(objects: LocalObjects, notes: list[tuple[str, str]]) -> Iterator[Note]:
    """Give what these notes say."""
    contents = objects.stream((blob for _, blob in notes), NOTE_LIMIT)
    for (commit, blob), (_, content) in zip(notes, contents, strict=True):
        rows = None if content is None else read_rows(content)
        named = read_cuts(content or b"").items()
        cuts = [(session, oid) for session, oids in named for oid in oids]
        yield Note(commit, blob, rows, read_own(content or b""), cuts)
