"""`nbgit migrate`: rewrite a history that holds outputs, with the outputs moved out of it."""

import os
import sys

import click

from nbgit.cli.terminal import progress
from nbgit.store.repository import Repository, find_repository
from nbgit.upkeep.migrate import Migrated, Migration
from nbgit.upkeep.migrate_index import undo

EPILOG = """\b
Examples:
  nbgit migrate --dry-run     how many commits, notebooks and signatures
  nbgit migrate               every local branch and tag
  nbgit migrate main v1.0     just these
  nbgit migrate --undo        as it was before
"""


@click.command(epilog=EPILOG)
@click.argument("refs", nargs=-1, metavar="[BRANCH|TAG]...")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--undo", "is_undo", is_flag=True, help="Put branches and tags back to what they were.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(refs: tuple[str, ...], dry_run: bool, is_undo: bool, yes: bool) -> int:
    """Rewrite history: notebooks without outputs in its commits, the outputs kept beside them.

    Every commit from the first notebook on gets a new id, so agree on it with everybody who has a clone; `nbgit import`
    rewrites nothing. Files on disk stay as they are. What branches and tags were stays below refs/nbgit-backup.
    """
    repository = find_repository(os.getcwd(), os.environ)
    if is_undo:
        if refs or dry_run:
            raise click.UsageError("--undo takes no other words: it puts back all that the last migration moved")
        back = undo(repository)
        click.echo(f"{_many(len(back), 'branch or tag', 'branches and tags')} put back; the backup is deleted.")
        return 0
    migration = Migration(repository, refs)
    if not dry_run and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: give --yes, or --dry-run to look only")
        click.confirm("Rewrite the history of these branches and tags? Every clone has to follow.", abort=True)
    with progress("Rewriting commits") as report:
        told = migration.run(dry_run=dry_run, report=report)
    _tell(repository, told, dry_run=dry_run)
    return 0


def _tell(repository: Repository, told: Migrated, *, dry_run: bool) -> None:
    if not told.refs:
        click.echo(f"Nothing to rewrite: no notebook in {_many(told.commits, 'commit', 'commits')} has outputs.")
        return
    click.echo(
        f"{told.rewritten} of {_many(told.commits, 'commit', 'commits')} {'would be ' if dry_run else ''}rewritten,"
        f" {_many(told.notebooks, 'version of a notebook', 'versions of notebooks')} moved out,"
        f" {_many(told.refs, 'branch or tag', 'branches and tags')}."
    )
    if told.signatures:
        click.echo(
            f"{_many(told.signatures, 'signature', 'signatures')} dropped: what they sign is rewritten; sign anew."
        )
    if dry_run:
        return
    click.echo(
        f"Packed, it was {told.bytes_before:,} bytes; now {told.bytes_alone:,} for branches and tags,"
        f" {told.bytes_after:,} with all outputs. Until the backup is deleted, no reflog holds it and `git gc` has run,"
        " .git holds both."
    )
    click.echo(f"Old and new ids: {os.path.relpath(told.map_file, repository.start)}")
    click.echo(f"What was: {told.backup} (`nbgit migrate --undo` puts it back).")
    click.echo("To share it: `git push --force-with-lease` of these branches and tags; others clone anew.")


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
