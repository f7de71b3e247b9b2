"""`nbgit uninstall`: take out every trace that install made."""

import os

import click

from nbgit.cli.scope_options import scope_options, shown
from nbgit.setup import attributes, installing
from nbgit.setup.launch import this_launcher
from nbgit.setup.scopes import Scope, find_scope
from nbgit.sync.lazy import promising_remotes

EPILOG = """\b
Examples:
  nbgit uninstall                              this repository
  nbgit uninstall --attributes .gitattributes  ... and the committed lines
  nbgit uninstall --global                     what install --global set
  nbgit uninstall --delete-data                ... and every output nbgit keeps here
"""


@click.command(epilog=EPILOG)
@scope_options
@click.option("--attributes", "attributes_file", metavar="FILE", help="Also take nbgit's lines out of FILE.")
@click.option("--delete-data", is_flag=True, help="Also delete every output nbgit keeps for this repository.")
@click.option("--yes", is_flag=True, help="Don't ask before deleting data.")
def command(scope_name: str | None, attributes_file: str | None, delete_data: bool, yes: bool) -> int:
    """Remove every trace that install made; your files stay as they are, byte for byte.

    Stored outputs stay in .git unless --delete-data is given, so that a later install finds them again.
    """
    scope = find_scope(scope_name or "local", os.getcwd(), os.environ)
    if delete_data:
        if scope.repository is None:
            raise click.UsageError("--delete-data needs a repository: run it inside one")
        if not yes:
            click.confirm("Delete every output nbgit keeps for this repository, for good?", abort=True)
    notebooks = _tracked_notebooks(scope)
    outcome = installing.uninstall(scope, this_launcher(), attributes_file=attributes_file)
    unchanged = "nbgit was not set up here." if delete_data else "nbgit was not set up here; nothing changed."
    click.echo("nbgit is taken out again." if outcome.changed else unchanged)
    for piece, sentence in outcome.done:
        click.echo(f"  {piece:<11} {shown(sentence, scope)}")
    if delete_data and scope.repository is not None:
        count = installing.delete_data(scope.repository)
        click.echo(f"  {'data':<11} {count} refs and {shown(scope.repository.nbgit_dir, scope)} deleted")
    for sentence in [*outcome.left, *_promised(scope)]:
        click.echo(f"  {'left':<11} {shown(sentence, scope)}")
    if outcome.changed and notebooks:
        click.echo(
            "History holds notebooks without outputs, so those with outputs show as modified once git rereads them: "
            "commit them to put outputs into history, or `git checkout -- FILE` to drop the outputs of FILE."
        )
    return 0


def _promised(scope: Scope) -> list[str]:
    return [
        f"remote {name} stays: git asks it for outputs that were not fetched yet; --delete-data takes it out"
        for name in (promising_remotes(scope.repository) if scope.in_repository and scope.repository else [])
    ]


def _tracked_notebooks(scope: Scope) -> int:
    if not scope.in_repository or scope.repository is None:
        return 0
    return attributes.winners(scope.repository).tracked["filter", "nbgit"]
