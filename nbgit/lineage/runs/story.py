"""Ring 3: recorded runs as lines for people: by day and by session, newest first, a line a run."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import groupby

from nbgit.lineage.runs.journals import ERROR, INTERRUPTED, LOST, OK, RUNNING, Run, Session
from nbgit.lineage.runs.paths import shown_path
from nbgit.lineage.story import Line
from nbgit.notebook.outputs import is_figure
from nbgit.notebook.text import visible

CODE = 60  # characters of a cell's first line that are shown
PLACES = 3  # files of one kind that are named
STYLES = {OK: "", ERROR: "red", INTERRUPTED: "yellow", LOST: "red", RUNNING: "green"}


def tell_runs(runs: Iterable[Run]) -> Iterator[list[Line]]:
    """Yield the lines of one session of one day after the other; `runs` come newest first."""
    day = ""
    for (today, _), found in groupby(runs, key=lambda run: (_day(run), run.session.id)):
        group = list(found)
        lines: list[Line] = [[(today, "bold yellow")]] if today != day else []
        day = today
        lines.append(_tell_session(group[0].session, len(group)))
        width = max(len(tell_length(run)) for run in group)
        lines += [line for run in group for line in _tell_run(run, width)]
        yield [*lines, []]


def _tell_session(session: Session, count: int) -> Line:
    what = visible(session.notebook) if session.notebook else _place(session)
    line: Line = [("  ", ""), (what, "cyan"), (f"  {count} run{'' if count == 1 else 's'}", "")]
    python = session.kernel.get("python", "")
    details = [f"python {python}" if python else "", session.host, session.person.rsplit(" <", 1)[0]]
    details.append("imported from IPython's history" if session.imported else "")
    line.append(("".join(f" · {visible(one)}" for one in details if one), "dim"))
    return line


def _place(session: Session) -> str:
    return "a kernel at the top" if session.cwd in ("", ".") else f"a kernel in {visible(session.cwd)}"


def _tell_run(run: Run, width: int) -> Iterator[Line]:
    count = f"[{run.execution_count}]" if run.execution_count is not None else "[ ]"
    clock = _local(run.started).strftime("%H:%M:%S")
    rows = [row for row in run.code.splitlines() if row.strip()]
    first = visible(rows[0].strip()) if rows else ""
    more = " …" if len(rows) > 1 or len(first) > CODE else ""
    inner = "  " if run.parent else ""
    line: Line = [(f"    {clock} {count:>5} ", ""), (f"{tell_length(run):>{width}}  ", STYLES.get(run.outcome, ""))]
    yield [*line, (inner + first[:CODE].rstrip() + more, "")]
    read, wrote = ([shown_path(file.path) for file in files] for files in (run.reads, run.writes))
    words = (_named("read", read), _named("wrote", wrote))
    told = [word for word in (*words, _named("fetched", [one.url for one in run.urls]), _shown(run)) if word]
    if told:
        yield [(" " * (21 + width), ""), (" · ".join(told), "dim")]


def tell_length(run: Run) -> str:
    """Return how long a run took, or how it ended where that says more."""
    if run.outcome == ERROR:
        return visible(run.error) or run.outcome
    if run.outcome != OK or run.seconds is None:
        return run.outcome
    if run.seconds < 0.0995:
        return f"{run.seconds * 1000:.0f} ms"
    if run.seconds < 99.5:
        return f"{run.seconds:.1f} s"
    return f"{run.seconds / 60:.0f} min"


def _named(verb: str, texts: Iterable[str]) -> str:
    names = list(dict.fromkeys(visible(text) for text in texts))
    more = f" and {len(names) - PLACES} more" if len(names) > PLACES else ""
    return f"{verb} {', '.join(names[:PLACES])}{more}" if names else ""


def _shown(run: Run) -> str:
    figures = len({one.digest for one in run.displayed if is_figure(one.mime)})
    return f"{figures} figure{'' if figures == 1 else 's'}" if figures else ""


def _day(run: Run) -> str:
    return _local(run.started).strftime("%a %d %b %Y")


def _local(started: str) -> datetime:
    """Return a run's start in local time; a text that is no time counts as 1970."""
    try:
        return datetime.strptime(started[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).astimezone()
    except ValueError:
        return datetime.fromtimestamp(0, timezone.utc)
