"""Ring 3: whether entries tell the truth: their commits, their snapshots, and the sources those are of."""

from collections.abc import Iterator

from nbgit.notebook.printable import printable
from nbgit.store.trees import TREE
from nbgit.upkeep.contents import Note, read_notes
from nbgit.upkeep.findings import Checks
from nbgit.upkeep.local_objects import Entries, LocalObjects, tree_line

CHUNK = 500  # entries whose commits are read together
KEPT_TREES = 20_000  # decoded folders that are remembered: neighbouring commits share most of them
UNKNOWN = "?"  # a path whose folder can't be read


class EntryCheck:
    """Checks the notes of the entries ref.

    `sources` is snapshot id -> source oid of every snapshot in the snapshots ref. Fills `places` with the notebook and
    commit that show a snapshot, and `cuts` with the commits that name one: (session, oid) -> commits.
    """

    def __init__(
        self, objects: LocalObjects, checks: Checks, sources: dict[str, str], forgotten: dict[str, str]
    ) -> None:
        self._objects = objects
        self._checks = checks
        self._sources = sources
        self._forgotten = forgotten
        self._trees: dict[str, Entries | None] = {}
        self.places: dict[str, str] = {}
        self.cuts: dict[tuple[str, str], list[str]] = {}

    def check(self, notes: list[tuple[str, str]]) -> None:
        """Check these (commit, note blob) pairs."""
        for start in range(0, len(notes), CHUNK):
            part = list(read_notes(self._objects, notes[start : start + CHUNK]))
            blobs = self._blobs([note for note in part if note.rows or note.own])
            for note in part:
                self._checks.count("entries")
                for cut in note.cuts:
                    self.cuts.setdefault(cut, []).append(note.commit)
                self._check(note, blobs.get(note.commit))

    def _check(self, note: Note, blobs: dict[str, str] | None) -> None:
        where = f"entry of commit {note.commit[:12]}"
        if note.rows is None:
            if self._objects.is_elsewhere(note.blob):
                self._checks.miss("entries")
                return
            mend = "`nbgit fsck --repair` takes it out and keeps the old ref; a later `nbgit link` may write it anew"
            self._checks.find("entry-unreadable", where, "it can't be read", mend, ("drop-note", note.commit))
            return
        if (note.rows or note.own) and blobs is None:
            self._checks.miss("commits")
        for path, snapshot_id in dict(note.rows).items():
            self._checks.count("links")
            place = f"{printable(path)} at {note.commit[:12]}"
            self.places.setdefault(snapshot_id, place)
            source_oid = self._sources.get(snapshot_id)
            if source_oid is None:
                self._no_snapshot(note.commit, path, snapshot_id, (blobs or {}).get(path, ""))
            elif blobs is not None and blobs[path] not in (source_oid, UNKNOWN):
                what = f"names a snapshot of source {source_oid[:12]}"
                self._other_source(note.commit, path, snapshot_id, what, blobs[path])
        for path, blob in note.own.items():
            self._checks.count("links")
            if blobs is not None and blobs[path] not in (blob, UNKNOWN):
                self._other_source(note.commit, path, blob, f"tells of blob {blob[:12]}", blobs[path])

    def _other_source(self, commit: str, path: str, oid: str, what: str, blob: str) -> None:
        has = f"blob {blob[:12]}" if blob else "no such file"
        mend = "`nbgit fsck --repair` drops that line and keeps the old ref"
        place = f"{printable(path)} at {commit[:12]}"
        order = ("drop-row", commit, path, oid)
        self._checks.find("entry-source", place, f"it {what}, and the commit has {has}", mend, order)

    def _no_snapshot(self, commit: str, path: str, snapshot_id: str, blob: str) -> None:
        place = f"{printable(path)} at {commit[:12]}"
        if snapshot_id in self._forgotten:
            text = f"its entry names snapshot {snapshot_id[:12]}, which was forgotten"
        else:
            text = f"its entry names snapshot {snapshot_id[:12]}, which is not in refs/nbgit/snapshots"
        mend = "fetch it from a clone that has it, or `nbgit fsck --repair`: it is put back, or the line goes"
        self._checks.find("entry-snapshot", place, text, mend, ("relink", commit, path, snapshot_id, blob))

    def _blobs(self, notes: list[Note]) -> dict[str, dict[str, str]]:
        """Return commit -> path -> blob oid ("" for no such file) of what these entries name; without the commits that
        are not here."""
        contents = self._objects.stream((note.commit for note in notes), 1 << 24)
        roots = {
            note.commit: tree_line(content)
            for note, (_, content) in zip(notes, contents, strict=True)
            if content is not None
        }
        found: dict[str, dict[str, str]] = {commit: {} for commit in roots}
        asked = [
            (note.commit, path, path.split("/"), roots[note.commit] or "")
            for note in notes
            if note.commit in roots
            for path in {*dict(note.rows or ()), *note.own}
        ]
        while asked:
            asked = list(self._descend(asked, found))
        return found

    def _descend(
        self, asked: list[tuple[str, str, list[str], str]], found: dict[str, dict[str, str]]
    ) -> Iterator[tuple[str, str, list[str], str]]:
        """Go one folder down for each (commit, path, names left, tree); give those that have further to go."""
        self._load([oid for *_, oid in asked])
        for commit, path, names, oid in asked:
            tree = self._trees.get(oid)
            mode, child = (tree or {}).get(names[0], ("", ""))
            if tree is None:
                found[commit][path] = UNKNOWN
            elif len(names) > 1 and mode == TREE:
                yield commit, path, names[1:], child
            else:
                found[commit][path] = child if len(names) == 1 else ""

    def _load(self, oids: list[str]) -> None:
        if len(self._trees) > KEPT_TREES:
            self._trees.clear()
        missing = [oid for oid in dict.fromkeys(oids) if oid and oid not in self._trees]
        self._trees.update(zip(missing, self._objects.trees(missing), strict=True))
