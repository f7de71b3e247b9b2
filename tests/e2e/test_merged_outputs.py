"""Cell by cell: sources that nobody ran (merges, pulled edits, picks) keep the outputs of the cells nobody touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.scene import N, assert_clean, never_ran, note_of, outputs_at, rewritten, run_of
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox

CELLS = ["a = 1", "b = 2", "c = 3", "d = 4"]
FIRST = run_of(*CELLS, run="base")


def shown(data: bytes) -> list[str]:
    """Return the run that each code cell shows, "" for a cell without outputs."""
    cells = json.loads(data)["cells"][1:]
    return ["".join(cell["outputs"][0]["text"]).split(":")[0] if cell["outputs"] else "" for cell in cells]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    box = GitBox(tmp_path_factory.mktemp("merged"))
    assert box.nbgit("install").code == 0
    box.write(N, FIRST)
    box.commit("base")
    for branch, cells in (("theirs", ["a = 10", *CELLS[1:]]), ("third", [*CELLS[:2], "c = 30", CELLS[3]])):
        box.git("checkout", "-q", "-b", branch, "main")
        box.write(N, run_of(*cells, run=branch))
        box.commit(branch)
    box.git("checkout", "-q", "main")
    box.write(N, run_of(*CELLS[:3], "d = 40", run="ours"))
    box.commit("ours")
    return box


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository on main, where `theirs`, `third` and main have each edited another cell of n.ipynb."""
    return copied(world, tmp_path / "copy")


def comes_back(box: GitBox, revision: str = "HEAD") -> None:
    """Fail unless HEAD's notebook is linked to just what is on disk, and comes back when HEAD is left."""
    on_disk = box.read(N)
    assert outputs_at(box, revision, N) == on_disk
    commit = box.git("rev-parse", revision).strip()
    box.write("later.txt", b"1")
    rewritten(box, N, run_of("a = 0", *CELLS[1:], run="later"))
    box.commit("later")
    box.git("checkout", "-q", commit)
    assert box.read(N) == on_disk
    box.git("checkout", "-q", "main")
    assert box.read(N) == run_of("a = 0", *CELLS[1:], run="later")
    assert_clean(box)


class TestMerges:
    """A merge commit is linked to what it shows on disk."""

    def test_a_true_merge(self, repo: GitBox) -> None:
        repo.git("merge", "-q", "--no-edit", "theirs")
        assert shown(repo.read(N)) == ["theirs", "ours", "ours", "ours"]
        comes_back(repo)

    def test_of_a_commit_that_no_branch_holds(self, repo: GitBox) -> None:
        oid = repo.git("rev-parse", "theirs").strip()
        repo.git("branch", "-q", "-D", "theirs")
        repo.git("merge", "-q", "-m", "merge", oid)
        assert shown(repo.read(N)) == ["theirs", "ours", "ours", "ours"]

    def test_an_octopus(self, repo: GitBox) -> None:
        """Git's own script writes what it merged itself past every filter: such a notebook has no outputs."""
        repo.write("m.ipynb", run_of("m = 1", run="ours"))
        repo.commit("m")
        done = repo.try_git("merge", "-q", "--no-edit", "theirs", "third")
        assert done.code == 0, done
        assert shown(repo.read(N)) == ["", "", "", ""]
        assert shown(repo.read("m.ipynb")) == ["ours"]
        assert repo.git("status", "--porcelain") == ""
        for parent, run in (("HEAD^2", "theirs"), ("HEAD^3", "third")):
            repo.git("checkout", "-q", parent)
            assert shown(repo.read(N)) == [run] * 4
            repo.git("checkout", "-q", "main")
        assert_clean(repo)

    @pytest.mark.parametrize("how", ["--no-commit", "--squash"])
    def test_committed_by_hand(self, repo: GitBox, how: str) -> None:
        before = note_of(repo)
        repo.git("merge", "-q", how, "theirs")
        assert note_of(repo) == before
        repo.git("commit", "-q", "-m", "by hand")
        assert shown(repo.read(N)) == ["theirs", "ours", "ours", "ours"]
        comes_back(repo)

    def test_a_squash_leaves_a_pending_run_to_the_next_commit(self, repo: GitBox) -> None:
        repo.write("m.ipynb", run_of("m = 1", run="one"))
        repo.commit("m")
        rewritten(repo, "m.ipynb", run_of("m = 1", run="two"))
        repo.git("merge", "-q", "--squash", "theirs")
        assert outputs_at(repo, "HEAD", "m.ipynb") == run_of("m = 1", run="one")
        repo.git("commit", "-q", "-m", "squashed")
        assert outputs_at(repo, "HEAD", "m.ipynb") == run_of("m = 1", run="two")

    def test_a_fast_forward_leaves_a_pending_run_to_the_next_commit(self, repo: GitBox) -> None:
        rewritten(repo, "m.ipynb", run_of("m = 1", run="one"))
        repo.commit("m")
        repo.git("checkout", "-q", "-b", "ahead")
        repo.write("z.txt", b"z")
        repo.commit("z")
        repo.git("checkout", "-q", "main")
        rewritten(repo, "m.ipynb", run_of("m = 1", run="two"))
        repo.git("merge", "-q", "ahead")
        assert note_of(repo) == ""
        repo.write("y.txt", b"y")
        repo.commit("y", "y.txt")
        assert outputs_at(repo, "HEAD", "m.ipynb") == run_of("m = 1", run="two")

    def test_in_conflict_and_run_again(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "same", "theirs")
        rewritten(repo, N, run_of("a = 10", *CELLS[1:3], "d = 400", run="same"))
        repo.commit("same")
        repo.git("checkout", "-q", "main")
        assert repo.try_git("merge", "same").code == 1
        assert shown(repo.read(N))[:3] == ["same", "ours", "ours"]
        resolved = run_of("a = 10", *CELLS[1:3], "d = 444", run="resolved")
        rewritten(repo, N, resolved)
        repo.git("commit", "-q", "--no-edit")
        assert outputs_at(repo, "HEAD", N) == resolved
        assert_clean(repo)


class TestPicks:
    """Commits that give a source nobody ran."""

    def test_cherry_pick(self, repo: GitBox) -> None:
        repo.git("cherry-pick", "theirs")
        assert shown(repo.read(N)) == ["theirs", "ours", "ours", "ours"]
        comes_back(repo)

    def test_cherry_pick_without_a_commit(self, repo: GitBox) -> None:
        repo.git("cherry-pick", "-n", "theirs", "third")
        assert shown(repo.read(N)) == ["theirs", "ours", "third", "ours"]
        repo.git("commit", "-q", "-m", "both")
        comes_back(repo)

    def test_a_range(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "theirs")
        rewritten(repo, "m.ipynb", run_of("m = 1", run="theirs"))
        repo.commit("m")
        repo.git("checkout", "-q", "main")
        repo.git("cherry-pick", "-x", "theirs~2..theirs")
        assert shown(outputs_at(repo, "HEAD~1", N)) == ["theirs", "ours", "ours", "ours"]
        assert outputs_at(repo, "HEAD", "m.ipynb") == run_of("m = 1", run="theirs")

    def test_of_a_source_that_two_branches_ran(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "again", "theirs~1")
        rewritten(repo, N, run_of("a = 10", *CELLS[1:], run="again"))
        repo.commit("the source of theirs, run again")
        repo.git("checkout", "-q", "-b", "onto", "theirs~1")
        for branch in ("theirs", "again"):
            repo.git("cherry-pick", branch)
            assert shown(outputs_at(repo, "HEAD", N)) == [branch] * 4
            repo.git("reset", "-q", "--hard", "HEAD~1")

    def test_cherry_pick_in_conflict(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "third")
        rewritten(repo, N, run_of("a = 11", *CELLS[1:], run="third"))
        repo.commit("a too")
        assert repo.try_git("cherry-pick", "theirs").code == 1
        resolved = run_of("a = 1011", *CELLS[1:], run="resolved")
        rewritten(repo, N, resolved)
        repo.git("-c", "core.editor=true", "cherry-pick", "--continue")
        assert outputs_at(repo, "HEAD", N) == resolved
        assert_clean(repo)

    def test_revert(self, repo: GitBox) -> None:
        repo.git("merge", "-q", "--no-edit", "theirs")
        repo.git("revert", "--no-edit", "HEAD^1")
        assert shown(repo.read(N)) == ["theirs"] * 4  # the very source that theirs has run
        comes_back(repo)

    def test_am_with_three_ways(self, repo: GitBox) -> None:
        mail = repo.git_bytes("format-patch", "--stdout", "-1", "theirs")
        repo.git("am", "-q", "-3", stdin=mail)
        assert shown(repo.read(N)) == ["theirs", "ours", "ours", "ours"]
        comes_back(repo)


class TestForeignEdits:
    """Edits that came as sources alone."""

    def edited(self, box: GitBox) -> str:
        """Commit, by plumbing, an edit of cell b as the web makes it; return the commit."""
        blob = box.git_bytes("cat-file", "blob", f"HEAD:{N}").replace(b"b = 2", b"b = 22")
        oid = box.git("hash-object", "-w", "--stdin", stdin=blob).strip()
        box.git("update-index", "--cacheinfo", f"100644,{oid},{N}")
        tree = box.git("write-tree").strip()
        box.git("reset", "-q")
        return box.git("commit-tree", tree, "-p", "HEAD", "-m", "on the web").strip()

    def test_a_pulled_edit(self, repo: GitBox) -> None:
        web = self.edited(repo)
        repo.git("pull", "-q", "--ff-only", ".", web)
        assert shown(repo.read(N)) == ["ours", "", "ours", "ours"]
        assert repo.git("status", "--porcelain") == ""
        assert note_of(repo) == ""

    def test_what_it_shows_is_nobodys_run(self, repo: GitBox) -> None:
        """Neither status nor add takes the outputs that were put together for a new run, of a later commit."""
        repo.git("merge", "-q", "--ff-only", self.edited(repo))
        (repo.path / N).touch()
        repo.git("status")
        repo.git("add", N)
        repo.write("x.txt", b"x")
        repo.commit("another file", "x.txt")
        assert note_of(repo) == ""
        assert json.loads(repo.nbgit("captures", "--json").out)["captures"] == []

    def test_the_next_run_is_linked(self, repo: GitBox) -> None:
        repo.git("merge", "-q", "--ff-only", self.edited(repo))
        ran = run_of("a = 1", "b = 22", "c = 3", "d = 40", run="ran at last")
        rewritten(repo, N, ran)
        repo.write("x.txt", b"x")
        repo.commit("another file", "x.txt")
        assert outputs_at(repo, "HEAD", N) == ran

    def test_an_old_one_takes_the_outputs_of_its_own_time(self, repo: GitBox) -> None:
        web = self.edited(repo)
        repo.git("merge", "-q", "--ff-only", web)
        before = repo.read(N)
        for run in ("later", "later still"):
            rewritten(repo, N, run_of("a = 1", f"b = {len(run)}", "c = 3", "d = 40", run=run))
            repo.commit(run)
        repo.git("checkout", "-q", web)
        assert repo.read(N) == before

    def test_its_blob_is_untouched(self, repo: GitBox) -> None:
        web = self.edited(repo)
        assert repo.git_bytes("cat-file", "blob", f"{web}:{N}") == never_ran("a = 1", "b = 22", "c = 3", "d = 40")
