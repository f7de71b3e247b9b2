"""Alignment judged on real histories: alignment/real.json says, for pairs of versions, what a person would call it.

All cells that a label does not name are the same cell on both sides, in order. And what is found for any pair of these
histories turns one version into the other.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbgit.diff.align import align
from nbgit.diff.changes import apply, changes
from nbgit.errors import NotANotebook
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import find_repository
from tests.corpus import bundle

LABELS = json.loads((Path(__file__).parent / "alignment" / "real.json").read_text("utf-8"))
BUNDLES = ("pdsh-visualization", "numpy-100")
Unpack = Callable[[str], Path]


@pytest.fixture(scope="module")
def unpack(tmp_path_factory: pytest.TempPathFactory) -> Unpack:
    """Give a function that returns a bare clone of a bundle, made once."""
    made: dict[str, Path] = {}

    def clone(name: str) -> Path:
        if name not in made:
            place = tmp_path_factory.mktemp("bundles") / name
            subprocess.run(["git", "clone", "-q", "--bare", str(bundle(f"{name}.bundle")), str(place)], check=True)
            made[name] = place
        return made[name]

    return clone


def read(reader: ObjectReader, *oids: str) -> list[Notebook]:
    """Return the notebooks in these blobs."""
    return [read_cells(data or b"") for data in reader.read_many(list(oids))]


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label["about"])
def test_real_edits_are_told_as_a_person_would(label: dict[str, Any], unpack: Unpack) -> None:
    with ObjectReader(find_repository(str(unpack(label["bundle"])), {})) as reader:
        old, new = read(reader, label["before"], label["after"])
    found = align(old.cells, new.cells)
    assert {
        "deleted": [cell.index for cell in old.cells if cell.index not in found.pairs],
        "inserted": [cell.index for cell in new.cells if cell.index not in found.pairs.values()],
        "moved": sorted([index, found.pairs[index]] for index in found.moved),
        "splits": sorted([section.cell, part] for part, section in found.splits.items()),
        "joins": sorted([part, section.cell] for part, section in found.joins.items()),
    } == {key: label[key] for key in ("deleted", "inserted", "moved", "splits", "joins")}


@pytest.mark.parametrize("name", BUNDLES)
def test_every_change_of_a_real_history_can_be_applied(name: str, unpack: Unpack) -> None:
    place = unpack(name)
    command = ["git", "log", "--all", "--raw", "--no-abbrev", "--format=", "--diff-filter=M", "--", "*.ipynb"]
    listing = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout
    pairs = sorted({tuple(line.split()[2:4]) for line in listing.splitlines()})
    unread = 0
    with ObjectReader(find_repository(str(place), {})) as reader:
        for before, after in pairs:
            try:
                old, new = read(reader, before, after)
            except NotANotebook:  # a conflict that was committed
                unread += 1
                continue
            assert apply(old, changes(old, new)) == [cell.raw for cell in new.cells], (before, after)
    assert len(pairs) - unread > 50
