"""Ring 3: recorded runs without what is to be forgotten, in the cuts that are shared and in the local journals.

What says it goes: an address, a fact, a displayed digest; in place of code stands a comment. The run itself stays:
without it recipes would tell that a later run has used what an earlier one has left, which is not so.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from nbgit.lineage.runs.journals import FORGOTTEN, read_line
from nbgit.store.forgotten_outputs import is_listed
from nbgit.upkeep.forget_targets import ListedTarget, PathTarget, PayloadTarget, Target, texts_of

Line = dict[str, Any]
# Without these a line is none; no text of a person's stands in them.
_KEPT = (
    *(
        "type",
        "nbgit-run",
        "id",
        "session",
        "run",
        "parent",
        "started",
        "head",
        "outcome",
        "execution_count",
        "seconds",
    ),
    *("dirty", "figures", "code_size", "among", "needs", "number", "pid"),
)


class RunsForgetter:
    """Takes a target out of lines of runs; `payloads` are digests (`sha256:...`) of what was found in outputs."""

    def __init__(self, target: Target, payloads: set[str]) -> None:
        self._target = target
        self._payloads = payloads

    def cut(self, content: bytes) -> bytes | None:
        """Return what is left of a cut: itself where it says nothing of the target, None where no run is left."""
        rows = content.splitlines(keepends=True)
        left = list(self._left_of(rows, may_grow=True))
        if all(new is old for new, old in zip(left, rows, strict=True)):
            return content
        kept = [row for row in left if row is not None]
        return b"".join(kept) or None

    def journal(self, file: str, *, dry_run: bool) -> bool:
        """Overwrite what a journal says of the target, in place, since its kernel may be appending to it; return
        whether it said anything. What goes is filled up with blanks. Raises OSError."""
        with open(file, "rb" if dry_run else "r+b") as journal:
            rows = journal.read().splitlines(keepends=True)
            at, found = 0, False
            for old, new in zip(rows, self._left_of(rows, may_grow=False), strict=True):
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

    def _left_of(self, rows: list[bytes], *, may_grow: bool) -> Iterator[bytes | None]:
        """Yield for each row itself, what is left of it (longer only where it may be), or None."""
        lines = [read_line(row) if row.endswith(b"\n") else None for row in rows]
        notebook = next((str(line["notebook"]) for line in reversed(lines) if line and line.get("notebook")), "")
        for row, line in zip(rows, lines, strict=True):
            if line is not None:
                left = self._without_payloads(self._scrubbed(line), notebook)
                yield row if left == line else _row(left, len(row) + (len(FORGOTTEN) if may_grow else 0))
            else:
                shows = row.endswith(b"\n") and self._target.in_text(row.decode("utf-8", "replace"))
                yield None if shows else row

    def _scrubbed(self, line: Line) -> Line:
        """Return a line without whatever in it shows the target."""
        if not self._stands_in({key: value for key, value in line.items() if key not in _KEPT}):
            return line
        left: Line = {}
        for key, value in line.items():
            if key == "code" and self._stands_in(value):
                left |= {"code": FORGOTTEN}
            elif isinstance(value, list) and key not in _KEPT:
                left[key] = [one for one in value if not self._stands_in(one)]
            elif isinstance(value, dict) and key not in _KEPT:
                left[key] = {name: one for name, one in value.items() if not self._stands_in({name: one})}
            elif key in _KEPT or not self._stands_in(value):
                left[key] = value
        return left

    def _stands_in(self, value: object) -> bool:
        return any(self._target.in_text(text) for text in texts_of(value))

    def _without_payloads(self, line: Line, notebook: str) -> Line:
        shown = line.get("displayed")
        kept = [one for one in shown if not self._is_shown(one, notebook)] if isinstance(shown, list) else shown
        return line if kept == shown else {**line, "displayed": kept}

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


def _row(line: Line, most: int) -> bytes:
    """Return a line as it is written, in at most so many bytes: the comment in place of code is as long as there is
    room."""
    for code in (FORGOTTEN, FORGOTTEN[:1], ""):
        told = {**line, "code": code} if line.get("code") == FORGOTTEN else line
        row = json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
        if len(row) <= most:
            return row
    return b"\n"
