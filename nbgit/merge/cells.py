"""Ring 3: one cell, merged from its versions (docs/design.md, "Merge": the truth table of a cell).

| base | ours | theirs | result |
|---|---|---|---|
| any | unchanged | changed | theirs, as it stands |
| any | changed | changed | member by member; the source line by line; conflicts marked in the source |
| there | gone | unchanged | gone |
| there | gone | changed | theirs, all of it marked |
| none | new | none | ours, as it stands |
| none | new | the same | once |

Ids, counts and outputs are settled by rule: ours', or theirs' where ours left them alone.
"""

from nbgit.diff.changes import CellChange, split_lines
from nbgit.merge.conflicts import Markers
from nbgit.merge.objects import JsonObject, ValueConflict, dump, load, merge_objects, write_list
from nbgit.merge.three_way import merge_lines
from nbgit.notebook.cells import SOURCE_KEYS, Cell
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.merge.objects import Decide

RUN_KEYS = ("outputs", "execution_count", "prompt_number")
LONGEST_VALUE = 200


class Version:
    """One side's version of a cell: its text in the file, and the cell read."""

    __slots__ = ("cell", "text")

    def __init__(self, text: str, cell: Cell) -> None:
        self.text = text
        self.cell = cell


class MergedCell:
    """A merged cell's text, and what is in conflict in it, in words ("" where nothing is)."""

    __slots__ = ("conflict", "text")

    def __init__(self, text: str, conflict: str = "") -> None:
        self.text = text
        self.conflict = conflict


def merge_cell(
    base: Version | None, ours: Version | None, theirs: Version | None, markers: Markers
) -> "MergedCell | None":
    """Return the merged cell, or None where it is gone."""
    if ours is not None and theirs is not None:
        return _merge_both(base, ours, theirs, markers)
    kept = ours if ours is not None else theirs
    if kept is None:
        return None
    if base is None:
        return MergedCell(kept.text)
    if not CellChange(base.cell, kept.cell, Policy()).shows:
        return None
    return enclose(kept, markers, kept is ours, "deleted this cell", "edited it")


def enclose(kept: Version, markers: Markers, is_ours: bool, other_note: str, note: str) -> MergedCell:
    """Return a cell that only one side has, with all its source marked as that side's."""
    lines = split_lines(kept.cell.source)
    if is_ours:
        marked = markers.enclose(lines, [], note, other_note)
        words = f"theirs {other_note}"
    else:
        marked = markers.enclose([], lines, other_note, note)
        words = f"ours {other_note}"
    return MergedCell(with_source(kept.text, "\n".join(marked)), words)


def with_source(cell_text: str, source: str) -> str:
    """Return a cell's text with another source, written in the layout of the old one (list of lines, or string)."""
    layout = JsonObject(cell_text)
    key = next((key for key in SOURCE_KEYS if key in layout.values), "source")
    old = layout.values.get(key, '""')
    new = _write_lines(source, old, layout) if old.startswith("[") else dump(source)
    values = {name: new if name == key else value for name, value in layout.values.items()}
    values.setdefault(key, new)
    return layout.write(values, {key: f'"{key}": ', **layout.keys})


def _write_lines(source: str, old: str, layout: JsonObject) -> str:
    lines = [dump(line) for line in source.splitlines(keepends=True)] if "\r" not in source else None
    if lines is None or any(character in source for character in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"):
        parts = source.split("\n")
        lines = [dump(part + "\n") for part in parts[:-1]] + ([dump(parts[-1])] if parts[-1] else [])
    if old.strip("[] \t\r\n") or "\n" not in layout.opening:
        return write_list(lines, old)
    indent = layout.opening.replace("\r", "").replace("\n", "")  # an empty list says nothing: one level below the key
    unit = indent[: max(1, len(indent) // 3)]
    return write_list(lines, f'[{layout.opening}{unit}"",{layout.opening}{unit}""{layout.opening}]')


def _merge_both(base: Version | None, ours: Version, theirs: Version, markers: Markers) -> MergedCell:
    if ours.text == theirs.text or (base is not None and theirs.text == base.text):
        return MergedCell(ours.text)
    if base is not None and ours.text == base.text:
        return MergedCell(theirs.text)
    base_lines = split_lines(base.cell.source) if base is not None else []
    chunks = merge_lines(base_lines, split_lines(ours.cell.source), split_lines(theirs.cell.source))
    lines, marked = markers.write(chunks)
    decide = _decide(ours.cell, theirs.cell, "\n".join(lines))
    text, conflicts = merge_objects(base.text if base else None, ours.text, theirs.text, decide)
    words = ["source"] if marked else []
    if conflicts:
        lines += _notes(conflicts, markers)
        words += [conflict.path for conflict in conflicts]
    if load_source(text) != "\n".join(lines):
        text = with_source(text, "\n".join(lines))
    return MergedCell(_fit_kind(text), ", ".join(words))


def load_source(cell_text: str) -> str:
    """Return the source in a cell's text."""
    return Cell(0, load(cell_text)).source


def _decide(ours: Cell, theirs: Cell, source: str) -> "Decide":
    """Return the rules for members that all three have differently."""

    def decide(
        path: str, base: str | None, ours_text: str | None, theirs_text: str | None
    ) -> tuple[str | None, bool] | None:
        if path in SOURCE_KEYS:
            return (theirs_text if source == theirs.source != ours.source else ours_text), True
        if path in RUN_KEYS:  # an output belongs to the side whose source it came from
            return (theirs_text if source == theirs.source != ours.source else ours_text), True
        if path == "id" or path.startswith("metadata.jupyter"):
            return (ours_text if ours_text is not None else theirs_text), True
        return None

    return decide


def _notes(conflicts: list[ValueConflict], markers: Markers) -> list[str]:
    """Return marked lines that show what of a cell's metadata, kind or attachments is in conflict."""
    return markers.enclose(
        [f"# {conflict.path}: {shown(conflict.ours)}" for conflict in conflicts],
        [f"# {conflict.path}: {shown(conflict.theirs)}" for conflict in conflicts],
    )


def shown(text: str | None) -> str:
    """Return a JSON text as one short line for people."""
    if text is None:
        return "(absent)"
    return shorten(" ".join(text.encode("latin-1").decode("utf-8", "replace").split()), LONGEST_VALUE)


def _fit_kind(cell_text: str) -> str:
    """Return the cell with the members that its kind must have, and without those it can't have."""
    layout = JsonObject(cell_text)
    kind = layout.values.get("cell_type", "")
    values = dict(layout.values)
    if kind in ('"markdown"', '"raw"'):
        for key in RUN_KEYS:
            values.pop(key, None)
    elif kind == '"code"' and "input" not in values:
        values.setdefault("execution_count", "null")
        values.setdefault("outputs", "[]")
        values.pop("attachments", None)
    colon = ": " if any(key.endswith(": ") for key in layout.keys.values()) else ":"
    return layout.write(values, {**{key: f'"{key}"{colon}' for key in values}, **layout.keys})
