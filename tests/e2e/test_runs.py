"""nbgit log --runs, nbgit capture, and what status and doctor say of runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import GitBox
from tests.kernels import journals, run_in_shell

SESSION = "20261103T090000-0000000000aa"
LATER = "20261105T140211-0000000000bb"
FILE = {"path": "data/clean.csv", "size": 4, "mtime": "2026-11-03T09:00:05.000000Z", "sha256": "0" * 64}


def begin(session: str, number: int, started: str, code: str, **more: Any) -> dict[str, Any]:
    """Return the line that begins a run."""
    return {"type": "begin", "id": f"{session}:{number}", "code": code, "started": started, "head": "unborn", **more}


def end(session: str, number: int, **more: Any) -> dict[str, Any]:
    """Return the line that ends a run."""
    rest = {"execution_count": number, "outcome": "ok", "seconds": 0.5, "dirty": None, **more}
    return {"type": "end", "id": f"{session}:{number}", **rest}


@pytest.fixture
def two_days(installed: GitBox) -> GitBox:
    """Return a repository with the journals of two sessions: clean.ipynb on Tuesday, a kernel on Thursday."""
    written: dict[str, list[dict[str, Any]]] = {
        SESSION: [
            {"type": "session", "nbgit-run": 1, "id": SESSION, "started": "2026-11-03T09:00:00.000Z", "pid": 1,
             "host": "lab\x1b]0;-pc", "cwd": ".", "kernel": {"python": "3.11.7", "executable": "python"}},
            {"type": "session", "id": SESSION, "notebook": "clean.ipynb", "frontend": "jupyter",
             "person": "Ada Lovelace <ada@example.org>"},
            begin(SESSION, 1, "2026-11-03T09:00:01.000Z", "\n# clean\x1b[31m it\ndf.to_csv('data/clean.csv')"),
            end(SESSION, 1, writes=[FILE], seconds=0.004),
            begin(SESSION, 2, "2026-11-03T09:00:09.000Z", "1 / 0"),
            end(SESSION, 2, outcome="error", error="ZeroDivisionError"),
        ],
        LATER: [
            {"type": "session", "nbgit-run": 1, "id": LATER, "started": "2026-11-05T14:02:11.000Z", "pid": 1,
             "host": "gone", "cwd": "plots", "kernel": {"python": "3.12.1", "executable": "python"}},
            begin(LATER, 1, "2026-11-05T14:02:11.000Z", "plot(read('data/clean.csv'))"),
            end(LATER, 1, reads=[FILE], urls=[{"url": "https://host/x?[...]"}], seconds=125.0,
                displayed=[{"mime": "image/png", "digest": f"sha256:{'1' * 64}"}]),
            begin(LATER, 2, "2026-11-05T14:05:00.000Z", "while True: pass"),
        ],
    }  # fmt: skip
    for session, lines in written.items():
        for line in lines:
            assert validate(line, "run.v1") == []
        text = "".join(json.dumps(line) + "\n" for line in lines)
        installed.write(f".git/nbgit/runs/{session}.jsonl", text.encode())
    installed.write(".git/nbgit/runs/20261106T000000-0000000000cc.jsonl", b'{"type":"session","nbgit-run":2}\n{"ty')
    return installed


TOLD = """\
Thu 05 Nov 2026
  a kernel in plots  2 runs · python 3.12.1 · gone
    14:05:00   [ ]  lost  while True: pass
    14:02:11   [1] 2 min  plot(read('data/clean.csv'))
                          read data/clean.csv · fetched https://host/x?[...] · 1 figure

Tue 03 Nov 2026
  clean.ipynb  2 runs · python 3.11.7 · lab␛]0;-pc · Ada Lovelace
    09:00:09   [2] ZeroDivisionError  1 / 0
    09:00:01   [1]              4 ms  # clean␛[31m it …
                                      wrote data/clean.csv

"""


def test_runs_by_day_and_session(two_days: GitBox) -> None:
    result = two_days.nbgit("log", "--runs")
    assert (result.code, result.err) == (0, "")
    assert result.out.replace("\x1b", "!") == TOLD


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (["--since", "2026-11-04"], ["b:2", "b:1"]),
        (["--until", "2026-11-04"], ["a:2", "a:1"]),
        (["-n", "1"], ["b:2"]),
        (["--author", "Ada"], ["a:2", "a:1"]),
        (["clean.ipynb"], ["a:2", "a:1"]),
        (["data/clean.csv"], ["b:1", "a:1"]),
        (["data"], ["b:1", "a:1"]),
        (["."], ["b:2", "b:1", "a:2", "a:1"]),
        (["nothing.csv"], []),
    ],
)
def test_runs_that_are_asked_for(two_days: GitBox, arguments: list[str], numbers: list[str]) -> None:
    result = two_days.nbgit("log", "--runs", "--json", *arguments)
    document = json.loads(result.out)
    assert validate(document, "runs.v1") == []
    assert [run["id"][-3:] for run in document["runs"]] == numbers
    assert "No run matches." in two_days.nbgit("log", "--runs", "no.csv").err


def test_no_runs_and_no_authors(installed: GitBox) -> None:
    result = installed.nbgit("log", "--runs")
    assert (result.code, result.out) == (0, "")
    assert "No run was recorded here; `nbgit capture` says why" in result.err
    assert installed.nbgit("log", "--runs", "--author", "(").code == 2


def test_capture_says_and_sets_whether_runs_are_recorded(box: GitBox) -> None:
    assert "run `nbgit install`" in box.nbgit("capture").out
    assert box.nbgit("capture", "on").code == 3
    assert box.nbgit("install", "--no-kernel").code == 0
    assert "is not there" in box.nbgit("capture").out
    result = box.nbgit("capture", "on")
    assert (result.code, result.out.split(" (")[0]) == (0, "Runs of IPython's kernels are recorded here")
    run_in_shell(box, ["x = 1"])
    assert box.nbgit("capture", "off").code == 0
    run_in_shell(box, ["x = 2"], starts=False)
    off = box.nbgit("capture")
    assert (off.code, "nbgit.runs is false" in off.out, "1 session, " in off.out) == (1, True, True)
    assert len(journals(box)) == 1


def test_status_and_doctor_tell(installed: GitBox) -> None:
    document = json.loads(installed.nbgit("status", "--json").out)
    assert validate(document, "status.v1") == []
    startup = installed.home / ".ipython" / "profile_default" / "startup" / "00-nbgit.py"
    assert document["runs"] == {"file": str(startup), "state": "right", "wanted": True, "sessions": 0, "bytes": 0}
    pytest.importorskip("IPython")
    assert check(installed) == ("ok", "a cell in IPython")
    (startup.parent / "10-mine.py").write_text("import os; os._exit(3)")
    assert check(installed) == ("fail", "a cell was run, and not recorded")
    (startup.parent / "10-mine.py").unlink()
    startup.write_text(startup.read_text().replace("/nbgit'", "/gone'"))
    assert check(installed)[0] == "warn"
    assert "gone" in installed.nbgit("capture").out
    assert "is gone" in installed.nbgit("status").out
    assert installed.nbgit("capture", "on").code == 0
    installed.git("config", "nbgit.runs", "false")
    assert check(installed) == ("ok", "not recorded here")


def check(box: GitBox) -> tuple[str, str]:
    """Return doctor's verdict on runs and the beginning of what it says."""
    checks = json.loads(box.nbgit("doctor", "--json").out)["checks"]
    (found,) = [one for one in checks if one["name"] == "runs"]
    text = found["text"].partition(":")[0]
    return found["verdict"], text.rpartition(" 9")[0] if " 9" in text else text[
        : len("a cell was run, and not recorded")
    ]


def test_uninstall_can_delete_what_was_recorded(installed: GitBox) -> None:
    run_in_shell(installed, ["x = 1"])
    assert installed.nbgit("uninstall").code == 0
    assert journals(installed)
    assert installed.nbgit("uninstall", "--delete-data", "--yes").code == 0
    assert not journals(installed)
