"""`nbgit affected`: which figures, in which commits, rest on a file."""

import os

import click

from nbgit.cli.terminal import print_json, print_lines, progress, warn
from nbgit.lineage.answers import matches_of
from nbgit.lineage.blame import Match
from nbgit.lineage.by_code.notebooks import CodedNotebooks
from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.cuts.linking import link_missing
from nbgit.lineage.history.documents import preferred
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.downstream import Affected, CodeFollower, affected_by, file_now
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.records import Records
from nbgit.lineage.story import Line, Sizes, tell_commit, tell_place
from nbgit.lineage.targets import repository_path
from nbgit.notebook.outputs import is_figure
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
    on. Notebooks of which no run was recorded count by the files that their code names, and are told as that. PATH need
    not exist any more. Exits 1 where nothing is known to have read it.
    """
    repository = find_repository(os.getcwd(), os.environ)
    link_missing(repository, warn)
    name = repository_path(repository, os.getcwd(), path)
    with progress("Reading the history of notebooks") as report:

        def work(index: Index) -> tuple[Affected, list[Match], Sizes]:
            records = Records(repository, index, report)
            recipes = Recipes(records)
            found = affected_by(name, records, recipes, file_now(repository, name), report)
            past = Past(repository, index, (), report)
            past.learn_all()
            coded = CodedNotebooks(past, records, Whereabouts(past, records))
            CodeFollower(records, recipes, coded, Scripts(past, records)).add(found, name)
            matches = matches_of(past, [*found.figures, *_figures_of(past, coded, found)], history=False)
            matches = [match for match in matches if match.figure.digest in found.figures or _is_coded(match, found)]
            return found, matches, past.sizes([match.figure for match in matches])

        found, matches, sizes = with_index(repository, work)
    if as_json:
        print_json(_as_json(name, found, matches))
    elif found.runs or found.cells:
        print_lines(_lines(found, matches, sizes), cut=True)
    if not found.runs and not found.cells:
        click.echo(visible(f"No run that was recorded here has read {name}, and no code names it."), err=as_json)
    return 0 if found.runs or found.cells else 1


def _figures_of(past: Past, coded: CodedNotebooks, found: Affected) -> list[str]:
    """Return the digests of the figures that the cells show in HEAD of which only code tells."""
    shown = {path: coded.in_head[path] for path, _ in found.cells}
    return [
        figure.digest
        for path, state in shown.items()
        for figure in preferred(past.figures(state))
        if (path, figure.cell_index) in found.cells and is_figure(figure.mime)
    ]


def _is_coded(match: Match, found: Affected) -> bool:
    return (match.path, match.figure.cell_index) in found.cells


def _as_json(path: str, found: Affected, matches: list[Match]) -> dict[str, object]:
    """Return the answer as schemas/affected.v1.schema.json describes it."""
    keys = ("path", "cell_index", "cell_id", "output_index", "mime", "payload", "introduced", "last_seen")
    documents = [match.as_json(history=False) for match in matches]
    return {
        "schema": "nbgit/affected.v1",
        "path": path,
        "runs": list(found.runs),
        "cells": [{"path": path, "cell_index": index} for path, index in sorted(found.cells)],
        "files": sorted(found.files),
        "files_by_code": sorted(found.coded.keys() - found.files.keys()),
        "figures": [
            {
                **{key: document[key] for key in keys},
                "by": "recorded" if match.figure.digest in found.figures else "code",
            }
            for document, match in zip(documents, matches, strict=True)
        ],
        "uncommitted": _uncommitted(found, matches),
    }


def _uncommitted(found: Affected, matches: list[Match]) -> int:
    return len(found.figures.keys() - {match.figure.digest for match in matches})


def _lines(found: Affected, matches: list[Match], sizes: Sizes) -> list[Line]:
    lines: list[Line] = []
    for match in matches:
        by_code: Line = [] if match.figure.digest in found.figures else [("  by its code, not seen as it ran", "dim")]
        lines.append(tell_place(match.path, match.figure, match.execution_count, sizes) + by_code)
        lines.append([("    ", ""), *tell_commit(match.introduced)])
    left = _uncommitted(found, matches)
    figures = f"{len(matches)} figure{'' if len(matches) == 1 else 's'}"
    more = f", {left} more in no commit" if left else ""
    runs = f"{len(found.runs)} run{'' if len(found.runs) == 1 else 's'}"
    cells = f", {len(found.cells)} cell{'' if len(found.cells) == 1 else 's'} by code" if found.cells else ""
    lines.append([(f"{figures}{more}; {runs}{cells}", "dim")])
    coded = found.coded.keys() - found.files.keys()
    if coded:
        lines.append([("files by code: " + ", ".join(visible(path) for path in sorted(coded)), "dim")])
    if found.files:
        lines.append([("files: " + ", ".join(visible(path) for path in sorted(found.files)), "dim")])
    return lines
