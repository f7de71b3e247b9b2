"""Ring 3: the answer of `nbgit blame`: the cells of a notebook, with the commits of each one, its lines and outputs."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgit.diff.changes import split_lines
from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.lineage.answers import why_absent
from nbgit.lineage.history.commits import Commit, Report
from nbgit.lineage.history.documents import Figure, preferred
from nbgit.lineage.history.figures import documents_with
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Version, Versions
from nbgit.lineage.line_blame import WORKTREE, Origins, sources_of, trace
from nbgit.notebook.cells import Cell
from nbgit.notebook.outputs import read_payloads
from nbgit.notebook.text import heading_of
from nbgit.store.objects import ObjectReader


@dataclass
class BlamedLine:
    """One line of a cell and the commit it is from; None: not committed yet."""

    text: str
    commit: Commit | None


@dataclass
class BlamedOutput:
    """One output that the cell shows and the commit that introduced it; None: not committed yet."""

    figure: Figure
    introduced: Commit | None


@dataclass
class BlamedCell:
    """One cell: the commits that made it and that last changed its text or kind (None: not committed yet).

    `title` is the section it is in.
    """

    cell: Cell
    title: str
    introduced: Commit | None
    changed: Commit | None
    lines: list[BlamedLine]
    outputs: list[BlamedOutput] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame.v1.schema.json describes it."""
        outputs = [
            {
                "output_index": output.figure.output_index,
                "mime": output.figure.mime,
                "payload": output.figure.digest,
                "introduced": _oid(output.introduced),
            }
            for output in self.outputs
        ]
        return {
            "cell_index": self.cell.index,
            "cell_id": self.cell.id,
            "kind": self.cell.kind,
            "introduced": _oid(self.introduced),
            "changed": _oid(self.changed),
            "lines": [{"text": line.text, "commit": _oid(line.commit)} for line in self.lines],
            "outputs": outputs,
        }


@dataclass
class Blamed:
    """A notebook's cells as they are in commit `oid`, or on disk (None)."""

    path: str
    oid: str | None
    cells: list[BlamedCell]

    def as_json(self) -> dict[str, Any]:
        """Return it as schemas/blame.v1.schema.json describes it: every commit once, newest first."""
        commits: dict[str, Commit] = {}
        for cell in self.cells:
            named = [cell.introduced, cell.changed]
            named += [line.commit for line in cell.lines] + [output.introduced for output in cell.outputs]
            commits.update((commit.oid, commit) for commit in named if commit)
        return {
            "path": self.path,
            "commit": self.oid,
            "cells": [cell.as_json() for cell in self.cells],
            "commits": [commit.as_json() for commit in commits.values()],
        }


@dataclass(frozen=True)
class Options:
    """What is asked: one cell by index or id (else all), whether outputs are told, whether white space counts."""

    cell: int | None = None
    cell_id: str | None = None
    outputs: bool = True
    ignore_space: bool = False

    def choose(self, cells: Iterable[Cell]) -> list[int]:
        """Return the indexes of the cells that are meant."""
        return [cell.index for cell in cells if self.cell in (None, cell.index) and self.cell_id in (None, cell.id)]


def blame_cells(
    past: Past, path: str, positions: list[int], on_disk: bytes | None, options: Options, report: Report | None = None
) -> Blamed:
    """Return who wrote the notebook at `path`, as it is in the commit at the first of `positions`, or in `on_disk`.

    What is on disk is an edit of what the commits at `positions` have (two of them in a merge). Raises TargetNotFound
    where the commit has no such notebook, NotANotebook where it can't be read.
    """
    versions = past.versions_of([path])
    found = [Version(at, path, shown) for at in positions if (shown := versions.at(at).get(path))]
    if not found:
        raise TargetNotFound(why_absent(past, path, positions[0], sorted(versions.at(positions[0]))))
    with ObjectReader(past.repository) as reader:
        data = on_disk if on_disk is not None else reader.read(found[0].shown.blob)
        try:
            cells = sources_of(data or b"")
        except NotANotebook as error:
            where = path if on_disk is not None else f"{past.graph.oids[positions[0]][:12]}:{path}"
            raise NotANotebook(f"{where} is {error}; ask for another version of it as REV:{path}") from error
        wanted, uncommitted = options.choose(cells), on_disk is not None
        ignore_space = options.ignore_space
        origins = trace(
            versions, reader, found, cells, wanted, uncommitted=uncommitted, ignore_space=ignore_space, report=report
        )
    blamed = _cells(past, cells, wanted, origins)
    if options.outputs:
        _add_outputs(past, versions, found[0], data if uncommitted else None, blamed)
    return Blamed(path, None if uncommitted else past.graph.oids[positions[0]], blamed)


def _cells(past: Past, cells: list[Cell], wanted: list[int], origins: Origins) -> list[BlamedCell]:
    positions = {*origins.lines.values(), *origins.introduced.values(), *origins.changed.values()} - {WORKTREE}
    commits: dict[int, Commit | None] = {**past.commits(positions), WORKTREE: None}
    titles, title = [], ""
    for cell in cells:
        title = heading_of(cell) or title
        titles.append(title)
    return [
        BlamedCell(
            cells[index],
            titles[index],
            commits[origins.introduced[index]],
            commits[origins.changed[index]],
            [
                BlamedLine(text, commits[origins.lines[index, line]])
                for line, text in enumerate(split_lines(cells[index].source))
            ],
        )
        for index in wanted
    ]


def _add_outputs(past: Past, versions: Versions, version: Version, data: bytes | None, cells: list[BlamedCell]) -> None:
    """Put beside each cell what it shows, in `data` or (None) in that version, and where that comes from."""
    past.learn(versions.all_shown())
    figures = preferred(past.figures(version.shown) if data is None else _figures_of(data))
    by_cell: dict[int, list[Figure]] = {}
    for figure in figures:
        by_cell.setdefault(figure.cell_index, []).append(figure)
    digests = {figure.digest for cell in cells for figure in by_cell.get(cell.cell.index, [])}
    keys: dict[str, set[str]] = {}
    for digest in digests:
        for document in documents_with(past.index, digest):
            keys.setdefault(document, set()).add(digest)
    lineage = versions.lineage_of(version.position, version.path)
    spans = versions.spans(keys)
    first = {digest: first.position for (number, digest), (first, _) in spans.items() if number == lineage}
    commits = past.commits(set(first.values()))
    for cell in cells:
        for figure in by_cell.get(cell.cell.index, []):
            position = first.get(figure.digest)
            cell.outputs.append(BlamedOutput(figure, None if position is None else commits[position]))


def _figures_of(data: bytes) -> list[Figure]:
    return [
        Figure(p.cell_index, p.cell_id, p.output_index, p.mime, p.digest, len(p.data), p.execution_count, None)
        for p in read_payloads(data)
    ]


def read_on_disk(past: Past, path: str) -> bytes | None:
    """Return the notebook in the working tree, or None where there is none."""
    if past.repository.worktree is None:
        return None
    try:
        with open(os.path.join(past.repository.worktree, path), "rb") as file:
            return file.read()
    except OSError:
        return None


def _oid(commit: Commit | None) -> str | None:
    return None if commit is None else commit.oid
