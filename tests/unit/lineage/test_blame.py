"""blame-output's answers over made histories, against a brute-force walk: renames, branches, merges, deletions."""

from __future__ import annotations

import pytest

from nbgit.lineage.answers import Answer, blame_notebook, blame_picture
from nbgit.lineage.blame import Selection
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.nb import code, notebook
from tests.unit.lineage.brute import digest, figure_cell, made_up, one_figure, spans, walk


def ask(box: GitBox, path: str, selection: Selection | None = None, rev: str = "HEAD", history: bool = False) -> Answer:
    """Return blame-output's answer for a notebook in a commit."""
    repository = find_repository(str(box.path), {})
    commit = box.git("rev-parse", rev).strip()

    def work(index: Index) -> Answer:
        past = Past(repository, index, [commit])
        position = past.graph.position[commit]
        return blame_notebook(past, path, position, selection or Selection(), history=history)

    return with_index(repository, work)


def ask_picture(box: GitBox, data: bytes) -> Answer:
    """Return blame-output's answer for a picture's bytes."""
    repository = find_repository(str(box.path), {})
    return with_index(repository, lambda index: blame_picture(Past(repository, index), data))


def assert_like_brute_force(box: GitBox, path: str) -> None:
    """Check every figure of HEAD:path against the brute-force walk."""
    expected = walk(box.path, path)
    answer = ask(box, path)
    assert answer.matches, answer.reason
    for match in answer.matches:
        assert (match.introduced.oid, match.last_seen.oid) == expected[match.figure.digest], match.figure
    repository = find_repository(str(box.path), {})
    assert with_index(repository, lambda index: spans(Past(repository, index), path)) == expected


def test_linear_history(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.write("a.ipynb", one_figure("two", "plot(2)"))
    second = box.commit("two")
    box.write("other.txt", b"x")
    box.commit("not a notebook")
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == second
    assert match.introduced.author == "Ada Lovelace <ada@example.org>"
    assert match.introduced.date == box.git("show", "-s", "--format=%aI", second).strip()
    assert match.introduced.summary == "two"
    assert match.last_seen.oid == box.git("rev-parse", "HEAD").strip()
    assert (match.source, match.source_changed_since, match.execution_count) == ("plot(2)", False, 1)
    (old,) = ask(box, "a.ipynb", rev=first).matches
    assert (old.introduced.oid, old.last_seen.oid, old.source) == (first, first, "plot()")
    assert old.source_changed_since
    assert_like_brute_force(box, "a.ipynb")


def test_a_figure_that_comes_back(box: GitBox) -> None:
    for text in ("one", "two", "one"):
        box.write("a.ipynb", one_figure(text))
        box.commit(text)
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == box.git("rev-parse", "HEAD~2").strip()
    assert_like_brute_force(box, "a.ipynb")


def test_rename_with_edit_and_a_new_notebook_under_the_old_name(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.git("mv", "a.ipynb", "späte Namen.ipynb")
    box.write("späte Namen.ipynb", one_figure("one", "plot(1)"))
    box.commit("rename and edit")
    box.write("a.ipynb", one_figure("other", padding=2))
    other = box.commit("a new a")
    (match,) = ask(box, "späte Namen.ipynb").matches
    assert (match.introduced.oid, match.source, match.source_changed_since) == (first, "plot()", True)
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == other
    assert_like_brute_force(box, "späte Namen.ipynb")
    assert_like_brute_force(box, "a.ipynb")


def test_renamed_on_one_branch_run_on_the_other(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    box.commit("one")
    box.git("checkout", "-q", "-b", "side")
    box.git("mv", "a.ipynb", "b.ipynb")
    box.commit("rename")
    box.git("checkout", "-q", "main")
    box.write("a.ipynb", one_figure("two"))
    second = box.commit("two")
    box.minutes += 1
    box.git("merge", "-q", "-m", "merge", "side")
    (match,) = ask(box, "b.ipynb").matches
    assert (match.figure.digest, match.introduced.oid) == (digest("two"), second)
    assert_like_brute_force(box, "b.ipynb")


def test_evil_merge_introduces_its_own_figure(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    box.commit("one")
    box.git("checkout", "-q", "-b", "side")
    box.write("b.txt", b"b")
    box.commit("side")
    box.git("checkout", "-q", "main")
    box.write("c.txt", b"c")
    box.commit("main")
    box.git("merge", "-q", "--no-commit", "--no-ff", "side")
    box.write("a.ipynb", one_figure("evil"))
    merge = box.commit("merge")
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == merge
    assert_like_brute_force(box, "a.ipynb")


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_merge_that_takes_one_side(box: GitBox, side: str) -> None:
    box.write("a.ipynb", one_figure("base"))
    box.commit("base")
    box.git("checkout", "-q", "-b", "side")
    box.write("a.ipynb", one_figure("theirs"))
    theirs = box.commit("theirs")
    box.git("checkout", "-q", "main")
    box.write("a.ipynb", one_figure("ours"))
    ours = box.commit("ours")
    box.try_git("merge", "-q", "side")
    box.git("checkout", f"--{side}", "--", "a.ipynb")
    box.commit("merge")
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == {"ours": ours, "theirs": theirs}[side]
    assert_like_brute_force(box, "a.ipynb")


def test_deleted_and_brought_back(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.git("rm", "-q", "a.ipynb")
    box.commit("delete")
    box.write("a.ipynb", one_figure("one"))
    box.commit("back")
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == first
    assert_like_brute_force(box, "a.ipynb")


def test_picture_in_a_deleted_and_renamed_notebook_and_in_a_copy(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.git("mv", "a.ipynb", "b.ipynb")
    box.commit("rename")
    box.write("copy.ipynb", one_figure("one"))
    copied = box.commit("copy")
    box.git("rm", "-q", "b.ipynb")
    box.commit("delete")
    matches = ask_picture(box, made_up("one")).matches
    assert [(m.path, m.introduced.oid, m.last_seen.oid) for m in matches] == [
        ("b.ipynb", first, copied),
        ("copy.ipynb", copied, box.git("rev-parse", "HEAD").strip()),
    ]
    assert [m.source_changed_since for m in matches] == [True, False]


def test_deleted_on_a_branch_that_changed_it_is_one_notebook(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.git("checkout", "-q", "-b", "side")
    box.write("a.ipynb", one_figure("one", "plot(9)"))
    box.commit("edit")
    box.git("checkout", "-q", "main")
    box.git("rm", "-q", "a.ipynb")
    box.commit("delete")
    box.git("merge", "-q", "-s", "ours", "-m", "merge", "side")
    (match,) = ask_picture(box, made_up("one")).matches
    assert (match.introduced.oid, match.path) == (first, "a.ipynb")


def test_every_output_of_a_cell_and_one_of_them(box: GitBox) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": ["hello\n", "there"]}
    cell = figure_cell("plot()", "one", "two", cell_id="fig")
    cell["outputs"].append(stream)
    box.write("a.ipynb", notebook(code("x"), cell))
    box.commit("one")
    matches = ask(box, "a.ipynb", Selection(cell_id="fig")).matches
    assert [(m.figure.output_index, m.figure.mime) for m in matches] == [
        (0, "image/png"),
        (1, "image/png"),
        (2, "application/vnd.jupyter.stdout"),
    ]
    assert len(ask(box, "a.ipynb", Selection(cell=1, output=2)).matches) == 1
    assert len(ask(box, "a.ipynb").matches) == 2


def test_history_of_a_cell_that_moves_and_changes(box: GitBox) -> None:
    for cells in (
        [figure_cell("plot(1)", "one"), code("end()")],
        [code("import a"), figure_cell("plot(1)", "two"), code("end()")],
        [code("import a"), figure_cell("plot(3)", "three"), code("end()")],
        [code("import a"), code("b = 1"), figure_cell("plot(3)", "four"), code("end()")],
    ):
        box.write("a.ipynb", notebook(*cells, minor=4))
        box.commit("next")
    (match,) = ask(box, "a.ipynb", Selection(cell=2), history=True).matches
    assert [item.figure.digest for item in match.history] == [digest(text) for text in ("three", "two", "one")]
    assert [item.introduced.oid for item in match.history] == box.git("rev-list", "HEAD~1").split()


def test_history_follows_cell_ids(box: GitBox) -> None:
    box.write("a.ipynb", notebook(figure_cell("a()", "one", cell_id="x"), figure_cell("b()", "other", cell_id="y")))
    box.commit("one")
    box.write("a.ipynb", notebook(figure_cell("b()", "other", cell_id="y"), figure_cell("c()", "two", cell_id="x")))
    box.commit("swapped and edited")
    (match,) = ask(box, "a.ipynb", Selection(cell_id="x"), history=True).matches
    assert [item.figure.digest for item in match.history] == [digest("one")]


def test_what_is_only_in_the_working_tree(box: GitBox) -> None:
    box.write("a.ipynb", notebook(code("plot()")))
    box.commit("no output")
    box.write("a.ipynb", notebook(figure_cell("plot()", "new")))
    answer = ask(box, "a.ipynb", Selection(cell=0))
    assert not answer.matches
    assert "only in the working tree" in answer.reason
    box.write("b.ipynb", one_figure("b"))
    assert "only in the working tree" in ask(box, "b.ipynb").reason
    assert "only in the working tree" in ask_picture(box, made_up("b")).reason


def test_a_branch_outside_head_is_found_from_its_own_commits(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    box.commit("one")
    box.git("checkout", "-q", "-b", "side")
    box.write("a.ipynb", one_figure("side"))
    side = box.commit("side")
    box.git("checkout", "-q", "main")
    (match,) = ask(box, "a.ipynb", rev="side").matches
    assert match.introduced.oid == side


def test_broken_notebooks_on_the_way_are_passed_over(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    box.write("a.ipynb", b"<<<<<<< HEAD\n{}\n=======\n")
    box.commit("conflict markers")
    box.write("a.ipynb", one_figure("one").replace(b'"metadata": {}', b'"metadata": {"x": NaN}', 1))
    box.commit("NaN")
    (match,) = ask(box, "a.ipynb").matches
    assert match.introduced.oid == first
    assert_like_brute_force(box, "a.ipynb")
