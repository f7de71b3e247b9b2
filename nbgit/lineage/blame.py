"""Ring 3: `blame-output`: which commit introduced this very output, and what its cell said then.

Introduced is the earliest commit reachable from HEAD, in topological order, whose version of the notebook (followed
through renames) shows the payload; last seen is the latest. The cell's code and execution count are those of the
introduction: that is what made the figure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgit.errors import NotANotebook
from nbgit.lineage.cell_history import CellTracker, Earlier
from nbgit.lineage.documents import CellKey, Figure, preferred, source_key
from nbgit.lineage.figures import documents_with
from nbgit.lineage.history import Commit
from nbgit.lineage.past import Past
from nbgit.lineage.versions import Version, Versions
from nbgit.notebook.cells import read_cells
from nbgit.notebook.outputs import is_figure
from nbgit.store.objects import ObjectReader


@dataclass
class Match:
    """One output that answers the question: where it stands, where it came from, and what became of its code.

    `figure` is its place in the version that was asked about (for a picture: in the latest that shows it), at `path`;
    `execution_count` and `source` are the cell's at the introduction; `language` is the notebook's, for colouring.
    """

    path: str
    figure: Figure
    introduced: Commit
    last_seen: Commit
    execution_count: int | None
    source: str
    source_changed_since: bool
    language: str = ""
    history: list[Earlier] = field(default_factory=list)

    def as_json(self, *, history: bool) -> dict[str, Any]:
        """Return the match as schemas/blame-output.v1.schema.json describes it."""
        document: dict[str, Any] = {
            "path": self.path,
            "cell_index": self.figure.cell_index,
            "cell_id": self.figure.cell_id,
            "output_index": self.figure.output_index,
            "mime": self.figure.mime,
            "payload": self.figure.digest,
            "introduced": self.introduced.as_json(),
            "last_seen": self.last_seen.as_json(),
            "execution_count": self.execution_count,
            "source": self.source,
            "source_changed_since": self.source_changed_since,
        }
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


Sources = Callable[[str, int], tuple[str, str]]  # (blob, cell index) -> (code, language)


def blame_figures(
    past: Past, versions: Versions, places: list[tuple[int, Version, Figure]], *, history: bool = False
) -> list[Match]:
    """Return a Match for each (lineage, version, payload in it), in that order.

    `versions` must hold the lineages whole and the index must have learnt them (Past.learn).
    """
    keys: dict[str, set[str]] = {}
    for digest in {figure.digest for _, _, figure in places}:
        for document in documents_with(past.index, digest):
            keys.setdefault(document, set()).add(digest)
    spans = versions.spans(keys)
    ends = {version.position for lineage, _, figure in places for version in spans[lineage, figure.digest]}
    commits = past.commits(ends)
    tracker = CellTracker(past, versions) if history else None
    with ObjectReader(past.repository) as reader:
        sources = _source_reader(reader)
        matches = []
        for lineage, version, figure in places:
            first, last = spans[lineage, figure.digest]
            then = _place_then(past, first, figure)
            code, language = sources(first.shown.blob, then.cell_index)
            match = Match(
                path=version.path,
                figure=figure,
                introduced=commits[first.position],
                last_seen=commits[last.position],
                execution_count=then.execution_count,
                source=code,
                source_changed_since=_has_changed(past, versions, lineage, version, figure, code),
                language=language,
            )
            if tracker:
                match.history = tracker.earlier(lineage, version, figure, first)
            matches.append(match)
    return matches


def _place_then(past: Past, first: Version, figure: Figure) -> Figure:
    """Return where the payload stood when it was introduced: the place that is most like the one asked about."""
    same = [then for then in past.figures(first.shown) if then.digest == figure.digest]

    def likeness(then: Figure) -> tuple[bool, bool, bool, int]:
        same_id = then.cell_id is not None and then.cell_id == figure.cell_id
        distance = abs(then.cell_index - figure.cell_index)
        return same_id, then.mime == figure.mime, then.output_index == figure.output_index, -distance

    return max(same, key=likeness)


def _has_changed(past: Past, versions: Versions, lineage: int, version: Version, figure: Figure, code: str) -> bool:
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


def _source_reader(reader: ObjectReader) -> Sources:
    """Return a function that gives a cell's code and its notebook's language, and parses each blob once."""
    parsed: dict[str, tuple[list[str], str]] = {}

    def read(blob: str, cell_index: int) -> tuple[str, str]:
        if blob not in parsed:
            try:
                notebook = read_cells(reader.read(blob) or b"")
                parsed[blob] = [cell.source for cell in notebook.cells], notebook.language
            except NotANotebook:
                parsed[blob] = [], ""
        codes, language = parsed[blob]
        return codes[cell_index] if cell_index < len(codes) else "", language

    return read
