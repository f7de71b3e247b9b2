"""`nbgit gc` and `nbgit prune`: remove what nobody needs any more."""

import os
import re
import time
from typing import Any

import click

from nbgit.cli.sizes import many, size_text
from nbgit.cli.terminal import print_json, progress
from nbgit.errors import NbgitError
from nbgit.notebook.printable import printable
from nbgit.store.git import try_git
from nbgit.store.repository import Repository, find_repository
from nbgit.upkeep.gc import NEVER, Limits, Waste, find_waste, remove_waste

EPILOG = """\b
Examples:
  nbgit gc --dry-run                what would go, one line each
  nbgit gc                          remove it
  nbgit gc --expire 30.days         also overtaken captures of the last months
  nbgit gc --waiting 1.year         also captures that no commit took within a year
  git config nbgit.captureExpire never
"""
KEY, DEFAULT = "nbgit.captureExpire", "90.days"
UNITS = {"day": 86400, "week": 7 * 86400, "month": 30 * 86400, "year": 365 * 86400}
_AGE = re.compile(r"(\d{1,5})[. ]?(day|week|month|year)s?(?:\.ago| ago)?")


@click.command(epilog=EPILOG)
@click.option("--expire", metavar="AGE", help=f"How old overtaken captures must be to go ({KEY}, else {DEFAULT}).")
@click.option("--waiting", metavar="AGE", help="Also remove captures that wait for a commit and are this old.")
@click.option("--dry-run", is_flag=True, help="List what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(expire: str | None, waiting: str | None, dry_run: bool, as_json: bool) -> int:
    """Remove what nobody needs any more; `nbgit prune` is the same.

    Removed are captures that a commit overtook more than 90 days ago, snapshots that no commit needs, entries of
    commits that are gone, recorded runs that no entry names, and old values of refs that `nbgit fsck --repair` has
    kept as long. A local journal of runs goes after 90 days if every run of it is stored with a commit; with --waiting
    any that is this old. That of a kernel that lives stays.

    A snapshot stays while an entry of a commit names it, or a commit or index has its notebook's source: on any
    branch, tag or stash, in any worktree, fetched, in a reflog, or lost less than two weeks ago. So does what a remote
    is known to have: it would come back. Captures that wait for a commit stay, unless --waiting is given. An AGE is
    `now`, `never`, or a number of days, weeks, months or years: 30.days.

    git's own gc frees the disk space: the next `git gc` finds nothing that holds the old snapshots but the reflog of
    refs/notes/nbgit, if there is one, and keeps objects for two weeks more.
    """
    repository = find_repository(os.getcwd(), os.environ)
    limits = Limits(_overtaken(repository, expire), NEVER if waiting is None else _option(waiting, "--waiting"))
    with progress("looking for what nobody needs") as report:
        waste = (find_waste if dry_run else remove_waste)(repository, limits, report)
    if as_json:
        print_json(_document(waste, dry_run=dry_run))
    else:
        _print(waste, dry_run=dry_run)
    return 0


def _overtaken(repository: Repository, expire: str | None) -> int:
    if expire is not None:
        return _option(expire, "--expire")
    code, out, _ = try_git(["config", "--get", KEY], cwd=repository.start)
    text = out.decode("utf-8", "replace").strip() if code == 0 else DEFAULT
    age = read_age(text)
    if age is None:
        raise NbgitError(f"{KEY} is {printable(text)!r}, which is no age; set it to such as 90.days, or to never")
    return age


def _option(text: str, name: str) -> int:
    age = read_age(text)
    if age is None:
        raise click.BadParameter(f"{text!r} is no age: give now, never, or such as 30.days, 6.weeks", param_hint=name)
    return age


def read_age(text: str) -> int | None:
    """Return an age in seconds (NEVER for "never"), or None for what is none."""
    words = {"now": 0, "never": NEVER}
    found = _AGE.fullmatch(text.strip().lower())
    return words.get(text.strip().lower()) if found is None else int(found.group(1)) * UNITS[found.group(2)]


def _document(waste: Waste, *, dry_run: bool) -> dict[str, Any]:
    return {
        "schema": "nbgit/gc.v1",
        "dry_run": dry_run,
        "snapshots": [
            {"id": snapshot_id, "source": source, "path": waste.paths.get(snapshot_id)}
            for source, snapshot_id in waste.snapshots
        ],
        "entries": waste.entries,
        "captures": [
            {
                "id": file.digest,
                "path": file.path,
                "taken": _when(file.taken),
                "state": "past" if file.is_past else "pending",
                "size": file.size,
            }
            for file in waste.captures
        ],
        "cuts": [{"session": session, "id": oid} for session, oid in waste.cuts],
        "journals": [
            {
                "session": one.session,
                "size": one.size,
                "last": _when(int(one.changed * 1e9)),
                "stored": one.is_stored,
            }
            for one in waste.journals
        ],
        "backups": sorted(waste.backups),
        "object_bytes": waste.object_bytes,
        "capture_bytes": sum(file.size for file in waste.captures),
        "kept": waste.kept or None,
    }


def _when(taken: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(taken // 1_000_000_000))


def _print(waste: Waste, *, dry_run: bool) -> None:
    size = sum(file.size for file in waste.captures)
    for source, snapshot_id in waste.snapshots if dry_run else ():
        path = waste.paths.get(snapshot_id)
        click.echo(f"snapshot  {snapshot_id[:12]}  {printable(path) if path else f'of source {source[:12]}'}")
    for commit in waste.entries if dry_run else ():
        click.echo(f"entry     {commit[:12]}  its commit is gone")
    for file in waste.captures if dry_run else ():
        what = f"{_when(file.taken)[:10]}  {file.size:,} bytes  {printable(file.path) or 'of an unknown path'}"
        click.echo(f"capture   {file.digest[:12]}  {what}")
    for session, oid in waste.cuts if dry_run else ():
        click.echo(f"runs      {oid[:12]}  of session {session}, that no commit rests on")
    for journal in waste.journals if dry_run else ():
        what = "all stored with commits" if journal.is_stored else "of which some are in no commit"
        click.echo(f"journal   {journal.session}  {journal.size:,} bytes  runs, {what}")
    for name in sorted(waste.backups) if dry_run else ():
        click.echo(f"backup    {printable(name)}")
    parts = [
        many(len(waste.snapshots), "snapshot") + (f" ({size_text(waste.object_bytes)})" if waste.snapshots else ""),
        many(len(waste.entries), "entry", "entries"),
        many(len(waste.captures), "capture") + (f" ({size_text(size)})" if waste.captures else ""),
        *([many(len(waste.cuts), "cut") + " of recorded runs"] if waste.cuts else []),
        *([many(len(waste.journals), "journal") + " of runs"] if waste.journals else []),
        *([many(len(waste.backups), "backup")] if waste.backups else []),
    ]
    if waste.kept:
        click.echo(f"{waste.kept[0].upper()}{waste.kept[1:]}.")
    if not (waste.snapshots or waste.entries or waste.captures or waste.backups or waste.cuts or waste.journals):
        click.echo("Nothing to remove.")
        return
    click.echo(f"{'Would remove' if dry_run else 'Removed'} {', '.join(parts)}.")
    if not dry_run and (waste.snapshots or waste.entries or waste.cuts):
        click.echo("The next `git gc` frees their disk space, once nothing in a reflog holds them.")
