"""Ring 2: what entries say of a commit's notebooks: each is compared with what the commit's parents show.

All that is needed is read in a few exchanges with git's `cat-file`, however many notebooks it is.
"""

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.showing import Showing, Told, read_code, read_showing, runs_of_document, tell_showing
from nbgit.store.captures import CaptureStore
from nbgit.store.entries import read_some_entries, write_entry
from nbgit.store.git import run_git
from nbgit.store.lookup import Lookup
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, NOTEBOOK_LIMIT, SIZE_LIMIT, read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbgit.notebook.showing import Run
    from nbgit.store.entries import Cuts

    Place = tuple[str, str]  # source oid, snapshot id
    Rows = dict[str, tuple[str, str]]  # path -> what holds the outputs, what is told of them
    News = dict[str, list["CellNews"]]  # commit -> its cells that show something new

PARENTS = 3  # of an octopus no more are looked at
RENAME_LIMIT = 1000  # as `nbgit log` has it
AT_ONCE = 200  # notebooks: what bounds the memory


class Item:
    """A notebook of a commit: its source, and the snapshot of its outputs; "" where they stand in the blob itself.

    `runs` are those of the snapshot's document, where they are known.
    """

    __slots__ = ("commit", "path", "runs", "snapshot_id", "source_oid")

    def __init__(
        self, commit: str, path: str, source_oid: str, snapshot_id: str = "", runs: "list[Run] | None" = None
    ) -> None:
        self.commit = commit
        self.path = path
        self.source_oid = source_oid
        self.snapshot_id = snapshot_id
        self.runs = runs


class CellNews:
    """A cell of a commit's notebook that shows what no parent's does: `data` are (media type, digest) of its
    outputs."""

    __slots__ = ("cell_id", "code", "count", "data", "path")

    def __init__(
        self, path: str, cell_id: str | None, code: str, count: int | None, data: list[tuple[str, str]]
    ) -> None:
        self.path = path
        self.cell_id = cell_id
        self.code = code
        self.count = count
        self.data = data


class Teller:
    """Compares notebooks with those of the commits' parents, as `lookup` finds their outputs.

    `news` gets what it finds new in notebooks that have a snapshot.
    """

    def __init__(self, repository: Repository, lookup: Lookup, reader: ObjectReader) -> None:
        self._repository = repository
        self._lookup = lookup
        self._reader = reader
        self._known: dict[str, list[Run]] = {}
        self.news: News = {}

    def tell(self, items: list[Item]) -> list[Told]:
        """Return what is new in each of these; nothing is told of one whose outputs can't be read.

        They may be about to be linked: what they name counts as linked, whatever the entries say yet.
        """
        new: dict[str, set[str]] = {}  # source oid -> snapshots
        for item in items:
            if item.runs is not None:
                self._known[item.snapshot_id] = item.runs
            if item.snapshot_id:
                new.setdefault(item.source_oid, set()).add(item.snapshot_id)
                self._lookup.take_as_linked(item.commit, item.path, item.snapshot_id)
        told: list[Told] = []
        for start in range(0, len(items), AT_ONCE):
            told += self._tell(items[start : start + AT_ONCE], new)
        return told

    def _tell(self, items: list[Item], new: dict[str, set[str]]) -> list[Told]:
        shown: list[Place | None] = [(item.source_oid, item.snapshot_id) for item in items]
        for item, blobs in zip(items, self._parents(items), strict=True):
            for side, blob in enumerate(blobs):
                shown.append((blob, self._snapshot(item, side, blob, new)) if blob else None)
        found = self._read(shown)
        now, before = found[: len(items)], found[len(items) :]
        told = [
            Told("", "", "", []) if one is None else tell_showing(one, before[at * PARENTS : (at + 1) * PARENTS])
            for at, one in enumerate(now)
        ]
        for item, one, said in zip(items, now, told, strict=True):
            if one is not None and item.snapshot_id:
                self.news.setdefault(item.commit, []).extend(_news(item.path, one, said.ran))
        return told

    def _parents(self, items: list[Item]) -> list[list[str]]:
        """Return the blob that each parent has at an item's path or, where it has been renamed, at its former one."""
        names = [
            f"{item.commit}^{number}:{item.path}" if "\n" not in item.path else item.commit + "^{blob}"
            for item in items
            for number in range(1, PARENTS + 1)
        ]
        found = [one[0] if one else "" for one in self._reader.read_named(names, most=NOTEBOOK_LIMIT)]
        blobs = [found[at : at + PARENTS] for at in range(0, len(found), PARENTS)]
        lacking = [position for position, of_one in enumerate(blobs) if not any(of_one)]
        renames = self._renames(list(dict.fromkeys(items[position].commit for position in lacking)))
        moved = [at for at in lacking if (items[at].commit, items[at].path) in renames]
        olds = [f"{items[at].commit}^1:{renames[items[at].commit, items[at].path]}" for at in moved]
        for at, one in zip(moved, self._reader.read_named(olds, most=NOTEBOOK_LIMIT), strict=True):
            blobs[at][0] = one[0] if one else ""
        return blobs

    def _renames(self, commits: list[str]) -> dict[tuple[str, str], str]:
        """Return (commit, path) -> the name that the notebook had in the commit's parent, where git sees a rename."""
        parents = self._reader.read_named([f"{commit}^1" for commit in commits])
        asked = [commit for commit, parent in zip(commits, parents, strict=True) if parent is not None]
        if not asked:
            return {}
        shape = ["--stdin", "-r", "-M", f"-l{RENAME_LIMIT}", "--diff-filter=R", "--name-status", "-z"]
        stdin = "".join(f"{commit}\n" for commit in asked).encode("ascii")
        out = run_git(["diff-tree", *shape, "--format=%x01%H"], cwd=self._repository.start, stdin=stdin)
        found: dict[tuple[str, str], str] = {}
        fields = iter(out.decode("utf-8", "surrogateescape").split("\0"))
        commit = ""
        for field in fields:
            text = field.lstrip("\n")
            if text.startswith("\x01"):
                commit = text[1:].rstrip("\n")
            elif text.startswith("R"):
                old = next(fields)
                new = next(fields)
                found[commit, new] = old if "\n" not in old else ""
        return {place: old for place, old in found.items() if old}

    def _snapshot(self, item: Item, side: int, blob: str, new: dict[str, set[str]]) -> str:
        """Return the snapshot that a parent shows of a source, or ""."""
        candidates = sorted({*self._lookup.snapshot_ids(blob), *new.get(blob, ())})
        if len(candidates) < 2:
            return candidates[0] if candidates else ""
        return self._lookup.linked_snapshot(item.path, f"{item.commit}^{side + 1}", candidates) or candidates[0]

    def _read(self, places: "list[Place | None]") -> list[Showing | None]:
        """Return what these (source, snapshot) show, None for each that can't be read."""
        wanted = dict.fromkeys(place for place in places if place is not None)
        unread = {snapshot_id for _, snapshot_id in wanted if snapshot_id and snapshot_id not in self._known}
        documents = self._reader.read_many([f"{snapshot_id}:{DOCUMENT}" for snapshot_id in unread], most=SIZE_LIMIT)
        for snapshot_id, document in zip(unread, documents, strict=True):
            try:
                self._known[snapshot_id] = runs_of_document(read_document(document))
            except SnapshotInvalid:
                continue
        sources = self._reader.read_many([blob for blob, _ in wanted], most=NOTEBOOK_LIMIT)
        found: dict[Place | None, Showing | None] = {None: None}
        for (blob, snapshot_id), source in zip(wanted, sources, strict=True):
            if source is not None and not snapshot_id:
                found[blob, ""] = read_showing(source)
            elif snapshot_id in self._known:
                found[blob, snapshot_id] = Showing(read_code(source or b""), self._known[snapshot_id])
        return [found.get(place) for place in places]


def _news(path: str, showing: Showing, ran: list[int]) -> "Iterator[CellNews]":
    for index in ran:
        if index < len(showing.cells):
            cell_id, code = showing.cells[index]
            count, data = showing.runs[index]
            yield CellNews(path, cell_id, str(code), count, [(mime, digest) for _, mime, digest in data])


def tell_entries(teller: Teller, items: list[Item], cuts_of: "Callable[[News], dict[str, Cuts]]") -> dict[str, bytes]:
    """Return commit -> the note that says all that there is to tell of these.

    `cuts_of` gives the cuts, by commit, that what is new rests on.
    """
    linked: dict[str, Rows] = {}
    own: dict[str, Rows] = {}
    for item, told in zip(items, teller.tell(items), strict=True):
        rows = (linked if item.snapshot_id else own).setdefault(item.commit, {})
        rows[item.path] = (item.snapshot_id or item.source_oid, told.line)
    cuts = cuts_of(teller.news)
    return {
        commit: write_entry(linked.get(commit, {}), own.get(commit), cuts.get(commit)) for commit in {**linked, **own}
    }


def tell_rows(
    repository: Repository, reader: ObjectReader, commit: str, linked: dict[str, str], own: dict[str, str]
) -> "tuple[Rows, Rows]":
    """Return what an entry is to say of a commit with `linked` (snapshots) and `own` (blobs), both by path."""
    items = _items(reader, commit, linked)
    items += [Item(commit, path, blob) for path, blob in own.items()]
    lookup = Lookup(repository, Policy(), CaptureStore(repository, Policy()), reader)
    lines = [told.line for told in Teller(repository, lookup, reader).tell(items)]
    told = {(item.path, item.snapshot_id or item.source_oid): line for item, line in zip(items, lines, strict=True)}
    return (
        {path: (snapshot_id, told[path, snapshot_id]) for path, snapshot_id in linked.items()},
        {path: (blob, told[path, blob]) for path, blob in own.items()},
    )


def mixed_notebooks(repository: Repository, commit: str) -> list[str]:
    """Return the paths at which a merge commit has code of both sides, and outputs that are all of one or the other."""
    with ObjectReader(repository) as reader:
        if reader.read(f"{commit}^2") is None:
            return []
        entry = read_some_entries(reader, [commit]).get(commit, {})
        items = [item for item in _items(reader, commit, entry) if item.source_oid]
        lookup = Lookup(repository, Policy(), CaptureStore(repository, Policy()), reader)
        told = Teller(repository, lookup, reader).tell(items)
    return [item.path for item, one in zip(items, told, strict=True) if one.is_mixed]


def _items(reader: ObjectReader, commit: str, linked: dict[str, str]) -> list[Item]:
    names = [f"{commit}:{path}" if "\n" not in path else "" for path in linked]
    found = reader.read_named(names, most=NOTEBOOK_LIMIT)
    rows = zip(linked.items(), found, strict=True)
    return [Item(commit, path, source[0] if source else "", snapshot_id) for (path, snapshot_id), source in rows]
