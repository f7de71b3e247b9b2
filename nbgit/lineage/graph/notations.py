"""Ring 3: a graph in the languages of other programs: DOT (Graphviz) and Mermaid."""

from collections import defaultdict

from nbgit.lineage.graph.cards import tell_below
from nbgit.lineage.graph.model import CELL, CODE, FIGURE, FILE, NOTEBOOK, NOTEBOOKS, SAME, SCRIPT, SOURCE, Graph, Node

SHAPES = {SOURCE: "ellipse", FILE: "note", SCRIPT: "component", CELL: "box", NOTEBOOK: "folder", FIGURE: "tab"}
BRACKETS = {
    SOURCE: ("([", "])"),
    FILE: ("[", "]"),
    SCRIPT: ("[[", "]]"),
    CELL: ("(", ")"),
    NOTEBOOK: ("[/", "/]"),
    FIGURE: (">", "]"),
}
WORDS = {SAME: "same content"}


def as_dot(graph: Graph) -> str:
    """Return a graph in DOT, a cluster a notebook."""
    names = _names(graph)
    lines = [
        "digraph lineage {",
        "  rankdir=LR;",
        '  node [fontname="Helvetica", fontsize=10, style="rounded"];',
        '  edge [fontname="Helvetica", fontsize=9, color="#8a94a3"];',
    ]

    def node_line(node: Node, indent: str) -> str:
        style = ', style="dashed"' if node.by == CODE else ""
        colour = ', color="#0b62c4", penwidth=2' if node.is_target else ""
        return f"{indent}{names[node.id]} [label={_dot(_rows(node))}, shape={SHAPES[node.kind]}{style}{colour}];"

    for number, (group, nodes) in enumerate(_groups(graph).items()):
        if group:
            lines += [f"  subgraph cluster_{number} {{", f"    label={_dot([group])};"]
            lines += [node_line(node, "    ") for node in nodes]
            lines.append("  }")
        else:
            lines += [node_line(node, "  ") for node in nodes]
    for edge in graph.edges:
        marks = [f"label={_dot([WORDS[edge.kind]])}"] if edge.kind in WORDS else []
        marks += ["style=dashed"] if edge.by == CODE else []
        told = f" [{', '.join(marks)}]" if marks else ""
        lines.append(f"  {names[edge.source]} -> {names[edge.target]}{told};")
    lines += [*(f"  // {_plain(note)}" for note in graph.notes), "}", ""]
    return "\n".join(lines)


def as_mermaid(graph: Graph) -> str:
    """Return a graph as a Mermaid flowchart, a subgraph a notebook."""
    names = _names(graph)
    lines = ["flowchart LR"]

    def node_line(node: Node, indent: str) -> str:
        left, right = BRACKETS[node.kind]
        return f"{indent}{names[node.id]}{left}{_mermaid(_rows(node))}{right}"

    for number, (group, nodes) in enumerate(_groups(graph).items()):
        if group:
            lines += [f"  subgraph g{number}[{_mermaid([group])}]"]
            lines += [node_line(node, "    ") for node in nodes]
            lines.append("  end")
        else:
            lines += [node_line(node, "  ") for node in nodes]
    for edge in graph.edges:
        arrow = "-.->" if edge.by == CODE else "-->"
        word = f"|{WORDS[edge.kind]}|" if edge.kind in WORDS else ""
        lines.append(f"  {names[edge.source]} {arrow}{word} {names[edge.target]}")
    targets = [names[node.id] for node in graph.nodes.values() if node.is_target]
    if targets:
        lines += ["  classDef target stroke:#0b62c4,stroke-width:2px", f"  class {','.join(targets)} target"]
    return "\n".join([*lines, *(f"  %% {_plain(note)}" for note in graph.notes), ""])


def _names(graph: Graph) -> dict[str, str]:
    return {name: f"n{number}" for number, name in enumerate(graph.nodes)}


def _groups(graph: Graph) -> dict[str, list[Node]]:
    """Return notebook -> its cells and figures; "" has what belongs to none."""
    found: dict[str, list[Node]] = defaultdict(list)
    inside = (CELL,) if graph.collapse == NOTEBOOKS else (CELL, FIGURE)
    for node in graph.nodes.values():
        found[node.group if node.kind in inside else ""].append(node)
    return found


def _rows(node: Node) -> list[str]:
    """Return the lines of a node's label."""
    if node.kind in (FILE, SCRIPT):
        rows = [node.path or node.label]
        told = tell_below(node).removeprefix(node.detail).removeprefix(" · ")
        return [*rows, told] if told else rows
    return [row for row in (node.label, node.detail) if row]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _dot(rows: list[str]) -> str:
    """Return a quoted string of DOT, a line a row."""
    escaped = (row.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for row in rows)
    return '"' + "\\n".join(escaped) + '"'


def _mermaid(rows: list[str]) -> str:
    """Return a quoted text of Mermaid: whatever could be markup stands as a character's number."""
    safe = (
        "".join(one if one.isalnum() or one in " _-./:,()[]=+·…" else f"#{ord(one)};" for one in row) for row in rows
    )
    return '"' + "<br/>".join(safe) + '"'
