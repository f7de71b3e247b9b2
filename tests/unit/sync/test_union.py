"""The union of two clones' snapshots and entries: commutative, idempotent, careful with what a remote says."""

from __future__ import annotations

import json

import pytest

from nbgit.store.entries import read_rows, unite_notes
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import commit_content
from nbgit.store.repository import Repository, find_repository
from nbgit.store.trees import BLOB, TREE, Tree, encode_tree
from nbgit.sync.union import Union
from tests.gitbox import GitBox

A, B, C = ("a" * 40, "b" * 40, "c" * 40)


def note(path: str, snapshot_id: str, text: str = "ran") -> bytes:
    machine = json.dumps({"nbgit-entry": 1, "snapshots": {path: snapshot_id}}, separators=(",", ":"))
    return f"{path}  {text}\n\n{machine}\n".encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (note("n", A), note("n", B)),
        (note("n", A), note("m", B)),
        (note("n", A), b"no outputs\n\n" + note("m", B).split(b"\n\n")[1]),
        (b"", note("n", A)),
        (b"{broken\n", note("n", A)),
    ],
)
def test_a_union_of_notes_is_the_same_from_both_sides(one: bytes, other: bytes) -> None:
    both = unite_notes(one, other)
    assert both == unite_notes(other, one)
    assert unite_notes(both, one) == unite_notes(both, other) == unite_notes(both, both) == both
    assert {*read_rows(one), *read_rows(other)} <= {*read_rows(both)}


@pytest.fixture
def repository(box: GitBox) -> Repository:
    return find_repository(str(box.path), {})


def commit_of(repository: Repository, snapshots: dict[str, list[str]], extra: dict[str, tuple[str, str]]) -> str:
    """Write a snapshots commit: source oid -> the texts of its snapshots; `extra` stands in each source's tree."""
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        root = Tree(None, reader, 20)
        for source, texts in snapshots.items():
            directory = root.directory("by-source").directory(source[:2]).directory(source[2:])
            for text in texts:
                tree = sink.add("tree", encode_tree({"snapshot.json": (BLOB, sink.add("blob", text.encode()))}))
                directory.put(tree, TREE, tree)
            for name, entry in extra.items():
                directory.put(name, *entry)
        commit = sink.add("commit", commit_content(root.write(sink), [], "x", 1))
        sink.flush()
    return commit


def united(repository: Repository, one: str | None, other: str) -> str:
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        found = Union(repository, reader, sink).snapshots(one, other)
        sink.flush()
    return found


def listing(box: GitBox, commit: str) -> set[str]:
    return {line for line in box.git("ls-tree", "-r", "--name-only", commit).splitlines() if line != "README"}


def test_snapshots_are_united_as_sets(box: GitBox, repository: Repository) -> None:
    one = commit_of(repository, {A: ["1", "2"], B: ["3"]}, {})
    other = commit_of(repository, {A: ["2", "4"], C: ["5"], "ab" + "0" * 38: ["6"]}, {})
    both, back = united(repository, one, other), united(repository, other, one)
    assert listing(box, both) == listing(box, back) == listing(box, one) | listing(box, other)
    assert box.git("rev-parse", f"{both}^{{tree}}") == box.git("rev-parse", f"{back}^{{tree}}")
    assert united(repository, both, other) == united(repository, both, one) == both


def test_what_is_no_snapshot_is_passed_over(box: GitBox, repository: Repository) -> None:
    sink = ObjectSink(repository)
    blob = sink.add("blob", b"x")
    sink.flush()
    one = commit_of(repository, {A: ["1"]}, {})
    hostile = {"..": (BLOB, blob), A: (BLOB, blob), "x": (BLOB, blob), B: ("160000", B)}
    other = commit_of(repository, {C: ["5"]}, hostile)
    both = united(repository, one, other)
    assert all(path.endswith("/snapshot.json") for path in listing(box, both))
    assert len(listing(box, both)) == 2
