"""Ring 3: boxes and lines of a layout, and two steps on one layer: counting crossings, moving without overlaps."""

from dataclasses import dataclass, field

GAP = 22.0  # between two boxes of a layer
NARROW = 10.0  # between two lines, or a line and a box


@dataclass
class Box:
    """One box of a layout: its size, and then where it is, in a layer as wide as `room`.

    `is_bend` marks the place of a line that passes a layer.
    """

    id: str
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    rank: int = 0
    is_bend: bool = False
    room: float = 0.0


@dataclass
class Line:
    """One line from a box to another, by heights below their tops; `bends` are the boxes that it passes.

    `is_back` says that it closes a circle: it goes from the left side of its source to the right side of its target.
    """

    source: str
    target: str
    leaves: float
    enters: float
    bends: list[Box] = field(default_factory=list)
    is_back: bool = False


def inversions(values: list[float]) -> int:
    """Return how many pairs of a list stand in the wrong order."""
    if len(values) < 2:
        return 0
    middle = len(values) // 2
    left, right = values[:middle], values[middle:]
    count = inversions(left) + inversions(right)
    left.sort()
    right.sort()
    at = 0
    for value in right:
        while at < len(left) and left[at] <= value:
            at += 1
        count += len(left) - at
    return count


def settle(layer: list[Box], wanted: dict[str, float]) -> None:
    """Put the boxes of a layer as near to where they are wanted as their order and the gaps allow.

    Pool adjacent violators: boxes that would overlap move as one block to the mean of what they want.
    """
    blocks: list[list[float]] = []  # [sum of wishes, members, first offset]
    offset = 0.0
    offsets = []
    for number, box in enumerate(layer):
        if number:
            before = layer[number - 1]
            offset += before.height + (NARROW if box.is_bend or before.is_bend else GAP)
        offsets.append(offset)
        blocks.append([wanted[box.id] - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            wish, members = blocks.pop()
            blocks[-1][0] += wish
            blocks[-1][1] += members
    at = 0
    for wish, members in blocks:
        for _ in range(int(members)):
            layer[at].y = wish / members + offsets[at]
            at += 1
