"""Ring 3: which payloads show the same pixels as a picture, whatever their bytes (a PNG saved again, or as WebP).

Only payloads of the same width and height are decoded, each once: the index keeps what was found. Exact by design: two
pictures are the same when every pixel is; what is merely alike is not claimed.
"""

from nbgit.lineage.figures import digest_bytes, read_payloads
from nbgit.lineage.past import Past
from nbgit.lineage.pictures import RASTER, picture_size, pixel_digest

Known = dict[str, tuple[int | None, int | None, bytes | None]]  # digest -> (width, height, digest of the pixels)


def digests_with_pixels(past: Past, data: bytes) -> list[str] | None:
    """Return the digests of the payloads that decode to the same pixels as `data`; None where `data` is no picture."""
    wanted = pixel_digest(data)
    if wanted is None:
        return None
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
