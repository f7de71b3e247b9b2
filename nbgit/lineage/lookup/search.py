"""Ring 3: which payloads a file shows that was seen elsewhere: by its pixels, its drawing, or because it is alike.

Surest first; what is less sure is asked only where nothing surer was found. Equal pixels need only the payloads of the
same size decoded; what is alike needs a signature of every picture (`signatures.py`).
"""

from typing import NamedTuple

from nbgit.lineage.history.figures import digest_bytes, read_payloads
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.asked import Asked, Part
from nbgit.lineage.lookup.decoding import pixel_digest
from nbgit.lineage.lookup.evidence import ALIKE, DRAWING, PIXELS, SHAPES, Evidence
from nbgit.lineage.lookup.likeness import ALIKE as MOST_ALIKE
from nbgit.lineage.lookup.likeness import Comparison, Likeness, Signature
from nbgit.lineage.lookup.pictures import RASTER, picture_size
from nbgit.lineage.lookup.signatures import PDF, SVG, learn_signatures, learn_traces, shortlist, with_pixels, with_trace
from nbgit.lineage.lookup.svg import SHAPES as SVG_SHAPES

Known = dict[str, tuple[int | None, int | None, bytes | None]]  # digest -> (width, height, digest of the pixels)
LOOKED_AT = 4  # of the shortlist, those compared closely
MOST = 5  # candidates that are told
_BESIDE = 1.6  # a candidate differs at most this many times as much as the best
_ALONE, _FAR = 3, 2 * MOST_ALIKE  # all others differ at least so many times as much, and so much


class Found(NamedTuple):
    """A payload, and what speaks for it."""

    digest: str
    evidence: Evidence


def find_same(past: Past, data: bytes, asked: Asked) -> list[Found]:
    """Return the payloads that have the same pixels or the same drawing as the file, or as a part of it."""
    found = {}
    if asked.kind == "picture":
        found = {digest: Evidence(PIXELS) for digest in digests_with_pixels(past, data)}
    mime = {"svg": SVG, "pdf": PDF}.get(asked.kind)
    if mime and asked.traces():
        learn_traces(past, mime)
        for trace in asked.traces():
            if trace.kind != SVG_SHAPES:
                place = trace.place if mime == PDF else ""
                for digest in with_trace(past, mime, trace.kind, trace.digest):
                    found.setdefault(digest, Evidence(DRAWING, place))
    if asked.kind == "pdf" and not found:
        learn_signatures(past)
        for part in asked.pictures():
            for digest in with_pixels(past, part.pixels[1]) if part.pixels else ():
                found.setdefault(digest, Evidence(PIXELS, part.place))
    return [Found(*item) for item in found.items()]


def find_alike(past: Past, asked: Asked) -> list[Found]:
    """Return the payloads that are alike, best first; empty where none is, however near the nearest."""
    if asked.kind == "svg":
        shapes = [trace.digest for trace in asked.traces() if trace.kind == SVG_SHAPES]
        return [Found(one, Evidence(SHAPES)) for trace in shapes for one in with_trace(past, SVG, SVG_SHAPES, trace)]
    learn_signatures(past)
    best: dict[bytes, tuple[Likeness, Evidence]] = {}
    for part in (*asked.pictures(), *asked.pages()):
        for pixels, likeness, evidence in _alike_to(past, part):
            if pixels not in best or likeness.rank < best[pixels][0].rank:
                best[pixels] = likeness, evidence
    ranked = sorted(best.items(), key=lambda item: item[1][0].rank)[:MOST]
    return [Found(digest, evidence) for pixels, (_, evidence) in ranked for digest in with_pixels(past, pixels)]


def _alike_to(past: Past, part: Part) -> list[tuple[bytes, Likeness, Evidence]]:
    """Return (digest of the pixels, how alike, evidence) of what is alike to a part, best first."""
    if part.signature is None:
        return []
    comparison = Comparison(part.signature)
    near = shortlist(past, part.signature)
    near.sort(key=lambda item: comparison.roughly(item[1]), reverse=True)
    measured = [(comparison.closely(other), pixels) for pixels, other in near[:LOOKED_AT]]
    measured.sort(key=lambda item: item[0].rank)
    if not measured:
        return []
    if part.is_drawn and not any(likeness.is_alike for likeness, _ in measured):
        return _drawn_alike(part, comparison, near[:LOOKED_AT])
    most = min(likeness.difference for likeness, _ in measured) * _BESIDE
    return [
        (pixels, likeness, _told(part, likeness, [other for other, _ in measured if other is not likeness]))
        for likeness, pixels in measured
        if likeness.is_alike and likeness.difference <= most
    ]


def _drawn_alike(
    part: Part, comparison: Comparison, near: list[tuple[bytes, Signature]]
) -> list[tuple[bytes, Likeness, Evidence]]:
    """Return the one picture that is alike to a drawn page, if all others are much farther off.

    What drew the picture may have moved each thin line to the nearest pixel, as matplotlib does; a page has them where
    they belong.
    """
    measured = [(comparison.closely(other, loosely=True), pixels) for pixels, other in near]
    measured.sort(key=lambda item: item[0].rank)
    likeness, pixels = measured[0]
    others = [other for other, _ in measured[1:]]
    if not likeness.is_alike or any(other.difference < max(_ALONE * likeness.difference, _FAR) for other in others):
        return []
    return [(pixels, likeness, _told(part, likeness, others))]


def _told(part: Part, likeness: Likeness, others: list[Likeness]) -> Evidence:
    nearest = others[0] if others else None
    beside = (nearest.correlation, nearest.difference) if nearest else (None, None)
    return Evidence(ALIKE, part.place, likeness.correlation, likeness.difference, *beside)


def digests_with_pixels(past: Past, data: bytes) -> list[str]:
    """Return the digests of the payloads that decode to the same pixels as `data`; none where `data` is no picture."""
    wanted = pixel_digest(data)
    if wanted is None:
        return []
    (width, height), pixels = wanted
    known = _known_pictures(past)
    unsized = [digest for digest, (w, _, p) in known.items() if w is None and p is None]
    same_size = [digest for digest, (w, h, p) in known.items() if p is None and (w, h) == (width, height)]
    for digest, payload in read_payloads(past.repository, past.index, [*same_size, *unsized]):
        size = picture_size(payload)
        found = pixel_digest(payload) if size in (None, (width, height)) else None
        if found:
            known[digest] = (*found[0], found[1])
        else:  # of another size, or no picture whatever its type says (an empty digest says so for good)
            known[digest] = (*size, None) if size and size != (width, height) else (None, None, b"")
        _remember(past, digest, known[digest])
    return [digest for digest, (_, _, found) in known.items() if found == pixels]


def _known_pictures(past: Past) -> Known:
    marks = ",".join("?" * len(RASTER))
    rows = past.index.connection.execute(
        "SELECT data.digest, width, height, pixels FROM data LEFT JOIN pictures ON pictures.digest = data.digest"
        f" WHERE mime IN ({marks})",
        RASTER,
    )
    return {"sha256:" + digest.hex(): (width, height, pixels) for digest, width, height, pixels in rows}


def _remember(past: Past, digest: str, found: tuple[int | None, int | None, bytes | None]) -> None:
    with past.index.writing() as connection:
        connection.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)", [digest_bytes(digest), *found])
