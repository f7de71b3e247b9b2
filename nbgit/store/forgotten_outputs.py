"""Ring 2: outputs that were forgotten are known again by digests (docs/formats.md, "Forgotten snapshots and outputs").

A digest is of a whole output, or of a whole payload; what a pattern matched in it is nowhere. So it can be compared
with what a notebook shows and, without putting that together, with a snapshot's document.
"""

import json
from hashlib import sha256

from nbgit.notebook.outputs import output_data
from nbgit.notebook.policy import Policy
from nbgit.notebook.removal import Remaining, drop_outputs, read_json, read_outputs, remove_spans
from nbgit.notebook.spans import Split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_COUNTS = ("execution_count", "prompt_number")


def payload_digest(digest: str) -> str:
    """Return how the list names every output with a payload; `digest` is the payload's, `sha256:` and hex digits."""
    return _named("payload", digest)


def shown_digest(kind: str, payloads: "Iterable[tuple[str, str]]") -> str:
    """Return how the list names an output of this type that shows just these payloads: (mime, digest) of each."""
    return _named("output", kind, *(f"{mime} {digest}" for mime, digest in sorted(payloads)))


def exact_digest(value: object) -> str:
    """Return how the list names an output with all that stands in it but counts, or the notebook's own metadata."""
    if isinstance(value, dict):
        value = {name: _joined(inner) for name, inner in value.items() if name not in _COUNTS}
    return _named("exact", json.dumps(value, sort_keys=True, separators=(",", ":")))


def digest_at(path: str, shown: str) -> str:
    """Return how the list names an output (`shown_digest`) in the notebook at one path."""
    return _named("at", path, shown)


def digest_of_output(output: "dict[str, Any]") -> str:
    """Return the `shown_digest` of an output as it stands in a notebook."""
    return shown_digest(str(output.get("output_type", "")), _payloads(output))


def metadata_digest(raw: bytes) -> str:
    """Return how the list names a piece of volatile metadata: a value, or a member with its comma."""
    try:
        return exact_digest(read_json(b"{" + raw.strip(b" \t\r\n,") + b"}"))
    except (ValueError, RecursionError):
        return _named("raw", raw.strip(b" \t\r\n,").decode("utf-8", "surrogateescape"))


def is_forgotten(output: object, forgotten: "frozenset[str]", paths: "Iterable[str]") -> bool:
    """Return whether one output (parsed JSON) is listed, for the notebooks at any of these paths."""
    if not isinstance(output, dict):
        return False
    try:
        shown = digest_of_output(output)
        if shown in forgotten or any(payload_digest(digest) in forgotten for _, digest in _payloads(output)):
            return True
        return exact_digest(output) in forgotten or any(digest_at(path, shown) in forgotten for path in paths)
    except (TypeError, ValueError, RecursionError):
        return False  # too odd an output to have been listed


def is_listed(mime: str, digest: str, forgotten: "frozenset[str]", paths: "Iterable[str]") -> bool:
    """Return whether a payload (`sha256:...`) that a run has displayed is listed, alone or as all of its output."""
    if payload_digest(digest) in forgotten:
        return True
    shown = [shown_digest(kind, [(mime, digest)]) for kind in ("display_data", "execute_result", "pyout")]
    return any(one in forgotten or any(digest_at(path, one) in forgotten for path in paths) for one in shown)


def leave_out(parts: Split, forgotten: "frozenset[str]", paths: "Iterable[str]", policy: Policy) -> Remaining | None:
    """Return what is left of a split notebook without the outputs that are listed, or None where it shows none."""
    paths = list(paths)

    def left_of(kind: str, raw: bytes) -> bytes | None:
        if kind == "metadata":
            return None if metadata_digest(raw) in forgotten else raw
        found = read_outputs(raw)
        if found is None:
            return raw
        outputs, places = found
        gone = {position for position, output in enumerate(outputs) if is_forgotten(output, forgotten, paths)}
        return drop_outputs(raw, places, gone)

    return remove_spans(parts, policy, left_of)


def document_shows(document: "dict[str, Any]", forgotten: "frozenset[str]", paths: "Iterable[str]") -> bool:
    """Return whether a snapshot's document names a payload or an output that is listed."""
    cells = [output for cell in document["cells"] for output in cell["outputs"]]
    payloads = {payload["digest"] for output in cells for payload in output["payloads"]}
    shown = set(shown_digests(document))
    named = (
        shown | {payload_digest(one) for one in payloads} | {digest_at(path, one) for path in paths for one in shown}
    )
    return not named.isdisjoint(forgotten)


def shown_digests(document: "dict[str, Any]") -> "list[str]":
    """Return the `shown_digest` of each output that a snapshot's document names with its payloads."""
    outputs = [output for cell in document["cells"] for output in cell["outputs"] if output["payloads"]]
    return [shown_digest(one["type"], ((part["mime"], part["digest"]) for part in one["payloads"])) for one in outputs]


def _payloads(output: "dict[str, Any]") -> "Iterator[tuple[str, str]]":
    for mime, data in output_data(output):
        yield mime, "sha256:" + sha256(data).hexdigest()


def _joined(value: object) -> object:
    """Return a value with lists of lines as the one string that they stand for, one level down as well."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "".join(value)
    if isinstance(value, dict):
        return {name: _joined(inner) if isinstance(inner, list) else inner for name, inner in value.items()}
    return value


def _named(*words: str) -> str:
    told = "\n".join(["nbgit-forgotten", *words])
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
