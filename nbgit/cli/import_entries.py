"""`nbgit import`: entries and figure index for a history that has its outputs in its blobs."""

import json
import os

import click

from nbgit.cli.sizes import many
from nbgit.cli.terminal import progress
from nbgit.store.git import try_git
from nbgit.store.repository import Repository, find_repository
from nbgit.upkeep.import_entries import find_tips, import_entries

EPILOG = """\b
Examples:
  nbgit import               every branch, remote branch and tag
  nbgit import main v1.0     only what these reach
  nbgit import --dry-run     how much there is to write
"""


@click.command("import", epilog=EPILOG)
@click.argument("revisions", nargs=-1, metavar="[REVISION]...")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(revisions: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    """Tell in git log what ran, for commits that have the outputs in their notebooks.

    Such commits get entries, and the figure index is filled, so that blame-output answers at once. No commit is
    rewritten. Interrupted, it goes on when it is run again; run again when it is done, it changes nothing.
    """
    repository = find_repository(os.getcwd(), os.environ)
    tips = find_tips(repository, list(revisions))
    with progress("Reading notebooks") as report:
        told = import_entries(repository, tips, dry_run=dry_run, report=report)
    if as_json:
        click.echo(json.dumps({"schema": "nbgit/import.v1", "dry_run": dry_run, **told.as_json()}, indent=2))
        return 0
    click.echo(f"{many(told.commits, 'commit')} read, {many(told.versions, 'version')} of notebooks.")
    if told.unread:
        click.echo(f"{told.unread:,} of these could not be read: they are not in this clone, or too large.")
    if not told.entries:
        click.echo("No entry is missing." if told.versions else "No notebook in this history.")
        return 0
    words = f"{many(told.entries, 'entry', 'entries')} {'would be ' if dry_run else ''}written"
    click.echo(f"{words}, for {many(told.notebooks, 'version')} of notebooks.")
    if not dry_run and not _is_shown(repository):
        click.echo("`git log` shows them once `nbgit install` has run.")
    return 0


def _is_shown(repository: Repository) -> bool:
    _, out, _ = try_git(["config", "--get-all", "notes.displayRef"], cwd=repository.start)
    return b"refs/notes/nbgit" in out
