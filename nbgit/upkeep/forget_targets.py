"""Ring 3: what `nbgit forget` is to remove, and where it stands in an output, however the JSON cuts it.

A pattern is searched in every text of an output: each string, each list of strings joined, a traceback without its
colours, HTML without its tags, and neighbouring pieces of one stream joined. Binary data (a PNG) are not searched: in
base64 a short pattern would match by chance.
"""

import html
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Protocol

from nbgit.notebook.outputs import MIME_BEFORE_4, decode_datum, is_binary, output_data
from nbgit.notebook.printable import printable
from nbgit.store.forgotten_outputs import (
    digest_at,
    digest_of_output,
    exact_digest,
    is_forgotten,
    metadata_digest,
    payload_digest,
)

PREFIX_DIGITS = 8  # of a payload's digest; fewer could be another payload's tomorrow
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_TAGS = re.compile(r"<[^<>]*>")


class Target(Protocol):
    """What is to be forgotten; `label` says it in words."""

    label: str

    def in_output(self, output: object, path: str | None = None) -> bool:
        """Return whether one output (parsed JSON) shows it; `path` is its notebook's, where that is known."""

    def in_text(self, text: str) -> bool:
        """Return whether a text shows it (source code, a log line, JSON that can't be parsed)."""

    def in_metadata(self, raw: bytes) -> bool:
        """Return whether a piece of volatile metadata is it, beyond what its texts show."""

    def digests_of(self, output: object) -> list[str]:
        """Return how the shared list names an output that goes, so that it is known wherever it is shown again."""


class _Plain:
    """What most targets have in common: text says nothing, nor does metadata."""

    def in_text(self, text: str) -> bool:
        """Return False: what is no output stays."""
        return False

    def in_metadata(self, raw: bytes) -> bool:
        """Return False: nothing but its texts says what metadata shows."""
        return False


class PayloadTarget(_Plain):
    """One payload, by the start of its digest (`sha256:` and hex digits)."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.label = f"payload {digest[: len('sha256:') + 12]}"

    def in_output(self, output: object, path: str | None = None) -> bool:
        """Return whether one of the output's payloads is it."""
        return bool(self._found(output))

    def digests_of(self, output: object) -> list[str]:
        """Return what names the payload, whatever stands beside it."""
        return [payload_digest(digest) for digest in self._found(output)]

    def _found(self, output: object) -> list[str]:
        if not isinstance(output, dict):
            return []
        digests = ["sha256:" + sha256(data).hexdigest() for _, data in output_data(output)]
        return [digest for digest in digests if digest.startswith(self.digest)]


class PatternTarget(_Plain):
    """Whatever a regular expression of Python's matches."""

    def __init__(self, pattern: "re.Pattern[str]") -> None:
        self.pattern = pattern
        self.label = f"pattern {printable(pattern.pattern)}"

    def in_output(self, output: object, path: str | None = None) -> bool:
        """Return whether a text of the output matches."""
        return any(self.in_text(text) for text in texts_of(output))

    def digests_of(self, output: object) -> list[str]:
        """Return what names the output: by what it shows, unless what matches stands beside that."""
        if not isinstance(output, dict):
            return []
        beside = ("metadata", "ename", "evalue") if output.get("traceback") else ("metadata",)
        bare = {name: value for name, value in output.items() if name not in beside}
        is_shown = output.get("output_type") == "stream" or self.in_output(bare)
        return [exact_digest(output), *([digest_of_output(output)] if is_shown else [])]

    def in_text(self, text: str) -> bool:
        """Return whether a text matches as it stands, without terminal colours, or without HTML's tags."""
        if self.pattern.search(text):
            return True
        plain = _COLOURS.sub("", text) if "\x1b" in text else text
        bare = html.unescape(_TAGS.sub("", plain)) if "<" in plain or "&" in plain else plain
        return any(self.pattern.search(other) is not None for other in {plain, bare} - {text})


class PathTarget(_Plain):
    """Every output that is kept for one notebook."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.label = f"the outputs of {printable(path)}"

    def in_output(self, output: object, path: str | None = None) -> bool:
        """Return True: all of them are its."""
        return True

    def digests_of(self, output: object) -> list[str]:
        """Return what names the output in this notebook: elsewhere, `True` is nobody's secret."""
        return [digest_at(self.path, digest_of_output(output))] if isinstance(output, dict) else []


class ListedTarget(_Plain):
    """What was forgotten before, here or by others: the outputs that the shared list names."""

    def __init__(self, outputs: frozenset[str]) -> None:
        self.outputs = outputs
        self.label = "an output that was forgotten before"

    def in_output(self, output: object, path: str | None = None) -> bool:
        """Return whether the list names the output, for the notebook at this path."""
        return is_forgotten(output, self.outputs, [] if path is None else [path])

    def in_metadata(self, raw: bytes) -> bool:
        """Return whether the list names it."""
        return metadata_digest(raw) in self.outputs

    def digests_of(self, output: object) -> list[str]:
        """Return nothing: it is listed."""
        return []


def matching_outputs(target: Target, outputs: list[Any], path: str | None = None) -> set[int]:
    """Return the positions of the outputs of one cell that show the target, alone or as pieces of one stream."""
    found = {position for position, output in enumerate(outputs) if target.in_output(output, path)}
    start = 0
    while start < len(outputs):
        name = _stream_name(outputs[start])
        end = start + 1
        while name is not None and end < len(outputs) and _stream_name(outputs[end]) == name:
            end += 1
        pieces = [_joined(output.get("text", "")) for output in outputs[start:end]] if end - start > 1 else []
        found.update(start + position for position in _matching_pieces(target, pieces))
        start = end
    return found


def _matching_pieces(target: Target, pieces: list[str]) -> list[int]:
    """Return the positions of the pieces that show the target together: as few as it takes, each time it is shown."""

    def shown(start: int, end: int) -> bool:
        return target.in_text("".join(pieces[start:end]))

    found: list[int] = []
    taken = 0
    while taken < len(pieces) and shown(taken, len(pieces)):
        end = bisect_left(range(len(pieces) + 1), True, lo=taken + 1, key=lambda end: shown(taken, end))
        first = bisect_left(range(end), True, lo=taken, key=lambda start: not shown(start, end)) - 1
        found += range(max(first, taken), end)
        taken = end
    return found


def texts_of(value: object) -> Iterator[str]:
    """Yield every text in a JSON value: keys, strings, and lists of strings joined with and without line ends."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        key, here = waiting.pop()
        if key and is_binary(key) and _is_decoded(key, here):
            continue
        if isinstance(here, str):
            yield here
        elif isinstance(here, dict):
            yield from (name for name in here if isinstance(name, str))
            waiting += [(MIME_BEFORE_4.get(str(name), str(name)), inner) for name, inner in here.items()]
        elif isinstance(here, list):
            if len(here) > 1 and all(isinstance(line, str) for line in here):
                yield "".join(here)
                yield "\n".join(here)
            waiting += [("", inner) for inner in here]
        elif here is not None and not isinstance(here, bool):
            yield json.dumps(here)


def _is_decoded(mime: str, value: object) -> bool:
    """Return whether a datum of a binary type is base64, and so no text."""
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(line, str) for line in value)):
        return False
    text = _joined(value)
    return bool(_BASE64.fullmatch(text)) and decode_datum(mime, text) != text.encode("utf-8", "surrogatepass")


def _stream_name(output: object) -> str | None:
    if not isinstance(output, dict) or output.get("output_type") != "stream":
        return None
    return str(output.get("name", output.get("stream")))


def _joined(value: object) -> str:
    return "".join(line for line in value if isinstance(line, str)) if isinstance(value, list) else str(value)
