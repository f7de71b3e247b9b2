"""`nbgit diff`: notebooks compared cell by cell, between revisions, the working tree, or two files."""

import json
import os
import sys

import click

from nbgit.cli.numbers import Number
from nbgit.cli.paging import paged
from nbgit.diff.between import FileChange, changed_files
from nbgit.diff.report import Side, report
from nbgit.errors import GitFailed, NotANotebook, TargetNotFound
from nbgit.gitproto.git_settings import DiffSettings, read_diff_settings, stdout_is_terminal
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.git import try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit diff                        the working tree against the index
  nbgit diff HEAD~3                 the working tree against a commit
  nbgit diff main topic -- fits/    two commits, one folder
  nbgit diff old.ipynb new.ipynb    two files
  nbgit diff --format nbdime a.ipynb b.ipynb > change.json
"""


@click.command(epilog=EPILOG)
@click.argument("targets", nargs=-1, metavar="[A] [B] [-- PATHS]")
@click.option("--cached", "--staged", is_flag=True, help="Compare the index with HEAD (or with A).")
@click.option("-U", "--unified", "context", type=Number(), metavar="N", help="Lines of context around a change.")
@click.option("--format", "form", type=click.Choice(["text", "nbdime"]), default="text", help="nbdime: its JSON diff.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where something differs.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), is_flag=False, flag_value="always")
@click.option("--no-color", is_flag=True, help="The same as --color=never.")
@click.option("--no-pager", is_flag=True, help="Write straight to the terminal.")
def command(
    targets: tuple[str, ...],
    cached: bool,
    context: int | None,
    form: str,
    exit_code: bool,
    color: str | None,
    no_color: bool,
    no_pager: bool,
) -> int:
    """Compare notebooks cell by cell.

    A and B are revisions (or one range A..B), or two files. Without them the working tree is compared with the
    index. Outputs are no part of the comparison. With --format nbdime, two files give nbdime's diff and revisions an
    object that maps each path to its diff.
    """
    if len(targets) == 2 and not cached and all(os.path.isfile(target) for target in targets):
        before, after = (Side(path, _read(path)) for path in targets)
        found, policy, alone = [FileChange("M", before, after, False, [])], Policy(), True
    else:
        found, policy = _in_repository(list(targets), cached)
        alone = False
    if form == "nbdime":
        return _print_nbdime(found, alone, exit_code)
    settings = _settings("never" if no_color else color, context)
    text = "".join(_render(change, settings, policy) for change in found)
    with paged(not no_pager and bool(text)) as out:
        out.write(text.encode("utf-8", "backslashreplace"))
    return 1 if exit_code and text else 0


def _settings(color: str | None, context: int | None) -> DiffSettings:
    settings = read_diff_settings(os.environ, stdout_is_terminal(), color or "")
    if context is not None:
        settings.context = context
    return settings


def _render(change: FileChange, settings: DiffSettings, policy: Policy) -> str:
    if change.status == "U":
        return f"* Unmerged path {change.after.path}\n"
    return report(
        change.before,
        change.after,
        settings.palette,
        context=settings.context,
        prefixes=settings.prefixes,
        extended=change.extended,
        policy=policy,
    )


def _print_nbdime(found: list[FileChange], alone: bool, exit_code: bool) -> int:
    from nbgit.external.nbdime import nbdime_diff

    empty = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    diffs = {}
    for change in found:
        before = empty if change.before.data is None else change.before.data
        after = empty if change.after.data is None else change.after.data
        try:
            diffs[change.after.path] = nbdime_diff(before, after)
        except NotANotebook as error:
            raise NotANotebook(f"{change.after.path} is {error}; --format text shows any change") from error
    answer = next(iter(diffs.values())) if alone else diffs
    click.echo(json.dumps(answer, indent=1))
    return 1 if exit_code and any(diffs.values()) else 0


def _in_repository(targets: list[str], cached: bool) -> tuple[list[FileChange], Policy]:
    """Return what differs, and the policy that holds there."""
    cwd = os.getcwd()
    repository = find_repository(cwd, os.environ)
    revisions, paths = _sort_targets(targets)
    policy = load_policy(repository)
    found = changed_files(repository, cwd, revisions, paths or [":(top,glob)**/*.ipynb"], cached=cached)
    return [change for change in found if not _is_unchanged(change, policy)], policy


def _sort_targets(targets: list[str]) -> tuple[list[str], list[str]]:
    """Return (revisions, paths), told apart as git does it: what comes after `--`, or isn't a revision, is a path.

    click drops the `--`, so it is looked up in the command line.
    """
    arguments = sys.argv[1:]
    behind = len(arguments) - arguments.index("--") - 1 if "--" in arguments else 0
    before = targets[: len(targets) - behind] if behind <= len(targets) else targets
    revisions: list[str] = []
    for place, target in enumerate(before):
        if len(revisions) < 2 and _is_revision(target):
            revisions.append(target)
        elif behind or not (os.path.exists(target) or "*" in target or target.startswith(":")):
            raise TargetNotFound(f"{target} is neither a revision nor a file; put paths behind `--`")
        else:
            return revisions, [*before[place:], *targets[len(before) :]]
    return revisions, targets[len(before) :]


def _is_revision(name: str) -> bool:
    if name.startswith("-"):
        return False
    return try_git(["rev-parse", "--quiet", "--revs-only", "--verify" if ".." not in name else "--", name])[0] == 0


def _is_unchanged(change: FileChange, policy: Policy) -> bool:
    """Say whether the file on disk differs only in what is volatile: git lists it where its size differs."""
    if not change.in_worktree or change.after.data is None or change.before.mode != change.after.mode:
        return False
    parts = split(change.after.data, policy)
    return parts is not None and parts.source == change.before.data


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise GitFailed(f"{path} can't be read: {error.strerror or error}") from error
