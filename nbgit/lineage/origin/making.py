"""Ring 3: which of the recorded runs has made an output that a commit shows.

What a run has displayed is compared first; only outputs that are not recorded (streams, or what the limits left out)
are looked for by their cell: the same code under the same execution count.
"""

from collections.abc import Iterable

from nbgit.lineage.blame import Match
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import is_before
from nbgit.notebook.outputs import STDERR, STDOUT, is_figure


def maker_of(match: Match, records: Records, whereabouts: Whereabouts) -> Run | None:
    """Return the run that made an output, or None where none of those that were recorded is known to have."""
    digest, mime = match.figure.digest, match.figure.mime
    names = {match.path, match.version.path}
    if mime in (STDOUT, STDERR):
        found = _of_cell(match, records, names)
    else:
        found = records.showing(digest, None if is_figure(mime) else match.source)
        found = found or [run for run in _of_cell(match, records, names) if "displayed" in run.omitted]
    if not is_figure(mime):
        found = [run for run in found if whereabouts.notebook(run.session) in (*names, None)]
    return _likeliest(found, match, names, whereabouts)


def _of_cell(match: Match, records: Records, names: set[str]) -> list[Run]:
    """Return the runs of the very cell that shows the output, as far as can be told."""
    if match.execution_count is None:
        return []
    found = records.of_code(match.source, names)
    cell = (None, match.figure.cell_id)
    return [run for run in found if run.execution_count == match.execution_count and run.cell_id in cell]


def _likeliest(runs: Iterable[Run], match: Match, names: set[str], whereabouts: Whereabouts) -> Run | None:
    """Return the run that fits best: of the notebook, the cell, the count, before the commit, and the last of these."""
    date = match.introduced.date

    def likeness(run: Run) -> tuple[bool, bool, bool, bool, bool, str, int]:
        same_id = run.cell_id is not None and run.cell_id == match.figure.cell_id
        same_count = run.execution_count is not None and run.execution_count == match.execution_count
        is_home = whereabouts.notebook(run.session) in names
        return (
            is_home,
            run.code == match.source,
            same_id,
            same_count,
            is_before(run.started, date),
            run.started,
            run.number,
        )

    return max(runs, key=likeness, default=None)
