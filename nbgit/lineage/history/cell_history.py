"""Ring 3: one cell through the versions of its notebook, for the figures it showed before.

A cell is the same cell in the next older version if it has the same id; else the same code, at the nearest place; else
if it stands in the same place between the cells that did not change. Between versions that have nothing in common the
trail is kept and taken up again in the next one that does.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import CellKey, Figure, preferred
from nbgit.lineage.history.figures import cells_of, documents_with
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Version, Versions
from nbgit.notebook.outputs import is_figure


@dataclass
class Earlier:
    """What the cell showed before: a payload, and the commits that introduced and last showed it."""

    path: str
    figure: Figure
    introduced: Commit
    last_seen: Commit

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame-output.v1.schema.json describes it."""
        return {
            "path": self.path,
            "cell_index": self.figure.cell_index,
            "output_index": self.figure.output_index,
            "mime": self.figure.mime,
            "payload": self.figure.digest,
            "execution_count": self.figure.execution_count,
            "introduced": self.introduced.as_json(),
            "last_seen": self.last_seen.as_json(),
        }


class CellTracker:
    """Follows cells back through the versions of their notebooks."""

    def __init__(self, past: Past, versions: Versions) -> None:
        self._past = past
        self._versions = versions
        self._newest_first: dict[int, list[Version]] = {}
        for lineage, version in versions.oldest_first():
            before = self._newest_first.setdefault(lineage, [])
            if not before or before[-1].shown != version.shown:
                before.append(version)
        for found in self._newest_first.values():
            found.reverse()
        self._cells: dict[str, list[CellKey]] = {}

    def earlier(self, lineage: int, version: Version, figure: Figure, first: Version) -> list[Earlier]:
        """Return what the cell of `figure` showed before the commit of `first`, latest introduced first."""
        seen: dict[str, tuple[Figure, Version]] = {}
        for shown_at, index in self._trail(lineage, version, figure.cell_index):
            found = _same_output(self._past.figures(shown_at.shown), index, figure)
            if found and found.digest != figure.digest:
                seen[found.digest] = (found, shown_at)
        keys: dict[str, set[str]] = {}
        for digest in seen:
            for document in documents_with(self._past.index, digest):
                keys.setdefault(document, set()).add(digest)
        spans = self._versions.spans(keys)
        before = [
            (*spans[lineage, digest], found)
            for digest, (found, _) in seen.items()
            if spans[lineage, digest][0].position > first.position
        ]
        commits = self._past.commits({v.position for start, end, _ in before for v in (start, end)})
        before.sort(key=lambda item: item[0].position)
        return [
            Earlier(start.path, found, commits[start.position], commits[end.position]) for start, end, found in before
        ]

    def _trail(self, lineage: int, version: Version, cell_index: int) -> list[tuple[Version, int]]:
        """Return (version, index of the cell in it) from `version` back, where the cell is found."""
        anchor, index = version.shown.blob, cell_index
        trail = []
        for older in self._newest_first.get(lineage, []):
            if older.position < version.position:
                continue
            found = index if older.shown.blob == anchor else self._counterpart(anchor, older, index)
            if found is not None:
                anchor, index = older.shown.blob, found
                trail.append((older, found))
        return trail

    def _counterpart(self, blob: str, older: Version, index: int) -> int | None:
        return find_counterpart(self._keys(blob), self._keys(older.shown.blob), index)

    def _keys(self, blob: str) -> list[CellKey]:
        if blob not in self._cells:
            self._cells[blob] = cells_of(self._past.index, blob)
        return self._cells[blob]


def find_counterpart(ours: list[CellKey], theirs: list[CellKey], index: int) -> int | None:
    """Return the index in `theirs` of the cell that is number `index` in `ours`, or None."""
    if index >= len(ours):
        return None
    cell = ours[index]
    if cell.id is not None:
        same_id = [number for number, other in enumerate(theirs) if other.id == cell.id]
        if len(same_id) == 1:
            return same_id[0]
    same_source = [number for number, other in enumerate(theirs) if other.source == cell.source]
    matcher = SequenceMatcher(None, [c.source for c in ours], [c.source for c in theirs], autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if start <= index < end:
            if tag == "equal":
                return other_start + index - start
            if same_source:
                break
            if tag == "replace" and index - start < other_end - other_start:
                return other_start + index - start
    return min(same_source, key=lambda number: abs(number - index), default=None)


def _same_output(figures: list[Figure], cell_index: int, figure: Figure) -> Figure | None:
    """Return the cell's output that corresponds to `figure`: the same number and kind, else the first of its kind."""
    outputs = [found for found in preferred(figures) if found.cell_index == cell_index]
    kin = [found for found in outputs if is_figure(found.mime) == is_figure(figure.mime)]
    return next((found for found in kin if found.output_index == figure.output_index), kin[0] if kin else None)
