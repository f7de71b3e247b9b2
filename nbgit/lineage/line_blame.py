"""Ring 3: `nbgit blame`: which commit each line of each cell is from, and which made and last changed the cell.

Each line is followed from child to parent along every edge of the graph, as `git blame` does it, with two differences:
cells are paired first (nbgit.diff.align), so that a line stays with its cell through moves, new ids and edits around
it; and a version that is no notebook (a committed conflict) is looked through. A line belongs to the commit where no
parent has it in the counterpart of its cell. Where a parent has the very same notebook it gets everything.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from nbgit.diff.align import align
from nbgit.diff.changes import split_lines
from nbgit.diff.lines import match
from nbgit.errors import NotANotebook
from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.versions import Version, Versions
from nbgit.notebook.cells import SOURCE_KEYS, Cell, read_cells
from nbgit.store.objects import ObjectReader

KEPT_KEYS = ("cell_type", "id", "level", *SOURCE_KEYS)
REMEMBERED = 64  # versions whose cells are kept in memory
WORKTREE = -1  # the position of what is not committed
Place = tuple[int, int]  # (cell, line) in the notebook that was asked about


class Origins:
    """Positions in the graph (WORKTREE: not committed): of each line by (cell, line), and of each cell.

    `introduced` is where a cell has no counterpart in any parent (a part's is the cell that was split), `changed` where
    none has the same text and kind.
    """

    __slots__ = ("changed", "introduced", "lines")

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.introduced: dict[int, int] = {}
        self.changed: dict[int, int] = {}


class _Claims:
    """What is looked for in one version: where it stands there -> what it is in the notebook that was asked about."""

    __slots__ = ("changed", "introduced", "lines")

    def __init__(self) -> None:
        self.lines: dict[int, dict[int, list[Place]]] = {}  # cell -> line -> places
        self.introduced: dict[int, list[int]] = {}
        self.changed: dict[int, list[int]] = {}

    def is_empty(self) -> bool:
        return not (self.lines or self.introduced or self.changed)

    def add(self, other: "_Claims") -> None:
        for cell, lines in other.lines.items():
            here = self.lines.setdefault(cell, {})
            for line, places in lines.items():
                here.setdefault(line, []).extend(places)
        for mine, theirs in ((self.introduced, other.introduced), (self.changed, other.changed)):
            for cell, asked in theirs.items():
                mine.setdefault(cell, []).extend(asked)


def trace(
    versions: Versions,
    reader: ObjectReader,
    tops: list[Version],
    cells: list[Cell],
    wanted: list[int],
    *,
    uncommitted: bool = False,
    ignore_space: bool = False,
    report: Report | None = None,
) -> Origins:
    """Return where the lines of the cells with the indexes `wanted` come from.

    `cells` are those of `tops[0]`; where they are `uncommitted`, `tops` are the versions that they are an edit of (two
    in a merge). With `ignore_space` lines are equal whose letters without white space are.
    """
    walk = _Walk(versions, reader, ignore_space)
    claims, origins = _Claims(), Origins()
    for index in wanted:
        lines = split_lines(cells[index].source)
        claims.lines[index] = {line: [(index, line)] for line in range(len(lines))}
        claims.introduced[index] = [index]
        claims.changed[index] = [index]
    if uncommitted:
        walk.hand_on(claims, cells, walk.readable(tops))
        _settle(claims, WORKTREE, origins)
    else:
        walk.give(tops[0], claims)
    walk.run(origins, report)
    return origins


class _Walk:
    def __init__(self, versions: Versions, reader: ObjectReader, ignore_space: bool) -> None:
        self._versions = versions
        self._reader = reader
        self._ignore_space = ignore_space
        self._cells: dict[str, list[Cell] | None] = {}
        self._claims: dict[tuple[int, str], _Claims] = {}
        self._waiting: list[tuple[int, str, Version]] = []

    def run(self, origins: Origins, report: Report | None) -> None:
        """Follow all claims to their commits, newest first."""
        while self._waiting:
            position, path, version = heappop(self._waiting)
            claims = self._claims.pop((position, path))
            parents = self.readable(self._versions.before(version))
            self.hand_on(claims, self._read(version.shown.blob) or [], parents, version.shown.blob)
            _settle(claims, position, origins)
            if report:
                report(position, len(self._versions.graph.oids))

    def give(self, version: Version, claims: _Claims) -> None:
        """Let claims wait for a version; it takes them over where it has none yet."""
        key = (version.position, version.path)
        if key in self._claims:
            self._claims[key].add(claims)
        else:
            self._claims[key] = claims
            heappush(self._waiting, (*key, version))

    def readable(self, found: list[Version]) -> list[Version]:
        """Return these versions, and for each that is no notebook the ones before it."""
        through = [
            [version] if self._read(version.shown.blob) is not None else self.readable(self._versions.before(version))
            for version in found
        ]
        return [version for some in through for version in some]

    def hand_on(self, claims: _Claims, cells: list[Cell], parents: list[Version], blob: str = "") -> None:
        """Give the parents what they have of `claims`, and leave the rest in it."""
        for parent in parents:
            if parent.shown.blob == blob:
                whole = _Claims()
                whole.lines, whole.introduced, whole.changed = claims.lines, claims.introduced, claims.changed
                claims.lines, claims.introduced, claims.changed = {}, {}, {}
                self.give(parent, whole)
                return
        for parent in parents:
            if claims.is_empty():
                return
            taken = self._taken(claims, cells, self._read(parent.shown.blob) or [])
            if not taken.is_empty():
                self.give(parent, taken)

    def _taken(self, claims: _Claims, cells: list[Cell], older: list[Cell]) -> _Claims:
        """Move what the `older` cells have out of `claims`, and return it."""
        taken = _Claims()
        found = align(older, cells)
        partners = {ours: theirs for theirs, ours in found.pairs.items()}
        origins = {**partners, **{ours: section.cell for ours, section in found.splits.items()}}
        for index in [index for index in claims.introduced if index in origins]:
            taken.introduced.setdefault(origins[index], []).extend(claims.introduced.pop(index))
        for index in [index for index in claims.changed if index in partners]:
            if _are_same(cells[index], older[partners[index]]):
                taken.changed.setdefault(partners[index], []).extend(claims.changed.pop(index))
        sources = [*origins.items(), *((section.cell, theirs) for theirs, section in found.joins.items())]
        for ours, theirs in sources:
            if ours in claims.lines:
                self._take_lines(claims, taken, (ours, cells[ours]), (theirs, older[theirs]))
        return taken

    def _take_lines(self, claims: _Claims, taken: _Claims, ours: tuple[int, Cell], theirs: tuple[int, Cell]) -> None:
        """Move the lines of `ours` (index, cell) that `theirs` has from `claims` to `taken`."""
        rest = claims.lines[ours[0]]
        for old_line, line in self._same_lines(theirs[1], ours[1]):
            if line in rest:
                there = taken.lines.setdefault(theirs[0], {})
                there.setdefault(old_line, []).extend(rest.pop(line))
        if not rest:
            del claims.lines[ours[0]]

    def _same_lines(self, older: Cell, cell: Cell) -> Iterator[tuple[int, int]]:
        """Yield (line of older, line of cell) that are the same."""
        ours, theirs = split_lines(cell.source), split_lines(older.source)
        if self._ignore_space:
            ours, theirs = (["".join(line.split()) for line in lines] for lines in (ours, theirs))
        for theirs_start, ours_start, length in match(theirs, ours).blocks:
            for step in range(length):
                yield theirs_start + step, ours_start + step

    def _read(self, blob: str) -> list[Cell] | None:
        """Return a version's cells without their outputs, None where it is no notebook."""
        if blob not in self._cells:
            if len(self._cells) >= REMEMBERED:
                del self._cells[next(iter(self._cells))]
            try:
                self._cells[blob] = sources_of(self._reader.read(blob) or b"")
            except NotANotebook:
                self._cells[blob] = None
        return self._cells[blob]


def sources_of(data: bytes) -> list[Cell]:
    """Return a notebook's cells with id, kind and text alone; raises NotANotebook."""
    return [Cell(cell.index, _source_only(cell.raw)) for cell in read_cells(data).cells]


def _source_only(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: raw[key] for key in KEPT_KEYS if key in raw}


def _are_same(one: Cell, other: Cell) -> bool:
    return one.source == other.source and one.kind == other.kind


def _settle(claims: _Claims, position: int, origins: Origins) -> None:
    """Enter what is left of the claims as the work of the commit at `position`."""
    for lines in claims.lines.values():
        for places in lines.values():
            origins.lines.update(dict.fromkeys(places, position))
    for asked in claims.introduced.values():
        origins.introduced.update(dict.fromkeys(asked, position))
    for asked in claims.changed.values():
        origins.changed.update(dict.fromkeys(asked, position))
