"""Ring 2: snapshots replaced in the two shared refs by those that stand for them now, or by nothing.

The new commits have no parents: no history of theirs holds what was removed.
"""

import time

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.build import build_notebook
from nbgit.store.cuts import drop_cuts, last_cuts, put_cuts
from nbgit.store.entries import drop_note, get_note, put_note, read_cuts, read_entry, read_own, write_entry
from nbgit.store.forgotten import FILE, GONE, Forgotten, encode_forgotten, last_id
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import README, commit_content
from nbgit.store.repository import Repository
from nbgit.store.snapshots import SnapshotWriter, read_snapshot
from nbgit.store.told import tell_rows
from nbgit.store.trees import BLOB, TREE, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbgit.notebook.removal import Remaining
    from nbgit.notebook.spans import Split


class Replacer:
    """Builds the refs of one repository anew; what it returns is in git after the sink's flush."""

    def __init__(self, repository: Repository, reader: ObjectReader, sink: ObjectSink) -> None:
        self._repository = repository
        self._reader = reader
        self._sink = sink
        self._writer = SnapshotWriter(sink)

    def rebuilt(
        self,
        snapshot_id: str,
        source_oid: str,
        policies: "Iterable[Policy]",
        remove: "Callable[[Split, Policy], Remaining | None]",
    ) -> "tuple[str | None, bytes | None]":
        """Return the snapshot of what `remove` leaves of a snapshot's notebook, and the notebook.

        The id is the snapshot's own where it loses nothing, GONE where what is left can't be stored, and None where the
        notebook (None) can't be put together or can't be split.
        """
        source = self._reader.read(source_oid)
        try:
            notebook = read_snapshot(self._reader, snapshot_id, source) if source is not None else None
        except NbgitError:
            notebook = None
        for policy in policies if notebook is not None else ():
            parts = split(notebook or b"", policy)
            if parts is not None and parts.source == source:
                left = remove(parts, policy)
                if left is None:
                    return snapshot_id, notebook
                built = build_notebook(self._writer, policy, left.notebook, left.digest, left.parts, source_oid)
                return (built.snapshot_id if built else GONE), notebook
        return None, notebook

    def snapshots(
        self,
        old: str | None,
        replaced: dict[str, str],
        sources: dict[str, str],
        forgotten: Forgotten,
        cuts: "Iterable[tuple[str, str, str]]" = (),
    ) -> str:
        """Return the commit with old snapshot id -> new one (or GONE) replaced; `sources` are old id -> source oid.

        `cuts` are (session, old oid, new oid or GONE).
        """
        root = self.tree(old)
        by_source = root.directory("by-source")
        for old_id, new_id in replaced.items():
            source = sources[old_id]
            directory = by_source.directory(source[:2]).directory(source[2:])
            directory.drop(old_id)
            if new_id != GONE:
                directory.put(new_id, TREE, new_id)
        for session, old_oid, new_oid in cuts:
            drop_cuts(root, [(session, old_oid)])
            put_cuts(root, {session: [new_oid] if new_oid != GONE else []})
        root.put("README", BLOB, self._sink.add("blob", README))
        root.put(FILE, BLOB, self._sink.add("blob", encode_forgotten(forgotten)))
        return self.commit(root, "nbgit: snapshots")

    def entries(
        self, old: str, commits: "Iterable[str]", forgotten: Forgotten, without: "Callable[[str], bool]"
    ) -> str:
        """Return the commit in which the entries of these commits name what stands for each snapshot; paths for which
        `without` is true go."""
        tree = self.tree(old)
        for commit in sorted(commits):
            oid = get_note(tree, commit)
            note = (self._reader.read(oid) if oid else None) or b""
            own = read_own(note)
            rows: dict[str, str] = {}
            for path, snapshot_id in read_entry(note).items():
                new_id = last_id(forgotten.snapshots, snapshot_id)
                if new_id != GONE and not without(path):
                    rows[path] = new_id
            drop_note(tree, commit)
            if rows or own:
                told = tell_rows(self._repository, self._reader, commit, rows, own)
                cuts = last_cuts(forgotten.snapshots, read_cuts(note)) if rows else None
                put_note(tree, commit, self._sink.add("blob", write_entry(*told, cuts)))
        return self.commit(tree, "nbgit: entries")

    def tree(self, commit: str | None) -> Tree:
        """Return the tree of a commit, or an empty one, to be changed in memory."""
        return Tree(f"{commit}^{{tree}}" if commit else None, self._reader, len(self._repository.empty_oid) // 2)

    def commit(self, tree: Tree, message: str) -> str:
        """Return a commit of the tree, without parents."""
        return self._sink.add("commit", commit_content(tree.write(self._sink), [], message, int(time.time())))
