"""`nbgit import-history`: sessions from before nbgit, out of IPython's own history."""

import os

import click

from nbgit.cli.sizes import many
from nbgit.cli.terminal import print_json, print_lines, progress
from nbgit.errors import NbgitError
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.runs.importing import LONGER, NEW, RECORDED, THERE, Found, find_sessions, import_session
from nbgit.lineage.runs.ipython_history import default_file, open_history
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import local_day, local_time
from nbgit.lineage.story import Line
from nbgit.notebook.text import visible
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit import-history --dry-run      which sessions are of notebooks of this repository
  nbgit import-history                take them over
  nbgit import-history 182 190        these, though little of their code is in a notebook
  nbgit import-history --file old.sqlite
"""
WORDS = {NEW: "new", LONGER: "has grown", THERE: "imported before", RECORDED: "recorded by nbgit"}


@click.command("import-history", epilog=EPILOG)
@click.argument("sessions", nargs=-1, type=click.IntRange(min=1), metavar="[SESSION]...")
@click.option("--file", type=click.Path(), help="IPython's history. [default: that of its default profile]")
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(sessions: tuple[int, ...], file: str | None, dry_run: bool, as_json: bool) -> int:
    """Take over what IPython remembers of sessions from before nbgit: code and its order, for `nbgit log --runs` and
    blame-output.

    A session belongs here where enough of its code stands in a notebook of this history, in any version. What its runs
    did, how they ended and when each began is not known. Run again, it adds what is new, and nothing twice.
    """
    repository = find_repository(os.getcwd(), os.environ)
    name = file or default_file(os.environ)
    with progress("Comparing sessions with notebooks") as report, open_history(name) as history:

        def work(index: Index) -> list[Found]:
            past = Past(repository, index, (), report)
            return find_sessions(past, Records(repository, index), history, sessions)

        found = with_index(repository, work)
        count = len(history.sessions())
    try:
        for one in found if not dry_run else ():
            if one.is_wanted:
                import_session(repository, one)
    except OSError as error:
        raise NbgitError(f"the runs of a session could not be written ({error}); run it again") from error
    if as_json:
        print_json(_as_json(name, count, found, dry_run=dry_run))
    else:
        print_lines(_lines(found, count, dry_run=dry_run))
    return 0


def _as_json(file: str, count: int, found: list[Found], *, dry_run: bool) -> dict[str, object]:
    """Return the answer as schemas/import-history.v1.schema.json describes it."""
    rows = [
        {
            "session": one.typed.number,
            "id": one.id,
            "started": one.started,
            "notebook": one.notebook,
            "runs": len(one.lines),
            "matching": one.matching,
            "state": one.state,
        }
        for one in found
    ]
    return {"schema": "nbgit/import-history.v1", "file": file, "dry_run": dry_run, "read": count, "sessions": rows}


def _lines(found: list[Found], count: int, *, dry_run: bool) -> list[Line]:
    lines: list[Line] = []
    day = ""
    for one in found:
        today = local_day(one.started)
        lines += [[(today, "bold yellow")]] if today != day else []
        day = today
        clock = local_time(one.started).rpartition(" ")[2]
        line: Line = [(f"  {clock}  session {one.typed.number:<5} ", ""), (visible(one.notebook), "cyan")]
        line.append((f"  {many(len(one.lines), 'run')}, {one.matching} of code of it", ""))
        lines.append([*line, (f" · {WORDS[one.state]}", "green" if one.is_wanted else "dim")])
    wanted = [one for one in found if one.is_wanted]
    runs = sum(len(one.lines) for one in wanted)
    words = f"{'would be ' if dry_run else ''}imported"
    told = f"{many(len(wanted), 'session')} ({many(runs, 'run')}) {words}" if wanted else "Nothing to import"
    return [*lines, [(f"{told}; {many(count, 'session')} in IPython's history.", "dim")]]
