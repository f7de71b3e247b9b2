"""`nbgit du`: what takes how much on disk."""

import os

import click

from nbgit.cli.sizes import many, size_text
from nbgit.cli.terminal import print_json, print_lines, progress
from nbgit.lineage.story import Line
from nbgit.notebook.printable import printable
from nbgit.store.repository import find_repository
from nbgit.upkeep.usage import Amount, Usage, measure, usage_document

EPILOG = """\b
Examples:
  nbgit du             the largest notebooks and media types
  nbgit du --top 50    more of them
  nbgit du --json      all of them, in bytes (nbgit/schemas/du.v1.schema.json)
"""
FILES = (
    ("captures", "captures waiting for a commit"),
    ("past", "captures overtaken by a commit"),
    ("damaged", "damaged captures, moved aside"),
    ("figure index", "figure index"),
    ("runs", "recorded runs, by session"),
    ("known", "what is known"),
    ("log", "log"),
    ("other", "other files"),
)
WIDTH = 9  # of a size


@click.command(epilog=EPILOG)
@click.option("--top", default=5, show_default=True, metavar="N", help="How many notebooks and media types are listed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(top: int, as_json: bool) -> int:
    """Show what takes how much on disk: snapshots by notebook and by media type, runs, captures, caches.

    Objects are counted as git stores them, compressed; after `git gc` that is less. A payload that several notebooks or
    versions show is stored once, and counted for the first notebook by name.
    """
    repository = find_repository(os.getcwd(), os.environ)
    with progress("measuring") as report:
        usage = measure(repository, report)
    if as_json:
        print_json(usage_document(usage))
    else:
        print_lines(_lines(usage, max(0, top)))
    return 0


def _lines(usage: Usage, top: int) -> list[Line]:
    place = f"of {many(len(usage.notebooks), 'notebook')}"
    lines = [_line(usage.snapshots.size, many(usage.snapshots.number, "snapshot"), place)]
    notebooks = {printable(path) or "(named by no entry)": one for path, one in usage.notebooks.items()}
    types = {printable(mime) or "snapshot.json and folders": one for mime, one in usage.types.items()}
    lines += _ranked(notebooks, top, "notebook", "snapshot")
    lines += _ranked(types, top, "media type", "object")
    lines.append(
        _line(usage.folders.size, "folders and older versions of the ref", many(usage.folders.number, "object"))
    )
    if usage.cuts.number:
        lines.append(_line(usage.cuts.size, "recorded runs, stored with commits", many(usage.cuts.number, "cut")))
    lines.append(_line(usage.entries.size, many(usage.entries.number, "entry", "entries"), ""))
    for amount, name in (
        (usage.fetched, "fetched, and in no ref of this clone's own"),
        (usage.backups, "kept by fsck --repair"),
    ):
        if amount.number:
            lines.append(_line(amount.size, name, many(amount.number, "ref")))
    if usage.texts.number:
        lines.append(_line(usage.texts.size, "readable texts for git log -p", many(usage.texts.number, "object")))
    for kind, name in FILES:
        amount = usage.local.get(kind, Amount())
        if amount.number:
            lines.append(_line(amount.size, name, many(amount.number, "file")))
    return [*lines, [(f"{size_text(usage.total):>{WIDTH}}", "bold"), ("  in all", "bold")]]


def _ranked(amounts: dict[str, Amount], top: int, what: str, counted: str) -> list[Line]:
    """Return the largest, indented, and one line for the rest."""
    ranked = sorted(amounts.items(), key=lambda item: (-item[1].size, item[0]))
    lines: list[Line] = [
        [(f"{size_text(one.size):>{WIDTH + 4}}", "dim"), (f"  {name}", ""), (f"  {many(one.number, counted)}", "dim")]
        for name, one in ranked[:top]
    ]
    rest = ranked[top:]
    if rest:
        size = sum(one.size for _, one in rest)
        lines.append([(f"{size_text(size):>{WIDTH + 4}}  {many(len(rest), f'other {what}')}", "dim")])
    return lines


def _line(size: int, name: str, note: str) -> Line:
    return [(f"{size_text(size):>{WIDTH}}", "bold"), (f"  {name}", ""), (f"  {note}" if note else "", "dim")]
