"""Lazy remotes: payloads come when they are first shown, sources and history as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.hub import Hub, push
from tests.e2e.scene import N, run_of
from tests.gitbox import GitBox

RUNS = [run_of("a = 1", f"b = {number}", run=f"run {number} " * 50) for number in range(4)]


@pytest.fixture
def ada(hub: Hub) -> GitBox:
    """Return a clone that has pushed four runs of a notebook, to a hub that can filter."""
    hub.hub.git("config", "uploadpack.allowFilter", "true")
    box = hub.clone("ada")
    for number, run in enumerate(RUNS):
        box.write(N, run)
        box.commit(f"run {number}")
    push(box, "-u", "origin", "main")
    return box


def lazy_clone(hub: Hub, name: str = "bob") -> GitBox:
    box = hub.clone(name, install=False)
    done = box.nbgit("install", "--lazy")
    assert (done.code, done.err) == (0, ""), done
    return box


def missing(box: GitBox, *refs: str) -> int:
    """Return how many objects of these refs are not here."""
    out = box.git("rev-list", "--objects", "--missing=print", *refs)
    return sum(line.startswith("?") for line in out.splitlines())


def test_payloads_come_when_they_are_shown(hub: Hub, ada: GitBox) -> None:
    bob = lazy_clone(hub)
    assert bob.read(N) == RUNS[3]
    lacking = missing(bob, "refs/nbgit/snapshots")
    assert lacking > 0
    assert missing(bob, "main", "refs/notes/nbgit") == 0
    assert "2 cells ran" in bob.git("log", "-1", "--skip=1")
    assert missing(bob, "refs/nbgit/snapshots") == lacking
    bob.git("checkout", "-q", "HEAD~2")
    assert bob.read(N) == RUNS[1]
    assert 0 < missing(bob, "refs/nbgit/snapshots") < lacking
    assert bob.git("status", "--porcelain") == ""


def test_pull_push_and_upkeep_go_on(hub: Hub, ada: GitBox) -> None:
    bob = lazy_clone(hub)
    more = run_of("a = 1", "c = 9", run="ada again")
    ada.write(N, more)
    ada.commit("more")
    push(ada)
    bob.git("fetch", "-q")
    bob.git("pull", "-q")
    assert bob.read(N) == more
    mine = run_of("z = 1", run="bob")
    bob.write("z.ipynb", mine)
    bob.commit("bob's")
    assert push(bob) == ""
    ada.git("pull", "-q")
    assert ada.read("z.ipynb") == mine
    lacking = missing(bob, "refs/nbgit/snapshots")
    assert lacking > 0
    bob.git("gc", "-q", "--prune=now")
    bob.git("fsck", "--full")
    assert bob.nbgit("gc", "--json").code == 0
    done = bob.nbgit("fsck")
    assert done.code == 0, done
    assert missing(bob, "refs/nbgit/snapshots") == lacking
    bob.git("checkout", "-q", "HEAD~3")
    assert bob.read(N) == RUNS[2]


def test_every_clone_of_a_person(hub: Hub, ada: GitBox) -> None:
    box = GitBox(hub.root, "carol", init=False)
    assert box.nbgit("install", "--global", "--lazy").code == 0
    box.path.rmdir()
    box.git("clone", "-q", hub.url, str(box.path), cwd=hub.root)
    assert box.read(N) == RUNS[3]
    assert missing(box, "refs/nbgit/snapshots") > 0
    assert box.nbgit("uninstall", "--global").code == 0
    assert box.try_git("config", "--global", "--list").out == ""


def test_a_clone_that_was_not_lazy_becomes_so(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    assert missing(bob, "refs/nbgit/snapshots") == 0
    assert "lazy" in bob.nbgit("install", "--lazy").out
    assert "nothing changed" in bob.nbgit("install", "--lazy").out
    ada.write(N, run_of("a = 1", run="not shown"))
    ada.commit("not shown")
    ada.write(N, run_of("a = 2", run="shown"))
    ada.commit("shown")
    push(ada)
    bob.git("pull", "-q")
    assert bob.read(N) == ada.read(N)
    assert missing(bob, "refs/nbgit/snapshots") > 0


def test_a_host_that_filters_nothing(hub: Hub, ada: GitBox) -> None:
    hub.hub.git("config", "uploadpack.allowFilter", "false")
    bob = hub.clone("bob", install=False)
    assert bob.nbgit("install", "--lazy").code == 0
    assert bob.read(N) == RUNS[3]
    assert missing(bob, "refs/nbgit/snapshots") == 0


def test_a_remote_that_moves(hub: Hub, ada: GitBox) -> None:
    bob = lazy_clone(hub)
    moved = hub.root / "moved.git"
    hub.hub.path.rename(moved)
    shown = bob.try_git("checkout", "-q", "HEAD~1")
    assert shown.code == 0  # without outputs: nobody can give them
    bob.git("checkout", "-q", "main")
    assert bob.read(N) == RUNS[3]
    bob.git("remote", "set-url", "origin", moved.as_uri())
    assert bob.nbgit("sync").code == 0
    bob.git("checkout", "-q", "HEAD~1")
    assert bob.read(N) == RUNS[2]


def test_uninstall_keeps_what_was_promised_until_the_data_goes(hub: Hub, ada: GitBox) -> None:
    before = hub.clone("plain", install=False)
    config = (before.path / ".git" / "config").read_text()
    bob = lazy_clone(hub)
    done = bob.nbgit("uninstall")
    assert done.code == 0
    assert "origin.nbgit stays" in done.out
    assert bob.git("config", "remote.origin.nbgit.promisor") == "true\n"
    bob.git("fsck", "--full")
    done = bob.nbgit("uninstall", "--delete-data", "--yes")
    assert (done.code, "stays" in done.out) == (0, False)
    assert (bob.path / ".git" / "config").read_text() == config
    bob.git("fsck", "--full")


def test_a_remote_with_a_dot_in_its_name(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.hub.git("config", "uploadpack.allowFilter", "true")
    ada = hub.clone("ada")
    ada.write(N, RUNS[0])
    ada.commit("one")
    push(ada, "-u", "origin", "main")
    bob = hub.clone("bob", "-o", "a.b", install=False)
    assert bob.nbgit("install", "--lazy").code == 0
    assert bob.read(N) == RUNS[0]
    assert bob.git("config", "remote.a.b.nbgit.nbgitOf") == "a.b\n"
    listed = bob.nbgit("sync")
    assert (listed.code, listed.out) == (0, "a.b: nothing new came; nothing to share.\n")


def test_sync_with_nothing_new_pushes_nothing(hub: Hub, ada: GitBox) -> None:
    bob = lazy_clone(hub)
    before = bob.git("for-each-ref")
    trace = bob.root / "trace"
    assert bob.nbgit("sync", environ={"GIT_TRACE": str(trace)}).code == 0
    traced = trace.read_text(encoding="utf-8")
    assert "git fetch" in traced
    assert "git push" not in traced
    assert bob.git("for-each-ref") == before
