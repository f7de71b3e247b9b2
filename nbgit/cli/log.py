"""`nbgit log`: the lab notebook: commit by commit, what ran and which figures are new."""

import json
import os
from collections.abc import Iterator
from itertools import islice

import click

from nbgit.cli.diff_options import GitLike, view_options
from nbgit.cli.log_patch import patch_of
from nbgit.cli.log_runs import Asked, show_runs
from nbgit.cli.numbers import Number
from nbgit.cli.paging import paged
from nbgit.cli.terminal import encoded, print_text, progress, render, warn
from nbgit.diff.view import View
from nbgit.errors import TargetNotFound
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.history.commits import Report
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.log import Entry, read_journal
from nbgit.lineage.log_story import tell_entry
from nbgit.lineage.targets import repository_path
from nbgit.store.git import run_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository

PAGE = 20  # entries written at once


EPILOG = """\b
Examples:
  nbgit log                            what ran, commit by commit
  nbgit log -p --since "last week"     and what changed, by cell and by output
  nbgit log --runs fits/lc.ipynb       what ran in kernels, committed or not
"""


@click.command("log", cls=GitLike, epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-n", "--max-count", "limit", type=Number(), metavar="N", help="At most N entries.")
@click.option("--since", metavar="DATE", help="Only commits after DATE, as git reads it.")
@click.option("--until", metavar="DATE", help="Only commits before DATE.")
@click.option("--author", metavar="PATTERN", help="Only commits, or runs, of authors that match.")
@click.option("-p", "--patch", is_flag=True, help="What changed, by cell and by output.")
@view_options
@click.option("--runs", is_flag=True, help="What ran in kernels, run by run, committed or not.")
@click.option("--no-pager", is_flag=True, help="Write straight to the terminal.")
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/log.v1, runs.v1).")
def command(
    paths: tuple[str, ...],
    limit: int | None,
    since: str | None,
    until: str | None,
    author: str | None,
    patch: bool,
    view: View,
    runs: bool,
    no_pager: bool,
    as_json: bool,
) -> int:
    """The lab notebook: what ran, commit by commit, newest first.

    For each commit of HEAD that did something to notebooks: which ones, what ran in them and in which order, and which
    figures are new. PATH (a notebook, followed through renames, or a directory) limits it. With --runs: what ran in
    IPython's kernels, of a notebook or with a file PATH. With -p: each commit as `nbgit diff` shows it.
    """
    if patch and (runs or as_json):
        raise click.UsageError(f"-p and {'--runs' if runs else '--json'} exclude each other")
    repository = find_repository(os.getcwd(), os.environ)
    if runs:
        named = [repository_path(repository, os.getcwd(), path) for path in paths]
        concerned = Asked(named, since, until, author, limit)
        return show_runs(repository, concerned, pager=not no_pager, as_json=as_json)
    link_missing(repository, warn)
    asked = [repository_path(repository, os.getcwd(), path) for path in paths]
    filters = [f"--{name}={value}" for name, value in (("since", since), ("until", until), ("author", author)) if value]
    with progress("Reading the history of notebooks") as report:
        entries = with_index(repository, lambda index: _read(repository, index, asked, filters, limit, report))
    if as_json:
        print_text(json.dumps({"entries": [entry.as_json() for entry in entries]}, indent=2) + "\n")
        return 0
    if not entries:
        which = "that matches" if filters or limit == 0 else "here"
        click.echo(f"No commit {which} did anything to a notebook.", err=True)
        return 0
    _print(repository, entries, view, patch=patch, pager=not no_pager)
    return 0


def _print(repository: Repository, entries: list[Entry], view: View, *, patch: bool, pager: bool) -> None:
    policy = load_policy(repository) if patch else None
    with paged(pager) as out:
        waiting = iter(entries)
        while page := list(islice(waiting, 1 if policy else PAGE)):
            out.write(encoded(render(_lines(page), coloured=view.palette.is_coloured)))
            text = patch_of(repository, policy, page[0], view) if policy else ""
            out.write(encoded(f"{text}\n" if text else ""))


def _read(
    repository: Repository, index: Index, paths: list[str], filters: list[str], limit: int | None, report: Report
) -> list[Entry]:
    try:
        past = Past(repository, index, report=report)
    except TargetNotFound:
        return []
    arguments = ["rev-list", "--date-order", *filters, past.graph.oids[past.head], "--"]
    oids = run_git(arguments, cwd=repository.start).decode("ascii").split()
    return list(read_journal(past, oids, paths, limit))


def _lines(entries: list[Entry]) -> "Iterator[list[tuple[str, str]]]":
    for entry in entries:
        yield from tell_entry(entry)
