"""Ring 3: what rests on a file: runs, the files that they wrote, and the figures that they displayed."""

import os
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from nbgit.lineage.by_code.notebooks import CodedCell, CodedNotebooks
from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.origin.sources import LARGEST, Found, introduced_by
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.notebook.outputs import is_figure
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository


@dataclass
class Affected:
    """What rests on a file: ids of runs, paths of files they wrote, digests of figures.

    `cells` are those of which no run was recorded and whose code says so, by (path, index); `coded` are the files that
    such cells write, or scripts that runs have started, by their code; `starters` are the runs with commands, by id.
    """

    runs: dict[str, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    figures: dict[str, None] = field(default_factory=dict)
    cells: dict[tuple[str, int], CodedCell] = field(default_factory=dict)
    coded: dict[str, None] = field(default_factory=dict)
    starters: dict[str, Run] = field(default_factory=dict)


def affected_by(
    path: str, records: Records, recipes: Recipes, now: FileSeen | None = None, report: Report | None = None
) -> Affected:
    """Return what rests on the file at `path` (as runs have it), whatever it held, and on copies of what it held.

    `now` is what it holds now (`file_now`): runs that have read that count under whatever name. `report` is told how
    many of the runs that read such a file were looked at.
    """
    found = Affected()
    readers = [*records.readers(path), *(records.readers_of(now) if now and now.size else [])]
    _follow_runs(found, readers, records, recipes, report)
    return found


class Reader(NamedTuple):
    """A cell that has read a file: as it ran (`seen`), or by its code alone; index and count where they are known."""

    path: str | None
    cell_index: int | None
    execution_count: int | None
    seen: bool

    def as_json(self) -> dict[str, object]:
        """Return the reader as schemas/blame-output.v1.schema.json describes it."""
        return self._asdict()


class InputFile(NamedTuple):
    """A file that no run has made: the first commit that has just this content (None: no commit), and its readers."""

    path: str
    committed: Found | None
    readers: list[Reader]

    def as_json(self) -> dict[str, object]:
        """Return the file as schemas/blame-output.v1.schema.json describes it."""
        commit = self.committed.commit.as_json() if self.committed else None
        return {"path": self.path, "introduced": commit, "read_by": [one.as_json() for one in self.readers]}


def input_file(past: Past, records: Records, whereabouts: Whereabouts, path: str, data: bytes) -> InputFile | None:
    """Return what is known of a file that no run has made; None where no commit has it and nothing has read it."""
    file = FileSeen(path, len(data), "", sha256(data).hexdigest())
    readers: dict[tuple[str | None, int | None], Reader] = {}
    for run in records.readers_of(file):
        place = whereabouts.place(run)
        seen = Reader(place.path, place.cell_index, run.execution_count, seen=True)
        readers[place.path, place.cell_index] = seen
    for cell in CodedNotebooks(past, records, whereabouts).reading([path]):
        by_code = Reader(cell.path, cell.index, cell.execution_count, seen=False)
        readers.setdefault((cell.path, cell.index), by_code)
    committed = introduced_by(past, [file]).get(file)
    if committed is None and not readers:
        return None
    return InputFile(path, committed, list(readers.values()))


def file_now(repository: Repository, path: str) -> FileSeen | None:
    """Return the file at `path` as it is on disk, or else in HEAD; None where there is none, or a very large one."""
    data = worktree_bytes(repository, path)
    if data is None:
        with ObjectReader(repository) as reader:
            data = reader.read(f"HEAD:{path}", most=LARGEST) if "\n" not in path else None
    return FileSeen(path, len(data), "", sha256(data).hexdigest()) if data is not None else None


def worktree_bytes(repository: Repository, path: str) -> bytes | None:
    """Return what a file of the working tree holds, None where it can't be read or is very large."""
    if repository.worktree is None:
        return None
    place = os.path.join(repository.worktree, *path.split("/"))
    try:
        if not os.path.isfile(place) or os.stat(place).st_size > LARGEST:
            return None
        with open(place, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None


def _follow_runs(
    found: Affected, readers: list[Run], records: Records, recipes: Recipes, report: Report | None = None
) -> None:
    todo = deque(readers)
    done = 0
    while todo:
        reader = todo.popleft()  # the first of a session: those that read it again rest on that mostly
        done += 1
        if report:
            report(done, done + len(todo))
        if reader.id in found.runs:
            continue
        for run in recipes.resting_on(reader):
            if run.id in found.runs:
                continue
            found.runs[run.id] = None
            if run.commands:
                found.starters[run.id] = run
            found.figures.update(dict.fromkeys(shown.digest for shown in run.displayed if is_figure(shown.mime)))
            for file in run.writes:
                found.files[file.path] = None
                todo += [one for one in records.readers_of(file) if one.started >= run.started]


class CodeFollower:
    """Adds what rests on files by code alone: of notebooks without a record, and of scripts that runs have started."""

    def __init__(self, records: Records, recipes: Recipes, coded: CodedNotebooks, scripts: Scripts) -> None:
        self._records = records
        self._recipes = recipes
        self._coded = coded
        self._scripts = scripts

    def add(self, found: Affected, path: str) -> None:
        """Add to what was found to rest on the file at `path` whatever rests on it by code, and so on."""
        seen: set[str] = set()
        started: set[str] = set()
        todo = {path, *found.files}
        while todo:
            seen |= todo
            for reader in self._coded.reading(todo):
                for cell in self._coded.resting_on(reader):
                    found.cells[cell.path, cell.index] = cell
                    found.coded |= dict.fromkeys(cell.writes)
            self._follow(found, [run for run, _ in self._scripts.readers(todo)])
            for run in [run for run in found.starters.values() if run.id not in started]:
                started.add(run.id)
                found.coded |= {file.path: None for _, file in self._scripts.written(run)}
            for new in found.coded.keys() - seen:
                self._follow(found, _unexplained(self._records, new))
            todo = (found.coded.keys() | found.files.keys()) - seen

    def _follow(self, found: Affected, runs: list[Run]) -> None:
        _follow_runs(found, [run for run in runs if run.id not in found.runs], self._records, self._recipes)


def _unexplained(records: Records, path: str) -> list[Run]:
    """Return the runs that read a path and of which no run is known that wrote what they read."""
    return [
        run
        for run in records.readers(path)
        if any(file.path == path and records.writer(file, run) is None for file in run.reads)
    ]
