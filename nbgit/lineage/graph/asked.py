"""Ring 3: what the targets of `nbgit graph` mean: the acts to start from, the files, the figures."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from nbgit.errors import TargetNotFound
from nbgit.lineage.answers import blame_picture
from nbgit.lineage.blame import Match, Selection
from nbgit.lineage.graph.acts import Act
from nbgit.lineage.graph.tracing import Tracer
from nbgit.lineage.history.documents import Figure, source_key
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Shown
from nbgit.lineage.origin.making import maker_of
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.records import Records
from nbgit.lineage.targets import FileTarget, NotebookTarget
from nbgit.notebook.outputs import is_figure

Asked = NotebookTarget | FileTarget | str  # a notebook, a picture's bytes, a file's path from the top


@dataclass
class Question:
    """Acts to be traced `up` and `down`, files of which both is asked, and the digests of figures that are meant."""

    up: dict[str, Act] = field(default_factory=dict)
    down: dict[str, Act] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    figures: set[str] = field(default_factory=set)
    notebooks: set[str] = field(default_factory=set)
    cells: set[str] = field(default_factory=set)  # keys of acts that are targets themselves

    def ask(self, acts: Iterable[Act], *, down: bool = True) -> None:
        """Add acts to start from."""
        for act in acts:
            self.up[act.key] = act
            if down:
                self.down[act.key] = act


class Asker:
    """Finds the acts that targets mean; `coded` are those that only code tells of."""

    def __init__(
        self,
        past: Past,
        records: Records,
        whereabouts: Whereabouts,
        tracer: Tracer,
        coded: Iterable[Act],
        name_now: Callable[[str], str],
    ) -> None:
        self._past = past
        self._records = records
        self._whereabouts = whereabouts
        self._tracer = tracer
        self._coded = list(coded)
        self._name_now = name_now

    def question(self, targets: list[Asked], selection: Selection) -> Question:
        """Return what the targets ask; without any, for all that the repository has now."""
        found = Question()
        for target in targets:
            if isinstance(target, str):
                found.files.append(target)
            elif isinstance(target, FileTarget):
                self._ask_picture(found, target)
            elif selection.is_all:
                acts = self.current(target.path)
                if not acts:
                    raise TargetNotFound(f"nothing that ran of {target.path} is recorded, and its code names no file")
                found.ask(acts)
                found.notebooks.add(target.path)
            else:
                self._ask_cell(found, target.path, selection)
        if not targets:
            self._ask_all(found)
        return found

    def current(self, path: str) -> list[Act]:
        """Return the acts of a notebook that count now: of its last session, and the makers of its figures in HEAD."""
        shown = self._in_head.get(path)
        digests = {figure.digest for figure in self._figures(shown)} if shown else set()
        return self._current(path, self._acts_of(path, digests), digests)

    def _ask_all(self, found: Question) -> None:
        """Ask for all that the repository has now; of sessions, the last one of each notebook is read."""
        acts: dict[str, list[Act]] = {}
        for session in self._records.newest():
            for run in self._records.of_session(session):
                act = self._tracer.act(run)
                acts.setdefault(act.notebook or "", []).append(act)
        for path in sorted({*acts, *self._in_head} - {""}):
            shown = self._in_head.get(path)
            digests = {figure.digest for figure in self._figures(shown)} if shown else set()
            makers = [self._tracer.act(run) for digest in digests for run in self._records.showing(digest)]
            older = [act for act in makers if act.notebook == path and act not in acts.get(path, [])]
            found.ask(self._current(path, _in_order([*acts.get(path, []), *older]), digests))
        found.ask(act for act in acts.get("", []) if _matters(act))

    def _current(self, path: str, acts: list[Act], digests: set[str]) -> list[Act]:
        last = acts[-1].session if acts else ""
        found = [act for act in acts if act.session == last and _matters(act)]
        for digest in sorted(digests):
            found += [act for act in acts if any(one.digest == digest for one in act.shown)][-1:]
        found += [act for act in self._coded if act.notebook == path and _matters(act)]
        return list({act.key: act for act in found}.values())

    def _acts_of(self, path: str, digests: set[str]) -> list[Act]:
        """Return all recorded acts of the notebook that is at `path` now, in the order in which they began."""
        names = {name for name in self._past.all_names() if self._name_now(name) == path} | {path}
        sessions = self._records.concerning(names, digests, ())
        acts = [self._tracer.act(run) for runs in sessions.values() for run in runs]
        return _in_order([act for act in acts if act.notebook == path])

    @cached_property
    def _in_head(self) -> dict[str, Shown]:
        """The notebooks that HEAD has, by path."""
        found = self._past.versions_of(self._past.all_names()).at(self._past.head)
        self._past.learn(found.values())
        return found

    def _figures(self, shown: Shown) -> list[Figure]:
        return [figure for figure in self._past.figures(shown) if is_figure(figure.mime)]

    def _ask_picture(self, found: Question, target: FileTarget) -> None:
        answer = blame_picture(self._past, target.data)
        if not answer.matches:
            raise TargetNotFound(f"{target.name}: {answer.reason[:1].lower()}{answer.reason[1:]}")
        for match in answer.matches:
            self._ask_match(found, match)

    def _ask_match(self, found: Question, match: Match) -> None:
        run = maker_of(match, self._records, self._whereabouts)
        acts = [self._tracer.act(run)] if run else self._coded_at(match.path, match.figure.cell_index)
        if not acts:
            raise TargetNotFound(f"no run of cell {match.figure.cell_index} of {match.path} was recorded")
        found.ask(acts, down=False)
        found.figures.add(match.figure.digest)

    def _ask_cell(self, found: Question, path: str, selection: Selection) -> None:
        shown = self._in_head.get(path)
        if shown is None:
            raise TargetNotFound(f"{path} is not in HEAD, so none of its cells is known")
        cells = self._past.cells(shown)
        numbers = [
            number
            for number, cell in enumerate(cells)
            if selection.cell in (None, number) and selection.cell_id in (None, cell.id)
        ]
        if not numbers:
            raise TargetNotFound(f"{path} has no such cell in HEAD; its cells are 0 to {len(cells) - 1}")
        cell = cells[numbers[0]]
        digests = {one.digest for one in self._figures(shown) if one.cell_index == numbers[0]}
        acts = [act for act in self._acts_of(path, digests) if _is_cell(act, cell.id, cell.source)]
        makers = [act for act in acts if any(one.digest in digests for one in act.shown)]
        chosen = makers[-1:] or acts[-1:] or self._coded_at(path, numbers[0])
        if not chosen:
            raise TargetNotFound(f"no run of cell {numbers[0]} of {path} was recorded")
        found.ask(chosen)
        found.figures |= digests
        found.cells |= {act.key for act in chosen}

    def _coded_at(self, path: str, index: int) -> list[Act]:
        return [act for act in self._coded if act.notebook == path and act.cell_index == index]


class NamesNow:
    """Gives notebooks the names that they have now, by the renames in their history."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._known: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        """Return what the notebook that was once recorded at `path` is called in HEAD, if that can be told."""
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str) -> str:
        top = self._past.repository.worktree
        if (top is not None and os.path.isfile(os.path.join(top, path))) or not self._past.has_name(path):
            return path
        now = self._past.versions_of([path]).at(self._past.head)
        return path if path in now or len(now) != 1 else next(iter(now))


def _in_order(acts: list[Act]) -> list[Act]:
    return sorted(acts, key=lambda act: (act.started, act.session, act.number))


def _matters(act: Act) -> bool:
    """Return whether an act has an effect that a graph shows."""
    return bool(act.reads or act.writes or act.urls or any(is_figure(shown.mime) for shown in act.shown))


def _is_cell(act: Act, cell_id: str | None, source: str) -> bool:
    if act.cell_id is not None and act.cell_id == cell_id:
        return True
    return source_key(act.code) == source
