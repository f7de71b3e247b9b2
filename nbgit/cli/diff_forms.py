"""Ring 5: the forms in which `nbgit diff` says what it found: names, numbers, JSON, nbdime's JSON."""

import json
from typing import Any

import click

from nbgit.cli.terminal import print_json, print_text
from nbgit.diff.as_json import changes_as_json
from nbgit.diff.between import FileChange
from nbgit.diff.changes import Changes, changes
from nbgit.diff.report import Side
from nbgit.diff.totals import NOTHING, Totals, totals
from nbgit.errors import NotANotebook
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import visible

STATUS = {"A": "added", "D": "deleted", "U": "unmerged", "R": "renamed", "C": "copied"}
EMPTY = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def print_names(found: list[FileChange]) -> None:
    """Print the paths, one a line."""
    print_text("".join(f"{visible(change.after.path)}\n" for change in found))


def print_stat(found: list[FileChange], policy: Policy, *, outputs: bool) -> None:
    """Print one line a file, in cells and figures, and the sum of the notebooks."""
    width = max((len(visible(_shown_path(change))) for change in found), default=0)
    whole = Totals()
    lines = []
    others = 0
    for change in found:
        what = _changes(change, policy)
        if what is None:
            words = "unmerged" if change.status == "U" else "no notebook"
            others += 1
        else:
            numbers = totals(what, outputs=outputs)
            whole.add(numbers)
            words = f"{numbers.whole}: {numbers.words()}" if numbers.whole else numbers.words()
        lines.append(f" {visible(_shown_path(change)):<{width}} | {_with_mode(change, words)}\n")
    if found:
        lines.append(f" {_sum(len(found) - others, others, whole)}\n")
    print_text("".join(lines))


def _with_mode(change: FileChange, words: str) -> str:
    """Return the words with a change of the file's mode before them, alone where that is all."""
    old, new = change.before.mode, change.after.mode
    if old == new or not (old and new) or change.before.data is None or change.after.data is None:
        return words
    return f"mode {old} → {new}{'' if words == NOTHING else f'; {words}'}"


def _sum(notebooks: int, others: int, whole: Totals) -> str:
    """Return `2 notebooks and 1 other file changed: 3 cells edited`."""
    files = f"{others} {'other ' if notebooks else ''}file{'' if others == 1 else 's'}"
    books = f"{notebooks} notebook{'' if notebooks == 1 else 's'}"
    both = " and ".join([*([books] if notebooks else []), *([files] if others else [])])
    says = whole.cells or whole.outputs or whole.about
    return f"{both} changed{f': {whole.words()}' if says else ''}"


def print_as_json(found: list[FileChange], policy: Policy, *, outputs: bool) -> None:
    """Print one JSON document (schemas/diff.v1.schema.json)."""
    notebooks = [_notebook_as_json(change, policy, outputs=outputs) for change in found]
    print_json({"schema": "nbgit/diff.v1", "outputs": outputs, "notebooks": notebooks})


def print_nbdime(found: list[FileChange], *, alone: bool) -> bool:
    """Print nbdime's diff of one pair of files (`alone`), or an object of path to diff; say whether any differs."""
    from nbgit.diff.nbdime_form import nbdime_diff
    from nbgit.external.nbformat import upgrade  # half a second to import

    diffs = {}
    for change in found:
        before = EMPTY if change.before.data is None else change.before.data
        after = EMPTY if change.after.data is None else change.after.data
        try:
            diffs[change.after.path] = nbdime_diff(upgrade(before), upgrade(after))
        except NotANotebook as error:
            raise NotANotebook(f"{change.after.path} is {error}; --format text shows any change") from error
    answer = next(iter(diffs.values()), []) if alone else diffs
    click.echo(json.dumps(answer, indent=1))
    return any(diffs.values())


def _notebook_as_json(change: FileChange, policy: Policy, *, outputs: bool) -> dict[str, Any]:
    what = _changes(change, policy)
    status = STATUS.get(change.status, "changed")
    about = {
        "path": change.after.path,
        "old_path": change.before.path if change.before.path != change.after.path else None,
        "status": status,
        "is_notebook": what is not None,
    }
    return {**about, **(changes_as_json(what, outputs=outputs, decode=True) if what is not None else {})}


def _changes(change: FileChange, policy: Policy) -> Changes | None:
    """Return the changes, None where one of the sides is no notebook."""
    try:
        return changes(_notebook(change.before), _notebook(change.after), policy) if change.status != "U" else None
    except NotANotebook:
        return None


def _notebook(side: Side) -> Notebook | None:
    return None if side.data is None else read_cells(side.data)


def _shown_path(change: FileChange) -> str:
    """Return the path, both where there are two of one file, as git has it: `fits/{a.ipynb => b.ipynb}`."""
    old, new = change.before.path, change.after.path
    if old == new or change.status in "ADU":
        return old if change.status == "D" else new
    olds, news = old.split("/"), new.split("/")
    start = 0
    while start < min(len(olds), len(news)) - 1 and olds[start] == news[start]:
        start += 1
    head = "".join(part + "/" for part in olds[:start])
    del olds[:start], news[:start]
    same = 0
    while same < min(len(olds), len(news)) - 1 and olds[-1 - same] == news[-1 - same]:
        same += 1
    end = "".join("/" + part for part in olds[len(olds) - same :])
    middle = f"{'/'.join(olds[: len(olds) - same])} => {'/'.join(news[: len(news) - same])}"
    return f"{head}{{{middle}}}{end}" if head or end else middle
