"""Ring 3: how large the boxes of a drawing are: a card for each notebook with a row for each cell, and small boxes."""

from collections import defaultdict
from dataclasses import dataclass, field

from nbgit.lineage.graph.boxes import Box, Line
from nbgit.lineage.graph.layout import lay_out
from nbgit.lineage.graph.model import CELL, FEEDS, FIGURE, NOTEBOOK, SHOWED, Edge, Graph, Node

WIDE, HEAD, ROW, PAD = 330.0, 38.0, 44.0, 12.0
LANE, LANES = 8.0, 6
THUMB = (146.0, 100.0)
BETWEEN = 10.0
SMALL, SMALLEST, HIGH = 250.0, 130.0, 46.0
LABEL, NAME = 12.5, 13.5  # sizes of bold texts: of a small box, of a card
BOLD = 1.12  # how much wider bold letters are
NARROW_LETTERS, WIDE_LETTERS = frozenset("fijlrtI.,:;'|!()[]{} "), frozenset("mwMW@%—…")


@dataclass
class Thumb:
    """One figure within a card, at a place from the card's corner."""

    node: Node
    x: float
    y: float


@dataclass
class Row:
    """One cell within a card: its middle from the card's top, and its figures; `node` is None for a head alone."""

    node: Node
    top: float
    thumbs: list[Thumb] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Where lines to it end, from the card's top."""
        return self.top + ROW / 2


@dataclass
class Arc:
    """One cell that another one of its card rests on: rows, and the lane that its line takes at the left."""

    edge: Edge
    above: Row
    below: Row
    lane: int = 0


@dataclass
class Card:
    """One notebook: a head, rows, arcs between them; `node` is the notebook's own where the graph is of notebooks."""

    name: str
    box: Box
    node: Node | None = None
    rows: list[Row] = field(default_factory=list)
    thumbs: list[Thumb] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)

    @property
    def margin(self) -> float:
        """What the arcs take at the left."""
        lanes = min(max((arc.lane + 1 for arc in self.arcs), default=0), LANES)
        return PAD + (lanes * LANE + 4 if lanes else 0)


@dataclass
class Plan:
    """Where everything of a drawing is: cards and small boxes by name, lines with the edges that they stand for."""

    cards: dict[str, Card]
    boxes: dict[str, tuple[Box, Node]]
    lines: list[tuple[Line, Edge]]
    width: float
    height: float


def plan(graph: Graph) -> Plan:
    """Return where to draw what."""
    cards = _cards(graph)
    owner: dict[str, tuple[str, float]] = {}  # node -> (box, height of its port)
    for name, card in cards.items():
        if card.node is not None:
            owner[card.node.id] = (name, HEAD / 2)
        for row in card.rows:
            owner[row.node.id] = (name, row.middle)
    small = {}
    for node in graph.nodes.values():
        if node.kind not in (CELL, NOTEBOOK, FIGURE):
            wanted = max(text_width(node.label, LABEL, bold=True), text_width(tell_below(node), 10.5)) + 56
            box = Box(node.id, min(max(wanted, SMALLEST), SMALL), HIGH)
            small[node.id] = (box, node)
            owner[node.id] = (node.id, HIGH / 2)
    lines = []
    for edge in graph.edges:
        if edge.source in owner and edge.target in owner:
            (one, leaves), (two, enters) = owner[edge.source], owner[edge.target]
            if one != two:
                lines.append((Line(one, two, leaves, enters), edge))
    boxes = [*(card.box for card in cards.values()), *(box for box, _ in small.values())]
    width, height = lay_out(boxes, [line for line, _ in lines])
    return Plan(cards, small, lines, width, height)


def tell_below(node: Node) -> str:
    """Return the second line of a small box."""
    told = [node.detail] if node.detail else []
    if node.commit is not None:
        keeper = node.facts.get("kept_by")
        told.append(f"committed {node.commit.oid[:7]}" + (f" ({keeper})" if keeper not in (None, "git") else ""))
    if node.by == "code":
        told.append("by its code")
    return " · ".join(told)


def text_width(text: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """Return about how wide a text is in pixels; no font is at hand to measure it.

    That of DejaVu Sans, the widest of those that the drawing names.
    """
    if mono:
        return sum(size * (0.602 if ord(letter) < 0x2E80 else 1.1) for letter in text)
    return sum(_letter_width(letter) for letter in text) * size * (BOLD if bold else 1)


def fit(text: str, width: float, size: float, *, mono: bool = False, bold: bool = False) -> str:
    """Return a text cut to a width, with an ellipsis where something was left out."""
    if text_width(text, size, mono=mono, bold=bold) <= width:
        return text
    while text and text_width(text + "…", size, mono=mono, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _letter_width(letter: str) -> float:
    if letter in NARROW_LETTERS:
        return 0.33
    if letter in WIDE_LETTERS:
        return 0.9
    if ord(letter) >= 0x2E80:
        return 1.05
    return 0.72 if letter.isupper() else 0.6


def _cards(graph: Graph) -> dict[str, Card]:
    cards: dict[str, Card] = {}
    figures: dict[str, list[Node]] = defaultdict(list)
    for edge in graph.edges:
        if edge.kind == SHOWED:
            figures[edge.source].append(graph.nodes[edge.target])
    nodes = sorted(
        (node for node in graph.nodes.values() if node.kind in (CELL, NOTEBOOK)), key=lambda node: node.place
    )
    for node in nodes:
        home = node.group if node.kind == CELL else node.label
        card = cards.setdefault(f"card:{home}", Card(home, Box(f"card:{home}", WIDE, HEAD)))
        if node.kind == NOTEBOOK:
            card.node = node
            card.thumbs = _thumbs(figures[node.id], PAD, HEAD)
        else:
            card.rows.append(Row(node, 0.0))
    for card in cards.values():
        rows = {row.node.id: row for row in card.rows}
        feeds = [edge for edge in graph.edges if edge.kind == FEEDS and edge.source in rows and edge.target in rows]
        card.arcs = _arcs([Arc(edge, rows[edge.source], rows[edge.target]) for edge in feeds], card.rows)
        _stack(card, figures)
    return cards


def _arcs(arcs: list[Arc], rows: list[Row]) -> list[Arc]:
    """Give arcs lanes: the shortest are innermost, and those that overlap take different ones."""
    place = {id(row): number for number, row in enumerate(rows)}
    taken: list[list[tuple[int, int]]] = []
    spans = []
    for arc in arcs:
        ends = sorted((place[id(arc.above)], place[id(arc.below)]))
        spans.append((ends[1] - ends[0], ends[0], ends[1], arc))
    for _, low, high, arc in sorted(spans, key=lambda span: span[:3]):
        lane = next(
            (n for n, used in enumerate(taken) if all(high <= one or low >= two for one, two in used)), len(taken)
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        arc.lane = lane
    return arcs


def _stack(card: Card, figures: dict[str, list[Node]]) -> None:
    """Put rows below each other, each with its figures, and make the card as high as that."""
    y = HEAD
    for row in card.rows:
        row.top = y
        y += ROW
        row.thumbs = _thumbs(figures[row.node.id], card.margin + PAD, y)
        y += _height(row.thumbs)
    card.box.height = y + _height(card.thumbs) + (PAD if card.rows or card.thumbs else 0)


def _thumbs(figures: list[Node], left: float, top: float) -> list[Thumb]:
    wide = THUMB[0] + BETWEEN
    columns = max(1, int((WIDE - left - PAD + BETWEEN) // wide))
    ordered = sorted(figures, key=lambda node: node.place)
    return [
        Thumb(node, left + wide * (number % columns), top + (THUMB[1] + BETWEEN) * (number // columns))
        for number, node in enumerate(ordered)
    ]


def _height(thumbs: list[Thumb]) -> float:
    return (max(thumb.y for thumb in thumbs) - thumbs[0].y + THUMB[1] + BETWEEN) if thumbs else 0.0
