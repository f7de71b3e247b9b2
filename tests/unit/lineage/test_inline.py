"""Pictures as escape sequences: only where the environment names the terminal, and decodable to the same pixels."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import pytest

from nbgit.lineage.lookup.inline import find_protocol, inline_picture


def picture(width: int = 7, height: int = 15) -> bytes:
    """Return a little PNG of a few colours."""
    pillow = pytest.importorskip("PIL.Image")
    image = pillow.new("RGB", (width, height), (255, 0, 0))
    for x in range(width):
        image.putpixel((x, x), (0, 0, 255))
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize(
    ("environ", "protocol"),
    [
        ({}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, None),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "WezTerm"}, None),
    ],
)
def test_the_protocol_is_the_terminals_own(environ: dict[str, str], protocol: str | None) -> None:
    assert find_protocol(environ) == protocol


def test_kitty_and_iterm_carry_the_file() -> None:
    data = picture() + bytes(range(256)) * 40
    kitty = inline_picture(data, "image/png", "kitty")
    assert kitty is not None
    chunks = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty)
    assert b64decode(b"".join(text for _, text in chunks)) == data
    assert [head.endswith(b"m=1") for head, _ in chunks] == [True] * (len(chunks) - 1) + [False]
    iterm = inline_picture(data, "image/png", "iterm2")
    assert iterm is not None
    assert b64decode(iterm.split(b":", 1)[1].rstrip(b"\x07\n")) == data


def test_sixel_shows_the_pixels() -> None:
    sixel = inline_picture(picture(), "image/png", "sixel")
    assert sixel is not None
    assert sixel.startswith(b'\x1bPq"1;1;7;15')
    assert sixel.endswith(b"\x1b\\\n")
    body = sixel[:-3].split(b"7;15", 1)[1].decode()
    palette = {int(n): (int(r), int(g), int(b)) for n, r, g, b in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", body)}
    body = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body)
    pixels: dict[tuple[int, int], tuple[int, int, int]] = {}
    for band, text in enumerate(body.split("-")):
        for line in filter(None, text.split("$")):
            number, row = re.fullmatch(r"#(\d+)(.*)", line).groups()  # type: ignore[union-attr]
            for x, letter in enumerate(row):
                for bit in range(6):
                    if ord(letter) - 63 >> bit & 1:
                        pixels[x, band * 6 + bit] = palette[int(number)]
    assert len(pixels) == 7 * 15
    assert {at for at, colour in pixels.items() if colour == (0, 0, 100)} == {(x, x) for x in range(7)}


def test_what_can_not_be_shown() -> None:
    assert inline_picture(b"<svg/>", "image/svg+xml", "kitty") is None
    assert inline_picture(b"broken", "image/png", "sixel") is None
    assert inline_picture(picture(), "image/png", None) is None
