"""Ring 3: `nbgit fsck`: everything that is stored, checked in one pass."""

from nbgit.notebook.printable import printable
from nbgit.store.cuts import FOLDER as CUTS
from nbgit.store.forgotten import FILE, decode_forgotten
from nbgit.store.refs import ENTRIES, SNAPSHOTS, read_refs
from nbgit.store.repository import Repository
from nbgit.upkeep.capture_files import capture_files
from nbgit.upkeep.contents import Gap, Shelf, list_notes, list_snapshots, open_snapshots
from nbgit.upkeep.cut_check import check_cuts
from nbgit.upkeep.entry_check import EntryCheck
from nbgit.upkeep.findings import Checks, Progress, Report
from nbgit.upkeep.local_check import (
    check_captures,
    check_fetched,
    check_index,
    check_known,
    check_textconv_cache,
)
from nbgit.upkeep.local_objects import LocalObjects
from nbgit.upkeep.snapshot_check import SnapshotCheck

FORGOTTEN_LIMIT = 32 << 20  # bytes of the list that are read


def check_store(repository: Repository, progress: Progress) -> Report:
    """Return what is not as it must be in all that nbgit keeps here; changes nothing and fetches nothing.

    `progress` is told (done, total).
    """
    checks = Checks(progress)
    with LocalObjects(repository) as objects:
        refs = read_refs(repository, [SNAPSHOTS, ENTRIES])
        shelf = list_snapshots(objects, refs.get(SNAPSHOTS))
        notes, gaps = list_notes(objects, refs.get(ENTRIES))
        files = list(capture_files(repository))
        checks.total = 2 * len(notes) + 4 * len(shelf.rows) + len(files) + len(shelf.cuts)
        _tell_gaps(checks, SNAPSHOTS, shelf.gaps)
        _tell_gaps(checks, ENTRIES, gaps)
        for place in shelf.odd:
            mend = "nothing uses it; write what is stored only where its own id says"
            kind, what = ("cut", "cut of runs") if place.startswith(f"{CUTS}/") else ("snapshot", "snapshot")
            checks.find(f"{kind}-misplaced", SNAPSHOTS, f"{printable(place)[:120]} is no {what}'s place", mend)
        gone = forgotten(objects, shelf)
        _check_forgotten(checks, shelf, gone)
        sources = {snapshot_id: source_oid for source_oid, snapshot_id in shelf.rows}
        entries = EntryCheck(objects, checks, sources, gone)
        entries.check(notes)
        check_cuts(objects, checks, shelf, entries.cuts, gone)
        snapshots = SnapshotCheck(objects, checks, entries.places)
        for parts in open_snapshots(objects, shelf.rows, payloads=True):
            snapshots.check(parts)
        check_captures(repository, files, checks)
        if not shelf.gaps:
            check_known(repository, set(sources), checks)
        check_textconv_cache(objects, checks)
        check_index(repository, checks)
        check_fetched(objects, checks)
    return checks.report()


def forgotten(objects: LocalObjects, shelf: Shelf) -> dict[str, str]:
    """Return the snapshots that were forgotten: old id -> the id that stands for it, or GONE."""
    oid = shelf.root.get(FILE, ("", ""))[1]
    return decode_forgotten(objects.read(oid, FORGOTTEN_LIMIT)).snapshots if oid else {}


def _check_forgotten(checks: Checks, shelf: Shelf, gone: dict[str, str]) -> None:
    for source_oid, snapshot_id in shelf.rows:
        if snapshot_id in gone:
            text = "it was forgotten, and is still in refs/nbgit/snapshots"
            mend = "`nbgit fsck --repair` takes it out for good"
            order = ("forget-snapshot", source_oid, snapshot_id)
            checks.find("snapshot-forgotten", f"snapshot {snapshot_id[:12]}", text, mend, order)


def _tell_gaps(checks: Checks, ref: str, gaps: list[Gap]) -> None:
    for gap in gaps:
        if gap.is_elsewhere:
            checks.miss("trees")
        else:
            mend = "fetch the ref from a clone that has it; until then nothing is written to it"
            checks.find("ref-damaged", ref, f"{gap.what} is missing or damaged", mend)
