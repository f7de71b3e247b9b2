"""Ring 3: a trace as a graph: runs become cells or notebooks, versions of a file one file, payloads figures."""

import posixpath
from collections.abc import Callable, Iterable

from nbgit.lineage.graph.acts import Act
from nbgit.lineage.graph.model import (
    CELL,
    CODE,
    FEEDS,
    FETCHED,
    FIGURE,
    FILE,
    NOTEBOOK,
    NOTEBOOKS,
    RECORDED,
    SCRIPT,
    SHOWED,
    SOURCE,
    Edge,
    Graph,
    Node,
)
from nbgit.lineage.graph.tracing import Flow, Trace
from nbgit.lineage.history.documents import source_key
from nbgit.lineage.origin.sources import Found
from nbgit.lineage.runs.journals import FileSeen
from nbgit.lineage.runs.times import local_day
from nbgit.notebook.outputs import is_figure
from nbgit.notebook.text import visible

SCRIPTS = (".py", ".r", ".jl", ".sh", ".ipy", ".pl", ".rb", ".m", ".sql")
LONGEST = 80  # characters of a label
Place = Callable[[Act], tuple[int | None, str | None]]  # gives the index and the id of the cell that an act is of


class Builder:
    """Builds the graph of a trace; `place` tells which cell of its notebook an act is."""

    def __init__(self, trace: Trace, collapse: str, place: Place) -> None:
        self._trace = trace
        self._collapse = collapse
        self._place = place
        self.graph = Graph(collapse=collapse)
        self._latest: dict[str, Act] = {}
        self._edges: dict[Edge, None] = {}

    def build(self, commits: dict[FileSeen, Found]) -> Graph:
        """Return the graph; `commits` are those of files that nobody wrote. Figures are added by `show`."""
        for act in sorted(self._trace.acts.values(), key=lambda act: (act.started, act.session, act.number)):
            self._add_act(act)
        for name, act in self._latest.items():
            self._describe(self.graph.nodes[name], act)
        for flow in self._trace.flows:
            self._add_flow(flow)
        self._tell_commits(commits)
        self.graph.edges = list(self._edges)
        return self.graph

    def act_node(self, act: Act) -> str:
        """Return the id of the node that an act is part of."""
        home = home_of(act)
        if self._collapse == NOTEBOOKS:
            return f"notebook:{home}"
        return f"cell:{home}:{act.cell_id or source_key(act.code)}"

    def show(self, acts: Iterable[Act], wanted: Callable[[str], bool]) -> None:
        """Add the figures that the last of the acts of each cell has displayed, and of the others those wanted."""
        last: dict[str, tuple[str, set[str]]] = {}
        for act in sorted(acts, key=lambda act: (act.started, act.number)):
            digests = {shown.digest for shown in act.shown if is_figure(shown.mime)}
            cell = f"{home_of(act)}:{act.cell_id or source_key(act.code)}"
            if digests and act.key in self._trace.acts:
                last[cell] = (act.key, digests)
        keep = {key for key, _ in last.values()}
        for act in self._trace.acts.values():
            for shown in act.shown:
                if is_figure(shown.mime) and (act.key in keep or wanted(shown.digest)):
                    self._add_figure(act, shown.mime, shown.digest)
        self.graph.edges = list(self._edges)

    def _add_figure(self, act: Act, mime: str, digest: str) -> None:
        owner = self.act_node(act)
        name = f"figure:{digest.removeprefix('sha256:')[:16]}:{owner}"
        index, cell_id = self._place(act)
        count = f" [{act.execution_count}]" if act.execution_count is not None else ""
        label = f"cell {index}{count}" if index is not None else f"run{count}"
        group = self.graph.nodes[owner].group or home_of(act)
        facts = {"payload": digest, "mime": mime, "cell_index": index, "cell_id": cell_id}
        if name not in self.graph.nodes:
            self.graph.nodes[name] = Node(
                name, FIGURE, label, visible(mime), group, act.by, (act.started, act.number), facts=facts
            )
        self._edges[Edge(owner, name, SHOWED, act.by)] = None

    def _add_act(self, act: Act) -> None:
        name = self.act_node(act)
        self._latest[name] = act
        if name in self.graph.nodes:
            node = self.graph.nodes[name]
            node.count += 1
            node.by = RECORDED if RECORDED in (node.by, act.by) else CODE
        else:
            kind = NOTEBOOK if self._collapse == NOTEBOOKS else CELL
            self.graph.nodes[name] = Node(name, kind, "", group=home_of(act), by=act.by)

    def _describe(self, node: Node, act: Act) -> None:
        node.place = (act.started, act.number)
        node.path = act.notebook
        when = local_day(act.started) if act.started else ""
        if node.kind == NOTEBOOK:
            node.label, node.group = visible(home_of(act)), ""
            node.detail = " · ".join(one for one in ("by its code" if act.is_by_code else "", when) if one)
            node.facts = {"started": act.started or None}
            return
        node.label = visible(_telling_line(act.code))[:LONGEST]
        index, cell_id = self._place(act)
        count = f"[{act.execution_count}]" if act.execution_count is not None else ""
        named = f"cell {index}" if index is not None else "a cell since edited or gone"
        node.detail = " · ".join(one for one in (f"{named} {count}".rstrip(), when) if one)
        node.facts = {
            "cell_index": index,
            "cell_id": cell_id,
            "execution_count": act.execution_count,
            "code": act.code,
            "run": act.run.id if act.run else None,
            "started": act.started or None,
        }

    def _add_flow(self, flow: Flow) -> None:
        acts = [flow.target] if flow.kind == FETCHED else [flow.source, flow.target]
        if any(isinstance(end, str) and end not in self._trace.acts for end in acts):
            return
        ends: list[str] = []
        for end, is_source in ((flow.source, True), (flow.target, False)):
            if isinstance(end, FileSeen):
                ends.append(self._file(end, flow.by))
            elif flow.kind == FETCHED and is_source:
                ends.append(self._address(end, flow.by))
            else:
                ends.append(self.act_node(self._trace.acts[end]))
        if ends[0] != ends[1]:
            edge = Edge(ends[0], ends[1], flow.kind, flow.by)
            if flow.by == CODE and Edge(ends[0], ends[1], flow.kind) in self._edges:
                return
            if flow.by == RECORDED:
                self._edges.pop(Edge(ends[0], ends[1], flow.kind, CODE), None)
            self._edges[edge] = None

    def _file(self, file: FileSeen, by: str) -> str:
        name = f"file:{file.path}"
        node = self.graph.nodes.get(name)
        if node is None:
            kind = SCRIPT if file.path.lower().endswith(SCRIPTS) else FILE
            folder, base = posixpath.split(file.path)
            node = Node(name, kind, visible(base), visible(folder), by=by, path=file.path, facts={"sha256": []})
            self.graph.nodes[name] = node
        if by == RECORDED:
            node.by = RECORDED
        if file.sha256 and file.sha256 not in node.facts["sha256"]:
            node.facts["sha256"].append(file.sha256)
        return name

    def _address(self, url: str, by: str) -> str:
        name = f"source:{url}"
        host, _, path = url.partition("://")[2].partition("/")
        if name not in self.graph.nodes:
            label = visible(path.rstrip("/").rpartition("/")[2] or host or url)
            self.graph.nodes[name] = Node(name, SOURCE, label, visible(host), by=by, facts={"url": url})
        return name

    def _tell_commits(self, commits: dict[FileSeen, Found]) -> None:
        written = {edge.target for edge in self._edges if edge.kind not in (FEEDS, SHOWED)}
        for file, found in commits.items():
            node = self.graph.nodes.get(f"file:{file.path}")
            if node is not None and node.id not in written:
                node.commit = found.commit
                node.facts["kept_by"] = found.kept_by


def home_of(act: Act) -> str:
    """Return what an act belongs to: its notebook, or the session of a kernel."""
    return act.notebook or f"kernel {act.session}"


def _telling_line(code: str) -> str:
    """Return the first line of a cell that does more than to import, to comment or to set the stage."""
    rows = [row.strip() for row in code.splitlines() if row.strip()]
    telling = [row for row in rows if not row.startswith(("import ", "from ", "#", "%", "library("))]
    return next(iter(telling or rows), "(empty)")
