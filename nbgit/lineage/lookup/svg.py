"""Ring 3: what of an SVG stays the same when it is drawn or saved again: its drawing, and its shapes.

The drawing is all elements and attributes of SVG but for ids (which matplotlib makes anew each time: they are counted),
metadata, dates, comments and what editors add in name spaces of their own. The shapes are paths, points and texts
alone, numbers rounded: what is left when an editor has written styles and groups in its own way.
"""

import re
from hashlib import sha256
from xml.parsers import expat

LARGEST = 64 << 20  # bytes
DRAWING, SHAPES = "drawing", "shapes"
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_UNSEEN = {"metadata", "title", "desc", "script"}
_GEOMETRY = ("d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "href")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:[eE][-+]?\d+)?")
_REFERENCE = re.compile(r"url\(\s*[\"']?#([^\"')]*)[\"']?\s*\)")


def looks_like_svg(data: bytes) -> bool:
    """Return whether bytes may be an SVG; only reading it makes sure."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and b"<svg" in data[: 1 << 16]


def traces_of_svg(data: bytes) -> dict[str, bytes]:
    """Return the digests of an SVG's drawing and of its shapes (if it has any); {} for what is none or is damaged."""
    if len(data) > LARGEST:
        return {}
    reader = _Reader()
    try:
        reader.read(data)
    except (expat.ExpatError, _Refused, ValueError):
        return {}
    if not reader.is_svg:
        return {}
    found = {DRAWING: reader.drawing.digest()}
    return {**found, SHAPES: reader.shapes.digest()} if reader.shape_count else found


class _Refused(Exception):
    """The document declares entities: a few lines of them can stand for gigabytes."""


class _Reader:
    def __init__(self) -> None:
        self.drawing, self.shapes = sha256(), sha256()
        self.shape_count = 0
        self.is_svg = False
        self._ids: dict[str, str] = {}
        self._depth = self._unseen_below = 0
        self._text: list[str] = []

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = self._refuse
        parser.Parse(data, True)

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        self._depth += 1
        space, _, tag = name.rpartition(" ")
        if self._depth == 1:
            self.is_svg = tag == "svg" and space in (_SVG, "")
        if self._unseen_below:
            return
        if space not in (_SVG, "") or tag in _UNSEEN:
            self._unseen_below = self._depth
            return
        seen = sorted(filter(None, (self._attribute(key, value) for key, value in attributes.items())))
        self.drawing.update(repr((tag, seen)).encode("utf-8", "surrogatepass"))
        shape = [(key, _rounded(value)) for key, value in seen if key in _GEOMETRY and not value.startswith("#")]
        if shape and tag not in ("svg", "use", "clipPath"):
            self.shape_count += 1
            self.shapes.update(repr((tag, shape)).encode("utf-8", "surrogatepass"))

    def _attribute(self, key: str, value: str) -> tuple[str, str] | None:
        space, _, name = key.rpartition(" ")
        if space not in ("", _XLINK) or name.startswith("data-"):
            return None
        if name == "id":
            return name, self._counted(value)
        if name == "href" and value.startswith("#"):
            return name, "#" + self._counted(value[1:])
        value = _REFERENCE.sub(lambda found: f"url(#{self._counted(found[1])})", value)
        if name == "style":
            parts = (part.partition(":") for part in value.split(";") if part.strip())
            return name, ";".join(sorted(f"{left.strip()}:{right.strip()}" for left, _, right in parts))
        return name, " ".join(value.split())

    def _counted(self, identity: str) -> str:
        return self._ids.setdefault(identity, str(len(self._ids)))

    def _end(self, name: str) -> None:
        self._flush()
        if not self._unseen_below:
            self.drawing.update(b"/")
        elif self._unseen_below == self._depth:
            self._unseen_below = 0
        self._depth -= 1

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if text and not self._unseen_below:
            self.drawing.update(b"=" + text.encode("utf-8", "surrogatepass"))
            if not text.startswith("*{"):  # matplotlib's style sheet
                self.shape_count += 1
                self.shapes.update(b"=" + text.encode("utf-8", "surrogatepass"))


def _rounded(value: str) -> str:
    """Return an attribute with its numbers to a hundredth, whatever separates them."""
    if value.startswith("data:"):
        return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    numbers = [f"{float(number):.2f}" for number in _NUMBER.findall(value)]
    letters = "".join(letter for letter in _NUMBER.sub("", value) if letter.isalpha())
    return f"{letters} {' '.join(numbers)}"
