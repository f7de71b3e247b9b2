"""Outputs that are in no commit can be listed and put back: captures, restore, refresh."""

import json

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
    assert repo.nbgit("refresh").out == "1 notebook captured, 1 of them as git has it.\n"
    assert repo.git("status", "--porcelain") == ""
    repo.write(N, run_of("x = 1", "y = 2", run="first"))
    assert [row["state"] for row in listed(repo)] == ["pending"]
    done = repo.nbgit("restore", N)
    assert done.code == 0, done.err
    assert repo.read(N) == lost
    assert repo.git("status", "--porcelain") == ""


def test_what_was_there_is_captured_first(repo: GitBox) -> None:
    mine = run_of("x = 1", "y = 2", run="mine, seen by nobody")
    repo.write(N, mine)
    done = repo.nbgit("restore", N, "--from", "HEAD")
    assert done.out == f"{N}: outputs of cells 0, 1, from HEAD.\n"
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
        f"{N}: outputs of cells 1, from HEAD.\nLeft out, because the code has changed since: cells 0 of HEAD.\n"
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
    assert [(row["state"], row["size"], row["cells"]) for row in rows] == [("past", len(early), [0])]
    repo.git("checkout", "-q", "HEAD~1")
    repo.git("checkout", "-q", "main")
    assert repo.read(N) == run_of("x = 3", run="late")
    assert repo.nbgit("restore", N, "--capture", str(rows[0]["id"])).code == 0
    assert repo.read(N) == early


@pytest.mark.parametrize(
    ("arguments", "code_expected", "words"),
    [
        (("missing.ipynb",), 9, "missing.ipynb is no file in this working tree"),
        (("../outside.ipynb",), 9, "lies outside the repository"),
        ((N, "--capture", "f00"), 9, "has no capture f00; `nbgit captures"),
        ((N, "--from", "nowhere"), 5, "nowhere"),
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


def test_a_conflict_marked_notebook_is_left_alone(repo: GitBox) -> None:
    repo.write(N, b"<<<<<<< ours\n{}\n")
    done = repo.nbgit("restore", N)
    assert done.code == 8
    assert repo.read(N) == b"<<<<<<< ours\n{}\n"


def test_refresh_leaves_an_edited_notebook_modified(repo: GitBox) -> None:
    repo.write(N, run_of("x = 1", "y = 20", run="edited"))
    assert repo.nbgit("refresh").out == "1 notebook captured, 0 of them as git has it.\n"
    assert repo.git("status", "--porcelain") == f' M "{N}"\n'
    assert len(listed(repo)) == 1


def test_nothing_is_waiting(repo: GitBox) -> None:
    assert repo.nbgit("captures").out == "No outputs are waiting: all that was seen is in a commit.\n"
