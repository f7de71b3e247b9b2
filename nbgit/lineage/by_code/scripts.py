"""Ring 3: what scripts did that recorded runs have started: as far as their code names files.

The script itself was seen (it counts as read by the run). What it read and wrote was not: its code, as it was then,
names files, and a file that was changed while the run was on fits.
"""

import os
import posixpath
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from nbgit.kernel.journal import rfc3339
from nbgit.kernel.scripts import SUFFIXES, started_by
from nbgit.lineage.by_code.notebooks import SCRIPT, files_of_script, from_top, stems_of
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.sources import introduced_by
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import moment
from nbgit.lineage.slicing.named_files import READ, WRITTEN
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader

ROUNDED = timedelta(seconds=2)  # what clocks and file systems may differ by


class ScriptFile(NamedTuple):
    """A file that a script names, which a run has started; READ or WRITTEN."""

    script: str
    how: str
    path: str


class Scripts:
    """Finds what scripts did in runs; the code of each is followed once."""

    def __init__(self, past: Past, records: Records) -> None:
        self._past = past
        self._records = records
        self._named: dict[FileSeen, list[tuple[str, str]]] = {}
        self._runs: dict[str, list[ScriptFile]] = {}

    def of(self, run: Run) -> list[ScriptFile]:
        """Return the files that the scripts name which a run has started."""
        if not run.commands:
            return []
        if run.id not in self._runs:
            self._runs[run.id] = self._find(run)
        return self._runs[run.id]

    def written(self, run: Run) -> list[tuple[str, FileSeen]]:
        """Return (script, file) of what a run's scripts write by their code, with its state if it is of the run."""
        return [(one.script, self._on_disk(run, one.path)) for one in self.of(run) if one.how == WRITTEN]

    def writer(self, file: FileSeen, reader: Run) -> tuple[Run, str] | None:
        """Return the last run, and its script, that fits a file which `reader` read and no run was seen to write."""
        found = [
            (run, one.script)
            for run in self._starters([file.path])
            if run.started <= reader.started and run.id != reader.id and _was_on(run, file.mtime)
            for one in self.of(run)
            if one.how == WRITTEN and one.path == file.path
        ]
        return max(found, key=lambda pair: (pair[0].started, pair[0].number), default=None)

    def readers(self, paths: Iterable[str]) -> list[tuple[Run, ScriptFile]]:
        """Return the runs that have started scripts which read one of these paths by their code."""
        wanted = set(paths)
        return [
            (run, one)
            for run in self._starters(wanted)
            for one in self.of(run)
            if one.how == READ and one.path in wanted
        ]

    def _find(self, run: Run) -> list[ScriptFile]:
        folder = "" if run.session.cwd in ("", ".") else run.session.cwd
        found: dict[ScriptFile, None] = {}
        for command in run.commands:
            for inner, script in started_by(command):
                here = from_top(inner, folder) if inner else folder
                seen = [file for file in run.reads if posixpath.basename(file.path) == posixpath.basename(script)]
                for file in seen:
                    for how, name in self._names_of(file):
                        if how in (READ, WRITTEN):
                            found[ScriptFile(file.path, how, from_top(name, here))] = None
        return list(found)

    def _names_of(self, script: FileSeen) -> list[tuple[str, str]]:
        if script not in self._named:
            data = self._content(script)
            code = data.decode("utf-8", "replace") if data is not None else ""
            self._named[script] = files_of_script(script.path, code)
        return self._named[script]

    def _content(self, script: FileSeen) -> bytes | None:
        """Return what a script was when it was started, from the disk or from git; None where neither has it."""
        if script.size > SCRIPT or script.sha256 is None:
            return None
        data = self._now(script.path)
        if sha256(data).hexdigest() == script.sha256:
            return data
        found = introduced_by(self._past, [script]).get(script)
        if found is None:
            return None
        with ObjectReader(self._past.repository) as reader:
            return reader.read(f"{found.commit.oid}:{script.path}", most=SCRIPT)

    def _on_disk(self, run: Run, path: str) -> FileSeen:
        unknown = FileSeen(path, -1, "", None)
        place = os.path.join(self._past.repository.worktree or "", *path.split("/"))
        try:
            found = os.stat(place)
        except (OSError, ValueError):
            return unknown
        mtime = rfc3339(found.st_mtime_ns / 1e9, 6)
        return FileSeen(path, found.st_size, mtime, None) if _was_on(run, mtime) else unknown

    def _starters(self, paths: Iterable[str]) -> list[Run]:
        """Return the runs that have started scripts in which, as they are now, one of these names stands."""
        stems = [stem.encode() for stem in stems_of(paths)]
        found: dict[str, Run] = {}
        for name, text in self._texts.items():
            if any(stem in text for stem in stems):
                found |= {run.id: run for run in self._records.readers(name) if run.commands}
        return list(found.values())

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        """The scripts of the working tree, by path."""
        top = self._past.repository.worktree
        if top is None:
            return {}
        kinds = [f"*{ending}" for ending in (*SUFFIXES, ".R")]
        asked = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *kinds]
        code, out, _ = try_git(asked, cwd=top)
        names = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
        return {name: self._now(name) for name in names if name}

    def _now(self, path: str) -> bytes:
        place = os.path.join(self._past.repository.worktree or "", *path.split("/"))
        try:
            with open(place, "rb") as file:
                return file.read(SCRIPT)
        except (OSError, ValueError):
            return b""


def _was_on(run: Run, time: str) -> bool:
    """Return whether a run was on at a point in time."""
    if run.seconds is None:
        return False
    start = moment(run.started)
    return start - ROUNDED <= moment(time) <= start + timedelta(seconds=run.seconds) + ROUNDED
