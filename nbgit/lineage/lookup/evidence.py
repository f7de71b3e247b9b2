"""Ring 3: why this is the answer for a file: a run has written it, or it has the same bytes, pixels or drawing, or is
only alike.
"""

from typing import Any, NamedTuple

WRITTEN, BYTES, PIXELS, DRAWING, SHAPES, ALIKE = "written", "bytes", "pixels", "drawing", "shapes", "alike"
_WORDS = {
    WRITTEN: "this run has written just these bytes",
    BYTES: "the same bytes",
    PIXELS: "the same pixels, in other bytes",
    DRAWING: "the same drawing: what differs is ids, dates or metadata",
    SHAPES: "the same lines and texts, in another style",
}


class Evidence(NamedTuple):
    """What speaks for one payload.

    `part` says in words which part of the file it is about ("page 2"), or is empty for all of it. For ALIKE,
    `correlation` is that of the two pictures, `difference` the largest in any spot (0 to 1, black to white), and
    `next_correlation` and `next_difference` those of the next other picture, if any was close enough to be compared.
    """

    kind: str
    part: str = ""
    correlation: float | None = None
    difference: float | None = None
    next_correlation: float | None = None
    next_difference: float | None = None

    @property
    def is_same(self) -> bool:
        """Whether it says that the two are one and the same, and not only alike."""
        return self.kind in (WRITTEN, BYTES, PIXELS, DRAWING)

    def as_words(self) -> str:
        """Return it in one short line."""
        words = _WORDS.get(self.kind) or self._likeness()
        return f"{self.part}: {words}" if self.part else words

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame-output.v1.schema.json describes it."""
        numbers = (self.correlation, self.difference, self.next_correlation, self.next_difference)
        names = ("correlation", "difference", "next_correlation", "next_difference")
        rounded = (None if number is None else round(number, 4) for number in numbers)
        words = {"kind": self.kind, "same": self.is_same, "part": self.part or None, "words": self.as_words()}
        return {**words, **dict(zip(names, rounded, strict=True))}

    def _likeness(self) -> str:
        told = f"alike: correlation {_floor(self.correlation)}, at most {_percent(self.difference)} off in any spot"
        if self.next_correlation is None:
            return told
        return f"{told}; the next: {_floor(self.next_correlation)}, {_percent(self.next_difference)}"


def _floor(correlation: float | None) -> str:
    """Return three digits, never rounded up to 1."""
    return f"{int((correlation or 0.0) * 1000) / 1000:.3f}"


def _percent(share: float | None) -> str:
    return f"{(share or 0.0) * 100:.1f} %"
