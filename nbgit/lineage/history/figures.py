"""Ring 3: which payloads each document shows, in the index: the table that turns a digest into commits.

A document is a notebook's blob (its own outputs, and its cells' code) or a snapshot (the outputs beside a source blob).
What one document shows never changes, so it is read once; all new ones go through one `git cat-file --batch`.
"""

import json
import sqlite3
from collections.abc import Container, Iterable, Iterator
from hashlib import sha256

from nbgit.errors import NotANotebook, SnapshotInvalid
from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.documents import CellKey, Contents, Figure
from nbgit.lineage.history.index import Index
from nbgit.lineage.lookup.pictures import RASTER, picture_size
from nbgit.notebook.outputs import count_of
from nbgit.notebook.showing import Showing
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, NOTEBOOK_LIMIT, SIZE_LIMIT, read_document, read_snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.lineage.history.reading import NotebookReader

_Datum = tuple[str, str]  # digest, mime
BATCH = 32  # documents read at once: what bounds the memory
TRANSACTION = 1024  # documents stored at once


def learn_documents(
    repository: Repository, index: Index, blobs: Iterable[str], snapshots: Iterable[str], report: Report | None = None
) -> None:
    """Put into the index what is new of these notebooks' blobs and snapshots."""
    wanted = dict.fromkeys(blobs, "") | dict.fromkeys(snapshots, ":" + DOCUMENT)
    missing = [(oid, oid + suffix) for oid, suffix in wanted.items() if not is_known(index, oid)]
    if not missing:
        return
    from nbgit.lineage.history.reading import NotebookReader  # here, because a warm answer must not wait for msgspec

    notebooks = NotebookReader()
    learnt: dict[str, Contents] = {}
    data_ids: dict[_Datum, int] = {}
    done = 0
    for batch in _read_ahead(repository, missing):
        for (oid, name), content in batch:
            if content is not None:  # else a partial or damaged clone: asked for again next time
                learnt[oid] = _learn_blob(content, notebooks) if name == oid else _learn_snapshot(content)
        done += len(batch)
        if len(learnt) >= TRANSACTION or done == len(missing):
            _store(index, learnt, notebooks.sizes, data_ids)
            learnt.clear()
            notebooks.sizes.clear()
        if report:
            report(done, len(missing))


def _read_ahead(
    repository: Repository, names: list[tuple[str, str]]
) -> Iterator[list[tuple[tuple[str, str], bytes | None]]]:
    """Yield batches of ((oid, name), content); git reads the next batch while this one is worked on."""
    from concurrent.futures import ThreadPoolExecutor

    def read(some: list[tuple[str, str]]) -> list[bytes | None]:
        return reader.read_many([name for _, name in some], most=NOTEBOOK_LIMIT)

    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    with ObjectReader(repository) as reader, ThreadPoolExecutor(1) as thread:
        coming = [thread.submit(read, batches[0])]
        for batch, following in zip(batches, [*batches[1:], None], strict=True):
            contents = coming.pop().result()
            if following:
                coming.append(thread.submit(read, following))
            yield list(zip(batch, contents, strict=True))


def figures_of(index: Index, document: str) -> list[Figure]:
    """Return every payload of a document in reading order."""
    rows = index.connection.execute(
        "SELECT cell_index, cell_id, output_index, mime, digest, size, execution_count, file FROM documents"
        " JOIN payloads ON document_id = documents.id JOIN data ON data.id = datum_id"
        " WHERE oid = ? ORDER BY cell_index, output_index, position",
        [document],
    )
    return [_figure(row) for row in rows]


def is_known(index: Index, oid: str) -> bool:
    """Return whether the index has a document."""
    return index.connection.execute("SELECT 1 FROM documents WHERE oid = ?", [oid]).fetchone() is not None


def documents_with_outputs(index: Index) -> set[str]:
    """Return the oids of the documents that show any payload or execution count."""
    rows = index.connection.execute(
        "SELECT oid FROM documents WHERE counts <> '[]' OR id IN (SELECT document_id FROM payloads)"
    )
    return {oid for (oid,) in rows}


def documents_with(index: Index, digest: str) -> set[str]:
    """Return the oids of the documents that show a payload."""
    rows = index.connection.execute(
        "SELECT DISTINCT oid FROM data JOIN payloads ON datum_id = data.id JOIN documents ON documents.id = document_id"
        " WHERE digest = ?",
        [digest_bytes(digest)],
    )
    return {oid for (oid,) in rows}


def sizes_of(repository: Repository, index: Index, figures: Iterable[Figure]) -> dict[str, tuple[int, int]]:
    """Return digest -> (width, height) in pixels of those figures whose header says it; what is not known is read."""
    found: dict[str, tuple[int, int]] = {}
    unknown = []
    for digest in {figure.digest for figure in figures if figure.mime in RASTER}:
        row = index.connection.execute(
            "SELECT width, height FROM pictures WHERE digest = ?", [digest_bytes(digest)]
        ).fetchone()
        if row is None:
            unknown.append(digest)
        elif row[0] is not None:
            found[digest] = row
    sizes = {digest: picture_size(data) for digest, data in read_payloads(repository, index, unknown)}
    if sizes:
        with index.writing() as connection:
            rows = [(digest_bytes(digest), *(size or (None, None))) for digest, size in sizes.items()]
            connection.executemany("INSERT OR IGNORE INTO pictures (digest, width, height) VALUES (?, ?, ?)", rows)
    return found | {digest: size for digest, size in sizes.items() if size}


def cells_of(index: Index, blob: str) -> list[CellKey]:
    """Return the cells of a notebook's blob by id and by the digest of their code."""
    row = index.connection.execute("SELECT cells FROM documents WHERE oid = ?", [blob]).fetchone()
    return [CellKey(*cell) for cell in json.loads(row[0])] if row and row[0] else []


def counts_of(index: Index, document: str) -> dict[int, int]:
    """Return cell index -> execution count of a document's cells, in reading order, where they have one."""
    row = index.connection.execute("SELECT counts FROM documents WHERE oid = ?", [document]).fetchone()
    return {int(cell_index): int(count) for cell_index, count in json.loads(row[0])} if row else {}


def showing_of(cells: list[CellKey], figures: list[Figure], counts: dict[int, int]) -> Showing:
    """Return a version as `tell_showing` compares it."""
    data: dict[int, list[tuple[int, str, str]]] = {cell_index: [] for cell_index in counts}
    for figure in figures:
        data.setdefault(figure.cell_index, []).append((figure.output_index, figure.mime, figure.digest))
    code = [(cell.id, cell.source) for cell in cells]
    return Showing(code, [(cell_index, counts.get(cell_index), found) for cell_index, found in data.items()])


def read_payloads(repository: Repository, index: Index, digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (digest, bytes) for those payloads whose bytes can be found in git's objects, in any order.

    A notebook that holds several of them is read once.
    """
    wanted = dict.fromkeys(digests)
    with ObjectReader(repository) as reader:
        while wanted:
            digest = next(iter(wanted))
            rows = index.connection.execute(
                "SELECT oid, file, cells IS NULL FROM data JOIN payloads ON datum_id = data.id"
                " JOIN documents ON documents.id = document_id"
                " WHERE digest = ? ORDER BY file IS NULL, cells IS NULL LIMIT 4",
                [digest_bytes(digest)],
            ).fetchall()
            for oid, file, is_snapshot in rows:
                found = _read_payload(reader, oid, file, bool(is_snapshot), digest, wanted)
                for known in found:
                    wanted.pop(known, None)
                yield from found.items()
                if digest in found:
                    break
            wanted.pop(digest, None)


def digest_bytes(digest: str) -> bytes:
    """Return the raw 32 bytes of a `sha256:...` digest, as the index keeps it."""
    return bytes.fromhex(digest.removeprefix("sha256:"))


def _learn_blob(content: bytes, notebooks: "NotebookReader") -> Contents:
    try:
        return notebooks.read(content)
    except NotANotebook:
        return Contents([], [], [])


def _learn_snapshot(content: bytes) -> Contents:
    found = Contents(None, [], [])
    try:
        for cell in read_document(content)["cells"]:
            count = count_of(cell["execution_count"])
            found.counts.extend([] if count is None else [(int(cell["index"]), count)])
            for output_index, output in enumerate(cell["outputs"]):
                for datum in output["payloads"]:
                    digest_bytes(datum["digest"])  # raises for what is no digest
                    cell_id, file = _text(cell["id"]), _text(datum.get("file"))
                    mime, digest, size = str(datum["mime"]), str(datum["digest"]), int(datum["size"])
                    found.figures.append(
                        Figure(int(cell["index"]), cell_id, output_index, mime, digest, size, count, file)
                    )
    except (SnapshotInvalid, KeyError, TypeError, ValueError, AttributeError):
        return Contents(None, [], [])  # `nbgit doctor` names it; here it shows nothing
    return found


def _store(
    index: Index, learnt: dict[str, Contents], sizes: dict[str, tuple[int, int]], data_ids: dict[_Datum, int]
) -> None:
    """Put documents into the index; `data_ids` is what this process knows of the table `data`, and is filled."""
    with index.writing() as connection:
        new = {oid: contents for oid, contents in learnt.items() if not is_known(index, oid)}  # others write too
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM documents").fetchone()[0]
        _store_data(connection, new, data_ids)
        connection.executemany(
            "INSERT INTO documents (id, oid, cells, counts) VALUES (?, ?, ?, ?)",
            [
                (number, oid, None if found.cells is None else json.dumps(found.cells), json.dumps(found.counts))
                for number, (oid, found) in enumerate(new.items(), first)
            ],
        )
        connection.executemany(
            "INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, f.cell_index, f.output_index, position, data_ids[f.digest, f.mime], f.cell_id, *f[6:])
                for number, found in enumerate(new.values(), first)
                for position, f in enumerate(found.figures)
            ],
        )
        rows = [(digest_bytes(digest), *size) for digest, size in sizes.items()]
        connection.executemany("INSERT OR IGNORE INTO pictures (digest, width, height) VALUES (?, ?, ?)", rows)


def _store_data(connection: sqlite3.Connection, new: dict[str, Contents], data_ids: dict[_Datum, int]) -> None:
    unknown = {
        (figure.digest, figure.mime): (digest_bytes(figure.digest), figure.mime, figure.size)
        for contents in new.values()
        for figure in contents.figures
        if (figure.digest, figure.mime) not in data_ids
    }
    connection.executemany("INSERT OR IGNORE INTO data (digest, mime, size) VALUES (?, ?, ?)", unknown.values())
    for datum, row in unknown.items():
        found = connection.execute("SELECT id FROM data WHERE digest = ? AND mime = ?", row[:2])
        data_ids[datum] = found.fetchone()[0]


def _read_payload(
    reader: ObjectReader, oid: str, file: str | None, is_snapshot: bool, digest: str, wanted: Container[str]
) -> dict[str, bytes]:
    """Return what a document has of the payloads that are wanted; of a snapshot's files only the one named `digest`."""
    if file is not None:
        data = reader.read(f"{oid}:{file}", most=NOTEBOOK_LIMIT)
        return {digest: data} if data is not None and "sha256:" + sha256(data).hexdigest() == digest else {}
    from nbgit.lineage.history.reading import find_payloads

    content = _joined(reader, oid) if is_snapshot else reader.read(oid, most=NOTEBOOK_LIMIT)
    return {} if content is None else find_payloads(content, wanted)


def _joined(reader: ObjectReader, snapshot: str) -> bytes | None:
    """Return the notebook that a snapshot makes with its source: the way to a payload that has no file of its own."""
    try:
        source = reader.read(str(read_document(reader.read(f"{snapshot}:{DOCUMENT}", most=SIZE_LIMIT))["source"]))
        return None if source is None else read_snapshot(reader, snapshot, source)
    except (SnapshotInvalid, KeyError):
        return None


def _figure(row: tuple[int, str | None, int, str, bytes, int, int | None, str | None]) -> Figure:
    cell_index, cell_id, output_index, mime, digest, size, count, file = row
    return Figure(cell_index, cell_id, output_index, mime, "sha256:" + digest.hex(), size, count, file)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
