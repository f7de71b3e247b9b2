"""Ring 2: entries that git has carried over to a commit with other sources (a run that was rebased onto an edit)."""

from nbgit.errors import SnapshotInvalid
from nbgit.store.changes import blobs_at
from nbgit.store.objects import ObjectReader
from nbgit.store.own import true_own
from nbgit.store.refs import ENTRIES
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, read_document
from nbgit.store.trees import Tree


def stale_entries(
    repository: Repository, reader: ObjectReader, noted: dict[str, dict[str, list[str]]], linked: set[str]
) -> list[str]:
    """Return the commits, but for those `linked` now, whose entry names nothing but snapshots of other sources, or no
    snapshot and a blob that the commit does not have.

    `noted` is commit -> path -> the snapshot ids that its entry names. A snapshot that is not here counts as right.
    """
    found = []
    notes = Tree(f"{ENTRIES}^{{tree}}", reader, len(repository.empty_oid) // 2)
    for commit, by_path in noted.items():
        if commit in linked:
            continue
        if by_path:
            blobs = blobs_at(repository, commit, sorted(by_path))
            sources = [(path, _source_of(reader, ids[0])) for path, ids in by_path.items()]
            is_stale = all(source not in (None, blobs.get(path)) for path, source in sources)
        else:
            said, so = true_own(repository, reader, notes, commit)
            is_stale = said != so
        if is_stale:
            found.append(commit)
    return found


def _source_of(reader: ObjectReader, snapshot_id: str) -> str | None:
    try:
        return str(read_document(reader.read(f"{snapshot_id}:{DOCUMENT}"))["source"])
    except SnapshotInvalid:
        return None
