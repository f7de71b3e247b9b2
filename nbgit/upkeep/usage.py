"""Ring 3: `nbgit du`: what takes how much on disk, each object counted once, where it is met first."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from nbgit.errors import SnapshotInvalid
from nbgit.store.refs import BACKUPS, ENTRIES, SNAPSHOTS, read_refs, refs_below
from nbgit.store.repository import Repository
from nbgit.store.snapshots import read_document
from nbgit.store.textconv_cache import TEXTCONV_CACHE
from nbgit.upkeep.capture_files import DAMAGED, PAST, WAITING
from nbgit.upkeep.contents import Parts, list_notes, list_snapshots, open_snapshots, read_notes
from nbgit.upkeep.findings import Progress
from nbgit.upkeep.local_check import FETCHED
from nbgit.upkeep.local_objects import LocalObjects

SOME = 5000  # objects whose sizes are asked for together
STRUCTURE = ""  # in place of a media type: snapshot.json and the folders
CACHES = {"index.sqlite": "figure index", "nbgit.log": "log", "known": "known", "paths": "known", "runs": "runs"}


class Amount(NamedTuple):
    """How many there are, and what they take on disk, in bytes."""

    number: int = 0
    size: int = 0

    def plus(self, number: int, size: int) -> "Amount":
        """Return this and so much more."""
        return Amount(self.number + number, self.size + size)


class Usage(NamedTuple):
    """What takes how much.

    `notebooks` is path ("" for snapshots that no entry names) -> its snapshots; `types` media type (or STRUCTURE) ->
    its payloads. A payload that several notebooks show is counted for the first by name. `folders` are the trees above
    the snapshots and all that only older commits of the ref hold, `cuts` the recorded runs in it. `local` is a kind of
    file -> its files.
    """

    snapshots: Amount
    notebooks: dict[str, Amount]
    types: dict[str, Amount]
    folders: Amount
    cuts: Amount
    entries: Amount
    texts: Amount
    fetched: Amount
    backups: Amount
    local: dict[str, Amount]

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        amounts = (self.snapshots, self.folders, self.cuts, self.entries, self.texts, self.fetched, self.backups)
        return sum(amount.size for amount in (*amounts, *self.local.values()))


def measure(repository: Repository, progress: Progress) -> Usage:
    """Return what takes how much; `progress` is told (done, total) of the snapshots."""
    with LocalObjects(repository) as objects:
        refs = read_refs(repository, [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE])
        meter = _Meter(objects)
        entries, _ = list_notes(objects, refs.get(ENTRIES))
        paths: dict[str, str] = {}
        for note in read_notes(objects, entries):
            for path, snapshot_id in note.rows or ():
                paths[snapshot_id] = min(path, paths.get(snapshot_id, path))
        shelf = list_snapshots(objects, refs.get(SNAPSHOTS))
        rows = sorted(shelf.rows, key=lambda row: (paths.get(row[1], ""), row))
        for done, parts in enumerate(open_snapshots(objects, rows)):
            meter.snapshot(parts, paths.get(parts.snapshot_id, ""))
            progress(done, len(rows))
        cuts = Amount(len(shelf.cuts), sum(meter.new([oid for _, oid in shelf.cuts]).values()))
        folders = meter.rest([refs[SNAPSHOTS]] if SNAPSHOTS in refs else [])
        notes = meter.rest([refs[ENTRIES]] if ENTRIES in refs else [])
        texts = meter.rest([refs[TEXTCONV_CACHE]] if TEXTCONV_CACHE in refs else [])
        fetched, backups = refs_below(repository, FETCHED), refs_below(repository, f"{BACKUPS}/")
        size = sum(amount.size for amount in meter.notebooks.values())
        return Usage(
            Amount(len(rows), size),
            meter.notebooks,
            meter.types,
            folders,
            cuts,
            Amount(len(entries), notes.size),
            texts,
            Amount(len(fetched), meter.rest(list(fetched.values())).size),
            Amount(len(backups), meter.rest(list(backups.values())).size),
            _local_files(repository),
        )


class _Meter:
    """Adds up objects, each once."""

    def __init__(self, objects: LocalObjects) -> None:
        self._objects = objects
        self._seen: set[bytes] = set()
        self.notebooks: dict[str, Amount] = {}
        self.types: dict[str, Amount] = {}

    def snapshot(self, parts: Parts, path: str) -> None:
        """Add one snapshot."""
        types = dict.fromkeys((*parts.trees, parts.document_oid), STRUCTURE)
        for name, mime in _types(parts.document).items():
            if name in parts.files:
                types.setdefault(parts.files[name], mime)
        for oid in parts.files.values():
            types.setdefault(oid, "other")
        sizes = self.new([oid for oid in types if oid])
        for oid, size in sizes.items():
            self.types[types[oid]] = self.types.get(types[oid], Amount()).plus(1, size)
        self.notebooks[path] = self.notebooks.get(path, Amount()).plus(1, sum(sizes.values()))

    def rest(self, roots: list[str]) -> Amount:
        """Return what these commits reach and has not been counted yet."""
        amount = Amount()
        oids = _reached(self._objects.repository, roots) if roots else iter(())
        while some := list(islice(oids, SOME)):
            sizes = self.new(some)
            amount = amount.plus(len(sizes), sum(sizes.values()))
        return amount

    def new(self, oids: Iterable[str]) -> dict[str, int]:
        """Return oid -> bytes on disk of those that are here and are met for the first time."""
        new = [oid for oid in dict.fromkeys(oids) if bytes.fromhex(oid) not in self._seen]
        self._seen.update(bytes.fromhex(oid) for oid in new)
        return {oid: info.disk for oid, info in zip(new, self._objects.infos(new), strict=True) if info is not None}


def _types(document: bytes | None) -> dict[str, str]:
    """Return payload file -> media type, as far as a snapshot says it."""
    try:
        cells = read_document(document)["cells"]
    except SnapshotInvalid:
        return {}
    shown = [payload for cell in cells for output in cell["outputs"] for payload in output["payloads"]]
    return {payload["file"]: payload["mime"] for payload in shown if "file" in payload}


def _reached(repository: Repository, roots: list[str]) -> Iterator[str]:
    """Give the oids of all that these commits reach and that is here."""
    arguments = ["git", "rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--stdin"]
    process = subprocess.Popen(
        arguments, cwd=repository.start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write("".join(f"{oid}\n" for oid in roots).encode("ascii"))
        process.stdin.close()
        for line in process.stdout:
            yield line.strip().decode("ascii")


def _local_files(repository: Repository) -> dict[str, Amount]:
    found: dict[str, Amount] = dict.fromkeys((WAITING, PAST, DAMAGED, *dict.fromkeys(CACHES.values())), Amount())
    for here, _, names in os.walk(repository.nbgit_dir):
        first = os.path.relpath(here, repository.nbgit_dir).split(os.sep)[0]
        for name in names:
            kind = first if first != os.curdir else name
            stem = next((CACHES[one] for one in CACHES if kind.startswith(one)), kind)
            stem = stem if stem in found else "other"
            try:
                size = os.stat(os.path.join(here, name)).st_size
            except OSError:
                continue  # settled meanwhile
            found[stem] = found.get(stem, Amount()).plus(1, size)
    return found


def usage_document(usage: Usage) -> dict[str, object]:
    """Return the usage as plain data (schemas/du.v1.schema.json)."""

    def amount(one: Amount) -> dict[str, int]:
        return {"count": one.number, "bytes": one.size}

    def ranked(amounts: dict[str, Amount]) -> list[tuple[str, Amount]]:
        return sorted(amounts.items(), key=lambda item: (-item[1].size, item[0]))

    document: dict[str, object] = {"schema": "nbgit/du.v1", "total_bytes": usage.total}
    for name in ("snapshots", "folders", "cuts", "entries", "texts", "fetched", "backups"):
        document[name] = amount(getattr(usage, name))
    document["notebooks"] = [{"path": path or None, **amount(one)} for path, one in ranked(usage.notebooks)]
    document["types"] = [{"mime": mime or None, **amount(one)} for mime, one in ranked(usage.types)]
    document["files"] = {kind.replace(" ", "_"): amount(one) for kind, one in usage.local.items()}
    return document
