"""Ring 3: boxes and lines in layers, from left to right, as Sugiyama, Tagawa and Toda (1981) have it.

Circles are opened, boxes ranked by the longest way to them, lines that pass a layer get a place in it, each layer is
ordered by the mean of its neighbours, and then moved as near to them as the order allows.
"""

from collections import defaultdict

from nbgit.lineage.graph.boxes import GAP, Box, Line, inversions, settle

SWEEPS = 16  # of ordering; the order with the fewest crossings counts
STEPS = 12  # of moving
ASIDE = 78.0  # between layers, and more where many lines pass
TALL, WIDEST = 60.0, 300.0  # boxes lower than that are made equally wide, in layers narrower than that
APART = 44.0  # between parts of the graph that have no line to each other


def lay_out(boxes: list[Box], lines: list[Line]) -> tuple[float, float]:
    """Give boxes their places and lines their bends; return the width and height of the whole."""
    parts = _parts(boxes, lines)
    width = height = 0.0
    singles: list[Box] = []
    for part in sorted(parts, key=len, reverse=True):
        if len(part) == 1:
            singles += part
            continue
        names = {box.id for box in part}
        inner = [line for line in lines if line.source in names]
        wide, high = _Layers(part, inner).place()
        bends = {id(bend): bend for line in inner for bend in line.bends}
        for box in [*part, *bends.values()]:
            box.y += height
        height += high + APART
        width = max(width, wide)
    x, row = 0.0, 0.0
    for box in sorted(singles, key=lambda one: (-one.height, one.id)):
        if x and x + box.width > max(width, 1100.0):
            x, height, row = 0.0, height + row + GAP, 0.0
        box.x, box.y = x, height
        x += box.width + 2 * GAP
        row = max(row, box.height)
        width = max(width, box.x + box.width)
    return width, height + row if singles else max(height - APART, 0.0)


def _parts(boxes: list[Box], lines: list[Line]) -> list[list[Box]]:
    """Return the parts of a graph that have no line to each other."""
    leader = {box.id: box.id for box in boxes}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for line in lines:
        leader[find(line.source)] = find(line.target)
    found: dict[str, list[Box]] = {}
    for box in boxes:
        found.setdefault(find(box.id), []).append(box)
    return list(found.values())


class _Layers:
    """Lays out boxes that are all connected."""

    def __init__(self, boxes: list[Box], lines: list[Line]) -> None:
        self._boxes = {box.id: box for box in boxes}
        self._lines = lines
        self._layers: list[list[Box]] = []
        self._left: dict[str, list[tuple[str, float, float]]] = defaultdict(list)  # id -> (neighbour, its port, mine)
        self._right: dict[str, list[tuple[str, float, float]]] = defaultdict(list)

    def place(self) -> tuple[float, float]:
        """Place everything; return width and height."""
        self._open_circles()
        self._rank()
        self._bend()
        self._order()
        self._move()
        return self._columns()

    def _open_circles(self) -> None:
        """Mark the lines that close circles, as a walk from where nothing leads in meets them."""
        after: dict[str, list[Line]] = defaultdict(list)
        into: dict[str, int] = defaultdict(int)
        for line in self._lines:
            after[line.source].append(line)
            into[line.target] += 1
        state: dict[str, int] = {}
        for start in sorted(self._boxes, key=lambda name: (into[name] > 0, -self._boxes[name].height, name)):
            if start in state:
                continue
            state[start] = 1
            walk = [(start, iter(after[start]))]
            while walk:
                name, rest = walk[-1]
                found = next(rest, None)
                if found is None:
                    state[name] = 2
                    walk.pop()
                elif found.target not in state:
                    state[found.target] = 1
                    walk.append((found.target, iter(after[found.target])))
                elif state[found.target] == 1:
                    found.is_back = True

    def _rank(self) -> None:
        """Rank boxes by the longest way to them; what only leads out of the graph's beginning moves to its reader."""
        after: dict[str, set[str]] = defaultdict(set)
        into: dict[str, int] = defaultdict(int)
        for line in self._lines:
            one, two = (line.target, line.source) if line.is_back else (line.source, line.target)
            if two not in after[one]:
                after[one].add(two)
                into[two] += 1
        waiting = dict(into)
        todo = [name for name in self._boxes if not into[name]]
        order = []
        while todo:
            name = todo.pop()
            order.append(name)
            for other in sorted(after[name]):
                self._boxes[other].rank = max(self._boxes[other].rank, self._boxes[name].rank + 1)
                waiting[other] -= 1
                if not waiting[other]:
                    todo.append(other)
        for name in reversed(order):
            if after[name] and not into[name]:
                self._boxes[name].rank = min(self._boxes[other].rank for other in after[name]) - 1
        lowest = min(box.rank for box in self._boxes.values())
        for box in self._boxes.values():
            box.rank -= lowest

    def _bend(self) -> None:
        """Give lines a place in each layer that they pass; lines from one place share it."""
        shared: dict[tuple[str, float, int], Box] = {}
        for line in self._lines:
            one, two = (line.target, line.source) if line.is_back else (line.source, line.target)
            out, enter = (line.enters, line.leaves) if line.is_back else (line.leaves, line.enters)
            before, port = one, out
            for rank in range(self._boxes[one].rank + 1, self._boxes[two].rank):
                key = (line.target if line.is_back else line.source, out, rank)
                bend = shared.get(key)
                if bend is None:
                    bend = shared[key] = Box(f"bend {len(shared)}", 0.0, 2.0, rank=rank, is_bend=True)
                    self._boxes[bend.id] = bend
                    self._join(before, bend.id, port, 1.0)
                line.bends.append(bend)
                before, port = bend.id, 1.0
            self._join(before, two, port, enter)
        self._layers = [[] for _ in range(max(box.rank for box in self._boxes.values()) + 1)]
        for box in self._boxes.values():
            self._layers[box.rank].append(box)

    def _join(self, one: str, two: str, out: float, enter: float) -> None:
        self._right[one].append((two, enter, out))
        self._left[two].append((one, out, enter))

    def _order(self) -> None:
        """Order each layer by the mean place of its neighbours, up and down, and keep the best order that came up."""
        best, fewest = [list(layer) for layer in self._layers], self._crossings()
        for sweep in range(SWEEPS):
            layers = self._layers if sweep % 2 == 0 else self._layers[::-1]
            ends = self._left if sweep % 2 == 0 else self._right
            for layer in layers:
                places = self._places()
                here = {box.id: number for number, box in enumerate(layer)}
                layer.sort(key=lambda box: (_mean(places, ends[box.id], here[box.id]), here[box.id]))
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self._layers], crossings
        self._layers = best

    def _places(self) -> dict[str, tuple[float, float]]:
        """Return id -> (place of the box in its layer, its height): as the order alone has it."""
        found = {}
        for layer in self._layers:
            y = 0.0
            for box in layer:
                found[box.id] = (y, box.height)
                y += box.height + GAP
        return found

    def _crossings(self) -> int:
        places = self._places()
        count = 0
        for layer in self._layers:
            ends = [
                (places[box.id][0] + out, places[other][0] + enter)
                for box in layer
                for other, enter, out in self._right[box.id]
            ]
            ends.sort()
            count += inversions([end for _, end in ends])
        return count

    def _move(self) -> None:
        """Move boxes towards their neighbours, without changing the order of a layer."""
        for layer in self._layers:
            settle(layer, {box.id: 0.0 for box in layer})
        for step in range(STEPS):
            layers = self._layers if step % 2 == 0 else self._layers[::-1]
            for layer in layers:
                wanted = {}
                for box in layer:
                    sides = [self._left[box.id], self._right[box.id]]
                    ends = [*sides[0], *sides[1]] if step >= STEPS // 2 else sides[step % 2] or sides[1 - step % 2]
                    tops = [self._boxes[other].y + port - own for other, port, own in ends]
                    wanted[box.id] = sum(tops) / len(tops) if tops else box.y
                settle(layer, wanted)

    def _columns(self) -> tuple[float, float]:
        """Give every layer its place from left to right; return the size of the whole."""
        x = width = 0.0
        for number, layer in enumerate(self._layers):
            width = max(box.width for box in layer)
            passing = sum(len(self._right[box.id]) for box in layer)
            small = max((box.width for box in layer if box.height < TALL), default=0.0)
            for box in layer:
                box.x, box.room = x, width
                if box.is_bend or (box.height < TALL and width < WIDEST):
                    box.width = width if box.is_bend else small
            x += width + (min(ASIDE + 3 * passing, 2.2 * ASIDE) if number + 1 < len(self._layers) else 0.0)
        top = min(box.y for box in self._boxes.values())
        for box in self._boxes.values():
            box.y -= top
        return x, max(box.y + box.height for box in self._boxes.values())


def _mean(places: dict[str, tuple[float, float]], ends: list[tuple[str, float, float]], here: int) -> float:
    if not ends:
        return here * (GAP + 40)
    return sum(places[other][0] + port for other, port, _ in ends) / len(ends)
