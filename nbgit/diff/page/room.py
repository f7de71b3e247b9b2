"""Ring 3: how much a page holds: pictures and text up to a number of bytes, and what did not fit (told in the page)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256


class Room:
    """What is left of a page's `limit` in bytes; `left_out` counts what did not fit.

    `styles` are the CSP hashes of the style sheets of HTML outputs that stand in sandboxed frames of the page.
    """

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.left_out = 0
        self.styles: dict[str, None] = {}

    def take(self, size: int) -> bool:
        """Take so many bytes, where there are so many left; say whether there were."""
        if size > self.left:
            self.left_out += 1
            return False
        self.left -= size
        return True


def csp_hash(content: str) -> str:
    """Return what a Content-Security-Policy calls an inline script or style of this content."""
    return f"'sha256-{b64encode(sha256(content.encode('utf-8', 'replace')).digest()).decode()}'"
