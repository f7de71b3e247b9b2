"""The runs that kernels have recorded here, read from their journals (docs/formats.md, "Runs").

A journal may be torn at its end, of a kernel that still lives, or damaged: what can't be read is passed over, line by
line, and what is left is told.
"""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbgit.lineage.runs.sources import Source
from nbgit.notebook.lean_json import loads

VERSION = 1
FORGOTTEN = "# forgotten"  # in place of the code of a run that `nbgit forget` has taken it from; or as much as fits
DIGITS = 9  # of a run's number at most
TEXTS = ("started", "host", "cwd", "worktree", "notebook", "frontend", "person", "imported")
TOLD = (*TEXTS, "pid", "kernel", "number", "is_local")
OK, ERROR, INTERRUPTED, LOST, RUNNING = "ok", "error", "interrupted", "lost", "running"
UNKNOWN = "unknown"  # of a run that was imported


class FileSeen(NamedTuple):
    """A file that a run has read or written: its path as recorded, size in bytes, mtime (RFC 3339), and digest or None.

    The path is relative to the top of the worktree, else begins with `~/`, else is absolute.
    """

    path: str
    size: int
    mtime: str
    sha256: str | None


class Address(NamedTuple):
    """An address that a run has fetched; only `host:port` where no more was seen."""

    url: str
    method: str


class Shown(NamedTuple):
    """A payload that a run has displayed: media type and digest (`sha256:...`)."""

    mime: str
    digest: str


@dataclass
class Session:
    """A kernel's life; `packages` are (id of the run that imported them, or None; name -> version), in order.

    `number` is what a cut says: which session it was of those recorded in its clone; 0 where none has said it.
    `imported` says where it comes from if nbgit did not record it: then `started` is all that is known of time.
    `is_local`: its kernel ran in this clone.
    """

    id: str
    started: str = ""
    host: str = ""
    pid: int = 0
    cwd: str = ""
    worktree: str = ""
    notebook: str | None = None
    frontend: str | None = None
    person: str = ""
    number: int = 0
    imported: str = ""
    is_local: bool = False
    kernel: dict[str, str] = field(default_factory=dict)
    packages: list[tuple[str | None, dict[str, str]]] = field(default_factory=list)

    def packages_at(self, number: int) -> dict[str, str]:
        """Return the packages that were imported when run `number` of this session was over, by name."""
        found: dict[str, str] = {}
        for run, packages in self.packages:
            if run is None or number_of(run) <= number:
                found |= packages
        return found

    def add(self, other: "Session") -> None:
        """Take over what another source tells of this session and what was not known."""
        for name in TOLD:
            setattr(self, name, getattr(self, name) or getattr(other, name))
        self.packages += [one for one in other.packages if one not in self.packages]


@dataclass(slots=True)
class Run:
    """One run of one cell; `started` is RFC 3339 in UTC, `outcome` one of OK, ERROR, INTERRUPTED, LOST, RUNNING,
    UNKNOWN.

    `parent` is the run it was started by (`run_cell` in a cell), `bound_before` the names that something else than a
    run has bound since the run before, `figures` how many pyplot has open at its end (None: it is not loaded). What a
    run that was lost did is not known. `code_size` is the number of characters where the code was cut, else 0. Cuts say
    `among` how many runs of its session it was up to then (0: not said), and which of those it `needs` itself, by
    number (None: not said).
    """

    id: str
    session: Session
    code: str
    started: str
    head: str | None
    number: int = field(init=False)  # its place in its session, from 1 on
    parent: str | None = None
    cell_id: str | None = None
    code_size: int = 0
    among: int = 0
    needs: tuple[int, ...] | None = None
    execution_count: int | None = None
    outcome: str = LOST
    error: str = ""
    undefined: str = ""
    seconds: float | None = None
    dirty: bool | None = None
    bound_before: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    figures: int | None = None
    displayed: tuple[Shown, ...] = ()
    reads: tuple[FileSeen, ...] = ()
    writes: tuple[FileSeen, ...] = ()
    urls: tuple[Address, ...] = ()
    commands: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    omitted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.number = number_of(self.id)

    @property
    def is_forgotten(self) -> bool:
        """Whether its code may have been forgotten; a cell that has none is as good as that."""
        return FORGOTTEN.startswith(self.code.strip())

    @property
    def is_cut(self) -> bool:
        """Whether `code` is only the beginning of it."""
        return self.code_size > 0


def number_of(run_id: str) -> int:
    """Return the number that a run's id ends in, 0 where it has none."""
    digits = run_id.rpartition(":")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= DIGITS else 0


def instant(started: str) -> str:
    """Return a time of runs as it sorts, with however many digits."""
    return started.rstrip("Z")


def read_session(sources: Iterable[Source]) -> list[Run]:
    """Return the runs of one session in their order, as all its sources together tell them; none where there is none.

    A run is told by the first source that has it whole.
    """
    session: Session | None = None
    runs: dict[str, Run] = {}
    for source in sources:
        told, found = _read_source(source)
        session = session or Session(source.session)
        session.add(told)
        for run in found.values():
            known = runs.get(run.id)
            if known is None or (known.outcome == LOST and run.outcome != LOST):
                runs[run.id] = run
            if known is not None and known.needs is not None and run.needs is not None:
                runs[run.id].needs = tuple(sorted({*known.needs, *run.needs}))
    for run in runs.values():
        run.session = session or run.session
    return sorted(runs.values(), key=lambda run: run.number)


def read_line(row: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a line holds, or None."""
    try:
        line = loads(row)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _read_source(source: Source) -> tuple[Session, dict[str, Run]]:
    """Return what one source tells of its session and the runs of it; of a source of another version, no runs."""
    session = Session(source.session, is_local=source.is_local)
    runs: dict[str, Run] = {}
    try:
        for row, _ in source.rows():
            line = read_line(row)
            if line is None:
                continue
            if line.get("nbgit-run", VERSION) != VERSION:
                return Session(source.session), {}
            try:
                _take(line, session, runs)
            except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
                continue  # a line of another form
    except OSError:
        pass  # what could be read of it counts
    last = next(reversed(runs.values()), None)
    if last is not None and last.outcome == LOST and source.is_local and is_alive(session):
        for run in runs.values():
            if run.outcome == LOST and (run is last or run.id == last.parent):
                run.outcome = RUNNING
    return session, runs


def _take(line: dict[str, Any], session: Session, runs: dict[str, Run]) -> None:
    kind = line.get("type")
    if kind == "session":
        for name in TEXTS:
            if isinstance(line.get(name), str):
                setattr(session, name, line[name])
        session.pid = line.get("pid", session.pid) if isinstance(line.get("pid"), int) else session.pid
        session.number = line["number"] if isinstance(line.get("number"), int) else session.number
        session.kernel |= {key: str(value) for key, value in line.get("kernel", {}).items()}
    elif kind == "packages":
        session.packages.append((line["run"], {str(name): str(one) for name, one in line["packages"].items()}))
    elif kind == "begin":
        run = Run(str(line["id"]), session, str(line["code"]), str(line["started"]), _text(line.get("head")))
        if run.id != f"{session.id}:{run.number}" or run.id in runs:
            return  # of another session, or told before
        run.parent, run.cell_id = _text(line.get("parent")), _text(line.get("cell_id"))
        run.code_size, run.among = int(line.get("code_size", 0)), int(line.get("among", 0))
        run.needs = tuple(map(int, line["needs"])) if "needs" in line else None
        run.bound_before = _texts(line, "bound_before")
        runs[run.id] = run
    elif kind == "end":
        _take_end(line, runs[line["id"]])
    elif kind == "late":
        _take_doings(line, runs[line["id"]])
    elif kind == "digests":
        _take_digests(_files(line, "files"), runs[line["id"]])


def _take_end(line: dict[str, Any], run: Run) -> None:
    run.outcome = line["outcome"] if line["outcome"] in (OK, ERROR, INTERRUPTED, UNKNOWN) else ERROR
    run.seconds = None if line["seconds"] is None else float(line["seconds"])
    count, dirty = line.get("execution_count"), line.get("dirty")
    run.execution_count = count if isinstance(count, int) else None
    run.dirty = dirty if isinstance(dirty, bool) else None
    run.error, run.undefined = (_text(line.get(key)) or "" for key in ("error", "undefined"))
    run.bound, run.deleted, run.touches = (_texts(line, key) for key in ("bound", "deleted", "touches"))
    run.figures = line["figures"] if isinstance(line.get("figures"), int) else None
    if "displayed" in line:
        run.displayed = tuple([Shown(str(one["mime"]), str(one["digest"])) for one in line["displayed"]])
    if "facts" in line:
        run.facts = dict(line["facts"])
    if "omitted" in line:
        run.omitted = {str(key): int(value) for key, value in line["omitted"].items()}
    _take_doings(line, run)


def _take_doings(line: dict[str, Any], run: Run) -> None:
    run.reads += _files(line, "reads")
    run.writes += _files(line, "writes")
    if "urls" in line:
        run.urls += tuple(Address(str(one["url"]), str(one.get("method", "GET"))) for one in line["urls"])
    run.commands += _texts(line, "commands")


def _take_digests(told: tuple[FileSeen, ...], run: Run) -> None:
    """Give files their digests where path, size and mtime are the same."""
    known = {file[:3]: file for file in told}
    run.reads = tuple(known.get(file[:3], file) for file in run.reads)
    run.writes = tuple(known.get(file[:3], file) for file in run.writes)


def _files(line: dict[str, Any], key: str) -> tuple[FileSeen, ...]:
    if key not in line:
        return ()
    return tuple(
        [FileSeen(str(one["path"]), int(one["size"]), str(one["mtime"]), _text(one.get("sha256"))) for one in line[key]]
    )


def _texts(line: dict[str, Any], key: str) -> tuple[str, ...]:
    return tuple([str(one) for one in line[key]]) if key in line else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def is_alive(session: Session) -> bool:
    """Return whether a session's process is there; where that can't be asked without harm, it is not."""
    if session.host != platform.node() or session.pid <= 0 or os.name != "posix":
        return False
    try:
        os.kill(session.pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
