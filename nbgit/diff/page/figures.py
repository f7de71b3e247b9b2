"""Ring 3: pictures before and after: beside each other, swiped, one through the other, or by the pixels that differ."""

from __future__ import annotations

from base64 import b64encode

from nbgit.diff.figures import FigureEdits, figure_size, size_text
from nbgit.diff.outputs import Output
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.room import Room

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml"})
MODES = (("side", "Side by side"), ("swipe", "Swipe"), ("onion", "Onion skin"), ("pixels", "Difference"))


def figure_html(before: Output | None, after: Output | None, edits: FigureEdits | None, room: Room) -> Html:
    """Return the pictures of one output; nothing where both have the same pixels."""
    outputs = [output for output in (before, after) if output is not None]
    if edits is not None and edits.share == 0:
        return Html()
    if any(output.mime not in SHOWN for output in outputs):
        return tag("p", f"{' and '.join(output.mime for output in outputs)} can't be shown here", class_="remark")
    sources = [_source(output) for output in outputs]
    if not room.take(sum(map(len, sources))):
        sizes = " → ".join(f"{len(output.payload):,} bytes" for output in outputs)
        return tag("p", f"left out to keep the page small ({sizes})", class_="remark left-out")
    names = ["Before", "After"] if len(outputs) == 2 else ["Removed" if after is None else "Added"]
    shots = [_shot(*each) for each in zip(outputs, sources, names, strict=True)]
    if len(outputs) == 1:
        return tag("div", tag("div", *shots, class_="stage"), class_="figure")
    canvas = tag("figure", tag("canvas"), tag("figcaption"), class_="shot pixels")
    stage = tag("div", *shots, canvas, class_="stage")
    return tag("div", _controls(), stage, class_="figure pair", data_mode="side")


def _shot(output: Output, source: Html, name: str) -> Html:
    size = figure_size(output)
    caption = f"{name} · {size_text(size)}" if size else name
    image = tag("img", src=source, alt=f"{name.lower()}: {output.mime}", draggable="false")
    side = "old" if name in ("Before", "Removed") else "new"
    return tag("figure", image, tag("figcaption", caption), class_=f"shot {side}")


def _source(output: Output) -> Html:
    """Return a data URL. In an img element no script of an SVG runs, and nothing that it refers to is loaded."""
    return Html(f"data:{output.mime};base64,{b64encode(output.payload).decode()}")


def _controls() -> Html:
    buttons = [
        tag("button", label, type="button", data_mode=mode, aria_pressed="true" if mode == "side" else "false")
        for mode, label in MODES
    ]
    slider = tag("input", type="range", min="0", max="100", value="50", aria_label="Before or after")
    return tag("div", tag("div", join(buttons), class_="segmented"), slider, class_="controls")
