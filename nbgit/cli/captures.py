"""`nbgit captures`: what can be restored that is in no commit."""

import json
import os
import time
from typing import Any

import click

from nbgit.cli.worktree_paths import in_repository
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.entries import printable
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import find_repository
from nbgit.store.restore import ID_LENGTH, captures_of, cells_with_outputs

EPILOG = """\b
Examples:
  nbgit captures                  every notebook
  nbgit captures analysis.ipynb   this one, newest first
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(paths: tuple[str, ...], as_json: bool) -> int:
    """List the outputs that were seen and are in no commit: put them back with `nbgit restore`.

    A capture is `pending` until a commit takes it, and `past` where a commit took later outputs of the same code.
    """
    repository = find_repository(os.getcwd(), os.environ)
    policy = load_policy(repository)
    names = [in_repository(repository, path) for path in paths] or sorted(CaptureStore(repository, policy).paths())
    rows = [_row(capture, capture.read(policy)) for name in names for capture in captures_of(repository, name)]
    if as_json:
        click.echo(json.dumps({"captures": rows}, indent=2, ensure_ascii=False))
        return 0
    for row in rows:
        cells = ", ".join(str(cell) for cell in row["cells"]) or "none"
        when = f"{row['taken'].replace('T', ' ')[:19]}Z"
        what = f"{row['state']:<7}  {row['size']:>12,} bytes  {printable(row['path'])}"
        click.echo(f"{row['id'][:ID_LENGTH]}  {when}  {what}  outputs of cells {cells}")
    if not rows:
        click.echo("No outputs are waiting: all that was seen is in a commit.")
    return 0


def _row(capture: Capture, found: Any) -> dict[str, Any]:
    seconds = capture.taken // 1_000_000_000
    return {
        "id": capture.digest,
        "path": capture.path,
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "state": "damaged" if found is None else "past" if capture.is_past else "pending",
        "size": 0 if found is None else len(found[0]),
        "source": capture.source_oid,
        "cells": [] if found is None else cells_with_outputs(found[0]),
    }
