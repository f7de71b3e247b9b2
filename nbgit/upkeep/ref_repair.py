"""Ring 3: edits of the two shared refs that a repair asks for, in one transaction, with the old values kept."""

import time
from typing import NamedTuple

from nbgit.notebook.printable import printable
from nbgit.store.cuts import drop_cuts, last_cuts, put_cuts
from nbgit.store.entries import drop_note, get_note, put_note, read_cuts, read_own, read_rows, write_entry
from nbgit.store.forgotten import GONE, last_id
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import BACKUPS, ENTRIES, SNAPSHOTS, commit_content, move_refs, read_refs
from nbgit.store.repository import Repository
from nbgit.store.told import tell_rows
from nbgit.store.trees import TREE, Tree
from nbgit.upkeep.contents import list_snapshots
from nbgit.upkeep.fsck import forgotten
from nbgit.upkeep.local_objects import LocalObjects
from nbgit.upkeep.rebuild import whole_source

Rows = dict[tuple[str, str], str]  # (path, snapshot or own blob) -> the snapshot that takes its place, or GONE


class Edits(NamedTuple):
    """What is to change: (source oid, snapshot id) pairs to drop and to put back, rows of entries by commit, entries to
    drop, and cuts of recorded runs, (session, oid): what is to be named in their place, or GONE, and those to put
    back."""

    drop: set[tuple[str, str]]
    put_back: set[tuple[str, str]]
    rows: dict[str, Rows]
    notes: set[str]
    drop_cuts: dict[tuple[str, str], str]
    put_cuts: set[tuple[str, str]]


def repair_refs(repository: Repository, orders: dict[str, list[tuple[str, ...]]]) -> list[str]:
    """Carry out these orders on the snapshots and the entries; return what was done.

    The refs' old values are kept under refs/nbgit-backup, but for snapshots that were forgotten on purpose. Raises
    GitFailed, and then nothing has changed.
    """
    edits, done = _plan(repository, orders)
    if not any(edits):
        return []
    keeps = bool(orders["drop-snapshot"] or edits.rows or edits.notes or edits.drop_cuts)
    folder = f"{BACKUPS}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    backups = {SNAPSHOTS: f"{folder}/snapshots", ENTRIES: f"{folder}/entries"} if keeps else {}
    with ObjectReader(repository) as reader:

        def build(old: dict[str, str]) -> dict[str, str | None]:
            sink = ObjectSink(repository)
            new: dict[str, str | None] = {
                SNAPSHOTS: _snapshots(repository, reader, sink, old.get(SNAPSHOTS), edits),
                ENTRIES: _entries(repository, reader, sink, old.get(ENTRIES), edits),
            }
            sink.flush()
            changed = [name for name in backups if new[name] != old.get(name)]
            return {**new, **{backups[name]: old[name] for name in changed if name in old}}

        moved = move_refs(repository, [SNAPSHOTS, ENTRIES, *backups.values()], build)
    kept = [name for name in backups.values() if name in moved]
    if kept:
        done.append(f"the old refs are kept in {folder}: `git update-ref -d {kept[0]}` drops one")
    return done


def _plan(repository: Repository, orders: dict[str, list[tuple[str, ...]]]) -> tuple[Edits, list[str]]:
    edits = Edits(set(), set(), {}, set(), {}, set())
    done: list[str] = []
    for session, oid, *commits in orders["drop-cut"]:
        edits.drop_cuts[session, oid] = GONE
        edits.rows.update({commit: {} for commit in commits if commit not in edits.rows})
        done.append(f"recorded runs of session {session} ({oid[:12]}) are named no more")
    for session, oid in orders["put-cut"]:
        edits.put_cuts.add((session, oid))
        done.append(f"recorded runs of session {session} ({oid[:12]}) were still in git, and are in {SNAPSHOTS} again")
    for verb in ("drop-snapshot", "forget-snapshot"):
        for source_oid, snapshot_id in orders[verb]:
            edits.drop.add((source_oid, snapshot_id))
            done.append(f"snapshot {snapshot_id[:12]} is taken out of {SNAPSHOTS}")
    for (commit,) in orders["drop-note"]:
        edits.notes.add(commit)
        done.append(f"the entry of commit {commit[:12]} is dropped")
    for commit, path, snapshot_id in orders["drop-row"]:
        edits.rows.setdefault(commit, {})[path, snapshot_id] = GONE
        done.append(f"the entry of commit {commit[:12]} no longer names {printable(path)}")
    with LocalObjects(repository) as objects:
        shelf = list_snapshots(objects, read_refs(repository, [SNAPSHOTS]).get(SNAPSHOTS))
        stands_for = forgotten(objects, shelf)
        edits.drop_cuts.update({cut: last_id(stands_for, cut[1]) for cut in edits.drop_cuts if cut[1] in stands_for})
        there = {snapshot_id for _, snapshot_id in shelf.rows}
        for commit, path, snapshot_id, _ in orders["relink"]:
            place = f"{printable(path)} at {commit[:12]}"
            instead = stands_for.get(snapshot_id, GONE)
            found = None if snapshot_id in stands_for else whole_source(objects, snapshot_id)
            if found is not None:
                edits.put_back.add((found, snapshot_id))
                done.append(f"snapshot {snapshot_id[:12]} of {place} was still in git, and is in {SNAPSHOTS} again")
                continue
            instead = instead if instead in there else GONE
            edits.rows.setdefault(commit, {})[path, snapshot_id] = instead
            what = "its entry names no snapshot now" if instead == GONE else f"it is {instead[:12]} now"
            done.append(f"snapshot {snapshot_id[:12]} of {place} is gone: {what}")
    return edits, done


def _tree(repository: Repository, reader: ObjectReader, commit: str) -> Tree:
    return Tree(f"{commit}^{{tree}}", reader, len(repository.empty_oid) // 2)


def _snapshots(
    repository: Repository, reader: ObjectReader, sink: ObjectSink, old: str | None, edits: Edits
) -> str | None:
    if old is None or not (edits.drop or edits.put_back or edits.drop_cuts or edits.put_cuts):
        return old
    root = _tree(repository, reader, old)
    drop_cuts(root, edits.drop_cuts)
    put_cuts(root, {session: [oid] for (session, _), oid in edits.drop_cuts.items() if oid != GONE})
    for session, oid in edits.put_cuts:
        put_cuts(root, {session: [oid]})
    sources = root.directory("by-source")
    for source_oid, snapshot_id in edits.put_back:
        sources.directory(source_oid[:2]).directory(source_oid[2:]).put(snapshot_id, TREE, snapshot_id)
    for source_oid, snapshot_id in edits.drop:
        sources.directory(source_oid[:2]).directory(source_oid[2:]).drop(snapshot_id)
    return _commit(root, sink, old) if root.is_touched() else old


def _entries(
    repository: Repository, reader: ObjectReader, sink: ObjectSink, old: str | None, edits: Edits
) -> str | None:
    if old is None or not (edits.rows or edits.notes):
        return old
    notes = _tree(repository, reader, old)
    instead = {oid: new for (_, oid), new in edits.drop_cuts.items()}
    for commit in edits.notes:
        drop_note(notes, commit)
    for commit, rows in edits.rows.items():
        blob = get_note(notes, commit)
        content = reader.read(blob) if blob else None
        before = dict(read_rows(content or b""))
        now = {path: rows.get((path, snapshot_id), snapshot_id) for path, snapshot_id in before.items()}
        after = {path: snapshot_id for path, snapshot_id in now.items() if snapshot_id != GONE}
        said = read_own(content or b"")
        own = {path: blob for path, blob in said.items() if (path, blob) not in rows}
        named = read_cuts(content or b"")
        cuts = last_cuts(instead, named)
        if not after and not own:
            drop_note(notes, commit)
        elif after != before or own != said or cuts != named:
            entry = write_entry(*tell_rows(repository, reader, commit, after, own), cuts)
            put_note(notes, commit, sink.add("blob", entry))
    return _commit(notes, sink, old) if notes.is_touched() else old


def _commit(tree: Tree, sink: ObjectSink, parent: str) -> str:
    return sink.add("commit", commit_content(tree.write(sink), [parent], "nbgit: fsck --repair", int(time.time())))
