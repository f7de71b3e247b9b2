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
from nbgit.merge.conflicts import CELL_VALUES, DELETED, EDITED, Markers
from nbgit.merge.kinds import RUN_KEYS, fit_kind
from nbgit.merge.objects import ValueConflict, load, merge_objects, on_one_line
from nbgit.merge.sources import with_source
from nbgit.merge.three_way import merge_lines
from nbgit.notebook.cells import SOURCE_KEYS, Cell
from nbgit.notebook.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.merge.objects import Decide

NO_VALUE = "(absent)"


class Version:
    """One side's version of a cell: its text in the file, the cell read, and the `major` of its notebook's format."""

    __slots__ = ("cell", "major", "text")

    def __init__(self, text: str, cell: Cell, major: int) -> None:
        self.text = text
        self.cell = cell
        self.major = major


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
    return enclose(base, kept, markers, kept is ours, (DELETED, EDITED))


def enclose(base: Version | None, kept: Version, markers: Markers, is_ours: bool, notes: tuple[str, str]) -> MergedCell:
    """Return a cell that only one side has, with all its source marked as that side's.

    `notes` say what became of it on the side that lacks it, and on the one that has it.
    """
    lines = split_lines(kept.cell.source)
    before = split_lines(base.cell.source) if base is not None else None
    lacks, has = notes
    if is_ours:
        marked = markers.enclose(lines, [], before, (has, lacks))
    else:
        marked = markers.enclose([], lines, before, (lacks, has))
    return MergedCell(
        with_source(kept.text, "\n".join(marked), markers.is_marker), f"{'theirs' if is_ours else 'ours'} {lacks}"
    )


def _merge_both(base: Version | None, ours: Version, theirs: Version, markers: Markers) -> MergedCell:
    if ours.text == theirs.text or (base is not None and theirs.text == base.text):
        return MergedCell(ours.text)
    if base is not None and ours.text == base.text:
        return MergedCell(theirs.text)
    base, ours, theirs = base and _without_heading(base), _without_heading(ours), _without_heading(theirs)
    base_lines = split_lines(base.cell.source) if base is not None else []
    chunks = merge_lines(base_lines, split_lines(ours.cell.source), split_lines(theirs.cell.source))
    lines, marked = markers.write(chunks)
    decide = _decide(ours.cell, theirs.cell, "\n".join(lines))
    text, conflicts = merge_objects(base.text if base else None, ours.text, theirs.text, decide)
    words = ["source"] if marked else []
    if conflicts:
        lines += value_lines(conflicts, markers, CELL_VALUES)
        words += [conflict.path for conflict in conflicts]
    text = fit_kind(text, ours.major)
    if load_source(text) != "\n".join(lines):
        text = with_source(text, "\n".join(lines), markers.is_marker if words else None)
    return MergedCell(text, ", ".join(words))


def _without_heading(version: Version) -> Version:
    """Return a heading cell of nbformat 3 as the Markdown cell that it reads as, so that one line is all there is."""
    if version.cell.raw.get("cell_type") != "heading":
        return version
    return Version(with_source(version.text, version.cell.source), version.cell, version.major)


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


def value_lines(conflicts: list[ValueConflict], markers: Markers, note: str) -> list[str]:
    """Return marked lines that show, `path: value` each, what is in conflict beside the sources; values stand whole."""
    ours, theirs, base = (
        [f"{conflict.path}: {NO_VALUE if text is None else on_one_line(text)}" for conflict, text in side]
        for side in (
            [(conflict, conflict.ours) for conflict in conflicts],
            [(conflict, conflict.theirs) for conflict in conflicts],
            [(conflict, conflict.base) for conflict in conflicts],
        )
    )
    return markers.enclose(ours, theirs, base, (note, note))
