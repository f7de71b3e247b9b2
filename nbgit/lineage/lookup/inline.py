"""Ring 3: a picture as the escape sequence that a terminal shows it by, where the terminal is known to understand it.

- kitty's graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): PNG, sent in chunks of 4,096 bytes.
- iTerm2's inline images (iterm2.com/documentation-images.html): any file that the terminal can decode.
- sixel (DEC STD 070): encoded here from the pixels, 256 colours; needs Pillow.

Only what the environment names for certain counts: a wrong guess would fill the screen with base64. Inside tmux and
screen nothing is sent.
"""

from base64 import b64encode
from collections.abc import Mapping

from nbgit.lineage.lookup.pictures import RASTER, can_decode

PROTOCOLS = ("kitty", "iterm2", "sixel")
CHUNK = 4096
WIDEST = 1600  # pixels; a sixel picture is made no wider


def find_protocol(environ: Mapping[str, str]) -> str | None:
    """Return "kitty", "iterm2" or "sixel" if the environment names such a terminal for certain, else None."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX") or environ.get("STY") or term.startswith(("screen", "tmux")):
        return None
    if environ.get("KITTY_WINDOW_ID") or term in ("xterm-kitty", "xterm-ghostty") or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environ.get("LC_TERMINAL") == "iTerm2":
        return "iterm2"
    if term in ("foot", "foot-extra", "mlterm", "yaft-256color") or term.endswith("-sixel"):
        return "sixel"
    return None


def inline_picture(data: bytes, mime: str, protocol: str | None) -> bytes | None:
    """Return the bytes that make a terminal of that protocol show the picture, or None where it can't."""
    if mime not in RASTER or protocol is None:
        return None
    if protocol == "iterm2":
        return b"\x1b]1337;File=inline=1;size=%d:%b\x07\n" % (len(data), b64encode(data))
    if protocol == "kitty":
        return _kitty(data) if mime == "image/png" else None
    return _sixel(data) if can_decode() else None


def _kitty(data: bytes) -> bytes:
    text = b64encode(data)
    chunks = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)] or [b""]
    pieces = []
    for number, chunk in enumerate(chunks):
        head = b"a=T,f=100," if number == 0 else b""
        more = number < len(chunks) - 1
        pieces.append(b"\x1b_G%bm=%d;%b\x1b\\" % (head, more, chunk))
    return b"".join(pieces) + b"\n"


def _sixel(data: bytes) -> bytes | None:
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as opened:
            rgba = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, rgba).convert("RGB")
    if flat.width > WIDEST:
        flat = flat.resize((WIDEST, max(1, flat.height * WIDEST // flat.width)))
    indexed = flat.quantize(256)
    return _encode_sixel(indexed.tobytes(), indexed.width, indexed.height, indexed.getpalette() or [])


def _encode_sixel(pixels: bytes, width: int, height: int, palette: list[int]) -> bytes:
    """Return a sixel image: bands of six rows, and in each band one line per colour that occurs."""
    out = [b'\x1bPq"1;1;%d;%d' % (width, height)]
    for colour in sorted(set(pixels)):
        red, green, blue = (part * 100 // 255 for part in palette[colour * 3 : colour * 3 + 3])
        out.append(b"#%d;2;%d;%d;%d" % (colour, red, green, blue))
    for top in range(0, height, 6):
        rows: dict[int, bytearray] = {}
        for bit, y in enumerate(range(top, min(top + 6, height))):
            for x, colour in enumerate(pixels[y * width : (y + 1) * width]):
                rows.setdefault(colour, bytearray(width))[x] |= 1 << bit
        lines = [b"#%d%b" % (colour, bytes(byte + 63 for byte in row)) for colour, row in rows.items()]
        out.append(b"$".join(lines) + b"-")
    return b"".join(out) + b"\x1b\\\n"
