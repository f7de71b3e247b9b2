"""`nbgit install`: set nbgit up in one of git's scopes."""

import os

import click

from nbgit.cli.scope_options import scope_options, shown
from nbgit.notebook.spans import split
from nbgit.setup import attributes, installing
from nbgit.setup.config import BY_CELL, BY_TEXT
from nbgit.setup.launch import this_launcher
from nbgit.setup.scopes import Scope, find_scope
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository

SAMPLE = 100  # notebooks that are looked at before advice is given
EPILOG = """\b
Examples:
  nbgit install                              this repository
  nbgit install --attributes .gitattributes  ... and the lines to commit for everyone
  nbgit install --global                     every repository of yours
  nbgit install --lazy                       ... and fetch outputs only when they are first shown
  nbgit install --diff-driver textconv       ... and git diff as git log -p has it, with every option of git's
  nbgit install --replace                    take over from nbstripout or nbdime
"""


@click.command(epilog=EPILOG)
@scope_options
@click.option("--attributes", "attributes_file", metavar="FILE", help="Also write the lines to commit into FILE.")
@click.option("--replace", is_flag=True, help="Take over from another tool that handles notebooks here.")
@click.option("--no-kernel", is_flag=True, help="Leave IPython's kernels alone: no runs are recorded.")
@click.option("--temporary", is_flag=True, help="Install from uvx's or pipx's cache, too: for a trial or a CI job.")
@click.option("--lazy", is_flag=True, help="Fetch outputs from remotes only when they are first shown.")
@click.option(
    "--diff-driver",
    "driver",
    type=click.Choice([BY_CELL, BY_TEXT]),
    help="What `git diff` shows: cells (command, the default), or git's own diff of the readable text (textconv).",
)
def command(
    scope_name: str | None,
    attributes_file: str | None,
    replace: bool,
    no_kernel: bool,
    temporary: bool,
    lazy: bool,
    driver: str | None,
) -> int:
    """Set nbgit up for this repository, or for you with --global.

    Writes git's configuration, attributes and hooks, and a startup file of IPython's; nothing that isn't nbgit's is
    overwritten.
    """
    scope = find_scope(scope_name or "local", os.getcwd(), os.environ)
    launcher = this_launcher()
    if not temporary:
        installing.refuse_temporary(launcher)
    outcome = installing.install(
        scope,
        launcher,
        replace=replace,
        attributes_file=attributes_file,
        lazy=lazy,
        driver=driver,
        kernel=not no_kernel,
    )
    where = {"global": "for you, in every repository", "system": "for everyone on this machine"}
    place = where.get(scope.name, "in this repository" if scope.name == "local" else "in this worktree")
    click.echo(
        f"nbgit is set up {place}." if outcome.changed else f"nbgit was set up {place} already; nothing changed."
    )
    for piece, sentence in outcome.done:
        click.echo(f"  {piece:<11} {shown(sentence, scope)}")
    for sentence in outcome.left:
        click.echo(f"  {'left':<11} {shown(sentence, scope)}")
    if outcome.changed:
        _say_what_next(scope)
    return 0


def _say_what_next(scope: Scope) -> None:
    if scope.repository is None or scope.repository.worktree is None:
        return
    found = attributes.winners(scope.repository)
    if found.probe != attributes.WANTED:
        click.echo("  warning     other attributes win for notebooks here: run `nbgit doctor`")
    if found.notebooks and _some_hold_outputs(scope.repository):
        many = "1 notebook is" if found.notebooks == 1 else f"{found.notebooks} notebooks are"
        click.echo(
            f"{many} tracked with outputs: `git add --renormalize .` and a commit take them out of history from now on."
        )


def _some_hold_outputs(repository: Repository) -> bool:
    """Return whether one of the first tracked notebooks has in git what nbgit would keep out of it."""
    _, out, _ = try_git(["ls-files", "-s", "-z", "--", ":(top)*.ipynb"], cwd=repository.worktree)
    oids = [row.split(" ")[1] for row in out.decode("utf-8", "surrogateescape").split("\0") if row]
    policy = load_policy(repository)
    with ObjectReader(repository) as reader:
        for content in reader.read_many(oids[:SAMPLE]):
            parts = split(content, policy) if content else None
            if parts is not None and parts.spans:
                return True
    return False
