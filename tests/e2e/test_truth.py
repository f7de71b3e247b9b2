"""What is told of a commit is what happened: nothing is said to have run that did not."""

from __future__ import annotations

import pytest

from tests.e2e.scene import N, note_of, rewritten, run_of
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

CELLS = ["rate = 0.3", "b = 2", "c = 3", "plot('d')"]


def told(box: GitBox, commit: str = "HEAD", path: str = N) -> str:
    """Return the line for people of a commit's entry; `nbgit log` must say the same of what ran."""
    lines = [line for line in note_of(box, commit).splitlines() if line.startswith(f"{path}  ")]
    assert len(lines) == 1, note_of(box, commit)
    line = lines[0].removeprefix(f"{path}  ")
    out = box.nbgit("log", "-n", "1").out if commit == "HEAD" else ""
    assert not out or f" · {line.split('; ')[-1] if 'as before' in line else line.split('; ')[0]}" in out, (line, out)
    return line


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository whose notebook has run once."""
    installed.write(N, run_of(*CELLS, run="one"))
    installed.commit("first")
    return installed


def edited(data: bytes, old: str, new: str) -> bytes:
    """Return a notebook with its code edited, not run."""
    assert data.count(f'"{old}"'.encode()) == 1
    return data.replace(f'"{old}"'.encode(), f'"{new}"'.encode())


class TestOneSide:
    """Commits with one parent."""

    def test_the_first_one_ran(self, repo: GitBox) -> None:
        assert told(repo) == "4 cells ran, [1] to [4] in order"

    def test_an_edit_without_a_run(self, repo: GitBox) -> None:
        repo.write(N, edited(edited(repo.read(N), "rate = 0.3", "rate = 0.5"), "b = 2", "b = 22"))
        repo.commit("edited")
        assert told(repo) == "edited cells 1-2; outputs as before"

    def test_one_cell_ran(self, repo: GitBox) -> None:
        again = run_of(*CELLS[:3], "plot('D')", run="two", count=5)
        cells = [*CELLS[:3], "plot('D')"]
        ours = [
            code(s, id=f"cell{n}", execution_count=1 + n, outputs=out("one", CELLS[n])) for n, s in enumerate(cells)
        ]
        ours[3] = code(cells[3], id="cell3", execution_count=5, outputs=out("two", cells[3]))
        repo.write(N, notebook(markdown("# Title", id="title"), *ours))
        repo.commit("plotted anew")
        assert told(repo) == "edited cell 4; cell 4 ran, other outputs as before, [1] to [5] with gaps"
        repo.write(N, again)
        repo.commit("run")
        assert told(repo).startswith("cells 1-3 ran, other outputs as before") or told(repo).startswith("4 cells ran")

    def test_an_edit_beside_a_run(self, repo: GitBox) -> None:
        ours = [code(s, id=f"cell{n}", execution_count=1 + n, outputs=out("one", s)) for n, s in enumerate(CELLS)]
        ours[0]["source"] = ["rate = 0.5"]
        ours[3] = code(CELLS[3], id="cell3", execution_count=5, outputs=out("two", CELLS[3]))
        repo.write(N, notebook(markdown("# Title", id="title"), *ours))
        repo.commit("plotted, but not computed anew")
        assert told(repo) == "edited cell 1; cell 4 ran, other outputs as before, [1] to [5] with gaps, cell 1 stale"

    def test_a_run_after_an_edit(self, repo: GitBox) -> None:
        repo.write(N, run_of("rate = 0.5", *CELLS[1:], run="two"))
        repo.commit("run")
        assert told(repo) == "4 cells ran, [1] to [4] in order"

    def test_a_cell_put_in(self, repo: GitBox) -> None:
        ours = [code(s, id=f"cell{n}", execution_count=1 + n, outputs=out("one", s)) for n, s in enumerate(CELLS)]
        repo.write(N, notebook(markdown("# Title", id="title"), ours[0], code("new", id="new"), *ours[1:]))
        repo.commit("put in")
        assert told(repo) == "added cell 2; outputs as before"

    def test_renamed(self, repo: GitBox) -> None:
        repo.git("mv", N, "m.ipynb")
        repo.commit("renamed")
        assert told(repo, path="m.ipynb") == "outputs as before"
        repo.git("mv", "m.ipynb", N)
        repo.write(N, edited(repo.read(N), "rate = 0.3", "rate = 0.5"))
        repo.commit("back, edited")
        assert told(repo) == "edited cell 1; outputs as before"

    def test_rewritten_commits_are_told_anew(self, repo: GitBox) -> None:
        repo.write(N, edited(repo.read(N), "rate = 0.3", "rate = 0.5"))
        repo.commit("edited")
        repo.git("commit", "-q", "--amend", "-m", "amended")
        assert told(repo) == "edited cell 1; outputs as before"
        repo.write(N, edited(repo.read(N), "b = 2", "b = 22"))
        repo.commit("edited too")
        repo.git("rebase", "-q", "--force-rebase", "HEAD~2")
        assert told(repo) == "edited cell 2; outputs as before"

    def test_linked_late(self, repo: GitBox) -> None:
        repo.git("config", "core.hooksPath", "/nowhere")
        for new in ("rate = 0.5", "rate = 0.6"):
            repo.write(N, edited(repo.read(N), "rate = 0.3" if new.endswith("5") else "rate = 0.5", new))
            repo.commit(new)
        assert repo.nbgit("link").code == 0
        assert told(repo) == "edited cell 1; outputs as before"
        assert told(repo, "HEAD~1") == "edited cell 1; outputs as before"

    def test_renormalized(self, box: GitBox) -> None:
        box.write(N, run_of(*CELLS, run="one"))
        box.commit("before nbgit")
        assert box.nbgit("install").code == 0
        box.git("add", "--renormalize", ".")
        box.git("add", ".")
        box.git("commit", "-q", "-m", "renormalized")
        assert told(box) == "outputs as before"
        assert f"{N}  same cells · outputs as before\n" in box.nbgit("log").out


def out(run: str, source: str) -> list[dict[str, object]]:
    """Return a cell's outputs as `run_of` has them."""
    from tests.e2e.scene import shown

    return [shown(run, source)]


class TestMerges:
    """Commits with two parents, which nobody ran."""

    @pytest.fixture
    def both(self, repo: GitBox) -> GitBox:
        """Return a repository on main, which has edited the last cell and run; so has bb the first one."""
        repo.git("checkout", "-q", "-b", "bb")
        repo.write(N, run_of("rate = 0.5", *CELLS[1:], run="bb"))
        repo.commit("bb")
        repo.git("checkout", "-q", "main")
        repo.write(N, run_of(*CELLS[:3], "plot('label')", run="ours"))
        repo.commit("ours")
        return repo

    def test_a_clean_merge(self, both: GitBox) -> None:
        done = both.try_git("merge", "-q", "--no-edit", "bb")
        assert done.code == 0
        assert done.err == f"nbgit: {N} has code of both sides, and no run of it: run it again\n"
        assert (
            told(both) == "merged: code of cell 1 theirs, of cell 4 ours; outputs of cell 1 theirs, of cells 2-4 ours"
        )

    def test_run_after_it(self, both: GitBox) -> None:
        both.git("merge", "-q", "--no-commit", "bb")
        rewritten(both, N, run_of("rate = 0.5", *CELLS[1:3], "plot('label')", run="merged"))
        both.git("commit", "-q", "--no-edit")
        assert told(both) == "4 cells ran, [1] to [4] in order"

    def test_outputs_that_only_theirs_has_changed_are_theirs(self, installed: GitBox) -> None:
        """Ours has edited and drawn the last cell; theirs has edited the first one, and run all: b and c show it."""

        def run(rate: str, plot: str, counts: int = 1) -> bytes:
            shows = ["", f"table of {rate}", "c", f"{plot} of {rate}"]
            sources = [rate, "b = 2", "c = 3", plot]
            rows = zip(sources, shows, strict=True)
            return notebook(
                *(code(s, id=f"c{n}", execution_count=counts + n, outputs=out("x", o)) for n, (s, o) in enumerate(rows))
            )

        installed.write(N, run("rate = 0.3", "plot()"))
        installed.commit("base")
        installed.git("checkout", "-q", "-b", "bb")
        installed.write(N, run("rate = 0.5", "plot()"))
        installed.commit("bb")
        installed.git("checkout", "-q", "main")
        installed.write(N, run("rate = 0.3", "plot('label')", 5))
        installed.commit("ours")
        installed.git("merge", "-q", "--no-edit", "bb")
        merged = installed.read(N)
        assert b"table of rate = 0.5" in merged
        assert b"plot('label') of rate = 0.3" in merged
        assert told(installed).startswith(
            "merged: code of cell 0 theirs, of cell 3 ours; outputs of cells 0-1 theirs, of"
        )


def test_blame_output_compares_the_cells_above(installed: GitBox) -> None:
    """A figure's own cell may be the same while what it depends on is not."""
    from tests.unit.lineage.brute import figure_cell

    for rate in ("rate = 0.3", "rate = 0.4"):
        cells = [markdown(f"# {rate}"), code(rate, execution_count=1), code("b", execution_count=2)]
        installed.write(N, notebook(*cells, figure_cell("plot()", "one", count=3), minor=4))
        installed.commit(rate)
    told = installed.nbgit("blame-output", N, "--cell", "3").out
    assert "as committed then; this cell is the same in HEAD, cell 1 above it is not" in told
