"""Outputs that are in no commit can be listed and put back: captures, restore, refresh."""

import json
import shutil

import pytest

from tests.gitbox import GitBox
from tests.nb import code, notebook

N = "a b/n.ipynb"


def stream(text: str) -> list[dict[str, object]]:
    return [{"name": "stdout", "output_type": "stream", "text": [text]}]


def run_of(*sources: str, run: str) -> bytes:
    cells = [code(s, id=f"c{i}", execution_count=i + 1, outputs=stream(f"{run}: {s}\n")) for i, s in enumerate(sources)]
    return notebook(*cells)


def listed(box: GitBox) -> list[dict[str, object]]:
    done = box.nbgit("captures", "--json", N)
    assert done.code == 0, done.err
    rows: list[dict[str, object]] = json.loads(done.out)["captures"]
    return rows


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write(N, run_of("x = 1", "y = 2", run="first"))
    installed.commit("first")
    return installed


def test_what_reset_hard_took_away_comes_back(repo: GitBox) -> None:
    lost = run_of("x = 1", "y = 2", run="lost, and twice as long")
    repo.write(N, lost)
    assert repo.nbgit("refresh").out == "1 notebook captured; 1 with no change but outputs: unmodified for git.\n"
    assert repo.git("status", "--porcelain") == ""
    repo.write(N, run_of("x = 1", "y = 2", run="first"))
    assert [row["state"] for row in listed(repo)] == ["waiting"]
    done = repo.nbgit("restore", N)
    assert done.code == 0, done.err
    assert repo.read(N) == lost
    assert repo.git("status", "--porcelain") == ""


def test_what_was_there_is_captured_first(repo: GitBox) -> None:
    mine = run_of("x = 1", "y = 2", run="mine, seen by nobody")
    repo.write(N, mine)
    done = repo.nbgit("restore", N, "--from", "HEAD")
    assert done.out == f"{N}: outputs of cells 0-1 from HEAD.\n"
    assert repo.read(N) == run_of("x = 1", "y = 2", run="first")
    (kept,) = [row for row in listed(repo) if row["size"] == len(mine)]
    assert repo.nbgit("restore", N, "--capture", str(kept["id"])[:8]).code == 0
    assert repo.read(N) == mine


def test_only_some_cells(repo: GitBox) -> None:
    repo.write(N, run_of("x = 1", "y = 2", run="second"))
    assert repo.nbgit("restore", "n.ipynb", "--from", "HEAD", "--cells", "1", cwd="a b").code == 0
    text = repo.read(N).decode()
    assert "second: x = 1" in text
    assert "first: y = 2" in text
    assert "second: y = 2" not in text


def test_cells_whose_code_changed_are_left_out_and_named(repo: GitBox) -> None:
    repo.write(N, run_of("x = 10", "y = 2", run="edited"))
    done = repo.nbgit("restore", N, "--from", "HEAD")
    assert done.out == (
        f"{N}: outputs of cell 1 from HEAD.\n"
        "Left out, because the code has changed since: cell 0 of HEAD.\n"
        "Outputs of more than one run are mixed now: those of cell 0 are as they were.\n"
    )
    text = repo.read(N).decode()
    assert "edited: x = 10" in text
    assert "first: y = 2" in text


def test_overtaken_captures_stay_restorable(repo: GitBox) -> None:
    early = run_of("x = 3", run="early")
    repo.write(N, early)
    repo.git("add", N)
    repo.write(N, run_of("x = 3", run="late"))
    repo.commit("late")
    rows = listed(repo)
    assert [(row["state"], row["size"], row["cells"]) for row in rows] == [("overtaken", len(early), [0])]
    repo.git("checkout", "-q", "HEAD~1")
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == run_of("x = 3", run="late")
    assert repo.nbgit("restore", N, "--capture", str(rows[0]["id"])).code == 0
    assert repo.read(N) == early


def test_outputs_of_other_code_have_to_be_chosen(repo: GitBox) -> None:
    repo.write(N, run_of("x = 33", "y = 2", run="made with 33"))
    repo.git("add", N)
    repo.write(N, run_of("x = 30", "y = 2", run="made with 30"))
    before = repo.read(N)
    assert repo.nbgit("refresh", N).code == 0
    (row,) = [row for row in listed(repo) if not row["is_on_disk"]]
    assert row["other_code"] == "x = 33"
    done = repo.nbgit("restore", N)
    assert (done.code, done.out, repo.read(N)) == (9, "", before)
    assert f"of the code it has now, only of other code: {str(row['id'])[:12]} (`nbgit captures {N}`" in done.err
    assert "--capture ID" in done.err
    assert repo.nbgit("restore", N, "--capture", str(row["id"])).code == 0
    assert "made with 33: y = 2" in repo.read(N).decode()
    assert repo.nbgit("restore", N).code == 0
    assert repo.read(N) == before


def test_without_a_choice_the_newest_of_this_code_that_shows_something_else(repo: GitBox) -> None:
    for run in ("wanted", "seen last"):
        repo.write(N, run_of("x = 1", "y = 2", run=run))
        repo.git("add", N)
    cells = json.loads(run_of("x = 1", "y = 2", run="seen last"))["cells"]
    repo.write(N, notebook({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "a title"}, *cells))
    assert repo.nbgit("restore", N).code == 0
    text = repo.read(N).decode()
    assert "wanted: x = 1" in text
    assert "wanted: y = 2" in text
    assert "a title" in text


@pytest.mark.parametrize(
    ("arguments", "code_expected", "words"),
    [
        (("missing.ipynb",), 9, "missing.ipynb is not on disk and was not captured"),
        (("../outside.ipynb",), 9, "lies outside the repository"),
        ((N, "--capture", "f00"), 9, "has no capture f00; `nbgit captures`"),
        ((N, "--from", "nowhere"), 9, "nowhere names no commit in this repository"),
        ((N, "--from", "--help"), 9, "--help names no commit"),
        (("missing.ipynb", "--from", "HEAD"), 9, "missing.ipynb is not in HEAD; `git log"),
        (("a b", "--from", "HEAD"), 9, "a b is no regular file"),
        ((N, "--capture", ""), 9, "has no capture ;"),
        ((N, "--cells", "99"), 9, "has 2 cells, 0 to 1; there is no cell 99"),
        ((N, "--cells", "0-2"), 9, "there is no cell 2"),
        ((N, "--cells", "2-0"), 2, "ends before it begins"),
        ((N, "--cells", "x"), 2, "numbers and ranges"),
        ((N, "--cells", "0-99999999999"), 2, "not that many"),
        ((N, "--capture", "f00", "--from", "HEAD"), 2, "name one"),
    ],
)
def test_mistakes_change_nothing(repo: GitBox, arguments: tuple[str, ...], code_expected: int, words: str) -> None:
    before = repo.read(N)
    done = repo.nbgit("restore", *arguments)
    assert done.code == code_expected, done.err
    assert words in done.err
    assert "Traceback" not in done.err
    assert repo.read(N) == before


def test_some_cells_of_another_run_are_said_to_be_mixed(repo: GitBox) -> None:
    repo.write(N, run_of("x = 1", "y = 2", run="second"))
    done = repo.nbgit("restore", N, "--from", "HEAD", "--cells", "1")
    assert done.out == (
        f"{N}: outputs of cell 1 from HEAD.\n"
        "Outputs of more than one run are mixed now: those of cell 0 are as they were.\n"
    )
    done = repo.nbgit("restore", N, "--from", "HEAD", "--cells", "1")
    assert (done.code, done.out) == (0, f"{N} shows the outputs of HEAD already; the file is as it was.\n")


def test_where_no_outputs_fit_the_answer_is_1(repo: GitBox) -> None:
    edited = run_of("x = 10", "y = 20", run="edited")
    repo.write(N, edited)
    done = repo.nbgit("restore", N, "--from", "HEAD", "--cells", "0")
    assert (done.code, repo.read(N)) == (1, edited)
    assert done.out == (
        f"{N}: no outputs of HEAD fit; the file is as it was.\n"
        "Nothing for cell 0: the code has changed since, or there were no outputs.\n"
    )


def test_a_commit_whose_outputs_nobody_knows_takes_none_away(repo: GitBox) -> None:
    repo.git("update-ref", "-d", "refs/notes/nbgit")
    repo.git("update-ref", "-d", "refs/nbgit/snapshots")
    done = repo.nbgit("restore", N, "--from", "HEAD")
    assert (done.code, done.err) == (9, f"nbgit: no outputs of {N} are known for HEAD; nothing was changed\n")
    assert repo.read(N) == run_of("x = 1", "y = 2", run="first")


def test_a_notebook_that_was_deleted_comes_back_whole(repo: GitBox) -> None:
    lost = run_of("x = 1", "y = 2", run="never committed")
    repo.write(N, lost)
    assert repo.nbgit("refresh", N).code == 0
    (repo.path / N).unlink()
    (repo.path / "a b").rmdir()
    assert repo.nbgit("restore", N, "--cells", "0").code == 9
    (row,) = listed(repo)
    done = repo.nbgit("restore", N)
    assert done.code == 0, done.err
    assert done.out == f"{N} is back on disk, from capture {str(row['id'])[:12]}, with the outputs of cells 0-1.\n"
    assert repo.read(N) == lost
    assert repo.git("status", "--porcelain") == ""


def test_a_notebook_that_git_never_had_comes_back_from_its_capture(repo: GitBox) -> None:
    fresh = run_of("z = 3", run="fresh")
    repo.write("new.ipynb", fresh)
    assert repo.nbgit("refresh", "new.ipynb").code == 0
    (repo.path / "new.ipynb").unlink()
    assert repo.nbgit("restore", "new.ipynb").code == 0
    assert repo.read("new.ipynb") == fresh


def test_a_deleted_notebook_comes_back_from_a_commit(repo: GitBox) -> None:
    (repo.path / N).unlink()
    done = repo.nbgit("restore", "n.ipynb", "--from", "HEAD", cwd="a b")
    assert done.out == "n.ipynb is back on disk, from HEAD, with the outputs of cells 0-1.\n"
    assert repo.read(N) == run_of("x = 1", "y = 2", run="first")


def test_nothing_is_written_over_or_through_what_stands_at_the_path(repo: GitBox) -> None:
    outside = repo.root / "outside"
    outside.mkdir()
    repo.write("kept.ipynb", run_of("z = 3", run="fresh"))
    assert repo.nbgit("refresh", "kept.ipynb").code == 0
    (repo.path / "kept.ipynb").unlink()
    (repo.path / "kept.ipynb").symlink_to(outside / "target.ipynb")
    assert repo.nbgit("restore", "kept.ipynb").code == 9
    (repo.path / "link").symlink_to(outside)
    assert repo.nbgit("restore", "link/n.ipynb", "--from", "HEAD").code == 9
    assert list(outside.iterdir()) == []


def test_a_moved_notebook_takes_the_capture_of_its_old_path(repo: GitBox) -> None:
    lost = run_of("x = 1", "y = 2", run="before the move")
    repo.write(N, lost)
    assert repo.nbgit("refresh", N).code == 0
    (row,) = listed(repo)
    (repo.path / N).unlink()
    repo.write("moved.ipynb", run_of("x = 1", "y = 2", run="later"))
    done = repo.nbgit("restore", "moved.ipynb", "--capture", str(row["id"])[:6])
    assert done.out == f"moved.ipynb: outputs of cells 0-1 from capture {str(row['id'])[:12]} of {N}.\n"
    assert repo.read("moved.ipynb") == lost


def test_a_damaged_capture_is_said_to_be(repo: GitBox) -> None:
    repo.write(N, run_of("x = 1", "y = 2", run="second"))
    assert repo.nbgit("refresh", N).code == 0
    (row,) = listed(repo)
    (capture,) = (repo.path / ".git" / "nbgit" / "captures").glob("*/0*")
    capture.write_bytes(capture.read_bytes().replace(b"second", b"forged"))
    assert [row["state"] for row in listed(repo)] == ["damaged"]
    done = repo.nbgit("restore", N, "--capture", str(row["id"]))
    assert done.code == 9
    assert "is damaged" in done.err


def test_what_can_not_be_captured_first_is_not_touched(repo: GitBox) -> None:
    mine = run_of("x = 1", "y = 2", run="mine, seen by nobody")
    repo.write(N, mine)
    shutil.rmtree(repo.path / ".git" / "nbgit" / "captures", ignore_errors=True)
    repo.write(".git/nbgit/captures", b"a file where the directory belongs")
    done = repo.nbgit("restore", N, "--from", "HEAD")
    assert (done.code, repo.read(N)) == (3, mine)
    assert "could not be captured first" in done.err


def test_a_conflict_marked_notebook_is_left_alone(repo: GitBox) -> None:
    repo.write(N, b"<<<<<<< ours\n{}\n")
    done = repo.nbgit("restore", N)
    assert done.code == 8
    assert repo.read(N) == b"<<<<<<< ours\n{}\n"


def test_nothing_is_waiting(repo: GitBox) -> None:
    assert repo.nbgit("captures").out == "No outputs are waiting: all that was seen is in a commit.\n"


def test_what_was_lost_and_put_back_is_no_news_to_the_next_commit(installed: GitBox) -> None:
    whole, cleared = run_of("a = 1", "b = 2", run="first"), run_of("a = 1", "b = 2", run="other")
    installed.write(N, whole)
    installed.commit("one")
    installed.write(N, cleared)
    installed.git("diff")
    assert installed.nbgit("restore", N, "--from", "HEAD").code == 0
    installed.write("t.txt", b"t")
    installed.commit("two", "t.txt")
    assert installed.try_git("notes", "--ref=nbgit", "show", "HEAD").code == 1
    assert installed.read(N) == whole
    installed.write(N, cleared)
    installed.commit("three")
    assert "2 cells ran" in installed.git("notes", "--ref=nbgit", "show", "HEAD")
