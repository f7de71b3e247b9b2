"""Ring 3: a figure before and after, side by side, as a terminal shows pictures (nbgit.lineage.lookup.inline)."""

import io

from nbgit.diff.figures import decoded
from nbgit.lineage.lookup.inline import inline_picture
from nbgit.lineage.lookup.pictures import RASTER, can_decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbgit.diff.outputs import OutputChange

WIDEST = 640  # pixels of one of the two; a wider one is made smaller
GAP = 16  # pixels between them
WHITE = (255, 255, 255, 255)


def pictures_of(change: "OutputChange", protocol: str) -> str:
    """Return the text that shows what there is of a figure's two sides, "" where the terminal can't.

    With Pillow both are one picture; without, each comes as it is, one below the other.
    """
    sides = [side for side in (change.before, change.after) if side is not None and side.mime in RASTER]
    if len(sides) == 2 and can_decode():
        whole = beside(sides[0].payload, sides[1].payload)
        shown = [inline_picture(whole, "image/png", protocol)] if whole is not None else []
    else:
        shown = [inline_picture(side.payload, side.mime, protocol) for side in sides]
    return b"".join(one for one in shown if one is not None).decode("ascii").removesuffix("\n")


def beside(before: bytes, after: bytes) -> bytes | None:
    """Return a PNG with both pictures on white, side by side at their tops; None where one can't be decoded."""
    from PIL import Image

    pictures = [decoded(data) for data in (before, after)]
    if any(picture is None for picture in pictures):
        return None
    old, new = (_fitted(picture) for picture in pictures)
    whole = Image.new("RGBA", (old.width + GAP + new.width, max(old.height, new.height)), WHITE)
    whole.alpha_composite(old, (0, 0))
    whole.alpha_composite(new, (old.width + GAP, 0))
    target = io.BytesIO()
    whole.convert("RGB").save(target, "PNG")
    return target.getvalue()


def _fitted(picture: "Any") -> "Any":
    if picture.width <= WIDEST:
        return picture
    return picture.resize((WIDEST, max(1, picture.height * WIDEST // picture.width)))
