"""Ring 3: what is to be forgotten, taken out of the shared refs and of git's textconv cache.

The new refs are commits without parents: no history of theirs holds what was removed. They move in one transaction.
"""

import time

from nbgit.errors import NbgitError, SnapshotInvalid
from nbgit.lineage.history import Report
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.build import build_notebook
from nbgit.store.entries import drop_note, list_notes, put_note, read_entry, read_own, write_entry
from nbgit.store.forgotten import FILE, GONE, encode_forgotten, last_id, read_forgotten
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import ENTRIES, KEPT, SNAPSHOTS, commit_content, move_refs, read_refs, refs_below
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, SnapshotWriter, payload_files, read_document, read_snapshot
from nbgit.store.textconv_cache import TEXTCONV_CACHE
from nbgit.store.told import tell_rows
from nbgit.store.trees import BLOB, TREE, Tree
from nbgit.upkeep.forget_history import blobs_of_path, snapshot_places
from nbgit.upkeep.forget_notebook import remove_target, shows_target
from nbgit.upkeep.forget_targets import PathTarget, PayloadTarget, Target

DOCUMENTS = 200  # snapshots whose documents are read at once
REFS = [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE]


class Found:
    """What was found in the refs: the snapshots (old id -> new id or GONE), where they stand, and in which commits.

    `sources` is old id -> source oid; `notebooks` the (commit, path) of the entries that name one; `shared` the paths
    that keep the same outputs under another name.
    """

    def __init__(self) -> None:
        self.replaced: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.notebooks: set[tuple[str, str]] = set()
        self.shared: set[str] = set()
        self.digests: set[str] = set()  # of the notebooks that were found, in hex

    def add(self, other: "Found") -> None:
        """Take in what another look has found."""
        self.replaced.update(other.replaced)
        self.sources.update(other.sources)
        for name in ("notebooks", "shared", "digests"):
            getattr(self, name).update(getattr(other, name))


class RefsForgetter:
    """Finds the target in the refs of one repository, and takes it out of them."""

    def __init__(self, repository: Repository, policy: Policy, reader: ObjectReader, target: Target) -> None:
        self._repository = repository
        self._policy = policy
        self._reader = reader
        self._target = target
        self._sink = ObjectSink(repository)
        self._writer = SnapshotWriter(self._sink)
        self.old_tips: list[str] = []  # where the refs were before they were moved
        self._after: dict[str, str] = {}
        self._judged: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def look(self, report: Report | None = None) -> Found:
        """Return what the refs hold of the target, and change nothing."""
        return self._find(read_refs(self._repository, REFS), report)

    def run(self, report: Report | None = None) -> Found:
        """Take the target out of the refs and return what was found; raises GitFailed where others were faster."""
        found, before = Found(), {}

        def build(old: dict[str, str]) -> dict[str, str | None]:
            nonlocal found, before
            found, before = self._find(old, report), old
            return self._rewrite(found, old)

        self._after = move_refs(self._repository, REFS, build)
        self.old_tips += [oid for name, oid in before.items() if self._after[name] != oid]
        return found

    def drop_backups(self) -> None:
        """Delete the old values that `nbgit fsck --repair` has kept: they may hold the target, too."""
        for name, oid in refs_below(self._repository, *KEPT).items():
            run_git(["update-ref", "-d", name, oid], cwd=self._repository.start)
            self.old_tips.append(oid)

    def is_current(self) -> bool:
        """Return whether the refs are where `run` has left them."""
        return read_refs(self._repository, REFS) == self._after

    def forgotten(self) -> dict[str, str]:
        """Return all that was ever forgotten here: old snapshot id -> new one, or GONE."""
        return read_forgotten(self._reader, self._after.get(SNAPSHOTS))

    def _find(self, old: dict[str, str], report: Report | None) -> Found:
        found = Found()
        places = snapshot_places(self._reader, old.get(SNAPSHOTS))
        notes = list_notes(self._repository, old[ENTRIES]) if ENTRIES in old else {}
        entries = {commit: read_entry(self._reader.read(oid) or b"") for commit, oid in notes.items()}
        if isinstance(self._target, PathTarget):
            self._find_path(found, places, entries)
        else:
            self._find_shown(found, places, report)
        for commit, entry in entries.items():
            gone = {path for path, snapshot_id in entry.items() if snapshot_id in found.replaced}
            gone |= {self._target.path} & entry.keys() if isinstance(self._target, PathTarget) else set()
            found.notebooks |= {(commit, path) for path in gone}
        found.digests = {self._digests[old_id] for old_id in found.replaced if old_id in self._digests}
        return found

    def _find_path(self, found: Found, places: dict[str, str], entries: dict[str, dict[str, str]]) -> None:
        """Find the snapshots that only this path names, and those of its sources that nothing names."""
        assert isinstance(self._target, PathTarget)
        path = self._target.path
        mine = {entry[path] for entry in entries.values() if path in entry}
        others: dict[str, set[str]] = {}
        for entry in entries.values():
            for name, snapshot_id in entry.items():
                if name != path:
                    others.setdefault(snapshot_id, set()).add(name)
        versions = blobs_of_path(self._repository, path)
        mine |= {one for one, source in places.items() if source in versions and one not in others}
        for snapshot_id in mine & places.keys():
            found.shared |= others.get(snapshot_id, set())
            if snapshot_id not in others:
                self._note(found, snapshot_id, places[snapshot_id], GONE)

    def _find_shown(self, found: Found, places: dict[str, str], report: Report | None) -> None:
        ids = list(places)
        for start in range(0, len(ids), DOCUMENTS):
            some = ids[start : start + DOCUMENTS]
            documents = self._reader.read_many([f"{snapshot_id}:{DOCUMENT}" for snapshot_id in some])
            for snapshot_id, content in zip(some, documents, strict=True):
                if snapshot_id not in self._judged:
                    self._judged[snapshot_id] = self._judge(snapshot_id, places[snapshot_id], content)
                if self._judged[snapshot_id] != snapshot_id:
                    self._note(found, snapshot_id, places[snapshot_id], self._judged[snapshot_id])
            if report:
                report(start + len(some), len(ids))

    def _note(self, found: Found, snapshot_id: str, source_oid: str, new: str) -> None:
        found.replaced[snapshot_id] = new
        found.sources[snapshot_id] = source_oid
        if snapshot_id not in self._digests:
            try:
                document = read_document(self._reader.read(f"{snapshot_id}:{DOCUMENT}"))
                self._digests[snapshot_id] = document["notebook"]["digest"].removeprefix("sha256:")
            except SnapshotInvalid:
                return

    def _judge(self, snapshot_id: str, source_oid: str, content: bytes | None) -> str:
        """Return the snapshot that stands for this one: itself where it does not show the target, a new one, or GONE.

        One that can't be put together is searched as it stands, and is gone where it shows the target.
        """
        if (
            isinstance(self._target, PayloadTarget)
            and content is not None
            and self._target.digest.encode() not in content
        ):
            return snapshot_id
        source = self._reader.read(source_oid)
        try:
            notebook = read_snapshot(self._reader, snapshot_id, source) if source is not None else None
        except NbgitError:
            notebook = None
        if notebook is None:
            return GONE if self._shows_raw(snapshot_id, content) else snapshot_id
        for policy in (self._policy, Policy()):
            parts = split(notebook, policy)
            if parts is not None and parts.source == source:
                left = remove_target(parts, self._target, policy)
                if left is None:
                    return snapshot_id
                built = build_notebook(self._writer, policy, left.notebook, left.digest, left.parts, source_oid)
                return built.snapshot_id if built else GONE
        return GONE if shows_target(notebook, self._target) else snapshot_id

    def _shows_raw(self, snapshot_id: str, content: bytes | None) -> bool:
        """Return whether a snapshot that makes no notebook shows the target: in its document or in a payload."""
        if isinstance(self._target, PayloadTarget):
            return content is not None and self._target.digest.encode() in content
        if content is not None and shows_target(content, self._target):
            return True
        try:
            document = read_document(content)
            texts = ["".join(part for part in parts if isinstance(part, str)) for _, _, parts in document["splices"]]
            if any(shows_target(text.encode("utf-8", "surrogateescape"), self._target) for text in texts):
                return True
            names = payload_files(document)
        except (NbgitError, ValueError, TypeError, KeyError):
            return False
        payloads = self._reader.read_many([f"{snapshot_id}:{name}" for name in names])
        return any(payload is not None and shows_target(payload, self._target) for payload in payloads)

    def _rewrite(self, found: Found, old: dict[str, str]) -> dict[str, str | None]:
        """Give the new trees to git and return ref -> new oid for the refs that have to move."""
        self._sink.flush()  # the entries are described from the new snapshots
        forgotten = {**read_forgotten(self._reader, old.get(SNAPSHOTS)), **found.replaced}
        new: dict[str, str | None] = {}
        if found.replaced:
            new[SNAPSHOTS] = self._snapshots(found, forgotten, old[SNAPSHOTS])
        if found.notebooks:
            new[ENTRIES] = self._entries(found, forgotten, old[ENTRIES])
        cache = self._cache(old.get(TEXTCONV_CACHE))
        if cache:
            new[TEXTCONV_CACHE] = cache
        self._sink.flush()
        return new

    def _tree(self, commit: str) -> Tree:
        return Tree(f"{commit}^{{tree}}", self._reader, len(self._repository.empty_oid) // 2)

    def _commit(self, tree: Tree, message: str) -> str:
        return self._sink.add("commit", commit_content(tree.write(self._sink), [], message, int(time.time())))

    def _snapshots(self, found: Found, forgotten: dict[str, str], old: str) -> str:
        root = self._tree(old)
        by_source = root.directory("by-source")
        for old_id, new_id in found.replaced.items():
            source = found.sources[old_id]
            directory = by_source.directory(source[:2]).directory(source[2:])
            directory.drop(old_id)
            if new_id != GONE:
                directory.put(new_id, TREE, new_id)
        root.put(FILE, BLOB, self._sink.add("blob", encode_forgotten(forgotten)))
        return self._commit(root, "nbgit: snapshots")

    def _entries(self, found: Found, forgotten: dict[str, str], old: str) -> str:
        tree = self._tree(old)
        notes = list_notes(self._repository, old)
        for commit in sorted({commit for commit, _ in found.notebooks}):
            note = self._reader.read(notes[commit]) or b""
            entry, own = read_entry(note), read_own(note)
            gone = {path for other, path in found.notebooks if other == commit}
            rows: dict[str, str] = {}
            for path, snapshot_id in entry.items():
                new_id = last_id(forgotten, snapshot_id)
                if path in gone and isinstance(self._target, PathTarget):
                    continue
                if new_id != GONE:
                    rows[path] = new_id
            drop_note(tree, commit)
            if rows or own:
                told = tell_rows(self._repository, self._reader, commit, rows, own)
                put_note(tree, commit, self._sink.add("blob", write_entry(*told)))
        return self._commit(tree, "nbgit: entries")

    def _cache(self, old: str | None) -> str | None:
        """Return a cache without the texts that show the target, or None where none does."""
        if old is None or isinstance(self._target, (PathTarget, PayloadTarget)):
            return None
        notes = list_notes(self._repository, old)
        texts = self._reader.read_many(list(notes.values()))
        named = zip(notes, texts, strict=True)
        shown = [oid for oid, text in named if text and self._target.in_text(text.decode("utf-8", "replace"))]
        if not shown:
            return None
        tree = self._tree(old)
        for oid in shown:
            drop_note(tree, oid)
        message = (self._reader.read(old) or b"").partition(b"\n\n")[2].decode("utf-8", "replace")
        return self._commit(tree, message.rstrip("\n"))
