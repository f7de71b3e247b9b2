"""Ring 2: snapshots: the outputs of one notebook at one commit, decoded, as a git tree (docs/formats.md, "Snapshots").

    snapshot.json                 what each cell showed, and how the notebook's bytes are put together again
    cells/<index>-<id>/<k>.<ext>  payloads, decoded: `git show <snapshot>:cells/3-ab12/0.png` is the figure

The tree's oid is the snapshot's id. A reader joins the notebook from it and checks the digest.
"""

from hashlib import sha256

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.encoding import decode, encode
from nbgit.notebook.layout import Datum, cell_counts, output_layout
from nbgit.notebook.lean_json import loads
from nbgit.notebook.outputs import ERROR, STDERR, STDOUT
from nbgit.notebook.spans import Span, Split, join
from nbgit.store.entries import is_oid
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.trees import BLOB, TREE, encode_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT, VERSION = "nbgit-snapshot", 1
DOCUMENT = "snapshot.json"
INLINE_LIMIT = 512  # bytes; a shorter text stays in snapshot.json: a blob and its tree entry would cost more than it
SEEN_LIMIT = 64 << 20  # bytes of decoded data that are remembered while snapshots are written
TEXT_LEVEL = 4  # zlib's level for text: a third of the time of git's 6, and a twentieth larger until git repacks it
SIZE_LIMIT = 64 << 20  # bytes of a snapshot.json; a larger one is not written, and refused when read
STRUCTURE_LIMIT = 1 << 20  # arrays and objects in one: each costs Python some hundred bytes
NOTEBOOK_LIMIT = 256 << 20  # bytes of a notebook that has a snapshot
PAYLOADS_PER_BYTE = 3  # of the notebook, that its payloads take at most: a lone surrogate is 1 byte there and 3 decoded
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/html": "html",
    "text/markdown": "md",
    "text/latex": "tex",
    "application/javascript": "js",
    STDOUT: "stdout.txt",
    STDERR: "stderr.txt",
}
_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./")
_COMPRESSED = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "video/", "audio/")


class SnapshotWriter:
    """Gives snapshots to a sink; a figure that stands in several notebooks (copies, versions) is decoded once."""

    def __init__(self, sink: ObjectSink) -> None:
        self.sink = sink
        self._seen: dict[tuple[str, bytes], _Stored | None] = {}
        self._seen_bytes = 0

    def store(self, mime: str, raw: bytes) -> "_Stored | None":
        """Store the datum that stands as `raw` in a notebook, or return None where no form reproduces it."""
        key = (mime, raw)
        if key in self._seen:
            return self._seen[key]
        found = decode(mime, raw)
        stored = _Stored(self.sink, mime, *found) if found else None
        self._seen_bytes += len(raw)
        if self._seen_bytes < SEEN_LIMIT:
            self._seen[key] = stored
        return stored

    def write(
        self, notebook: bytes, digest: str, parts: Split, source_oid: str, ids: dict[int, str | None]
    ) -> "tuple[str, dict[str, Any]] | None":
        """Give the snapshot of `notebook` to the sink; return its id and its document, None where it is too large.

        `digest` is the notebook's sha256, `parts` its split, `ids` the cells' ids by index. Whatever is stored decoded
        has been encoded again and compared (`decode`); all else is stored as it stands.
        """
        builder = _Builder(self)
        counts = cell_counts(parts)
        cells: dict[int, dict[str, Any]] = {}
        for span in parts.spans:
            index = span.cell_index
            if index >= 0 and index not in cells:
                count = counts.get(index)
                cells[index] = {"index": index, "id": ids.get(index), "execution_count": count, "outputs": []}
            builder.span(span, cells[index] if span.kind == "outputs" else None)
        document = {
            "format": FORMAT,
            "version": VERSION,
            "source": source_oid,
            "notebook": {"digest": f"sha256:{digest}", "size": len(notebook)},
            "cells": [cell for _, cell in sorted(cells.items())],
            "splices": builder.splices,
        }
        import json

        text = (json.dumps(document, ensure_ascii=True, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")
        return (builder.tree(text), document) if len(notebook) <= NOTEBOOK_LIMIT and _fits(text) else None


class _Stored:
    """A datum that was given to the sink."""

    __slots__ = ("digest", "form", "oid", "size")

    def __init__(self, sink: ObjectSink, mime: str, payload: bytes, form: "dict[str, Any]") -> None:
        self.oid = sink.add("blob", payload, level=0 if mime.startswith(_COMPRESSED) else TEXT_LEVEL)
        self.digest = "sha256:" + sha256(payload).hexdigest()
        self.size = len(payload)
        self.form = form


class _Builder:
    """Collects one snapshot's payload files and document."""

    def __init__(self, writer: SnapshotWriter) -> None:
        self.writer = writer
        self.sink = writer.sink
        self.directories: dict[str, dict[str, tuple[str, str]]] = {}
        self.cells: list[dict[str, Any]] = []
        self.splices: list[list[Any]] = []

    def span(self, span: Span, cell: "dict[str, Any] | None") -> None:
        """Take one volatile span in; `cell` is the entry of the cell whose outputs it holds, if it does."""
        raw = bytes(span.raw)
        parts: list[Any] = []
        taken = 0
        for datum in output_layout(raw) if cell is not None else ():
            assert cell is not None
            long = datum.end - datum.start >= INLINE_LIMIT and datum.mime != ERROR
            stored = self.writer.store(datum.mime, raw[datum.start : datum.end]) if long else None
            shown: dict[str, Any] = {"mime": datum.mime}
            if stored is None:
                payload = datum.payload(raw)
                shown |= {"digest": "sha256:" + sha256(payload).hexdigest(), "size": len(payload)}
            else:
                shown |= {"digest": stored.digest, "size": stored.size, "file": self._name(cell, datum, stored.oid)}
                parts += (_text(raw[taken : datum.start]), {"file": shown["file"], **stored.form})
                taken = datum.end
            while len(cell["outputs"]) <= datum.output_index:
                is_its = len(cell["outputs"]) == datum.output_index  # those before it had no data, or were no objects
                cell["outputs"].append({"type": datum.output_type if is_its else "", "payloads": []})
            cell["outputs"][datum.output_index]["payloads"].append(shown)
        self.splices.append([span.offset, span.size, [*parts, _text(raw[taken:])]])

    def _name(self, cell: "dict[str, Any]", datum: Datum, oid: str) -> str:
        """Put a payload into the snapshot's directories and return its name there."""
        directory = str(cell["index"]) + ("-" + safe if (safe := _safe(cell["id"])) else "")
        files = self.directories.setdefault(directory, {})
        extension = _EXTENSIONS.get(datum.mime) or ("json" if "json" in datum.mime else "txt")
        name = f"{datum.output_index}.{extension}"
        serial = 1
        while name in files:
            name = f"{datum.output_index}.{serial}.{extension}"
            serial += 1
        files[name] = (BLOB, oid)
        return f"cells/{directory}/{name}"

    def tree(self, document: bytes) -> str:
        """Write the snapshot's tree and return its oid."""
        entries = {DOCUMENT: (BLOB, self.sink.add("blob", document, level=TEXT_LEVEL))}
        if self.directories:
            cells = {
                name: (TREE, self.sink.add("tree", encode_tree(files))) for name, files in self.directories.items()
            }
            entries["cells"] = (TREE, self.sink.add("tree", encode_tree(cells)))
        return self.sink.add("tree", encode_tree(entries))


def read_document(content: bytes | None) -> "dict[str, Any]":
    """Return a snapshot.json as plain data; raises SnapshotInvalid for what is damaged or of a later version."""
    if content is None:
        raise SnapshotInvalid("a snapshot is missing its snapshot.json, or it is too large; run `nbgit fsck`")
    try:
        _expect(_fits(content))
        document = loads(content)
        if document["format"] != FORMAT:
            raise ValueError
        if document["version"] != VERSION:
            raise SnapshotInvalid("a snapshot was written by a newer nbgit; upgrade nbgit to read it")
        _check(document)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SnapshotInvalid("a snapshot.json is not what nbgit writes; its outputs are left alone") from error
    assert isinstance(document, dict)
    return document


def _fits(text: bytes) -> bool:
    """Return whether a snapshot.json can be parsed in bounded memory."""
    if len(text) <= STRUCTURE_LIMIT or len(text) > SIZE_LIMIT:
        return len(text) <= STRUCTURE_LIMIT
    import re

    bare = re.sub(rb'"[^"\\]*(?:\\.[^"\\]*)*"', b"", text, flags=re.DOTALL)
    return bare.count(b"[") + bare.count(b"{") <= STRUCTURE_LIMIT and bare.count(b",") <= 8 * STRUCTURE_LIMIT


def _check(document: "dict[str, Any]") -> None:
    """Raise ValueError, KeyError or TypeError unless all that is read without a further look is of its kind.

    Snapshots come with what others have pushed. The splices are checked where they are used: the digest decides there.
    """
    _expect(is_oid(document["source"]) and isinstance(document["notebook"]["digest"], str))
    _expect(type(document["notebook"]["size"]) is int and type(document["splices"]) is list)
    _expect(0 <= document["notebook"]["size"] <= NOTEBOOK_LIMIT)
    for cell in document["cells"]:
        _expect(type(cell["index"]) is int and isinstance(cell.get("id"), (str, type(None))))
        _expect(isinstance(cell.get("execution_count"), (int, type(None))))
        for output in cell["outputs"]:
            _expect(isinstance(output["type"], str))
            for payload in output["payloads"]:
                _expect(isinstance(payload["mime"], str) and isinstance(payload["digest"], str))
                _expect(type(payload["size"]) is int and isinstance(payload.get("file", ""), str))


def _expect(is_so: bool) -> None:
    if not is_so:
        raise ValueError


def payload_files(document: "dict[str, Any]") -> list[str]:
    """Return the names of a snapshot's payload files; raises SnapshotInvalid for a name outside its own cells/."""
    try:
        files = [part["file"] for splice in document["splices"] for part in splice[2] if isinstance(part, dict)]
    except (KeyError, TypeError, IndexError) as error:
        raise SnapshotInvalid("a snapshot.json is not what nbgit writes; its outputs are left alone") from error
    if not all(_is_payload_name(file) for file in files):
        raise SnapshotInvalid("a snapshot names a file outside its own cells/; its outputs are left alone")
    return list(dict.fromkeys(files))


def payload_bytes(document: "dict[str, Any]") -> int:
    """Return how many bytes a snapshot's payload files may take together: each stands in the notebook."""
    return int(document["notebook"]["size"]) * PAYLOADS_PER_BYTE


def read_snapshot(reader: ObjectReader, snapshot_id: str, source: bytes) -> bytes:
    """Return the notebook that a snapshot and its source make; raises SnapshotInvalid where they don't."""
    return read_with_digest(reader, snapshot_id, source)[0]


def read_with_digest(
    reader: ObjectReader, snapshot_id: str, source: bytes, document: "dict[str, Any] | None" = None
) -> tuple[bytes, str]:
    """Return what `read_snapshot` does and its sha256, in hex; `document` is the snapshot's if it was read already."""
    document = document or read_document(reader.read(f"{snapshot_id}:{DOCUMENT}", most=SIZE_LIMIT))
    files = payload_files(document)
    try:
        within = payload_bytes(document)
        contents = reader.read_many([f"{snapshot_id}:{file}" for file in files], within=within)
        payloads = {file: data for file, data in zip(files, contents, strict=True) if data is not None}
        notebook = join_snapshot(document, payloads, source)
        expected = document["notebook"]["digest"]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise SnapshotInvalid(f"snapshot {snapshot_id[:12]} is damaged; its outputs are left alone") from error
    digest = sha256(notebook).hexdigest()
    if f"sha256:{digest}" != expected:
        raise SnapshotInvalid(f"snapshot {snapshot_id[:12]} does not give the notebook it was made from")
    return notebook, digest


def join_snapshot(document: "dict[str, Any]", payloads: dict[str, bytes], source: bytes) -> bytes:
    """Return the notebook of a snapshot document, its payloads and its source; any error is the document's fault.

    Raises ValueError as soon as more bytes would come than the document says that the notebook has.
    """
    left = document["notebook"]["size"]
    spans = []
    taken = 0
    for offset, size, parts in document["splices"]:
        if not taken <= offset <= offset + size <= len(source):
            raise ValueError("a snapshot's splices do not fit its source")
        taken = offset + size
        pieces: list[bytes] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part.encode("utf-8", "surrogateescape"))
            else:
                pieces.append(encode(part, payloads[part["file"]], left))
            left -= len(pieces[-1])
            if left < 0:
                raise ValueError("a snapshot gives more than its notebook has")
        spans.append(Span(offset, size, b"".join(pieces), -1, ""))
    return join(source, spans)


def _safe(cell_id: str | None) -> str:
    return "".join(c for c in cell_id or "" if c.isascii() and (c.isalnum() or c in "-_"))[:64]


def _is_payload_name(file: object) -> bool:
    if not isinstance(file, str) or not file.startswith("cells/") or len(file) > 200 or ".." in file:
        return False
    return _NAME_CHARACTERS.issuperset(file)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
