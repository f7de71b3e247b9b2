"""Ring 4: the two outputs that are compared: which of a notebook's cells is meant on each side, and what made it."""

from dataclasses import replace
from hashlib import sha256
from mimetypes import guess_type
from typing import NamedTuple

from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.lineage.answers import SAME, Answer, blame_file, blame_notebook, worktree_figures
from nbgit.lineage.blame import NO_OUTPUT, Match, Selection
from nbgit.lineage.export.contents import payload_of
from nbgit.lineage.history.cell_history import find_counterpart
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import CellKey, Figure
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.origin import Origin, Origins
from nbgit.lineage.origin.worktree import read_notebook
from nbgit.lineage.pending import find_pending
from nbgit.lineage.runs.records import Records
from nbgit.lineage.targets import FileTarget, NotebookTarget
from nbgit.notebook.outputs import is_figure, read_payloads
from nbgit.store.worktree import read_worktree_file

Target = NotebookTarget | FileTarget


class Side(NamedTuple):
    """One output: what it was asked for by, its notebook's `path` and its place there, what made it.

    `payload` are its bytes (None: not in this clone), `commit` the one that introduced it (None: not committed yet),
    `written` the file that its cell has written it to, where it is no output.
    """

    name: str
    path: str
    figure: Figure
    origin: Origin
    payload: bytes | None
    commit: Commit | None = None
    execution_count: int | None = None
    written: str | None = None
    language: str = ""

    @property
    def is_recorded(self) -> bool:
        """Whether a run of it was recorded."""
        return self.origin.made is not None


class Asked(NamedTuple):
    """What is to be compared: both targets with their names as typed, which cell and output of the newer one.

    `cell` is the older one's cell, None for the counterpart; with `worktree` the newer one is the notebook on disk.
    """

    targets: tuple[Target, Target]
    names: tuple[str, str]
    selection: Selection
    cell: int | None = None
    worktree: bool = False


class Sides:
    """Finds both sides; `notes` are sentences to tell beside them."""

    def __init__(self, past: Past, records: Records, asked: Asked) -> None:
        self._past = past
        self._records = records
        self._asked = asked
        self._origins = Origins(past, records)
        self.notes: list[str] = []

    def find(self) -> tuple[Side, Side]:
        """Return the older and the newer side; raises TargetNotFound where one can't be had."""
        (before, after), names = self._asked.targets, self._asked.names
        new = self._on_disk(after, names[1]) if self._asked.worktree else None
        new = new or self._side(after, names[1], self._asked.selection)
        return self._side(before, names[0], self._selection_before()), new

    def _side(self, target: Target, name: str, selection: Selection) -> Side:
        data = target.data if isinstance(target, FileTarget) else None
        if isinstance(target, FileTarget):
            answer = blame_file(self._past, self._records, target)
            if answer.pending and not answer.matches:
                return self._pending_file(target, name, self._origins.of_run(answer.pending))
        else:
            answer = blame_notebook(self._past, target.path, self._position(target), selection)
        match = _only(answer, name, selection)
        self.notes += [f"{name}: {note}" for note in answer.notes]
        payload = data if match.written else payload_of(self._past, match) or data
        return Side(
            name,
            match.path,
            match.figure,
            self._origins.of_match(match),
            payload,
            match.introduced,
            match.execution_count,
            match.written[1].path if match.written else None,
            match.language,
        )

    def _pending_file(self, target: FileTarget, name: str, origin: Origin) -> Side:
        """Return a file that a run has written whose cell is in no commit."""
        made = origin.made
        count = made.run.execution_count if made else None
        digest = f"sha256:{sha256(target.data).hexdigest()}"
        mime = guess_type(target.name)[0] or "application/octet-stream"
        figure = Figure(0, None, NO_OUTPUT, mime, digest, len(target.data), count, None)
        path = (made.place.path if made else None) or "a kernel"
        return Side(name, path, figure, origin, target.data, None, count, target.path or target.name, "python")

    def _on_disk(self, target: Target, name: str) -> Side | None:
        """Return the output as the notebook on disk shows it; None where HEAD shows the same, or no run is known."""
        if isinstance(target, FileTarget) or target.commit is not None:
            raise TargetNotFound(f"{name} is no notebook of the working tree, which --worktree needs")
        selection = self._asked.selection
        committed = blame_notebook(self._past, target.path, self._past.head, selection).matches
        known = {match.figure.digest for match in committed}
        now = selection.choose(worktree_figures(self._past.repository, target.path))
        pending = find_pending(self._past, self._records, target.path, selection, known)
        shown = [(one, one.figure) for one in pending if one.figure]
        shown = [pair for pair in shown if is_figure(pair[1].mime)] or shown
        _refuse_many(name, selection, [figure.cell_index for _, figure in shown])
        if not shown:
            unseen = any(figure.digest not in known for figure in now)
            self.notes += [f"{name}: No run of what is on disk was recorded; this is HEAD's."] if unseen else []
            return None
        one, figure = shown[0]
        payload = _payload_in(read_worktree_file(self._past.repository, target.path), figure.digest)
        origin = self._origins.of_run(one.run)
        return Side(name, target.path, figure, origin, payload, None, figure.execution_count, language="python")

    def _position(self, target: NotebookTarget) -> int:
        return self._past.head if target.commit is None else self._past.graph.position[target.commit]

    def _selection_before(self) -> Selection:
        """Return what to choose on the older side."""
        selection, cell = self._asked.selection, self._asked.cell
        before, after = self._asked.targets
        if isinstance(before, FileTarget):
            return Selection()
        if cell is not None:
            return replace(selection, cell=cell, cell_id=None)
        if isinstance(after, FileTarget) or selection.cell is None:
            return selection
        old, new = self._cells(before, worktree=False), self._cells(after, worktree=self._asked.worktree)
        if not self._are_kin(before, after):
            raise TargetNotFound(f"{before.path} and {after.path} are two notebooks; name A's cell by --from-cell N")
        index = find_counterpart(new, old, selection.cell)
        if index is None and new:
            told = f"cell {selection.cell} of {after.path} has no counterpart in the older notebook"
            raise TargetNotFound(f"{told}; name the cell there with --from-cell N")
        return selection if index is None else replace(selection, cell=index)

    def _are_kin(self, before: NotebookTarget, after: NotebookTarget) -> bool:
        """Return whether both are versions of one notebook, renamed or not."""
        versions = self._past.versions_of([before.path, after.path])
        lineages = {versions.lineage_of(self._position(one), one.path) for one in (before, after)}
        return before.path == after.path or (len(lineages) == 1 and None not in lineages)

    def _cells(self, target: NotebookTarget, *, worktree: bool) -> list[CellKey]:
        if worktree:
            notebook = read_notebook(self._past.repository, target.path)
            return notebook.keys if notebook else []
        shown = self._past.versions_of([target.path]).at(self._position(target)).get(target.path)
        if shown is None:
            return []
        self._past.learn([shown])
        return self._past.cells(shown)


def _only(answer: Answer, name: str, selection: Selection) -> Match:
    """Return the output that is meant: of a cell's outputs the first that is a figure, else the first."""
    if not answer.matches:
        raise TargetNotFound(f"{name}: {answer.reason}" if answer.verdict else answer.reason)
    if answer.verdict not in ("", SAME):
        raise TargetNotFound(f"{name}: {answer.head} Name the output that is meant by its notebook and --cell")
    if not answer.verdict:
        _refuse_many(name, selection, [match.figure.cell_index for match in answer.matches])
    return next((match for match in answer.matches if is_figure(match.figure.mime)), answer.matches[0])


def _refuse_many(name: str, selection: Selection, cells: list[int]) -> None:
    if selection.is_all and len(cells) > 1:
        told = ", ".join(map(str, cells[:8]))
        raise TargetNotFound(f"{name} shows {len(cells)} figures, in cells {told}; name one with --cell N")


def _payload_in(notebook: bytes | None, digest: str) -> bytes | None:
    try:
        return next((one.data for one in read_payloads(notebook or b"") if one.digest == digest), None)
    except NotANotebook:
        return None
