"""Ring 3: which runs the outputs of a commit rest on: those that made them, their recipes, and those of the files that
these have read, as `blame-output` finds them."""

from datetime import datetime, timedelta, timezone

from nbgit.lineage.cuts.writing import write_cut
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.origin.making import Wanted, find_cell_run, find_maker
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.runs.journals import Run, Session
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.run_index import unread_bytes
from nbgit.lineage.runs.sources import list_sources
from nbgit.store.forgotten import Forgotten, read_forgotten
from nbgit.store.forgotten_outputs import is_listed
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.store.told import CellNews

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.store.folding import Contents
    from nbgit.store.told import News


QUICK_RUNS = 3000  # of a session: 0.2 ms each
QUICK_BYTES = 32 << 20  # of journals that the index has not read yet: 15 ms for each MB


class TooMuch(Exception):
    """More is to be read or followed than a commit should wait for."""


def cuts_for(repository: Repository, reader: ObjectReader, news: "News", *, quickly: bool) -> "Contents":
    """Return commit -> session -> its cut, for each commit that shows something new.

    Raises TooMuch where that should be done `quickly` and can't.
    """
    forgotten = read_forgotten(reader, SNAPSHOTS)

    def work(index: Index) -> "Contents":
        if quickly and unread_bytes(index, list_sources(repository)) > QUICK_BYTES:
            raise TooMuch
        chooser = _Chooser(Records(repository, index), forgotten, quickly=quickly)
        return {commit: chooser.cuts(cells, _date(reader, commit)) for commit, cells in news.items()}

    return with_index(repository, work)


class _Chooser:
    def __init__(self, records: Records, forgotten: Forgotten, *, quickly: bool) -> None:
        self._quickly = quickly
        self._records = records
        self._recipes = Recipes(records)
        self._forgotten = forgotten.outputs

    def cuts(self, cells: list[CellNews], date: str) -> dict[str, bytes]:
        """Return session -> its cut to what these cells' outputs rest on; `date` is their commit's."""
        kept: dict[str, dict[str, Run]] = {}
        for run in self._rests_on([run for cell in cells for run in self._makers(cell, date)]):
            kept.setdefault(run.session.id, {})[run.id] = run
        return {session: self._cut(runs) for session, runs in sorted(kept.items())}

    def _makers(self, cell: CellNews, date: str) -> list[Run]:
        """Return the runs that made what a cell shows, and the one of the cell if it has written a file."""

        def wanted(mime: str, digest: str) -> Wanted:
            return Wanted(digest, mime, cell.code, cell.cell_id, cell.count, date, frozenset([cell.path]))

        found = [find_maker(wanted(*datum), self._records, _notebook_of) for datum in cell.data]
        run = find_cell_run(wanted("", ""), self._records, _notebook_of)
        return [one for one in [*found, run if run and run.writes else None] if one is not None]

    def _rests_on(self, targets: list[Run]) -> list[Run]:
        """Return the recipes of these runs, and of the runs that wrote what those in the recipes have read."""
        kept: dict[str, Run] = {}
        seen: set[str] = set()
        while targets:
            target = targets.pop()
            if target.id in seen:
                continue
            seen.add(target.id)
            if self._quickly and len(self._records.of_session(target.session.id)) > QUICK_RUNS:
                raise TooMuch
            runs = self._recipes.of(target).runs
            own = {run.id for run in runs}
            for run in runs:
                kept[run.id] = run
                writers = [self._records.writer(file, run) for file in run.reads]
                targets += [writer for writer in writers if writer is not None and writer.id not in own]
        return list(kept.values())

    def _cut(self, runs: dict[str, Run]) -> bytes:
        session = next(iter(runs.values())).session
        shown = {one for run in runs.values() for one in run.displayed} if self._forgotten else set()
        paths = [session.notebook] if session.notebook else []
        return write_cut(
            session,
            self._records.number(session.id),
            runs.values(),
            {run_id: self._recipes.needs(run) for run_id, run in runs.items()},
            {run_id: self._recipes.among(run) for run_id, run in runs.items()},
            frozenset(one.digest for one in shown if is_listed(*one, self._forgotten, paths)),
        )


def _notebook_of(session: Session) -> str | None:
    return session.notebook


def _date(reader: ObjectReader, commit: str) -> str:
    """Return when a commit was made, in RFC 3339, as its author has it."""
    for line in (reader.read(commit) or b"").split(b"\n\n", 1)[0].split(b"\n"):
        if line.startswith(b"author "):
            stamp = line.rsplit(b" ", 2)[-2]
            if stamp.isdigit() and len(stamp) < 12:
                return (datetime.fromtimestamp(0, timezone.utc) + timedelta(seconds=int(stamp))).isoformat()
    return ""
