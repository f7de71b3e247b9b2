"""`nbgit reproduce`: recipes that really run again, in a clean tree that is gone afterwards whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.e2e.lab import change
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.waiting import wait_until


def reproduce(box: GitBox, *arguments: str, code: int = 0, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what reproduce --yes --json tells; nothing that it makes on the way may be left."""
    scratch = box.root / "scratch"
    scratch.mkdir(exist_ok=True)
    places = {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch), "PYTHONWARNINGS": "ignore"}
    before = whole(box)
    result = box.nbgit("reproduce", *arguments, "--yes", "--json", environ={**places, **(environ or {})})
    assert result.code == code, result
    assert list(scratch.iterdir()) == []
    assert whole(box) == before
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "reproduce.v1") == []
    return document


def whole(box: GitBox) -> tuple[dict[str, bytes], list[str], str]:
    """Return the working tree, the journals, and the worktrees of a box."""
    files = {
        str(file): file.read_bytes() for file in box.path.rglob("*") if file.is_file() and ".git" not in file.parts
    }
    journals = [file.name + str(file.stat().st_size) for file in (box.path / ".git/nbgit/runs").iterdir()]
    return files, journals, box.git("worktree", "list", "--porcelain")


def test_a_figure_comes_out_again_whatever_became_of_the_notebook(lab: GitBox) -> None:
    change(lab, "plot.ipynb", "width", source="width = 9")
    lab.write("raw.csv", b"")
    found = reproduce(lab, "plot.ipynb", "--cell-id", "plot")
    assert (found["result"], found["same"], found["kind"]) == ("same bytes", True, "recorded")
    (job,) = found["jobs"]
    assert [step["outcome"] for step in job["steps"]] == ["ok"] * 4
    assert os.path.samefile(job["python"], sys.executable)
    (data,) = found["inputs"]
    assert (data["path"], data["from"], data["same"]) == ("data/clean.csv", "working tree", True)


def test_inputs_that_are_gone_are_made_from_scratch(lab: GitBox) -> None:
    (lab.path / "data" / "clean.csv").write_bytes(b"another\n")
    found = reproduce(lab, "plot.ipynb", "--cell-id", "show", code=13)
    assert found["result"] == "lacks inputs"
    assert found["problem"] == "nothing here has what was read of data/clean.csv; --from-scratch makes it anew"
    found = reproduce(lab, "plot.ipynb", "--cell-id", "show", "--from-scratch", "--at", "HEAD")
    assert [job["path"] for job in found["jobs"]] == ["clean.ipynb", "plot.ipynb"]
    assert (found["result"], found["made"]) == ("same bytes", {"data/clean.csv": True})
    assert [(one["path"], one["from"]) for one in found["inputs"]] == [("raw.csv", "commit")]


def test_a_file_that_a_run_wrote(lab: GitBox) -> None:
    found = reproduce(lab, "data/clean.csv")
    assert (found["file"], found["output_index"], found["result"]) == ("data/clean.csv", None, "same bytes")


def test_what_differs_and_what_fails(lab: GitBox) -> None:
    asked = ["clean.ipynb", "--cell-id", "clock"]
    found = reproduce(lab, *asked, "--python", sys.executable, code=1)
    assert (found["result"], found["difference"]["kind"]) == ("differs", "text")
    found = reproduce(lab, *asked, code=13, environ={"NAP": "not a number"})
    assert [step["outcome"] for step in found["jobs"][0]["steps"]][-1] == "error"
    assert found["problem"].startswith("ValueError: could not convert")
    found = reproduce(lab, *asked, "--timeout", "3", code=13, environ={"NAP": "300"})
    assert found["jobs"][0]["steps"][-1]["outcome"] in ("timeout", None)
    assert found["problem"].startswith("the time was over")


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_an_interrupt_leaves_nothing(lab: GitBox, tmp_path: Path) -> None:
    scratch, mark = tmp_path / "scratch", tmp_path / "mark"
    scratch.mkdir()
    environ = {**lab.environ, "PYTHONPATH": str(SOURCE_ROOT), "TMPDIR": str(scratch), "NAP": "300", "MARK": str(mark)}
    before = whole(lab)
    command = [sys.executable, "-m", "nbgit", "reproduce", "clean.ipynb", "--cell-id", "clock", "--yes"]
    started = subprocess.Popen(command, cwd=lab.path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(mark.exists, "the step that naps has begun")
    started.send_signal(signal.SIGINT)
    _, err = started.communicate()
    assert (started.returncode, b"Traceback" in err) == (130, False), err
    assert whole(lab) == before
    assert list(scratch.iterdir()) == []


def test_it_asks_before_it_runs_code(lab: GitBox) -> None:
    result = lab.nbgit("reproduce", "plot.ipynb", "--cell-id", "show")
    assert result.code == 2
    assert "[7] n + 1" in result.out
    assert "give --yes" in result.err
    assert lab.nbgit("reproduce", "plot.ipynb", "--cell-id", "show", "--json").code == 2
    assert lab.nbgit("reproduce", "plot.ipynb", "--cell-id", "never", "--yes").code == 9
    assert lab.nbgit("reproduce", "plot.ipynb", "--cell-id", "plot", "--at", "nowhere", "--yes").code == 9
