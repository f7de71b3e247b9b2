"""Files that git has a pointer of only: git-lfs, git-annex and DVC, compared with what a run has read."""

from __future__ import annotations

import json
from hashlib import md5, sha256
from pathlib import Path

import pytest

from nbgit.lineage.history.index import Index
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.sources import Found, committed_in, introduced_by
from nbgit.lineage.runs.journals import FileSeen
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox

DATA = b"x,y\n1,2\n" * 50
MD5 = md5(DATA, usedforsecurity=False).hexdigest()
SHA = sha256(DATA).hexdigest()


def seen(path: str, data: bytes = DATA) -> FileSeen:
    """Return a file as a run has read it."""
    return FileSeen(path, len(data), "2026-11-05T14:00:00.000000Z", sha256(data).hexdigest())


def found(box: GitBox, file: FileSeen) -> tuple[str, str] | None:
    """Return (summary of the commit, what keeps it) of a file, or None."""
    past = Past(find_repository(str(box.path), {}), Index(None))
    one: Found | None = introduced_by(past, [file]).get(file)
    return (one.commit.summary, one.kept_by) if one else None


def cache(box: GitBox, data: bytes, ending: str = "") -> str:
    """Put data into DVC's cache; return its name there."""
    digits = md5(data, usedforsecurity=False).hexdigest() + ending
    place = box.path / ".dvc" / "cache" / "files" / "md5" / digits[:2] / digits[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return digits


def out(path: str, digits: str, size: int = len(DATA)) -> str:
    """Return an output as DVC writes it."""
    return f"outs:\n- md5: {digits}\n  size: {size}\n  hash: md5\n  path: {path}\n"


KEY = f"SHA256E-s{len(DATA)}--{SHA}.csv"
POINTERS = {
    "git": DATA,
    "git-lfs": f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize {len(DATA)}\n".encode(),
    "git-annex": f"../.git/annex/objects/Xx/0q/{KEY}/{KEY}".encode(),
}


@pytest.mark.parametrize("keeper", POINTERS)
def test_pointers_by_sha256(box: GitBox, keeper: str) -> None:
    box.write("data/raw.csv", POINTERS[keeper].replace(SHA.encode(), b"0" * 64) + b" ")
    box.commit("another")
    box.write("data/raw.csv", POINTERS[keeper])
    box.commit("the one")
    assert found(box, seen("data/raw.csv")) == ("the one", keeper)
    assert found(box, seen("data/raw.csv", b"else")) is None


def test_annex_by_md5_needs_the_file(box: GitBox) -> None:
    key = f"MD5E-s{len(DATA)}--{MD5}.csv"
    box.write("raw.csv", f"/annex/objects/{key}\n".encode())
    box.commit("annex")
    assert found(box, seen("raw.csv")) is None  # nothing to compare
    box.write("raw.csv", DATA)
    assert found(box, seen("raw.csv")) == ("annex", "git-annex")
    box.write("raw.csv", DATA[::-1])
    assert found(box, seen("raw.csv")) is None


def test_dvc(box: GitBox) -> None:
    box.write("data/raw.csv.dvc", out("raw.csv", "0" * 32).encode())
    box.commit("older")
    box.write("data/raw.csv.dvc", out("'raw.csv'", MD5).encode())
    box.commit("raw")
    assert found(box, seen("data/raw.csv")) is None
    box.write("data/raw.csv", DATA)
    assert found(box, seen("data/raw.csv")) == ("raw", "DVC")
    (box.path / "data" / "raw.csv").unlink()
    cache(box, DATA)
    assert found(box, seen("data/raw.csv")) == ("raw", "DVC")
    assert found(box, seen("data/raw.csv", DATA[::-1])) is None
    lock = {"schema": "'2.0'", "stages": ""}
    text = "".join(f"{key}: {value}\n" for key, value in lock.items())
    text += "  make:\n    cmd: python make.py\n    deps:\n    - path: in.csv\n      hash: md5\n      md5: " + "1" * 32
    text += f"\n    outs:\n    - path: made.csv\n      hash: md5\n      md5: {MD5}\n      size: {len(DATA)}\n"
    box.write("dvc.lock", text.encode())
    box.commit("locked")
    assert found(box, seen("made.csv")) == ("locked", "DVC")
    assert found(box, seen("in.csv")) is None


def test_a_file_of_a_folder_that_dvc_keeps(box: GitBox) -> None:
    cache(box, DATA)
    listed = json.dumps([{"md5": MD5, "relpath": "a/raw.csv"}, {"md5": "0" * 32, "relpath": "b.csv"}]).encode()
    box.write("data.dvc", out("data", cache(box, listed, ".dir"), 1000).encode())
    box.commit("folder")
    assert found(box, seen("data/a/raw.csv")) == ("folder", "DVC")
    assert found(box, seen("data/b.csv")) is None
    past = Past(find_repository(str(box.path), {}), Index(None))
    (one,) = committed_in(past, past.graph.oids[0], ["data/any.csv", "none.csv"]).items()
    assert (one[0], one[1].kept_by) == ("data/any.csv", "DVC")


def test_hostile_names_and_lists(box: GitBox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(DATA)
    for text in (out("raw.csv", "../" * 6 + "secret"), "outs:\n- md5: \x00\n  path: [", "- " * 5000):
        box.write("raw.csv.dvc", text.encode())
        box.commit("hostile")
        assert found(box, seen("raw.csv")) is None
    box.write("data.dvc", out("data", cache(box, b'[{"md5": 7}, 5]', ".dir")).encode())
    box.commit("list")
    assert found(box, seen("data/x")) is None
