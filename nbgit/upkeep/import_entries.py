"""Ring 3: `nbgit import`: entries and figure index for a history that has its outputs in its blobs.

Nothing is rewritten. Such an entry names no snapshot: its outputs stand in the commit's own blob already. First the
index is filled, then entries are written from it; both are kept bit by bit, so an interrupted import goes on.
"""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache

from nbgit.lineage.history.commits import Report, learn_commits, read_graph, read_new_versions, read_old_blobs
from nbgit.lineage.history.figures import (
    cells_of,
    counts_of,
    documents_with_outputs,
    figures_of,
    is_known,
    learn_documents,
    showing_of,
)
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.linked import learn_links
from nbgit.notebook.showing import Showing, tell_showing
from nbgit.store.entries import (
    SIZE_LIMIT,
    get_note,
    list_notes,
    put_note,
    read_cuts,
    read_entry,
    read_own,
    write_entry,
)
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import ENTRIES, commit_content, move_refs, read_refs, resolve_commits
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT
from nbgit.store.told import tell_rows
from nbgit.store.trees import Tree

KEPT_AT_ONCE = 10_000  # entries: each time most folders of the notes are written anew
REMEMBERED = 4_000  # versions that are kept in memory: their neighbours are compared with them
READ_AT_ONCE = 1_000  # notes: what bounds the memory
Row = tuple[str, str]  # blob, summary


@dataclass
class Imported:
    """Counts: commits looked at, versions of notebooks they brought, those of them that could not be read, entries that
    are new or say more, and notebooks that these newly tell of."""

    commits: int = 0
    versions: int = 0
    unread: int = 0
    entries: int = 0
    notebooks: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the counts by their names."""
        return asdict(self)


def find_tips(repository: Repository, revisions: list[str]) -> list[str]:
    """Return the commits that revisions name; without any HEAD, every branch, remote branch and tag."""
    if revisions:
        return resolve_commits(repository, revisions)
    code, head, _ = try_git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], cwd=repository.start)
    out = run_git(["rev-list", "--no-walk", "--branches", "--remotes", "--tags"], cwd=repository.start)
    return list(dict.fromkeys((out + head if code == 0 else out).decode("ascii").split()))


def import_entries(repository: Repository, tips: list[str], *, dry_run: bool, report: Report | None = None) -> Imported:
    """Write an entry for each commit that `tips` (oids) reach and that changed a notebook with outputs in its blob.

    What an entry says already stays. With `dry_run` nothing is written, not even the index.
    """
    if not tips:
        return Imported()

    def read(index: Index) -> tuple[Imported, dict[str, dict[str, Row]]]:
        return _read(repository, index, tips, report)

    if dry_run:
        index = Index(None)
        try:
            told, rows = read(index)
        finally:
            index.close()
        told.entries = len(rows)
        told.notebooks = sum(len(by_path) for by_path in rows.values())
        return told
    told, rows = with_index(repository, read)
    commits = sorted(rows)
    for start in range(0, len(commits), KEPT_AT_ONCE):
        _keep(repository, {commit: rows[commit] for commit in commits[start : start + KEPT_AT_ONCE]}, told)
    with_index(repository, lambda index: learn_links(repository, index))
    return told


def _read(
    repository: Repository, index: Index, tips: list[str], report: Report | None
) -> tuple[Imported, dict[str, dict[str, Row]]]:
    """Fill the index; return commit -> path -> row of what entries do not say yet."""
    graph = read_graph(repository, tips)
    learn_commits(repository, index, graph, report)
    versions = read_new_versions(index, graph)
    blobs = dict.fromkeys(blob for by_path in versions.values() for blob in by_path.values())
    learn_documents(repository, index, blobs, [], report)
    unread = sum(not is_known(index, blob) for blob in blobs)
    with_outputs = documents_with_outputs(index)
    cut = _shallow_commits(repository)
    shown = {
        commit: {path: blob for path, blob in by_path.items() if blob in with_outputs}
        for commit, by_path in versions.items()
        if commit not in cut
    }
    lacking = _lacking(repository, {commit: by_path for commit, by_path in shown.items() if by_path})
    tell = _teller(index)
    rows = {
        commit: {path: (blob, tell(commit, path, blob)) for path, blob in by_path.items()}
        for commit, by_path in lacking.items()
    }
    return Imported(commits=len(graph.oids), versions=len(blobs), unread=unread), rows


def _shallow_commits(repository: Repository) -> set[str]:
    """Return the commits whose parents a shallow clone lacks: what they changed can't be told."""
    try:
        with open(os.path.join(repository.common_dir, "shallow"), encoding="ascii") as file:
            return set(file.read().split())
    except OSError:
        return set()


def _teller(index: Index) -> Callable[[str, str, str], str]:
    """Return a function that says what is new in (commit, path, blob), as an entry does."""

    @lru_cache(REMEMBERED)
    def show(blob: str) -> Showing:
        return showing_of(cells_of(index, blob), figures_of(index, blob), counts_of(index, blob))

    def tell(commit: str, path: str, blob: str) -> str:
        before = read_old_blobs(index, commit, path)
        return tell_showing(show(blob), [None if old is None else show(old) for old in before]).line

    return tell


def _lacking(repository: Repository, shown: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return what of commit -> path -> blob no entry says yet."""
    refs = read_refs(repository, [ENTRIES])
    notes = list_notes(repository, refs[ENTRIES]) if refs else {}
    noted = [commit for commit in shown if commit in notes]
    lacking = {commit: by_path for commit, by_path in shown.items() if commit not in notes}
    with ObjectReader(repository) as reader:
        for start in range(0, len(noted), READ_AT_ONCE):
            some = noted[start : start + READ_AT_ONCE]
            contents = reader.read_many([notes[commit] for commit in some], most=SIZE_LIMIT)
            for commit, content in zip(some, contents, strict=True):
                new = None if content is None else _unsaid(content, shown[commit])
                if new:
                    lacking[commit] = new
    return lacking


def _unsaid(note: bytes, blobs: dict[str, str]) -> dict[str, str]:
    linked, own = read_entry(note), read_own(note)
    return {path: blob for path, blob in blobs.items() if path not in linked and own.get(path) != blob}


def _keep(repository: Repository, rows: dict[str, dict[str, Row]], told: Imported) -> None:
    """Put these rows into the entries, and count them."""
    counted: list[int] = []
    with ObjectReader(repository) as reader:

        def build(old: dict[str, str]) -> dict[str, str | None]:
            counted.clear()
            return {ENTRIES: _entries(repository, reader, old.get(ENTRIES), rows, counted)}

        move_refs(repository, [ENTRIES], build)
    told.entries += len(counted)
    told.notebooks += sum(counted)


def _entries(
    repository: Repository, reader: ObjectReader, old: str | None, rows: dict[str, dict[str, Row]], counted: list[int]
) -> str | None:
    """Return the commit of the notes with these rows in them; `counted` gets how many are new in each entry."""
    sink = ObjectSink(repository)
    notes = Tree(f"{old}^{{tree}}" if old else None, reader, len(repository.empty_oid) // 2)
    for commit, found in rows.items():
        blob = get_note(notes, commit)
        note = reader.read(blob, most=SIZE_LIMIT) if blob else b""
        linked = read_entry(note or b"")
        if note is None or None in reader.read_many([f"{oid}:{DOCUMENT}" for oid in linked.values()]):
            continue  # written anew it would say less
        blobs = {path: blob for path, (blob, _) in found.items()}
        new = _unsaid(note, blobs)
        before = {path: blob for path, blob in read_own(note).items() if path not in blobs}
        told, own = tell_rows(repository, reader, commit, linked, before) if note else ({}, {})
        entry = write_entry(told, {**own, **found}, read_cuts(note))
        if new and len(entry) <= SIZE_LIMIT:
            put_note(notes, commit, sink.add("blob", entry))
            counted.append(len(new))
    if not counted:
        return old
    content = commit_content(notes.write(sink), [old] if old else [], "nbgit: entries", int(time.time()))
    oid = sink.add("commit", content)
    sink.flush()
    return oid
