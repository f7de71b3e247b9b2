"""Ring 3: the lab notebook: commit by commit, which notebooks changed, what ran in them, and which figures are new.

A figure is new in a commit if none of its parents shows it in that notebook. Execution counts say what ran and in which
order; they are the notebook's own, from the linked snapshot or else from the blob.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbgit.errors import TargetNotFound
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import Figure, preferred
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Shown, Step, Versions
from nbgit.lineage.targets import SUFFIX
from nbgit.notebook.outputs import is_figure
from nbgit.notebook.showing import Told, tell_showing

CHUNK = 100  # commits looked at together
IN_ORDER, GAPS, OUT_OF_ORDER, NOT_RUN = "in order", "in order with gaps", "out of order", "not run"


@dataclass
class ShownFigure:
    """One figure of a notebook in a commit; `size` is (width, height) in pixels where the header says it."""

    figure: Figure
    is_new: bool
    size: tuple[int, int] | None = None


@dataclass
class NotebookEntry:
    """What one commit did to one notebook.

    `change` is "added", "edited", "run again", "same cells" (the file has other bytes), "renamed" or "deleted";
    `counts` are the execution counts in the notebook's order; `told` says in words what is new against the parents.
    """

    path: str
    old_path: str | None
    change: str
    counts: list[int]
    told: Told
    figures: list[ShownFigure]

    @property
    def has_run(self) -> bool:
        """Whether some cell shows outputs or a count that no parent shows for it."""
        return bool(self.told.ran)

    @property
    def order(self) -> str:
        """How the cells ran, judged by their counts: "in order", "in order with gaps", "out of order", "not run"."""
        pairs = list(zip(self.counts, self.counts[1:], strict=False))
        if not self.counts:
            return NOT_RUN
        if all(b == a + 1 for a, b in pairs):
            return IN_ORDER
        return GAPS if all(b > a for a, b in pairs) else OUT_OF_ORDER

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/log.v1.schema.json describes it."""
        return {
            "path": self.path,
            "old_path": self.old_path,
            "change": self.change,
            "execution_counts": self.counts,
            "order": self.order,
            "ran": self.has_run,
            "figures": [
                {
                    "cell_index": shown.figure.cell_index,
                    "cell_id": shown.figure.cell_id,
                    "output_index": shown.figure.output_index,
                    "mime": shown.figure.mime,
                    "payload": shown.figure.digest,
                    "width": shown.size[0] if shown.size else None,
                    "height": shown.size[1] if shown.size else None,
                    "new": shown.is_new,
                }
                for shown in self.figures
            ],
        }


@dataclass
class Entry:
    """One commit of the lab notebook."""

    commit: Commit
    notebooks: list[NotebookEntry]

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/log.v1.schema.json describes it."""
        return {**self.commit.as_json(), "notebooks": [notebook.as_json() for notebook in self.notebooks]}


def read_journal(past: Past, oids: Iterable[str], paths: list[str], limit: int | None = None) -> Iterator[Entry]:
    """Yield the entries of those of `oids` (in their order) that did something to a notebook, `limit` at most.

    `paths` (repo-relative; none means all) are notebooks, followed through renames, and directories. Raises
    TargetNotFound for a path that no notebook ever had.
    """
    wanted = _Wanted(past, paths)
    left = limit
    positions = [past.graph.position[oid] for oid in oids if oid in past.graph.position]
    for start in range(0, len(positions), CHUNK):
        steps = {position: wanted.steps(position) for position in positions[start : start + CHUNK]}
        chosen = [position for position, found in steps.items() if found][:left]
        past.learn({shown for position in chosen for step in steps[position] for shown in _all_of(step)})
        commits = past.commits(chosen)
        for position in chosen:
            yield Entry(commits[position], [_describe(past, step) for step in steps[position]])
        left = None if left is None else left - len(chosen)
        if left == 0:
            return


class _Wanted:
    """The notebooks that were asked for, in every commit."""

    def __init__(self, past: Past, paths: list[str]) -> None:
        files = [path for path in paths if path.endswith(SUFFIX)]
        folders = [path.rstrip("/") + "/" for path in paths if not path.endswith(SUFFIX) and path != "."]
        everything = "." in paths or not paths
        names = past.all_names() if everything or folders else set()
        for path in files:
            if not past.has_name(path):
                raise TargetNotFound(f"{path} is no notebook in the history of HEAD")
        for folder in folders:
            if not any(name.startswith(folder) for name in names):
                words = "names no notebook, and no directory that holds one, in the history of HEAD"
                raise TargetNotFound(f"{folder[:-1]} {words}")
        self._folders = () if everything else tuple(folders)
        self._files = [] if everything else files
        self._everything = everything
        self._versions: Versions = past.versions_of([*names, *files])

    def steps(self, position: int) -> list[Step]:
        """Return what the commit at `position` did to the wanted notebooks."""
        return [step for step in self._versions.steps_at(position) if self._is_wanted(position, step.path)]

    def _is_wanted(self, position: int, path: str) -> bool:
        if self._everything or path.startswith(self._folders or ("\0",)) or path in self._files:
            return True
        return any(self._versions.is_kin(position, path, file) for file in self._files)


def _all_of(step: Step) -> list[Shown]:
    return [shown for shown in [step.now, *step.before] if shown is not None]


def _describe(past: Past, step: Step) -> NotebookEntry:
    before = [shown for shown in step.before if shown is not None]
    if step.now is None:
        return NotebookEntry(step.path, None, "deleted", [], Told("", "", "", []), [])
    figures, now = past.figures(step.now), past.showing(step.now)
    told = tell_showing(now, [None if shown is None else past.showing(shown) for shown in step.before])
    seen = {figure.digest for shown in before for figure in past.figures(shown)}
    pictures = [figure for figure in preferred(figures) if is_figure(figure.mime)]
    sizes = past.sizes(pictures)
    return NotebookEntry(
        path=step.path,
        old_path=step.old_path,
        change=_name_change(past, step, before, has_run=bool(told.ran)),
        counts=now.counts,
        told=told,
        figures=[ShownFigure(figure, figure.digest not in seen, sizes.get(figure.digest)) for figure in pictures],
    )


def _name_change(past: Past, step: Step, before: list[Shown], *, has_run: bool) -> str:
    assert step.now is not None
    if not before:
        return "added"
    if step.old_path:
        return "renamed"
    now = past.cells(step.now)
    if all(past.cells(shown) != now for shown in before):
        return "edited"
    return "run again" if has_run else "same cells"
