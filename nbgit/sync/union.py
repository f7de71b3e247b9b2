"""Ring 3: two clones' snapshots and entries become one, without a question (docs/formats.md, "Union").

Snapshots are immutable and named by their content, so their union is that of two sets. An entry that only one side has
changed is that side's; where both have, both are kept. What comes from a remote is untrusted: names are checked.
"""

import time

from nbgit.store.cuts import FOLDER as CUTS
from nbgit.store.cuts import cuts_in, file_name
from nbgit.store.entries import get_note, is_oid, is_session, put_note, unite_notes
from nbgit.store.forgotten import FILE, encode_forgotten, read_forgotten, unite_forgotten
from nbgit.store.note_changes import changed_notes
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import README, commit_content
from nbgit.store.repository import Repository
from nbgit.store.trees import BLOB, TREE, Tree, decode_tree

Entries = dict[str, tuple[str, str]]


class Union:
    """The unions of one repository: new objects go to `sink`; what the methods return is in git after its flush."""

    def __init__(self, repository: Repository, reader: ObjectReader, sink: ObjectSink) -> None:
        self._repository = repository
        self._reader = reader
        self._sink = sink
        self._width = len(repository.empty_oid) // 2
        self.arrived: set[str] = set()  # commits whose entries were taken from theirs
        self.came: list[tuple[str, str]] = []  # (source oid, snapshot id) of what was taken from theirs

    def snapshots(self, ours: str | None, theirs: str) -> str:
        """Return the commit that holds the snapshots of both, without those that either has forgotten."""
        if ours == theirs:
            return ours
        known = read_forgotten(self._reader, ours)
        forgotten = unite_forgotten(known, read_forgotten(self._reader, theirs))
        root = self.tree(ours)
        sources = root.directory("by-source")
        self._add_fans(sources, self._listing(f"{theirs}:by-source"), forgotten.snapshots)
        self._add_cuts(root, theirs, forgotten.snapshots)
        if forgotten != known:
            drop_forgotten(root, forgotten.snapshots)
            root.put(FILE, BLOB, self._sink.add("blob", encode_forgotten(forgotten)))
        root.put("README", BLOB, self._sink.add("blob", README))
        self._reader.forget()
        return self._commit(root, ours, theirs, "snapshots", fresh=forgotten != known)

    def entries(self, ours: str | None, theirs: str, base: str | None) -> str:
        """Return the commit that holds the entries of both; `base` is what theirs was when it was last united."""
        if ours == theirs:
            return ours
        notes = self.tree(ours)
        changes = changed_notes(self._repository, base, theirs)
        if changes is None:  # the base is gone: a forced push, and a gc
            changes = changed_notes(self._repository, None, theirs) or {}
        for commit, (before, after) in changes.items():
            if after is None:
                continue  # a note is never deleted by a union
            mine = get_note(notes, commit)
            if mine is None or mine == before:
                put_note(notes, commit, after)
                self.arrived.add(commit)
            elif mine != after:
                self.arrived.add(commit)
                one, other = self._reader.read_many([mine, after])
                put_note(notes, commit, self._sink.add("blob", unite_notes(one or b"", other or b"")))
        return self._commit(notes, ours, theirs, "entries", fresh=False)

    def tree(self, commit: str | None) -> Tree:
        """Return the tree of a commit, or an empty one, to be changed in memory."""
        return Tree(f"{commit}^{{tree}}" if commit else None, self._reader, self._width)

    def _commit(self, root: Tree, ours: str | None, theirs: str, what: str, *, fresh: bool) -> str:
        """Return `ours` or `theirs` where that is the union already, else a new commit (`fresh`: without a past)."""
        before = self._tree_oid(ours) if ours else None
        tree = root.write(self._sink)
        if ours and tree == before:
            return ours
        if tree == self._tree_oid(theirs):
            return theirs
        parents = [] if fresh else [commit for commit in (ours, theirs) if commit]
        return self._sink.add("commit", commit_content(tree, parents, f"nbgit: {what}", int(time.time())))

    def _tree_oid(self, commit: str) -> str | None:
        found = self._reader.read_named([f"{commit}^{{tree}}"])[0]
        return found[0] if found else None

    def _listing(self, name: str) -> Entries:
        """Return a tree's entries; none where it is no tree."""
        return self._decoded(self._reader.read(name))

    def _decoded(self, content: bytes | None) -> Entries:
        try:
            return decode_tree(content or b"", self._width)
        except ValueError:
            return {}

    def _add_fans(self, sources: Tree, theirs: Entries, forgotten: dict[str, str]) -> None:
        ours = sources.entries
        fans = {
            name: oid
            for name, (mode, oid) in theirs.items()
            if mode == TREE and _is_hex(name, 2) and ours.get(name) != (mode, oid)
        }
        self._reader.prefetch([*fans.values(), *(ours[name][1] for name in fans if name in ours)])
        for name, oid in fans.items():
            fan = self._listing(oid)
            mine = sources.directory(name) if name in ours else None
            new = {
                rest: found
                for rest, (mode, found) in fan.items()
                if mode == TREE
                and _is_hex(rest, self._width * 2 - 2)
                and (mine is None or mine.entries.get(rest) != (mode, found))
            }
            contents = self._reader.read_many(list(new.values()))
            for rest, content in zip(new, contents, strict=True):
                self._add_source(sources.directory(name), name, rest, self._decoded(content), forgotten)

    def _add_cuts(self, root: Tree, theirs: str, forgotten: dict[str, str]) -> None:
        ours = root.directory(CUTS).entries
        folders = {
            name: oid
            for name, (mode, oid) in self._listing(f"{theirs}:{CUTS}").items()
            if mode == TREE and is_session(name) and ours.get(name) != (mode, oid)
        }
        contents = self._reader.read_many(list(folders.values()))
        for session, content in zip(folders, contents, strict=True):
            for oid in cuts_in(self._decoded(content)):
                if oid not in forgotten:
                    root.directory(CUTS).directory(session).put(file_name(oid), BLOB, oid)

    def _add_source(self, fan: Tree, first: str, rest: str, theirs: Entries, forgotten: dict[str, str]) -> None:
        ids = [name for name, (mode, oid) in theirs.items() if mode == TREE and name == oid and is_oid(name)]
        directory = fan.directory(rest) if any(name not in forgotten for name in ids) else None
        for name in ids:
            if directory is not None and name not in forgotten:
                directory.put(name, TREE, name)
                self.came.append((first + rest, name))


def drop_forgotten(root: Tree, forgotten: dict[str, str]) -> None:
    """Take every forgotten snapshot and cut out of a snapshots tree; a source that has none left goes, too."""
    sources, sessions = root.directory("by-source"), root.directory(CUTS)
    for name in list(sessions.entries):
        session = sessions.directory(name)
        for oid in [oid for oid in cuts_in(session.entries) if oid in forgotten]:
            session.drop(file_name(oid))
    for name in list(sources.entries):
        fan = sources.directory(name)
        for rest in list(fan.entries):
            source = fan.directory(rest)
            for snapshot_id in [one for one in source.entries if one in forgotten]:
                source.drop(snapshot_id)
            if not source.entries:
                fan.drop(rest)
        if not fan.entries:
            sources.drop(name)


def _is_hex(name: str, size: int) -> bool:
    return len(name) == size and all(c in "0123456789abcdef" for c in name)
