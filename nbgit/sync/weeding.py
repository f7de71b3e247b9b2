"""Ring 3: snapshots that show a forgotten output, taken out of one's own refs when the list or the snapshots have come.

Whoever had not heard of it yet, or has an older nbgit, may have linked the output anew, under another snapshot.
"""

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.removal import Remaining
from nbgit.notebook.spans import Split
from nbgit.store.entries import list_notes, read_entry
from nbgit.store.forgotten import GONE, Forgotten
from nbgit.store.forgotten_outputs import document_shows, leave_out
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.policy_file import load_policy
from nbgit.store.replacing import Replacer
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, SIZE_LIMIT, read_document
from nbgit.store.trees import TREE, decode_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = 200  # snapshots whose documents are read at once


def weed(
    repository: Repository,
    reader: ObjectReader,
    tips: tuple[str | None, str | None],
    forgotten: Forgotten,
    candidates: list[tuple[str, str]],
) -> tuple[str | None, str | None]:
    """Return the tips of the snapshots and the entries without what is forgotten; snapshots without it take the place.

    `candidates` are (source oid, snapshot id) of those that may show it. Raises GitFailed and PolicyInvalid.
    """
    snapshots, entries = tips
    if not candidates or not forgotten.outputs:
        return tips
    named = _entries(repository, reader, entries)
    paths = _paths(named)
    shown = _shown(reader, forgotten, candidates, paths)
    if not shown:
        return tips
    sink = ObjectSink(repository)
    replacer = Replacer(repository, reader, sink)
    policies = (load_policy(repository), Policy())
    replaced: dict[str, str] = {}
    for source_oid, snapshot_id in shown:
        if reader.read(source_oid) is None:
            continue  # a shallow clone: it came from a remote, and a clone that has the source takes it out for all
        at = paths.get(snapshot_id, set())
        new, _ = replacer.rebuilt(snapshot_id, source_oid, policies, _remover(forgotten, at))
        if new != snapshot_id:
            replaced[snapshot_id] = new or GONE
    sink.flush()  # entries are described from the new snapshots
    if replaced:
        listed = Forgotten({**forgotten.snapshots, **replaced}, forgotten.outputs)
        sources = {snapshot_id: source_oid for source_oid, snapshot_id in shown}
        snapshots = replacer.snapshots(snapshots, replaced, sources, listed)
        commits = [commit for commit, entry in named.items() if not replaced.keys().isdisjoint(entry.values())]
        entries = replacer.entries(entries, commits, listed, lambda path: False) if entries and commits else entries
        sink.flush()
    return snapshots, entries


def _paths(named: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    """Return snapshot id -> the paths at which entries name it."""
    paths: dict[str, set[str]] = {}
    for entry in named.values():
        for path, snapshot_id in entry.items():
            paths.setdefault(snapshot_id, set()).add(path)
    return paths


def _remover(forgotten: Forgotten, paths: set[str]) -> "Callable[[Split, Policy], Remaining | None]":
    return lambda parts, policy: leave_out(parts, forgotten.outputs, paths, policy)


def _entries(repository: Repository, reader: ObjectReader, tip: str | None) -> dict[str, dict[str, str]]:
    """Return commit -> path -> snapshot id of all entries."""
    notes = list_notes(repository, tip) if tip else {}
    contents = reader.read_many(list(notes.values()))
    return {commit: read_entry(note or b"") for commit, note in zip(notes, contents, strict=True)}


def every_snapshot(reader: ObjectReader, commit: str) -> list[tuple[str, str]]:
    """Return (source oid, snapshot id) of all that a commit of the snapshots ref holds."""
    size = len(commit) // 2
    fans = _folders(reader, [("", f"{commit}:by-source")], size)
    return _folders(reader, _folders(reader, fans, size), size)


def _folders(reader: ObjectReader, above: list[tuple[str, str]], oid_bytes: int) -> list[tuple[str, str]]:
    """Return (name from `by-source` on, oid) of the folders below each of these; the last level's name is its oid."""
    contents = reader.read_many([name for _, name in above])
    return [
        (first if len(first) == 2 * oid_bytes else first + name, oid)
        for (first, _), content in zip(above, contents, strict=True)
        for name, (mode, oid) in (decode_tree(content, oid_bytes) if content else {}).items()
        if mode == TREE
    ]


def _shown(
    reader: ObjectReader, forgotten: Forgotten, candidates: list[tuple[str, str]], paths: dict[str, set[str]]
) -> list[tuple[str, str]]:
    """Return those candidates whose documents show a forgotten output."""
    found = []
    for start in range(0, len(candidates), DOCUMENTS):
        some = candidates[start : start + DOCUMENTS]
        documents = reader.read_many([f"{snapshot_id}:{DOCUMENT}" for _, snapshot_id in some], most=SIZE_LIMIT)
        for row, content in zip(some, documents, strict=True):
            try:
                if document_shows(read_document(content), forgotten.outputs, paths.get(row[1], ())):
                    found.append(row)
            except SnapshotInvalid:
                continue  # nobody is shown it
    return found
