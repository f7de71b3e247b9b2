"""`nbgit forget`: remove what should never have been printed from all that nbgit keeps."""

import os
import sys

import click

from nbgit.cli import numbers
from nbgit.cli.terminal import progress
from nbgit.cli.worktree_paths import in_repository
from nbgit.errors import TargetNotFound
from nbgit.notebook.printable import printable
from nbgit.store.captures import CaptureStore
from nbgit.store.forgotten import GONE
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository
from nbgit.upkeep.forget import Forgetting, Outcome, listed_target, read_forget_target
from nbgit.upkeep.forget_refs import Found
from nbgit.upkeep.forget_targets import Target

MOST_SHOWN = 8  # notebooks and paths that are listed

EPILOG = """\b
Examples:
  nbgit forget --pattern 'hunter2' --dry-run    where is it?
  nbgit forget --pattern 'hunter2' --worktree --prune-now
  nbgit forget sha256:73475cb40a568e8d          one figure, wherever it is shown
  nbgit forget secret.png                       the figure with these bytes
  nbgit forget analysis.ipynb                   every output kept for this notebook
  nbgit forget --again --worktree               what others have forgotten, and this clone still shows
"""


@click.command(epilog=EPILOG)
@click.argument("target", metavar="[PATH|PAYLOAD]", required=False)
@click.option("--pattern", metavar="REGEX", help="Outputs in whose text this regular expression (Python's) is found.")
@click.option("--again", is_flag=True, help="What was forgotten before, here or by others.")
@click.option("--worktree", is_flag=True, help="Also take it out of the notebooks on disk.")
@click.option("--prune-now", is_flag=True, help="Delete the old objects from this clone at once.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(
    target: str | None, pattern: str | None, again: bool, worktree: bool, prune_now: bool, dry_run: bool, yes: bool
) -> int:
    """Remove outputs from all that nbgit keeps: a password that was printed, a figure that must not be shared.

    The whole output goes; other outputs of the cell, and the code, stay. It is removed from captures, snapshots,
    entries, recorded runs (which lose their code where it shows it), the figure index, caches and the log. A
    digest of each output that was in a commit is shared with the snapshots: a notebook that still shows it, here or in
    another clone, is committed without it. The file on disk keeps it until --worktree takes it out. Exits 1 where
    nothing was found.
    """
    if (target is not None) + (pattern is not None) + again != 1:
        raise click.UsageError(
            "name a notebook, a payload (sha256:..., or an image file), or give --pattern REGEX, or --again"
        )
    repository = find_repository(os.getcwd(), os.environ)
    forgetting = Forgetting(repository, _target(repository, target, pattern, again=again))
    with progress("Searching what nbgit keeps") as report:
        seen = forgetting.look(report)
    _tell_found(seen)
    nothing = seen.is_empty and not (worktree and seen.on_disk) and not prune_now
    if dry_run or nothing:
        _tell_rest(seen, cleaned=False)
        return 0 if dry_run and not nothing else 1
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: give --yes, or --dry-run to look only")
        click.confirm("Remove this for good?", abort=True)
    with progress("Removing") as report:
        done = forgetting.carry_out(worktree=worktree, prune=prune_now, report=report)
    done.in_history = seen.in_history
    click.echo("Removed.")
    _tell_rest(done, cleaned=True)
    return 0


def _target(repository: Repository, text: str | None, pattern: str | None, *, again: bool) -> Target:
    if again:
        return listed_target(repository)
    captured = CaptureStore(repository, load_policy(repository)).paths()
    return read_forget_target(text, pattern, _place(repository, text), captured)


def _place(repository: Repository, target: str | None) -> str | None:
    try:
        return None if target is None else in_repository(repository, target)
    except TargetNotFound:
        return None


def _tell_found(seen: Outcome) -> None:
    found = seen.found
    if seen.is_empty:
        click.echo(f"Nothing that nbgit keeps shows {seen.target.label}.")
        return
    gone = sum(new == GONE for new in found.replaced.values())
    click.echo(f"Found {seen.target.label} in:")
    rows = [
        (len(found.replaced), "snapshot", f" ({gone} of them go whole)" if gone else ""),
        (len(found.notebooks), "entry", _named(sorted({path for _, path in found.notebooks}))),
        (seen.captures, "capture", ""),
        (len(found.cuts), "cut of recorded runs", ""),
        (seen.journals, "journal of runs", ""),
        (seen.log_lines, "line of the log", ""),
    ]
    for number, word, more in rows:
        if number:
            click.echo(f"  {_many(number, word)}{more}")
            if word == "entry":
                _tell_places(found)
    if found.shared:
        click.echo(f"The same outputs are kept for other notebooks too, and stay there{_named(sorted(found.shared))}.")


def _tell_places(found: Found) -> None:
    """Say which cells of which commits lose outputs."""
    rows = [(path, cells, commits) for path, rest in sorted(found.places.items()) for cells, commits in rest.items()]
    for path, cells, commits in rows[:MOST_SHOWN]:
        of = (
            ", cells unknown" if not cells else f", {numbers.cells(list(cells))}" if cells[0] >= 0 else ", its metadata"
        )
        named = ", ".join(found.subjects.get(commit, commit[:12]) for commit in commits[:MOST_SHOWN])
        click.echo(f"    {printable(path)}{of}: {printable(named)}{' ...' if len(commits) > MOST_SHOWN else ''}")
    if len(rows) > MOST_SHOWN:
        click.echo(f"    and {len(rows) - MOST_SHOWN} more")


def _tell_rest(outcome: Outcome, *, cleaned: bool) -> None:
    """Say where the target still stands, and what removes it there."""
    for place in outcome.on_disk:
        if place.is_cleaned:
            click.echo(f"{printable(place.file)} is cleaned.")
        else:
            click.echo(
                f"{printable(place.file)} still shows it on disk: clear that output, or run this again with --worktree;"
                " otherwise the next `git add` captures it again."
            )
    if outcome.in_history:
        shown = " ".join(printable(path) for path in outcome.in_history[:MOST_SHOWN])
        click.echo(
            f"git's own history shows it in {shown}: nbgit does not rewrite that; `git filter-repo` does, with"
            " --replace-text, or with --invert-paths --path FILE."
        )
    for file in outcome.failed:
        click.echo(f"nbgit: {printable(file)} could not be changed; run this again", err=True)
    if cleaned:
        _tell_objects(outcome)
        _tell_remotes(outcome)


def _tell_objects(outcome: Outcome) -> None:
    if outcome.remaining is None:
        click.echo(
            "The old objects stay in this clone until git prunes them: --prune-now deletes just these, `git gc"
            " --prune=now` every object that nothing refers to."
        )
    elif outcome.remaining:
        click.echo(
            f"{_many(len(outcome.remaining), 'old object')} could not be deleted: what was fetched from a remote, a"
            f" pack with a .keep file or another repository still holds them ({outcome.remaining[0][:12]} is one)."
        )
    else:
        click.echo("The old objects are deleted from this clone.")


def _tell_remotes(outcome: Outcome) -> None:
    for remote in outcome.remotes:
        name = printable(remote.name)
        if remote.has_it is False:
            continue
        holds = "holds it" if remote.has_it else "holds it if nbgit's refs were ever pushed there"
        click.echo(
            f"The remote {name} still {holds}: `nbgit sync {name}` takes it out of what is shared there from now on;"
            f" `nbgit sync --overwrite {name}` also drops the old history of nbgit's refs, which has it."
        )
    if any(remote.has_it is not False for remote in outcome.remotes):
        click.echo(
            "Other clones drop it from what nbgit keeps when they next pull or sync; a notebook on their disk keeps it"
            " until `nbgit forget --again --worktree` there, but is shared without it. What was shared may have been"
            " read, and a short output can be guessed from its digest: change a password."
        )


def _many(number: int, word: str) -> str:
    one, of, rest = word.partition(" of ")
    plural = f"{one.replace('entry', 'entrie')}s{of}{rest}"
    return f"{number} {word if number == 1 else plural}"


def _named(paths: list[str]) -> str:
    shown = ", ".join(printable(path) for path in paths[:MOST_SHOWN])
    return f": {shown}{' ...' if len(paths) > MOST_SHOWN else ''}" if paths else ""
