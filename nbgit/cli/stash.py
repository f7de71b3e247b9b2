"""`nbgit stash show`: what a stash holds, notebooks by cell."""

import os
import sys

import click

from nbgit.cli.diff import change_text
from nbgit.cli.diff_forms import print_stat
from nbgit.cli.diff_options import GitLike, git_options, view_options
from nbgit.cli.paging import paged
from nbgit.diff.between import FileChange, changed_files
from nbgit.diff.stored import COMMIT, State, Stored
from nbgit.diff.view import NONE, View
from nbgit.errors import TargetNotFound
from nbgit.gitproto.git_settings import is_true
from nbgit.notebook.policy import Policy
from nbgit.store.git import run_git, try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository

EPILOG = """\b
Examples:
  nbgit stash show                 the newest stash, in numbers
  nbgit stash show -p              by cell
  nbgit stash show -p -u stash@{1}
"""
NOTEBOOKS, OTHERS = ":(top,glob)**/*.ipynb", ":(top,exclude,glob)**/*.ipynb"
TRACKED, BOTH, UNTRACKED = "tracked", "both", "untracked"


class StashGroup(click.Group):
    """The one verb of git stash's that nbgit has."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names; any other is git's."""
        if args[0] not in self.commands:
            ctx.fail(f"nbgit stash has show alone; `git stash {args[0]}` does what it says, with outputs")
        return super().resolve_command(ctx, args)


@click.group(cls=StashGroup, epilog=EPILOG)
def command() -> None:
    """Show what a stash holds; all else of `git stash` is git's."""


def complete_stashes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the stashes."""
    out = try_git(["stash", "list", "--format=%gd"])[1].decode("utf-8", "replace")
    return [name for name in out.split() if name.startswith(incomplete)]


@command.command(cls=GitLike, epilog=EPILOG)
@click.argument("stash", required=False, shell_complete=complete_stashes)
@click.option("-p", "--patch", is_flag=True, help="What changed, by cell.")
@click.option("--stat", is_flag=True, help="One line a notebook: cells and figures.")
@click.option("-u", "--include-untracked", "which", flag_value=BOTH, help="Untracked files that were stashed, too.")
@click.option("--only-untracked", "which", flag_value=UNTRACKED, help="Those alone.")
@click.option("--no-include-untracked", "which", flag_value=TRACKED, help="Tracked files alone.")
@view_options
@click.option("--no-pager", is_flag=True, help="Write straight to the terminal.")
def show(
    stash: str | None,
    patch: bool,
    stat: bool,
    which: str | None,
    view: View,
    no_pager: bool,
) -> int:
    """Show what STASH (the newest, if none is named) would bring back, as `git stash show` does for text.

    Notebooks show as in `nbgit diff`, with what happened to their outputs; other files as git shows them.
    `git config stash.showPatch`, `stash.showStat` and `stash.showIncludeUntracked` count as for git.
    """
    repository = find_repository(os.getcwd(), os.environ)
    if not (patch or stat):
        patch, stat = _setting("stash.showPatch", usual=False), _setting("stash.showStat", usual=True)
    which = which or (BOTH if _setting("stash.showIncludeUntracked", usual=False) else TRACKED)
    pairs = _pairs(stash, which)
    policy = load_policy(repository)
    found = _changes(repository, pairs, policy, view)
    if stat:
        print_stat(found, policy, outputs=view.outputs != NONE)
        sys.stdout.buffer.write(_others(pairs, ["--stat"], view))
        sys.stdout.buffer.flush()
    if patch:
        text = "".join(change_text(change, view, policy) for change in found).encode("utf-8", "backslashreplace")
        text += _others(pairs, ["-p", *git_options(view)], view)
        with paged(not no_pager and bool(text)) as out:
            out.write(text)
    return 0


def _pairs(stash: str | None, which: str) -> list[tuple[str, str]]:
    """Return the pairs of trees that a stash lies between: what was tracked, and from an empty one what was not."""
    name = f"stash@{{{stash}}}" if stash is not None and stash.isdigit() else stash or "stash@{0}"
    names = [f"{name}^{{commit}}", f"{name}^1", f"{name}^2", f"{name}^3"]
    oids = [_oid(one) for one in names]
    if not all(oids[:3]):
        there = try_git(["rev-parse", "--verify", "--quiet", "refs/stash"])[0] == 0
        words = f"{name} is no stash; `git stash list` names them" if there or stash else "there is no stash"
        raise TargetNotFound(words)
    empty = run_git(["hash-object", "-t", "tree", "--stdin"], stdin=b"").decode("ascii").strip()
    tracked = [(oids[1], oids[0])] if which != UNTRACKED else []
    return tracked + ([(empty, oids[3])] if which != TRACKED and oids[3] else [])


def _changes(repository: Repository, pairs: list[tuple[str, str]], policy: Policy, view: View) -> list[FileChange]:
    found: list[FileChange] = []
    for before, after in pairs:
        some = list(changed_files(repository, os.getcwd(), [before, after], [NOTEBOOKS]))
        if view.outputs != NONE:
            with Stored(repository, policy, State(COMMIT, _commit(before)), State(COMMIT, after)) as stored:
                some = [stored.fill(change) for change in some]
        found += some
    return sorted(found, key=lambda change: change.after.path)


def _others(pairs: list[tuple[str, str]], options: list[str], view: View) -> bytes:
    """Return git's own diff of what are no notebooks."""
    options = ["--no-ext-diff", "--color=always" if view.palette.is_coloured else "--color=never", *options]
    return b"".join(run_git(["diff", *options, *pair, "--", ":(top)", OTHERS]) for pair in pairs)


def _oid(name: str) -> str:
    code, out, _ = try_git(["rev-parse", "--verify", "--quiet", name])
    return out.decode("ascii", "replace").strip() if code == 0 else ""


def _commit(name: str) -> str:
    return _oid(f"{name}^{{commit}}")


def _setting(key: str, *, usual: bool) -> bool:
    code, out, _ = try_git(["config", "--get", key])
    return is_true(out.decode("utf-8", "replace").strip()) if code == 0 else usual
