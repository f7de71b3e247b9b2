"""Ring 3: a notebook without the outputs that are to be forgotten; every other byte stays as it stands."""

import json
import re
from hashlib import sha256

from nbgit.notebook.policy import Policy
from nbgit.notebook.scan import Malformed, elements
from nbgit.notebook.spans import Span, Split, join, split
from nbgit.upkeep.forget_targets import PathTarget, Target, matching_outputs, read_json, texts_of

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


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


def remove_target(parts: Split, target: Target, policy: Policy | None) -> Remaining | None:
    """Return what is left of a split notebook without the target, or None where it does not show it.

    `policy` is the one that it was split under, where that is known: then what is left is split again, as a check.
    """
    spans: list[Span] = []
    cells: list[int] = []
    for span in parts.spans:
        raw = bytes(span.raw)
        left = raw if span.kind == "count" else _without(raw, span.kind, target)
        if left != raw:
            cells.append(span.cell_index)
        if left is not None:
            spans.append(Span(span.offset, span.size, left, span.cell_index, span.kind))
    if not cells:
        return None
    if isinstance(target, PathTarget):
        spans = []
    notebook = join(parts.source, spans)
    found = Split(parts.source, spans, parts.can_run) if policy is None else split(notebook, policy)
    if found is None or found.source != parts.source:  # too odd to lose a part of its outputs: it loses them all
        notebook = parts.source
        found = Split(notebook, [], parts.can_run)
    return Remaining(notebook, found, list(dict.fromkeys(cells)))


def shows_target(raw: bytes, target: Target) -> bool:
    """Return whether bytes that can't be read as a notebook show the target in some text."""
    return target.in_text(raw.decode("utf-8", "replace")) or any(target.in_text(text) for text in _strings_in(raw))


def source_shows_target(source: bytes, target: Target) -> bool:
    """Return whether the committed bytes of a notebook show the target: in a cell's text, or in a kept output."""
    from nbgit.errors import NotANotebook
    from nbgit.notebook.outputs import read_payloads

    if isinstance(target, PathTarget):
        try:
            return bool(read_payloads(source))
        except (NotANotebook, TypeError):
            return False
    try:
        document = read_json(source)
    except (ValueError, RecursionError):
        return shows_target(source, target)
    if any(target.in_text(text) for text in texts_of(document)):
        return True
    return any(matching_outputs(target, outputs) for outputs in _outputs_in(document))


def _without(raw: bytes, kind: str, target: Target) -> bytes | None:
    """Return a span without what shows the target, or None where nothing of it is left."""
    if kind == "metadata":
        return None if any(target.in_text(text) for text in _strings_in(raw)) else raw
    text = raw.decode("latin-1")
    try:
        places, _ = elements(text, 0)
        outputs = read_json(raw)
    except (Malformed, ValueError, RecursionError):
        return None if isinstance(target, PathTarget) or shows_target(raw, target) else raw
    gone = matching_outputs(target, outputs)
    if not gone:
        return raw
    kept = [position for position in range(len(places)) if position not in gone]
    if not kept:
        return None
    pieces = [text[: places[0][0]]]
    for number, position in enumerate(kept):
        start, end = places[position]
        pieces += [text[places[position - 1][1] : start] if number else "", text[start:end]]
    pieces.append(text[places[-1][1] :])
    return "".join(pieces).encode("latin-1")


def _strings_in(raw: bytes) -> list[str]:
    """Return the texts of a piece of JSON that may be no whole value (a member with its comma)."""
    text = raw.decode("utf-8", "surrogateescape")
    for whole in (text, "{" + text.strip(" \t\r\n,") + "}"):
        try:
            return list(texts_of(json.loads(whole)))
        except (ValueError, RecursionError):
            continue
    found = []
    for literal in _STRINGS.findall(text):
        try:
            found.append(str(json.loads(literal, strict=False)))
        except ValueError:
            found.append(literal)
    return [*found, "".join(found)]


def _outputs_in(document: object) -> list[list[object]]:
    """Return the outputs of each cell of a parsed notebook, of any version."""
    if not isinstance(document, dict):
        return []
    sheets = document.get("worksheets")
    groups = [document, *(sheets if isinstance(sheets, list) else [])]
    lists = [group.get("cells") for group in groups if isinstance(group, dict)]
    cells = [cell for found in lists if isinstance(found, list) for cell in found]
    found_outputs = [cell.get("outputs") for cell in cells if isinstance(cell, dict)]
    return [outputs for outputs in found_outputs if isinstance(outputs, list)]
