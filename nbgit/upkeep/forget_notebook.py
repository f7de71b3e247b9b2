"""Ring 3: a notebook without the outputs that are to be forgotten; every other byte stays as it stands."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256

from nbgit.notebook.outputs import output_data
from nbgit.notebook.policy import Policy
from nbgit.notebook.removal import Remaining, drop_outputs, read_json, read_outputs, remove_spans
from nbgit.notebook.spans import Split
from nbgit.store.forgotten_outputs import metadata_digest
from nbgit.upkeep.forget_targets import PathTarget, Target, matching_outputs, texts_of

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


def remove_target(
    parts: Split,
    target: Target,
    policy: Policy | None,
    *,
    path: str | None = None,
    listed: set[str] | None = None,
    payloads: set[str] | None = None,
) -> Remaining | None:
    """Return what is left of a split notebook without the target, or None where it does not show it.

    `policy` is the one that it was split under, where that is known: then what is left is split again, as a check.
    `path` is the notebook's, where it is known. `listed` gets the digests by which what goes is known again, `payloads`
    those of its payloads.
    """

    def left_of(kind: str, raw: bytes) -> bytes | None:
        if kind == "metadata":
            gone = target.in_metadata(raw) or any(target.in_text(text) for text in _strings_in(raw))
            if listed is not None and gone:
                listed.add(metadata_digest(raw))
            return None if gone else raw
        found = read_outputs(raw)
        if found is None:
            return None if isinstance(target, PathTarget) or shows_target(raw, target) else raw
        outputs, places = found
        positions = matching_outputs(target, outputs, path)
        if listed is not None:
            listed.update(digest for position in positions for digest in target.digests_of(outputs[position]))
        if payloads is not None:
            payloads.update(digest for position in positions for digest in _digests(outputs[position]))
        return drop_outputs(raw, places, positions)

    return remove_spans(parts, policy, left_of, whole=isinstance(target, PathTarget))


def _digests(output: object) -> Iterator[str]:
    for _, data in output_data(output) if isinstance(output, dict) else ():
        yield "sha256:" + sha256(data).hexdigest()


def shows_target(raw: bytes, target: Target) -> bool:
    """Return whether bytes that can't be read as a notebook show the target in some text."""
    return target.in_text(raw.decode("utf-8", "replace")) or any(target.in_text(text) for text in _strings_in(raw))


def source_shows_target(source: bytes, target: Target) -> bool:
    """Return whether the committed bytes of a notebook show the target: in a cell's text, or in a kept output."""
    from nbgit.errors import NotANotebook
    from nbgit.notebook.outputs import read_payloads

    if isinstance(target, PathTarget):
        try:
            return bool(read_payloads(source))
        except (NotANotebook, TypeError):
            return False
    try:
        document = read_json(source)
    except (ValueError, RecursionError):
        return shows_target(source, target)
    if any(target.in_text(text) for text in texts_of(document)):
        return True
    return any(matching_outputs(target, outputs) for outputs in _outputs_in(document))


def _strings_in(raw: bytes) -> list[str]:
    """Return the texts of a piece of JSON that may be no whole value (a member with its comma)."""
    text = raw.decode("utf-8", "surrogateescape")
    for whole in (text, "{" + text.strip(" \t\r\n,") + "}"):
        try:
            return list(texts_of(json.loads(whole)))
        except (ValueError, RecursionError):
            continue
    found = []
    for literal in _STRINGS.findall(text):
        try:
            found.append(str(json.loads(literal, strict=False)))
        except ValueError:
            found.append(literal)
    return [*found, "".join(found)]


def _outputs_in(document: object) -> list[list[object]]:
    """Return the outputs of each cell of a parsed notebook, of any version."""
    if not isinstance(document, dict):
        return []
    sheets = document.get("worksheets")
    groups = [document, *(sheets if isinstance(sheets, list) else [])]
    lists = [group.get("cells") for group in groups if isinstance(group, dict)]
    cells = [cell for found in lists if isinstance(found, list) for cell in found]
    found_outputs = [cell.get("outputs") for cell in cells if isinstance(cell, dict)]
    return [outputs for outputs in found_outputs if isinstance(outputs, list)]
