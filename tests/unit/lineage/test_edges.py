"""Edges come out of the index as they went in, and only where they are of these very runs."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.origin import recipe
from nbgit.lineage.origin.edges import Edges
from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.unit.lineage.test_records import FIRST, Lab, run, session

NEEDED = st.lists(st.integers(0, 1 << 40), max_size=30).map(
    lambda bits: [one % (1 << at) for at, one in enumerate(bits)]
)


@given(NEEDED)
def test_edges_are_packed_and_followed(needed: list[int]) -> None:
    edges = Edges(needed)
    sets = [{at for at in range(40) if bits >> at & 1} for bits in needed]
    found = Edges.unpacked(edges.packed(), len(needed))
    assert found is not None
    assert list(found) == list(edges) == list(Edges.of(sets)) == sets
    assert Edges.unpacked(edges.packed(), len(needed) + 1) is None
    for target in range(len(needed)):
        reached = edges.reached(target)
        assert reached[-1] == target
        assert set(reached) == {target}.union(*(sets[one] for one in reached))
        resting = edges.resting_on(target)
        assert resting == [at for at in range(len(needed)) if target in edges.reached(at)]


def test_what_is_no_edges_is_none() -> None:
    assert Edges.unpacked(b"", 1) is None
    assert Edges.unpacked(zlib.compress(b"\1\0\0\0"), 1) is None


def test_a_session_is_followed_once_until_it_changes(box: GitBox, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = find_repository(str(box.path), {})
    lab = Lab(repository)
    lab.index.close()
    codes = ["x = 1", "y = 2", "z = x"]
    lines = [line for number, code in enumerate(codes, 1) for line in run(FIRST, number, code)]
    lab.write(FIRST, session(FIRST), *lines)
    followed: list[int] = []

    def ask(index: Index) -> list[str]:
        records = Records(repository, index)
        target = records.of_session(FIRST)[-1]
        return [step.code for step in Recipes(records).of(target).steps]

    follow = recipe._edges

    def noted(runs: Sequence[Run]) -> list[set[int]]:
        followed.append(len(runs))
        return follow(runs)

    monkeypatch.setattr(recipe, "_edges", noted)
    assert with_index(repository, ask) == with_index(repository, ask) == ["x = 1", "z = x"]
    assert followed == [3]
    lab.write(FIRST, *run(FIRST, 4, "z + y"))
    assert with_index(repository, ask) == ["x = 1", "y = 2", "z = x", "z + y"]
    assert followed == [3, 4]
