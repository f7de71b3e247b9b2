"""`nbgit status`: what is set, from where, what is stored; and the same for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.setup.launch import Launcher, this_launcher
from tests.e2e.hub import Hub, push
from tests.e2e.scene import N, rewritten, run_of
from tests.gitbox import GitBox

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'


def status(box: GitBox, *, code: int = 0, cwd: str | None = None) -> dict[str, Any]:
    result = box.nbgit("status", "--json", cwd=cwd)
    assert result.code == code, result.err
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "status.v1") == []
    return document


def test_not_installed_exits_with_1(box: GitBox) -> None:
    document = status(box, code=1)
    assert document["installed"] is False
    assert document["scope"] is None
    assert "run `nbgit install`" in box.nbgit("status").out
    assert box.nbgit("status", "--quiet").out == ""


def test_installed_names_scope_and_file_of_each_key(installed: GitBox) -> None:
    document = status(installed)
    assert {(one["scope"], one["state"]) for one in document["config"]} == {("local", "right")}
    assert {one["file"] for one in document["config"]} == {str(installed.path / ".git" / "config")}
    assert document["nbgit"]["interpreter"] == this_launcher().python
    assert document["attributes"]["winning"] == {"filter": "nbgit", "diff": "nbgit", "merge": "nbgit"}
    assert set(document["hooks"]["states"].values()) == {"ours"}
    assert document["repository"]["branch"] == "main"
    assert document["rivals"] == []


def test_one_screen(installed: GitBox) -> None:
    text = installed.nbgit("status").out
    assert text.startswith("nbgit is installed (local scope)")
    assert len(text.splitlines()) <= 24


def test_store_figures(installed: GitBox) -> None:
    oid = installed.commit("one")
    installed.git("notes", "--ref=nbgit", "add", "-f", "-m", "entry", oid)
    installed.write(".git/nbgit/captures/key/capture", b"x" * 1500)
    store = status(installed)["store"]
    assert store["entries"] == 1
    assert (store["captures"], store["capture_bytes"]) == (1, 1500)


@pytest.mark.parametrize("place", ["deep", "../linked"])
def test_from_a_subdirectory_and_a_worktree(installed: GitBox, place: str) -> None:
    installed.write("deep/a.ipynb", NOTEBOOK)
    installed.commit("one")
    installed.git("worktree", "add", "-q", "../linked")
    document = status(installed, cwd=place)
    assert document["attributes"]["notebooks"] == document["attributes"]["filtered"] == 1
    assert {one["file"] for one in document["config"]} == {str(installed.path / ".git" / "config")}


def test_another_installation_and_foreign_values_are_told_apart(installed: GitBox) -> None:
    gone = Launcher("/gone/python", "/gone/nbgit/__main__.py")
    installed.git("config", "filter.nbgit.process", gone.command("filter-process"))
    installed.git("config", "filter.nbgit.clean", "my-own-thing")
    states = {one["key"]: one["state"] for one in status(installed)["config"]}
    assert states["filter.nbgit.process"] == "other"
    assert states["filter.nbgit.clean"] == "foreign"
    assert states["filter.nbgit.smudge"] == "right"


def test_rivals_and_attributes_that_win_elsewhere(installed: GitBox) -> None:
    installed.write(".git/info/attributes", b"*.ipynb filter=nbgit diff=nbgit merge=nbgit\nold/* -filter\n")
    installed.write("old/a.ipynb", NOTEBOOK)
    installed.write(".gitattributes", b"*.ipynb filter=nbstripout\n")
    installed.commit("one")
    document = status(installed)
    assert document["attributes"]["astray"] == {"filter": "old/a.ipynb"}
    assert document["rivals"][0]["tool"] == "nbstripout"


def test_global_scope_outside_a_repository(box: GitBox) -> None:
    assert box.nbgit("install", "--global").code == 0
    document = status(box, cwd="..")
    assert document["repository"] is None
    assert document["scope"] == "global"


def test_a_sha256_repository(box: GitBox) -> None:
    box.git("init", "-q", "-b", "main", "--object-format=sha256", "../long")
    assert box.nbgit("install", cwd="../long").code == 0
    document = status(box, cwd="../long")
    assert document["repository"]["hash"] == "sha256"
    assert document["repository"]["branch"] == "main"


def test_core_hookspath_is_shown(installed: GitBox) -> None:
    installed.git("config", "core.hooksPath", ".husky")
    assert status(installed)["hooks"]["core_hooks_path"] == str(installed.path / ".husky")
    assert "core.hooksPath" in installed.nbgit("status").out


def test_every_snapshot_is_counted(installed: GitBox) -> None:
    assert status(installed)["store"]["snapshots"] == 0
    for run in ("A", "B"):  # two of one source
        rewritten(installed, "a.ipynb", run_of("a", run=run))
        rewritten(installed, "b.ipynb", run_of("b", run="A"))
        installed.commit(run)
    store = status(installed)["store"]
    assert (store["snapshots"], store["entries"]) == (3, 2)


def test_status_tells_how_one_stands_with_each_remote(hub: Hub) -> None:
    ada = hub.clone("ada")
    ada.write(N, run_of("a = 1", run="one"))
    ada.commit("one")
    push(ada, "-u", "origin", "main")

    def row() -> tuple[str, int, int]:
        (line,) = [line for line in ada.nbgit("status").out.splitlines() if line.startswith("remote ")]
        document = json.loads(ada.nbgit("status", "--json").out)
        assert validate(document, "status.v1") == []
        (remote,) = document["remotes"]
        return line.removeprefix("remote").strip(), remote["unpushed"], remote["unshared"]

    assert row() == ("origin: has the outputs of all commits", 0, 0)
    ada.write(N, run_of("a = 1", run="not pushed"))
    ada.commit("two")
    assert row() == ("origin: outputs of 1 commit go with the next push", 1, 0)
    ada.git("push", "-q", "--no-verify")
    assert row() == ("origin: lacks the outputs of 1 pushed commit; run `nbgit sync`", 0, 1)
    assert ada.nbgit("sync").code == 0
    assert row() == ("origin: has the outputs of all commits", 0, 0)
    ada.git("config", "nbgit.sync", "false")
    assert row() == ("origin: outputs stay here (nbgit.sync is false)", 0, 0)
