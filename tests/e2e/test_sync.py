"""Outputs between clones: pushed with what is pushed, brought by pull, united without a question."""

from __future__ import annotations

import json

import pytest

from tests.e2e.hub import Hub, push
from tests.e2e.scene import N, assert_clean, entry_of, never_ran, note_of, outputs_at, quietly, run_of
from tests.gitbox import GitBox


@pytest.fixture
def ada(hub: Hub) -> GitBox:
    """Return a clone with one notebook, run, committed and pushed."""
    box = hub.clone("ada")
    box.write(N, run_of("a = 1", "b = 2", run="A"))
    box.commit("one")
    box.git("push", "-q", "-u", "origin", "main")
    return box


def test_a_clone_shows_every_output_after_install(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    assert bob.read(N) == ada.read(N)
    assert entry_of(bob) == entry_of(ada)
    assert_clean(bob)


def test_a_clone_under_a_global_install_heals_itself_and_shows_every_output(hub: Hub, ada: GitBox) -> None:
    assert ada.nbgit("install", "--global").code == 0
    bob = hub.clone("bob", install=False)
    assert bob.read(N) == ada.read(N)
    assert "refs/nbgit-remotes/origin/" in bob.git("config", "--get-all", "remote.origin.fetch")
    assert (bob.path / ".git" / "hooks" / "pre-push").exists()
    assert_clean(bob)


def test_a_pull_brings_outputs_and_entries(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    push(ada)
    bob.git("pull", "-q")
    assert bob.read(N) == run_of("a = 1", "b = 3", run="B")
    assert note_of(bob) == note_of(ada) != ""
    bob.git("checkout", "-q", "HEAD~1")
    assert bob.read(N) == run_of("a = 1", "b = 2", run="A")
    assert_clean(bob)


def test_entries_that_git_has_filed_elsewhere_are_still_there(hub: Hub, ada: GitBox) -> None:
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    quietly(ada, "commit", "-q", "--amend", "-m", "two, reworded")  # git copies a note, and files all of them anew
    push(ada)
    (remote,) = json.loads(ada.nbgit("status", "--json").out)["remotes"]
    assert (remote["unpushed"], remote["unshared"]) == (0, 0)
    assert "1 " not in ada.nbgit("sync").out


def test_only_what_is_linked_to_pushed_commits_leaves(hub: Hub, ada: GitBox) -> None:
    ada.git("checkout", "-q", "-b", "private")
    ada.write(N, run_of("a = 1", "b = 'secret'", run="PRIVATE" * 100))
    ada.commit("private")
    ada.write(N, run_of("a = 1", "b = 4", run="WAITING" * 100))
    ada.git("add", N)
    ada.git("stash", "-q")
    ada.git("checkout", "-q", "main")
    ada.write("m.ipynb", run_of("x = 1", run="SHARED" * 100))
    ada.commit("public", "m.ipynb")
    push(ada)
    assert ada.nbgit("sync").code == 0
    told = hub.objects()
    assert "SHARED" in told
    assert "PRIVATE" not in told
    assert "WAITING" not in told
    private = ada.git("rev-parse", "private").strip()
    assert hub.hub.try_git("notes", "--ref=nbgit", "show", private).code != 0


def test_a_dry_run_shares_nothing(hub: Hub, ada: GitBox) -> None:
    before = hub.refs()
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    push(ada, "--dry-run")
    assert hub.refs() == before
    push(ada)
    assert hub.refs() != before


def test_two_people_who_both_ran_notebooks_are_united_without_a_question(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    ada.write("ada.ipynb", run_of("a = 5", run="Ada"))
    ada.commit("ada's")
    bob.write("bob.ipynb", run_of("b = 5", run="Bob"))
    bob.minutes = 50
    bob.commit("bob's")
    push(ada)
    bob.git("pull", "-q", "--no-rebase", "--no-edit")
    push(bob)
    ada.git("pull", "-q")
    for box in (ada, bob):
        assert box.read("ada.ipynb") == run_of("a = 5", run="Ada")
        assert box.read("bob.ipynb") == run_of("b = 5", run="Bob")
        assert "bob.ipynb" in box.git("log", "--no-walk", "HEAD^2") + box.git("log", "--no-walk", "HEAD^1")
        assert_clean(box)
    trees = [box.git("rev-parse", "refs/nbgit/snapshots^{tree}", "refs/notes/nbgit^{tree}") for box in (ada, bob)]
    assert trees[0] == trees[1]


def test_two_runs_for_one_commit_are_both_kept(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    head = ada.git("rev-parse", "HEAD").strip()
    runs = {"ada": run_of("a = 1", "b = 2", run="again"), "bob": run_of("a = 1", "b = 2", run="bob's")}
    bob.minutes = ada.minutes
    for box, name in ((ada, "ada"), (bob, "bob")):
        box.write(N, runs[name])
        box.git("add", N)
        box.git("commit", "-q", "--amend", "--no-edit", "--date=2023-11-14T22:13:20Z")
    assert ada.git("rev-parse", "HEAD") == bob.git("rev-parse", "HEAD")
    assert ada.git("rev-parse", "HEAD").strip() != head
    push(ada, "--force")
    push(bob, "--force")
    for box in (ada, bob, ada):
        assert box.nbgit("sync").code == 0
    assert note_of(ada) == note_of(bob)
    for box in (ada, bob):
        held = box.git("ls-tree", "-r", "-t", "--name-only", "refs/nbgit/snapshots")
        assert held.count("snapshot.json") == 3
        assert note_of(box).count("nbgit-entry") == 2
        assert_clean(box)


@pytest.mark.parametrize("early", [True, False])
def test_outputs_that_came_from_elsewhere_can_be_cleared(hub: Hub, ada: GitBox, early: bool) -> None:
    """Nobody has run the notebook in this clone; `early`: git saw it bare, too, before its outputs came."""
    bob = hub.clone("bob", install=not early)
    if early:
        bob.git("config", "nbgit.sync", "false")
        assert bob.nbgit("install").code == 0
        bob.git("update-index", "--refresh")
        bob.git("add", "--renormalize", N)
        assert bob.read(N) == never_ran("a = 1", "b = 2")
        bob.git("config", "--unset", "nbgit.sync")
        assert bob.nbgit("sync").code == 0
    assert bob.read(N) == ada.read(N)
    bob.write(N, never_ran("a = 1", "b = 2"))
    bob.git("add", N)
    bob.write("x.txt", b"x")
    bob.commit("cleared")
    assert outputs_at(bob, "HEAD", N) == never_ran("a = 1", "b = 2")
    bob.git("checkout", "-q", "HEAD~1")
    assert bob.read(N) == ada.read(N)


def test_a_host_that_refuses_the_refs_gets_the_push_all_the_same(hub: Hub, ada: GitBox) -> None:
    hook = hub.hub.path / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/heads/*) exit 0;; esac\necho no such namespace >&2\nexit 1\n')
    hook.chmod(0o755)
    before = hub.refs()
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    said = push(ada)
    assert "origin did not take the outputs" in said
    assert said.count("\nnbgit:") + said.startswith("nbgit:") == 1
    after = hub.refs()
    assert after.pop("refs/heads/main") == ada.git("rev-parse", "HEAD").strip()
    assert after == {name: oid for name, oid in before.items() if name != "refs/heads/main"}
    ada.git("config", "remote.origin.nbgitSync", "false")
    ada.commit("three")
    assert "nbgit" not in push(ada)
    hook.unlink()
    ada.git("config", "--unset", "remote.origin.nbgitSync")
    assert ada.nbgit("sync").code == 0
    assert hub.refs()["refs/notes/nbgit"] != before["refs/notes/nbgit"]


def test_a_mirror_push_that_deletes_the_refs_loses_nothing(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob")
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    push(ada)
    bob.git("update-ref", "-d", "refs/nbgit/snapshots")
    bob.git("update-ref", "-d", "refs/notes/nbgit")
    said = push(bob, "--mirror")
    assert "were brought here first" in said
    assert "refs/nbgit/snapshots" not in hub.refs()
    bob.git("fetch", "-q")
    assert bob.nbgit("sync").code == 0
    assert "refs/nbgit/snapshots" not in hub.refs() or note_of(bob, "HEAD") != ""
    ada.git("push", "-q", "--force", "origin", "main")
    assert ada.nbgit("sync").code == 0
    assert set(hub.refs()) >= {"refs/nbgit/snapshots", "refs/notes/nbgit"}
    carol = hub.clone("carol")
    assert carol.read(N) == run_of("a = 1", "b = 3", run="B")


def test_a_remote_ref_that_was_deleted_or_replaced_comes_back(hub: Hub, ada: GitBox) -> None:
    hub.hub.git("update-ref", "-d", "refs/nbgit/snapshots")
    hub.hub.git("update-ref", "-d", "refs/notes/nbgit")
    assert ada.nbgit("sync").code == 0
    bob = hub.clone("bob")
    assert bob.read(N) == ada.read(N)
    empty = hub.hub.git("hash-object", "-t", "tree", "-w", "--stdin").strip()
    other = hub.hub.git("commit-tree", empty, "-m", "other").strip()
    hub.hub.git("update-ref", "refs/nbgit/snapshots", other)
    hub.hub.git("update-ref", "refs/notes/nbgit", other)
    ada.write(N, run_of("a = 1", "b = 3", run="B"))
    ada.commit("two")
    push(ada)
    assert ada.nbgit("sync").code == 0
    carol = hub.clone("carol")
    assert carol.read(N) == run_of("a = 1", "b = 3", run="B")
    carol.git("checkout", "-q", "HEAD~1")
    assert carol.read(N) == run_of("a = 1", "b = 2", run="A")


@pytest.mark.parametrize("command", [["pull", "-q", "origin", "main"], ["pull", "-q", "--rebase", "origin", "main"]])
def test_a_pull_that_names_the_branch_brings_outputs_as_well(hub: Hub, ada: GitBox, command: list[str]) -> None:
    bob = hub.clone("bob")
    for number in range(2):
        ada.write(N, run_of("a = 1", f"b = {number}", run=f"again {number}"))
        ada.write(f"new {number}.ipynb", run_of("c = 3", run=f"new {number}"))
        ada.commit("more")
        push(ada)
        bob.git(*command)
        assert bob.read(N) == ada.read(N)
        assert bob.read(f"new {number}.ipynb") == ada.read(f"new {number}.ipynb")
        assert entry_of(bob) == entry_of(ada)
    trace = hub.root / "trace"
    bob.environ["GIT_TRACE"] = str(trace)
    (bob.path / N).unlink()
    bob.git("checkout", "--", N)
    assert "upload-pack" not in trace.read_text()


def test_a_pruning_fetch_keeps_what_is_ones_own(hub: Hub, ada: GitBox) -> None:
    hub.hub.git("update-ref", "-d", "refs/nbgit/snapshots")
    hub.hub.git("update-ref", "-d", "refs/notes/nbgit")
    ada.git("fetch", "-q", "--prune")
    assert note_of(ada) != ""
    (ada.path / N).unlink()
    ada.git("checkout", "--", N)
    assert ada.read(N) == run_of("a = 1", "b = 2", run="A")


def test_a_partial_clone_gets_its_outputs_in_few_fetches(hub: Hub, ada: GitBox) -> None:
    hub.hub.git("config", "uploadpack.allowFilter", "true")
    hub.hub.git("config", "uploadpack.allowAnySHA1InWant", "true")
    names = [f"n{number}.ipynb" for number in range(20)]
    for number, name in enumerate(names):
        ada.write(name, run_of(f"a = {number}", run=f"run {number} " * 100))
    ada.commit("many")
    push(ada)
    assert ada.nbgit("install", "--global").code == 0
    box = GitBox(hub.root, "partial", init=False)
    box.path.rmdir()
    trace = hub.root / "trace"
    done = box.run(
        ["git", "clone", "-q", "--filter=blob:none", hub.url, str(box.path)],
        cwd=hub.root,
        environ={"GIT_TRACE": str(trace)},
    )
    assert done.code == 0, done
    assert [box.read(name) for name in names] == [ada.read(name) for name in names]
    fetches = [line for line in trace.read_text().splitlines() if " built-in: git upload-pack" in line]
    assert 0 < len(fetches) <= 10, fetches
    assert_clean_partial(box)
    box.write("new.ipynb", run_of("z = 1", run="new"))
    box.commit("new")
    push(box)
    ada.git("pull", "-q")
    assert ada.read("new.ipynb") == run_of("z = 1", run="new")


def assert_clean_partial(box: GitBox) -> None:
    assert box.git("status", "--porcelain") == ""


def test_what_was_forgotten_leaves_the_remote_and_the_other_clones(hub: Hub, ada: GitBox) -> None:
    ada.write("s.ipynb", run_of("print(token)", run="hunter2 " * 100))
    ada.commit("with a password")
    push(ada)
    bob = hub.clone("bob")
    assert b"hunter2" in bob.read("s.ipynb")
    done = ada.nbgit("forget", "--pattern", "hunter2", "--yes")
    assert done.code == 0, done
    assert "nbgit sync --overwrite origin" in done.out + done.err
    done = ada.nbgit("sync", "--overwrite", "origin")
    assert done.code == 0, done
    hub.hub.git("gc", "-q", "--prune=now")
    assert "hunter2" not in hub.objects()
    assert bob.nbgit("sync").code == 0
    assert "hunter2" not in bob.git("log", "-p", "--format=", "refs/nbgit/snapshots")
    ada.git("pull", "-q")
    assert ada.nbgit("sync").code == 0
    assert "hunter2" not in hub.objects()
    carol = hub.clone("carol")
    assert b"hunter2" not in carol.read("s.ipynb")
    assert carol.read(N) == run_of("a = 1", "b = 2", run="A")


def test_sync_says_what_it_did_and_what_it_can_not(hub: Hub, ada: GitBox) -> None:
    assert ada.nbgit("sync").out == "origin: nothing new came; nothing to share.\n"
    assert ada.nbgit("sync", "--quiet").out == ""
    wrong = ada.nbgit("sync", "nowhere")
    assert (wrong.code, wrong.err) == (
        9,
        "nbgit: nowhere is no remote of this repository (it has origin); `git remote -v` lists them\n",
    )
    ada.git("config", "remote.origin.url", "file:///nowhere")
    gone = ada.nbgit("sync")
    assert gone.code == 1
    assert "Traceback" not in gone.err


def test_uninstall_takes_the_refspecs_out(ada: GitBox) -> None:
    assert ada.nbgit("uninstall").code == 0
    assert "nbgit" not in ada.git("config", "--get-all", "remote.origin.fetch")
