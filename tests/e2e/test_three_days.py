"""The whole story of real notebooks that ran on three days, with all that goes wrong on such days (three_days.py)."""

from __future__ import annotations

import json
import platform
import shutil
from base64 import b64decode
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.lineage.lookup.pictures import picture_size
from tests.e2e.scene import assert_sound
from tests.e2e.three_days import ANALYSIS, CLEAN, DROP, ThreeDays
from tests.gitbox import GitBox

for module in ("pandas", "pyarrow", "h5py", "matplotlib", "jupyter_server", "nbclient", "ipykernel"):
    pytest.importorskip(module)

PYTHON = ".".join(platform.python_version_tuple()[:2])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ThreeDays:
    """Return the project, made once: real kernels take their time."""
    return ThreeDays(tmp_path_factory.mktemp("three days"))


def told(box: GitBox, *arguments: str) -> str:
    """Return what nbgit prints, which must be all it has to say."""
    result = box.nbgit(*arguments)
    assert (result.code, result.err) == (0, "")
    return result.out


def asked(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the only match of blame-output --json, held against the schema."""
    document = json.loads(told(box, "blame-output", *arguments, "--json"))
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    found: dict[str, Any] = match
    return found


STORY = """\
figure      analysis.ipynb  cell 10 [9] output 0 · image/png {size}
introduced  {plot:.10}  2020-11-05  Ada Lovelace  "plot the fit"
made by     run [9] of Thu 5 Nov 2020 14:16:00 (0.8 s), session 5, kernel python {python} on {host}
recipe      5 of 9 runs (conservative)
              [2] import h5py …
              [3] df = pd.read_csv('data/clean.csv')
              [6] with h5py.File('data/fit.h5') as file: …
              [8] width = 3
              [9] plt.plot(df.x, line(df.x), lw=width) …
inputs      data/clean.csv  <- clean.ipynb cell 4, Tue 3 Nov 2020 ({clean:.7})
              data/raw.csv  <- downloaded Mon 2 Nov 2020 from {address}/raw.csv by fetch.ipynb cell 2
            data/fit.h5  <- analysis.ipynb cell 5, Thu 5 Nov 2020 ({plot:.7})
              data/clean.parquet  <- clean.ipynb cell 5, Tue 3 Nov 2020 ({clean:.7})
                data/raw.csv  <- downloaded Mon 2 Nov 2020 from {address}/raw.csv by fetch.ipynb cell 2
packages    {packages}
state       fresh
code        as committed then; the same in HEAD

    plt.plot(df.x, line(df.x), lw=width)
    plt.plot(df.x, df.y, '.')
    plt.savefig('figures/fit.png')
"""


def size_of(box: GitBox, cell_id: str) -> str:
    """Return the size of the picture that a cell of analysis.ipynb shows."""
    cells = json.loads(box.read("analysis.ipynb"))["cells"]
    (data,) = [one["data"] for cell in cells if cell["id"] == cell_id for one in cell["outputs"] if "data" in one]
    return "{}x{}".format(*(picture_size(b64decode(data["image/png"])) or ()))


def story_of(project: ThreeDays, match: dict[str, Any]) -> str:
    """Return the story as it must be told; what depends on this machine is taken from where it is known."""
    own = ", ".join(f"{name} {version(name)}" for name in ("h5py", "matplotlib", "numpy", "pandas"))
    return STORY.format(
        size=size_of(project.box, "plot"),
        plot=project.commits["plot the fit"],
        clean=project.commits["clean the table"],
        address=project.address,
        python=PYTHON,
        host=platform.node(),
        packages=f"{own} and {len(match['packages']) - 4} more",
    )


def test_the_story_of_a_figure(project: ThreeDays) -> None:
    match = asked(project.box, "analysis.ipynb", "--cell-id", "plot")
    assert told(project.box, "blame-output", "analysis.ipynb", "--cell-id", "plot") == story_of(project, match)


def test_the_same_for_programs(project: ThreeDays) -> None:
    match = asked(project.box, "analysis.ipynb", "--cell-id", "plot")
    run = match["run"]
    assert (run["started"], run["ended"]) == ("2020-11-05T14:16:00.000000Z", "2020-11-05T14:16:00.800000Z")
    assert (run["cell_id"], run["execution_count"], run["outcome"]) == ("plot", 9, "ok")
    assert (run["person"], run["host"]) == ("Ada Lovelace <ada@example.org>", platform.node())
    assert (match["recipe"]["kind"], match["recipe"]["among"]) == ("recorded", 9)
    assert [(step["cell_id"], step["code"]) for step in match["recipe"]["cells"]] == [
        ("import", ANALYSIS["import"]),
        ("read", ANALYSIS["read"]),
        ("load", ANALYSIS["load"]),
        ("width", "width = 3"),
        ("plot", ANALYSIS["plot"]),
    ]
    clean, fit = match["inputs"]
    assert (clean["path"], fit["path"]) == ("data/clean.csv", "data/fit.h5")
    cleaned = clean["written_by"]
    assert cleaned["run"]["started"] == "2020-11-03T10:10:00.000000Z"  # not what the run wrote that was out of order
    assert cleaned["commit"]["commit"] == project.commits["clean the table"]
    assert [step["code"] for step in cleaned["recipe"]["cells"]] == [CLEAN["import"], CLEAN["read"], DROP, CLEAN["csv"]]
    fitted = fit["written_by"]["recipe"]["cells"]
    assert [step["cell_id"] for step in fitted] == ["import", "table", "degree", "fit", "keep"]
    assert fitted[2]["code"] == "degree = 2"  # it was 1 before, and the kernel was killed later
    (table,) = fit["written_by"]["inputs"]
    assert table["path"] == "data/clean.parquet"
    for raw in (*cleaned["inputs"], *table["written_by"]["inputs"]):
        assert (raw["path"], raw["url"]) == ("data/raw.csv", f"{project.address}/raw.csv")
        written = raw["written_by"]
        assert (written["path"], written["cell_index"], written["run"]["cell_id"]) == ("fetch.ipynb", 2, None)
        assert written["commit"]["summary"] == "fetch the data"
        assert [step["execution_count"] for step in written["recipe"]["cells"]] == [1, 3, 4]
    assert match["packages"]["pyarrow"] == version("pyarrow")
    assert (match["packages_now"], match["state"], match["reasons"]) == ({}, "fresh", [])


def test_a_figure_that_was_saved_to_a_file(project: ThreeDays) -> None:
    shown = asked(project.box, "analysis.ipynb", "--cell-id", "plot")
    saved = asked(project.box, "figures/fit.png")
    told_of = ("run", "recipe", "inputs", "packages", "state", "reasons", "introduced")
    assert {key: saved[key] for key in told_of} == {key: shown[key] for key in told_of}


DAYS = """\
Thu 05 Nov 2020
  analysis.ipynb  11 runs · python {python} · {host} · Ada Lovelace
    14:18:00  [11]     0.8 s  print(len(df), 'days')
    14:17:00  [10]     0.8 s  plt.bar(df.day, df.rate);
                              1 figure
    14:16:00   [9]     0.8 s  plt.plot(df.x, line(df.x), lw=width) …
                              wrote figures/fit.png · 1 figure
    14:15:00   [8]     0.8 s  width = 3
    14:14:00   [7]     0.8 s  plt.plot(df.x, line(df.x), lw=width) …
                              wrote figures/fit.png · 1 figure
    14:13:00   [6]     0.8 s  with h5py.File('data/fit.h5') as file: …
                              read data/fit.h5
    14:12:00   [5]     0.8 s  width = 1
    14:11:00   [4]     0.8 s  print(len(df), 'days')
    14:10:00   [3]     0.8 s  df = pd.read_csv('data/clean.csv')
                              read data/clean.csv
    14:09:00   [2]     0.8 s  import h5py …
    14:08:00   [1] NameError  plt.plot(df.x, line(df.x), lw=width) …

  analysis.ipynb  8 runs · python {python} · {host} · Ada Lovelace
    14:07:00   [ ]  lost  while True: …
    14:06:00   [7] 0.8 s  with h5py.File('data/fit.h5', 'w') as file: …
                          wrote data/fit.h5
    14:05:00   [6] 0.8 s  found = np.polyfit(table.x, table.y, degree)
    14:04:00   [5] 0.8 s  degree = 2
    14:03:00   [4] 0.8 s  found = np.polyfit(table.x, table.y, degree)
    14:02:00   [3] 0.8 s  table = pd.read_parquet('data/clean.parquet')
                          read data/clean.parquet
    14:01:00   [2] 0.8 s  degree = 1
    14:00:00   [1] 0.8 s  import h5py …

Tue 03 Nov 2020
  clean.ipynb  7 runs · python {python} · {host} · Ada Lovelace
    10:12:00   [7] 0.8 s  df[['x', 'y']].to_parquet('data/clean.parquet')
                          wrote data/clean.parquet
    10:11:00   [6] 0.8 s  df.describe()
    10:10:00   [5] 0.8 s  df.to_csv('data/clean.csv', index=False)
                          wrote data/clean.csv
    10:09:00   [4] 0.8 s  df = df.dropna().reset_index(drop=True) …
    10:08:00   [3] 0.8 s  df.describe()
    10:07:00   [2] 0.8 s  df = pd.read_csv('data/raw.csv')
                          read data/raw.csv
    10:06:00   [1] 0.8 s  import pandas as pd

  clean.ipynb  6 runs · python {python} · {host} · Ada Lovelace
    10:05:00   [ ]  lost  import os …
    10:04:00   [5] 0.8 s  df.describe()
    10:03:00   [4] 0.8 s  df = df.dropna()
    10:02:00   [3] 0.8 s  df.to_csv('data/clean.csv', index=False)
                          wrote data/clean.csv
    10:01:00   [2] 0.8 s  df = pd.read_csv('data/raw.csv')
                          read data/raw.csv
    10:00:00   [1] 0.8 s  import pandas as pd

Mon 02 Nov 2020
  a kernel at the top  4 runs · python {python} · {host} · Ada Lovelace
    09:03:00   [4]     0.8 s  with open('data/raw.csv', 'wb') as file: …
                              wrote data/raw.csv
    09:02:00   [3]     0.8 s  page = urlopen('{address}/raw.csv').read()
                              fetched {address}/raw.csv
    09:01:00   [2] HTTPError  page = urlopen('{address}/raw.tsv').read()
                              fetched {address}/raw.tsv
    09:00:00   [1]     0.8 s  from urllib.request import urlopen

"""


def test_what_was_done_on_which_day(project: ThreeDays) -> None:
    names = {"python": platform.python_version(), "host": platform.node(), "address": project.address}
    assert told(project.box, "log", "--runs") == DAYS.format(**names)


AFFECTED = """\
analysis.ipynb  cell 10 [9] output 0 · image/png {size}
    {plot:.10}  2020-11-05  Ada Lovelace  "plot the fit"
analysis.ipynb  cell 11 [10] output 0 · image/png {bars}
    {plot:.10}  2020-11-05  Ada Lovelace  "plot the fit"
2 figures, 1 more in no commit; 22 runs
files: data/clean.csv, data/clean.parquet, data/fit.h5, figures/fit.png
"""


def test_what_rests_on_the_download(project: ThreeDays) -> None:
    size, bars = size_of(project.box, "plot"), size_of(project.box, "rates")
    expected = AFFECTED.format(size=size, bars=bars, plot=project.commits["plot the fit"])
    assert told(project.box, "affected", "data/raw.csv") == expected


def test_a_figure_of_runs_out_of_order(project: ThreeDays) -> None:
    match = asked(project.box, "analysis.ipynb", "--cell-id", "count")
    assert [step["cell_id"] for step in match["recipe"]["cells"]] == ["import", "read", "count"]


def test_a_figure_of_which_a_cell_was_edited_since(project: ThreeDays, tmp_path: Path) -> None:
    shutil.copytree(project.box.path, tmp_path / "work", symlinks=True)
    box = GitBox(tmp_path, init=False)
    notebook = json.loads(box.read("analysis.ipynb"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "load"]
    cell["source"] = "line = np.poly1d([1, 0])"
    box.write("analysis.ipynb", json.dumps(notebook).encode())
    box.write("data/raw.csv", b"day,x,y\n")
    match = asked(box, "analysis.ipynb", "--cell-id", "plot")
    assert (match["state"], match["reasons"]) == (
        "stale",
        ["cell 7 has been edited since", "data/raw.csv has changed since"],
    )
    expected = story_of(project, match).replace(
        "state       fresh\n",
        "state       stale: cell 7 has been edited since\n                   data/raw.csv has changed since\n",
    )
    assert told(box, "blame-output", "analysis.ipynb", "--cell-id", "plot") == expected


def test_the_story_on_another_machine(project: ThreeDays) -> None:
    here, there = project.box, project.hub.clone("elsewhere")
    match = asked(there, "analysis.ipynb", "--cell-id", "plot")
    missing = ["data/clean.csv", "data/fit.h5", "data/raw.csv", "data/clean.parquet"]  # git ignores them
    reasons = [f"{path} is not in this clone" for path in missing]
    assert (match["state"], match["reasons"]) == ("unknown", reasons)
    state = "state       unknown: " + f"\n{' ' * 21}".join(reasons) + "\n"
    expected = story_of(project, match).replace("state       fresh\n", state)
    assert told(there, "blame-output", "analysis.ipynb", "--cell-id", "plot") == expected
    saved = told(there, "blame-output", "figures/fit.png")
    assert saved[saved.index("introduced") :] == expected[expected.index("introduced") :]
    same = asked(here, "analysis.ipynb", "--cell-id", "plot")
    assert match["recipe"] == same["recipe"]
    for path in missing:
        there.write(path, here.read(path))
    assert asked(there, "analysis.ipynb", "--cell-id", "plot")["state"] == "fresh"
    assert told(there, "affected", "data/raw.csv").startswith("analysis.ipynb  cell 10 [9] output 0 · image/png ")
    runs = told(there, "log", "--runs")
    assert "lost" not in runs  # no output rests on the runs of the crash
    assert_sound(there)


def test_nothing_is_damaged(project: ThreeDays) -> None:
    assert_sound(project.box)
    (remote,) = json.loads(told(project.box, "status", "--json"))["remotes"]
    assert (remote["unpushed"], remote["unshared"]) == (0, 0)
