"""Ring 1: a notebook without some of its outputs; every other byte stays as it stands."""

import json
from hashlib import sha256

from nbgit.notebook.outputs import any_int
from nbgit.notebook.policy import Policy
from nbgit.notebook.scan import Malformed, elements
from nbgit.notebook.spans import Span, Split, join, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Remaining:
    """A notebook that was searched: what is left of it, its split, its digest (hex), and the cells that lost outputs.

    A cell index of -1 stands for the notebook's own metadata.
    """

    __slots__ = ("cells", "digest", "notebook", "parts")

    def __init__(self, notebook: bytes, parts: Split, cells: list[int]) -> None:
        self.notebook = notebook
        self.parts = parts
        self.cells = cells
        self.digest = sha256(notebook).hexdigest()


def remove_spans(
    parts: Split, policy: Policy | None, left_of: "Callable[[str, bytes], bytes | None]", *, whole: bool = False
) -> Remaining | None:
    """Return what is left of a split notebook, or None where it loses nothing.

    `left_of` is given the kind and the raw bytes of each span that is no count, and returns what stays of it, None for
    nothing. With `whole`, a notebook that loses one loses all. `policy` is the one that it was split under, where that
    is known: then what is left is split again, as a check.
    """
    spans: list[Span] = []
    cells: list[int] = []
    for span in parts.spans:
        raw = bytes(span.raw)
        left = raw if span.kind == "count" else left_of(span.kind, raw)
        if left != raw:
            cells.append(span.cell_index)
        if left is not None:
            spans.append(Span(span.offset, span.size, left, span.cell_index, span.kind))
    if not cells:
        return None
    if whole:
        spans = []
    notebook = join(parts.source, spans)
    found = Split(parts.source, spans, parts.can_run) if policy is None else split(notebook, policy)
    if found is None or found.source != parts.source:  # too odd to lose a part of its outputs: it loses them all
        notebook = parts.source
        found = Split(notebook, [], parts.can_run)
    return Remaining(notebook, found, list(dict.fromkeys(cells)))


def read_outputs(raw: bytes) -> "tuple[list[Any], list[tuple[int, int]]] | None":
    """Return a cell's outputs, parsed, and where each stands in `raw`; None for what can't be read."""
    try:
        places, _ = elements(raw.decode("latin-1"), 0)
        outputs = read_json(raw)
    except (Malformed, ValueError, RecursionError):
        return None
    return (outputs, places) if isinstance(outputs, list) and len(outputs) == len(places) else None


def drop_outputs(raw: bytes, places: list[tuple[int, int]], gone: set[int]) -> bytes | None:
    """Return a cell's outputs without those at the positions `gone`, or None where no other is left."""
    kept = [position for position in range(len(places)) if position not in gone]
    if len(kept) == len(places):
        return raw
    if not kept:
        return None
    pieces = [raw[: places[0][0]]]
    for number, position in enumerate(kept):
        start, end = places[position]
        pieces += [raw[places[position - 1][1] : start] if number else b"", raw[start:end]]
    pieces.append(raw[places[-1][1] :])
    return b"".join(pieces)


def read_json(raw: bytes) -> "Any":
    """Return a JSON value however odd its bytes and numbers are; raises ValueError or RecursionError for none."""
    return json.loads(raw.decode("utf-8-sig", "surrogateescape"), parse_int=any_int)
