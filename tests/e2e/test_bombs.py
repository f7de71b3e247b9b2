"""Small things, pushed by others, that would become large: memory stays bounded, and a checkout gives the source."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.refs import SNAPSHOTS
from tests.e2e.scene import N, entry_of, outputs_at, run_of
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, notebook

MEMORY = 256 << 20  # bytes of address space for nbgit and each git it starts
NOTEBOOK = run_of("a", run="A")
PARTS = split(NOTEBOOK, Policy())
assert PARTS is not None
SOURCE = PARTS.source
# Runs nbgit as git does, with little memory where the system can limit it.
SMALL = f"""
import os, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
except (ImportError, ValueError, OSError):
    pass
os.execv(sys.executable, [sys.executable, "-I", "-S", *sys.argv[1:]])
"""


def stored(box: GitBox, data: bytes, kind: str = "blob") -> str:
    """Put an object into git and return its oid."""
    return box.git("hash-object", "-w", "--literally", "-t", kind, "--stdin", stdin=data).strip()


def tree(box: GitBox, *rows: tuple[str, str, str]) -> str:
    """Return the oid of a tree of (mode, oid, name)."""
    kinds = {"040000": "tree", "100644": "blob"}
    text = "".join(f"{mode} {kinds[mode]} {oid}\t{name}\n" for mode, oid, name in rows)
    return box.git("mktree", stdin=text.encode()).strip()


def document(size: int, files: list[str]) -> dict[str, Any]:
    """Return a snapshot's document that asks for these files."""
    form = {"as": "text", "ascii": False}
    return {
        "format": "nbgit-snapshot",
        "version": 1,
        "source": "1" * 40,
        "notebook": {"digest": "sha256:" + "0" * 64, "size": size},
        "cells": [],
        "splices": [[0, 0, [{"file": name, **form}]] for name in files],
    }


def payloads(box: GitBox, size: int, many: int, each: int) -> str:
    """Return a snapshot with `many` payloads of `each` bytes, all different, for a notebook of `size`."""
    files = [("100644", stored(box, b"%02d" % n * (each // 2)), f"{n}.txt") for n in range(many)]
    text = json.dumps(document(size, [f"cells/0/{name}" for _, _, name in files])).encode()
    cells = tree(box, ("040000", tree(box, *files), "0"))
    return tree(box, ("040000", cells, "cells"), ("100644", stored(box, text), "snapshot.json"))


def text_of(text: bytes) -> Callable[[GitBox], str]:
    """Return how to make a snapshot with this snapshot.json."""
    return lambda box: tree(box, ("100644", stored(box, text), "snapshot.json"))


HEAD = json.dumps(document(1000, []))[:-3].encode()  # up to the first splice
BOMBS: dict[str, Callable[[GitBox], str]] = {
    "many large payloads": lambda box: payloads(box, 600, 20, 16 << 20),
    "one very large payload": lambda box: payloads(box, 600, 1, 280 << 20),
    "many large payloads of a very large notebook": lambda box: payloads(box, 1 << 40, 20, 16 << 20),
    "a great many empty lists": text_of(HEAD + b"[[]" + b",[]" * (20 << 20) + b"]}"),
    "a great many numbers": text_of(HEAD + b"[[1.5" + b",1.5" * (15 << 20) + b"]]}"),
    "a very large document": text_of(HEAD + b'["' + b"x" * (260 << 20) + b'"]}'),
    "lists in lists": text_of(HEAD + b"[" * 5_000_000),
}


def smudged(box: GitBox, said: str = "") -> bytes:
    """Return what nbgit smudges the source to in little memory, with just what it has to say of it (a pattern)."""
    main = str(SOURCE_ROOT / "nbgit" / "__main__.py")
    result = box.run([sys.executable, "-c", SMALL, main, "smudge", N], stdin=SOURCE)
    assert result.code == 0
    assert re.fullmatch(said, result.err), result.err
    return result.raw


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_gives_the_source_in_little_memory(installed: GitBox, name: str) -> None:
    oid = stored(installed, SOURCE)
    installed.git("config", "core.bigFileThreshold", "1m")  # as git does with larger ones: no delta, and streamed
    snapshot = BOMBS[name](installed)
    source = tree(installed, ("040000", snapshot, snapshot))
    top = tree(installed, ("040000", tree(installed, ("040000", source, oid[2:])), oid[:2]))
    root = tree(installed, ("040000", top, "by-source"))
    installed.git("update-ref", SNAPSHOTS, installed.git("commit-tree", root, "-m", "bomb").strip())
    assert smudged(installed, f"nbgit: {N} was checked out without its stored outputs: [^\n]+\n") == SOURCE


def test_a_source_with_snapshots_without_end_gives_the_source(installed: GitBox) -> None:
    oid = stored(installed, SOURCE)
    empty = bytes.fromhex(stored(installed, b"", "tree"))
    rows = b"".join(b"40000 %040x\0" % n + empty for n in range(100_000))
    source = stored(installed, rows, "tree")
    top = tree(installed, ("040000", tree(installed, ("040000", source, oid[2:])), oid[:2]))
    root = tree(installed, ("040000", top, "by-source"))
    installed.git("update-ref", SNAPSHOTS, installed.git("commit-tree", root, "-m", "bomb").strip())
    assert smudged(installed) == SOURCE


def test_a_note_without_end_is_passed_over(installed: GitBox) -> None:
    installed.write(N, NOTEBOOK)
    installed.commit("one")
    blob = stored(installed, b"{" + b"x" * (260 << 20))
    notes = tree(installed, ("100644", blob, installed.git("rev-parse", "HEAD").strip()))
    installed.git("update-ref", "refs/notes/nbgit", installed.git("commit-tree", notes, "-m", "bomb").strip())
    main = str(SOURCE_ROOT / "nbgit" / "__main__.py")
    result = installed.run([sys.executable, "-c", SMALL, main, "hook", "post-commit"])
    assert (result.code, result.err) == (0, "")


def test_a_notebook_too_large_for_a_snapshot_stays_captured(installed: GitBox) -> None:
    """What would be refused when it is read is not written: the capture stays, and a checkout finds it."""
    data = notebook(code("a", id="a", execution_count=1), metadata={"widgets": {"x": "x" * (65 << 20)}})
    installed.write(N, data)
    installed.commit("one")
    (installed.path / N).unlink()
    installed.git("checkout", "--", N)
    assert installed.read(N) == data


def test_a_large_notebook_that_fits_is_linked(installed: GitBox) -> None:
    data = notebook(code("a", id="a", execution_count=1), metadata={"widgets": {"x": "[{" * (5 << 20)}})
    installed.write(N, data)
    installed.commit("one")
    assert list(entry_of(installed)) == [N]
    assert outputs_at(installed, "HEAD", N) == data
