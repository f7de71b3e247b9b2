"""Ring 3: recorded runs without what is to be forgotten, in the cuts that are shared and in the local journals.

A run in which the target stands (in its code, an address, a fact) goes whole. Of one that displayed it the digest goes,
and the run stays: what others rest on is not lost for a figure that may not be shown.
"""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from nbgit.lineage.runs.journals import read_line
from nbgit.store.forgotten_outputs import is_listed
from nbgit.upkeep.forget_targets import ListedTarget, PathTarget, PayloadTarget, Target, texts_of

Line = dict[str, Any]
_OF_RUNS = ("begin", "end", "late", "digests")
_KEPT = ("type", "nbgit-run", "id", "session", "run")  # without these a line is none


class RunsForgetter:
    """Takes a target out of lines of runs; `payloads` are digests (`sha256:...`) of what was found in outputs."""

    def __init__(self, target: Target, payloads: set[str]) -> None:
        self._target = target
        self._payloads = payloads

    def cut(self, content: bytes) -> bytes | None:
        """Return what is left of a cut: itself where it says nothing of the target, None where no run is left."""
        rows = content.splitlines(keepends=True)
        left = list(self._left_of(rows))
        if all(new is old for new, old in zip(left, rows, strict=True)):
            return content
        kept = [row for row in left if row is not None]
        return b"".join(kept) if any(b'"begin"' in row for row in kept) else None

    def journal(self, file: str, *, dry_run: bool) -> bool:
        """Overwrite what a journal says of the target, in place, since its kernel may be appending to it; return
        whether it said anything. What goes is filled up with blanks. Raises OSError."""
        with open(file, "rb" if dry_run else "r+b") as journal:
            rows = journal.read().splitlines(keepends=True)
            at, found = 0, False
            for old, new in zip(rows, self._left_of(rows), strict=True):
                if new is not old:
                    found = True
                    if not dry_run:
                        journal.seek(at)
                        journal.write((new or b"").rstrip(b"\n").ljust(len(old) - 1) + b"\n")
                at += len(old)
            if found and not dry_run:
                journal.flush()
                os.fsync(journal.fileno())
        return found

    def _left_of(self, rows: Iterable[bytes]) -> Iterator[bytes | None]:
        """Yield for each row itself, what is left of it, or None."""
        rows = list(rows)
        lines = [read_line(row) if row.endswith(b"\n") else None for row in rows]
        gone = {
            str(line.get("id")) for line in lines if line and line.get("type") in _OF_RUNS and self._stands_in(line)
        }
        notebook = next((str(line["notebook"]) for line in reversed(lines) if line and line.get("notebook")), "")
        for row, line in zip(rows, lines, strict=True):
            if line is None:
                shows = row.strip() and self._target.in_text(row.decode("utf-8", "replace"))
                yield None if shows and row.endswith(b"\n") else row
            elif line.get("type") in _OF_RUNS:
                yield None if str(line.get("id")) in gone else self._without_payloads(row, line, notebook)
            else:
                kept = {key: one for key, one in line.items() if key in _KEPT or not self._stands_in(one)}
                yield row if kept == line else _row(kept)

    def _stands_in(self, value: object) -> bool:
        return any(self._target.in_text(text) for text in texts_of(value))

    def _without_payloads(self, row: bytes, line: Line, notebook: str) -> bytes:
        shown = line.get("displayed")
        kept = [one for one in shown if not self._is_shown(one, notebook)] if isinstance(shown, list) else shown
        return row if kept == shown else _row({**line, "displayed": kept})

    def _is_shown(self, one: object, notebook: str) -> bool:
        if not isinstance(one, dict):
            return False
        mime, digest = str(one.get("mime")), str(one.get("digest"))
        if isinstance(self._target, PathTarget):
            return notebook == self._target.path
        if isinstance(self._target, PayloadTarget):
            return digest.startswith(self._target.digest)
        if isinstance(self._target, ListedTarget):
            return is_listed(mime, digest, self._target.outputs, [notebook])
        return digest in self._payloads


def _row(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
