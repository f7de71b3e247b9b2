"""Ring 2: which outputs belong to a source (docs/design.md, "Which outputs does smudge return?").

Every answer is checked before it is given: its source must be, to the byte, the one that was asked for. So a look-up
can only fail to find outputs; it can't bring a file that git would call modified.
"""

from nbgit.errors import NbgitError, SnapshotInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.notebook.transplant import transplant
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.entries import read_some_entries
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.store.snapshots import (
    DOCUMENT,
    SIZE_LIMIT,
    payload_bytes,
    payload_files,
    read_document,
    read_snapshot,
    read_with_digest,
)
from nbgit.store.trees import decode_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DONORS = 8  # how many earlier versions of a path are searched for the outputs of unchanged cells
TREE_LIMIT = 4 << 20  # bytes of the tree that lists the snapshots of one source: some 60,000 of them
AHEAD = 512 << 20  # bytes of payloads, as far as is known before they are read, that are read ahead
TRIED = 100  # snapshots of one source that are tried, one after the other, until one is sound
OUT_OF_REACH = "the remote that has them can't be reached; `nbgit sync` fetches them when it can"
HISTORY = 2000  # how many commits are read to find them


class Lookup:
    """The look-ups of one process; keeps what it read of the history, so that a checkout of many files asks once."""

    def __init__(
        self,
        repository: Repository,
        policy: Policy,
        captures: CaptureStore,
        reader: ObjectReader,
        merged: "list[str] | None" = None,
    ) -> None:
        """`merged` are the commits that git is about to merge, where that is known."""
        self._repository = repository
        self._policy = policy
        self._captures = captures
        self._reader = reader
        self._merged = merged or []
        self._by_source: dict[str, list[Capture]] | None = None
        self._has_snapshots: bool | None = None
        self._walks: dict[str, list[str]] = {}
        self._base: str | None = None  # of the merge
        self._entries: dict[str, dict[str, str]] = {}
        self._versions: dict[tuple[str, ...], dict[str, list[str]]] = {}
        self._documents: dict[str, dict[str, Any]] = {}  # prefetched
        self.trouble: NbgitError | None = None  # why a snapshot of what was asked for last could not be read

    def notebook_for(self, path: str, source: bytes, oid: str, treeish: str | None) -> bytes | None:
        """Return the notebook that was stored with this source, or None where there is none.

        `oid` is the source's blob id; `treeish` the commit that is being checked out, where git told.
        """
        self.trouble = None
        for capture in self._captures.of_path_here(path):
            if capture.source_oid == oid and (found := self._read_capture(capture, source)):
                return found
        for snapshot_id in self._snapshots_for(path, oid, treeish)[:TRIED]:
            if found := self.read_checked(snapshot_id, oid, source):
                return found
        for capture in self._captures_of_source(oid):
            if found := self._read_capture(capture, source):
                return found
        return None

    def prefetch(self, oids: list[str]) -> None:
        """Read ahead, in three exchanges with git, what `notebook_for` will ask for these sources."""
        self._reader.forget()
        self._documents.clear()
        if not self.has_snapshots():
            return
        trees = self._reader.prefetch([_by_source(oid) for oid in oids], most=TREE_LIMIT)
        snapshots = [decode_tree(tree, len(oid) // 2) for tree, oid in zip(trees, oids, strict=True) if tree]
        single = [next(iter(found)) for found in snapshots if len(found) == 1]
        names = [f"{snapshot_id}:{DOCUMENT}" for snapshot_id in single]
        documents = self._reader.prefetch(names, most=SIZE_LIMIT, within=AHEAD)
        files: list[str] = []
        expected = 0
        for snapshot_id, content in zip(single, documents, strict=True):
            try:
                document = self._documents[snapshot_id] = read_document(content)
                if expected + payload_bytes(document) <= AHEAD:  # what is beyond that is read notebook by notebook
                    expected += payload_bytes(document)
                    files += [f"{snapshot_id}:{file}" for file in payload_files(document)]
            except SnapshotInvalid:
                continue  # said when it is asked for
        self._reader.prefetch(files, within=expected)

    def has_snapshots(self) -> bool:
        """Return whether there are any snapshots at all."""
        if self._has_snapshots is None:
            self._has_snapshots = self._reader.read(f"{SNAPSHOTS}^{{tree}}") is not None
        return self._has_snapshots

    def snapshot_ids(self, source_oid: str) -> list[str]:
        """Return the ids of every snapshot of this source, in no meaningful order."""
        if not self.has_snapshots():
            return []
        content = self._reader.read(_by_source(source_oid), most=TREE_LIMIT)
        return list(decode_tree(content, len(source_oid) // 2)) if content else []

    def linked_snapshot(self, path: str, commit: str, candidates: list[str]) -> str | None:
        """Return the one of `candidates` that the nearest commit from `commit` back has linked for `path`."""
        walk = self._walk(commit)
        for start in range(0, len(walk), 200):
            part = walk[start : start + 200]
            new = [oid for oid in part if oid not in self._entries]
            if new:
                entries = read_some_entries(self._reader, new)
                self._entries.update({oid: entries.get(oid, {}) for oid in new})
            for oid in part:
                if self._entries[oid].get(path) in candidates:
                    return self._entries[oid][path]
        return None

    def take_as_linked(self, commit: str, path: str, snapshot_id: str) -> None:
        """Let this be what the commit's entry says of `path`: it is about to be written."""
        entries = self._entries
        if commit not in entries:
            entries[commit] = read_some_entries(self._reader, [commit]).get(commit, {})
        entries[commit] = {**entries[commit], path: snapshot_id}

    def _snapshots_for(self, path: str, source_oid: str, treeish: str | None) -> list[str]:
        candidates = sorted(self.snapshot_ids(source_oid))
        if len(candidates) < 2:
            return candidates
        for start in (treeish, "HEAD", "--all"):
            if start and (linked := self.linked_snapshot(path, start, candidates)):
                return [linked, *(snapshot for snapshot in candidates if snapshot != linked)]
        return candidates

    def _walk(self, commit: str) -> list[str]:
        if commit not in self._walks:
            arguments = ["rev-list", "--topo-order", f"--max-count={HISTORY}"]
            arguments += ["--branches", "--remotes", "--tags"] if commit == "--all" else [commit]
            code, out, _ = try_git([*arguments, "--"], cwd=self._repository.start)
            self._walks[commit] = out.decode("ascii").split() if code == 0 else []
        return self._walks[commit]

    def _captures_of_source(self, source_oid: str) -> list[Capture]:
        if self._by_source is None:
            self._by_source = {}
            for capture in self._captures.all():
                self._by_source.setdefault(capture.source_oid, []).append(capture)
        return self._by_source.get(source_oid, [])

    def read_checked(self, snapshot_id: str, source_oid: str, source: bytes) -> bytes | None:
        """Return the notebook of a snapshot if it splits into this source, as it is known to or is found to now."""
        found = self._read(snapshot_id, source)
        if found is None:
            return None
        notebook, digest = found
        known = self._captures.known(digest)
        if known is None or known.source_oid != source_oid:
            if self._checked(notebook, source) is None:
                return None
            self._captures.remember(digest, snapshot_id, source_oid)
        if notebook != source:
            self._captures.note_run(source, source_oid)
        return notebook

    def _read(self, snapshot_id: str, source: bytes) -> tuple[bytes, str] | None:
        try:
            return read_with_digest(self._reader, snapshot_id, source, self._documents.get(snapshot_id))
        except NbgitError as error:  # damaged or of a later version: the next place may know
            self.trouble = self.trouble or (NbgitError(OUT_OF_REACH) if self._repository.is_partial else error)
            return None

    def _read_capture(self, capture: Capture, source: bytes) -> bytes | None:
        found = capture.read(self._policy)
        return found[0] if found is not None and found[1].source == source else None

    def _checked(self, notebook: bytes | None, source: bytes) -> bytes | None:
        parts = split(notebook, self._policy) if notebook is not None else None
        return notebook if parts is not None and parts.source == source else None

    def cell_by_cell(self, path: str, source: bytes, treeish: str | None) -> bytes | None:
        """Return the source with the outputs of those cells that an earlier version of the path has unchanged."""
        captured = [capture.read(self._policy) for capture in self._captures.of_path_here(path)[:DONORS]]
        donors = [found[0] for found in captured if found is not None]
        if self._has_snapshots:
            for oid in dict.fromkeys(self._earlier_sources(path, treeish)):
                earlier = self._reader.read(oid)
                for snapshot_id in self._snapshots_for(path, oid, treeish)[:2] if earlier else ():
                    assert earlier is not None
                    found_one = self._read(snapshot_id, earlier)
                    if found_one is not None:
                        donors.append(found_one[0])
        if not donors:
            return None
        return self._checked(transplant(source, donors, self._policy, self._sides(path)), source)

    def _sides(self, path: str) -> tuple[bytes, bytes, bytes] | None:
        """Return the notebook of the base, of ours and of theirs, where git is merging one commit and all have it."""
        if len(self._merged) != 1 or "\n" in path:
            return None
        if self._base is None:
            code, out, _ = try_git(["merge-base", "HEAD", self._merged[0]], cwd=self._repository.start)
            self._base = out.decode("ascii").strip() if code == 0 else ""
        revisions = (self._base, "HEAD", self._merged[0])
        blobs = self._reader.read_named([f"{revision}:{path}" for revision in revisions]) if self._base else []
        found = [
            self.notebook_for(path, blob[1], blob[0], revision)
            for revision, blob in zip(revisions, blobs, strict=False)
            if blob is not None
        ]
        base, ours, theirs = found if len(found) == len(revisions) else (None, None, None)
        return (base, ours, theirs) if base is not None and ours is not None and theirs is not None else None

    def _earlier_sources(self, path: str, treeish: str | None) -> list[str]:
        """Return the blob ids that `path` has had, newest first: in the history of the commit that is checked out, of
        HEAD, and of all other branches.

        The others, because a merge or a rebase brings their cells and git may not tell the filter which it is at.
        """
        others = ["--ignore-missing", *self._merged, "ORIG_HEAD", "--branches", "--remotes", "--not", "HEAD"]
        found: list[str] = []
        for walk in ([treeish] if treeish else [], ["HEAD"], others):
            if walk:
                found += self._versions_of(walk).get(path, [])[:DONORS]
        return found

    def _versions_of(self, walk: list[str]) -> dict[str, list[str]]:
        if tuple(walk) not in self._versions:
            self._versions[tuple(walk)] = self._versions_in(walk)
        return self._versions[tuple(walk)]

    def _versions_in(self, walk: list[str]) -> dict[str, list[str]]:
        """Return path -> the blob ids of its notebook in the commits that `git log WALK` gives, newest first."""
        found: dict[str, dict[str, None]] = {}
        shape = ["-z", "--raw", "--no-abbrev", "--no-renames", "-m", "--root", f"--max-count={HISTORY}", "--format="]
        code, out, _ = try_git(["log", *shape, *walk, "--", "*.ipynb"], cwd=self._repository.start)
        fields = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
        for position, facts in enumerate(fields):
            if facts.lstrip("\n").startswith(":"):
                _, _, old, new, _ = facts.lstrip("\n").split(" ")
                oids = found.setdefault(fields[position + 1], {})
                oids.update(dict.fromkeys(oid for oid in (new, old) if oid.strip("0")))
        return {name: list(oids) for name, oids in found.items()}


def _by_source(source_oid: str) -> str:
    return f"{SNAPSHOTS}:by-source/{source_oid[:2]}/{source_oid[2:]}"


def notebook_at(repository: Repository, commit: str, path: str) -> bytes:
    """Return the notebook at `path` in `commit`, outputs and all: from its snapshot, or from the blob itself.

    The one function of docs/design.md, "History without the sidecar". Raises GitFailed where there is no such file.
    """
    blob = run_git(["rev-parse", "--verify", f"{commit}:{path}"], cwd=repository.start).decode().strip()
    policy = Policy()
    with ObjectReader(repository) as reader:
        source = reader.read(blob) or b""
        lookup = Lookup(repository, policy, CaptureStore(repository, policy), reader)
        candidates = lookup.snapshot_ids(blob)
        oid = run_git(["rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=repository.start).decode().strip()
        linked = lookup.linked_snapshot(path, oid, candidates) if candidates else None
        for snapshot_id in [linked] if linked else candidates[:1]:
            return read_snapshot(reader, snapshot_id, source)
        return source
