"""Ring 3: a graph as SVG: notebooks as cards, files and addresses as boxes between them, data flowing to the right."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files

from nbgit.diff.page.markup import Html, join, tag
from nbgit.lineage.graph.boxes import Box, Line
from nbgit.lineage.graph.cards import (
    HIGH,
    LABEL,
    LANE,
    LANES,
    NAME,
    PAD,
    ROW,
    THUMB,
    WIDE,
    Arc,
    Card,
    Plan,
    Thumb,
    fit,
    plan,
    tell_below,
    text_width,
)
from nbgit.lineage.graph.model import CODE, FILE, SAME, SCRIPT, SOURCE, Edge, Graph, Node
from nbgit.lineage.graph.thumbs import Picture

MARGIN = 28.0
FOOT = 26.0
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no characters of XML
ICONS = {
    SOURCE: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M1.5 8h13M8 1.5c-4.5 4-4.5 9 0 13c4.5-4 4.5-9 0-13",
    FILE: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3M5.5 8h5M5.5 11h5",
    SCRIPT: "M1.5 2.5h13v11h-13zM4 6l2.5 2L4 10M8 10.5h4",
    "notebook": "M3.5 1.5h9v13h-9zM6 1.5v13M2 4.5h3M2 8h3M2 11.5h3",
    "figure": "M1.5 2.5h13v11h-13zM1.5 11l4-4l3.5 3.5l2-2l3.5 3.5M10.5 6.2a.7 .7 0 1 0 .01 0",
}
Pictures = Mapping[str, Picture]


def svg_file(graph: Graph, title: str, pictures: Pictures) -> bytes:
    """Return a graph as one SVG file that needs nothing else, in UTF-8; `pictures` are those of figures by digest."""
    style = files("nbgit.lineage.graph").joinpath("drawing.css").read_text(encoding="utf-8")
    made = drawing(graph, title, pictures, Html(f"<style>{style}</style>"))
    return (UNFIT.sub("\ufffd", made) + "\n").encode("utf-8", "replace")


def drawing(graph: Graph, title: str, pictures: Pictures, head: Html | None = None) -> Html:
    """Return the svg element; its look is in drawing.css, which stands in `head` or in the page around it."""
    found = plan(graph)
    names = {name: f"n{number}" for number, name in enumerate(graph.nodes)}
    notes = _notes(graph)
    wide, high = found.width + 2 * MARGIN, found.height + 2 * MARGIN + FOOT * len(notes)
    parts = [tag("title", title), head, _arrow()]
    parts += [_line(line, edge, found, names, graph) for line, edge in found.lines]
    parts += [_small(box, node, names) for box, node in found.boxes.values()]
    parts += [_card(card, names, pictures) for card in found.cards.values()]
    parts += [
        tag("text", note, x=0, y=_n(found.height + MARGIN + FOOT * number), class_="note")
        for number, note in enumerate(notes)
    ]
    box = f"{_n(-MARGIN)} {_n(-MARGIN)} {_n(max(wide, 360.0))} {_n(high)}"
    size = {"width": _n(max(wide, 360.0)), "height": _n(high)}
    return tag("svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=box, class_="lineage", role="img", **size)


def _notes(graph: Graph) -> list[str]:
    by_code = any(edge.by == CODE for edge in graph.edges)
    return [*(["dashed: by its code, not seen as it ran"] if by_code else []), *graph.notes]


def _arrow() -> Html:
    head = tag("path", d="M0 0.8L8 4L0 7.2z", class_="head")
    marker = {"viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7"}
    return tag("defs", tag("marker", head, id="arrow", orient="auto", markerUnits="userSpaceOnUse", **marker))


def _line(line: Line, edge: Edge, found: Plan, names: dict[str, str], graph: Graph) -> Html:
    one, two = _box(found, line.source), _box(found, line.target)
    if line.is_back:
        points = [(one.x, one.y + line.leaves)]
        points += [
            end for bend in line.bends[::-1] for end in ((bend.x + bend.width, bend.y + 1), (bend.x, bend.y + 1))
        ]
        points.append((two.x + two.width + 1.5, two.y + line.enters))
    else:
        points = [(one.x + one.width, one.y + line.leaves)]
        points += [end for bend in line.bends for end in ((bend.x, bend.y + 1), (bend.x + bend.width, bend.y + 1))]
        points.append((two.x - 1.5, two.y + line.enters))
    before, points, behind = _sidings(points, one, two, is_back=line.is_back)
    way = f"M{before}{_n(points[0][0])} {_n(points[0][1])}"
    for number in range(0, len(points) - 1, 2):
        (x, y), (to_x, to_y) = points[number], points[number + 1]
        half = (to_x - x) / 2
        way += f"C{_n(x + half)} {_n(y)} {_n(to_x - half)} {_n(to_y)} {_n(to_x)} {_n(to_y)}"
        if number + 2 < len(points):
            way += f"L{_n(points[number + 2][0])} {_n(points[number + 2][1])}"
    return _edge(way + behind, edge, names, graph)


def _sidings(
    points: list[tuple[float, float]], one: Box, two: Box, *, is_back: bool
) -> tuple[str, list[tuple[float, float]], str]:
    """Return a line's beginning, points and end: beside a box that is narrower than its layer it runs straight."""
    before = behind = ""
    if is_back and two.room > two.width:
        x, y = points[-1]
        points = [*points[:-1], (two.x + two.room, y)]
        behind = f"L{_n(x)} {_n(y)}"
    elif not is_back and one.room > one.width:
        x, y = points[0]
        points = [(one.x + one.room, y), *points[1:]]
        before = f"{_n(x)} {_n(y)}L"
    return before, points, behind


def _edge(way: str, edge: Edge, names: dict[str, str], graph: Graph) -> Html:
    told = f"{_name(graph.nodes[edge.source])} → {_name(graph.nodes[edge.target])}: {edge.kind}"
    told += ", the same content" if edge.kind == SAME else ""
    told += ", by its code" if edge.by == CODE else ""
    ends = {"data_from": names[edge.source], "data_to": names[edge.target]}
    path = tag("path", d=way, marker_end="url(#arrow)", class_="way")
    return tag("g", tag("title", told), path, class_=f"edge {edge.kind} by-{edge.by}", **ends)


def _name(node: Node) -> str:
    if node.kind in (FILE, SCRIPT):
        return node.path or node.label
    return f"{node.group} {node.detail.partition(' · ')[0]}" if node.group else node.label


def _box(found: Plan, name: str) -> Box:
    return found.cards[name].box if name in found.cards else found.boxes[name][0]


def _small(box: Box, node: Node, names: dict[str, str]) -> Html:
    room = box.width - 46
    below = tell_below(node)
    whole = node.facts.get("url") or node.path or node.label
    parts = [
        tag("title", f"{whole}{' · ' if below else ''}{below}"),
        tag("rect", width=_n(box.width), height=_n(HIGH), rx="23" if node.kind == SOURCE else "9", class_="box"),
        tag("path", d=ICONS[node.kind], transform="translate(13 15)", class_="icon"),
        tag("text", fit(node.label, room, LABEL, bold=True), x=38, y=20 if below else 27, class_="label"),
        tag("text", fit(below, room, 10.5), x=38, y=35, class_="detail") if below else None,
    ]
    return _node(node, names, parts, box.x, box.y)


def _card(card: Card, names: dict[str, str], pictures: Pictures) -> Html:
    box, node = card.box, card.node
    by_code = (node.by == CODE) if node else all(row.node.by == CODE for row in card.rows)
    told = node.detail if node else "by its code" if by_code else ""
    room = WIDE - 52 - (text_width(told, 10.5) + 8 if told else 0)
    parts = [
        tag("title", card.name),
        tag("rect", width=_n(WIDE), height=_n(box.height), rx="12", class_="card"),
        tag("path", d=ICONS["notebook"], transform="translate(13 11)", class_="icon"),
        tag("text", fit(card.name, room, NAME, bold=True), x=38, y=24, class_="name"),
        tag("text", told, x=_n(WIDE - PAD), y=23, text_anchor="end", class_="detail") if told else None,
        *(_thumb(thumb, node, names, pictures) for thumb in card.thumbs),
        *(_row(card, number, names, pictures) for number in range(len(card.rows))),
        *(_arc(card, arc, names) for arc in card.arcs),
    ]
    where = f"translate({_n(box.x)} {_n(box.y)})"
    if node is None:
        return tag("g", *parts, transform=where, class_=f"notebook {'by-code' if by_code else 'by-recorded'}")
    return _node(node, names, parts, box.x, box.y)


def _row(card: Card, number: int, names: dict[str, str], pictures: Pictures) -> Html:
    row, left = card.rows[number], card.margin
    node, wide = row.node, WIDE - card.margin - PAD
    inner = [
        tag("title", str(node.facts.get("code", ""))[:600].replace("\n", " ⏎ ")),
        tag("rect", x=0, y=2, width=_n(wide), height=_n(ROW - 4), rx="6", class_="row"),
        tag("text", fit(node.label, wide - 18, 11.5, mono=True), x=9, y=19, class_="code"),
        tag("text", fit(node.detail, wide - 18, 10.5), x=9, y=34, class_="detail"),
    ]
    return join(
        [
            _node(node, names, inner, left, row.top),
            *(_thumb(thumb, node, names, pictures) for thumb in row.thumbs),
        ]
    )


def _thumb(thumb: Thumb, owner: Node | None, names: dict[str, str], pictures: Pictures) -> Html:
    node = thumb.node
    wide, high = THUMB
    picture = pictures.get(str(node.facts.get("payload")))
    parts = [
        tag("title", f"{node.label} · {node.detail}"),
        tag("rect", width=_n(wide), height=_n(high), rx="6", class_="frame"),
    ]
    if picture is not None:
        data = f"data:{picture.mime};base64,{b64encode(picture.data).decode()}"
        place = {"x": "4", "y": "4", "width": _n(wide - 8), "height": _n(high - 8)}
        parts.append(tag("image", href=data, preserveAspectRatio="xMidYMid meet", **place))
    else:
        parts.append(
            tag("path", d=ICONS["figure"], transform=f"translate({_n(wide / 2 - 16)} 22) scale(2)", class_="icon")
        )
        parts.append(
            tag("text", fit(node.detail, wide - 12, 10.5), x=_n(wide / 2), y=78, text_anchor="middle", class_="detail")
        )
    if node.count > 1:
        parts.append(tag("rect", x=6, y=_n(high - 24), width=70, height=18, rx="9", class_="badge"))
        parts.append(tag("text", node.label, x=41, y=_n(high - 11), text_anchor="middle", class_="detail"))
    return _node(node, names, parts, thumb.x, thumb.y, owner)


def _arc(card: Card, arc: Arc, names: dict[str, str]) -> Html:
    right = card.margin
    left = right - 8 - LANE * min(arc.lane + 1, LANES) + 2
    top, bottom = arc.above.top + ROW / 2 + 6, arc.below.top + ROW / 2 - 6
    turn = 5 if bottom > top else -5
    way = f"M{_n(right)} {_n(top)}H{_n(left + 5)}Q{_n(left)} {_n(top)} {_n(left)} {_n(top + turn)}V{_n(bottom - turn)}"
    way += f"Q{_n(left)} {_n(bottom)} {_n(left + 5)} {_n(bottom)}H{_n(right - 1)}"
    graph = Graph({node.id: node for node in (arc.above.node, arc.below.node)})
    return _edge(way, arc.edge, names, graph)


def _node(
    node: Node, names: dict[str, str], parts: Sequence[Html | None], x: float, y: float, owner: Node | None = None
) -> Html:
    """Return a node's group; `owner` is the cell that a figure stands with."""
    kinds = f"node {node.kind} by-{node.by}{' target' if node.is_target else ''}"
    of = names[owner.id] if owner else None
    return tag("g", *parts, id=names[node.id], data_of=of, transform=f"translate({_n(x)} {_n(y)})", class_=kinds)


def _n(value: float) -> str:
    """Return a number as SVG has it, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
