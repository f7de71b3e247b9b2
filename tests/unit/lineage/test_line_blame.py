"""Blame by cell and line over made histories: edits, moves, new ids, renames, merges, broken versions, random ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.lineage.blamed import Blamed, Options, blame_cells
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook
from tests.unit.lineage.brute import digest, figure_cell

LOAD = "import pandas as pd\nframe = pd.read_csv('data.csv')\nframe.head()"
PLOT = "fig, ax = plt.subplots()\nax.plot(frame.time)\nax.set_title('value')"
FIT = "model = LinearRegression()\nmodel.fit(X, y)\nprint(model.score(X, y))"


def blame(
    box: GitBox, path: str = "a.ipynb", options: Options | None = None, *, rev: str = "", disk: bytes | None = None
) -> Blamed:
    """Return who wrote the notebook in a commit (else HEAD), or in `disk`."""
    repository = find_repository(str(box.path), {})
    tips = [box.git("rev-parse", rev).strip()] if rev else []

    def work(index: Index) -> Blamed:
        past = Past(repository, index, tips)
        positions = [past.graph.position[tip] for tip in tips] or past.tips
        return blame_cells(past, path, positions, disk, options or Options())

    return with_index(repository, work)


def commits_of(found: Blamed) -> list[list[str]]:
    """Return the commit of each line of each cell, "" for none."""
    return [[line.commit.oid if line.commit else "" for line in cell.lines] for cell in found.cells]


def cell_commits(found: Blamed) -> list[tuple[str, str]]:
    """Return (introduced, changed) of each cell."""
    return [
        (cell.introduced.oid if cell.introduced else "", cell.changed.oid if cell.changed else "")
        for cell in found.cells
    ]


def commit(box: GitBox, *cells: dict[str, Any], path: str = "a.ipynb", message: str = "next") -> str:
    """Commit a notebook of these cells and return the commit."""
    box.write(path, notebook(*cells, minor=4))
    return box.commit(message)


def test_each_line_is_its_own_commits(box: GitBox) -> None:
    first = commit(box, code(LOAD), code(PLOT))
    second = commit(box, code(LOAD), code(PLOT.replace("value", "price")))
    third = commit(box, code("# data\n" + LOAD), code(PLOT.replace("value", "price")), markdown("# End"))
    found = blame(box)
    assert commits_of(found) == [[third, first, first, first], [first, first, second], [third]]
    assert cell_commits(found) == [(first, third), (first, second), (third, third)]
    assert commits_of(blame(box, rev=second)) == [[first] * 3, [first, first, second]]
    assert found.cells[2].lines[0].commit is not None
    assert found.cells[2].lines[0].commit.author == "Ada Lovelace <ada@example.org>"


def test_a_moved_cell_with_a_new_id_keeps_its_commits(box: GitBox) -> None:
    rest = [code(f"step_{number} = compute({number})", id=f"s{number}") for number in range(6)]
    first = commit(box, code(PLOT, id="aaaa1111"), *rest)
    second = commit(box, *rest, code(PLOT, id="bbbb2222"))
    third = commit(box, *rest, code(PLOT + "\nplt.show()", id="cccc3333"))
    found = blame(box)
    assert commits_of(found)[-1] == [first, first, first, third]
    assert cell_commits(found)[-1] == (first, third)
    assert second not in {oid for lines in commits_of(found) for oid in lines}


def test_a_cell_of_another_kind_is_changed_and_its_lines_are_not(box: GitBox) -> None:
    first = commit(box, code(LOAD), code(FIT))
    second = commit(box, code(LOAD), markdown(FIT))
    assert commits_of(blame(box))[1] == [first] * 3
    assert cell_commits(blame(box))[1] == (first, second)


def test_split_and_joined_cells_keep_the_commits_of_their_lines(box: GitBox) -> None:
    first = commit(box, code(LOAD + "\n" + PLOT), code(FIT))
    second = commit(box, code(LOAD), markdown("## Look"), code(PLOT + "\nplt.show()"), code(FIT))
    found = blame(box)
    assert commits_of(found) == [[first] * 3, [second], [first, first, first, second], [first] * 3]
    third = commit(box, code(LOAD + "\n" + PLOT + "\nplt.show()\n" + FIT))
    assert commits_of(blame(box)) == [[first] * 6 + [second] + [first] * 3]
    assert cell_commits(blame(box)) == [(first, third)]


def test_a_renamed_notebook_has_its_past(box: GitBox) -> None:
    first = commit(box, code(LOAD), code(PLOT), code(FIT))
    box.git("mv", "a.ipynb", "späte Namen.ipynb")
    second = commit(box, code(LOAD), code(PLOT + "\nplt.show()"), code(FIT), path="späte Namen.ipynb")
    assert commits_of(blame(box, "späte Namen.ipynb"))[1] == [first, first, first, second]
    with pytest.raises(TargetNotFound, match="späte Namen"):
        blame(box, "a.ipynb")


def test_a_merge_has_only_what_it_made(box: GitBox) -> None:
    base = commit(box, code(LOAD), code(PLOT), code(FIT))
    box.git("checkout", "-q", "-b", "side")
    side = commit(box, code(LOAD), code(PLOT), code(FIT + "\nside()"))
    box.git("checkout", "-q", "main")
    ours = commit(box, code("ours()\n" + LOAD), code(PLOT), code(FIT))
    box.git("merge", "-q", "-s", "ours", "--no-commit", "side")
    merge = commit(box, code("ours()\n" + LOAD), code(PLOT + "\nboth()"), code(FIT + "\nside()"))
    assert len(box.git("rev-parse", f"{merge}^@").split()) == 2
    found = blame(box)
    assert commits_of(found) == [[ours, *[base] * 3], [*[base] * 3, merge], [*[base] * 3, side]]
    assert cell_commits(found) == [(base, ours), (base, merge), (base, side)]


def test_what_is_on_disk_is_not_committed_yet(box: GitBox) -> None:
    first = commit(box, code(LOAD), code(PLOT))
    disk = notebook(code(LOAD + "\nframe.tail()"), markdown("# New"), code(PLOT))
    found = blame(box, disk=disk)
    assert found.oid is None
    assert commits_of(found) == [[first] * 3 + [""], [""], [first] * 3]
    assert cell_commits(found) == [(first, ""), ("", ""), (first, first)]


def test_a_version_that_is_no_notebook_is_looked_through(box: GitBox) -> None:
    first = commit(box, code(LOAD), code(PLOT))
    box.write("a.ipynb", b"<<<<<<< HEAD\n" + notebook(code(LOAD), code(PLOT), minor=4))
    broken = box.commit("a conflict, committed")
    third = commit(box, code(LOAD), code(PLOT + "\nplt.show()"))
    assert commits_of(blame(box)) == [[first] * 3, [first, first, first, third]]
    with pytest.raises(NotANotebook, match=r"a\.ipynb is not a notebook"):
        blame(box, rev=broken)


def test_white_space_counts_unless_told_otherwise(box: GitBox) -> None:
    first = commit(box, code("if ready:\n  go()\nlast()"))
    second = commit(box, code("if ready:\n    go()\nlast()"))
    assert commits_of(blame(box)) == [[first, second, first]]
    assert commits_of(blame(box, options=Options(ignore_space=True))) == [[first] * 3]


def test_outputs_have_commits_of_their_own(box: GitBox) -> None:
    first = commit(box, figure_cell("plot()", "one"), code(FIT))
    second = commit(box, figure_cell("plot()", "two"), code(FIT))
    found = blame(box)
    assert commits_of(found)[0] == [first]
    (output,) = found.cells[0].outputs
    assert output.figure.digest == digest("two")
    assert output.introduced is not None
    assert output.introduced.oid == second
    (fresh,) = blame(box, disk=notebook(figure_cell("plot()", "three"), code(FIT))).cells[0].outputs
    assert fresh.introduced is None
    (again,) = blame(box, disk=notebook(figure_cell("plot()", "one"), code(FIT))).cells[0].outputs
    assert again.introduced is not None
    assert again.introduced.oid == first
    assert not blame(box, options=Options(outputs=False)).cells[0].outputs


def test_one_cell_is_asked_for_by_index_or_id(box: GitBox) -> None:
    commit(box, code(LOAD, id="load"), code(PLOT, id="plot"))
    assert [cell.cell.index for cell in blame(box, options=Options(cell=1)).cells] == [1]
    assert [cell.cell.index for cell in blame(box, options=Options(cell_id="load")).cells] == [0]
    assert blame(box, options=Options(cell=2)).cells == []


class Diary:
    """A notebook whose every line is unique, edited at random; it remembers which commit made each line."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)
        self.made = 0
        self.cells: list[list[str]] = [self.fresh() for _ in range(6)]
        self.author: dict[str, str] = {}

    def line(self) -> str:
        self.made += 1
        return f"value_{self.made} = measure_{self.made}(step={self.made})"

    def fresh(self) -> list[str]:
        return [self.line() for _ in range(self.source.randrange(8, 14))]

    def edit(self) -> None:
        """Change a line, insert one, drop one, insert a cell, drop one, or move one."""
        cell = self.source.choice(self.cells)
        at, place = self.source.randrange(len(cell)), self.source.randrange(len(self.cells) + 1)
        what = self.source.randrange(6)
        if what == 0:
            cell[at] = self.line()
        elif what == 1:
            cell.insert(at, self.line())
        elif what == 2 and len(cell) > 6:
            del cell[at]
        elif what == 3:
            self.cells.insert(place, self.fresh())
        elif what == 4 and len(self.cells) > 3:
            self.cells.remove(cell)
        elif what == 5:
            self.cells.remove(cell)
            self.cells.insert(min(place, len(self.cells)), cell)

    def commit(self, box: GitBox) -> None:
        oid = commit(box, *(code("\n".join(cell)) for cell in self.cells))
        for cell in self.cells:
            for line in cell:
                self.author.setdefault(line, oid)


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_are_told_as_they_were_made(box: GitBox, seed: int) -> None:
    diary = Diary(seed)
    for _ in range(10):
        diary.commit(box)
        before = [list(cell) for cell in diary.cells]
        while diary.cells == before:
            for _ in range(3):
                diary.edit()
    diary.commit(box)
    for cell in blame(box).cells:
        for line in cell.lines:
            assert line.commit is not None
            assert line.commit.oid == diary.author[line.text], line.text
