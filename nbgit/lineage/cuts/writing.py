"""Ring 3: a cut: some runs of one session, without what is nobody else's business (docs/formats.md, "Cuts").

It is written from what is known of the runs, key by key, so that the same runs give the same bytes wherever they are
cut, and what a later kernel records stays at home until it is listed here.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from nbgit.lineage.runs.journals import UNKNOWN, VERSION, FileSeen, Run, Session, number_of
from nbgit.lineage.runs.paths import is_inside, public_path

KERNEL = ("python", "ipython", "ipykernel")
# In a command line: the folders of a path that lies outside.
_FOLDERS = re.compile(r"(?<![\w.~:/\\\]-])(?:~[\\/]|/|[A-Za-z]:[\\/])(?:[^\s'\"\\/]+[\\/])*(?=[^\s'\"\\/])")
ELSEWHERE = "[...]/"


def write_cut(
    session: Session,
    number: int,
    runs: Iterable[Run],
    needs: Mapping[str, Iterable[int]],
    among: Mapping[str, int],
    left_out: frozenset[str] = frozenset(),
) -> bytes:
    """Return the cut of a session, the `number`th that was recorded in its clone, to these runs.

    `needs` are by run the numbers of those that it needs itself, `among` how many its session had up to it. `left_out`
    are digests of payloads of which nothing is to be said.
    """
    kept = sorted(runs, key=lambda run: run.number)
    rows = [_session(session, number)]
    for run_id, packages in session.packages:
        if run_id is None or number_of(run_id) <= kept[-1].number:
            rows.append({"type": "packages", "session": session.id, "run": run_id, "packages": packages})
    for run in kept:
        rows.append(_begin(run, sorted(needs[run.id]), among[run.id]))
        if run.seconds is not None or run.outcome == UNKNOWN:
            rows.append(_end(run, left_out))
    return b"".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n" for row in rows)


def _session(session: Session, number: int) -> dict[str, Any]:
    line: dict[str, Any] = {"type": "session", "nbgit-run": VERSION, "id": session.id}
    told = {
        "started": session.started,
        "host": session.host,
        "cwd": session.cwd if session.cwd == "." or is_inside(session.cwd) else "",
        "kernel": {key: session.kernel[key] for key in KERNEL if key in session.kernel},
        "notebook": session.notebook if session.notebook and is_inside(session.notebook) else "",
        "frontend": session.frontend,
        "person": session.person,
        "imported": session.imported,
        "number": number,
    }
    return line | {key: value for key, value in told.items() if value}


def _begin(run: Run, needs: list[int], among: int) -> dict[str, Any]:
    line: dict[str, Any] = {"type": "begin", "id": run.id, "code": run.code, "started": run.started, "head": run.head}
    told = {"cell_id": run.cell_id, "code_size": run.code_size, "bound_before": list(run.bound_before)}
    return line | {key: value for key, value in told.items() if value} | {"among": among, "needs": needs}


def _end(run: Run, left_out: frozenset[str]) -> dict[str, Any]:
    line = {
        "type": "end",
        "id": run.id,
        "execution_count": run.execution_count,
        "outcome": run.outcome,
        "seconds": run.seconds,
        "dirty": run.dirty,
    }
    told = {
        "error": run.error,
        "undefined": run.undefined,
        "bound": list(run.bound),
        "deleted": list(run.deleted),
        "displayed": [one._asdict() for one in run.displayed if one.digest not in left_out],
        "reads": _files(run, run.reads),
        "writes": _files(run, run.writes),
        "urls": [{"url": one.url, **({"method": one.method} if one.method != "GET" else {})} for one in run.urls],
        "commands": [_FOLDERS.sub(ELSEWHERE, command) for command in run.commands],
        "touches": list(run.touches),
        "facts": run.facts,
        "omitted": run.omitted,
    }
    if run.figures is not None:
        line["figures"] = run.figures
    return line | {key: value for key, value in told.items() if value}


def _files(run: Run, files: Iterable[FileSeen]) -> list[dict[str, Any]]:
    host = run.session.host
    return [{**file._asdict(), "path": public_path(file.path, host)} for file in files]
