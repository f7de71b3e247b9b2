"""Ring 3: whether what a recipe made again is the same as what is there, and if not, by how much it differs."""

import mimetypes
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from nbgit.diff.compare import compare, describe, tell
from nbgit.diff.outputs import Output, OutputChange, read_outputs
from nbgit.lineage.lookup.pictures import RASTER, can_decode
from nbgit.notebook.outputs import output_data

BYTES, PIXELS, NOISE, DIFFERS = "same bytes", "same pixels", "same content", "differs"
SAME = (BYTES, PIXELS, NOISE)
WORDS = {
    BYTES: "the same bytes",
    PIXELS: "the same pixels, in other bytes",
    NOISE: "the same, but for ids, addresses or dates",
}
TEXTUAL = ("text/", "application/json", "application/csv", "application/xml")


class Verdict(NamedTuple):
    """BYTES, PIXELS, NOISE (ids, addresses and dates apart) or DIFFERS, in words, and numbers where there are some."""

    name: str
    words: str
    numbers: dict[str, Any] | None = None


def judge_output(before: Sequence[Any], place: int, digest: str, after: Sequence[Any]) -> Verdict:
    """Compare output `place` (from 0) of a cell, a payload of which has `digest`, with what the cell shows now."""
    for output in after:
        if any("sha256:" + sha256(data).hexdigest() == digest for _, data in output_data(output)):
            return Verdict(BYTES, WORDS[BYTES])
    old, new = read_outputs(before), read_outputs(after)
    asked = next((one for one in reversed(old) if one.index <= place), None)
    if asked is None:
        return Verdict(DIFFERS, "the output is not among those of its cell")
    number = [one for one in old if one.kind == asked.kind].index(asked)
    same_kind = [one for one in new if one.kind == asked.kind]
    if not same_kind:
        shown = ", ".join(describe(one) for one in new) or "nothing"
        return Verdict(DIFFERS, f"then {describe(asked)}, now {shown}")
    return _judge(asked, same_kind[min(number, len(same_kind) - 1)])


def judge_file(path: str, before: bytes | None, digest: str | None, after: bytes | None) -> Verdict:
    """Compare what a run wrote to a file then and now; `before` is None where only its `digest` (hex) is known."""
    if after is None:
        return Verdict(DIFFERS, "the file was not written")
    if sha256(after).hexdigest() == digest or before == after:
        return Verdict(BYTES, WORDS[BYTES])
    if before is None:
        return Verdict(DIFFERS, f"other bytes ({len(after):,} now), and what was there then is not at hand")
    mime = mimetypes.guess_type(path)[0] or ""
    if mime.startswith("image/"):
        return _judge(Output(0, "figure", mime, before), Output(0, "figure", mime, after))
    if mime.startswith(TEXTUAL):
        return _judge(Output(0, "text", "text/plain", before), Output(0, "text", "text/plain", after))
    return Verdict(DIFFERS, f"{len(before):,} → {len(after):,} bytes, not the same ones")


def _judge(old: Output, new: Output) -> Verdict:
    if old.payload == new.payload:
        return Verdict(BYTES, WORDS[BYTES])
    if old.key == new.key:
        return Verdict(NOISE, WORDS[NOISE])
    is_raster = old.mime in RASTER and new.mime in RASTER and can_decode()
    if is_raster and _have_same_pixels(old.payload, new.payload):
        return Verdict(PIXELS, WORDS[PIXELS])
    change = OutputChange(old, new)
    edits = compare(change, decode=True)
    numbers = {"kind": change.kind, **(edits.as_json() if edits else {})}
    words = tell(change, edits)
    correlation = _correlation(old.payload, new.payload) if is_raster else None
    if correlation is not None:
        numbers["correlation"] = round(correlation, 4)
        words += f", correlation {int(correlation * 1000) / 1000:.3f}"
    return Verdict(DIFFERS, words, numbers)


def _have_same_pixels(old: bytes, new: bytes) -> bool:
    from nbgit.lineage.lookup.decoding import pixel_digest

    found = pixel_digest(old)
    return found is not None and found == pixel_digest(new)


def _correlation(old: bytes, new: bytes) -> float | None:
    """Return how alike two pictures are once one lies on the other; None where one can't be looked at."""
    from nbgit.lineage.lookup.decoding import on_white, open_picture
    from nbgit.lineage.lookup.likeness import Comparison, signature_of

    pages = [on_white(picture) for picture in (open_picture(old), open_picture(new)) if picture]
    found = [signature_of(page) for page in pages if page]
    if len(found) < 2 or found[0] is None or found[1] is None:
        return None
    return Comparison(found[0]).closely(found[1]).correlation
