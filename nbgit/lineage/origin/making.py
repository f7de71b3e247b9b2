"""Ring 3: which of the recorded runs has made an output that a commit shows.

What a run has displayed is compared first; only outputs that are not recorded (streams, or what the limits left out)
are looked for by their cell: the same code under the same execution count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nbgit.lineage.runs.journals import Run, Session
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import is_before
from nbgit.notebook.outputs import STDERR, STDOUT, is_figure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.lineage.blame import Match
    from nbgit.lineage.origin.whereabouts import Whereabouts


@dataclass(frozen=True)
class Wanted:
    """An output whose maker is looked for: its payload, its cell (code, id, count), when its commit was made (RFC
    3339), and the names that its notebook has had."""

    digest: str
    mime: str
    code: str
    cell_id: str | None
    execution_count: int | None
    date: str
    names: frozenset[str]


def maker_of(match: "Match", records: Records, whereabouts: "Whereabouts") -> Run | None:
    """Return the run that made an output, or None where none of those that were recorded is known to have."""
    wanted = Wanted(
        match.figure.digest,
        match.figure.mime,
        match.source,
        match.figure.cell_id,
        match.execution_count,
        match.introduced.date,
        frozenset([match.path, match.version.path]),
    )
    return find_maker(wanted, records, whereabouts.notebook)


def find_maker(wanted: Wanted, records: Records, notebook_of: Callable[[Session], str | None]) -> Run | None:
    """Return the run that made an output, or None; `notebook_of` says of which notebook a session is, as far as
    known."""
    if wanted.mime in (STDOUT, STDERR):
        found = _of_cell(wanted, records)
    else:
        found = records.showing(wanted.digest, None if is_figure(wanted.mime) else wanted.code)
        found = found or [run for run in _of_cell(wanted, records) if "displayed" in run.omitted]
    if not is_figure(wanted.mime):
        found = [run for run in found if notebook_of(run.session) in (*wanted.names, None)]
    return _likeliest(found, wanted, notebook_of)


def find_cell_run(wanted: Wanted, records: Records, notebook_of: Callable[[Session], str | None]) -> Run | None:
    """Return the run of the very cell, whatever it has made, or None."""
    found = [run for run in _of_cell(wanted, records) if notebook_of(run.session) in (*wanted.names, None)]
    return _likeliest(found, wanted, notebook_of)


def _of_cell(wanted: Wanted, records: Records) -> list[Run]:
    """Return the runs of the very cell that shows the output, as far as can be told."""
    if wanted.execution_count is None:
        return []
    found = records.of_code(wanted.code, wanted.names)
    cell = (None, wanted.cell_id)
    return [run for run in found if run.execution_count == wanted.execution_count and run.cell_id in cell]


def _likeliest(runs: Iterable[Run], wanted: Wanted, notebook_of: Callable[[Session], str | None]) -> Run | None:
    """Return the run that fits best: of the notebook, the cell, the count, before the commit, and the last of these."""

    def likeness(run: Run) -> tuple[bool, bool, bool, bool, bool, str, int]:
        same_id = run.cell_id is not None and run.cell_id == wanted.cell_id
        same_count = run.execution_count is not None and run.execution_count == wanted.execution_count
        return (
            notebook_of(run.session) in wanted.names,
            run.code == wanted.code,
            same_id,
            same_count,
            is_before(run.started, wanted.date),
            run.started,
            run.number,
        )

    return max(runs, key=likeness, default=None)
