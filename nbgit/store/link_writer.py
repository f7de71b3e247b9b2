"""Ring 2: what linking writes: the snapshots that the tree holds, the entries, the textconv cache, moved together."""

import time

from nbgit.store.captures import Capture
from nbgit.store.changes import NotebookChange
from nbgit.store.cuts import put_cuts
from nbgit.store.entries import SIZE_LIMIT, drop_note, get_note, put_note, read_cuts
from nbgit.store.folding import Folder
from nbgit.store.forgotten import GONE, last_id, read_forgotten
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader, ObjectSink, object_id
from nbgit.store.own import true_own
from nbgit.store.refs import ENTRIES, README, SNAPSHOTS, commit_content, move_refs
from nbgit.store.repository import Repository
from nbgit.store.textconv_cache import TEXTCONV_CACHE, TextconvCache
from nbgit.store.told import Item, Teller, tell_entries
from nbgit.store.trees import BLOB, TREE, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.notebook.showing import Run
    from nbgit.store.entries import Cuts
    from nbgit.store.folding import Fold


class Link(Item):
    """One snapshot that one commit shows at one path.

    `left_out` are the cells of the capture that showed what was forgotten.
    """

    __slots__ = ("capture", "change", "left_out")

    def __init__(
        self,
        change: NotebookChange,
        snapshot_id: str,
        runs: "list[Run]",
        capture: Capture | None,
        left_out: "list[int] | None" = None,
    ) -> None:
        super().__init__(change.commit, change.path, change.source_oid, snapshot_id, runs)
        self.change = change
        self.capture = capture
        self.left_out = left_out or []


class LinkWriter:
    """Writes links into the refs of one repository.

    `find` gives the link of a change to a snapshot that is there; `left_out` are the digests of forgotten outputs that
    the new snapshots were made without; `fold` gives the recorded runs that outputs rest on.
    """

    def __init__(
        self,
        repository: Repository,
        lookup: Lookup,
        reader: ObjectReader,
        sink: ObjectSink,
        find: "Callable[[NotebookChange, str], Link | None]",
        left_out: "frozenset[str]",
        fold: "Fold | None",
    ) -> None:
        self._repository = repository
        self._lookup = lookup
        self._reader = reader
        self._sink = sink
        self._link = find
        self._left_out = left_out
        self._folder = Folder(repository, reader, sink, fold)

    def write(self, links: list[Link], stale: list[str], texts: dict[str, str]) -> list[Link]:
        """Write the trees that name the snapshots, the entries and the textconv cache, and move their refs together.

        `texts` are source oid -> the oid of its readable text. Returns what was linked: not what was forgotten, but
        what stands for it.
        """
        cache = TextconvCache(self._repository, self._reader)
        linked = links

        def build(old: dict[str, str]) -> dict[str, str | None]:
            nonlocal linked
            linked = self._remembered(links, old.get(SNAPSHOTS))
            entries = self._entries(old.get(ENTRIES), linked, stale)
            new: dict[str, str | None] = {
                SNAPSHOTS: self._snapshots(old.get(SNAPSHOTS), linked),
                ENTRIES: entries,
                TEXTCONV_CACHE: cache.filled(old.get(TEXTCONV_CACHE), texts, self._sink),
            }
            self._sink.flush()
            return new

        move_refs(self._repository, [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE], build)
        return linked

    def _remembered(self, links: list[Link], snapshots: str | None) -> list[Link]:
        """Return the links with each snapshot that was forgotten replaced by what stands for it; its capture stays."""
        listed = read_forgotten(self._reader, snapshots)
        if not listed:
            return links
        if not listed.outputs <= self._left_out:  # forgotten this moment: the captures wait for the next linking
            links = [link for link in links if link.capture is None]
        forgotten = listed.snapshots
        found = [link if link.snapshot_id not in forgotten else None for link in links]
        stands = [last_id(forgotten, link.snapshot_id) for link in links]
        for position, (link, snapshot_id) in enumerate(zip(links, stands, strict=True)):
            if found[position] is None and snapshot_id != GONE:
                found[position] = self._link(link.change, snapshot_id)
        return [link for link in found if link is not None]

    def _tree(self, commit: str | None) -> Tree:
        return Tree(f"{commit}^{{tree}}" if commit else None, self._reader, len(self._repository.empty_oid) // 2)

    def _snapshots(self, old: str | None, links: list[Link]) -> str:
        root = self._tree(old)
        sources = root.directory("by-source")
        changed = old is None
        for link in links:
            oid = link.change.source_oid
            directory = sources.directory(oid[:2]).directory(oid[2:])
            changed = changed or link.snapshot_id not in directory.entries
            directory.put(link.snapshot_id, TREE, link.snapshot_id)
        put_cuts(root, self._folder.new)
        if not changed and not root.is_touched():
            return old or ""
        root.put("README", BLOB, self._sink.add("blob", README))
        return self._commit(root, old, "snapshots")

    def _entries(self, old: str | None, links: list[Link], stale: list[str]) -> str:
        notes = self._tree(old)
        before = self._reader.read(f"{old}^{{tree}}") if old else None
        items: list[Item] = [*links]
        carried: dict[str, Cuts] = {}
        for commit in dict.fromkeys([*stale, *(link.change.commit for link in links)]):
            own = true_own(self._repository, self._reader, notes, commit)[1]
            items += [Item(commit, path, blob) for path, blob in own.items()]
            note = get_note(notes, commit)
            carried[commit] = read_cuts(self._reader.read(note, most=SIZE_LIMIT) or b"") if note else {}
            drop_note(notes, commit)
        teller = Teller(self._repository, self._lookup, self._reader)
        told = tell_entries(teller, items, lambda news: self._folder.cuts_of(news, carried))
        for commit, entry in told.items():
            put_note(notes, commit, self._sink.add("blob", entry))
        tree = notes.write(self._sink)
        if before is not None and tree == object_id("tree", before, self._repository.hash_name):
            return old or ""
        return self._commit(notes, old, "entries")

    def _commit(self, tree: Tree, parent: str | None, message: str) -> str:
        parents = [parent] if parent else []
        content = commit_content(tree.write(self._sink), parents, f"nbgit: {message}", int(time.time()))
        return self._sink.add("commit", content)
