"""Ring 4: the two outputs that are compared: which of a notebook's cells is meant on each side."""

from dataclasses import replace
from typing import NamedTuple

from nbgit.errors import TargetNotFound
from nbgit.lineage.answers import SAME, Answer, blame_file, blame_notebook
from nbgit.lineage.blame import Match, Selection
from nbgit.lineage.export.contents import payload_of
from nbgit.lineage.history.cell_history import find_counterpart
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.origin import Origin, Origins
from nbgit.lineage.runs.records import Records
from nbgit.lineage.targets import FileTarget, NotebookTarget
from nbgit.notebook.outputs import is_figure

Target = NotebookTarget | FileTarget


class Side(NamedTuple):
    """One output: what it was asked for by, where it stands, what made it, its bytes (None: not in this clone)."""

    name: str
    match: Match
    origin: Origin
    payload: bytes | None

    @property
    def is_recorded(self) -> bool:
        """Whether a run of it was recorded."""
        return self.origin.made is not None


def find_sides(
    past: Past,
    records: Records,
    asked: tuple[Target, Target],
    names: tuple[str, str],
    selection: Selection,
    cell: int | None,
) -> tuple[Side, Side, list[str]]:
    """Return both sides, and sentences to tell beside them; raises TargetNotFound where one can't be had.

    `selection` is of the newer side; the older one's cell is number `cell`, or else the counterpart of the newer's.
    """
    older = _selection_before(past, asked, selection, cell)
    origins = Origins(past, records)
    sides, notes = [], []
    for target, name, chosen in zip(asked, names, (older, selection), strict=True):
        answer = _answer(past, records, target, chosen)
        match = _only(answer, name, chosen)
        data = target.data if isinstance(target, FileTarget) else None
        payload = data if match.written else payload_of(past, match) or data
        sides.append(Side(name, match, origins.of_match(match), payload))
        notes += [f"{name}: {note}" for note in answer.notes]
    return sides[0], sides[1], notes


def _answer(past: Past, records: Records, target: Target, selection: Selection) -> Answer:
    if isinstance(target, FileTarget):
        return blame_file(past, records, target)
    return blame_notebook(past, target.path, _position(past, target), selection)


def _position(past: Past, target: NotebookTarget) -> int:
    return past.head if target.commit is None else past.graph.position[target.commit]


def _only(answer: Answer, name: str, selection: Selection) -> Match:
    """Return the output that is meant: of a cell's outputs the first that is a figure, else the first."""
    if not answer.matches:
        raise TargetNotFound(f"{name}: {answer.reason}")
    if answer.verdict not in ("", SAME):
        raise TargetNotFound(f"{name}: {answer.head} Name the output that is meant by its notebook and --cell")
    places = {(match.path, match.figure.cell_index, match.figure.output_index) for match in answer.matches}
    if selection.is_all and len(places) > 1 and not answer.verdict:
        cells = ", ".join(str(match.figure.cell_index) for match in answer.matches[:8])
        raise TargetNotFound(f"{name} shows {len(places)} figures, in cells {cells}; name one with --cell N")
    return next((match for match in answer.matches if is_figure(match.figure.mime)), answer.matches[0])


def _selection_before(past: Past, asked: tuple[Target, Target], selection: Selection, cell: int | None) -> Selection:
    """Return what to choose on the older side."""
    if cell is not None:
        return replace(selection, cell=cell, cell_id=None)
    before, after = asked
    if selection.cell is None or isinstance(before, FileTarget) or isinstance(after, FileTarget):
        return selection if not isinstance(before, FileTarget) else Selection()
    versions = past.versions_of([before.path, after.path])
    old, new = (versions.at(_position(past, target)).get(target.path) for target in (before, after))
    is_kin = before.path == after.path or versions.lineage_of(past.head, after.path) is not None
    if old is None or new is None or not is_kin:
        return selection
    past.learn([old, new])
    index = find_counterpart(past.cells(new), past.cells(old), selection.cell)
    if index is None:
        told = f"cell {selection.cell} of {after.path} has no counterpart in the older notebook"
        raise TargetNotFound(f"{told}; name the cell there with --from-cell N")
    return replace(selection, cell=index)
