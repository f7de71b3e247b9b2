"""Ring 3: whether a snapshot is whole: its objects, its payloads, and the notebook it makes with its source."""

import json
from collections import Counter
from hashlib import sha256
from typing import Any

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.layout import output_layout
from nbgit.notebook.printable import printable
from nbgit.store.objects import object_id
from nbgit.store.snapshots import DOCUMENT, FORMAT, VERSION, join_snapshot, payload_files, read_document
from nbgit.upkeep.contents import Parts
from nbgit.upkeep.findings import Checks
from nbgit.upkeep.local_objects import LocalObjects

OBJECT_LIMIT = 1 << 30  # bytes; a larger payload or source is not read
REMEMBERED = 200_000  # payload digests that are kept, so that a shared payload is hashed once
SHOWN = 60  # characters of a name that come from a snapshot
LOST = "unreadable"  # objects are gone or damaged: the same snapshot, made again, would mend it
WRONG = "invalid"  # all objects are sound, and what they say is not what nbgit writes: nothing can mend it
MENDS = {
    LOST: "`nbgit fsck --repair` makes it again from a capture or the file on disk; else get it from another clone",
    WRONG: "nothing uses it; `nbgit fsck --repair` takes it out and keeps the old ref",
}


class _Trouble(Exception):
    """Why a snapshot can't be used: LOST or WRONG, in words; `oids` are objects that may be damaged."""

    def __init__(self, kind: str, text: str, oids: list[str]) -> None:
        super().__init__(text)
        self.kind = kind
        self.oids = oids


class SnapshotCheck:
    """Checks one snapshot after the other; `places` is snapshot id -> the notebook and commit that show it."""

    def __init__(self, objects: LocalObjects, checks: Checks, places: dict[str, str]) -> None:
        self._objects = objects
        self._checks = checks
        self._places = places
        self._digests: dict[str, str] = {}

    def check(self, parts: Parts) -> None:
        """Check one snapshot."""
        self._checks.count("snapshots")
        place = self._places.get(parts.snapshot_id)
        where = f"snapshot {parts.snapshot_id[:12]}" + (f" ({place})" if place else "")
        try:
            self._check(parts)
        except _Trouble as trouble:
            order = (
                ("rebuild", parts.source_oid, parts.snapshot_id, *trouble.oids)
                if trouble.kind == LOST
                else ("drop-snapshot", parts.source_oid, parts.snapshot_id)
            )
            self._checks.find(f"snapshot-{trouble.kind}", where, str(trouble), MENDS[trouble.kind], order)

    def _check(self, parts: Parts) -> None:
        gone = [gap for gap in parts.gaps if not gap.is_elsewhere]
        if gone:
            raise _Trouble(LOST, f"{gone[0].what} is missing or damaged", [gap.oid for gap in gone])
        if parts.gaps:
            self._checks.miss("snapshots")
            return
        try:
            document = read_document(parts.document)
            spliced = payload_files(document)
        except SnapshotInvalid as error:
            if _is_newer(parts.document):
                self._checks.newer += 1
                return
            self._need_intact({parts.document_oid: parts.document})
            raise _Trouble(WRONG, str(error).split(";")[0], []) from error
        if document["source"] != parts.source_oid:
            raise _Trouble(WRONG, f"its {DOCUMENT} is of another source than the place it lies at", [])
        self._check_content(parts, document, spliced)

    def _check_content(self, parts: Parts, document: dict[str, Any], spliced: list[str]) -> None:
        shown = [payload for cell in document["cells"] for output in cell["outputs"] for payload in output["payloads"]]
        sizes = {payload["file"]: payload for payload in shown if "file" in payload}
        for name in dict.fromkeys([*spliced, *sizes]):
            if name not in parts.files:
                raise _Trouble(WRONG, f"it names {_short(name)}, which it does not hold", [])
        if set(spliced) != set(sizes):
            raise _Trouble(WRONG, "its cells and its splices name different payloads", [])
        contents = self._payloads(parts, sizes)
        if contents is None:
            return
        for name, payload in sizes.items():
            self._checks.count("payloads")
            oid = parts.files[name]
            if self._digest(oid, contents[oid]) != payload["digest"] or len(contents[oid]) != payload["size"]:
                self._need_intact(contents)
                raise _Trouble(WRONG, f"{_short(name)} is not the payload that it says", [])
        if not _inline_is_right(document, shown):
            raise _Trouble(WRONG, "what it says of its short outputs is not what they are", [])
        self._join(parts, document, {name: contents[parts.files[name]] for name in spliced})

    def _payloads(self, parts: Parts, sizes: dict[str, Any]) -> dict[str, bytes] | None:
        """Return blob oid -> content of the snapshot's payloads, or None where some are lawfully not here."""
        oids = list(dict.fromkeys(parts.files[name] for name in sizes))
        infos = dict(zip(oids, self._objects.infos(oids), strict=True))
        for name, payload in sizes.items():
            info = infos[parts.files[name]]
            if info is not None and (info.kind != "blob" or info.size != payload["size"] or info.size > OBJECT_LIMIT):
                raise _Trouble(WRONG, f"{_short(name)} is not of the size that it says", [])
        if any(self._objects.is_elsewhere(oid) for oid in oids):
            self._checks.miss("payloads", sum(self._objects.is_elsewhere(oid) for oid in oids))
            return None
        contents = self._objects.read_small([oid for oid in oids if infos[oid] is not None])
        gone = [oid for oid in oids if contents.get(oid) is None]
        if gone:
            name = next(name for name in sizes if parts.files[name] == gone[0])
            raise _Trouble(LOST, f"its payload {_short(name)} is missing or damaged", gone)
        return {oid: content for oid, content in contents.items() if content is not None}

    def _digest(self, oid: str, content: bytes) -> str:
        if oid not in self._digests:
            if len(self._digests) >= REMEMBERED:
                self._digests.clear()
            self._digests[oid] = "sha256:" + sha256(content).hexdigest()
        return self._digests[oid]

    def _join(self, parts: Parts, document: dict[str, Any], payloads: dict[str, bytes]) -> None:
        source = self._objects.read(parts.source_oid, OBJECT_LIMIT)
        if source is None:
            self._checks.miss("sources")
            return
        try:
            digest = sha256(join_snapshot(document, payloads, source)).hexdigest()
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            digest = ""
        if f"sha256:{digest}" != document["notebook"]["digest"]:
            blobs = {parts.files[name]: content for name, content in payloads.items()}
            self._need_intact({**blobs, parts.document_oid: parts.document, parts.source_oid: source})
            raise _Trouble(WRONG, "it does not give the notebook that it was made from", [])

    def _need_intact(self, contents: "dict[str, bytes] | dict[str, bytes | None]") -> None:
        """Raise LOST where an object's content does not have its oid: then the object is damaged, not the snapshot."""
        name = self._objects.repository.hash_name
        damaged = [oid for oid, content in contents.items() if content and object_id("blob", content, name) != oid]
        if damaged:
            raise _Trouble(LOST, f"git's object {damaged[0][:12]} is damaged", damaged)


def _is_newer(content: bytes | None) -> bool:
    try:
        document = json.loads(content or b"")
        return document["format"] == FORMAT and type(document["version"]) is int and document["version"] > VERSION
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _inline_is_right(document: dict[str, Any], shown: list[dict[str, Any]]) -> bool:
    """Return whether the payloads without a file are those that stand in the splices; a file's place is left out."""
    told = Counter((payload["mime"], payload["digest"], payload["size"]) for payload in shown if "file" not in payload)
    found: Counter[tuple[str, str, int]] = Counter()
    for _, size, parts in document["splices"]:
        raw, filled = _outline(parts)
        for datum in output_layout(raw) if size == 2 and raw.startswith(b"[") else ():
            if datum.start not in filled:
                payload = datum.payload(raw)
                found[datum.mime, "sha256:" + sha256(payload).hexdigest(), len(payload)] += 1
    return told == found


def _outline(parts: list[Any]) -> tuple[bytes, set[int]]:
    """Return a splice with `null` for each payload's file, and where those stand."""
    pieces: list[bytes] = []
    filled: set[int] = set()
    size = 0
    for part in parts:
        if isinstance(part, str):
            pieces.append(part.encode("utf-8", "surrogateescape"))
        else:
            filled.add(size)
            pieces.append(b"null")
        size += len(pieces[-1])
    return b"".join(pieces), filled


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
