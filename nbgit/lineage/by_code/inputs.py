"""Ring 3: what an output rests on that no run was recorded of: the files that the code of its recipe names."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbgit.lineage.blame import Match
from nbgit.lineage.by_code.notebooks import CodedCell, CodedNotebooks, tell_cells
from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.figures import counts_of
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.recipe import Recipe
from nbgit.lineage.origin.sources import committed_in
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import is_before
from nbgit.lineage.slicing.named_files import READ
from nbgit.store.objects import ObjectReader


class CodedWriter(NamedTuple):
    """A cell that writes a path: by its code, or (`run` is an id) as it was recorded, or by a `script` of that run."""

    path: str | None
    cell_index: int | None
    run: str | None = None
    script: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame-output.v1.schema.json describes it."""
        return self._asdict()


@dataclass
class CodedInput:
    """A file that code reads (or an address that it fetches), who writes that path, and the commit that set it.

    What the file held when the output was made is not known. The code is a cell's, or a `script`'s that `run` started.
    """

    cell_index: int | None
    path: str | None = None
    url: str | None = None
    writers: list[CodedWriter] = field(default_factory=list)
    commit: Commit | None = None
    kept_by: str | None = None
    run: str | None = None
    script: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame-output.v1.schema.json describes it."""
        return {
            "path": self.path,
            "sha256": None,
            "size": None,
            "by": "code",
            "read_by": self.run,
            "cell_index": self.cell_index,
            "script": self.script,
            "written_by": None,
            "path_written_by": [one.as_json() for one in self.writers],
            "commit": self.commit.as_json() if self.commit else None,
            "kept_by": self.kept_by,
            "url": self.url,
        }


class CodedInputs:
    """Finds what static recipes read."""

    def __init__(self, past: Past, records: Records, whereabouts: Whereabouts) -> None:
        self._past = past
        self._records = records
        self._whereabouts = whereabouts
        self._coded = CodedNotebooks(past, records, whereabouts)
        self._scripts = Scripts(past, records)

    def of(self, match: Match, recipe: Recipe) -> list[CodedInput]:
        """Return what the code of a match's static recipe reads that none of its steps has written before."""
        commit = self._past.graph.oids[match.version.position]
        counts = counts_of(self._past.index, match.version.shown.document)
        path = match.version.path
        with ObjectReader(self._past.repository) as reader:
            cells = tell_cells(path, match.cells, counts, match.language, reader, commit)
        wanted = {step.cell_index for step in recipe.steps}
        found = list(_reads(cell for cell in cells if cell.index in wanted))
        commits = committed_in(self._past, commit, [one.path for one in found if one.path])
        for one in found:
            if one.path is not None:
                one.writers = self._writers(one.path, match)
                if one.path in commits:
                    one.commit, one.kept_by = commits[one.path]
        return found

    def of_runs(self, runs: Iterable[Run]) -> list[CodedInput]:
        """Return what the scripts read by their code that these runs have started, and that no run before has told."""
        found: dict[str, CodedInput] = {}
        head = self._past.graph.oids[self._past.head]
        for run in runs:
            written = {file.path for one in runs for file in one.writes}
            for one in self._scripts.of(run):
                if one.how == READ and one.path not in written:
                    found.setdefault(one.path, CodedInput(None, one.path, run=run.id, script=one.script))
                    found[one.path].writers = self._recorded(one.path, run.started)
        commits = committed_in(self._past, head, [one.path or "" for one in found.values() if not one.writers])
        for path, (commit, kept_by) in commits.items():
            found[path].commit, found[path].kept_by = commit, kept_by
        return list(found.values())

    def likely_writer(self, file: FileSeen, reader: Run) -> tuple[CodedWriter, Run] | None:
        """Return the run whose script is likely to have written a file that no run was seen to write."""
        found = self._scripts.writer(file, reader)
        if found is None:
            return None
        run, script = found
        place = self._whereabouts.place(run)
        return CodedWriter(place.path, place.cell_index, run.id, script), run

    def _recorded(self, path: str, until: str) -> list[CodedWriter]:
        """Return the last run that was recorded to write a path before a time."""
        runs = [run for run, _ in self._records.writers_at(path) if run.started <= until]
        place = self._whereabouts.place(runs[-1]) if runs else None
        return [CodedWriter(place.path, place.cell_index, runs[-1].id)] if place else []

    def _writers(self, path: str, match: Match) -> list[CodedWriter]:
        """Return the last run that was recorded to write a path before the output was committed, else who says so."""
        date = match.introduced.date
        runs = [run for run, _ in self._records.writers_at(path) if is_before(run.started, date)]
        if runs:
            place = self._whereabouts.place(runs[-1])
            return [CodedWriter(place.path, place.cell_index, runs[-1].id)]
        return [
            CodedWriter(cell.path, cell.index)
            for cell in self._coded.writing(path)
            if cell.path not in (match.path, match.version.path)
        ]


def _reads(cells: Iterable[CodedCell]) -> Iterable[CodedInput]:
    told: set[str] = set()  # or written by a step before
    for cell in cells:
        for path in cell.reads:
            if path not in told:
                told.add(path)
                yield CodedInput(cell.index, path)
        for url in cell.urls:
            if url not in told:
                told.add(url)
                yield CodedInput(cell.index, url=url)
        told |= cell.writes.keys()
