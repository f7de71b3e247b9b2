"""Other days for what real kernels have recorded: times in journals and of files, moved consistently.

The code under test is told nothing: what it reads is changed, before any verb of nbgit's has seen it.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from nbgit.kernel.journal import rfc3339
from tests.gitbox import FIRST_SECOND, GitBox
from tests.kernels import journals

NOW = datetime(2025, 1, 1, tzinfo=timezone.utc)  # what is later was recorded just now, what is earlier was moved before
EACH = timedelta(minutes=1)  # from the start of one run to that of the next
LENGTH = timedelta(seconds=0.8)  # of each run


class Day:
    """Moves what was recorded since the day before to one that begins at `start` (RFC 3339, UTC).

    The runs, in their order, are moved to one a minute, each of 0.8 seconds; all other times stay where they were
    between the starts and ends of runs.
    """

    def __init__(self, box: GitBox, start: str) -> None:
        self._start = _time(start)
        self._files = [file for file in journals(box) if _time(_lines(file)[0]["started"]) > NOW]
        self._knots = list(self._runs())
        files = {box.path / path for file in self._files for path in self._rewrite(file)}
        for path in files:
            if path.is_file():
                self._touch(path)
        self._set_clock(box)

    def _runs(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield (time recorded, time moved to) for each start and each end of a run, in order."""
        ends: dict[str, float] = {}
        starts: dict[str, datetime] = {}
        for line in (line for file in self._files for line in _lines(file)):
            if line["type"] == "begin":
                starts[line["id"]] = _time(line["started"])
            elif line["type"] == "end":
                ends[line["id"]] = line["seconds"]
        for number, (run, started) in enumerate(sorted(starts.items(), key=lambda item: item[1])):
            moved = self._start + number * EACH
            yield started, moved
            if run in ends:
                yield started + timedelta(seconds=ends[run]), moved + LENGTH

    def _moved(self, text: str) -> str:
        """Return a time in the form that it has; one that was moved on an earlier day stays."""
        when = _time(text)
        if when < NOW:
            return text
        return rfc3339(self._shifted(when).timestamp(), len(text.partition(".")[2]) - 1)

    def _shifted(self, when: datetime) -> datetime:
        at = bisect_right(self._knots, (when, datetime.max.replace(tzinfo=timezone.utc)))
        if at in (0, len(self._knots)):
            known, moved = self._knots[max(at - 1, 0)]
            return moved + (when - known)
        (before, first), (after, last) = self._knots[at - 1 : at + 1]
        return first + (last - first) * ((when - before) / (after - before))

    def _rewrite(self, file: Path) -> list[str]:
        """Write a journal anew under the session's new name; return the paths of files that it tells of."""
        lines = _lines(file)
        old = file.name.removesuffix(".jsonl")
        started = self._shifted(_time(lines[0]["started"]))
        new = f"{started:%Y%m%dT%H%M%S}-{old.rpartition('-')[2]}"
        told = []
        for line in lines:
            if "started" in line:
                line["started"] = self._moved(line["started"])
            if "seconds" in line:
                line["seconds"] = LENGTH.total_seconds()
            for seen in (one for key in ("reads", "writes", "files") for one in line.get(key, ())):
                seen["mtime"] = self._moved(seen["mtime"])
                told.append(seen["path"])
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        file.unlink()
        file.with_name(f"{new}.jsonl").write_text(text.replace(old, new), encoding="ascii")
        return told

    def _touch(self, path: Path) -> None:
        recorded = rfc3339(path.stat().st_mtime_ns / 1e9, 6)
        if _time(recorded) > NOW:
            moved = _time(self._moved(recorded))
            nanoseconds = int(moved.timestamp()) * 10**9 + moved.microsecond * 1000 + 500
            os.utime(path, ns=(nanoseconds, nanoseconds))

    def _set_clock(self, box: GitBox) -> None:
        """Have the box make its next commit on the evening of that day."""
        evening = self._start.replace(hour=18, minute=0, second=0)
        box.minutes = (int(evening.timestamp()) - FIRST_SECOND) // 60 - 1


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text(encoding="ascii").splitlines()]
