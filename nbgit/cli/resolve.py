"""`nbgit resolve`: the conflicts of notebooks, listed, walked, or settled by one side."""

import os
import sys

import click

from nbgit.cli.resolve_files import Marked, in_conflict, read_marked, write_resolved
from nbgit.cli.resolve_text import listed, told
from nbgit.cli.resolve_walk import walk
from nbgit.cli.terminal import print_json, print_lines
from nbgit.errors import NbgitError, NotARepository
from nbgit.merge.resolve import BOTH, OURS, THEIRS, Decision
from nbgit.store.git import run_git
from nbgit.store.repository import Repository, find_repository

SIDES = {"ours": OURS, "theirs": THEIRS, "both": BOTH}
UNATTENDED = "nbgit: walking them takes a terminal; without one --ours, --theirs or --both settle them"
EPILOG = """\b
Examples:
  nbgit resolve                                   walk every conflict, one by one
  nbgit resolve --list                            what is in conflict, and where
  nbgit resolve fit.ipynb --theirs                take their side of all of them
  nbgit resolve fit.ipynb --ours --conflict 2     of one of them
  nbgit resolve --list --json                     for programs (nbgit/schemas/resolve.v1.schema.json)
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[NOTEBOOKS]", type=click.Path(exists=True, dir_okay=False))
@click.option("--list", "only_list", is_flag=True, help="List the conflicts and change nothing.")
@click.option("--ours", is_flag=True, help="Take our side.")
@click.option("--theirs", is_flag=True, help="Take their side.")
@click.option("--both", is_flag=True, help="Take our lines, then theirs.")
@click.option("--conflict", "numbers", type=int, multiple=True, metavar="N", help="Only this one of --list.")
@click.option("--add", is_flag=True, help="`git add` each notebook in which nothing is left to decide.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(
    paths: tuple[str, ...], only_list: bool, numbers: tuple[int, ...], add: bool, as_json: bool, **sides: bool
) -> int:
    """Walk the conflicts that a merge has marked in NOTEBOOKS (those that git has in conflict, if none are named).

    For each one take ours, theirs, both, or edit it. Without a terminal, the conflicts are listed. A notebook is
    written whole or not at all, and no marker comes into it. Exits with 0 where nothing is left in conflict, else 1.
    """
    choice = _choice(only_list, numbers, [name for name, chosen in sides.items() if chosen])
    repository = _repository(bool(paths))
    files = list(paths) or in_conflict(repository)
    if numbers and len(files) != 1:
        raise click.UsageError("--conflict counts within one notebook: name it")
    found = [read_marked(file, repository) for file in files]
    if choice:
        found = [_settled(one, choice, numbers, repository) for one in found]
    elif not only_list and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        found = [walk(one, repository) for one in found]
    if add:
        _add(found, repository)
    if as_json:
        print_json({"schema": "nbgit/resolve.v1", "notebooks": [one.as_json() for one in found]})
    else:
        print_lines(listed(found) if not choice else told(found))
        if not (choice or only_list or sys.stdin.isatty()) and any(one.conflicts for one in found):
            click.echo(UNATTENDED, err=True)
    return 1 if any(one.is_open for one in found) else 0


def _choice(only_list: bool, numbers: tuple[int, ...], sides: list[str]) -> str | None:
    if len(sides) > 1:
        raise click.UsageError(f"--{sides[0]} and --{sides[1]} exclude each other; --conflict N settles one of them")
    if only_list and sides:
        raise click.UsageError("--list changes nothing; leave it out to settle conflicts")
    if numbers and not sides:
        raise click.UsageError("--conflict goes with --ours, --theirs or --both")
    return SIDES[sides[0]] if sides else None


def _repository(optional: bool) -> Repository | None:
    try:
        return find_repository(os.getcwd(), os.environ)
    except NotARepository:
        if optional:
            return None
        raise


def _settled(marked: Marked, choice: str, numbers: tuple[int, ...], repository: Repository | None) -> Marked:
    beyond = next((number for number in numbers if not 0 < number <= len(marked.conflicts)), None)
    if beyond is not None:
        raise NbgitError(f"{marked.path} has no conflict {beyond}; `nbgit resolve --list {marked.path}` counts them")
    chosen: dict[int, Decision] = {
        one.number: choice
        for one in marked.conflicts
        if (not numbers or one.number in numbers) and (choice != BOTH or one.takes_both or numbers)
    }
    return write_resolved(marked, chosen, repository)


def _add(found: list[Marked], repository: Repository | None) -> None:
    ready = [one.file for one in found if not one.is_open]
    if ready and repository is not None:
        run_git(["add", "--", *ready], cwd=repository.start)
        for one in found:
            one.is_added = one.file in ready
