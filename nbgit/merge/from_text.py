"""Ring 3: conflicts settled as git's merge of the readable texts settles them (docs/design.md, "Merge": conflicts)."""

from nbgit.errors import NbgitError
from nbgit.merge.document import Document
from nbgit.merge.marked import find_conflicts
from nbgit.merge.notebooks import with_unique_ids
from nbgit.merge.resolve import OURS, THEIRS, Decision, resolve
from nbgit.merge.sources import with_source
from nbgit.notebook.text import cell_metadata_lines, notebook_text, readable_text, visible_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.cells import Cell
    from nbgit.notebook.policy import Policy

HEADER = "## cell ["


def from_text(merged: bytes, sides: list[bytes], text: bytes, policy: "Policy") -> bytes | None:
    """Return the merged notebook with its conflicts settled such that its readable text is `text`, or None.

    Values and whole cells are as one side has them, sources as the text has them; where that gives another text, each
    cell is the one of `sides` (ours, theirs) that reads as the text does, or has its header and metadata.
    """
    documents = [Document(data) for data in (merged, *sides)]
    if any(_is_shown_otherwise(cell) for document in documents for cell in document.notebook.cells):
        return None  # the text does not hold these sources as they are
    parts = _parts(text.decode("utf-8", "surrogateescape"))
    for side in (OURS, THEIRS):
        decisions: dict[int, Decision] = {one.number: side for one in find_conflicts(documents[0].notebook)}
        try:
            settled = Document(resolve(merged, decisions))
        except NbgitError:
            continue
        for texts in (_with_sources(settled, parts, policy), _of_sides(documents[1:], parts, policy)):
            made = settled.with_texts(texts) if texts is not None else b""
            if made and readable_text(made, policy) == text:
                return made
    return None


def _is_shown_otherwise(cell: "Cell") -> bool:
    return not cell.source.isprintable() and visible_lines(cell.source) != cell.source.split("\n")


def _parts(text: str) -> list[list[str]]:
    """Return the lines of each cell of a readable text, from its header on."""
    lines = text.removesuffix("\n").split("\n")
    starts = [at for at, line in enumerate(lines) if line.startswith(HEADER) and at and not lines[at - 1]]
    return [lines[start : end - 1] for start, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True)]


def _with_sources(document: Document, parts: list[list[str]], policy: "Policy") -> list[str] | None:
    """Return the cells of a notebook with the sources of the text, None where it has not as many."""
    cells = document.notebook.cells
    if len(cells) != len(parts):
        return None
    readable = _parts(notebook_text(document.notebook, policy).decode("utf-8", "surrogateescape"))
    if len(readable) != len(parts) or not all(map(_has_head, cells, readable, parts, [policy] * len(parts))):
        return None
    return [
        _with_lines(cell, text, part, policy)
        for cell, text, part in zip(cells, document.cell_texts, parts, strict=True)
    ]


def _with_lines(cell: "Cell", text: str, part: list[str], policy: "Policy") -> str:
    lines = part[1 + len(cell_metadata_lines(cell, policy)) :]
    is_same = lines == (visible_lines(cell.source) if cell.source else [])
    return text if is_same else with_source(text, "\n".join(lines))


def _of_sides(documents: list[Document], parts: list[list[str]], policy: "Policy") -> list[str] | None:
    """Return for each part of the text a cell of either side: one that reads like it, else one with its head."""
    offered = [
        (readable, cell, text)
        for document in documents
        for readable, cell, text in zip(
            _parts(notebook_text(document.notebook, policy).decode("utf-8", "surrogateescape")),
            document.notebook.cells,
            document.cell_texts,
            strict=False,
        )
    ]
    texts: list[str] = []
    for part in parts:
        found = next((offer for offer in offered if offer[0] == part), None)
        if found is None:
            heads = [offer for offer in offered if _has_head(offer[1], offer[0], part, policy)]
            found = max(heads, key=lambda offer: len(cell_metadata_lines(offer[1], policy)), default=None)
        if found is None:
            return None
        offered.remove(found)
        texts.append(_with_lines(found[1], found[2], part, policy))
    needs_ids = documents[0].notebook.nbformat >= (4, 5)
    return with_unique_ids(texts) if needs_ids else texts


def _has_head(cell: "Cell", readable: list[str], part: list[str], policy: "Policy") -> bool:
    """Say whether a cell's header and metadata begin a part of the text, and no more of it can be metadata."""
    head = 1 + len(cell_metadata_lines(cell, policy))
    follows = part[head : head + 1]
    return readable[:head] == part[:head] and (follows == readable[head : head + 1] or not _may_be_value(follows))


def _may_be_value(lines: list[str]) -> bool:
    return any(line.startswith("## ") and ": " in line for line in lines)
