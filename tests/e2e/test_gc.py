"""`nbgit gc`: what nobody needs goes, and everything that anything still needs stays."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbgit.cli.gc import read_age
from nbgit.external.json_schema import validate
from nbgit.upkeep.gc import NEVER
from tests.e2e.scene import N, entry_of, note_of, outputs_at, rewritten, run_of
from tests.e2e.stored import captures, copy_of, two_commits
from tests.gitbox import SOURCE_ROOT, GitBox, Result

SNAPSHOTS, ENTRIES = "refs/nbgit/snapshots", "refs/notes/nbgit"
DAY = 86400
LOST = run_of("a = 1", "b = 99", run="lost")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository with two commits on main, and a third one on `topic`, with a snapshot of its own."""
    box = two_commits(tmp_path_factory.mktemp("template"))
    box.git("checkout", "-q", "-b", "topic")
    box.write(N, LOST)
    box.commit("three")
    box.git("checkout", "-q", "main")
    return box


@pytest.fixture
def repo(template: GitBox, tmp_path: Path) -> GitBox:
    """Return a copy of the template."""
    return copy_of(template, tmp_path)


def lose(box: GitBox) -> str:
    """Delete the branch `topic` and empty all reflogs; return the commit that it was at."""
    commit = box.git("rev-parse", "topic").strip()
    box.git("branch", "-q", "-D", "topic")
    box.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    return commit


def collect(box: GitBox, *options: str) -> dict[str, Any]:
    """Return what `nbgit gc --json` says."""
    result = box.nbgit("gc", "--json", *options)
    assert result.code == 0, result
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "gc.v1") == []
    return document


def assert_sound(box: GitBox) -> None:
    """Fail unless fsck finds nothing."""
    result = box.nbgit("fsck")
    assert result.code == 0, result.out


def aged(box: GitBox, file: Path, days: int) -> Path:
    """Give a capture the name that it would have, had it been taken that long ago."""
    taken = time.time_ns() - days * DAY * 10**9
    return file.rename(file.with_name(f"{taken:020d}{file.name[20:]}"))


class TestSnapshots:
    """Snapshots and entries."""

    def test_where_all_is_needed_nothing_changes(self, repo: GitBox) -> None:
        refs = repo.git("for-each-ref")
        assert repo.nbgit("gc").out == "Nothing to remove.\n"
        assert repo.git("for-each-ref") == refs

    def test_what_a_lost_commit_had_goes(self, repo: GitBox) -> None:
        snapshot_id = entry_of(repo, "topic")[N]
        kept = {commit: entry_of(repo, commit) for commit in ("main", "main~1")}
        commit = lose(repo)
        refs = repo.git("for-each-ref")
        planned = collect(repo, "--dry-run")
        assert repo.git("for-each-ref") == refs
        assert planned["snapshots"] == [
            {"id": snapshot_id, "source": repo.git("rev-parse", f"{commit}:{N}").strip(), "path": N}
        ]
        assert planned["entries"] == [commit]
        assert planned["object_bytes"] > 0
        assert f"snapshot  {snapshot_id[:12]}  {N}\n" in repo.nbgit("gc", "--dry-run").out
        assert collect(repo) == {**planned, "dry_run": False}
        assert {commit: entry_of(repo, commit) for commit in kept} == kept
        assert outputs_at(repo, "main", N) == run_of("a = 1", "b = 3", run="B")
        assert_sound(repo)
        assert repo.git("rev-list", "--count", SNAPSHOTS, ENTRIES) == "2\n", "commits without parents"
        repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.git("gc", "-q", "--prune=now")
        assert repo.try_git("cat-file", "-e", snapshot_id).code == 1
        assert_sound(repo)
        assert repo.nbgit("prune").out == "Nothing to remove.\n"

    def test_a_payload_that_another_snapshot_shares_stays(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "topic")
        repo.git("mv", "drawn.ipynb", "copy.ipynb")
        copy = repo.read("copy.ipynb")
        rewritten(repo, "copy.ipynb", copy.replace(b'"plot()"', b'"plot() "'))
        repo.commit("a copy with an edit")
        repo.git("checkout", "-q", "main")
        lose(repo)
        document = collect(repo)
        assert len(document["snapshots"]) == 2
        repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        repo.git("gc", "-q", "--prune=now")
        assert_sound(repo)

    def test_a_damaged_ref_is_left_alone(self, repo: GitBox) -> None:
        lose(repo)
        blob = repo.git("ls-tree", "-r", ENTRIES).split()[2]
        (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        refs = repo.git("for-each-ref")
        result = repo.nbgit("gc")
        assert result.code == 5
        assert "fsck --repair" in result.err
        assert repo.git("for-each-ref") == refs


def keep_tag(box: GitBox) -> None:
    box.git("tag", "kept", "topic")


def keep_annotated_tag(box: GitBox) -> None:
    box.git("tag", "-a", "-m", "kept", "kept", "topic")


def keep_remote_branch(box: GitBox) -> None:
    box.git("update-ref", "refs/remotes/origin/topic", "topic")


def keep_odd_ref(box: GitBox) -> None:
    box.git("update-ref", "refs/changes/1/2", "topic")


def keep_detached(box: GitBox) -> None:
    box.git("checkout", "-q", "--detach", "topic")


def keep_worktree(box: GitBox) -> None:
    box.git("worktree", "add", "-q", "--detach", "../linked", "topic")


def keep_worktree_index(box: GitBox) -> None:
    box.git("worktree", "add", "-q", "--detach", "../linked", "main")
    box.git("checkout", "-q", "topic", "--", N, cwd="../linked")


def keep_index(box: GitBox) -> None:
    box.git("checkout", "-q", "topic", "--", N)


def keep_stash(box: GitBox) -> None:
    box.git("checkout", "-q", "topic", "--", N)
    box.git("reset", "-q")
    box.git("stash", "-q")


def keep_merge_under_way(box: GitBox) -> None:
    box.write("other.txt", b"x")
    box.commit("main goes on", "other.txt")
    box.git("merge", "-q", "--no-commit", "--no-ff", "-s", "ours", "topic")


def keep_fetched(box: GitBox) -> None:
    box.git("update-ref", "refs/nbgit-remotes/origin/snapshots", SNAPSHOTS)
    box.git("update-ref", "refs/nbgit-remotes/origin/notes/nbgit", ENTRIES)


KEEPERS: tuple[Callable[[GitBox], None], ...] = (
    keep_tag,
    keep_annotated_tag,
    keep_remote_branch,
    keep_odd_ref,
    keep_detached,
    keep_worktree,
    keep_worktree_index,
    keep_index,
    keep_stash,
    keep_merge_under_way,
    keep_fetched,
)


class TestKept:
    """Whatever still needs a snapshot keeps it."""

    @pytest.mark.parametrize("keep", KEEPERS)
    def test_kept_by(self, repo: GitBox, keep: Callable[[GitBox], None]) -> None:
        stashed = keep is keep_stash
        keep(repo)
        stash = repo.git("rev-parse", "stash").strip() if stashed else ""
        lose(repo)
        if stashed:
            repo.git("update-ref", "--create-reflog", "refs/stash", stash)
        assert collect(repo)["snapshots"] == []
        assert_sound(repo)

    def test_kept_by_a_reflog(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "topic")
        repo.git("checkout", "-q", "main")
        repo.git("branch", "-q", "-D", "topic")
        assert collect(repo)["snapshots"] == []

    def test_kept_while_the_commit_is_young(self, repo: GitBox) -> None:
        now = {"GIT_COMMITTER_DATE": f"{int(time.time())} +0000"}
        tree = repo.git("rev-parse", "topic^{tree}").strip()
        made = repo.run(["git", "commit-tree", "-p", "main", "-m", "young", tree], environ=now).out.strip()
        repo.git("notes", "--ref=nbgit", "copy", "topic", made)
        lose(repo)
        document = collect(repo)
        assert document["snapshots"] == []
        assert made not in document["entries"]
        assert N in entry_of(repo, made)

    def test_a_commit_of_the_same_source_keeps_it_without_an_entry(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "bare-source", "main")
        repo.git("config", "core.hooksPath", os.devnull)
        repo.git("checkout", "-q", "topic", "--", N)
        repo.commit("by a library")
        assert note_of(repo) == ""
        lose(repo)
        assert collect(repo)["snapshots"] == []

    def test_a_shallow_clone_keeps_all(self, repo: GitBox) -> None:
        clone = GitBox(repo.root, "clone", init=False)
        clone.git("clone", "-q", "--depth=1", f"file://{repo.path}", ".")
        clone.git("fetch", "-q", "origin", f"{SNAPSHOTS}:{SNAPSHOTS}", f"{ENTRIES}:{ENTRIES}")
        refs = clone.git("for-each-ref")
        document = collect(clone)
        assert "shallow" in document["kept"]
        assert document["snapshots"] == document["entries"] == []
        assert clone.git("for-each-ref") == refs

    def test_a_partial_clone_keeps_what_promised_blobs_need(self, repo: GitBox) -> None:
        repo.git("config", "uploadpack.allowFilter", "true")
        clone = GitBox(repo.root, "clone", init=False)
        clone.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", ".")
        clone.git("fetch", "-q", "--filter=blob:none", "origin", f"{SNAPSHOTS}:{SNAPSHOTS}", f"{ENTRIES}:{ENTRIES}")
        assert "lacks" in collect(clone)["kept"]
        clone.git("cat-file", "--batch", stdin=("\n".join(row.split()[2] for row in rows_of(clone)) + "\n").encode())
        document = collect(clone)
        assert document["kept"] is None
        assert document["snapshots"] == document["entries"] == []


def rows_of(box: GitBox) -> list[str]:
    """Return the rows of the entries' tree."""
    return box.git("ls-tree", "-r", ENTRIES).splitlines()


class TestCaptures:
    """Captures by age."""

    @pytest.fixture
    def aging(self, repo: GitBox) -> GitBox:
        """Return a repository with an overtaken capture of 100 days and one of 10, and a waiting one of 400."""
        for run in ("C", "D", "E"):
            rewritten(repo, N, run_of("a = 1", "b = 5", run=run))
        repo.commit("the last of three runs")
        old, young = captures(repo)
        aged(repo, old, 100)
        aged(repo, young, 10)
        rewritten(repo, N, run_of("a = 1", "b = 6", run="F"))
        (waiting,) = [file for file in captures(repo) if file.parent.parent.name == "captures"]
        aged(repo, waiting, 400)
        assert len(captures(repo)) == 3
        return repo

    @pytest.mark.parametrize(
        ("options", "left"),
        [
            ((), 2),
            (("--expire", "now"), 1),
            (("--expire", "1.week"), 1),
            (("--expire", "1 year"), 3),
            (("--expire", "never", "--waiting", "1.year"), 2),
            (("--waiting", "now", "--expire", "now"), 0),
        ],
    )
    def test_ages(self, aging: GitBox, options: tuple[str, ...], left: int) -> None:
        planned = collect(aging, "--dry-run", *options)
        assert len(captures(aging)) == 3
        assert len(planned["captures"]) == 3 - left
        assert collect(aging, *options)["captures"] == planned["captures"]
        assert len(captures(aging)) == left
        assert_sound(aging)

    def test_the_setting(self, aging: GitBox) -> None:
        aging.git("config", "nbgit.captureExpire", "never")
        assert collect(aging)["captures"] == []
        aging.git("config", "nbgit.captureExpire", "\x1b[1mtomorrow")
        result = aging.nbgit("gc")
        assert result.code == 3
        assert "nbgit.captureExpire" in result.err
        assert "\x1b" not in result.err
        assert len(captures(aging)) == 3

    @pytest.mark.parametrize("text", ["", "90", "-3.days", "yesterday", "1.day.ago.ish", "999999.days", "now."])
    def test_what_is_no_age_removes_nothing(self, repo: GitBox, text: str) -> None:
        assert read_age(text) is None

    def test_an_age_that_is_none_is_refused(self, repo: GitBox) -> None:
        assert repo.nbgit("gc", "--expire", "soon").code == 2

    def test_ages_as_people_write_them(self) -> None:
        told = {"now": 0, "never": NEVER, "90.days": 90 * DAY, "2 weeks ago": 14 * DAY, "1.Month": 30 * DAY}
        assert {text: read_age(text) for text in told} == told


WRAPPER = """#!/bin/sh
case "$*" in
*update-ref*) if mkdir "{flag}" 2>/dev/null; then ( cd "{work}" && PATH="{path}" && {during} ) >"{flag}/log" 2>&1; fi;;
esac
PATH="{path}" exec git "$@"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for git")
class TestConcurrency:
    """What another process links between the look and the swap is not lost."""

    def run_while(self, box: GitBox, during: str, *arguments: str) -> Result:
        """Run nbgit with these arguments; just before it moves refs another process does `during`."""
        folder, flag = box.root / "bin", box.root / "flag"
        folder.mkdir()
        wrapper = folder / "git"
        wrapper.write_text(WRAPPER.format(flag=flag, work=box.path, path=box.environ["PATH"], during=during))
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        result = box.nbgit(*arguments, environ={"PATH": f"{folder}:{box.environ['PATH']}"})
        assert flag.exists(), "the other process had its turn"
        return result

    def collect_while(self, box: GitBox, during: str) -> dict[str, Any]:
        """Run gc, as `run_while` does."""
        result = self.run_while(box, during, "gc", "--json")
        assert result.code == 0, result
        document: dict[str, Any] = json.loads(result.out)
        return document

    def test_a_commit_that_is_linked_meanwhile(self, repo: GitBox) -> None:
        lose(repo)
        run = run_of("a = 1", "b = 7", run="meanwhile")
        repo.write(N, run)
        document = self.collect_while(repo, f"git add {N} && git commit -qm meanwhile")
        assert len(document["snapshots"]) == 1
        assert outputs_at(repo, "HEAD", N) == run
        assert_sound(repo)

    def test_the_very_snapshot_is_needed_again_meanwhile(self, repo: GitBox) -> None:
        commit = lose(repo)
        document = self.collect_while(repo, f"git checkout -q {commit} -- {N} && git commit -qm again")
        assert document["snapshots"] == []
        assert outputs_at(repo, "HEAD", N) == LOST
        assert_sound(repo)

    def test_linking_names_no_snapshot_that_went_meanwhile(self, repo: GitBox) -> None:
        """The other way round: gc comes between what linking has read and what it writes, to the other ref alone."""
        commit = lose(repo)
        repo.git("notes", "--ref=nbgit", "remove", commit)
        repo.git("config", "core.hooksPath", os.devnull)
        repo.git("checkout", "-q", "--detach")
        repo.git("checkout", "-q", commit, "--", N)
        made = repo.commit("again")
        python = f'PYTHONPATH={SOURCE_ROOT} "{sys.executable}"'
        lost = "git checkout -q main && git reflog expire --expire=now --expire-unreachable=now --all"
        result = self.run_while(repo, f"{lost} && {python} -m nbgit gc", "link", made)
        assert result.code == 0, result
        assert "Removed 1 snapshot" in (repo.root / "flag" / "log").read_text()
        assert outputs_at(repo, made, N) == LOST
        assert_sound(repo)
