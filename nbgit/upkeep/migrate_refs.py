"""Ring 3: the refs of a rewritten history: all of them move in one transaction, what they were is kept beside.

`refs/nbgit-backup/<stamp>/heads/...` and `.../tags/...` are what branches and tags were; nothing pushes them.
"""

import time

from nbgit.errors import GitFailed, NbgitError
from nbgit.store.entries import list_notes, put_note, read_cuts, read_entry, read_own, write_entry
from nbgit.store.forgotten import read_forgotten
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import (
    BACKUPS,
    ENTRIES,
    README,
    SNAPSHOTS,
    TRIES,
    commit_content,
    read_refs,
    refs_below,
    swap_refs,
)
from nbgit.store.repository import Repository
from nbgit.store.textconv_cache import TEXTCONV_CACHE, TextconvCache
from nbgit.store.told import tell_rows
from nbgit.store.trees import BLOB, TREE, Tree
from nbgit.upkeep.migrate_history import HistoryRewriter

TEXTCONV = "refs/notes/textconv/"  # git's caches, which note blobs
BACKUP = f"{BACKUPS}/"
Rows = dict[str, dict[str, tuple[str, str]]]  # old commit -> path -> (snapshot id, what the entry says of it)


class RefsWriter:
    """Moves the refs to a rewritten history."""

    def __init__(
        self, repository: Repository, reader: ObjectReader, sink: ObjectSink, history: HistoryRewriter, rows: Rows
    ) -> None:
        self._repository = repository
        self._reader = reader
        self._sink = sink
        self._history = history
        self._rows = rows
        self._new = {old: new for old, new in history.new_of.items() if old != new}

    def move(self, refs: dict[str, str], stamp: str) -> dict[str, str]:
        """Move `refs` (ref -> old oid), nbgit's own and all notes; return ref -> new oid of those of `refs` that moved.

        Raises NbgitError where one of `refs` was moved by somebody else meanwhile.
        """
        moves: dict[str, tuple[str, str | None]] = {}
        for name, old in refs.items():
            if old in self._new:
                moves[name] = (self._new[old], old)
                moves[f"{BACKUP}{stamp}/{name.removeprefix('refs/')}"] = (old, None)
        notes = [
            name for name in refs_below(self._repository, "refs/notes") if not name.startswith("refs/notes/textconv/")
        ]
        own = [SNAPSHOTS, TEXTCONV_CACHE, *dict.fromkeys([ENTRIES, *notes])]
        cache = TextconvCache(self._repository, self._reader)
        for attempt in range(TRIES):
            before = read_refs(self._repository, own)
            after: dict[str, str | None] = {
                SNAPSHOTS: self._snapshots(before.get(SNAPSHOTS)),
                TEXTCONV_CACHE: cache.filled(before.get(TEXTCONV_CACHE), self._history.texts, self._sink),
                ENTRIES: self._entries(before.get(ENTRIES), before.get(SNAPSHOTS)),
            }
            for name in notes:
                if name != ENTRIES and name in before:
                    after[name] = self._notes(before[name])
            self._sink.flush()
            changed = {name: (oid, before.get(name)) for name, oid in after.items() if oid and oid != before.get(name)}
            if swap_refs(self._repository, {**moves, **changed}):
                return {name: moves[name][0] for name in refs if name in moves}
            now = refs_below(self._repository, "refs/heads", "refs/tags")
            if any(now.get(name) != old for name, old in refs.items()):
                raise NbgitError("a branch or tag was moved while its history was rewritten; nothing was changed")
            time.sleep(0.01 * (attempt + 1))
        raise GitFailed("the refs could not be moved, other processes were always faster; run `nbgit migrate` again")

    def _tree(self, commit: str | None) -> Tree:
        return Tree(f"{commit}^{{tree}}" if commit else None, self._reader, len(self._repository.empty_oid) // 2)

    def _commit(self, tree: Tree, parent: str | None, message: str) -> str:
        content = commit_content(tree.write(self._sink), [parent] if parent else [], message, int(time.time()))
        return self._sink.add("commit", content)

    def _snapshots(self, old: str | None) -> str:
        forgotten = read_forgotten(self._reader, old).snapshots
        root = self._tree(old)
        sources = root.directory("by-source")
        for moved in self._history.moved.values():
            if moved is not None and moved.snapshot_id not in forgotten:
                directory = sources.directory(moved.source_oid[:2]).directory(moved.source_oid[2:])
                directory.put(moved.snapshot_id, TREE, moved.snapshot_id)
        root.put("README", BLOB, self._sink.add("blob", README))
        return self._commit(root, old, "nbgit: snapshots")

    def _entries(self, old: str | None, snapshots: str | None) -> str | None:
        """Return the notes with an entry for each new commit: what was in its blobs, and what its entry said before."""
        forgotten = read_forgotten(self._reader, snapshots).snapshots
        notes = self._tree(old)
        held = list_notes(self._repository, old) if old else {}
        changed = False
        for old_commit, new_commit in self._new.items():
            rows = {
                path: (snapshot_id, summary)
                for path, (snapshot_id, summary) in self._rows.get(old_commit, {}).items()
                if snapshot_id not in forgotten
            }
            note = (self._reader.read(held[old_commit]) or b"") if old_commit in held else b""
            linked = {path: snapshot_id for path, snapshot_id in read_entry(note).items() if path not in rows}
            own = {path: blob for path, blob in read_own(note).items() if not self._history.moved.get(blob)}
            if rows or linked or own:
                said, told = tell_rows(self._repository, self._reader, old_commit, linked, own)
                entry = write_entry({**rows, **said}, told, read_cuts(note))
                put_note(notes, new_commit, self._sink.add("blob", entry))
                changed = True
        return self._commit(notes, old, "nbgit: entries") if changed else old

    def _notes(self, old: str) -> str:
        """Return a notes ref of somebody else's with each note of an old commit standing at the new one too."""
        notes = self._tree(old)
        carried = {noted: blob for noted, blob in list_notes(self._repository, old).items() if noted in self._new}
        for noted, blob in carried.items():
            put_note(notes, self._new[noted], blob)
        return self._commit(notes, old, "Notes carried over by 'nbgit migrate'") if carried else old
