"""Ring 3: how alike two pictures are, whatever became of one: JPEG, another size, a screenshot, a crop (Pillow only).

A picture's margins are trimmed, then it is scaled to a square of SIDE pixels in grey: its thumbnail. A perceptual hash
of that (256 bits of its DCT) makes a shortlist; then thumbnails are compared, one moved and stretched a little to lie
on the other. Neither proves that two pictures are the same (docs/design.md, "Figures seen elsewhere").
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 128  # pixels of a thumbnail
ALIKE = 9 / 255  # measured (docs/design.md): what was saved anew stays below, most other data are above
_GRID, _WAVES = 32, 16  # the hash: 16 x 16 lowest waves of 32 x 32 pixels
_NEAR = 28  # of 255: less is the same colour (JPEG's noise around lines)
_LAYERS = 3  # margins within margins: a page around a figure around its axes
_RIM = 0.01  # of the side: less than the inline backend leaves around a figure
_THIN = 0.012  # of the side: an inner margin must be thicker than a line
_FIELDS = 32  # a side, in fields of which the one that differs most decides
_EDGE = 0.1  # of the contrast within a pixel's reach: so much an edge that lies a little aside may explain
ALIKE_ELSEWHERE = 12 / 255  # where all the rest is the same: a sharp edge in an image that lies a little aside
_ALL_BUT_ONE = 0.998  # correlation
_LEAST = 0.8  # correlation; below it nothing is alike, whatever the fields say
_GREY = 24  # of 255, between the primaries: less is no colour
_SAME_COLOUR = 0.25
_COARSE: tuple[float, ...] = (2, 1)  # steps by which edges are moved, in pixels of that side
_FINE: dict[int, tuple[float, ...]] = {64: (1,), SIDE: (1, 0.5)}
_CLIMBS = 3

Box = tuple[float, float, float, float]
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


class Signature(NamedTuple):
    """What is kept of a picture once trimmed: a hash of 256 bits, SIDE x SIDE grey pixels, 32 x 32 fields in RGB."""

    hash: int
    grey: bytes
    colours: bytes

    def pack(self) -> bytes:
        """Return the thumbnails as the index keeps them."""
        return zlib.compress(self.grey + self.colours, 1)


def unpack(bits: bytes, packed: bytes) -> Signature | None:
    """Return a signature from what the index keeps; None for what is of another form."""
    whole = zlib.decompress(packed)
    if len(whole) != SIDE * SIDE + 3 * _FIELDS * _FIELDS:
        return None
    return Signature(int.from_bytes(bits, "big"), whole[: SIDE * SIDE], whole[SIDE * SIDE :])


def signature_of(picture: Image) -> Signature | None:
    """Return the signature of an RGB or grey picture, or None where it shows one colour only."""
    grey = picture.convert("L")
    inner = trimmed(grey)
    if inner is None:
        return None
    from PIL.Image import Resampling

    box = _with_rim(inner, grey.size)
    thumbnail = grey.resize((SIDE, SIDE), Resampling.BILINEAR, box)
    colours = picture.convert("RGB").resize((_FIELDS, _FIELDS), Resampling.BILINEAR, box)
    return Signature(perceptual_hash(thumbnail), thumbnail.tobytes(), colours.tobytes())


def _with_rim(box: tuple[int, int, int, int], size: tuple[int, int]) -> Box:
    """Return a box with a little of the margin around it, as far as there is one: what is moved finds no black edge."""
    wide, high = (box[2] - box[0]) * _RIM, (box[3] - box[1]) * _RIM
    left, top = max(0.0, box[0] - wide), max(0.0, box[1] - high)
    return left, top, min(float(size[0]), box[2] + wide), min(float(size[1]), box[3] + high)


def trimmed(grey: Image) -> tuple[int, int, int, int] | None:
    """Return the box (left, top, right, bottom) of a grey picture without its margins, or None for one colour."""
    from PIL import ImageChops

    left, top, right, bottom = 0, 0, grey.width, grey.height
    for layer in range(_LAYERS):
        part = grey.crop((left, top, right, bottom))
        edges = [(0, 0, part.width, 1), (0, part.height - 1, part.width, part.height)]
        edges += [(0, 0, 1, part.height), (part.width - 1, 0, part.width, part.height)]
        counts = [sum(row) for row in zip(*(part.crop(edge).histogram() for edge in edges), strict=True)]
        colour = max(range(256), key=counts.__getitem__)
        away = ImageChops.difference(part, part.point([colour] * 256)).point([0] * _NEAR + [255] * (256 - _NEAR))
        box = away.getbbox()
        if box is None:
            return None if layer == 0 else (left, top, right, bottom)
        thickness = max(box[0], part.width - box[2]) / part.width, max(box[1], part.height - box[3]) / part.height
        if layer and max(thickness) < _THIN:
            break
        left, top, right, bottom = left + box[0], top + box[1], left + box[2], top + box[3]
    return left, top, right, bottom


def perceptual_hash(thumbnail: Image) -> int:
    """Return 256 bits: which of the 16 x 16 lowest waves of a DCT are above their median (as imagehash.phash)."""
    from PIL.Image import Resampling

    grid = thumbnail.resize((_GRID, _GRID), Resampling.BOX).tobytes()
    waves = _cosines()
    rows = [[sum(map(mul, grid[at : at + _GRID], wave)) for wave in waves] for at in range(0, len(grid), _GRID)]
    found = [sum(map(mul, column, wave)) for column in zip(*rows, strict=True) for wave in waves]
    middle = sorted(found)[len(found) // 2]
    return int("".join("1" if value > middle else "0" for value in found), 2)


def bits_apart(one: int, other: int) -> int:
    """Return how many bits of two hashes differ, 0 to 256."""
    return (one ^ other).bit_count()


class Likeness(NamedTuple):
    """How alike two pictures are once one lies on the other.

    `correlation` is 1 for the same picture up to brightness and contrast; `difference` is that of the one of 32 x 32
    fields in which they differ most beyond what edges and gamma explain, as a share of black to white;
    `off_colour` is how far apart the colours of a field are at most, 0 where the picture that is asked about is grey.
    """

    correlation: float
    difference: float
    off_colour: float

    @property
    def is_alike(self) -> bool:
        """Whether the difference may come from saving alone; that is no proof that it does."""
        most = ALIKE_ELSEWHERE if self.correlation >= _ALL_BUT_ONE else ALIKE
        return self.difference <= most and self.correlation >= _LEAST and self.off_colour <= _SAME_COLOUR

    @property
    def rank(self) -> tuple[int, float]:
        """What sorts the likest first: the field that differs most, to a grey level, then correlation."""
        return round(self.difference * 255), -self.correlation


class Comparison:
    """One picture, held against the thumbnails of others."""

    def __init__(self, asked: Signature) -> None:
        """Prepare the scaled copies of the picture that is asked about."""
        self._asked = {side: _scaled(asked.grey, side) for side in (_FIELDS, *_FINE)}
        self._colours = asked.colours
        self._sums = {side: _sums(image) for side, image in self._asked.items()}

    def roughly(self, other: Signature) -> float:
        """Return the correlation at 32 x 32 pixels, one moved so that they agree best: what picks those to look at."""
        return self._align(other.grey, {_FIELDS: _COARSE})[0]

    def closely(self, other: Signature, *, loosely: bool = False) -> Likeness:
        """Return how alike two pictures are, one moved so that they agree best; `loosely`, each field up to a pixel."""
        correlation, box = self._align(other.grey, {_FIELDS: _COARSE, **_FINE})
        mine, whole = _fields(self._asked[SIDE]), _scaled(other.grey, SIDE)
        tone = _tone(_fields(_moved(whole, box)), mine)
        off = [255.0] * len(mine)
        for right, down in _ASIDE if loosely else _ASIDE[:1]:
            moved = _moved(whole, (box[0] + right, box[1] + down, box[2] + right, box[3] + down))
            off = list(map(min, off, _differences(mine, moved, tone)))
        return Likeness(correlation, max(*off, 0.0) / 255, self._off_colour(other.colours, box))

    def _off_colour(self, colours: bytes, box: Box) -> float:
        """Return how far apart two fields' red and blue, as seen from their green, are at most (0 to 1)."""
        from PIL import Image

        moved = _moved(Image.frombytes("RGB", (_FIELDS, _FIELDS), colours), box).tobytes()
        tints, others = (
            [(p[at] - p[at + 1], p[at + 2] - p[at + 1]) for at in range(0, len(p), 3)] for p in (self._colours, moved)
        )
        if max(max(abs(red), abs(blue)) for red, blue in tints) <= _GREY:
            return 0.0
        return max(max(abs(a - c), abs(b - d)) for (a, b), (c, d) in zip(tints, others, strict=True)) / 255

    def _align(self, thumbnail: bytes, levels: dict[int, tuple[float, ...]]) -> tuple[float, Box]:
        """Return the best correlation found by moving the other's edges, coarse to fine, and its box that agrees."""
        box, best = _WHOLE, -1.0
        for side, steps in levels.items():
            other = _scaled(thumbnail, side)
            best = self._correlate(_moved(other, box), side)
            for step in steps:
                best, box = self._climb(other, side, box, best, step / side)
        return best, box

    def _climb(self, other: Image, side: int, box: Box, best: float, step: float) -> tuple[float, Box]:
        for _ in range(_CLIMBS):
            before = box
            for left, top, right, bottom in _MOVES:
                tried = (box[0] + step * left, box[1] + step * top, box[2] + step * right, box[3] + step * bottom)
                found = self._correlate(_moved(other, tried), side)
                if found > best:
                    best, box = found, tried
            if box == before:
                break
        return best, box

    def _correlate(self, other: Image, side: int) -> float:
        from PIL import ImageChops

        count = side * side
        mine, mine_squared = self._sums[side]
        theirs, theirs_squared = _sums(other)
        apart = _sums(ImageChops.difference(self._asked[side], other))[1]
        both = (mine_squared + theirs_squared - apart) / 2 - mine * theirs / count
        spread = (mine_squared - mine * mine / count) * (theirs_squared - theirs * theirs / count)
        return both / math.sqrt(spread) if spread > 0 else 0.0


# Edges of a box (left, top, right, bottom) that are moved together: whole, one side, or both sides apart.
_MOVES = tuple(
    tuple(sign * by for by in move)
    for move in ((1, 0, 1, 0), (0, 1, 0, 1), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    for sign in (1, -1)
)

_ASIDE = ((0.0, 0.0), *((right / 2 / SIDE, down / 2 / SIDE) for right in range(-2, 3) for down in range(-2, 3)))


def _scaled(thumbnail: bytes, side: int) -> Image:
    from PIL import Image

    whole = Image.frombytes("L", (SIDE, SIDE), thumbnail)
    return whole if side == SIDE else whole.reduce(SIDE // side)


def _moved(image: Image, box: Box) -> Image:
    """Return what stands in a box (in shares of the sides) of a square picture, in its size."""
    from PIL.Image import Resampling, Transform

    if box == _WHOLE:
        return image
    edges = tuple(edge * image.width for edge in box)
    corner = image.getpixel((0, 0))
    return image.transform(image.size, Transform.EXTENT, edges, Resampling.BILINEAR, fillcolor=corner)


def _fields(image: Image) -> bytes:
    return image.reduce(SIDE // _FIELDS).tobytes()


def _differences(mine: bytes, moved: Image, tone: list[float]) -> Iterator[float]:
    """Yield how far each field differs beyond what edges may explain, in greys."""
    from PIL import ImageFilter

    low, high = (_fields(moved.filter(kind(3))) for kind in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
    for one, their, lower, upper in zip(mine, _fields(moved), low, high, strict=True):
        yield abs(one - tone[their]) - _EDGE * abs(tone[upper] - tone[lower])


def _tone(values: bytes, wanted: bytes) -> list[float]:
    """Return what each grey of one picture is in another: the parabola of least squares (contrast and gamma).

    Solved by Cramer's rule, with greys from -1 to 1 so that it is well conditioned; the mean where there is one grey.
    """
    scaled = [(value - 127.5) / 127.5 for value in range(256)]
    greys = [scaled[value] for value in values]
    squares = list(map(mul, greys, greys))
    n, s1, s2 = len(greys), sum(greys), sum(squares)
    s3, s4 = sum(map(mul, squares, greys)), sum(map(mul, squares, squares))
    t0, t1, t2 = sum(wanted), sum(map(mul, wanted, greys)), sum(map(mul, wanted, squares))
    whole = n * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s3 * s2) + s2 * (s1 * s3 - s2 * s2)
    if abs(whole) < 1e-9:
        return _line(scaled, (n, s1, s2), (t0, t1))
    a = (t0 * (s2 * s4 - s3 * s3) - s1 * (t1 * s4 - s3 * t2) + s2 * (t1 * s3 - s2 * t2)) / whole
    b = (n * (t1 * s4 - s3 * t2) - t0 * (s1 * s4 - s3 * s2) + s2 * (s1 * t2 - t1 * s2)) / whole
    c = (n * (s2 * t2 - t1 * s3) - s1 * (s1 * t2 - t1 * s2) + t0 * (s1 * s3 - s2 * s2)) / whole
    return [a + b * grey + c * grey * grey for grey in scaled]


def _line(scaled: list[float], sums: tuple[float, float, float], wanted: tuple[float, float]) -> list[float]:
    """Return what `_tone` does where there are two greys or one only: a line, or the mean."""
    (n, s1, s2), (t0, t1) = sums, wanted
    spread = n * s2 - s1 * s1
    slope = (n * t1 - s1 * t0) / spread if spread > 1e-9 else 0.0
    return [t0 / n + slope * (grey - s1 / n) for grey in scaled]


def _sums(image: Image) -> tuple[int, int]:
    """Return the sum of a grey picture's pixels, and of their squares; exact, and by its histogram fast."""
    counts = image.histogram()
    return sum(map(mul, counts, range(256))), sum(map(mul, counts, _SQUARES))


_SQUARES = tuple(value * value for value in range(256))


@cache
def _cosines() -> list[tuple[float, ...]]:
    """Return the lowest waves of the DCT-II."""
    return [
        tuple(math.cos(math.pi * wave * (2 * at + 1) / (2 * _GRID)) for at in range(_GRID)) for wave in range(_WAVES)
    ]
