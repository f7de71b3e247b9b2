"""Ring 3: pictures of figures, small enough to stand in a drawing: shrunk where Pillow is there, else as they are."""

import io
from collections.abc import Iterable
from typing import NamedTuple

from nbgit.lineage.graph.model import FIGURE, Graph
from nbgit.lineage.history.figures import read_payloads
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.pictures import can_decode

SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
SIDE = (440, 300)  # pixels at most: three times as large as it is drawn
LARGEST = 400_000  # bytes of one picture
ALL = 12_000_000  # bytes of all


class Picture(NamedTuple):
    """A picture's bytes and their media type."""

    mime: str
    data: bytes


def pictures_of(past: Past, graph: Graph) -> dict[str, Picture]:
    """Return digest -> picture for the figures of a graph that some commit has and that can be shown."""
    mimes = {
        str(node.facts["payload"]): str(node.facts["mime"])
        for node in graph.nodes.values()
        if node.kind == FIGURE and node.facts.get("mime") in SHOWN
    }
    return _fitting(mimes, read_payloads(past.repository, past.index, mimes))


def _fitting(mimes: dict[str, str], payloads: Iterable[tuple[str, bytes]]) -> dict[str, Picture]:
    found: dict[str, Picture] = {}
    left = ALL
    for digest, data in payloads:
        picture = _shrunk(mimes[digest], data)
        if len(picture.data) <= min(LARGEST, left):
            left -= len(picture.data)
            found[digest] = picture
    return found


def _shrunk(mime: str, data: bytes) -> Picture:
    """Return a picture no larger than it has to be; one that can't be decoded stays as it is."""
    if mime == "image/svg+xml" or not can_decode():
        return Picture(mime, data)
    from nbgit.lineage.lookup.decoding import on_white, open_picture

    opened = open_picture(data)
    small = on_white(opened) if opened is not None else None
    if small is None:
        return Picture(mime, data)
    small.thumbnail(SIDE)
    target = io.BytesIO()
    small.save(target, "PNG", optimize=True)
    return Picture("image/png", target.getvalue()) if target.tell() < len(data) else Picture(mime, data)
