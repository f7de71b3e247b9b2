"""Ring 3: the figures and cells of notebooks' bytes, as the index wants them, quickly and exactly.

A history shows the same outputs again and again, and most of a notebook's bytes are outputs: msgspec cuts them out
unread (2 GB/s), and what was met before is not decoded again. What msgspec refuses (NaN, lone surrogates, bytes that
are no UTF-8) or what is older than nbformat 4 goes through nbgit.notebook.outputs, which defines what a payload is.
Measured on 165 notebooks (39 MB): 0.10 s this way, 0.31 s the plain way.
"""

from collections.abc import Container
from hashlib import sha256
from typing import Any

import msgspec

from nbgit.errors import NotANotebook
from nbgit.lineage.history.documents import CellKey, Contents, Figure, source_key
from nbgit.lineage.lookup.pictures import picture_size
from nbgit.notebook.cells import join_lines, read_cells
from nbgit.notebook.outputs import count_of, output_data, read_counts, read_payloads

REMEMBERED_BYTES = 64 << 20  # of raw outputs; past it the memory of what was met before starts anew

Size = tuple[int, int]
_Datum = tuple[int, str, str, int]  # output index, mime, digest, bytes


class _Cell(msgspec.Struct):
    outputs: msgspec.Raw = msgspec.Raw(b"[]")
    id: Any = None
    source: Any = ""
    execution_count: Any = None


class _Notebook(msgspec.Struct):
    nbformat: int
    cells: list[_Cell]


class NotebookReader:
    """Reads many notebooks; `sizes` collects digest -> (width, height) of the pictures it decoded."""

    def __init__(self) -> None:
        self.sizes: dict[str, Size] = {}
        self._decoder = msgspec.json.Decoder(_Notebook)
        self._seen: dict[bytes, list[_Datum]] = {}
        self._seen_bytes = 0

    def read(self, notebook: bytes) -> Contents:
        """Return what a notebook holds; raises NotANotebook."""
        try:
            return self.read_fast(notebook)
        except (msgspec.MsgspecError, NotANotebook, ValueError, RecursionError):
            return self.read_plainly(notebook)

    def read_fast(self, notebook: bytes) -> Contents:
        """Return what `read` returns, or raise where only the plain way is sure."""
        document = self._decoder.decode(notebook)
        if document.nbformat < 4:
            raise NotANotebook("an older notebook, which spells its cells differently")
        cells: list[CellKey] = []
        figures: list[Figure] = []
        counts: list[tuple[int, int]] = []
        for index, cell in enumerate(document.cells):
            cell_id = cell.id if isinstance(cell.id, str) else None
            cells.append(CellKey(cell_id or None, source_key(join_lines(cell.source))))
            count = count_of(cell.execution_count)
            counts += [] if count is None else [(index, count)]
            for output_index, mime, digest, size in self._decode_outputs(bytes(cell.outputs)):
                figures.append(Figure(index, cell_id, output_index, mime, digest, size, count, None))
        return Contents(cells, figures, counts)

    def read_plainly(self, notebook: bytes) -> Contents:
        """Return what `read` returns, by the definition of a payload."""
        figures = []
        try:
            payloads = read_payloads(notebook)
        except TypeError as error:  # JSON of another shape under a notebook's name
            raise NotANotebook("JSON whose cells are no list") from error
        for p in payloads:
            digest = self._measure(p.data)
            cell_id = None if p.cell_id is None else _storable(p.cell_id)
            facts = (_storable(p.mime), digest, len(p.data), count_of(p.execution_count))
            figures.append(Figure(p.cell_index, cell_id, p.output_index, *facts, None))
        try:
            found = read_cells(notebook).cells
        except NotANotebook:
            found = []
        cells = [CellKey(cell.id and _storable(cell.id), source_key(cell.source)) for cell in found]
        return Contents(cells, figures, read_counts(notebook))

    def _decode_outputs(self, raw: bytes) -> list[_Datum]:
        if raw == b"[]":
            return []
        known = self._seen.get(raw)
        if known is not None:
            return known
        outputs = msgspec.json.decode(raw)
        found: list[_Datum] = []
        for index, output in enumerate(outputs if isinstance(outputs, list) else ()):
            if isinstance(output, dict):
                for mime, data in output_data(output):
                    found.append((index, mime, self._measure(data), len(data)))
        self._remember(raw, found)
        return found

    def _remember(self, raw: bytes, found: list[_Datum]) -> None:
        if self._seen_bytes > REMEMBERED_BYTES:
            self._seen.clear()
            self._seen_bytes = 0
        self._seen[raw] = found
        self._seen_bytes += len(raw)

    def _measure(self, data: bytes) -> str:
        """Return the payload's digest, and note its size in pixels if it is a picture that says so."""
        digest = "sha256:" + sha256(data).hexdigest()
        if digest not in self.sizes and (size := picture_size(data)):
            self.sizes[digest] = size
        return digest


def find_payloads(notebook: bytes, digests: Container[str]) -> dict[str, bytes]:
    """Return digest -> bytes of the payloads in a notebook that are asked for."""
    try:
        return {digest: payload.data for payload in read_payloads(notebook) if (digest := payload.digest) in digests}
    except NotANotebook:
        return {}


def _storable(text: str) -> str:
    """Return text that SQLite can hold (a lone surrogate is spelled out)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
