"""Ring 3: what acts rest on, and what rests on them: act by act, file version by file version."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.graph.acts import Act, act_of
from nbgit.lineage.graph.model import CODE, FEEDS, FETCHED, READ, RECORDED, SAME, WROTE
from nbgit.lineage.origin.downstream import file_now
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.store.repository import Repository


class Flow(NamedTuple):
    """One step of data between two of: an act (its key), a file as it was once, an address."""

    source: "str | FileSeen"
    target: "str | FileSeen"
    kind: str
    by: str = RECORDED


@dataclass
class Trace:
    """The acts that were found, by key, and what flowed between them, files and addresses."""

    acts: dict[str, Act] = field(default_factory=dict)
    flows: dict[Flow, None] = field(default_factory=dict)

    def add(self, source: str | FileSeen, target: str | FileSeen, kind: str, by: str = RECORDED) -> None:
        """Note one flow."""
        self.flows[Flow(source, target, kind, by)] = None


class Tracer:
    """Follows acts both ways; `coded` are acts that only code tells of, `name_now` gives a notebook's name today."""

    def __init__(
        self,
        repository: Repository,
        records: Records,
        recipes: Recipes,
        whereabouts: Whereabouts,
        coded: Iterable[Act],
        scripts: Scripts,
        name_now: Callable[[str], str],
    ) -> None:
        self._repository = repository
        self._records = records
        self._recipes = recipes
        self._whereabouts = whereabouts
        self._name_now = name_now
        self._scripts = scripts
        self._acts: dict[str, Act] = {act.key: act for act in coded}
        self._coded = list(self._acts.values())
        self.trace = Trace()

    def act(self, run: Run) -> Act:
        """Return the act that a run is."""
        if run.id not in self._acts:
            path = self._whereabouts.notebook(run.session)
            self._acts[run.id] = act_of(run, self._name_now(path) if path else None, self._scripts)
        return self._acts[run.id]

    def up(self, starts: Iterable[Act], *, inside: bool = True) -> None:
        """Trace what acts rest on; without `inside` by files alone, for a graph of notebooks."""
        todo, seen = list(starts), set()
        while todo:
            act = todo.pop()
            if act.key in seen:
                continue
            seen.add(act.key)
            self.trace.acts[act.key] = act
            for needed in self._needs(act) if inside or act.is_by_code else self._mates(act):
                if inside:
                    self.trace.add(needed.key, act.key, FEEDS, by=act.by)
                todo.append(needed)
            for url in act.urls:
                self.trace.add(url, act.key, FETCHED, by=act.by)
            for file in act.reads:
                todo += self._read(file, act)
            for file in act.script_reads:
                todo += self._read(file, act, CODE)

    def down(self, starts: Iterable[Act], *, inside: bool = True) -> None:
        """Trace what rests on acts."""
        todo, seen = list(starts), set()
        while todo:
            act = todo.pop()
            if act.key in seen:
                continue
            seen.add(act.key)
            self.trace.acts[act.key] = act
            for one in self._needing(act) if inside or act.is_by_code else self._mates(act):
                if inside:
                    self.trace.add(act.key, one.key, FEEDS, by=one.by)
                todo.append(one)
            for file, by in _writes(act):
                self.trace.add(act.key, file, WROTE, by=by)
                todo += [self._take_in(file, one, reader) for one, reader in self._readers(file, act, by)]

    def outputs(self, acts: Iterable[Act]) -> None:
        """Note what acts wrote, whether anything else of the trace has read it or not."""
        for act in acts:
            self.trace.acts[act.key] = act
            for file, by in _writes(act):
                self.trace.add(act.key, file, WROTE, by=by)

    def readers_of_path(self, path: str) -> list[Act]:
        """Return the acts that read the file at a path, whatever it held, or a copy of what it held; note the reads."""
        found = []
        now = file_now(self._repository, path)
        digests = self._records.digests_at(path) | ({now.sha256} if now and now.size else set())
        copies = self._records.readers_of(now) if now and now.size else []
        for run in {run.id: run for run in (*self._records.readers(path), *copies)}.values():
            act = self.act(run)
            found.append(act)
            for file in act.reads:
                if file.path == path or (file.size and file.sha256 in digests):
                    self._read(file, act)
                    if file.path != path:
                        self.trace.add(file._replace(path=path), file, SAME)
        for act in self._coded:
            for file in act.reads:
                if file.path == path:
                    self._read(file, act)
                    found.append(act)
        for run, _ in self._scripts.readers([path]):
            act = self.act(run)
            self._read(FileSeen(path, -1, "", None), act, CODE)
            found.append(act)
        return found

    def writers_of_path(self, path: str) -> list[Act]:
        """Return the last act that wrote the file at a path, or the ones whose code does; note what it wrote."""
        now = file_now(self._repository, path)
        pairs = self._records.writers_at(path) or (self._records.writers(now) if now and now.size else [])
        if pairs:
            run, file = max(pairs, key=lambda pair: (pair[0].started, pair[0].number))
            act = self.act(run)
            self.trace.add(act.key, file, WROTE)
            if file.path != path:
                self.trace.add(file, file._replace(path=path), SAME)
            return [act]
        found = []
        for act in self._coded:
            for file in act.writes:
                if file.path == path:
                    self.trace.add(act.key, file, WROTE, by=CODE)
                    found.append(act)
        return found

    def _read(self, file: FileSeen, act: Act, by: str = "") -> list[Act]:
        """Note that an act has read a file, as it was seen or by code; return who wrote it."""
        by = by or act.by
        self.trace.add(file, act.key, READ, by=by)
        run = act.run if by == RECORDED else None
        found = self._records.writing(file, run) if run else self._last_writer(file, act)
        if found is not None:
            writer, written = self.act(found[0]), found[1]
            self.trace.add(writer.key, written, WROTE)
            if written.path != file.path:
                self.trace.add(written, file, SAME, by=by)
            return [writer]
        fitting = self._scripts.writer(file, run) if run else None
        if fitting is not None:
            self.trace.add(fitting[0].id, file, WROTE, by=CODE)
            return [self.act(fitting[0])]
        writers = [one for one in self._coded if one is not act and any(w.path == file.path for w in one.writes)]
        for one in writers:
            self.trace.add(one.key, file._replace(size=-1, mtime="", sha256=None), WROTE, by=CODE)
        return writers

    def _last_writer(self, file: FileSeen, act: Act) -> tuple[Run, FileSeen] | None:
        """Return the last run that wrote a path, before the act where it is known when that was."""
        pairs = [pair for pair in self._records.writers_at(file.path) if not act.run or pair[0].started <= act.started]
        return max(pairs, key=lambda pair: (pair[0].started, pair[0].number), default=None)

    def _take_in(self, written: FileSeen, read: FileSeen, reader: Act) -> Act:
        if written.path != read.path:
            self.trace.add(written, read, SAME)
        self.trace.add(read, reader.key, READ, by=reader.by if read in reader.reads else CODE)
        return reader

    def _readers(self, file: FileSeen, writer: Act, by: str) -> list[tuple[FileSeen, Act]]:
        """Return (file as it was read, act) for all that have read what an act wrote."""
        found = []
        if by == RECORDED:
            for run in self._records.readers_of(file):
                if run.started >= writer.started and run.id != writer.key:
                    act = self.act(run)
                    same = [one for one in act.reads if one.sha256 and one.sha256 == file.sha256 and one.size]
                    same = same or [one for one in act.reads if one.path == file.path]
                    found += [(one, act) for one in same]
        else:
            found += [
                (one, self.act(run))
                for run in self._records.readers(file.path)
                for one in run.reads
                if one.path == file.path and self._records.writing(one, run) is None
            ]
        found += [
            (FileSeen(file.path, -1, "", None), self.act(run))
            for run, _ in self._scripts.readers([file.path])
            if run.started >= writer.started and run.id != writer.key
        ]
        found += [(one, act) for act in self._coded if act is not writer for one in act.reads if one.path == file.path]
        return found

    def _needs(self, act: Act) -> list[Act]:
        if act.run is None:
            return [self._acts[key] for key in act.needs]
        return [self.act(run) for run in self._recipes.needed_by(act.run)]

    def _needing(self, act: Act) -> list[Act]:
        if act.run is None:
            return [one for one in self._coded if act.key in one.needs]
        return [self.act(run) for run in self._recipes.needing(act.run)]

    def _mates(self, act: Act) -> list[Act]:
        """Return the acts of an act's session that read, wrote or fetched: a notebook as one node has them all."""
        runs = self._records.of_session(act.session)
        return [self.act(run) for run in runs if run.reads or run.writes or run.urls]


def _writes(act: Act) -> list[tuple[FileSeen, str]]:
    """Return what an act wrote, each with how that is known."""
    return [*((file, act.by) for file in act.writes), *((file, CODE) for file in act.script_writes)]
