"""Ring 1: the outputs of a notebook as payloads: what a reader would call "this figure" (docs/formats.md, "Payloads").

A payload is one output datum, decoded: the PNG's bytes, the HTML table's text in UTF-8, a stream's text. Its digest is
the sha256 of those bytes, so that the same figure has the same name in a snapshot, in an old blob, and on disk.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64

from nbgit.errors import NotANotebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

STDOUT, STDERR = "application/vnd.jupyter.stdout", "application/vnd.jupyter.stderr"
ERROR = "application/vnd.jupyter.error"

# What stands for an output when one datum must: the first of these that it has.
PREFERENCE = (
    "image/png",
    "image/svg+xml",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "application/vnd.plotly.v1+json",
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
)
# nbformat 3 named data by short words (nbformat/v4/convert.py has the same table).
MIME_BEFORE_4 = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}
LARGEST_COUNT = 1 << 62  # SQLite holds 64 bits; no kernel counts that far
_BINARY = ("image/", "audio/", "video/", "application/pdf", "application/octet-stream", "font/")


class Payload:
    """One datum of one output; indices count from 0, `cell_index` over all cells, `execution_count` is the cell's."""

    __slots__ = ("cell_id", "cell_index", "data", "execution_count", "mime", "output_index")

    def __init__(
        self,
        cell_index: int,
        cell_id: str | None,
        output_index: int,
        mime: str,
        data: bytes,
        execution_count: int | None,
    ) -> None:
        self.cell_index = cell_index
        self.cell_id = cell_id
        self.output_index = output_index
        self.mime = mime
        self.data = data
        self.execution_count = execution_count

    @property
    def digest(self) -> str:
        """`sha256:` and the hex digest of the payload's bytes."""
        from hashlib import sha256  # here: a diff, which git starts, reads outputs and needs no digest

        return "sha256:" + sha256(self.data).hexdigest()


def is_figure(mime: str) -> bool:
    """Return whether people would call a datum of this type a figure."""
    return mime.startswith("image/") or mime == "application/pdf" or "plotly" in mime or "vega" in mime


def is_binary(mime: str) -> bool:
    """Return whether a datum of this type stands in a notebook as base64."""
    return mime.startswith(_BINARY) and mime != "image/svg+xml"


def rank(mime: str) -> int:
    """Return how late this type comes as the one that stands for its output (0 comes first)."""
    return PREFERENCE.index(mime) if mime in PREFERENCE else len(PREFERENCE)


def decode_datum(mime: str, value: object) -> bytes:
    """Return the payload bytes of a datum as it stands in a notebook (a string, a list of strings, or JSON)."""
    is_json = mime == "application/json" or mime.endswith("+json")
    if isinstance(value, list) and not is_json:
        try:
            value = "".join(value)
        except TypeError:
            pass  # no lines of text
    if not isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if is_binary(mime):
        try:
            return a2b_base64(value.encode("ascii"))
        except (Base64Error, UnicodeEncodeError):
            pass  # not base64 whatever its type says: the text as it is
    return value.encode("utf-8", "surrogatepass")


def output_data(output: "dict[str, Any]") -> "Iterator[tuple[str, bytes]]":
    """Yield (mime, payload bytes) of each datum of one output of any nbformat, in the notebook's own order."""
    kind = output.get("output_type")
    if kind == "stream":
        mime = STDERR if output.get("name", output.get("stream")) == "stderr" else STDOUT
        yield mime, decode_datum(mime, output.get("text", ""))
    elif kind in ("error", "pyerr"):
        traceback = output.get("traceback")
        lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
        yield (
            ERROR,
            "\n".join(lines or [f"{output.get('ename')}: {output.get('evalue')}"]).encode("utf-8", "surrogatepass"),
        )
    elif isinstance(output.get("data"), dict):
        for mime, value in output["data"].items():
            yield mime, decode_datum(mime, value)
    else:
        for key, mime in MIME_BEFORE_4.items():
            if key in output:
                yield mime, decode_datum(mime, output[key])


def read_payloads(notebook: bytes) -> list[Payload]:
    """Return every payload of a notebook in reading order; raises NotANotebook."""
    found: list[Payload] = []
    for index, cell in enumerate(_raw_cells(notebook)):
        outputs = cell.get("outputs")
        if not isinstance(outputs, list):
            continue
        count = cell.get("execution_count", cell.get("prompt_number"))
        cell_id = cell.get("id")
        for position, output in enumerate(outputs):
            if isinstance(output, dict):
                for mime, data in output_data(output):
                    found.append(
                        Payload(
                            index,
                            cell_id if isinstance(cell_id, str) else None,
                            position,
                            mime,
                            data,
                            count if isinstance(count, int) else None,
                        )
                    )
    return found


def read_counts(notebook: bytes) -> list[tuple[int, int]]:
    """Return (cell index, execution count) of a notebook's cells that have one; raises NotANotebook."""
    counts = [count_of(cell.get("execution_count", cell.get("prompt_number"))) for cell in _raw_cells(notebook)]
    return [(index, count) for index, count in enumerate(counts) if count is not None]


def count_of(value: object) -> int | None:
    """Return an execution count as it is worth keeping, or None for what is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_COUNT
    return value if is_count and isinstance(value, int) else None


def _raw_cells(notebook: bytes) -> "list[dict[str, Any]]":
    """Return the cells of a notebook of any version as plain dicts; raises NotANotebook."""
    try:
        import json

        document = json.loads(notebook.decode("utf-8-sig", "replace"), parse_int=any_int)
    except (ValueError, RecursionError) as error:
        raise NotANotebook("the file is not JSON, so it has no cells; is it a notebook?") from error
    if not isinstance(document, dict):
        raise NotANotebook("the file is JSON but not a notebook (no object at its top)")
    sheets = document.get("worksheets")
    groups = [document] if isinstance(document.get("cells"), list) or not isinstance(sheets, list) else sheets
    lists = [group.get("cells") for group in groups if isinstance(group, dict)]
    cells = [cell for found in lists if isinstance(found, list) for cell in found]
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def any_int(digits: str) -> int | str:
    """Read an integer of any length (Python refuses more than 4,300 digits)."""
    return int(digits) if len(digits) < 4000 else digits
