"""Ring 3: what a picture is beyond its bytes: its size, read from its header, and its decoded pixels (Pillow)."""

import io

RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff")
LARGEST = 200_000_000  # pixels; a larger picture is not decoded (a small file can claim any size)
_SOF = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # JPEG's start-of-frame markers (ITU T.81, table B.1)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels as a PNG's, GIF's or JPEG's header says, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def can_decode() -> bool:
    """Return whether Pillow (the extra `figures`) is there to decode pixels."""
    from importlib.util import find_spec

    return find_spec("PIL") is not None


def pixel_digest(data: bytes) -> tuple[tuple[int, int], bytes] | None:
    """Return ((width, height), sha256 of the first frame's pixels as RGBA), or None for what is no picture.

    Two files with the same digest show the same picture, whatever their compression, metadata or palette.
    """
    from hashlib import sha256  # here: the diff driver asks for sizes only

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > LARGEST:
                return None
            pixels = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    size = f"{pixels.width}x{pixels.height}".encode()
    return (pixels.width, pixels.height), sha256(size + b"\0" + pixels.tobytes()).digest()


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _SOF:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return None
