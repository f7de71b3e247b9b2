"""Ring 3: the plain facts about one document (a notebook's blob or a snapshot): its cells and the payloads it shows."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from nbgit.notebook.outputs import rank


class Figure(NamedTuple):
    """One payload where it stands in a document; `digest` is "sha256:...", `size` in bytes, indices count from 0.

    `file` is the payload's name in a snapshot, where it has one.
    """

    cell_index: int
    cell_id: str | None
    output_index: int
    mime: str
    digest: str
    size: int
    execution_count: int | None
    file: str | None


class CellKey(NamedTuple):
    """What tells one cell from another: its id, and a digest of its code or text."""

    id: str | None
    source: str


class Contents(NamedTuple):
    """What one document holds: figures in reading order, and (cell index, execution count) of the cells that have one.

    `cells` is None for a snapshot, whose cells are its source's.
    """

    cells: list[CellKey] | None
    figures: list[Figure]
    counts: list[tuple[int, int]]


def source_key(source: str) -> str:
    """Return the digest that stands for a cell's code in a CellKey."""
    return sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def preferred(figures: Iterable[Figure]) -> list[Figure]:
    """Return one payload for each output: the one that stands for it (nbgit.notebook.outputs.PREFERENCE)."""
    best: dict[tuple[int, int], Figure] = {}
    for figure in figures:
        place = (figure.cell_index, figure.output_index)
        if place not in best or rank(figure.mime) < rank(best[place].mime):
            best[place] = figure
    return list(best.values())
