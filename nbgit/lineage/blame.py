"""Ring 3: `blame-output`: which commit introduced this very output, and what its cell said then.

Introduced is the earliest commit reachable from HEAD, in topological order, whose version of the notebook (followed
through renames) shows the payload; last seen is the latest. The cell's code and execution count are those of the
introduction: that is what made the figure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgit.errors import NotANotebook
from nbgit.lineage.history.cell_history import CellTracker, Earlier
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import CellKey, Figure, preferred, source_key
from nbgit.lineage.history.figures import documents_with
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Version, Versions
from nbgit.lineage.lookup.evidence import Evidence
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.notebook.cells import Cell, read_cells
from nbgit.notebook.outputs import is_figure
from nbgit.notebook.showing import Showing, pair_cells
from nbgit.store.objects import ObjectReader

NO_OUTPUT = -1  # the output index of what a cell has written to a file


@dataclass
class Match:
    """One output that answers the question: where it stands, where it came from, and what became of its code.

    `figure` is its place in the version that was asked about (for a picture: in the latest that shows it), at `path`;
    `source` is the cell's at the introduction; `changed_before` are the code cells above it in
    HEAD that were others then, where the cell itself is the same; `language` is the notebook's, for colouring;
    `version`, `then` and `cells` are the notebook, the output's place in it, and its cells at the introduction;
    `evidence` is what speaks for it where a file was asked about; `written` is the run that wrote that file, where it
    is no output (`figure.output_index` is NO_OUTPUT then).
    """

    path: str
    figure: Figure
    introduced: Commit
    last_seen: Commit
    version: Version
    then: Figure
    cells: list[Cell]
    source: str
    source_changed_since: bool
    changed_before: list[int]
    language: str = ""
    history: list[Earlier] = field(default_factory=list)
    evidence: Evidence | None = None
    written: tuple[Run, FileSeen] | None = None

    @property
    def execution_count(self) -> int | None:
        """The cell's execution count at the introduction."""
        return self.then.execution_count

    def as_json(self, *, history: bool) -> dict[str, Any]:
        """Return the match as schemas/blame-output.v1.schema.json describes it."""
        document: dict[str, Any] = {
            "path": self.path,
            "cell_index": self.figure.cell_index,
            "cell_id": self.figure.cell_id,
            "output_index": None if self.written else self.figure.output_index,
            "mime": self.figure.mime,
            "payload": self.figure.digest,
            "introduced": self.introduced.as_json(),
            "last_seen": self.last_seen.as_json(),
            "execution_count": self.execution_count,
            "source": self.source,
            "source_changed_since": self.source_changed_since,
            "changed_before": self.changed_before,
        }
        if self.written is not None:
            document["written"] = self.written[1].path
        if self.evidence is not None:
            document["evidence"] = self.evidence.as_json()
        return {**document, "history": [earlier.as_json() for earlier in self.history]} if history else document


@dataclass(frozen=True)
class Selection:
    """Which outputs of a notebook are meant: a cell by index or id, an output of it (from 0); else all figures."""

    cell: int | None = None
    cell_id: str | None = None
    output: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing was selected, so that all the notebook's figures are meant."""
        return self.cell is None and self.cell_id is None and self.output is None

    def choose(self, figures: Iterable[Figure]) -> list[Figure]:
        """Return what is meant of a notebook's payloads, one for each output."""
        return [
            figure
            for figure in preferred(figures)
            if self.cell in (None, figure.cell_index)
            and self.cell_id in (None, figure.cell_id)
            and self.output in (None, figure.output_index)
            and (not self.is_all or is_figure(figure.mime))
        ]


Sources = Callable[[str], tuple[list[Cell], str]]  # blob -> (cells, language)


def blame_figures(
    past: Past, versions: Versions, places: list[tuple[int, Version, Figure]], *, history: bool = False
) -> list[Match]:
    """Return a Match for each (lineage, version, payload in it), in that order.

    `versions` must hold the lineages whole and the index must have learnt them (Past.learn).
    """
    spans = versions.spans(documents_showing(past, {figure.digest for _, _, figure in places}))
    ends = {version.position for lineage, _, figure in places for version in spans[lineage, figure.digest]}
    commits = past.commits(ends)
    tracker = CellTracker(past, versions) if history else None
    with ObjectReader(past.repository) as reader:
        sources = source_reader(reader)
        matches = []
        for lineage, version, figure in places:
            first, last = spans[lineage, figure.digest]
            then = place_then(past, first, figure)
            cells, language = sources(first.shown.blob)
            code = cells[then.cell_index].source if then.cell_index < len(cells) else ""
            is_edited = has_changed(past, versions, lineage, version, figure, code)
            now = versions.head_of(lineage, past.head)
            match = Match(
                path=version.path,
                figure=figure,
                introduced=commits[first.position],
                last_seen=commits[last.position],
                version=first,
                then=then,
                cells=cells,
                source=code,
                source_changed_since=is_edited,
                changed_before=which_changed_before(cells, sources(now.blob)[0], then) if now and not is_edited else [],
                language=language,
            )
            if tracker:
                match.history = tracker.earlier(lineage, version, figure, first)
            matches.append(match)
    return matches


def documents_showing(past: Past, digests: Iterable[str]) -> dict[str, set[str]]:
    """Return document -> which of these payloads it shows."""
    keys: dict[str, set[str]] = {}
    for digest in digests:
        for document in documents_with(past.index, digest):
            keys.setdefault(document, set()).add(digest)
    return keys


def place_then(past: Past, first: Version, figure: Figure) -> Figure:
    """Return where the payload stood when it was introduced: the place that is most like the one asked about."""
    same = [then for then in past.figures(first.shown) if then.digest == figure.digest]

    def likeness(then: Figure) -> tuple[bool, bool, bool, int]:
        same_id = then.cell_id is not None and then.cell_id == figure.cell_id
        distance = abs(then.cell_index - figure.cell_index)
        return same_id, then.mime == figure.mime, then.output_index == figure.output_index, -distance

    return max(same, key=likeness)


def has_changed(past: Past, versions: Versions, lineage: int, version: Version, figure: Figure, code: str) -> bool:
    """Return whether the cell's code in HEAD differs from `code`, or the cell (or its notebook) is gone."""
    now = versions.head_of(lineage, past.head)
    if now is None:
        return True
    cells = past.cells(now)
    asked = past.cells(version.shown)
    key = source_key(code)
    if version.shown.blob == now.blob:
        return figure.cell_index >= len(cells) or cells[figure.cell_index].source != key
    cell_id = asked[figure.cell_index].id if figure.cell_index < len(asked) else None
    same_id: list[CellKey] = [cell for cell in cells if cell_id is not None and cell.id == cell_id]
    return all(cell.source != key for cell in same_id or cells)


def which_changed_before(then: list[Cell], now: list[Cell], figure: Figure) -> list[int]:
    """Return which code cells of `now` above the figure's cell are edited or new since `then`."""
    code_then, code_now = ([cell for cell in cells if cell.kind == "code"] for cells in (then, now))
    pairs = pair_cells(*(Showing([(cell.id, cell.source) for cell in cells], []) for cells in (code_now, code_then)))
    indices = [code_then[at].index if at is not None else -1 for at in pairs]
    end = indices.index(figure.cell_index) if figure.cell_index in indices else 0
    return [
        cell.index
        for cell, at in zip(code_now[:end], pairs, strict=False)
        if at is None or code_then[at].source != cell.source
    ]


def source_reader(reader: ObjectReader) -> Sources:
    """Return a function that gives a notebook's cells and language, and parses each blob once."""
    parsed: dict[str, tuple[list[Cell], str]] = {}

    def read(blob: str) -> tuple[list[Cell], str]:
        if blob not in parsed:
            try:
                notebook = read_cells(reader.read(blob) or b"")
                parsed[blob] = notebook.cells, notebook.language
            except NotANotebook:
                parsed[blob] = [], ""
        return parsed[blob]

    return read
