"""Ring 1: where each output datum stands inside the raw text of a cell's `outputs`."""

from nbgit.notebook.outputs import ERROR, MIME_BEFORE_4, STDERR, STDOUT, any_int, decode_datum, output_data
from nbgit.notebook.scan import Malformed, Member, members, skip_value, walk_array, walk_object
from nbgit.notebook.spans import Split


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

    def payload(self, raw: bytes) -> bytes:
        """Return the payload's bytes, whatever way it is written; as it stands, where it is nested too deeply."""
        whole = self.mime == ERROR
        start, end = (self.output_start, self.output_end) if whole else (self.start, self.end)
        try:
            import json

            value = json.loads(raw[start:end].decode("utf-8", "replace"), parse_int=any_int)
        except RecursionError:
            return raw[self.start : self.end]
        return dict(output_data(value)).get(ERROR, b"") if whole else decode_datum(self.mime, value)


def output_layout(raw: bytes) -> list[Datum]:
    """Return the data of the outputs array `raw`, in the order they stand there; an odd output has none.

    One pass: big data are skipped once, however deep they lie.
    """
    text = raw.decode("latin-1")
    found: list[Datum] = []

    def output(index: int, start: int) -> int:
        if text[start : start + 1] != "{":
            return skip_value(text, start)
        parts: dict[str, Member] = {}
        data: list[Member] = []

        def member(key: str, key_start: int, value_start: int) -> int:
            if key == "data" and text[value_start : value_start + 1] == "{":
                data[:], end = members(text, value_start)
            else:
                end = skip_value(text, value_start)
            parts[key] = Member(key, key_start, value_start, end)
            return end

        end = walk_object(text, start, member)
        kind = parts.get("output_type")
        name = text[kind.value_start + 1 : kind.value_end - 1] if kind else ""
        found.extend(_data_of(text, Datum(index, name, start, end), parts, data))
        return end

    try:
        walk_array(text, 0, output)
    except Malformed:
        return []
    return found


def _data_of(text: str, output: Datum, parts: dict[str, Member], data: list[Member]) -> list[Datum]:
    if output.output_type == "stream":
        name = parts.get("name") or parts.get("stream")
        stderr = name is not None and text[name.value_start : name.value_end] == '"stderr"'
        return [output.at(STDERR if stderr else STDOUT, parts["text"])] if "text" in parts else []
    if output.output_type in ("error", "pyerr"):
        return [output.at(ERROR, parts["traceback"])] if "traceback" in parts else []
    if "data" in parts:
        return [output.at(part.key, part) for part in data]
    return [output.at(mime, parts[key]) for key, mime in MIME_BEFORE_4.items() if key in parts]


def cell_counts(parts: Split) -> dict[int, int]:
    """Return cell index -> execution count of a split notebook."""
    counts: dict[int, int] = {}
    for span in parts.spans:
        if span.kind == "count" and len(span.raw) < 100:
            digits = bytes(span.raw).rsplit(b":", 1)[-1].strip()
            if digits.isdigit() and len(digits) < 12:
                counts[span.cell_index] = int(digits)
    return counts
