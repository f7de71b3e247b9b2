"""Ring 3: `nbgit graph`: from targets to a graph that can be read."""

from nbgit.lineage.blame import Selection
from nbgit.lineage.by_code.notebooks import CodedNotebooks
from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.graph.acts import Act, coded_acts
from nbgit.lineage.graph.asked import Asked, Asker, NamesNow, Question
from nbgit.lineage.graph.building import Builder
from nbgit.lineage.graph.model import CELL, CELLS, FIGURE, NONE, NOTEBOOKS, Graph
from nbgit.lineage.graph.reducing import cut_depth, drop_implied, hide_preparing, join_alike, join_folders
from nbgit.lineage.graph.tracing import Tracer
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.origin.sources import committed_in, introduced_by
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen
from nbgit.lineage.runs.records import Records

STEPS = 40  # nodes up to which each step of a recipe is shown
READABLE = 80  # nodes up to which cells are shown
LARGE = 300  # nodes from which on notebooks of a folder stand together
SLICED = 3000  # runs with effects up to which sessions are followed within, for a whole repository


class GraphMaker:
    """Makes graphs of one repository's lineage."""

    def __init__(self, past: Past, records: Records) -> None:
        self._past = past
        self._records = records
        self._whereabouts = Whereabouts(past, records)
        self._recipes = Recipes(records)
        self._names = NamesNow(past)
        self._cells: dict[str, tuple[int | None, str | None]] = {}

    def make(
        self, targets: list[Asked], selection: Selection, collapse: str | None, up: int | None, down: int | None
    ) -> Graph:
        """Return the graph of the targets (none: the whole repository).

        `collapse` is NONE, CELLS or NOTEBOOKS, or None for as much as can be read; `up` and `down` are depths.
        """
        coded = coded_acts(CodedNotebooks(self._past, self._records, self._whereabouts), self._past)
        scripts = Scripts(self._past, self._records)
        tracer = Tracer(
            self._past.repository, self._records, self._recipes, self._whereabouts, coded, scripts, self._names
        )
        asker = Asker(self._past, self._records, self._whereabouts, tracer, coded, self._names)
        question = asker.question(targets, selection)
        is_large = not targets and len(question.up) > SLICED
        self._trace(tracer, question, up, down, inside=not is_large)
        if is_large and collapse != NOTEBOOKS:
            collapse = NOTEBOOKS
        levels = [collapse] if collapse else [NONE, CELLS, NOTEBOOKS]
        if collapse is None and not (question.figures or question.cells):
            levels = levels[1:]
        graph = Graph()
        for level in levels:
            graph = self._graph(tracer, question, level)
            cut_depth(graph, up, down)
            if len(graph.nodes) <= (STEPS if level == NONE else READABLE):
                break
        if len(graph.nodes) > LARGE:
            join_alike(graph, 2)
        if len(graph.nodes) > LARGE and graph.collapse == NOTEBOOKS:
            join_folders(graph)
        elif collapse is None and graph.collapse == NOTEBOOKS:
            graph.notes.append("Collapsed to notebooks; --collapse cells shows their cells.")
        return graph

    def _trace(self, tracer: Tracer, question: Question, up: int | None, down: int | None, *, inside: bool) -> None:
        for path in question.files:
            if down != 0:
                question.down |= {act.key: act for act in tracer.readers_of_path(path)}
            if up != 0:
                question.up |= {act.key: act for act in tracer.writers_of_path(path)}
        tracer.outputs(question.down.values())
        if up != 0:
            tracer.up(question.up.values(), inside=inside)
        if down != 0:
            tracer.down(question.down.values(), inside=inside)

    def _graph(self, tracer: Tracer, question: Question, level: str) -> Graph:
        builder = Builder(tracer.trace, level, self._cell_of)
        loose = {flow.source for flow in tracer.trace.flows if isinstance(flow.source, FileSeen)}
        commits = introduced_by(self._past, loose)
        named = {file.path: file for file in loose if file.size < 0}
        head = self._past.graph.oids[self._past.head]
        commits |= {named[path]: found for path, found in committed_in(self._past, head, named).items()}
        graph = builder.build(commits)
        behind = set(question.down) | self._resting(tracer, question)
        builder.show(
            [tracer.trace.acts[key] for key in behind if key in tracer.trace.acts], question.figures.__contains__
        )
        _mark(graph, builder, tracer, question)
        if level == CELLS:
            hide_preparing(graph)
        _mark_notebooks(graph, question)
        if level != NOTEBOOKS:
            drop_implied(graph)
        join_alike(graph)
        return graph

    def _resting(self, tracer: Tracer, question: Question) -> set[str]:
        """Return the keys of the acts that rest on those asked about."""
        after: dict[object, list[object]] = {}
        for flow in tracer.trace.flows:
            after.setdefault(flow.source, []).append(flow.target)
        found: set[object] = set(question.down)
        todo: list[object] = list(found)
        while todo:
            new = [one for one in after.get(todo.pop(), ()) if one not in found]
            found.update(new)
            todo += new
        return {one for one in found if isinstance(one, str)}

    def _cell_of(self, act: Act) -> tuple[int | None, str | None]:
        """Return the index and the id of the cell that an act is of."""
        if act.run is None:
            return act.cell_index, act.cell_id
        if act.key not in self._cells:
            place = self._whereabouts.place(act.run)
            self._cells[act.key] = (place.cell_index, place.cell_id or act.cell_id)
        return self._cells[act.key]


def _mark(graph: Graph, builder: Builder, tracer: Tracer, question: Question) -> None:
    """Mark the files, figures and cells that were asked about."""
    wanted = {f"file:{path}" for path in question.files}
    wanted |= {builder.act_node(tracer.trace.acts[key]) for key in question.cells if key in tracer.trace.acts}
    for node in graph.nodes.values():
        is_figure = node.kind == FIGURE and node.facts.get("payload") in question.figures
        node.is_target = node.id in wanted or is_figure


def _mark_notebooks(graph: Graph, question: Question) -> None:
    """Mark the notebooks that were asked about: each as a node, or all of its cells that are left."""
    for node in graph.nodes.values():
        node.is_target |= (node.group if node.kind == CELL else node.path) in question.notebooks
