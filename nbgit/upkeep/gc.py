"""Ring 3: `nbgit gc`: what nobody needs any more is removed (docs/design.md, "Upkeep").

The refs are built from the very values that are swapped: what another process links meanwhile is in them, or they are
built again.
"""

import os
import time
from typing import NamedTuple

from nbgit.errors import GitFailed
from nbgit.store.captures import remove_empty
from nbgit.store.cuts import drop_cuts
from nbgit.store.entries import drop_note
from nbgit.store.git import try_git
from nbgit.store.known import RAN
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import BACKUPS, ENTRIES, SNAPSHOTS, commit_content, move_refs, read_refs, refs_below
from nbgit.store.repository import Repository
from nbgit.store.trees import Tree
from nbgit.upkeep.capture_files import CaptureFile, capture_files
from nbgit.upkeep.contents import list_notes, list_snapshots, open_snapshots, read_notes
from nbgit.upkeep.findings import Progress
from nbgit.upkeep.journal_files import OldJournal, old_journals, remove_journals
from nbgit.upkeep.local_check import FETCHED, known_lines
from nbgit.upkeep.local_objects import LocalObjects
from nbgit.upkeep.reach import in_use

REFS = [SNAPSHOTS, ENTRIES]
SHALLOW = "this clone is shallow: what older commits need can't be told here, so all snapshots and entries are kept"
PARTIAL = "this clone lacks some entries: what they name can't be told, so all snapshots and entries are kept"
NEVER = -1  # a limit that nothing is older than


class Waste(NamedTuple):
    """What nobody needs.

    `snapshots` are (source oid, snapshot id), `paths` the notebooks that entries name them for, `entries` the commits
    that are gone, `backups` ref -> oid; `object_bytes` what only the snapshots take on disk, about. `cuts` are
    (session, oid) of recorded runs, `journals` the local ones. `kept` says why snapshots, entries and cuts were left
    alone, or "".
    """

    snapshots: list[tuple[str, str]]
    paths: dict[str, str]
    entries: list[str]
    captures: list[CaptureFile]
    backups: dict[str, str]
    object_bytes: int
    kept: str
    cuts: list[tuple[str, str]]
    journals: list[OldJournal]


class Limits(NamedTuple):
    """How old, in seconds, captures must be to go: those that a commit has overtaken, and those that still wait.

    The same holds for journals of runs: those of which every run is stored with a commit, and all others.
    """

    overtaken: int
    waiting: int


def find_waste(repository: Repository, limits: Limits, progress: Progress) -> Waste:
    """Return what `remove_waste` would remove now, and change nothing; raises GitFailed where refs are damaged."""
    return _find(repository, read_refs(repository, REFS), limits, progress)


def remove_waste(repository: Repository, limits: Limits, progress: Progress) -> Waste:
    """Remove what nobody needs and return what it was; raises GitFailed, and then the refs are as they were.

    The refs that lose something become commits without parents, so that git's own gc can free what they held.
    """
    planned_for = read_refs(repository, REFS)
    waste = _find(repository, planned_for, limits, progress)
    with ObjectReader(repository) as reader:

        def build(old: dict[str, str]) -> dict[str, str | None]:
            nonlocal planned_for, waste
            if old != planned_for:  # something was linked since it was looked at
                planned_for, waste = old, _find(repository, old, limits, progress)
            _take_back_known(repository, waste)
            return _build(repository, reader, old, waste)

        move_refs(repository, REFS, build)
    _take_back_known(repository, waste)  # what another process has noted in between
    _remove_captures(waste.captures)
    remove_journals(repository, waste.journals)
    for name, oid in waste.backups.items():
        try_git(["update-ref", "-d", name, oid], cwd=repository.start)
    return waste


def _find(repository: Repository, refs: dict[str, str], limits: Limits, progress: Progress) -> Waste:
    now = time.time()
    captures = [file for file in capture_files(repository) if _is_old(file, limits, now)]
    backups = {
        name: oid
        for name, oid in refs_below(repository, f"{BACKUPS}/").items()
        if limits.overtaken != NEVER and name.split("/")[2] < _stamp(now - limits.overtaken)
    }
    with LocalObjects(repository) as objects:
        found = _unneeded(objects, refs, progress)
        size = _bytes_of(objects, refs, set(found.snapshots), progress) if found.snapshots else 0
        journals = old_journals(objects, found.held, limits.overtaken, limits.waiting, now)
    return Waste(found.snapshots, found.paths, found.entries, captures, backups, size, found.kept, found.cuts, journals)


def _stamp(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(max(0.0, seconds)))


def _is_old(file: CaptureFile, limits: Limits, now: float) -> bool:
    limit = limits.overtaken if file.is_past else limits.waiting
    return file.taken >= 0 and not file.final and limit != NEVER and file.taken / 1e9 <= now - limit


class _Unneeded(NamedTuple):
    """What of the refs nobody needs, as in Waste; `held` are the cuts that stay."""

    snapshots: list[tuple[str, str]]
    paths: dict[str, str]
    entries: list[str]
    cuts: list[tuple[str, str]]
    held: list[tuple[str, str]]
    kept: str = ""


def _unneeded(objects: LocalObjects, refs: dict[str, str], progress: Progress) -> _Unneeded:
    shelf = list_snapshots(objects, refs.get(SNAPSHOTS))
    if objects.is_shallow:
        return _Unneeded([], {}, [], [], shelf.cuts, SHALLOW)
    notes, gaps = list_notes(objects, refs.get(ENTRIES))
    read = list(read_notes(objects, notes))
    lost = [gap.oid for gap in [*shelf.gaps, *gaps]] + [note.blob for note in read if note.rows is None]
    if lost and all(objects.is_elsewhere(oid) for oid in lost):
        return _Unneeded([], {}, [], [], shelf.cuts, PARTIAL)
    if lost:
        raise GitFailed("what nbgit keeps is damaged, so nothing was removed; run `nbgit fsck --repair` first")
    fetched_snapshots, fetched_commits, fetched_cuts = _fetched(objects)
    progress(0, 2)
    commits, sources = in_use(objects, {note.commit for note in read}, {source_oid for source_oid, _ in shelf.rows})
    progress(1, 2)
    named: set[str] = set()
    held = fetched_cuts
    paths: dict[str, str] = {}
    for note in read:
        if note.commit in commits or note.commit in fetched_commits:
            named.update(snapshot_id for _, snapshot_id in note.rows or ())
            held.update(note.cuts)
        else:
            paths.update((snapshot_id, path) for path, snapshot_id in note.rows or ())
    keep = named | fetched_snapshots
    snapshots = [(source, one) for source, one in shelf.rows if one not in keep and source not in sources]
    entries = [note.commit for note in read if note.commit not in commits and note.commit not in fetched_commits]
    cuts = [cut for cut in shelf.cuts if cut not in held]
    return _Unneeded(snapshots, paths, entries, cuts, [cut for cut in shelf.cuts if cut in held])


def _fetched(objects: LocalObjects) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    """Return the snapshots, the commits with entries and the cuts that remotes are known to have: they would come
    back."""
    snapshots: set[str] = set()
    cuts: set[tuple[str, str]] = set()
    commits: set[str] = set()
    for name, tip in refs_below(objects.repository, FETCHED).items():
        if name.endswith("/snapshots"):
            shelf = list_snapshots(objects, tip)
            snapshots.update(snapshot_id for _, snapshot_id in shelf.rows)
            cuts.update(shelf.cuts)
        else:
            commits.update(commit for commit, _ in list_notes(objects, tip)[0])
    return snapshots, commits, cuts


def _bytes_of(objects: LocalObjects, refs: dict[str, str], snapshots: set[tuple[str, str]], progress: Progress) -> int:
    """Return what these snapshots take on disk, without what others share with them."""
    rows = list_snapshots(objects, refs.get(SNAPSHOTS)).rows
    alone: set[str] = set()
    for parts in open_snapshots(objects, sorted(snapshots), documents=False):
        alone.update(parts.trees, parts.files.values(), [parts.document_oid])
    others = [row for row in rows if row not in snapshots]
    for done, parts in enumerate(open_snapshots(objects, others, documents=False)):
        alone.difference_update(parts.trees, parts.files.values(), [parts.document_oid])
        progress(done, len(others))
    return sum(info.disk for info in objects.infos([oid for oid in alone if oid]) if info is not None)


def _build(repository: Repository, reader: ObjectReader, old: dict[str, str], waste: Waste) -> dict[str, str | None]:
    """Give the refs without the waste to git; both are returned, so that both must still be as they were looked at."""
    sink = ObjectSink(repository)
    new: dict[str, str | None] = {name: old.get(name) for name in REFS}
    if waste.snapshots or waste.cuts:
        root = _tree(repository, reader, old[SNAPSHOTS])
        drop_cuts(root, waste.cuts)
        for source_oid, snapshot_id in waste.snapshots:
            directory = root.directory("by-source").directory(source_oid[:2]).directory(source_oid[2:])
            directory.drop(snapshot_id)
        new[SNAPSHOTS] = _commit(root, sink, "snapshots")
    if waste.entries:
        notes = _tree(repository, reader, old[ENTRIES])
        for commit in waste.entries:
            drop_note(notes, commit)
        new[ENTRIES] = _commit(notes, sink, "entries")
    sink.flush()
    return new


def _tree(repository: Repository, reader: ObjectReader, commit: str) -> Tree:
    return Tree(f"{commit}^{{tree}}", reader, len(repository.empty_oid) // 2)


def _commit(tree: Tree, sink: ObjectSink, message: str) -> str:
    return sink.add("commit", commit_content(tree.write(sink), [], f"nbgit: {message}", int(time.time())))


def _take_back_known(repository: Repository, waste: Waste) -> None:
    """Note that notebooks of these snapshots are stored no longer: seen again, they must be captured."""
    gone = {snapshot_id for _, snapshot_id in waste.snapshots}
    for file, last in known_lines(repository) if gone else ():
        lines = [f"{digest} {RAN} {source}\n" for digest, (one, source) in last.items() if one in gone]
        if lines:
            with open(file, "ab") as stream:
                stream.write("".join(lines).encode("ascii"))


def _remove_captures(files: list[CaptureFile]) -> None:
    for file in files:
        try:
            os.unlink(file.file)
        except FileNotFoundError:
            pass  # settled, or seen again under a newer name
        remove_empty(os.path.dirname(file.file))
