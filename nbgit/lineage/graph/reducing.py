"""Ring 3: a graph made small enough to be read: without steps that only prepare, and with like files joined."""

import posixpath
from collections import defaultdict

from nbgit.lineage.graph.model import CELL, CODE, FEEDS, FIGURE, FILE, NOTEBOOK, RECORDED, Edge, Graph, Node

ALIKE = 4  # files or figures at least that become one node


def hide_preparing(graph: Graph) -> None:
    """Take out the cells that neither read, write, fetch nor show anything, and join what they stood between."""
    busy = {end for edge in graph.edges if edge.kind != FEEDS for end in (edge.source, edge.target)}
    hidden = {node.id for node in graph.nodes.values() if node.kind == CELL and node.id not in busy}
    hidden -= {node.id for node in graph.nodes.values() if node.is_target}
    into: dict[str, dict[str, str]] = defaultdict(dict)
    out_of: dict[str, dict[str, str]] = defaultdict(dict)
    for edge in graph.edges:
        if edge.kind == FEEDS:
            into[edge.target][edge.source] = edge.by
            out_of[edge.source][edge.target] = edge.by
    for name in hidden:
        before, after = into.pop(name, {}), out_of.pop(name, {})
        for source, by in before.items():
            out_of[source].pop(name, None)
            for target, other in after.items():
                if source != target:
                    both = RECORDED if by == other == RECORDED else CODE
                    out_of[source].setdefault(target, both)
                    into[target].setdefault(source, both)
        for target in after:
            into[target].pop(name, None)
    graph.edges = [edge for edge in graph.edges if edge.kind != FEEDS]
    graph.edges += [Edge(one, two, FEEDS, by) for one, found in out_of.items() for two, by in found.items()]
    graph.keep(graph.nodes.keys() - hidden)


def drop_implied(graph: Graph) -> None:
    """Drop the edges between cells that go against their order and close a circle, and those that others imply."""
    feeds = [edge for edge in graph.edges if edge.kind == FEEDS]
    order = {name: node.place for name, node in graph.nodes.items()}
    after: dict[str, set[str]] = defaultdict(set)
    for edge in feeds:
        if order[edge.source] < order[edge.target]:
            after[edge.source].add(edge.target)
    reached: dict[str, set[str]] = {}
    for name in sorted(after, key=lambda one: order[one], reverse=True):
        reached[name] = set().union(*(reached.get(one, set()) | {one} for one in after[name]))
    kept = []
    for edge in feeds:
        if edge.target in after[edge.source]:
            others = after[edge.source] - {edge.target}
            is_implied = any(edge.target in reached.get(one, ()) for one in others)
        else:
            is_implied = edge.source in reached.get(edge.target, ())
        kept += [] if is_implied else [edge]
    graph.edges = [edge for edge in graph.edges if edge.kind != FEEDS] + kept


def join_alike(graph: Graph, least: int = ALIKE) -> None:
    """Join files of one folder, and figures of one cell, that have the very same neighbours, `least` at least."""
    ends: dict[str, tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]] = {
        name: (set(), set()) for name in graph.nodes
    }
    for edge in graph.edges:
        ends[edge.target][0].add((edge.source, edge.kind, edge.by))
        ends[edge.source][1].add((edge.target, edge.kind, edge.by))
    groups: dict[object, list[Node]] = defaultdict(list)
    for node in graph.nodes.values():
        if node.kind in (FILE, FIGURE) and not node.is_target:
            folder = posixpath.dirname(node.path or "") if node.kind == FILE else node.group
            into, out_of = ends[node.id]
            groups[node.kind, folder, frozenset(into), frozenset(out_of)].append(node)
    gone = set()
    for group in groups.values():
        if len(group) >= least:
            gone |= {node.id for node in group[1:]}
            _join(group)
    if gone:
        graph.notes.append(f"{len(gone):,} files and figures stand with others that have the same neighbours.")
        graph.keep(graph.nodes.keys() - gone)


def _join(group: list[Node]) -> None:
    first = group[0]
    first.count = sum(node.count for node in group)
    if first.kind == FIGURE:
        first.label = f"{first.count:,} figures"
        first.facts["payloads"] = [node.facts["payload"] for node in group]
        return
    endings = {posixpath.splitext(node.path or "")[1] for node in group}
    first.label = f"{first.count:,} {endings.pop()} files" if len(endings) == 1 else f"{first.count:,} files"
    first.facts["paths"] = [node.path for node in group]
    first.path = None


def join_folders(graph: Graph) -> None:
    """Join the notebooks of each folder into one node, and leave out the files that only one folder knows of."""
    homes: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes.values():
        if node.kind == NOTEBOOK and node.path and not node.is_target:
            homes[posixpath.dirname(node.path)].append(node)
    moved: dict[str, str] = {}
    for folder, nodes in homes.items():
        if len(nodes) > 1:
            first = nodes[0]
            first.label, first.count = f"{folder or '.'}/", len(nodes)
            first.detail = f"{len(nodes):,} notebooks"
            first.facts["paths"], first.path = [node.path for node in nodes], None
            moved |= {node.id: first.id for node in nodes}
    graph.edges = list(
        dict.fromkeys(
            Edge(moved.get(one.source, one.source), moved.get(one.target, one.target), one.kind, one.by)
            for one in graph.edges
        )
    )
    ends: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        ends[edge.source].add(edge.target)
        ends[edge.target].add(edge.source)
    folders = set(moved.values())
    inner = {
        node.id
        for node in graph.nodes.values()
        if node.kind in (FILE, FIGURE) and not node.is_target and len(ends[node.id]) == 1 and ends[node.id] <= folders
    }
    gone = inner | (moved.keys() - folders)
    if gone:
        graph.notes.append(f"Too many notebooks to be read: those of a folder stand together; {len(inner):,} files and")
        graph.notes[-1] += " figures that only one folder knows of are left out. Name a TARGET to see more."
        graph.keep(graph.nodes.keys() - gone)


def cut_depth(graph: Graph, up: int | None, down: int | None) -> None:
    """Keep what lies at most `up` steps before and `down` steps behind the targets (None: any number)."""
    targets = {name for name, node in graph.nodes.items() if node.is_target}
    if not targets or (up is None and down is None):
        return
    wanted = set(targets)
    for limit, is_up in ((up, True), (down, False)):
        edges = graph.neighbours(up=is_up)
        found, now, left = set(targets), set(targets), limit
        while now and (left is None or left > 0):
            now = {edge.source if is_up else edge.target for name in now for edge in edges[name]} - found
            found |= now
            left = None if left is None else left - 1
        wanted |= found
    hidden = len(graph.nodes.keys() - wanted)
    if hidden:
        graph.notes.append(f"{hidden:,} nodes farther away are left out by --up or --down.")
    graph.keep(wanted)
