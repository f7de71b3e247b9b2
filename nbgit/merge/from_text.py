"""Ring 3: conflicts settled as git's merge of the readable texts settles them (docs/design.md, "Merge": conflicts)."""

from nbgit.errors import NbgitError
from nbgit.merge.document import Document
from nbgit.merge.marked import find_conflicts
from nbgit.merge.notebooks import with_fitting_ids
from nbgit.merge.resolve import OURS, THEIRS, Decision, resolve
from nbgit.merge.sources import with_source
from nbgit.notebook.text import cell_metadata_lines, header_line, notebook_text, visible, visible_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.cells import Cell
    from nbgit.notebook.policy import Policy

HEADER = "## cell ["


def from_text(merged: bytes, sides: list[bytes], text: bytes, policy: "Policy") -> bytes | None:
    """Return the merged notebook with its conflicts settled such that its readable text is `text`, or None.

    Values and whole cells are as one side has them, sources as the text has them; where that gives another text, each
    cell is the one of `sides` (ours, theirs) that reads as the text does, or has its header and metadata. The section
    that a header names follows from the cells above it, and is not compared.
    """
    documents = [Document(data) for data in (merged, *sides)]
    reader = _Reader(documents, policy)
    if reader.is_ambiguous:
        return None
    head, parts = _parted(text)
    for side in (OURS, THEIRS):
        decisions: dict[int, Decision] = {one.number: side for one in find_conflicts(documents[0].notebook)}
        try:
            settled = Document(resolve(merged, decisions))
        except NbgitError:
            continue
        there = {text for document in (settled, *documents[1:]) for text in document.cell_texts}
        found = [reader.with_sources(settled, parts), reader.of_sides(documents[1:], parts)]
        offers = sorted(
            (texts for texts in found if texts is not None), key=lambda texts: sum(text not in there for text in texts)
        )
        for texts in offers:  # the fewer cells get another source, the better they were found
            made = settled.with_texts(with_fitting_ids(texts, settled.notebook.nbformat, documents[1:]))
            if reader.reads_as(Document(made), head, parts):
                return made
    return None


def _parted(text: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the lines of a readable text before its cells, and those of each cell, from its header on."""
    lines = text.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    starts = [at for at, line in enumerate(lines) if line.startswith(HEADER) and at and not lines[at - 1]]
    ends = [start - 1 for start in starts] + [len(lines)]
    return lines[: ends[0]], [lines[start:end] for start, end in zip(starts, ends[1:], strict=True)]


class _Reader:
    """Finds cells for the parts of a readable text.

    `is_ambiguous` where the text can't be read back for certain: two different lines show alike, or a line of a source
    looks like a cell's header or like its metadata, and would be lost as such.
    """

    def __init__(self, documents: list[Document], policy: "Policy") -> None:
        self._policy = policy
        self._lines: dict[str, str] = {}  # what a line shows as, where that is not itself -> the line
        plain: set[str] = set()
        self.is_ambiguous = False
        cells = [cell for document in documents for cell in document.notebook.cells]
        heads = {visible(f"## {line}") for cell in cells for line in cell_metadata_lines(cell, policy)}
        for cell in cells:
            lines = cell.source.split("\n")
            if cell.source.isprintable():
                plain.update(lines)
                continue
            for line, shown in zip(lines, visible_lines(cell.source), strict=True):
                if line == shown:
                    plain.add(line)
                else:
                    self.is_ambiguous |= self._lines.setdefault(shown, line) != line
        self.is_ambiguous |= not plain.isdisjoint(self._lines) or not plain.isdisjoint(heads)
        self.is_ambiguous |= any(line.startswith(HEADER) for line in plain)
        self.is_ambiguous |= any(line.startswith(HEADER) or line in heads for line in self._lines)

    def reads_as(self, document: Document, head: list[str], parts: list[list[str]]) -> bool:
        """Say whether a notebook's readable text has this head and these cells, whatever sections they name."""
        own_head, own = _parted(notebook_text(document.notebook, self._policy))
        cells = document.notebook.cells
        return (
            len(own) == len(parts)
            and own_head[0].partition(",")[2] == head[0].partition(",")[2]  # the format is settled by rule
            and own_head[1:] == head[1:]
            and all(part[1:] in (mine[1:], [*mine[1:], ""]) for mine, part in zip(own, parts, strict=True))
            and all(_has_header(cell, part) for cell, part in zip(cells, parts, strict=True))
        )

    def with_sources(self, document: Document, parts: list[list[str]]) -> list[str] | None:
        """Return the cells of a notebook with the sources of the text, None where it has not as many."""
        cells = document.notebook.cells
        readable = _parted(notebook_text(document.notebook, self._policy))[1]
        if not len(cells) == len(parts) == len(readable):
            return None
        if not all(map(self._has_head, cells, readable, parts)):
            return None
        return [
            self._with_lines(cell, text, part)
            for cell, text, part in zip(cells, document.cell_texts, parts, strict=True)
        ]

    def of_sides(self, documents: list[Document], parts: list[list[str]]) -> list[str] | None:
        """Return for each part of the text a cell of either side: one that reads like it, else one with its head."""
        offered = [
            (readable, cell, text)
            for document in documents
            for readable, cell, text in zip(
                _parted(notebook_text(document.notebook, self._policy))[1],
                document.notebook.cells,
                document.cell_texts,
                strict=False,
            )
        ]
        texts: list[str] = []
        for part in parts:
            found = next((offer for offer in offered if offer[0][1:] == part[1:] and _has_header(offer[1], part)), None)
            if found is None:
                heads = [offer for offer in offered if self._has_head(offer[1], offer[0], part)]
                found = max(heads, key=lambda offer: self._likeness(offer[1], part), default=None)
            if found is None:
                return None
            offered.remove(found)
            texts.append(self._with_lines(found[1], found[2], part))
        return texts

    def _likeness(self, cell: "Cell", part: list[str]) -> tuple[int, int, int]:
        shared = len(set(visible_lines(cell.source)).intersection(part))
        return len(header_line(cell, "")), len(cell_metadata_lines(cell, self._policy)), shared

    def _with_lines(self, cell: "Cell", text: str, part: list[str]) -> str:
        lines = part[1 + len(cell_metadata_lines(cell, self._policy)) :]
        is_same = lines == (visible_lines(cell.source) if cell.source else [])
        return text if is_same else with_source(text, "\n".join([self._lines.get(line, line) for line in lines]))

    def _has_head(self, cell: "Cell", readable: list[str], part: list[str]) -> bool:
        """Say whether a cell's header and metadata begin a part of the text, and no more of it can be metadata."""
        head = 1 + len(cell_metadata_lines(cell, self._policy))
        follows = part[head : head + 1]
        return (
            _has_header(cell, part)
            and readable[1:head] == part[1:head]
            and (follows == readable[head : head + 1] or not _may_be_value(follows))
        )


def _has_header(cell: "Cell", part: list[str]) -> bool:
    """Say whether a part of the text begins with the cell's header, whatever section that names."""
    return f"{part[0]} ".startswith(f"{visible(header_line(cell, ''))} ")


def _may_be_value(lines: list[str]) -> bool:
    return any(line.startswith("## ") and ": " in line for line in lines)
