"""`nbgit du`: each object counted once, and all of them counted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.e2e.scene import N, rewritten, run_of
from tests.e2e.stored import copy_of, drawn, two_commits
from tests.gitbox import GitBox

REFS = ("refs/nbgit/snapshots", "refs/notes/nbgit", "refs/notes/textconv/nbgit")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository with two commits."""
    return two_commits(tmp_path_factory.mktemp("template"))


@pytest.fixture
def repo(template: GitBox, tmp_path: Path) -> GitBox:
    """Return a copy of the template."""
    return copy_of(template, tmp_path)


def usage(box: GitBox) -> dict[str, Any]:
    """Return what `nbgit du --json` says."""
    result = box.nbgit("du", "--json")
    assert result.code == 0, result
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "du.v1") == []
    return document


def of_objects(document: dict[str, Any]) -> int:
    """Return the bytes of all objects."""
    return sum(document[name]["bytes"] for name in ("snapshots", "folders", "entries", "texts", "fetched", "backups"))


def on_disk(box: GitBox, *refs: str) -> int:
    """Return what all that these refs reach takes on disk, as git says it."""
    oids = box.git("rev-list", "--objects", "--no-object-names", *refs)
    told = box.git("cat-file", "--batch-check=%(objectsize:disk)", stdin=oids.encode())
    return sum(map(int, told.split()))


def number(rows: list[dict[str, Any]], key: str, value: str | None) -> int:
    """Return the count of the row that has this value."""
    return next(int(row["count"]) for row in rows if row[key] == value)


def test_nothing(box: GitBox) -> None:
    document = usage(box)
    assert document["total_bytes"] == 0
    assert box.nbgit("du").out.splitlines()[-1].strip() == "0 kB  in all"


@pytest.mark.parametrize("packed", [False, True])
def test_every_object_counts_once(repo: GitBox, packed: bool) -> None:
    repo.git("update-ref", "refs/nbgit-remotes/origin/snapshots", "refs/nbgit/snapshots~1")
    if packed:
        repo.git("gc", "-q")
    document = usage(repo)
    assert of_objects(document) == on_disk(repo, *REFS)
    assert document["fetched"] == {"count": 1, "bytes": 0}, "it holds nothing of its own"
    assert document["snapshots"]["bytes"] == sum(row["bytes"] for row in document["notebooks"])
    assert document["snapshots"]["bytes"] == sum(row["bytes"] for row in document["types"])
    assert number(document["notebooks"], "path", N) == 2
    assert number(document["notebooks"], "path", "drawn.ipynb") == 1
    assert number(document["types"], "mime", "image/png") == 1
    assert document["entries"]["count"] == 2


def test_a_shared_payload_is_the_first_notebooks(repo: GitBox) -> None:
    before = usage(repo)
    repo.write("a.ipynb", drawn("A").replace(b"plot()", b"plot(1)"))
    repo.commit("the same figure")
    document = usage(repo)
    assert number(document["types"], "mime", "image/png") == 1
    sizes = {row["path"]: row["bytes"] for row in document["notebooks"]}
    old = {row["path"]: row["bytes"] for row in before["notebooks"]}
    assert sizes["drawn.ipynb"] < old["drawn.ipynb"]
    assert of_objects(document) == on_disk(repo, *REFS)


def test_local_files(repo: GitBox) -> None:
    for run in ("C", "D"):
        rewritten(repo, N, run_of("a = 1", "b = 5", run=run))
    repo.commit("the second of two runs")
    rewritten(repo, N, run_of("a = 1", "b = 6", run="E"))
    repo.nbgit("blame-output", N)
    folder = repo.path / ".git" / "nbgit"
    files = usage(repo)["files"]
    for kind in ("captures", "past"):
        (file,) = (folder / kind).glob("*/*")
        assert files[kind] == {"count": 1, "bytes": file.stat().st_size}
    assert files["figure_index"]["bytes"] == (folder / "index.sqlite").stat().st_size
    assert sum(one["bytes"] for one in files.values()) == sum(
        file.stat().st_size for file in folder.rglob("*") if file.is_file()
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_the_table(repo: GitBox) -> None:
    repo.write("umlaut ä \x1b[1m.ipynb", run_of("c", run="C"))
    repo.commit("a path with a control character")
    told = repo.nbgit("du", "--top", "1")
    lines = [line.strip().split("  ") for line in told.out.splitlines()]
    assert lines[0][1:] == ["4 snapshots", "of 3 notebooks"]
    assert lines[2][1] == "2 other notebooks"
    assert lines[-1][1] == "in all"
    assert "\x1b" not in repo.nbgit("du").out
    assert "umlaut ä �[1m.ipynb" in repo.nbgit("du").out


def test_a_damaged_store_is_measured_all_the_same(repo: GitBox) -> None:
    row = next(line for line in repo.git("ls-tree", "-r", "refs/nbgit/snapshots").splitlines() if "0.png" in line)
    oid = row.split()[2]
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    document = usage(repo)
    assert document["snapshots"]["count"] == 3
    assert "image/png" not in {one["mime"] for one in document["types"]}


def test_a_partial_clone_fetches_nothing(repo: GitBox) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = GitBox(repo.root, "clone", init=False)
    clone.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", ".")
    clone.git("fetch", "-q", "--filter=blob:none", "origin", *(f"{name}:{name}" for name in REFS[:2]))
    before = clone.git("count-objects", "-v")
    assert usage(clone)["snapshots"]["count"] == 3
    assert clone.git("count-objects", "-v") == before
