"""Ring 3: which outputs of a cell changed, as typed values (docs/design.md, "Diff": outputs).

An output stands here by one datum, the one a reader looks at, and has a kind. What every run writes anew and nobody
reads (memory addresses, made-up ids, how a stream was cut into pieces) makes no change.
"""

from nbgit.diff.lines import match
from nbgit.notebook.outputs import ERROR, STDERR, STDOUT, output_data, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nbgit.notebook.cells import Cell

STREAMS = ("stdout", "stderr")
WIDGET = "application/vnd.jupyter.widget-view+json"
_KIND_OF_MIME = {STDOUT: "stdout", STDERR: "stderr", ERROR: "error", WIDGET: "widget", "application/pdf": "figure"}
NOISY = ("html", "table", "error")


class Output:
    """One output: `kind` is stdout, stderr, error, figure, plot, table, html, widget, json or text; `payload` the
    datum that stands for it, `mime` that one's type, `index` its place in the cell (the first, of joined streams).
    """

    __slots__ = ("index", "kind", "mime", "payload")

    def __init__(self, index: int, kind: str, mime: str, payload: bytes) -> None:
        self.index = index
        self.kind = kind
        self.mime = mime
        self.payload = payload

    @property
    def key(self) -> tuple[str, bytes]:
        """What two outputs have in common that a reader would call the same."""
        if self.kind not in NOISY and self.mime != "image/svg+xml" and b"at 0x" not in self.payload:
            return self.kind, self.payload
        from nbgit.diff.noise import without_noise  # here: most outputs have none, and `re` takes 5 ms to import

        return self.kind, without_noise(self.kind, self.mime, self.payload)


class OutputChange:
    """One output that changed: `before` is None where it was added, `after` where it was removed."""

    __slots__ = ("after", "before")

    def __init__(self, before: Output | None, after: Output | None) -> None:
        self.before = before
        self.after = after

    @property
    def kind(self) -> str:
        """The kind, which is the same on both sides."""
        shown = self.after or self.before
        assert shown is not None
        return shown.kind

    @property
    def index(self) -> int:
        """Its place among the cell's outputs, on the newer side where it is there."""
        shown = self.after or self.before
        assert shown is not None
        return shown.index


def output_changes(before: "Cell | None", after: "Cell | None") -> list[OutputChange]:
    """Return what happened to the outputs of a cell, in their order; None stands for a cell that isn't there."""
    old, new = (before.outputs if before else []), (after.outputs if after else [])
    if old == new:
        return []
    a, b = read_outputs(old), read_outputs(new)
    found: list[OutputChange] = []
    a_at = b_at = 0
    blocks = match([output.key for output in a], [output.key for output in b]).blocks
    for a_start, b_start, length in [*blocks, (len(a), len(b), 0)]:
        found += _pair(a[a_at:a_start], b[b_at:b_start])
        a_at, b_at = a_start + length, b_start + length
    return found


def read_outputs(raw: "Sequence[Any]") -> list[Output]:
    """Return the outputs that stand in a notebook of any format; what is none is left out, streams are joined."""
    found: list[Output] = []
    pieces: dict[int, list[bytes]] = {}  # of the streams, by their place in `found`
    for index, value in enumerate(raw):
        data = dict(output_data(value)) if isinstance(value, dict) else {}
        if not data:
            continue
        mime = min(data, key=_standing)
        kind = kind_of(mime, data[mime])
        if kind in STREAMS and found and found[-1].kind == kind:
            pieces[len(found) - 1].append(data[mime])
            continue
        if kind in STREAMS:
            pieces[len(found)] = [data[mime]]
        payload = data.get("text/plain", b"") if kind == "widget" else data[mime]
        found.append(Output(index, kind, mime, payload))
    for place, parts in pieces.items():
        found[place].payload = b"".join(parts)
    return found


def _standing(mime: str) -> tuple[int, int]:
    """Return how late a type comes as the one that stands for its output, here: what is seen, then what is read."""
    if mime.startswith("image/"):
        return 0, rank(mime)
    return (1, 0) if _is_plot(mime) else (2, 0) if mime == WIDGET else (3, rank(mime))


def kind_of(mime: str, payload: bytes) -> str:
    """Return the kind of an output that a payload stands for."""
    if mime in _KIND_OF_MIME:
        return _KIND_OF_MIME[mime]
    if mime.startswith("image/"):
        return "figure"
    if _is_plot(mime):
        return "plot"
    if mime == "text/html":
        return "table" if b"<table" in payload and b"<td" in payload else "html"
    return "json" if mime == "application/json" or mime.endswith("+json") else "text"


def _is_plot(mime: str) -> bool:
    return mime.endswith("json") and ("plotly" in mime or "vega" in mime)


def _pair(a: list[Output], b: list[Output]) -> "Iterator[OutputChange]":
    """Yield the changes between two stretches that have nothing in common: outputs of one kind pair in order."""
    waiting: dict[str, list[Output]] = {}
    for output in reversed(a):
        waiting.setdefault(output.kind, []).append(output)
    paired = [(waiting[output.kind].pop() if waiting.get(output.kind) else None, output) for output in b]
    left = {id(output) for outputs in waiting.values() for output in outputs}
    yield from (OutputChange(output, None) for output in a if id(output) in left)
    yield from (OutputChange(old, new) for old, new in paired)
