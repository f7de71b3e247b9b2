"""Ring 3: what the index keeps of each payload so that it is found again elsewhere: signatures and traces.

Made when a picture is first asked about that is in no output by its bytes, once for each payload, and stored every few
payloads, so that what was interrupted goes on where it stopped.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from nbgit.lineage.history.figures import digest_bytes, read_payloads
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.decoding import Pixels, digest_of, on_white, open_picture
from nbgit.lineage.lookup.likeness import Signature, bits_apart, signature_of, unpack
from nbgit.lineage.lookup.pdf import STREAM, Pdf, can_read_pdf
from nbgit.lineage.lookup.pictures import RASTER
from nbgit.lineage.lookup.svg import traces_of_svg

SVG, PDF = "image/svg+xml", "application/pdf"
SHORTLIST = 20
_AT_ONCE = 64  # payloads stored in one transaction
_READ = "read"  # the kind of the row that says that a payload has been read, whatever it holds


def learn_signatures(past: Past) -> None:
    """Put into the index the signature, and the digest of the pixels, of each picture that lacks one."""
    marks = ",".join("?" * len(RASTER))
    rows = past.index.connection.execute(
        f"SELECT DISTINCT digest FROM data WHERE mime IN ({marks}) AND digest NOT IN (SELECT digest FROM signatures)",
        RASTER,
    )
    wanted = ["sha256:" + digest.hex() for (digest,) in rows.fetchall()]
    done = 0
    with ThreadPoolExecutor(2) as threads:  # Pillow decodes without holding the interpreter's lock
        for some in _in_groups(read_payloads(past.repository, past.index, wanted)):
            found = list(threads.map(_describe, [data for _, data in some]))
            with past.index.writing() as connection:
                for (name, _), (pixels, signature) in zip(some, found, strict=True):
                    digest = digest_bytes(name)
                    size = pixels[0] if pixels else (None, None)
                    row = (digest, *size, pixels[1] if pixels else b"")
                    connection.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)", row)
                    bits = signature.hash.to_bytes(32, "big") if signature else None
                    connection.execute("INSERT OR REPLACE INTO signatures VALUES (?, ?)", (digest, bits))
                    if signature:
                        row = (digest, signature.pack())
                        connection.execute("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", row)
            done += len(some)
            past.report(done, len(wanted))


def learn_traces(past: Past, mime: str) -> None:
    """Put into the index the traces of each payload of a type (SVG or PDF) that lacks them."""
    rows = past.index.connection.execute(
        "SELECT digest FROM data WHERE mime = ? AND digest NOT IN (SELECT digest FROM traces)", [mime]
    )
    wanted = ["sha256:" + digest.hex() for (digest,) in rows.fetchall()]
    done = 0
    for some in _in_groups(read_payloads(past.repository, past.index, wanted)):
        with past.index.writing() as connection:
            for name, data in some:
                digest = digest_bytes(name)
                traces = [(_READ, b""), *_traces_of(data, mime)]
                connection.executemany("INSERT INTO traces VALUES (?, ?, ?)", [(digest, *row) for row in traces])
        done += len(some)
        past.report(done, len(wanted))


def with_trace(past: Past, mime: str, kind: str, trace: bytes) -> list[str]:
    """Return the digests of the payloads of a type that have a trace."""
    rows = past.index.connection.execute(
        "SELECT DISTINCT traces.digest FROM traces JOIN data ON data.digest = traces.digest"
        " WHERE kind = ? AND trace = ? AND mime = ?",
        [kind, trace, mime],
    )
    return ["sha256:" + digest.hex() for (digest,) in rows]


def with_pixels(past: Past, pixels: bytes) -> list[str]:
    """Return the digests of the pictures that decode to these pixels, as far as they were decoded."""
    rows = past.index.connection.execute("SELECT digest FROM pictures WHERE pixels = ?", [pixels])
    return ["sha256:" + digest.hex() for (digest,) in rows]


def shortlist(past: Past, asked: Signature) -> list[tuple[bytes, Signature]]:
    """Return (digest of the pixels, signature) of the pictures whose hashes are nearest; the same pixels count once."""
    rows = past.index.connection.execute(
        "SELECT pixels, min(signatures.digest), hash FROM signatures JOIN pictures USING (digest)"
        " WHERE hash IS NOT NULL AND length(pixels) > 0 GROUP BY pixels"
    )
    nearest = sorted((bits_apart(asked.hash, int.from_bytes(bits, "big")), *row, bits) for *row, bits in rows)
    found = []
    for _, pixels, digest, bits in nearest[:SHORTLIST]:
        row = past.index.connection.execute("SELECT packed FROM thumbnails WHERE digest = ?", [digest]).fetchone()
        signature = unpack(bits, row[0]) if row else None
        if signature is not None:
            found.append((pixels, signature))
    return found


def _describe(data: bytes) -> tuple[Pixels | None, Signature | None]:
    picture = open_picture(data)
    pixels = digest_of(picture) if picture else None
    shown = on_white(picture) if picture and pixels else None
    return pixels, signature_of(shown) if shown else None


def _traces_of(data: bytes, mime: str) -> list[tuple[str, bytes]]:
    if mime == SVG:
        return list(traces_of_svg(data).items())
    return [(STREAM, trace) for trace in {trace for trace, _ in Pdf(data).traces()}] if can_read_pdf() else []


def _in_groups(payloads: Iterator[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    some: list[tuple[str, bytes]] = []
    for payload in payloads:
        some.append(payload)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
