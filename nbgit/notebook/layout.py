"""Ring 1: where each output datum stands inside the raw text of a cell's `outputs`."""

import json

from nbgit.notebook.outputs import ERROR, MIME_BEFORE_4, STDERR, STDOUT, output_data
from nbgit.notebook.scan import Malformed, Member, elements, members


class Datum:
    """One datum: `raw[start:end]` is its JSON value; `output_index` counts the cell's outputs from 0."""

    __slots__ = ("end", "mime", "output_end", "output_index", "output_start", "output_type", "start")

    def __init__(self, output_index: int, output_type: str, output_start: int, output_end: int) -> None:
        self.output_index = output_index
        self.output_type = output_type
        self.output_start = output_start
        self.output_end = output_end
        self.mime = ""
        self.start = self.end = 0

    def at(self, mime: str, member: Member) -> "Datum":
        """Return a datum of the same output, of this type, at this member's value."""
        datum = Datum(self.output_index, self.output_type, self.output_start, self.output_end)
        datum.mime, datum.start, datum.end = mime, member.value_start, member.value_end
        return datum

    def fallback(self, raw: bytes) -> bytes:
        """Return the payload bytes by reading the whole output: for a datum that no form reproduces."""
        output = json.loads(raw[self.output_start : self.output_end].decode("utf-8", "replace"), parse_int=str)
        return dict(output_data(output)).get(self.mime, b"")


def output_layout(raw: bytes) -> list[Datum]:
    """Return the data of the outputs array `raw`, in the order they stand there; an odd output has none."""
    text = raw.decode("latin-1")
    found: list[Datum] = []
    try:
        outputs = elements(text, 0)[0]
    except Malformed:
        return found
    for index, (start, end) in enumerate(outputs):
        if text[start] == "{":
            parts = {part.key: part for part in members(text, start)[0]}
            kind = parts.get("output_type")
            name = text[kind.value_start + 1 : kind.value_end - 1] if kind else ""
            found += _data_of(text, Datum(index, name, start, end), parts)
    return found


def _data_of(text: str, output: Datum, parts: dict[str, Member]) -> list[Datum]:
    if output.output_type == "stream":
        name = parts.get("name") or parts.get("stream")
        stderr = name is not None and text[name.value_start : name.value_end] == '"stderr"'
        return [output.at(STDERR if stderr else STDOUT, parts["text"])] if "text" in parts else []
    if output.output_type in ("error", "pyerr"):
        return [output.at(ERROR, parts["traceback"])] if "traceback" in parts else []
    data = parts.get("data")
    if data is not None and text[data.value_start] == "{":
        return [output.at(part.key, part) for part in members(text, data.value_start)[0]]
    return [output.at(mime, parts[key]) for key, mime in MIME_BEFORE_4.items() if key in parts]
