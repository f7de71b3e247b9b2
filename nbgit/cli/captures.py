"""`nbgit captures`: what can be restored that is in no commit."""

import json
import os
import time
from difflib import get_close_matches
from hashlib import sha256
from itertools import groupby
from typing import Any

import click

from nbgit.cli.completion import complete_paths, local_time
from nbgit.cli.numbers import cells, size
from nbgit.cli.terminal import print_text, progress
from nbgit.cli.worktree_paths import check_given, in_repository
from nbgit.errors import TargetNotFound
from nbgit.notebook.policy import Policy
from nbgit.notebook.printable import printable
from nbgit.notebook.spans import split
from nbgit.notebook.transplant import cells_with_outputs, compare
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.donors import ID_LENGTH, captures_of, uncommitted
from nbgit.store.entries import is_oid
from nbgit.store.git import try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository
from nbgit.store.worktree import read_worktree_file

NAMED = 500  # commits that git is asked to name: a command line has a limit
LINE = 40  # characters of a line of code that are shown
EPILOG = """\b
Examples:
  nbgit captures                  every notebook
  nbgit captures analysis.ipynb   this one, newest first
  nbgit captures reports          those in a directory
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=complete_paths)
@click.option("--json", "as_json", is_flag=True, help="For programs (schemas/captures.v1.schema.json).")
def command(paths: tuple[str, ...], as_json: bool) -> int:
    """List the outputs that were seen and are in no commit: put them back with `nbgit restore`.

    A capture is waiting until a commit takes it, and overtaken where a commit took later outputs of the same code. Each
    line says how it differs from the file on disk, and where HEAD was. Notebooks that are no longer on disk are listed
    too. Times are local.
    """
    repository = find_repository(os.getcwd(), os.environ)
    policy = load_policy(repository)
    store = CaptureStore(repository, policy)
    names = [name for path in paths for name in _meant(repository, store, path)] if paths else store.captured_paths()
    with progress("Reading captures") as report:
        rows: list[dict[str, Any]] = []
        for done, name in enumerate(dict.fromkeys(names)):
            report(done, len(names))
            rows += _rows(repository, store, policy, name)
    if as_json:
        print_text(json.dumps({"captures": rows}, indent=2) + "\n")
        return 0
    for line in _lines(rows, _branches(repository, rows)):
        print_text(line + "\n")
    if not rows:
        for sentence in [_nothing(repository, store, policy, name) for name in names] or [NOTHING]:
            click.echo(sentence)
    return 0


NOTHING = "No outputs are waiting: all that was seen is in a commit."


def _meant(repository: Repository, store: CaptureStore, path: str) -> list[str]:
    """Return the notebooks that a path on the command line names: itself, or those in a directory."""
    name = in_repository(repository, path)
    if captures_of(store, name):
        return [name]
    captured = store.captured_paths()
    if inside := [one for one in captured if one.startswith(f"{name}/") or name == "."]:
        return inside
    if os.path.lexists(path) or store.has_seen(name):
        return [] if os.path.isdir(path) else [name]
    near = get_close_matches(name, [*captured, *store.paths()], 1)
    hint = f"did you mean {printable(near[0])}?" if near else "`nbgit captures` lists all"
    raise TargetNotFound(f"{path} was never captured in this clone, and there is no such file; {hint}")


def _nothing(repository: Repository, store: CaptureStore, policy: Policy, name: str) -> str:
    """Say why nothing can be restored from captures for one path."""
    data = read_worktree_file(repository, name)
    if data is None:
        return f"{printable(name)} has no captures left: its outputs are in commits (`nbgit log` names them)."
    if store.known(sha256(data).hexdigest()) is None and not store.has_seen(name):
        check_given(repository, name)
        if split(data, policy) is None:
            return f"{printable(name)} is not a notebook as it stands, so there is nothing to capture."
        return f"{printable(name)} was not captured yet; `nbgit refresh {printable(name)}` does it now."
    return f"{printable(name)} has no captures waiting: what was seen of it is in a commit."


def _rows(repository: Repository, store: CaptureStore, policy: Policy, name: str) -> list[dict[str, Any]]:
    on_disk = read_worktree_file(repository, name)
    digest = None if on_disk is None else sha256(on_disk).hexdigest()
    return [_row(capture, policy, on_disk, digest) for capture in uncommitted(store, name)]


def _row(capture: Capture, policy: Policy, on_disk: bytes | None, digest: str | None) -> dict[str, Any]:
    found = capture.read(policy)
    seconds = capture.taken // 1_000_000_000
    differing = None if found is None or on_disk is None else compare(found[0], on_disk)
    return {
        "id": capture.digest,
        "path": capture.path,
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "state": "damaged" if found is None else "overtaken" if capture.is_past else "waiting",
        "size": 0 if found is None else len(found[0]),
        "source": capture.source_oid,
        "cells": [] if found is None else cells_with_outputs(found[0]),
        "is_on_disk": capture.digest == digest,
        "file_exists": on_disk is not None,
        "nanoseconds": capture.taken,
        "head": head if is_oid(head := capture.head()) else None,
        "other_code": None if differing is None else differing.line,
        "differing_cells": [] if differing is None else differing.cells,
    }


def _branches(repository: Repository, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return commit -> what it is called from a branch (`main~2`), or its first digits."""
    heads = list(dict.fromkeys(str(row["head"]) for row in rows if row["head"]))
    names = {head: head[:ID_LENGTH] for head in heads}
    if heads:
        arguments = ["name-rev", "--refs=refs/heads/*", "--always", *heads[:NAMED]]
        _, out, _ = try_git(arguments, cwd=repository.start)
        rows_out = (line.partition(" ") for line in out.decode("utf-8", "replace").splitlines())
        names.update({head: name for head, _, name in rows_out if name})
    return names


def _lines(rows: list[dict[str, Any]], branches: dict[str, str]) -> list[str]:
    """Return the listing: each notebook, and its captures below, newest first."""
    lines: list[str] = []
    for path, group in groupby(rows, key=lambda row: str(row["path"])):
        found = list(group)
        lines.append(printable(path) + ("" if found[0]["file_exists"] else "   (no longer on disk)"))
        for row in found:
            when = local_time(row["nanoseconds"])
            outputs = f"outputs of {cells(row['cells'])}" if row["cells"] else "no outputs"
            at = f" ({printable(branches[row['head']])})" if row["head"] else ""
            what = f"{size(row['size']):>7}  {row['state']:<9}  {outputs}{_against_disk(row)}{at}"
            lines.append(f"  {row['id'][:ID_LENGTH]}  {when}  {what}")
    return lines


def _against_disk(row: dict[str, Any]) -> str:
    """Say how a capture differs from what is on disk."""
    if row["is_on_disk"]:
        return ", on disk now"
    if row["state"] == "damaged" or not row["file_exists"]:
        return ""
    if row["other_code"] is not None:
        line = printable(row["other_code"])
        return f"; other code: {line[:LINE]}{'...' if len(line) > LINE else ''}" if line else "; other code"
    differing = row["differing_cells"]
    if not differing:
        return "; as on disk"
    return f"; {cells(differing)} {'differs' if len(differing) == 1 else 'differ'} from disk"
