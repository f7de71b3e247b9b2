"""`nbgit difftool`: what `git difftool -t nbgit` starts for each changed file."""

import os

import click

from nbgit.cli.diff import change_text
from nbgit.cli.diff_page import MEGABYTE, PageOptions, write_page
from nbgit.cli.diff_sides import on_disk_sides
from nbgit.cli.paging import paged
from nbgit.diff.between import FileChange
from nbgit.diff.report import Side
from nbgit.errors import GitFailed, NotARepository
from nbgit.gitproto.git_settings import read_view, stdout_is_terminal
from nbgit.notebook.policy import Policy
from nbgit.store.git import try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import find_repository

LIMIT = 20 * MEGABYTE
EPILOG = """\b
Examples:
  git difftool -t nbgit                          each changed file, one after the other
  git difftool -t nbgit --no-prompt HEAD~3 -- fit.ipynb
  git config nbgit.difftool web                  ... in a browser
  git config diff.tool nbgit                     ... and `git difftool` does it without -t
"""


@click.command(epilog=EPILOG)
@click.argument("local", type=click.Path())
@click.argument("remote", type=click.Path())
@click.argument("name", required=False)
def command(local: str, remote: str, name: str | None) -> int:
    """Show what changed from LOCAL to REMOTE, files or directories that git has laid out, under the NAME of the file.

    `nbgit install` makes it known to git as the tool `nbgit`; it becomes the usual one where you say so. After
    `git config nbgit.difftool web` each file opens in a browser.
    """
    view = read_view(os.environ, stdout_is_terminal())
    view.decode = True
    folders = on_disk_sides((local, remote)) if os.path.isdir(local) else None
    if folders is not None:
        found = folders[0]
    else:
        sides = [Side(name or path, _read(path)) for path in (local, remote)]
        status = "A" if sides[0].data is None else "D" if sides[1].data is None else "M"
        found = [FileChange(status, sides[0], sides[1], False, [])]
    policy = _policy()
    if try_git(["config", "--get", "nbgit.difftool"])[1].strip() == b"web":
        write_page(found, policy, (name or local,), PageOptions(None, True, LIMIT), view, cached=False)
        return 0
    text = "".join(change_text(change, view, policy) for change in found)
    with paged(bool(text)) as out:
        out.write(text.encode("utf-8", "backslashreplace"))
    return 0


def _policy() -> Policy:
    try:
        return load_policy(find_repository(os.getcwd(), os.environ))
    except NotARepository:
        return Policy()


def _read(path: str) -> bytes | None:
    """Return a file's bytes, None for git's name of no file."""
    if path in ("/dev/null", "nul", os.devnull):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise GitFailed(f"{path} can't be read: {error.strerror or error}") from error
