"""Ring 3: pictures decoded by Pillow (the extra `figures`): the digest of their pixels, and what they show on white.

Files are untrusted: only a few formats are opened, none that starts a program, none larger than LARGEST.
"""

import io
import struct
import warnings
import zlib
from hashlib import sha256

from PIL import Image, ImageOps

LARGEST = 50_000_000  # pixels in all frames; a small file can claim any size
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")  # no EPS: Pillow has Ghostscript draw it
_STRIP = 4_000_000  # pixels that are turned into RGBA at once
# What Pillow raises for damaged files, from whichever of its parts.
_UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError, MemoryError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
Pixels = tuple[tuple[int, int], bytes]  # (width, height), sha256 of the pixels


def pixel_digest(data: bytes) -> Pixels | None:
    """Return ((width, height), sha256 of the pixels of all frames), or None for what is no picture.

    Two files with the same digest show the same picture, whatever their compression, metadata or palette. Pixels are
    RGBA of 8 bits; those of grey pictures of more bits are taken as they are.
    """
    picture = open_picture(data)
    return None if picture is None else digest_of(picture)


def open_picture(data: bytes) -> Image.Image | None:
    """Return a picture of which nothing but the header is decoded; None for what is none, or is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its size, which is looked at here
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            is_small = picture.width * picture.height * frames_of(picture) <= LARGEST
    except _UNREADABLE:
        return None
    return picture if is_small else None


def frames_of(picture: Image.Image) -> int:
    """Return how many frames a picture has: more than one where it is animated."""
    return int(getattr(picture, "n_frames", 1))


def digest_of(picture: Image.Image) -> Pixels | None:
    """Return what `pixel_digest` does, of an opened picture; None where it is damaged."""
    found = sha256(f"{picture.width}x{picture.height}".encode() + b"\0")
    try:
        for number in range(frames_of(picture)):
            if number:
                picture.seek(number)
                found.update(b"frame")
            deep = _deep_mode(picture)
            found.update(deep.encode())
            rows = max(1, _STRIP // max(1, picture.width))
            for top in range(0, picture.height, rows):
                strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
                found.update(strip.convert(deep or "RGBA").tobytes())
    except _UNREADABLE:
        return None
    return (picture.width, picture.height), found.digest()


def on_white(picture: Image.Image) -> Image.Image | None:
    """Return the first frame of an opened picture in RGB, upright, with white behind it; None where it is damaged."""
    try:
        if frames_of(picture) > 1:
            picture.seek(0)
        if _deep_mode(picture):
            return _in_eight_bits(picture)
        upright = ImageOps.exif_transpose(picture)
        if not upright.has_transparency_data:
            return upright.convert("RGB")
        page = Image.new("RGBA", upright.size, "white")
        page.alpha_composite(upright.convert("RGBA"))
        return page.convert("RGB")
    except _UNREADABLE:
        return None


def _deep_mode(picture: Image.Image) -> str:
    """Return the mode in which a grey picture of more than 8 bits is whole, or "" for any other."""
    return "I" if picture.mode.startswith("I") else "F" if picture.mode == "F" else ""


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    grey = picture.convert("F")
    low, high = (float(value) for value in grey.getextrema())  # type: ignore[arg-type]
    scale = 255 / (high - low) if high > low else 1.0
    return grey.point(lambda value: value * scale - low * scale).convert("L").convert("RGB")
