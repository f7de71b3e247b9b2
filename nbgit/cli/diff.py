"""`nbgit diff`: notebooks compared cell by cell, between revisions, the working tree, files or directories."""

import os

import click

from nbgit.cli.diff_blobs import blob_sides
from nbgit.cli.diff_forms import print_as_json, print_names, print_nbdime, print_stat
from nbgit.cli.diff_options import GitLike, view_options
from nbgit.cli.diff_page import PageOptions, page_options, write_page
from nbgit.cli.diff_sides import behind_dashes, in_repository, on_disk_sides
from nbgit.cli.paging import paged
from nbgit.diff.between import FileChange
from nbgit.diff.render_terminal import remark
from nbgit.diff.report import quoted, report
from nbgit.diff.view import FULL, NONE, View
from nbgit.errors import GitFailed
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import visible

EPILOG = """\b
Examples:
  nbgit diff                        the working tree against the index
  nbgit diff HEAD~3                 the working tree against a commit
  nbgit diff main topic -- fits/    two commits, one folder
  nbgit diff --outputs HEAD~1 HEAD  with the lines and rows of outputs that changed
  nbgit diff --stat HEAD~5          in cells and figures
  nbgit diff HEAD~3:fit.ipynb       a file as it was against the one on disk
  nbgit diff old.ipynb new.ipynb    two files; also two directories, or - for stdin
  nbgit diff --web HEAD~1 HEAD      in the browser
  nbgit diff --html change.html     the same as a file, say for a CI artifact
  nbgit diff --format nbdime a.ipynb b.ipynb > change.json
"""


@click.command(cls=GitLike, epilog=EPILOG)
@click.argument("targets", nargs=-1, metavar="[A] [B] [-- PATHS]")
@click.option("--cached", "--staged", is_flag=True, help="Compare the index with HEAD (or with A).")
@view_options
@click.option("--stat", is_flag=True, help="One line a notebook: cells and figures.")
@click.option("--name-only", is_flag=True, help="The paths.")
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/diff.v1.schema.json).")
@click.option("--format", "form", type=click.Choice(["text", "nbdime"]), default="text", help="nbdime: its JSON diff.")
@page_options
@click.option("--exit-code", is_flag=True, help="Exit with 1 where something differs.")
@click.option("--no-pager", is_flag=True, help="Write straight to the terminal.")
def command(
    targets: tuple[str, ...],
    cached: bool,
    view: View,
    stat: bool,
    name_only: bool,
    as_json: bool,
    form: str,
    exit_code: bool,
    no_pager: bool,
    page: PageOptions,
) -> int:
    """Compare notebooks cell by cell.

    A and B are revisions (or one range A..B), two files, two directories, or versions of files (REV:PATH; :PATH is the
    index's), of which one alone is compared with the file on disk. Without them the working tree is compared
    with the index. `git config nbgit.diffOutputs` (none, summary, full) says how much of outputs shows, here and in
    `git diff`. With --format nbdime, two files give nbdime's diff, and all else an object that maps paths to diffs.
    """
    shown = view.outputs != NONE
    files = None if cached else on_disk_sides(targets)
    left_out = files[1] if files else 0
    found, policy, quiet = (files[0], Policy(), []) if files else _in_repository(targets, cached=cached, outputs=shown)
    differs = bool(found)
    if page.is_wanted:
        write_page(found, policy, targets, page, view, cached=cached)
    elif form == "nbdime":
        differs = print_nbdime(found, alone=not any(map(os.path.isdir, targets)) and files is not None)
    elif as_json:
        print_as_json(found, policy, outputs=shown)
    elif stat:
        print_stat(found, policy, outputs=shown)
    elif name_only:
        print_names(found)
    else:
        wants_pager = not no_pager and not (view.picture and view.outputs == FULL)
        differs = _print_text(found, quiet, view, policy, pager=wants_pager)
    return GitFailed.exit_code if left_out else 1 if exit_code and differs else 0


def _in_repository(
    targets: tuple[str, ...], *, cached: bool, outputs: bool
) -> tuple[list[FileChange], Policy, list[str]]:
    found = blob_sides(targets, behind_dashes(), cached=cached, outputs=outputs)
    return found or in_repository(targets, cached=cached, outputs=outputs)


def _print_text(found: list[FileChange], quiet: list[str], view: View, policy: Policy, *, pager: bool) -> bool:
    """Print the diffs, and remarks below them; say whether there was any diff."""
    text = "".join(change_text(change, view, policy) for change in found)
    remarks = "".join(remark(line, view.palette) + "\n" for line in quiet)
    with paged(pager and bool(text or remarks)) as out:
        out.write((text + remarks).encode("utf-8", "backslashreplace"))
    return bool(text)


def change_text(change: FileChange, view: View, policy: Policy) -> str:
    """Return the diff of one file."""
    if change.status == "U":
        return f"* Unmerged path {visible(change.after.path)}\n"
    extended = [_quoted_line(line, view.quotes) for line in change.extended]
    return report(change.before, change.after, view, extended=extended, policy=policy)


def _quoted_line(line: str, quotes: bool) -> str:
    """Return a header line with its path quoted: that of `rename from PATH`."""
    verb, word, path = line.split(" ", 2)
    return f"{verb} {word} {quoted(path, quotes)}" if word in ("from", "to") else line
