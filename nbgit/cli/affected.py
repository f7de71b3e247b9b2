"""`nbgit affected`: which figures, in which commits, rest on a file."""

import os

import click

from nbgit.cli.terminal import print_json, print_lines, progress, warn
from nbgit.lineage.answers import matches_of
from nbgit.lineage.blame import Match
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.downstream import Affected, affected_by
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.runs.records import Records
from nbgit.lineage.story import Line, Sizes, tell_commit, tell_place
from nbgit.lineage.targets import repository_path
from nbgit.notebook.text import visible
from nbgit.store.repository import find_repository

EPILOG = """\b
Examples:
  nbgit affected data/raw.csv           the figures that rest on it, through other files and notebooks
  nbgit affected data/raw.csv --json    for programs (nbgit/schemas/affected.v1.schema.json)
"""


@click.command("affected", epilog=EPILOG)
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(path: str, as_json: bool) -> int:
    """Which figures, in which commits, rest on this file?

    By the runs that were recorded here: those that read it, those that rest on these, the files that they wrote, and so
    on. PATH need not exist any more. Exits 1 where no recorded run has read it.
    """
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    name = repository_path(repository, os.getcwd(), path)
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> tuple[Affected, list[Match], Sizes]:
            records = Records(repository, index, report)
            found = affected_by(name, records, Recipes(records))
            past = Past(repository, index, (), report)
            past.learn_all()
            matches = matches_of(past, list(found.figures), history=False)
            return found, matches, past.sizes([match.figure for match in matches])

        found, matches, sizes = with_index(repository, work)
    if as_json:
        print_json(_as_json(name, found, matches))
    elif found.runs:
        print_lines(_lines(found, matches, sizes))
    if not found.runs:
        click.echo(visible(f"No run that was recorded here has read {name}."), err=as_json)
    return 0 if found.runs else 1


def _as_json(path: str, found: Affected, matches: list[Match]) -> dict[str, object]:
    """Return the answer as schemas/affected.v1.schema.json describes it."""
    keys = ("path", "cell_index", "cell_id", "output_index", "mime", "payload", "introduced", "last_seen")
    documents = [match.as_json(history=False) for match in matches]
    return {
        "schema": "nbgit/affected.v1",
        "path": path,
        "runs": list(found.runs),
        "files": sorted(found.files),
        "figures": [{key: document[key] for key in keys} for document in documents],
        "uncommitted": _uncommitted(found, matches),
    }


def _uncommitted(found: Affected, matches: list[Match]) -> int:
    return len(found.figures.keys() - {match.figure.digest for match in matches})


def _lines(found: Affected, matches: list[Match], sizes: Sizes) -> list[Line]:
    lines: list[Line] = []
    for match in matches:
        lines.append(tell_place(match.path, match.figure, match.execution_count, sizes))
        lines.append([("    ", ""), *tell_commit(match.introduced)])
    left = _uncommitted(found, matches)
    figures = f"{len(matches)} figure{'' if len(matches) == 1 else 's'}"
    more = f", {left} more in no commit" if left else ""
    lines.append([(f"{figures}{more}; {len(found.runs)} run{'' if len(found.runs) == 1 else 's'}", "dim")])
    if found.files:
        lines.append([("files: " + ", ".join(visible(path) for path in sorted(found.files)), "dim")])
    return lines
