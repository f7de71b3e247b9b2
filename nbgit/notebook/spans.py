"""Ring 1: split a notebook into source and volatile spans, and join them again, byte for byte.

Promise 1 of docs/design.md: for every input x, `join(split(x)) == x`. Spans are cut out of the bytes as they stand;
nothing is parsed and written again, so every byte that is not volatile stays as its editor wrote it. A span is replaced
by its canonical empty form: `[]` for outputs, `null` for counts, and nothing at all for a key that goes with its comma
(an object left without keys is `{}`), which is what the same editor writes for a notebook that never ran.
"""

from nbgit.notebook.policy import Policy
from nbgit.notebook.scan import (
    Malformed,
    Member,
    elements,
    members,
    skip_space,
    skip_value,
    walk_array,
    walk_object,
)

BOM = "\xef\xbb\xbf"  # UTF-8's byte order mark, seen through latin-1


class Span:
    """One volatile piece: `raw` stood where the source has `size` bytes at `offset`.

    `cell_index` counts cells from 0 over the notebook, or is -1 for the notebook's own metadata; `kind` is "outputs",
    "count" or "metadata".
    """

    __slots__ = ("cell_index", "kind", "offset", "raw", "size")

    def __init__(self, offset: int, size: int, raw: bytes | memoryview, cell_index: int, kind: str) -> None:
        self.offset = offset
        self.size = size
        self.raw = raw
        self.cell_index = cell_index
        self.kind = kind


class Split:
    """A notebook's source and, in order, its volatile spans; `can_run` says that some cell could have outputs."""

    __slots__ = ("can_run", "source", "spans")

    def __init__(self, source: bytes, spans: list[Span], can_run: bool) -> None:
        self.source = source
        self.spans = spans
        self.can_run = can_run


class _Cut:
    """A piece of the notebook's bytes that is to be replaced; offsets into the notebook."""

    __slots__ = ("cell_index", "end", "kind", "replacement", "start")

    def __init__(self, start: int, end: int, replacement: bytes, cell_index: int, kind: str) -> None:
        self.start = start
        self.end = end
        self.replacement = replacement
        self.cell_index = cell_index
        self.kind = kind


def split(data: bytes, policy: Policy) -> Split | None:
    """Return the source and the volatile spans of a notebook, or None where `data` is not one (pass it through).

    A notebook is a JSON object (a BOM is kept; bytes that are no UTF-8 are too) with an integer `nbformat` and a list
    of `cells` or, up to nbformat 3, of `worksheets`. The raw spans are views into `data`. Takes O(size) time and about
    4 x its memory.
    """
    cutter = _Cutter(data, policy)
    cuts = cutter.cuts()
    if cuts is None:
        return None
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    spans: list[Span] = []
    taken = length = 0
    for cut in cuts:
        length += cut.start - taken
        pieces += (view[taken : cut.start], cut.replacement)
        spans.append(Span(length, len(cut.replacement), view[cut.start : cut.end], cut.cell_index, cut.kind))
        length += len(cut.replacement)
        taken = cut.end
    pieces.append(view[taken:])
    result = Split(b"".join(pieces), spans, cutter.can_run)
    return result if join(result.source, spans) == data else None


def join(source: bytes, spans: list[Span]) -> bytes:
    """Return the notebook whose split is `source` and `spans`."""
    view = memoryview(source)
    pieces: list[bytes | memoryview] = []
    taken = 0
    for span in spans:
        pieces += (view[taken : span.offset], span.raw)
        taken = span.offset + span.size
    pieces.append(view[taken:])
    return b"".join(pieces)


KINDS = ("outputs", "count", "metadata")


def encode_spans(spans: list[Span]) -> bytes:
    """Return where spans stand, as one line of JSON: [offset, size, raw size, cell index, kind] of each."""
    rows = [f"[{s.offset},{s.size},{len(s.raw)},{s.cell_index},{KINDS.index(s.kind)}]" for s in spans]
    return ("[" + ",".join(rows) + "]").encode("ascii")


def apply_spans(data: bytes, rows: "list[list[int]]", can_run: bool) -> Split:
    """Return the split of `data` whose spans were encoded as `rows`, without scanning it.

    Raises ValueError where the rows do not fit. That they are the right ones shows in the source's oid, not here.
    """
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    spans: list[Span] = []
    taken = length = 0
    for offset, size, raw_size, cell_index, kind in rows:
        start = taken + offset - length
        end = start + raw_size
        if not taken <= start <= end <= len(data) or not 0 <= kind < len(KINDS):
            raise ValueError("spans do not fit the notebook")
        replacement = _REPLACEMENTS[KINDS[kind], size]
        pieces += (view[taken:start], replacement)
        spans.append(Span(offset, size, view[start:end], cell_index, KINDS[kind]))
        taken, length = end, offset + size
    pieces.append(view[taken:])
    return Split(b"".join(pieces), spans, can_run)


_REPLACEMENTS = {
    ("outputs", 2): b"[]",
    ("count", 4): b"null",
    ("count", 0): b"",
    ("metadata", 2): b"{}",
    ("metadata", 0): b"",
}


class _Cutter:
    """One pass over one notebook that collects the cuts."""

    def __init__(self, data: bytes, policy: Policy) -> None:
        self.data = data
        self.policy = policy
        self.found: list[_Cut] = []
        self.cell_index = -1
        self.next_cell = 0
        self.can_run = False
        keys = ("outputs", "execution_count", *_as_scanned(policy.cell_metadata))
        self.needles = ("\\u", *(f'"{key.split(".")[0]}"' for key in keys))
        self.text = ""
        self.shape = ""
        self.version = ""

    def cuts(self) -> list[_Cut] | None:
        """Return the cuts in order, or None where the data is not a notebook."""
        if not self.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return None
        self.text = self.data.decode("latin-1")
        start = skip_space(self.text, len(BOM) if self.text.startswith(BOM) else 0)
        try:
            end = walk_object(self.text, start, self._top)
        except Malformed:
            return None
        if skip_space(self.text, end) != len(self.text) or not self.version.isdigit():
            return None
        if self.shape != ("worksheets" if self.version in ("0", "1", "2", "3") else "cells"):
            return None
        self.found.sort(key=lambda cut: cut.start)
        return self.found

    def _top(self, key: str, key_start: int, at: int) -> int:
        opener = self.text[at : at + 1]
        if key == "cells" and opener == "[":
            self.shape = "cells"
            return walk_array(self.text, at, self._cell)
        if key == "worksheets" and opener == "[":
            self.shape = "worksheets"
            return walk_array(self.text, at, self._worksheet)
        if key == "metadata" and opener == "{":
            self.cell_index = -1
            return self._metadata(at, self.policy.notebook_metadata)[1]
        end = skip_value(self.text, at)
        if key == "nbformat":
            self.version = self.text[at:end]
        return end

    def _worksheet(self, index: int, at: int) -> int:
        def visit(key: str, key_start: int, value_start: int) -> int:
            if key == "cells" and self.text[value_start : value_start + 1] == "[":
                return walk_array(self.text, value_start, self._cell_before_4)
            return skip_value(self.text, value_start)

        if self.text[at : at + 1] != "{":
            return skip_value(self.text, at)
        return walk_object(self.text, at, visit)

    def _cell(self, index: int, at: int) -> int:
        end = self._end_of_plain_text_cell(at)
        if end:
            self.next_cell += 1
            return end
        return self._any_cell(at, "execution_count", ())

    def _end_of_plain_text_cell(self, at: int) -> int:
        """Return the end of a cell that can't have anything volatile, or 0 for one that has to be walked.

        Half of all cells are Markdown, and walking them would take most of the time. The volatile keys are looked for
        as text, which is exact: inside a JSON string a quote has a backslash before it, and a cell with an escape that
        could spell a key (`\\u`) is walked.
        """
        text = self.text
        if not text.startswith('"cell_type": "markdown"', skip_space(text, at + 1)):
            return 0
        end = skip_value(text, at)
        for needle in self.needles:
            if text.find(needle, at, end) >= 0:
                return 0
        return end

    def _cell_before_4(self, index: int, at: int) -> int:
        return self._any_cell(at, "prompt_number", ("prompt_number", "collapsed"))

    def _any_cell(self, at: int, count_key: str, gone: tuple[str, ...]) -> int:
        """Cut one cell; `gone` are the volatile keys that are absent from a cell that never ran."""
        if self.text[at : at + 1] != "{":
            return skip_value(self.text, at)
        self.cell_index = self.next_cell
        self.next_cell += 1
        parts, end = members(self.text, at)
        keeps = False
        for part in parts:
            if part.key == "metadata" and self.text[part.value_start] == "{" and part.value_end > part.value_start + 2:
                entries, _ = self._metadata(part.value_start, self.policy.cell_metadata)
                keeps = keeps or self._keeps_outputs(entries)
        for part in parts:
            if part.key == "outputs":
                self.can_run = self.can_run or self.policy.outputs
                self._outputs(part, count_key, keeps or not self.policy.outputs)
            elif part.key == count_key and count_key not in gone:
                self._count(part)
        if gone and self.policy.execution_counts:
            self._remove(parts, gone, at, end)
        return end

    def _outputs(self, part: Member, count_key: str, keeps: bool) -> None:
        if self.text[part.value_start] != "[":
            return
        if not keeps:
            self._cut(part.value_start, part.value_end, b"[]", "outputs")
            return
        for start, _ in elements(self.text, part.value_start)[0]:
            if self.text[start] == "{":
                for inner in members(self.text, start)[0]:
                    if inner.key == count_key:
                        self._count(inner)

    def _count(self, part: Member) -> None:
        if self.policy.execution_counts and self.text[part.value_start] not in '{["':
            self._cut(part.value_start, part.value_end, b"null", "count")

    def _metadata(self, at: int, volatile: tuple[str, ...]) -> tuple[list[Member], int]:
        """Cut the volatile keys of a metadata object; return its members and its end."""
        parts, end = members(self.text, at)
        names = _as_scanned(volatile)
        for part in parts if any("." in name for name in names) else ():
            prefix = part.key + "."
            inner = tuple(name[len(prefix) :] for name in names if name.startswith(prefix))
            if inner and part.key not in names and self.text[part.value_start] == "{":
                nested, nested_end = members(self.text, part.value_start)
                self._remove(nested, inner, part.value_start, nested_end)
        self._remove(parts, names, at, end)
        return parts, end

    def _keeps_outputs(self, entries: list[Member]) -> bool:
        """Return whether a cell's metadata says so; a mark that is volatile itself can't: the source would lose it."""
        for entry in entries:
            if entry.key in _as_scanned(self.policy.cell_metadata):
                continue
            value = self.text[entry.value_start : entry.value_end]
            if entry.key == "keep_output" or (entry.key == "init_cell" and self.policy.keep_init_cells):
                if value == "true":
                    return True
            elif entry.key == "tags" and value.startswith("["):
                tags = [self.text[start:end] for start, end in elements(self.text, entry.value_start)[0]]
                if any(f'"{tag}"' in tags for tag in _as_scanned(self.policy.keep_tags)):
                    return True
        return False

    def _remove(self, parts: list[Member], names: tuple[str, ...], start: int, end: int) -> None:
        """Cut the members of these names out of the object at [start, end), each with the comma it needs."""
        kept = [part for part in parts if part.key not in names]
        if len(kept) == len(parts):
            return
        if not kept:
            self._cut(start, end, b"{}", "metadata")
            return
        kept_end = -1
        for part in parts:
            if part is kept[0] and part is not parts[0]:
                self._cut(parts[0].key_start, part.key_start, b"", "metadata")
            if part.key not in names:
                kept_end = part.value_end
            elif kept_end >= 0:
                self._cut(kept_end, part.value_end, b"", "count" if part.key == "prompt_number" else "metadata")
                kept_end = part.value_end

    def _cut(self, start: int, end: int, replacement: bytes, kind: str) -> None:
        if end - start != len(replacement) or self.data[start:end] != replacement:
            self.found.append(_Cut(start, end, replacement, self.cell_index, kind))


def _as_scanned(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as they look in the latin-1 text: written with escapes, and written as UTF-8."""
    if all(name.isascii() for name in names):
        return names
    return tuple(dict.fromkeys((*names, *(name.encode("utf-8").decode("latin-1") for name in names))))
