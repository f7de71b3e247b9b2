"""What was forgotten does not come back by ordinary work: a notebook that still shows it, in this clone or another."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.e2e.hub import Hub, push
from tests.e2e.scene import assert_clean, entry_of, outputs_at
from tests.gitbox import GitBox
from tests.nb import code, notebook

DB = "db.ipynb"
LONG = "something else that was computed for hours\n" * 30
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture, as far as nbgit cares " * 40


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def db(*outputs: dict[str, Any], other: str = "x = 1", count: int = 2) -> bytes:
    """Return a notebook: a first cell with these outputs, and a second one that shows a long text."""
    return notebook(
        code("connect()", id="one", execution_count=1, outputs=list(outputs)),
        code(other, id="two", execution_count=count, outputs=[stream(LONG)]),
    )


def at_hub(hub: Hub) -> str:
    """Return all that nbgit's refs at the hub show, with what snapshots hold."""
    return hub.hub.git("grep", "-h", "-I", "", "refs/nbgit/snapshots")


@pytest.fixture
def leaked(hub: Hub) -> tuple[GitBox, GitBox]:
    """Return two clones: ada has pushed an output, bob has pulled it, ada has forgotten it and synced."""
    ada = hub.clone("ada")
    ada.write(DB, db(stream("topsecret\n")))
    ada.commit("leak")
    ada.git("push", "-q", "-u", "origin", "main")
    bob = hub.clone("bob")
    assert b"topsecret" in bob.read(DB)
    assert ada.nbgit("forget", "--pattern", "topsecret", "--yes", "--worktree").code == 0
    assert ada.nbgit("sync", "--overwrite", "origin").code == 0
    assert "topsecret" not in at_hub(hub)
    return ada, bob


def test_an_edit_in_another_clone_does_not_bring_it_back(hub: Hub, leaked: tuple[GitBox, GitBox]) -> None:
    ada, bob = leaked
    told = bob.nbgit("sync")
    assert told.code == 0
    assert f"{DB} on your disk still shows an output that was forgotten" in told.err
    assert "`nbgit forget --again --worktree`" in told.err
    bob.write(DB, db(stream("topsecret\n"), other="x = 2", count=3))
    done = bob.try_git("commit", "-aqm", "edit")
    assert done.code == 0
    assert f"nbgit: {DB}, cell 0: an output that was forgotten is left out" in done.err
    assert "topsecret" not in bob.git("grep", "-h", "-I", "", "refs/nbgit/snapshots")
    assert outputs_at(bob, "HEAD", DB) == db(other="x = 2", count=3)
    assert bob.git("status", "--porcelain") == ""
    push(bob)
    assert "topsecret" not in at_hub(hub)
    ada.git("pull", "-q")
    assert ada.read(DB) == db(other="x = 2", count=3)
    assert_clean(ada)
    assert bob.nbgit("fsck").code == 0
    again = bob.nbgit("forget", "--again", "--worktree", "--yes")
    assert again.code == 0, again
    assert bob.read(DB) == db(other="x = 2", count=3)
    assert "still shows" not in bob.nbgit("sync").err
    assert bob.git("status", "--porcelain") == ""


def test_what_was_linked_before_the_list_came_is_taken_out_too(hub: Hub, leaked: tuple[GitBox, GitBox]) -> None:
    _, bob = leaked
    bob.write(DB, db(stream("topsecret\n"), other="x = 2", count=3))
    assert "left out" not in bob.try_git("commit", "-aqm", "edit, before anything was heard").err
    before = entry_of(bob)[DB]
    done = bob.try_git("push", "-q", "origin", "main")
    assert done.code == 0, done
    assert "topsecret" not in at_hub(hub)
    assert entry_of(bob)[DB] != before
    assert outputs_at(bob, "HEAD", DB) == db(other="x = 2", count=3)
    carol = hub.clone("carol")
    assert carol.read(DB) == db(other="x = 2", count=3)
    assert carol.nbgit("fsck").code == 0


def test_a_pull_says_what_the_disk_still_shows(hub: Hub, leaked: tuple[GitBox, GitBox]) -> None:
    ada, bob = leaked
    ada.write("other.ipynb", db(stream("harmless\n")))
    ada.commit("other")
    push(ada)
    pulled = bob.try_git("pull", "-q")
    assert pulled.code == 0
    assert f"{DB} on your disk still shows an output that was forgotten" in pulled.err
    assert bob.read("other.ipynb") == db(stream("harmless\n"))
    ada.write("other.ipynb", db(stream("harmless\n"), other="y"))
    ada.commit("once more")
    push(ada)
    assert "forgotten" not in bob.try_git("pull", "-q").err  # said once; `nbgit sync` says it each time


def test_it_is_left_out_where_it_was_forgotten_as_well(leaked: tuple[GitBox, GitBox]) -> None:
    ada, _ = leaked
    ada.write("copy.ipynb", db(stream("topsecret\n"), other="in another notebook"))
    ada.git("add", "copy.ipynb")
    done = ada.try_git("commit", "-qm", "copy")
    assert "nbgit: copy.ipynb, cell 0: an output that was forgotten is left out" in done.err
    assert outputs_at(ada, "HEAD", "copy.ipynb") == db(other="in another notebook")
    assert ada.read("copy.ipynb") == db(stream("topsecret\n"), other="in another notebook")
    ada.write("copy.ipynb", db(stream("topsecret, but not only\n"), other="in another notebook"))
    ada.git("add", "copy.ipynb")
    assert "left out" not in ada.try_git("commit", "-qm", "another output", "--allow-empty").err
    assert b"not only" in outputs_at(ada, "HEAD", "copy.ipynb")


def picture(text: str) -> dict[str, Any]:
    data = {"image/png": b64encode(PNG).decode(), "text/plain": text}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def noted(secret: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {"note": secret}, "data": {"text/plain": "plain"}}


def test_a_picture_a_notebook_and_what_stands_beside_the_payloads(installed: GitBox) -> None:
    box = installed
    figure = box.write("figure.png", PNG)
    box.write("picture.ipynb", db(picture("one")))
    box.write("whole.ipynb", db(stream("of this path\n")))
    box.write("noted.ipynb", db(noted("topsecret")))
    box.git("add", "*.ipynb")
    box.commit("all")
    for target in ([str(figure)], ["whole.ipynb"], ["--pattern", "topsecret"]):
        assert box.nbgit("forget", "--yes", *target).code == 0
    box.write("picture.ipynb", db(picture("two"), other="again"))
    box.write("whole.ipynb", db(stream("of this path\n"), other="again"))
    box.write("noted.ipynb", db(noted("topsecret"), other="again"))
    box.write("free.ipynb", db(stream("of this path\n"), noted("harmless"), other="again"))
    box.git("add", "*.ipynb")
    told = box.try_git("commit", "-qm", "again").err
    assert "nbgit: picture.ipynb, cell 0: " in told
    assert "nbgit: whole.ipynb, cells 0, 1: " in told
    assert "nbgit: noted.ipynb, cell 0: " in told
    assert "free.ipynb" not in told
    assert outputs_at(box, "HEAD", "picture.ipynb") == db(other="again")
    assert b"of this path" not in outputs_at(box, "HEAD", "whole.ipynb")
    assert outputs_at(box, "HEAD", "noted.ipynb") == db(other="again")
    assert outputs_at(box, "HEAD", "free.ipynb") == box.read("free.ipynb")


def test_what_is_left_out_can_still_be_restored_here(leaked: tuple[GitBox, GitBox]) -> None:
    ada, _ = leaked
    leaking = db(stream("topsecret\n"), other="x = 3")
    ada.write(DB, leaking)
    ada.git("commit", "-aqm", "again")
    ada.git("checkout", "-q", "HEAD~1")
    ada.git("checkout", "-q", "main")
    assert ada.read(DB) == db(other="x = 3")
    assert ada.nbgit("forget", "--again", "--yes").code == 0
    assert "topsecret" not in "".join(
        file.read_text(errors="replace") for file in (ada.path / ".git" / "nbgit").rglob("*") if file.is_file()
    )
    assert ada.nbgit("forget", "--again", "--yes").code == 1


def test_a_dry_run_names_cells_and_commits_and_a_missing_file_is_told(installed: GitBox) -> None:
    installed.write(DB, db(stream("topsecret\n")))
    installed.commit("the leak")
    short = installed.git("rev-parse", "--short", "HEAD").strip()
    told = installed.nbgit("forget", "--pattern", "topsecret", "--dry-run").out
    assert f"    {DB}, cell 0: {short} the leak" in told
    missing = installed.nbgit("forget", "nope.png")
    assert missing.code == 9
    assert "nope.png: there is no such file" in missing.err


def test_the_list_holds_no_text_and_no_digest_of_a_payload(hub: Hub, leaked: tuple[GitBox, GitBox]) -> None:
    from hashlib import sha256

    listed = hub.hub.git("cat-file", "blob", "refs/nbgit/snapshots:forgotten")
    assert "\noutput " in listed
    assert "topsecret" not in listed
    assert sha256(b"topsecret\n").hexdigest() not in listed
