"""Ring 3: what a lineage graph is made of: nodes, and edges along which data flows."""

from dataclasses import dataclass, field
from typing import Any

from nbgit.lineage.history.commits import Commit

SOURCE, FILE, SCRIPT, CELL, NOTEBOOK, FIGURE = "source", "file", "script", "cell", "notebook", "figure"
FETCHED, READ, WROTE, SHOWED, FEEDS, SAME = "fetched", "read", "wrote", "showed", "feeds", "same"
RECORDED, CODE = "recorded", "code"
NONE, CELLS, NOTEBOOKS = "none", "cells", "notebooks"  # how far a graph is collapsed


@dataclass
class Node:
    """One node: `label` names it in a line, `detail` says more in a few words, `group` is the notebook it belongs to.

    `by` is CODE where nothing was recorded of it: its code says so. `place` orders cells within their notebook; `count`
    is how many figures, files or runs it stands for; `facts` is what JSON says besides.
    """

    id: str
    kind: str
    label: str
    detail: str = ""
    group: str = ""
    by: str = RECORDED
    place: tuple[str, int] = ("", 0)
    count: int = 1
    is_target: bool = False
    path: str | None = None
    commit: Commit | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/graph.v1.schema.json describes it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "detail": self.detail,
            "notebook": self.group or None,
            "path": self.path,
            "by": self.by,
            "count": self.count,
            "target": self.is_target,
            "commit": self.commit.as_json() if self.commit else None,
            **self.facts,
        }


@dataclass(frozen=True, order=True)
class Edge:
    """Data flows from `source` to `target` (ids); `by` is CODE where code alone says so."""

    source: str
    target: str
    kind: str
    by: str = RECORDED


@dataclass
class Graph:
    """Nodes by id, edges, how far it is collapsed, and sentences on what it leaves out."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    collapse: str = CELLS
    notes: list[str] = field(default_factory=list)

    def as_json(self, targets: list[str]) -> dict[str, Any]:
        """Return it as schemas/graph.v1.schema.json describes it."""
        return {
            "schema": "nbgit/graph.v1",
            "targets": targets,
            "collapse": self.collapse,
            "notes": self.notes,
            "nodes": [node.as_json() for node in self.nodes.values()],
            "edges": [{"from": one.source, "to": one.target, "kind": one.kind, "by": one.by} for one in self.edges],
        }

    def neighbours(self, *, up: bool) -> dict[str, list[Edge]]:
        """Return id -> the edges that lead into it (`up`) or out of it."""
        found: dict[str, list[Edge]] = {node: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.target if up else edge.source].append(edge)
        return found

    def keep(self, wanted: set[str]) -> None:
        """Drop every node that is not wanted, and the edges that led to it."""
        self.nodes = {name: node for name, node in self.nodes.items() if name in wanted}
        self.edges = [edge for edge in self.edges if edge.source in wanted and edge.target in wanted]
