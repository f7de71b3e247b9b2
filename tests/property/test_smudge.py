"""docs/design.md, "Which outputs does smudge return?": whatever a look-up puts together has the source that was asked
for. Sources and donors are arbitrary: runs of one notebook, versions of it, other notebooks, what is nearly one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.gitproto.filters import Filters
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.notebook.transplant import transplant
from nbgit.store.link import link_commits
from nbgit.store.making import Making
from nbgit.store.objects import ObjectSink, object_id
from nbgit.store.refs import commit_content
from nbgit.store.repository import Repository, find_repository
from nbgit.store.trees import BLOB, encode_tree
from tests.gitbox import FIRST_SECOND, GitBox
from tests.property.notebooks import JSON, OUTPUTS, STYLES, TEXT, cells, documents, near_notebooks
from tests.property.test_split import DEFAULT, POLICIES

COUNTS = st.one_of(st.none(), st.integers(0, 99))


def cells_of(document: dict[str, Any]) -> list[Any]:
    """Return the list of a document's cells itself."""
    found: list[Any] = document["cells"] if "cells" in document else document["worksheets"][0]["cells"]
    return found


@st.composite
def versions(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Return another version of a notebook: run again, with cells edited, tagged, moved, taken out and put in."""
    other: dict[str, Any] = json.loads(json.dumps(document))
    these = cells_of(other)
    for cell in (cell for cell in these if isinstance(cell, dict)):
        change = draw(st.sampled_from(["run", "run", "run", "none", "edit", "tag", "id", "odd"]))
        if change == "run" and "outputs" in cell:
            cell |= {"outputs": draw(st.lists(OUTPUTS, min_size=1, max_size=2)), "execution_count": draw(COUNTS)}
        elif change == "edit":
            cell["source"] = draw(TEXT)
        elif change == "tag":
            cell["metadata"] = {"tags": ["keep_output"]}
        elif change == "id":
            cell["id"] = draw(st.sampled_from(["a", "b", "c"]))
        elif change == "odd":
            cell[draw(st.sampled_from(["outputs", "execution_count", "id", "source"]))] = draw(JSON)
    if draw(st.integers(0, 3)) == 0:
        these.append(draw(cells()))
    if draw(st.integers(0, 3)) == 0:
        these[:] = draw(st.permutations(these))[draw(st.integers(0, 1)) :]
    return other


@st.composite
def families(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Return a notebook, and others that may give it outputs."""
    document = draw(st.one_of(documents(odd=False), documents()))
    kin = versions(document).flatmap(lambda other: STYLES.map(lambda style: style.write(other)))
    stranger = st.one_of(near_notebooks(), st.binary(max_size=40))
    donors = draw(st.lists(st.one_of(kin, kin, kin, stranger), min_size=1, max_size=4))
    return draw(STYLES).write(document), donors


@given(families(), st.one_of(st.just(DEFAULT), POLICIES))
@settings(max_examples=50)
def test_outputs_that_are_given_never_change_the_source(family: tuple[bytes, list[bytes]], policy: Policy) -> None:
    notebook, donors = family
    parts = split(notebook, policy)
    assert parts is not None
    found = transplant(parts.source, donors, policy)
    if found is not None:
        again = split(found, policy)
        assert again is not None
        assert again.source == parts.source


# --- the same through a repository: captures, snapshots and old commits ---------------------------------------------

WAYS = ("captured", "captured elsewhere", "committed", "committed", "committed raw")


class World:
    """A repository whose commits are made without git's porcelain, each example on paths of its own."""

    def __init__(self, box: GitBox) -> None:
        self.repository: Repository = find_repository(str(box.path), {})
        self.box = box
        self.number = 0
        self.tip: str | None = None

    def new_path(self) -> str:
        self.number += 1
        return f"{self.number}.ipynb"

    def show(self, path: str, data: bytes) -> bytes:
        """Clean a notebook in a process of its own, as far as nbgit can tell, and return its source."""
        with Filters(self.repository) as filters:
            return filters.clean(path, data)

    def commit(self, path: str, source: bytes) -> str:
        """Commit this one file onto what is there, link it, and return the commit."""
        sink = ObjectSink(self.repository)
        tree = sink.add("tree", encode_tree({path: (BLOB, sink.add("blob", source))}))
        content = commit_content(tree, [self.tip] if self.tip else [], path, FIRST_SECOND)
        self.tip = sink.add("commit", content)
        sink.flush()
        self.box.git("update-ref", "refs/heads/main", self.tip)
        link_commits(self.repository, [self.tip], making=Making([], by_person=True, was_moved=False))
        return self.tip

    def take(self, path: str, data: bytes, way: str) -> str | None:
        """Let nbgit see a donor in one way or another; return the commit that it is in, if it is."""
        if way == "committed raw":
            return self.commit(path, data)
        source = self.show(path if way != "captured elsewhere" else self.new_path(), data)
        return self.commit(path, source) if way == "committed" else None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(GitBox(tmp_path_factory.mktemp("smudge")))


@given(families(), st.lists(st.sampled_from(WAYS), min_size=4, max_size=4), st.booleans())
@settings(max_examples=30)
def test_clean_undoes_smudge(
    world: World, family: tuple[bytes, list[bytes]], ways: list[str], names_commit: bool
) -> None:
    path = world.new_path()
    notebook, donors = family
    commits = [world.take(path, data, way) for data, way in zip(donors, ways, strict=False)]
    source = world.show(world.new_path(), notebook)
    oid = object_id("blob", source, "sha1")
    with Filters(world.repository) as filters:
        smudged = filters.smudge(path, source, oid, next(filter(None, commits), None) if names_commit else None)
    assert world.show(path, smudged) == source
    parts = split(smudged, Policy())
    assert parts is None or parts.source == source
    assert not (world.box.path / ".git" / "nbgit" / "nbgit.log").exists(), "smudge hides what goes wrong in it"
