"""Ring 3: three notebooks made one (docs/design.md, "Merge").

The result is always a notebook: conflicts are markers inside cells. Untouched cells keep their bytes.
"""

from zlib import crc32

from nbgit.errors import NotANotebook
from nbgit.merge.cells import MergedCell, Version, enclose, merge_cell, value_lines
from nbgit.merge.conflicts import ABSENT, NOTEBOOK_VALUES, PRESENT, Conflict, Markers
from nbgit.merge.document import Document, SeveralSheets
from nbgit.merge.numbers import number_cells
from nbgit.merge.objects import JsonObject, ValueConflict, load, merge_objects
from nbgit.merge.order import merge_order
from nbgit.merge.sources import with_source

BY_RULE = ("metadata.kernelspec", "metadata.language_info", "metadata.jupytext", "metadata.toc", "metadata.vscode")
NOTE_CELL = '{\n   "cell_type": "markdown",\n   "metadata": {},\n   "source": [\n    ""\n   ]\n  }'


class Merged:
    """The merged notebook's bytes and its conflicts, in the order of the cells."""

    __slots__ = ("conflicts", "data")

    def __init__(self, data: bytes, conflicts: list[Conflict]) -> None:
        self.data = data
        self.conflicts = conflicts


def merge_notebooks(base: bytes, ours: bytes, theirs: bytes, markers: Markers | None = None) -> Merged:
    """Return the merge of three notebooks.

    A `base` that is no notebook (both sides added the file, or git left it with markers) counts as none: then what
    only one side has is marked too. Where their formats differ the result has nbformat 4. Raises NotANotebook where
    ours or theirs is none, or can't be merged by cell.
    """
    if ours in (theirs, base):
        return Merged(theirs, [])
    if theirs == base:
        return Merged(ours, [])
    sides = _Sides(*_documents(base, ours, theirs), markers or Markers())
    cells = sides.merge_cells()
    return sides.finish(cells)


def _documents(base: bytes, ours: bytes, theirs: bytes) -> tuple[Document | None, Document, Document]:
    """Return the three taken apart, all in one format."""
    try:
        found = _read_base(base), Document(ours), Document(theirs)
        if _is_one_format(found):
            return found
    except SeveralSheets:
        pass
    from nbgit.merge.upgrade import in_version_4

    try:
        base = in_version_4(base)
    except NotANotebook:
        pass
    found = _read_base(base), Document(in_version_4(ours)), Document(in_version_4(theirs))
    if not _is_one_format(found):
        raise NotANotebook("notebooks of different formats can't be merged cell by cell; upgrade one of them first")
    return found


def _read_base(base: bytes) -> Document | None:
    try:
        return Document(base)
    except SeveralSheets:
        raise
    except NotANotebook:
        return None


def _is_one_format(documents: tuple[Document | None, Document, Document]) -> bool:
    return len({(one.notebook.nbformat[0], one.cells_key) for one in documents if one is not None}) == 1


class _Sides:
    """The three documents of one merge, and their cells under common numbers."""

    def __init__(self, base: Document | None, ours: Document, theirs: Document, markers: Markers) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.markers = markers.avoiding(
            cell.source for side in (base, ours, theirs) if side is not None for cell in side.notebook.cells
        )

    def merge_cells(self) -> list[MergedCell]:
        """Return the merged cells in merged order."""
        base_cells = self.base.notebook.cells if self.base else []
        numbers = number_cells(base_cells, self.ours.notebook.cells, self.theirs.notebook.cells)
        places = [{number: place for place, number in enumerate(side)} for side in numbers]
        merged: list[MergedCell] = []
        for number in merge_order(*numbers):
            versions = [
                _version(document, places[side].get(number))
                for side, document in enumerate((self.base, self.ours, self.theirs))
            ]
            cell = self._merge_one(*versions)
            if cell is not None:
                merged.append(cell)
        return merged

    def _merge_one(self, base: Version | None, ours: Version | None, theirs: Version | None) -> MergedCell | None:
        lone = ours if theirs is None else theirs if ours is None else None
        if self.base is None and lone is not None:
            return enclose(None, lone, self.markers, lone is ours, (ABSENT, PRESENT))
        return merge_cell(base, ours, theirs, self.markers)

    def finish(self, cells: list[MergedCell]) -> Merged:
        """Return the whole notebook around the merged cells."""
        base_top = None if self.base is None else _without_cells(self.base)
        top_text, conflicts = merge_objects(
            base_top, _without_cells(self.ours), _without_cells(self.theirs), self._decide
        )
        top = JsonObject(top_text)
        if conflicts:
            cells.insert(0, self._note_cell(conflicts))
        texts = [cell.text for cell in cells]
        version = _number(top.values.get("nbformat")), _number(top.values.get("nbformat_minor"))
        texts = with_fitting_ids(texts, version, [self.ours, self.theirs])
        values = {**top.values, self.ours.cells_key: self.ours.with_cells(texts, self.theirs)}
        tails = [document.tail if document else "" for document in (self.base, self.ours, self.theirs)]
        tail = tails[2] if tails[1] == tails[0] else tails[1]
        text = self.ours.head + top.write(values, top.keys) + tail
        found = [Conflict(index, cell.conflict) for index, cell in enumerate(cells) if cell.conflict]
        return Merged(text.encode("latin-1"), found)

    def _decide(
        self, path: str, base: str | None, ours: str | None, theirs: str | None
    ) -> tuple[str | None, bool] | None:
        if path in ("nbformat", "nbformat_minor") and ours is not None and theirs is not None:
            return (ours if _number(ours) >= _number(theirs) else theirs), True
        if path in BY_RULE:
            return (ours if ours is not None else theirs), True
        return None

    def _note_cell(self, conflicts: list[ValueConflict]) -> MergedCell:
        """Return a Markdown cell that shows what of the notebook's own metadata is in conflict; ours is kept."""
        lines = value_lines(conflicts, self.markers, NOTEBOOK_VALUES)
        text = with_source(NOTE_CELL, "\n".join(lines), self.markers.is_marker)
        return MergedCell(text, ", ".join(conflict.path for conflict in conflicts))


def with_fitting_ids(cell_texts: list[str], version: tuple[int, int], sides: list[Document]) -> list[str]:
    """Return the cells of a merged notebook of nbformat `version` with the ids that it asks for, or without any.

    It has none where one of the `sides` went back to a format that has none.
    """
    if version >= (4, 5):
        return with_unique_ids(cell_texts)
    if max(side.notebook.nbformat for side in sides) >= (4, 5):
        return [_without_id(text) for text in cell_texts]
    return cell_texts


def with_unique_ids(cell_texts: list[str]) -> list[str]:
    """Return the cells with an id each, as nbformat 4.5 asks: the first keeps an id that stands twice.

    New ids follow from the cell's text, so that the same merge gives the same bytes everywhere.
    """
    objects = [JsonObject(text) for text in cell_texts]
    taken = {layout.values["id"] for layout in objects if "id" in layout.values}
    seen: set[str] = set()
    texts: list[str] = []
    for layout in objects:
        cell_id = layout.values.get("id")
        if cell_id is None or cell_id in seen:
            cell_id = _new_id(layout.text, taken)
            taken.add(cell_id)
            values = {**layout.values, "id": cell_id}
            if "id" not in layout.values and list(layout.values) == sorted(layout.values):
                values = dict(sorted(values.items()))  # Jupyter writes its keys sorted
            texts.append(layout.write(values, {"id": '"id": ', **layout.keys}))
        else:
            texts.append(layout.text)
        seen.add(cell_id)
    return texts


def _without_id(cell_text: str) -> str:
    layout = JsonObject(cell_text)
    return layout.write({key: value for key, value in layout.values.items() if key != "id"}, layout.keys)


def _new_id(text: str, taken: set[str]) -> str:
    number = crc32(text.encode("latin-1"))
    while f'"{number:08x}"' in taken:
        number = (number + 1) & 0xFFFFFFFF
    return f'"{number:08x}"'


def _number(text: str | None) -> int:
    """Return the whole number in a JSON text, 0 for anything else."""
    value = load(text) if text is not None else 0
    return value if isinstance(value, int) else 0


def _without_cells(document: Document) -> str:
    """Return the top object with the cells' member emptied: only what surrounds the cells is compared."""
    return document.top.write({**document.top.values, document.cells_key: "[]"}, document.top.keys)


def _version(document: Document | None, index: int | None) -> Version | None:
    if document is None or index is None:
        return None
    return Version(document.cell_texts[index], document.notebook.cells[index], document.notebook.nbformat[0])
