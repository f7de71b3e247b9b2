"""Apart: what a run displays, as media types and digests: those that a snapshot has for the same outputs."""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Show = Callable[[list[tuple[str, str]]], None]

BINARY = ("image/", "audio/", "video/", "application/pdf", "application/octet-stream", "font/")


def payloads_of(data: "dict[str, Any]") -> "list[tuple[str, str]]":
    """Return (media type, digest) of each datum; a plain text only where nothing else stands for the output."""
    kept = [mime for mime in data if mime != "text/plain"] or list(data)
    return [(mime, "sha256:" + sha256(_decoded(mime, data[mime])).hexdigest()) for mime in kept]


def _decoded(mime: str, value: object) -> bytes:
    """Return the payload's bytes, as docs/formats.md, "Payloads" has them."""
    is_json = mime == "application/json" or mime.endswith("+json")
    if isinstance(value, list) and not is_json:
        try:
            value = "".join(value)
        except TypeError:
            pass
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if mime.startswith(BINARY) and mime != "image/svg+xml":
        try:
            return a2b_base64(value.encode("ascii"))
        except (Base64Error, UnicodeEncodeError):
            pass
    return value.encode("utf-8", "surrogatepass")


class Hooks:
    """Listens to what a shell publishes: `display_data` and its updates, and `execute_result`.

    A terminal's shell publishes nothing that a notebook would keep, and has no hooks.
    """

    def __init__(self, shell: "Any", show: "Show") -> None:
        self._show = show
        self._publishers: list[Any] = [
            publisher
            for publisher in (getattr(shell, "display_pub", None), getattr(shell, "displayhook", None))
            if hasattr(publisher, "register_hook") and hasattr(publisher, "unregister_hook")
        ]
        for publisher in self._publishers:
            publisher.register_hook(self.on_message)
        hook = getattr(shell, "displayhook", None)
        self._older = hook if hook not in self._publishers and hasattr(hook, "pub_socket") else None
        if self._older is not None:  # ipykernel before 7 has no hooks for results
            self._write = self._older.write_format_data
            self._older.write_format_data = self.on_result

    def remove(self) -> None:
        """Listen no more."""
        for publisher in self._publishers:
            publisher.unregister_hook(self.on_message)
        if self._older is not None:
            self._older.write_format_data = self._write

    def on_message(self, message: "dict[str, Any]") -> "dict[str, Any]":
        """Note what a message shows, and pass it on as it is."""
        try:
            if message["header"]["msg_type"] in ("display_data", "update_display_data", "execute_result"):
                self._show(payloads_of(message["content"]["data"]))
        except Exception:  # a message of another form: it is shown all the same
            pass
        return message

    def on_result(self, data: "Any", metadata: "Any" = None) -> None:
        """Write a result as the older display hook does, and note what it has written."""
        self._write(data, metadata)
        try:
            self._show(payloads_of(self._older.msg["content"]["data"]))  # type: ignore[union-attr]
        except Exception:  # as above
            pass
