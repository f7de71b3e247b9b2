"""nbgit.diff.beside: figures before and after, decoded again from what the terminal is sent."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image

from nbgit.diff.beside import GAP, WIDEST, beside, pictures_of
from nbgit.diff.outputs import Output, OutputChange


def png(colour: tuple[int, int, int], size: tuple[int, int] = (20, 10)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


RED, BLUE = png((255, 0, 0)), png((0, 0, 255), (30, 12))


def change(before: bytes | None, after: bytes | None) -> OutputChange:
    sides = [None if data is None else Output(0, "figure", "image/png", data) for data in (before, after)]
    return OutputChange(*sides)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def sent(text: str, protocol: str) -> list[bytes]:
    """Return the files in what a terminal is sent."""
    if protocol == "iterm2":
        return [base64.b64decode(body) for body in re.findall("\x1b\\]1337;File=[^:]*:([^\x07]*)\x07", text)]
    pictures: list[str] = []
    for head, body in re.findall("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\", text):
        pictures += [""] if head.startswith("a=T") else []
        pictures[-1] += body
    return [base64.b64decode(body) for body in pictures]


def test_both_stand_side_by_side_on_white() -> None:
    whole = beside(RED, BLUE)
    assert whole is not None
    picture = opened(whole)
    assert picture.size == (20 + GAP + 30, 12)
    colours = [picture.getpixel(place) for place in ((0, 0), (19, 9), (0, 11), (20, 0), (20 + GAP, 0), (65, 11))]
    assert colours == [(255, 0, 0), (255, 0, 0), *[(255, 255, 255)] * 2, (0, 0, 255), (0, 0, 255)]


def test_a_wide_one_is_made_smaller_and_a_broken_one_none() -> None:
    whole = beside(png((1, 2, 3), (2 * WIDEST, 100)), BLUE)
    assert whole is not None
    assert opened(whole).size == (WIDEST + GAP + 30, 50)
    assert beside(RED, b"no picture") is None
    assert pictures_of(change(RED, b"no picture"), "kitty") == ""


@pytest.mark.parametrize("protocol", ["kitty", "iterm2"])
def test_what_the_terminal_is_sent_is_that_picture(protocol: str) -> None:
    assert sent(pictures_of(change(RED, BLUE), protocol), protocol) == [beside(RED, BLUE)]
    assert sent(pictures_of(change(None, BLUE), protocol), protocol) == [BLUE]
    assert pictures_of(OutputChange(None, Output(0, "figure", "image/svg+xml", b"<svg/>")), protocol) == ""


def test_without_pillow_each_comes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbgit.diff.beside.can_decode", lambda: False)
    assert sent(pictures_of(change(RED, BLUE), "kitty"), "kitty") == [RED, BLUE]


def test_sixel_has_the_same_size_and_colours() -> None:
    text = pictures_of(change(RED, BLUE), "sixel")
    assert text.startswith(f'\x1bPq"1;1;{20 + GAP + 30};12')
    colours = set(re.findall(r"#\d+;2;(\d+;\d+;\d+)", text))
    assert colours == {"100;0;0", "0;0;100", "100;100;100"}
