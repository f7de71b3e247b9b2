"""Ring 3: which sessions of IPython's history are of notebooks of this repository, and the journals made of them.

A session belongs to the notebook that has most of its code, in any version, where that is enough to be no accident.
Its journal tells code and counts; what its runs did, how long they took and how they ended is not known.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from nbgit.lineage.history.documents import source_key
from nbgit.lineage.history.past import Past
from nbgit.lineage.runs.ipython_history import History, TypedSession
from nbgit.lineage.runs.journals import UNKNOWN, VERSION, read_line
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.sources import FOLDER, LIMIT, SUFFIX
from nbgit.lineage.runs.times import moment
from nbgit.store.repository import Repository

SOURCE = "ipython"  # what `imported` says in a journal
CODE_LIMIT = 1 << 16  # characters of a cell
TELLING = 20  # characters, blanks apart, of code that does not stand in every other notebook
LEAST, SHARE = 2, 3  # telling pieces of code that must match, and one of so many
AROUND = timedelta(seconds=2)  # between a kernel's clock and its history's
NEW, LONGER, THERE, RECORDED = "new", "longer", "there", "recorded"


@dataclass(frozen=True)
class Found:
    """A session that belongs to `notebook`: its lines, how many of them the notebook has, and what is to be done.

    `state` is NEW, LONGER (lines were added since it was imported), THERE, or RECORDED: by nbgit itself.
    """

    typed: TypedSession
    id: str
    notebook: str
    lines: list[tuple[int, str]]
    matching: int
    state: str

    @property
    def started(self) -> str:
        """When it began, in the form that runs have."""
        return _text(self.typed.started)

    @property
    def is_wanted(self) -> bool:
        """Whether there is something to import."""
        return self.state in (NEW, LONGER)


def find_sessions(past: Past, records: Records, history: History, wanted: Iterable[int] = ()) -> list[Found]:
    """Return the sessions that belong to notebooks of this history, oldest first.

    Of those that are `wanted`, if any are, one piece of code is enough.
    """
    known = _code_of(past)
    asked = set(wanted)
    found: list[Found] = []
    sessions = [one for one in history.sessions() if not asked or one.number in asked]
    for done, typed in enumerate(sessions, 1):
        past.report(done, len(sessions))
        lines = list(history.lines(typed.number))
        notebook, matching = _home(lines, known, past, is_asked=typed.number in asked)
        if notebook is not None:
            session = _id_of(typed)
            found.append(Found(typed, session, notebook, lines, matching, _state(past.repository, session, lines)))
    recorded = _recorded(records, [one for one in found if one.state == NEW])
    return [replace(one, state=RECORDED) if one.typed.number in recorded else one for one in found]


def import_session(repository: Repository, found: Found) -> None:
    """Write the journal of a session, or what is missing of it; raises OSError."""
    file = _journal(repository, found.id)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    have = _numbers(file)
    rows = [] if have else [_opening(found)]
    for count, code in found.lines:
        if count not in have:
            rows += _run(found, count, code)
    data = b"".join(json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n" for row in rows)
    if os.path.exists(file) and os.path.getsize(file) + len(data) > LIMIT:
        return
    if not have and len(data) > LIMIT:
        data = data[: data.rindex(b"\n", 0, LIMIT) + 1]
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with open(descriptor, "ab") as journal:
        journal.write(data)


def _code_of(past: Past) -> dict[str, set[str]]:
    """Return digest of a cell's code -> the notebooks that have it, or had it once."""
    versions = past.versions_of(past.all_names())
    past.learn(versions.all_shown())
    found: dict[str, set[str]] = {}
    for _, version in versions.oldest_first():
        for cell in past.cells(version.shown):
            found.setdefault(cell.source, set()).add(version.path)
    return found


def _home(
    lines: list[tuple[int, str]], known: dict[str, set[str]], past: Past, *, is_asked: bool
) -> tuple[str | None, int]:
    """Return the notebook that a session belongs to and how many of its lines that has; (None, 0) where to none."""
    codes = {code for _, code in lines}
    homes = {code: known.get(source_key(code)) or known.get(source_key(code + "\n")) or set() for code in codes}
    telling = [code for code in codes if _is_telling(code)]
    counted = Counter(path for code in telling for path in homes[code]) or Counter(
        path for code in codes for path in homes[code] if is_asked
    )
    best = min(counted, key=lambda path: (-counted[path], not past.has_name(path), path), default=None)
    if best is None or (not is_asked and (counted[best] < LEAST or counted[best] * SHARE < len(telling))):
        return None, 0
    return best, sum(best in homes[code] for _, code in lines)


def _is_telling(code: str) -> bool:
    """Return whether code is more than imports, magics and what people type everywhere."""
    rows = [row.strip() for row in code.splitlines()]
    own = [row for row in rows if row and not row.startswith(("import ", "from ", "%", "!", "#"))]
    return len("".join("".join(own).split())) >= TELLING


def _id_of(typed: TypedSession) -> str:
    """Return the session's id, the same whenever and wherever it is imported."""
    digest = sha256(f"{SOURCE}\0{typed.number}\0{typed.stamp}".encode()).hexdigest()[:12]
    return f"{typed.started:%Y%m%dT%H%M%S}-{digest}"


def _state(repository: Repository, session: str, lines: list[tuple[int, str]]) -> str:
    have = _numbers(_journal(repository, session))
    if have:
        return THERE if all(count in have for count, _ in lines) else LONGER
    return NEW


def _recorded(records: Records, found: Iterable[Found]) -> set[int]:
    """Return the numbers of those sessions that nbgit itself has recorded: the last begun before that has its code."""
    owner: dict[str, tuple[datetime, int]] = {}
    for one in found:
        lines = set(one.lines)
        for session, runs in records.concerning((), (), {code for _, code in lines}).items():
            if not runs or runs[0].session.imported:
                continue
            began = moment(runs[0].session.started)
            is_then = one.typed.started <= began + AROUND and (one.typed.ended or began) >= began - AROUND
            if is_then and 2 * sum((run.execution_count, run.code) in lines for run in runs) >= len(runs):
                owner[session] = max(owner.get(session, (one.typed.started, 0)), (one.typed.started, one.typed.number))
    return {number for _, number in owner.values()}


def _journal(repository: Repository, session: str) -> str:
    return os.path.join(repository.nbgit_dir, FOLDER, session + SUFFIX)


def _numbers(file: str) -> set[int]:
    """Return the numbers of the runs that a journal has."""
    try:
        with open(file, "rb") as journal:
            lines = [read_line(row) for row in journal]
    except OSError:
        return set()
    return {int(str(line["id"]).rpartition(":")[2]) for line in lines if line and line.get("type") == "end"}


def _opening(found: Found) -> dict[str, object]:
    line: dict[str, object] = {"type": "session", "nbgit-run": VERSION, "id": found.id}
    return line | {"started": found.started, "notebook": found.notebook, "imported": SOURCE}


def _run(found: Found, count: int, code: str) -> list[dict[str, object]]:
    """Return the lines of a run, whose number is its execution count; nothing is known of what it showed."""
    run = f"{found.id}:{count}"
    begin: dict[str, object] = {"type": "begin", "id": run, "code": code[:CODE_LIMIT]}
    if len(code) > CODE_LIMIT:
        begin["code_size"] = len(code)
    begin |= {"started": found.started, "head": None}
    end = {"type": "end", "id": run, "execution_count": count, "outcome": UNKNOWN, "seconds": None, "dirty": None}
    return [begin, end | {"omitted": {"displayed": 1}}]


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
