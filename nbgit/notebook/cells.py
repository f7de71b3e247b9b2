"""Ring 1: a notebook as typed cells, read from its bytes without nbformat (docs/design.md, "Reading notebooks").

All five formats are read as they stand: v1 (`code`, `text`), v2 and v3 (`worksheets`, `input`, `prompt_number`,
heading cells) and v4. What a format spells differently is given one name here; nothing is dropped, because every
cell keeps the JSON object it came from.
"""

from nbgit.errors import NotANotebook
from nbgit.notebook.lean_json import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SOURCE_KEYS = ("source", "input", "code", "text")  # v4 and markdown, v2/v3 code, v1 code, v1 text
KINDS = {"code": "code", "raw": "raw", "markdown": "markdown", "heading": "markdown", "html": "markdown"}


class Cell:
    """One cell. `index` counts from 0 over all cells of the notebook (all worksheets of v2 and v3, in order).

    `id` is the v4.5 cell id or None; `kind` is "code", "markdown" or "raw" (a v3 heading cell reads as the markdown
    line it stands for); `source` is one string however it was stored; `outputs` are the output objects as they
    stand in the file, in their format's own spelling; `raw` is the whole cell as parsed. Treat it all as read-only.
    """

    __slots__ = ("attachments", "execution_count", "id", "index", "kind", "metadata", "outputs", "raw", "source")

    def __init__(self, index: int, raw: "dict[str, Any]") -> None:
        self.index = index
        self.raw = raw
        cell_id = raw.get("id")
        self.id: str | None = cell_id if isinstance(cell_id, str) and cell_id else None
        self.kind: str = _kind_of(raw)
        self.source: str = _source_of(raw)
        self.metadata: dict[str, Any] = _dict_of(raw.get("metadata"))
        self.attachments: dict[str, Any] = _dict_of(raw.get("attachments"))
        outputs = raw.get("outputs")
        self.outputs: list[Any] = outputs if isinstance(outputs, list) else []
        count = raw.get("execution_count", raw.get("prompt_number"))
        self.execution_count: int | None = count if isinstance(count, int) else None

    def __repr__(self) -> str:
        return f"<Cell {self.index} {self.kind} {self.id or '-'} {self.source[:30]!r}>"


class Notebook:
    """A notebook's cells and what it says about itself.

    `nbformat` is (major, minor); `language` is the name in language_info, else what the kernelspec or (v3) the first
    code cell says, else ""; `raw` is the whole document as parsed. Treat it all as read-only.
    """

    __slots__ = ("cells", "language", "metadata", "nbformat", "raw")

    def __init__(self, raw: "dict[str, Any]", cells: "list[Cell]") -> None:
        self.raw = raw
        self.cells = cells
        self.metadata: dict[str, Any] = _dict_of(raw.get("metadata"))
        minor = raw.get("nbformat_minor")
        self.nbformat: tuple[int, int] = (raw["nbformat"], minor if isinstance(minor, int) else 0)
        self.language: str = _language_of(self.metadata, cells)


def read_cells(notebook_bytes: bytes) -> Notebook:
    """Return the notebook in `notebook_bytes`; raises NotANotebook, with the reason, for what isn't one.

    Reads whatever Python's json reads (NaN, duplicate keys, a byte order mark, lone surrogates), integers of any
    length, and sources that are one string or a list of strings.
    """
    raw = load_json(notebook_bytes)
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise NotANotebook("not a notebook: no JSON object with an `nbformat` number")
    return Notebook(raw, [_cell_of(index, cell) for index, cell in enumerate(_raw_cells(raw))])


def load_json(notebook_bytes: bytes) -> "Any":
    """Return the JSON value in `notebook_bytes`; raises NotANotebook where there is none."""
    try:
        return loads(notebook_bytes)
    except RecursionError as err:
        raise NotANotebook("not a notebook: JSON that is nested too deeply") from err
    except ValueError as err:
        import json

        if isinstance(err, (json.JSONDecodeError, UnicodeDecodeError)):
            raise NotANotebook(f"not a notebook: not JSON ({err})") from err
    try:  # an integer longer than sys.get_int_max_str_digits(): keep its digits
        return json.loads(notebook_bytes, parse_int=_read_int)
    except (ValueError, RecursionError) as err:
        raise NotANotebook(f"not a notebook: not JSON ({err})") from err


def join_lines(value: object) -> str:
    """Return a multi-line string of a notebook, stored as one string or as a list of strings, as one string.

    Raises NotANotebook for anything else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    raise NotANotebook("not a notebook: a source that is no text")


def _raw_cells(raw: "dict[str, Any]") -> "list[Any]":
    cells = raw.get("cells")
    if isinstance(cells, list):
        return cells
    worksheets = raw.get("worksheets")
    if not isinstance(worksheets, list):
        raise NotANotebook("not a notebook: it has neither `cells` nor `worksheets`")
    found: list[Any] = []
    for worksheet in worksheets:
        cells = worksheet.get("cells", []) if isinstance(worksheet, dict) else None
        if not isinstance(cells, list):
            raise NotANotebook("not a notebook: a worksheet without a list of cells")
        found += cells
    return found


def _cell_of(index: int, raw: object) -> Cell:
    if not isinstance(raw, dict):
        raise NotANotebook(f"not a notebook: cell {index} is no JSON object")
    return Cell(index, raw)


def _kind_of(raw: "dict[str, Any]") -> str:
    cell_type = raw.get("cell_type")
    if cell_type == "text":  # v1
        return "markdown"
    return KINDS.get(cell_type, "raw") if isinstance(cell_type, str) else "raw"


def _source_of(raw: "dict[str, Any]") -> str:
    for key in SOURCE_KEYS:
        if key in raw:
            source = join_lines(raw[key])
            break
    else:
        return ""
    if raw.get("cell_type") == "heading":
        level = raw.get("level")
        depth = level if isinstance(level, int) and 1 <= level <= 6 else 1
        return "#" * depth + " " + " ".join(source.split("\n"))
    return source


def _language_of(metadata: "dict[str, Any]", cells: "list[Cell]") -> str:
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        name = _dict_of(metadata.get(section)).get(key)
        if isinstance(name, str) and name:
            return name.lower()
    for cell in cells:
        name = cell.raw.get("language")  # v2 and v3 name it in each code cell
        if isinstance(name, str) and name:
            return name.lower()
    kernel = _dict_of(metadata.get("kernelspec")).get("name")
    return kernel.rstrip("0123456789").lower() if isinstance(kernel, str) else ""


def _dict_of(value: object) -> "dict[str, Any]":
    return value if isinstance(value, dict) else {}


def _read_int(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits
