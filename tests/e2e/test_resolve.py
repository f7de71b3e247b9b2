"""`nbgit resolve`: conflicts of real merges listed, settled and walked; no marker is left behind."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, notebook

BASE = ["a = 1", "b = 2\nplot(b)", "c = 3\nplot(c)"]
OURS = ["a = 1", "b = 222\nplot(b)"]
THEIRS = ["a = 1", "b = 22\nplot(b)", "c = 33\nplot(c)"]


def run_of(sources: list[str], run: str, title: str = "") -> bytes:
    cells = [
        code(
            source,
            id=f"cell-{source[0]}",
            execution_count=number + 1,
            outputs=[{"output_type": "stream", "name": "stdout", "text": [f"{run}: {source[:1]}\n"]}],
        )
        for number, source in enumerate(sources)
    ]
    return notebook(*cells, metadata={"title": title} if title else {})


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def shown(data: bytes) -> list[str]:
    cells = json.loads(data)["cells"]
    return ["".join(cell["outputs"][0]["text"]).strip() if cell.get("outputs") else "" for cell in cells]


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository whose merge of topic into main has three conflicts in n.ipynb."""
    installed.write("n.ipynb", run_of(BASE, "base"))
    installed.commit("base")
    installed.git("checkout", "-q", "-b", "topic")
    installed.write("n.ipynb", run_of(THEIRS, "theirs", "Theirs"))
    installed.commit("theirs")
    installed.git("checkout", "-q", "main")
    installed.write("n.ipynb", run_of(OURS, "ours", "Ours"))
    installed.commit("ours")
    assert installed.try_git("merge", "-q", "topic").code == 1
    return installed


def listed(box: GitBox, *arguments: str) -> list[dict[str, Any]]:
    result = box.nbgit("resolve", "--list", "--json", *arguments)
    document = json.loads(result.out)
    assert validate(document, "resolve.v1") == []
    found: list[dict[str, Any]] = document["notebooks"]
    assert result.code == (1 if any(one["conflicts"] or one["stray"] or one["trouble"] for one in found) else 0)
    return found


def test_git_sees_every_marker(repo: GitBox) -> None:
    checked = repo.try_git("diff", "--check")
    assert checked.code == 2
    assert sum("trailing whitespace" in line for line in checked.out.split("\n")) == 9
    repo.git("add", "n.ipynb")
    assert repo.try_git("diff", "--cached", "--check").code == 2
    assert repo.git("grep", "-c", "<<<<<<<", "--", "n.ipynb") == "n.ipynb:3\n"


def test_conflicts_are_listed(repo: GitBox) -> None:
    ((marked),) = listed(repo)
    assert marked["path"] == "n.ipynb"
    assert [one["kind"] for one in marked["conflicts"]] == ["notebook", "source", "cell"]
    lines, whole = marked["conflicts"][1:]
    assert lines["ours"] == {"label": "HEAD", "note": None, "lines": ["b = 222"]}
    assert lines["theirs"] == {"label": "topic", "note": None, "lines": ["b = 22"]}
    assert whole["ours"] == {"label": "HEAD", "note": "deleted this cell", "lines": []}
    assert whole["theirs"]["lines"] == ["c = 33", "plot(c)"]
    result = repo.nbgit("resolve")
    assert result.code == 1
    assert "  2  cell 2 [code] cell-b: lines\n     ours (HEAD)\n     | b = 222\n" in result.out


@pytest.mark.parametrize(("side", "data"), [("ours", (OURS, "Ours")), ("theirs", (THEIRS, "Theirs"))])
def test_one_side_of_all_is_that_side_with_its_outputs(repo: GitBox, side: str, data: tuple[list[str], str]) -> None:
    result = repo.nbgit("resolve", f"--{side}", "--add")
    assert (result.code, result.out) == (0, "n.ipynb: 3 settled, added\n")
    assert json.loads(repo.read("n.ipynb"))["metadata"] == {"title": data[1]}
    assert sources(repo.read("n.ipynb")) == data[0]
    assert shown(repo.read("n.ipynb")) == ["ours: a", *(f"{side}: {source[0]}" for source in data[0][1:])]
    assert repo.try_git("diff", "HEAD", "--check").code == 0
    repo.git("commit", "-q", "-m", "merged")
    assert repo.git("status", "--porcelain") == ""


def test_one_by_one(repo: GitBox) -> None:
    assert repo.nbgit("resolve", "n.ipynb", "--both", "--conflict", "2").code == 1
    assert [one["kind"] for one in listed(repo)[0]["conflicts"]] == ["notebook", "cell"]
    assert sources(repo.read("n.ipynb"))[2] == "b = 222\nb = 22\nplot(b)"
    assert repo.nbgit("resolve", "n.ipynb", "--both", "--conflict", "1").code == 3  # a title can't be both
    assert repo.nbgit("resolve", "n.ipynb", "--ours", "--conflict", "3").code == 3
    assert repo.nbgit("resolve", "--theirs").code == 0
    assert json.loads(repo.read("n.ipynb"))["metadata"] == {"title": "Theirs"}
    assert listed(repo) == listed(repo, "n.ipynb")
    assert repo.git("status", "--porcelain") == "UU n.ipynb\n"


def test_from_a_folder_and_outside_of_a_repository(repo: GitBox) -> None:
    (repo.path / "sub").mkdir()
    assert json.loads(repo.nbgit("resolve", "--json", cwd="sub").out)["notebooks"][0]["path"] == "../n.ipynb"
    lone = repo.root / "elsewhere.ipynb"
    lone.write_bytes(repo.read("n.ipynb"))
    assert repo.nbgit("resolve", "elsewhere.ipynb", "--ours", cwd=repo.root).code == 0
    assert sources(lone.read_bytes()) == OURS
    assert repo.nbgit("resolve", cwd=repo.root).code == 4


def test_markers_that_were_half_taken_out_are_told(repo: GitBox) -> None:
    half = repo.read("n.ipynb").replace(b'    ">>>>>>> topic\\n", \n', b"")
    repo.write("n.ipynb", half)
    (marked,) = listed(repo)
    assert len(marked["conflicts"]) == 2
    assert marked["stray"] == [{"cell_index": 2, "line": "<<<<<<< HEAD"}]
    assert repo.nbgit("resolve", "--ours").code == 1
    assert "a marker without its others in cell 1: <<<<<<< HEAD" in repo.nbgit("resolve").out


def test_a_text_merge_is_told_how_to_be_done_anew(repo: GitBox) -> None:
    repo.write("n.ipynb", b"{\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> topic\n")
    result = repo.nbgit("resolve")
    assert result.code == 1
    assert "`git checkout -m -- n.ipynb` merges it anew" in result.out
    repo.git("checkout", "-m", "--", "n.ipynb")
    assert len(listed(repo)[0]["conflicts"]) == 3


def test_a_marked_notebook_that_git_does_not_have_in_conflict(repo: GitBox) -> None:
    data = repo.read("n.ipynb")
    repo.git("merge", "--abort")
    assert listed(repo) == []
    assert repo.nbgit("resolve").out == "No notebook is in conflict.\n"
    repo.write("n.ipynb", data)
    assert len(listed(repo)[0]["conflicts"]) == 3


def test_what_makes_no_sense_is_refused(repo: GitBox) -> None:
    before = repo.read("n.ipynb")
    assert repo.nbgit("resolve", "--list", "--ours").code == 2
    assert repo.nbgit("resolve", "--conflict", "1").code == 2
    assert repo.nbgit("resolve", "n.ipynb", "--ours", "--conflict", "9").code == 3
    assert repo.read("n.ipynb") == before


TAKE_TERMINAL = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("nbgit", run_name="__main__", alter_sys=True)
"""


def walked(box: GitBox, typed: str, editor: str = "true") -> tuple[int, str]:
    """Type an answer at each prompt of `nbgit resolve` in a terminal of its own; return its exit code and what it said.

    Ctrl-C and Ctrl-D are answers too: the terminal is the process's own, so that it is interrupted as a person does it.
    """
    main, side = pty.openpty()
    environ = {**box.environ, "PYTHONPATH": str(SOURCE_ROOT), "GIT_EDITOR": editor, "TERM": "dumb"}
    command = [sys.executable, "-c", TAKE_TERMINAL, "resolve"]
    process = subprocess.Popen(
        command, cwd=box.path, env=environ, stdin=side, stdout=side, stderr=side, start_new_session=True
    )
    os.close(side)
    answers = re.findall("[^\n\x03\x04]*[\n\x03\x04]", typed)
    said, prompts = b"", 0
    while select.select([main], [], [], 60)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        said += piece
        while prompts < said.count(b"?] ") and answers:
            prompts += 1
            os.write(main, answers.pop(0).encode())
    else:
        process.kill()
    os.close(main)
    return process.wait(60), said.decode()


def an_editor(box: GitBox, *programs: str) -> str:
    """Return a command that runs the next of `programs` (Python, `text` is the file's) each time it is called."""
    script = box.root / "editor.py"
    for number, program in enumerate(programs):
        (box.root / f"{number}.program").write_text(program)
    script.write_text(
        "import pathlib, sys\n"
        f"program = sorted(pathlib.Path({str(box.root)!r}).glob('*.program'))[0]\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "names = {'text': file.read_text()}\n"
        "exec(program.read_text(), names)\n"
        "program.unlink()\n"
        "file.write_text(names['text'])\n"
    )
    return f'"{Path(sys.executable).as_posix()}" "{script.as_posix()}"'


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestWalk:
    def test_each_is_asked_about(self, repo: GitBox) -> None:
        code, said = walked(repo, "t\nx\nb\no\n")
        assert code == 0, said
        assert "n.ipynb, 1 of 3" in said
        assert "b - take our lines, then theirs" in said  # x is no answer
        assert json.loads(repo.read("n.ipynb"))["metadata"] == {"title": "Theirs"}
        assert sources(repo.read("n.ipynb")) == ["a = 1", "b = 222\nb = 22\nplot(b)"]

    def test_skip_and_quit_leave_the_rest(self, repo: GitBox) -> None:
        code, _ = walked(repo, "s\no\nq\n")
        assert code == 1
        assert [one["kind"] for one in listed(repo)[0]["conflicts"]] == ["notebook", "cell"]

    def test_edit_takes_no_markers(self, repo: GitBox) -> None:
        programs = [
            "text = text.replace('HEAD', 'mine')",
            "text = 'b = 2222\\n'",
            "text = 'metadata.title: \"Both\"\\n'",
        ]
        code, said = walked(repo, "s\ne\ne\no\n", an_editor(repo, *programs[:2]))
        assert code == 1, said
        assert "There are markers left in it" in said
        assert sources(repo.read("n.ipynb"))[2] == "b = 2222\nplot(b)"
        assert walked(repo, "e\n", an_editor(repo, programs[2]))[0] == 0
        assert json.loads(repo.read("n.ipynb"))["metadata"] == {"title": "Both"}

    @pytest.mark.parametrize("typed", ["\x03", "o\n\x03", "o\no\n\x03", "o\n\x04"])
    def test_interrupted_it_changes_nothing(self, repo: GitBox, typed: str) -> None:
        before = repo.read("n.ipynb")
        code, _ = walked(repo, typed)
        assert code == 130
        assert repo.read("n.ipynb") == before

    @pytest.mark.parametrize("editor", ["false", "/nonexistent/editor"])
    def test_an_editor_that_fails_changes_nothing(self, repo: GitBox, editor: str) -> None:
        before = repo.read("n.ipynb")
        code, said = walked(repo, "o\ne\n\x03", editor)  # it asks again
        assert code == 130, said
        assert "nbgit: " in said
        assert "Editing failed" in said
        assert "Traceback" not in said
        assert "this is a bug" not in said
        assert repo.read("n.ipynb") == before


def test_sides_exclude_each_other_and_walking_takes_a_terminal(repo: GitBox) -> None:
    before = repo.read("n.ipynb")
    both = repo.nbgit("resolve", "--ours", "--theirs")
    assert both.code == 2
    assert "--ours and --theirs exclude each other" in both.err
    piped = repo.nbgit("resolve", stdin=b"o\no\no\n")
    assert piped.code == 1
    assert "walking them takes a terminal; without one --ours" in piped.err
    assert "takes a terminal" not in repo.nbgit("resolve", "--list").err
    assert repo.read("n.ipynb") == before
