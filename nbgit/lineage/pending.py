"""Ring 3: what runs have made that no commit has yet: outputs of notebooks in the working tree, and files."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from nbgit.lineage.answers import worktree_figures
from nbgit.lineage.blame import Selection
from nbgit.lineage.history.documents import Figure
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.origin import Origin, Origins
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records


class Pending(NamedTuple):
    """What a run has made: an output (`figure`) of the notebook at `path`, or (None) the file there."""

    run: Run
    path: str
    figure: Figure | None = None

    def as_json(self, origin: Origin) -> dict[str, Any]:
        """Return it, and where it came from, as schemas/blame-output.v1.schema.json describes it."""
        figure = self.figure
        return {
            "path": self.path,
            "cell_index": figure.cell_index if figure else None,
            "output_index": figure.output_index if figure else None,
            "mime": figure.mime if figure else None,
            "payload": figure.digest if figure else None,
            **origin.as_json(),
        }


def find_pending(past: Past, records: Records, path: str, selection: Selection, known: Iterable[str]) -> list[Pending]:
    """Return what the notebook at `path` in the working tree shows beyond the payloads `known`, as far as recorded."""
    left_out = set(known)
    found = []
    for figure in selection.choose(worktree_figures(past.repository, path)):
        runs = [] if figure.digest in left_out else records.showing(figure.digest)
        same_cell = [run for run in runs if run.cell_id in (None, figure.cell_id)]
        if same_cell or runs:
            found.append(Pending((same_cell or runs)[-1], path, figure))
    return found


def with_origins(pending: Iterable[Pending], origins: Origins) -> list[tuple[Pending, Origin]]:
    """Return each with where it came from."""
    return [(one, origins.of_run(one.run)) for one in pending]
