"""Ring 3: two pictures compared: by their pixels where they may be decoded, else by size and bytes."""

import io
import re

from nbgit.lineage.lookup.pictures import RASTER, can_decode, picture_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbgit.diff.outputs import Output

LARGEST = 40_000_000  # pixels; a larger picture is not decoded (a small file can claim any size)
_SVG = re.compile(rb"<svg\b[^<>]*>")
_SVG_SIDE = re.compile(rb"\s(width|height)\s*=\s*[\"']\s*([\d.]{1,12})")


class FigureEdits:
    """How a figure changed: sizes as (width, height) or None, `share` of the pixels that differ (None: not known)."""

    __slots__ = ("after", "after_size", "before", "before_size", "share")

    def __init__(self, before: "Output", after: "Output", *, decode: bool) -> None:
        self.before = before
        self.after = after
        self.before_size = figure_size(before)
        self.after_size = figure_size(after)
        may = decode and self.before_size == self.after_size and before.mime in RASTER and after.mime in RASTER
        self.share = changed_share(before.payload, after.payload) if may and can_decode() else None

    def summary(self) -> str:
        """Return `640x480 → 640x480, 3.1 % of pixels`."""
        old, new = self._side(self.before, self.before_size), self._side(self.after, self.after_size)
        return ", ".join(filter(None, [f"{old} → {new}", self._what()]))

    def as_json(self) -> "dict[str, Any]":
        """Return sizes and share for programs."""
        return {
            "size_before": list(self.before_size) if self.before_size else None,
            "size_after": list(self.after_size) if self.after_size else None,
            "share_of_pixels": None if self.share is None else round(self.share, 6),
        }

    def _side(self, output: "Output", size: tuple[float, float] | None) -> str:
        kind = output.mime.removeprefix("image/").removeprefix("application/").removesuffix("+xml")
        named = f"{kind} " if self.before.mime != self.after.mime or size is None else ""
        return (named + (size_text(size) if size else "")).strip()

    def _what(self) -> str:
        if self.before_size != self.after_size:
            return ""
        if self.share is None:
            old, new = len(self.before.payload), len(self.after.payload)
            return f"{old:,} → {new:,} bytes" if old != new else f"{new:,} bytes, not the same ones"
        if self.share == 0:
            return "the same pixels"
        return f"{self.share * 100:.1f} % of pixels" if self.share >= 0.0005 else "under 0.1 % of pixels"


def figure_size(output: "Output") -> tuple[float, float] | None:
    """Return (width, height) as the file says: pixels, or an SVG's own units."""
    if output.mime != "image/svg+xml":
        return picture_size(output.payload)
    head = _SVG.search(output.payload[:100_000])
    sides = dict(_SVG_SIDE.findall(head[0])) if head else {}
    try:
        return float(sides[b"width"]), float(sides[b"height"])
    except (KeyError, ValueError):
        return None


def size_text(size: tuple[float, float]) -> str:
    """Return `640x480`."""
    return f"{size[0]:g}x{size[1]:g}"


def changed_share(before: bytes, after: bytes) -> float | None:
    """Return the share (0 to 1) of pixels that differ, or None where one is no picture, too large, or of another size.

    Needs Pillow.
    """
    from PIL import ImageChops

    old, new = decoded(before), decoded(after)
    if old is None or new is None or old.size != new.size:
        return None
    bands = ImageChops.difference(old, new).split()
    largest = bands[0]
    for band in bands[1:]:
        largest = ImageChops.lighter(largest, band)
    pixels: int = old.width * old.height
    return (pixels - int(largest.histogram()[0])) / pixels if pixels else None


def decoded(data: bytes) -> "Any":
    """Return a picture's first frame as Pillow's RGBA image, or None where it is none or too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.convert("RGBA") if picture.width * picture.height <= LARGEST else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
