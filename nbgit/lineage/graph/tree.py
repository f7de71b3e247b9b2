"""Ring 3: a graph as a tree of lines for a terminal: from where data comes in to what was made of it."""

from collections.abc import Iterator

from nbgit.lineage.graph.cards import tell_below
from nbgit.lineage.graph.model import CELL, CODE, FEEDS, FIGURE, FILE, NOTEBOOK, SAME, SCRIPT, SOURCE, Edge, Graph, Node
from nbgit.lineage.story import Line

STYLES = {SOURCE: "cyan", FILE: "bold", SCRIPT: "bold", NOTEBOOK: "green", CELL: "", FIGURE: "magenta"}
CODE_WIDTH = 56


def tell_graph(graph: Graph) -> Iterator[Line]:
    """Yield the lines of a graph; what stands above already is named once more, and not unfolded again."""
    into = graph.neighbours(up=True)
    roots = [name for name in graph.nodes if not into[name]]
    told: set[str] = set()
    for root in sorted(roots, key=lambda name: _order(graph.nodes[name])):
        yield from _tell(graph, root, told)
    for name in graph.nodes:  # circles have no root
        if name not in told:
            yield from _tell(graph, name, told)
    if any(edge.by == CODE for edge in graph.edges):
        yield [("┄ by its code, not seen as it ran", "dim")]
    for note in graph.notes:
        yield [(note, "dim")]


def _tell(graph: Graph, root: str, told: set[str]) -> Iterator[Line]:
    out_of = graph.neighbours(up=False)
    todo: list[tuple[str, str, str, Edge | None]] = [(root, "", "", None)]  # node, what leads to it, below it, edge
    while todo:
        name, lead, below, edge = todo.pop()
        node = graph.nodes[name]
        yield [
            (lead, "dim"),
            *_tell_node(node, edge),
            *([("  (above)", "dim")] if name in told and out_of[name] else []),
        ]
        if name in told:
            continue
        told.add(name)
        edges = sorted(out_of[name], key=lambda one: _order(graph.nodes[one.target]))
        for number, one in enumerate(reversed(edges)):
            corner = "└" if number == 0 else "├"
            dash = "┄ " if one.by == CODE else "─ "
            todo.append((one.target, f"{below}{corner}{dash}", below + ("   " if number == 0 else "│  "), one))


def _tell_node(node: Node, edge: Edge | None) -> Line:
    style = "bold blue" if node.is_target else STYLES[node.kind]
    if node.kind in (FILE, SCRIPT):
        below = tell_below(node).removeprefix(node.detail).removeprefix(" · ")
        told = node.label if node.path is None else node.path
        same = "same content: " if edge is not None and edge.kind == SAME else ""
        return [(same, "dim"), (told, style), (f"  {below}" if below else "", "dim")]
    if node.kind == CELL:
        is_same_home = edge is not None and edge.kind == FEEDS
        where = node.detail if is_same_home else f"{node.group} {node.detail}"
        return [(where, style or "green"), (f"  {node.label[:CODE_WIDTH]}", "")]
    if node.kind == FIGURE:
        return [(f"figure {node.label}" if node.count == 1 else node.label, style), (f"  {node.detail}", "dim")]
    return [(node.facts.get("url") or node.label, style), (f"  {node.detail}" if node.kind == NOTEBOOK else "", "dim")]


def _order(node: Node) -> tuple[int, tuple[str, int], str]:
    kinds = (SOURCE, FIGURE, CELL, NOTEBOOK, SCRIPT, FILE)
    return kinds.index(node.kind), node.place, node.id
