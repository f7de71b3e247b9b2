"""`python -m benchmarks` runs anywhere: from its options alone, on three generated notebooks, without peers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.blame import saved_anew
from benchmarks.data import Data, part_of
from benchmarks.engine import engine_rows
from benchmarks.engine_cases import cases
from benchmarks.lab import MAIN, STYLE, append_runs, data_path, make_lab, notebook_path
from benchmarks.lab import Shape as LabShape
from benchmarks.large import Shape, commits_of, diary, make_large, path_of, version_of
from benchmarks.memory import peaks
from benchmarks.merging import merge_rows
from benchmarks.notebooks import distinct_set, huge_notebook
from benchmarks.results import RATIO, Budget, Measured, Row
from benchmarks.sandbox import Sandbox, write_files
from benchmarks.scale import union_rows
from benchmarks.tools import plain_and_nbgit
from nbgit.external.json_schema import validate
from tests.gitbox import SOURCE_ROOT


def run_benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "COLUMNS": "200"}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=SOURCE_ROOT, env=environ, capture_output=True, text=True, check=False)


def test_help_names_every_option() -> None:
    done = run_benchmarks("--help")
    assert done.returncode == 0, done.stderr
    alone = ("--distinct", "--scale", "--engine", "--only")
    for option in ("--data", "--dir", "--rounds", "--quick", *alone, "--markdown", "--json"):
        assert option in done.stdout


def test_three_notebooks_give_the_four_rows_of_a_set(tmp_path: Path) -> None:
    data, work, record = tmp_path / "data", tmp_path / "work", tmp_path / "record.json"
    work.mkdir()
    for path, content in distinct_set(3, 20_000).items():
        place = data / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    options = ["--data", str(data), "--dir", str(work), "--json", str(record)]
    done = run_benchmarks("--quick", "--rounds", "1", "--only", "set", "--no-peers", "--markdown", *options)
    assert done.returncode == 0, done.stderr
    assert "| git add | the set: 3 notebooks, 0 MB | plain git " in done.stdout
    rows = json.loads(record.read_bytes())["rows"]
    assert [len(row["tools"]["nbgit"]["samples"]) for row in rows] == [1, 1, 1, 1]
    assert not list(work.iterdir())  # nothing is left behind


def test_the_filter_is_measured_as_git_starts_it(tmp_path: Path) -> None:
    sandbox, tools = Sandbox(tmp_path), plain_and_nbgit()
    bench = Bench(sandbox, Data("none", [], {}, {}, None), tools, 1, quick=True)
    clean, smudge = peaks(bench, distinct_set(2, 20_000))
    assert 5 < clean < 100
    assert 5 < smudge < 100


def test_a_ratio_is_of_medians_and_a_part_has_its_own_baseline() -> None:
    tools = {
        "plain git": Measured([1.0, 2.0, 9.0]),
        "nbgit": Measured([1.0, 1.0, 7.0]),
        "nbdime": Measured([8.0], baseline=0.5),
    }
    row = Row("work", "data", tools, budgets=(Budget(0.4, RATIO),))
    assert (row.ratio("nbgit"), row.ratio("nbdime"), row.ratio("nb-clean")) == (0.5, 16.0, None)
    assert not row.met(row.budgets[0])


def test_generated_notebooks_are_the_same_each_time_and_no_two_figures_are() -> None:
    first = distinct_set(3, 30_000)
    assert first == distinct_set(3, 30_000)
    figures = [
        output["data"]["image/png"]
        for content in first.values()
        for cell in json.loads(content)["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(figures) == len(set(figures)) == 24
    assert len(huge_notebook(3_000_000)) >= 3_000_000
    assert list(part_of(first, 1)) == [sorted(first, key=lambda path: (len(first[path]), path))[1]]


def test_a_figure_saved_anew_has_the_same_pixels_and_other_bytes() -> None:
    image = pytest.importorskip("PIL.Image")
    import base64
    import io

    cells = json.loads(next(iter(distinct_set(1, 20_000).values())))["cells"]
    png = base64.b64decode(cells[2]["outputs"][1]["data"]["image/png"])
    anew = saved_anew(png)
    assert anew != png
    pictures = [image.open(io.BytesIO(data)) for data in (png, anew)]
    assert pictures[0].tobytes() == pictures[1].tobytes()


def everything_kept(sandbox: Sandbox, place: Path) -> dict[str, object]:
    """Return what nbgit keeps in a repository, dates of captures and the past of its refs left out."""
    refs = ("refs/heads/main", "refs/nbgit/snapshots", "refs/notes/nbgit", "refs/notes/textconv/nbgit")
    local = place / ".git" / "nbgit"
    return {
        "trees": [sandbox.git(place, "rev-parse", f"{ref}^{{tree}}") for ref in refs],
        "commits": sandbox.git(place, "rev-list", "main"),
        "known": {line for file in (local / "known").rglob("?") for line in file.read_text("ascii").splitlines()},
        "paths": set((local / "paths").read_text("utf-8").splitlines()),
        "captures": sorted(
            (folder, file.parent.name, file.name.partition("-")[2])
            for folder in ("captures", "past")
            for file in (local / folder).glob("*/*")
        ),
    }


def test_a_generated_repository_is_what_git_add_and_commit_give(tmp_path: Path) -> None:
    sandbox, nbgit = Sandbox(tmp_path), plain_and_nbgit()[1]
    shape = Shape(notebooks=2, versions=2, commits=3)
    made, worked = nbgit.fresh(sandbox), nbgit.fresh(sandbox)
    by_commit = make_large(sandbox, made, shape)
    for at, (date, message, versions) in enumerate(commits_of(shape)):
        write_files(worked, {"diary.txt": diary(at)}, date)
        for number, version in versions:
            if version == shape.versions - 1:  # run twice
                write_files(worked, {path_of(number): version_of(number, version, run=1)})
                sandbox.git(worked, "add", "-A")
            write_files(worked, {path_of(number): version_of(number, version)}, date)
        dates = {f"GIT_{role}_DATE": f"{date} +0000" for role in ("AUTHOR", "COMMITTER")}
        sandbox.git(worked, "add", "-A")
        sandbox.git(worked, "commit", "-q", "-m", message, environ=dates)
    write_files(worked, {path_of(0): version_of(0, shape.versions)}, date + 1)
    sandbox.git(worked, "add", "-A")  # an edit that was never committed
    assert everything_kept(sandbox, made) == everything_kept(sandbox, worked)
    answer = sandbox.run([sys.executable, "-m", "nbgit", "fsck", "--json"], made)
    assert json.loads(answer)["clean"]
    bench = Bench(sandbox, Data("none", [], {}, {}, None), [nbgit], 1, quick=True)
    rows = union_rows(bench, made, by_commit, 2, 1)  # fails unless the union has all that both sides have
    assert [len(row.tools["nbgit"].samples) for row in rows] == [1, 1]


def test_every_hard_pair_is_a_notebook_and_the_same_each_time() -> None:
    from nbgit.external.nbformat import problem_with

    for case in cases():
        before, after = case.make(400)
        assert (before, after) == case.make(400), case.name
        assert before != after, case.name
        assert problem_with(before) == problem_with(after) == "", case.name


def test_the_engine_is_measured_on_each_real_pair_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, nbgit = Sandbox(tmp_path), plain_and_nbgit()[1]
    history = sandbox.new_repository("history")
    for number, data in enumerate(distinct_set(3, 20_000).values()):
        write_files(history, {"a name.ipynb": data}, number)
        sandbox.git(history, "add", "-A")
        sandbox.git(history, "commit", "-q", "-m", str(number))
    monkeypatch.setattr("benchmarks.engine.cases", lambda: [case._replace(size=20) for case in cases()[:1]])
    bench = Bench(sandbox, Data("here", [], {}, {}, history), [nbgit], 1, quick=False)
    rows = engine_rows(bench)
    assert [row.data for row in rows[:3]] == ["2 modified notebooks of here"] * 3
    assert len(rows) == 5
    assert all(row.tools["nbgit"].median > 0 for row in rows)


def test_merges_are_measured_and_their_answers_checked(tmp_path: Path) -> None:
    bench = Bench(Sandbox(tmp_path), Data("none", [], {}, {}, None), plain_and_nbgit(), 1, quick=True)
    rows = merge_rows(bench)
    assert [row.work for row in rows][:2] == ["merge driver, one side unchanged", "merge driver, clean"]
    assert all("git's own text merge" in row.remarks[0] for row in rows)


def test_a_generated_lab_is_told_through_all_its_stages(tmp_path: Path) -> None:
    sandbox, nbgit = Sandbox(tmp_path), plain_and_nbgit()[1]
    shape = LabShape(pipelines=1, stages=3, sessions=2, runs=30)
    place = nbgit.fresh(sandbox)
    make_lab(sandbox, place, shape)
    for journal in (place / ".git" / "nbgit" / "runs").glob("*.jsonl"):
        assert [error for row in journal.open() for error in validate(json.loads(row), "run.v1")] == []
    ask = [sys.executable, "-m", "nbgit", "blame-output", notebook_path(0, 2), "--cell", str(MAIN), "--json"]
    (match,) = json.loads(sandbox.run(ask, place))["matches"]
    (style, read) = match["inputs"]
    assert (style["path"], style["written_by"], read["path"]) == (STYLE, None, data_path(0, 1))
    assert [one["path"] for one in read["written_by"]["inputs"]] == [STYLE, data_path(0, 0)]
    assert match["recipe"]["among"] == 25
    assert {cell["code"][:10] for cell in match["recipe"]["cells"]} >= {"raw = pd.r", "fig, ax = "}
    append_runs(place / ".git", (0, 2), 1, shape, range(30, 31))
    (again,) = json.loads(sandbox.run(ask, place))["matches"]
    assert again["recipe"] == match["recipe"]
