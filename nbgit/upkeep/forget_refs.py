"""Ring 3: what is to be forgotten, taken out of the shared refs and of git's textconv cache.

The new refs are commits without parents: no history of theirs holds what was removed. They move in one transaction.
"""

from nbgit.errors import NbgitError, SnapshotInvalid
from nbgit.lineage.history.commits import Report
from nbgit.notebook.policy import Policy
from nbgit.notebook.removal import Remaining
from nbgit.notebook.spans import Split
from nbgit.store.cuts import LIMIT, list_cuts, object_name
from nbgit.store.entries import drop_note, list_notes, read_cuts, read_entry
from nbgit.store.forgotten import GONE, Forgotten, read_forgotten
from nbgit.store.forgotten_outputs import digest_at, shown_digests
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import ENTRIES, KEPT, SNAPSHOTS, move_refs, read_refs, refs_below
from nbgit.store.replacing import Replacer
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, payload_files, read_document
from nbgit.store.textconv_cache import TEXTCONV_CACHE
from nbgit.upkeep.forget_history import blobs_of_path, snapshot_places
from nbgit.upkeep.forget_notebook import remove_target, shows_target
from nbgit.upkeep.forget_runs import RunsForgetter
from nbgit.upkeep.forget_targets import PathTarget, PayloadTarget, Target

DOCUMENTS = 200  # snapshots whose documents are read at once
REFS = [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE]


class Found:
    """What was found in the refs: the snapshots (old id -> new id or GONE), where they stand, and in which commits.

    `sources` is old id -> source oid; `cuts` and `sessions` the same of recorded runs; `notebooks` the (commit, path)
    of the entries that name a snapshot, `commits` those that name a cut; `shared` the paths that keep the same outputs
    under another name; `places` is path -> the cells that lose outputs -> commits, and `subjects` says those commits in
    words.
    """

    def __init__(self) -> None:
        self.replaced: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.cuts: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.commits: set[str] = set()
        self.notebooks: set[tuple[str, str]] = set()
        self.shared: set[str] = set()
        self.subjects: dict[str, str] = {}
        self.places: dict[str, dict[tuple[int, ...], list[str]]] = {}
        self.digests: set[str] = set()  # of the notebooks that were found, in hex

    def add(self, other: "Found") -> None:
        """Take in what another look has found."""
        self.replaced.update(other.replaced)
        self.sources.update(other.sources)
        self.cuts.update(other.cuts)
        self.sessions.update(other.sessions)
        for name in ("notebooks", "shared", "digests", "commits"):
            getattr(self, name).update(getattr(other, name))


class RefsForgetter:
    """Finds the target in the refs of one repository, and takes it out of them."""

    def __init__(self, repository: Repository, policy: Policy, reader: ObjectReader, target: Target) -> None:
        self._repository = repository
        self._policy = policy
        self._reader = reader
        self._target = target
        self._sink = ObjectSink(repository)
        self._replacer = Replacer(repository, reader, self._sink)
        self._listed: set[str] = set()  # digests by which the outputs that go are known again
        self._cells: dict[str, list[int]] = {}
        self.payloads: set[str] = set()  # digests of the payloads that go
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
        """Return every snapshot that was ever forgotten here: old id -> new one, or GONE."""
        return read_forgotten(self._reader, self._after.get(SNAPSHOTS)).snapshots

    def _find(self, old: dict[str, str], report: Report | None) -> Found:
        found = Found()
        places = snapshot_places(self._reader, old.get(SNAPSHOTS))
        notes = list_notes(self._repository, old[ENTRIES]) if ENTRIES in old else {}
        contents = {commit: self._reader.read(oid) or b"" for commit, oid in notes.items()}
        entries = {commit: read_entry(note) for commit, note in contents.items()}
        if isinstance(self._target, PathTarget):
            self._find_path(found, places, entries)
        else:
            self._find_shown(found, places, report)
        self._find_cuts(found, old.get(SNAPSHOTS))
        for commit, note in contents.items() if found.cuts else ():
            if any(not found.cuts.keys().isdisjoint(oids) for oids in read_cuts(note).values()):
                found.commits.add(commit)
        for commit, entry in entries.items():
            gone = {path for path, snapshot_id in entry.items() if snapshot_id in found.replaced}
            gone |= {self._target.path} & entry.keys() if isinstance(self._target, PathTarget) else set()
            found.notebooks |= {(commit, path) for path in gone}
            for path in gone:
                cells = found.places.setdefault(path, {}).setdefault(tuple(self._cells.get(entry[path], ())), [])
                cells.append(commit)
        found.subjects = self._subjects({commit for commit, _ in found.notebooks})
        found.digests = {self._digests[old_id] for old_id in found.replaced if old_id in self._digests}
        return found

    def _find_cuts(self, found: Found, snapshots: str | None) -> None:
        """Find the cuts of recorded runs that say anything of the target, and write them anew without that."""
        forgetter = RunsForgetter(self._target, self.payloads)
        for session, oid in list_cuts(self._repository, self._reader, snapshots):
            content = self._reader.read_sound([object_name(snapshots or "", session, oid)], most=LIMIT)[0]
            left = forgetter.cut(content) if content is not None else None
            if content is not None and left != content:
                found.cuts[oid] = GONE if left is None else self._sink.add("blob", left)
                found.sessions[oid] = session

    def _subjects(self, commits: set[str]) -> dict[str, str]:
        """Return commit -> its short oid and subject, for those that are here."""
        told = "".join(f"{commit}\n" for commit in sorted(commits)).encode("ascii")
        asked = ["log", "--no-walk=unsorted", "--ignore-missing", "--stdin", "--format=%H %h %s"]
        _, out, _ = try_git(asked, cwd=self._repository.start, stdin=told) if commits else (0, b"", b"")
        rows = [line.partition(" ") for line in out.decode("utf-8", "replace").splitlines()]
        return {commit: words for commit, _, words in rows}

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
            self._list_all(snapshot_id, path)
            found.shared |= others.get(snapshot_id, set())
            if snapshot_id not in others:
                self._note(found, snapshot_id, places[snapshot_id], GONE)

    def _list_all(self, snapshot_id: str, path: str) -> None:
        """Note every output of a snapshot as one of this path's, and the cells that have any."""
        try:
            document = read_document(self._reader.read(f"{snapshot_id}:{DOCUMENT}"))
        except SnapshotInvalid:
            return
        self._listed |= {digest_at(path, shown) for shown in shown_digests(document)}
        self._cells[snapshot_id] = [cell["index"] for cell in document["cells"] if cell["outputs"]]

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

        def remove(parts: Split, policy: Policy) -> Remaining | None:
            left = remove_target(parts, self._target, policy, listed=self._listed, payloads=self.payloads)
            if left is not None:
                self._cells[snapshot_id] = left.cells
            return left

        found, notebook = self._replacer.rebuilt(snapshot_id, source_oid, (self._policy, Policy()), remove)
        if found is not None:
            return found
        shows = self._shows_raw(snapshot_id, content) if notebook is None else shows_target(notebook, self._target)
        return GONE if shows else snapshot_id

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
        before = read_forgotten(self._reader, old.get(SNAPSHOTS))
        gone = {**before.snapshots, **found.replaced, **found.cuts}
        forgotten = Forgotten(gone, before.outputs | self._listed)
        new: dict[str, str | None] = {}
        if found.replaced or found.cuts or forgotten != before:
            cuts = [(session, oid, found.cuts[oid]) for oid, session in found.sessions.items()]
            new[SNAPSHOTS] = self._replacer.snapshots(
                old.get(SNAPSHOTS), found.replaced, found.sources, forgotten, cuts
            )
        if found.notebooks or found.commits:
            path = self._target.path if isinstance(self._target, PathTarget) else None
            commits = found.commits | {commit for commit, _ in found.notebooks}
            new[ENTRIES] = self._replacer.entries(old[ENTRIES], commits, forgotten, lambda name: name == path)
        cache = self._cache(old.get(TEXTCONV_CACHE))
        if cache:
            new[TEXTCONV_CACHE] = cache
        self._sink.flush()
        return new

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
        tree = self._replacer.tree(old)
        for oid in shown:
            drop_note(tree, oid)
        message = (self._reader.read(old) or b"").partition(b"\n\n")[2].decode("utf-8", "replace")
        return self._replacer.commit(tree, message.rstrip("\n"))
