"""blame-output's whole story, of notebooks that really ran: download, clean, plot, with edits and runs out of order."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.external.nbformat import problem_with
from tests.gitbox import GitBox
from tests.kernels import run_cells, run_steps

RAW = "x,y\n1,2\n2,\n3,5\n"
FETCH = {
    "import": "from urllib.request import urlopen",
    "other": "print('nothing to do with it')",
    "get": "page = urlopen('{url}').read()",
    "save": "with open('data/raw.csv', 'wb') as file:\n    _ = file.write(page)",
}
CLEAN = {
    "import": "import pandas as pd",
    "look": "pd.read_csv('data/raw.csv').head()",
    "read": "df = pd.read_csv('data/raw.csv')",
    "scale": "scale = float(open('scale.txt').read())",
    "drop": "df = df.dropna()",
    "write": "(df * scale).to_csv('data/clean.csv', index=False)",
}
PLOT = {
    "import": "import matplotlib.pyplot as plt\nimport pandas as pd",
    "magic": "%matplotlib inline",
    "title": "title = 'fit'",
    "read": "df = pd.read_csv('data/clean.csv')",
    "count": "print(len(df))",
    "other": "plt.plot([3, 1, 2]);",
    "width": "width = 1",
    "plot": "plt.plot(df.x, df.y, lw=width);",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a folder with raw.csv over HTTP on loopback."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "raw.csv").write_text(RAW)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/raw.csv"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def project(installed: GitBox, address: str) -> GitBox:
    """Return a repository in which three notebooks were run and committed, one after the other."""
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    installed.write(".gitignore", b"data/\n")
    installed.write("scale.txt", b"1.5\n")
    installed.commit("set up")
    (installed.path / "data").mkdir()
    run_steps(
        installed, "fetch.ipynb", {key: code.replace("{url}", address) for key, code in FETCH.items()}, list(FETCH)
    )
    installed.commit("fetch")
    run_steps(installed, "clean.ipynb", CLEAN, list(CLEAN))
    installed.commit("clean")
    steps: list[str | tuple[str, str]] = [*PLOT, ("width", "width = 3"), "other", "plot"]
    run_steps(installed, "plot.ipynb", PLOT, steps)
    installed.commit("plot")
    return installed


def ask(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the only match of blame-output --json, held against the schema."""
    result = box.nbgit("blame-output", *arguments, "--json")
    assert result.code == 0, result
    document = json.loads(result.out)
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    found: dict[str, Any] = match
    return found


def told(box: GitBox, *arguments: str) -> str:
    """Return what blame-output says, with times, commits and versions made the same everywhere."""
    text = box.nbgit("blame-output", *arguments).out
    text = re.sub(r"\b[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2}( \d{4})?", "DAY", text)
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "TIME", text)
    text = re.sub(r"\(\d+(\.\d+)? m?s\)", "(LENGTH)", text)
    text = re.sub(r"\b[0-9a-f]{10}\b|\b[0-9a-f]{7}\b", "OID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"kernel python \S+ on .*", "KERNEL", text)
    return re.sub(r"(pandas|matplotlib) [\d.]+", r"\1 VERSION", re.sub(r" and \d+ more", " and MORE", text))


STORY = """\
figure      plot.ipynb  cell 7 [11] output 0 · image/png 534x413
introduced  OID  DATE  Ada Lovelace  "plot"
made by     run [11] of DAY TIME (LENGTH), session 3, KERNEL
recipe      5 of 11 runs (conservative)
               [1] import matplotlib.pyplot as plt …
               [2] %matplotlib inline
               [4] df = pd.read_csv('data/clean.csv')
               [9] width = 3
              [11] plt.plot(df.x, df.y, lw=width);
inputs      data/clean.csv  <- clean.ipynb cell 5, DAY (OID)
              data/raw.csv  <- downloaded DAY from http://HOST/raw.csv by fetch.ipynb cell 3
              scale.txt  <- committed OID DATE Ada Lovelace
packages    matplotlib VERSION, pandas VERSION and MORE
state       fresh
"""


def test_story_of_three_notebooks(project: GitBox, address: str) -> None:
    """One project, asked again after each thing that makes its figure stale, because kernels take long to start."""
    text = told(project, "plot.ipynb", "--cell-id", "plot")
    assert re.sub(r"\d+x\d+", "SIZE", text).startswith(re.sub(r"\d+x\d+", "SIZE", STORY))
    match = ask(project, "plot.ipynb", "--cell-id", "plot")
    assert "written" not in match
    (clean,) = match["inputs"]
    raw, scale = clean["written_by"]["inputs"]
    (page,) = raw["written_by"]["inputs"]
    assert [step["code"] for step in clean["written_by"]["recipe"]["cells"]] == [
        CLEAN[name] for name in ("import", "read", "scale", "drop", "write")
    ]
    assert (raw["url"], page["url"], page["path"]) == (address, address, None)
    assert (raw["written_by"]["path"], raw["written_by"]["cell_index"]) == ("fetch.ipynb", 3)
    assert scale["commit"]["summary"] == "set up"
    assert clean["written_by"]["commit"]["summary"] == "clean"
    assert match["run"]["id"] == match["recipe"]["cells"][-1]["run"]
    assert (match["state"], match["reasons"], match["out_of_order"]) == ("fresh", [], False)

    for path, cell in {"data/raw.csv": "save", "data/clean.csv": "write"}.items():
        file = ask(project, path)
        assert (file["written"], file["cell_id"], file["output_index"]) == (path, cell, None)
        assert (file["evidence"]["kind"], file["evidence"]["same"], file["state"]) == ("written", True, "fresh")
    assert file["recipe"] == clean["written_by"]["recipe"]
    assert file["introduced"]["summary"] == "clean"
    assert told(project, "data/clean.csv").startswith(
        "file        data/clean.csv · text/csv · clean.ipynb cell 5 [6]\n"
    )
    project.git("checkout", "-q", "HEAD~2")
    pending = project.nbgit("blame-output", "data/clean.csv", "--json")
    document = json.loads(pending.out)
    assert (pending.code, document["matches"], document["verdict"]) == (1, [], "none")
    assert validate(document, "blame-output.v1") == []
    (pending_file,) = document["not_committed"]
    assert pending_file["run"] == clean["written_by"]["run"]
    first, _, file_line, made_by, *_ = told(project, "data/clean.csv").splitlines()
    assert file_line == "file        data/clean.csv, not committed yet"
    assert first == "data/clean.csv was written by a run of clean.ipynb that is not committed yet."
    assert made_by.startswith("made by     run [6] of ")
    project.git("checkout", "-q", "-")
    project.git("reset", "-q", "--soft", "HEAD~1")
    lines = told(project, "plot.ipynb", "--cell-id", "plot").splitlines()
    assert lines[:2] == ["plot.ipynb is only in the working tree and not committed yet, so no commit has it.", ""]
    assert lines[2].endswith("· image/png, not committed yet")
    assert lines[4].startswith("recipe      5 of 11 runs")
    project.git("reset", "-q", "--soft", "ORIG_HEAD")

    for path, shown in {"data/raw.csv": ["plot"], "scale.txt": ["plot"], "data/clean.csv": ["plot"]}.items():
        answer = json.loads(project.nbgit("affected", path, "--json").out)
        assert validate(answer, "affected.v1") == []
        assert [figure["cell_id"] for figure in answer["figures"]] == shown, answer
        assert answer["uncommitted"] == 1  # the first run of the cell, with another width
    told_of = project.nbgit("affected", "data/raw.csv").out
    assert "1 figure, 1 more in no commit; " in told_of
    assert "files: data/clean.csv" in told_of
    assert project.nbgit("affected", "plot.ipynb").code == 1
    for name in ("recipe.py", "recipe.ipynb"):
        assert project.nbgit("blame-output", "plot.ipynb", "--cell-id", "plot", "--script", name).code == 0
        assert project.nbgit("blame-output", "plot.ipynb", "--cell-id", "plot", "--script", name).code == 2
    saved = b"\nplt.savefig('again.png')\n"
    project.write("recipe.py", (project.path / "recipe.py").read_bytes() + saved)
    assert project.run([sys.executable, "recipe.py"], environ={"MPLBACKEND": "agg"}).code == 0
    assert (project.path / "again.png").read_bytes()[:4] == b"\x89PNG"
    written = (project.path / "recipe.ipynb").read_bytes()
    recipe = json.loads(written)
    assert problem_with(written) == ""
    assert [cell["source"] for cell in recipe["cells"][1:]] == [cell["code"] for cell in match["recipe"]["cells"]]

    kept = project.read("data/clean.csv")
    project.write("data/clean.csv", b"x,y\n")
    said = told(project, "data/clean.csv")
    assert said.endswith("data/clean.csv was written by run [6] of clean.ipynb on DAY TIME, with another content.\n")
    project.write("data/clean.csv", kept)
    project.write("scale.txt", b"2.5\n")
    assert ask(project, "plot.ipynb", "--cell-id", "plot")["reasons"] == ["scale.txt has changed since"]
    (project.path / "data" / "clean.csv").unlink()
    assert "data/clean.csv is gone" in told(project, "plot.ipynb", "--cell-id", "plot")
    edit(project, "clean.ipynb", "drop", "df = df.fillna(0)")
    edit(project, "plot.ipynb", "width", "width = 4")
    edit(project, "plot.ipynb", "title", "title = 'of no account'")
    match = ask(project, "plot.ipynb", "--cell-id", "plot")
    assert match["state"] == "stale"
    assert match["reasons"] == [
        "cell 6 has been edited since",
        "data/clean.csv is gone",
        "cell 4 of clean.ipynb has been edited since",
        "scale.txt has changed since",
    ]


def test_runs_out_of_order_and_twice(installed: GitBox) -> None:
    cells = {"plot": "show(n)", "n": "n = 1", "add": "n = n + 1", "show": SHOW}
    run_steps(installed, "a.ipynb", cells, ["show", "n", "add", "add", "plot"])
    installed.commit("draw")
    match = ask(installed, "a.ipynb", "--cell-id", "plot")
    assert [cell["execution_count"] for cell in match["recipe"]["cells"]] == [1, 2, 3, 4, 5]
    assert (match["state"], match["out_of_order"]) == ("stale", True)
    assert match["reasons"] == ["out of order: cell 1 was run after cell 3"]


def test_without_a_record_the_committed_code_tells(installed: GitBox) -> None:
    cells = {"one": "n = 1", "two": "m = 2", "show": SHOW, "plot": "show(n)"}
    installed.git("config", "nbgit.runs", "false")
    run_steps(installed, "a.ipynb", cells, ["two", "one", "show", "plot"])
    installed.commit("draw")
    match = ask(installed, "a.ipynb", "--cell-id", "plot")
    assert match["recipe"]["kind"] == "static"
    assert [cell["code"] for cell in match["recipe"]["cells"]] == ["n = 1", SHOW, "show(n)"]
    assert (match["run"], match["state"], match["reasons"]) == (None, "unknown", ["no run of it was recorded"])
    edit(installed, "a.ipynb", "one", "n = 5")
    installed.commit("edit")
    match = ask(installed, "a.ipynb", "--cell-id", "plot")
    assert (match["state"], match["reasons"]) == ("stale", ["cell 0 has been edited since"])


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
SHOW = f"""\
import base64
from IPython.display import Image, display
def show(n):
    display(Image(base64.b64decode("{PIXEL}"), format="png"), metadata={{"n": n}})
"""


def edit(box: GitBox, path: str, cell_id: str, source: str) -> None:
    """Give one cell of a notebook on disk another source."""
    document = json.loads((box.path / path).read_text("utf-8"))
    (cell,) = [cell for cell in document["cells"] if cell["id"] == cell_id]
    cell["source"] = source
    box.write(path, json.dumps(document).encode())


def test_a_committed_input_tells_who_committed_it_and_what_reads_it(installed: GitBox) -> None:
    installed.write("data/raw.csv", RAW.encode())
    installed.write("notes.txt", b"nothing reads this\n")
    installed.commit("raw data")
    run_cells(installed, ["x = 1", "rows = open('data/raw.csv').read()", "print(rows)"])
    installed.commit("read it")
    told = installed.nbgit("blame-output", "data/raw.csv")
    assert told.code == 0
    assert "no run that was recorded has made it" in told.out
    assert re.search(r'committed   \w{10}  \S+  Ada Lovelace  "raw data"\n', told.out)
    assert "read by     n.ipynb cell 1 [2]\n" in told.out
    assert "`nbgit affected data/raw.csv` lists the figures" in told.out
    document = json.loads(installed.nbgit("blame-output", "data/raw.csv", "--json").out)
    assert validate(document, "blame-output.v1") == []
    assert document["input"]["introduced"]["summary"] == "raw data"
    assert [reader["cell_index"] for reader in document["input"]["read_by"]] == [1]
    notes = installed.nbgit("blame-output", "notes.txt")
    assert (notes.code, "no notebook's code names it" in notes.out) == (0, True)
    installed.write("data/raw.csv", b"x\n")
    changed = installed.nbgit("blame-output", "data/raw.csv")
    assert changed.code == 1
    assert changed.out == "No commit and no run that was recorded has data/raw.csv as it is now.\n"
    refused = installed.nbgit("blame-output", "notes.txt", "--script", "-")
    assert (refused.code, refused.out) == (1, "")
