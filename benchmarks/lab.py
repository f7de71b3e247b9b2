"""A lab of as many notebooks and recorded runs as one likes: pipelines of notebooks, each reading what the last wrote.

The notebooks are committed with nbgit; the journals are written by the kernel's own writer, line by line, as it would
have written them. Only the kernels are left out.
"""

from __future__ import annotations

import base64
import random
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.notebooks import notebook_bytes, png
from benchmarks.sandbox import OLD, Sandbox, write_files
from nbgit.kernel.journal import Journal, rfc3339

COMMITS = 10
DAY = 86_400
PAUSE = 30  # seconds from one run to the next
STYLE = "style.json"  # what every notebook reads
CELLS = (  # code, names bound, kind of output; {p} is edited now and then
    ("import json\nimport numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt", "json np pd plt", ""),
    ("style = json.load(open('style.json'))\nplt.rcParams.update(style)", "style", "style"),
    ("raw = pd.read_csv('{source}')", "raw", "read"),
    ("raw.head()", "", "text"),
    ("raw.describe()", "", "text"),
    ("def normed(values, by={p}):\n    low, high = np.percentile(values, [by, 100 - by])\n"
     "    return (values - low) / (high - low)", "normed", ""),
    ("table = raw.dropna().query('flux > {p}').copy()", "table", ""),
    ("table['ratio'] = normed(table.flux) / table.error", "", ""),
    ("print(len(raw), len(table))", "", "stream"),
    ("groups = table.groupby('source_id')", "groups", ""),
    ("means = groups.ratio.agg(['mean', 'std', 'count'])", "means", ""),
    ("means.sort_values('mean').tail(10)", "", "text"),
    ("window = {p}\nsmooth = table.ratio.rolling(window, center=True).mean()", "window smooth", ""),
    ("residuals = []\nfor name, group in groups:\n    fit = np.polyfit(group.time, group.ratio, 2)\n"
     "    residuals.append(group.ratio - np.polyval(fit, group.time))", "residuals name group fit", ""),
    ("scatter = np.concatenate(residuals).std()\nscatter", "scatter", "text"),
    ("rng = np.random.default_rng({p})\ndraws = rng.normal(0, scatter, (200, len(table)))", "rng draws", ""),
    ("spread = draws.std(axis=0)\nlimits = np.quantile(spread, [0.05, 0.95])", "spread limits", ""),
    ("table.loc[:, 'weight'] = 1 / (spread + {p})", "", ""),
    ("fig, ax = plt.subplots(figsize=(6, 4))\nax.plot(table.time, table.ratio, '.')\nax.plot(table.time, smooth)\n"
     "ax.set_title('{name}')\nplt.show()", "fig ax", "figure"),
    ("fig, ax = plt.subplots()\nax.hist(np.concatenate(residuals), bins={p})\nplt.show()", "fig ax", "figure"),
    ("best = means[means['count'] > {p}].index", "best", ""),
    ("clean = table[table.source_id.isin(best)].reset_index(drop=True)", "clean", ""),
    ("clean.to_csv('{target}', index=False)", "", "write"),
    ("clean.shape", "", "text"),
)  # fmt: skip
MAIN = 18  # the cell whose figure is asked for


class Shape(NamedTuple):
    """How large a lab is: pipelines of so many notebooks, each run in so many sessions of so many runs."""

    pipelines: int
    stages: int
    sessions: int
    runs: int

    @property
    def notebooks(self) -> int:
        """Return how many notebooks that makes."""
        return self.pipelines * self.stages

    @property
    def all_runs(self) -> int:
        """Return how many runs that makes."""
        return self.notebooks * self.sessions * self.runs


def notebook_path(pipeline: int, stage: int) -> str:
    """Return the path of a notebook."""
    return f"pipeline-{pipeline:03d}/stage-{stage:02d}.ipynb"


def data_path(pipeline: int, stage: int) -> str:
    """Return the path of the file that a stage writes; of stage -1, which nobody writes, what the first one reads."""
    return f"data/survey-{pipeline:03d}-{f'stage-{stage:02d}' if stage >= 0 else 'raw'}.csv"


def make_lab(sandbox: Sandbox, place: Path, shape: Shape) -> None:
    """Fill a fresh repository with nbgit installed."""
    every = [(pipeline, stage) for pipeline in range(shape.pipelines) for stage in range(shape.stages)]
    for number in range(min(COMMITS, len(every))):
        part = every[number::COMMITS]
        files = {notebook_path(*one): notebook_bytes(_cells(*one, shape)) for one in part}
        write_files(place, files, OLD + number)
        sandbox.git(place, "add", "-A")
        dates = {f"GIT_{role}_DATE": f"{_start(shape, shape.sessions, 0)} +0000" for role in ("AUTHOR", "COMMITTER")}
        sandbox.git(place, "commit", "-q", "-m", f"part {number}", environ=dates)
    for one in every:
        for session in range(shape.sessions):
            write_session(place / ".git", one, session, shape)


def write_session(git_dir: Path, notebook: tuple[int, int], number: int, shape: Shape) -> None:
    """Write the journal of one session."""
    journal, start = _journal(git_dir, notebook, number, shape)
    name = journal.session
    first = {"type": "session", "nbgit-run": 1, "id": name, "started": rfc3339(start), "pid": 1, "host": "lab-pc"}
    kernel = {"python": "3.11.7", "executable": "~/.venv/bin/python", "ipython": "9.18.1", "ipykernel": "7.4.0"}
    journal.append(first | {"cwd": f"pipeline-{notebook[0]:03d}", "kernel": kernel})
    told = {"type": "session", "id": name}
    journal.append(told | {"notebook": notebook_path(*notebook), "frontend": "jupyter"})
    journal.append(told | {"person": "Ada Lovelace <ada@example.org>"})
    versions = {"numpy": "2.4.6", "pandas": "3.1.1", "matplotlib": "3.10.0"}
    journal.append({"type": "packages", "session": name, "run": f"{name}:1", "packages": versions})
    journal.close()
    append_runs(git_dir, notebook, number, shape, range(shape.runs))


def append_runs(git_dir: Path, notebook: tuple[int, int], number: int, shape: Shape, runs: range) -> None:
    """Append runs to the journal of a session; numbers of runs count from 0."""
    journal, start = _journal(git_dir, notebook, number, shape)
    for run in runs:
        for line in _run(notebook, number, run, shape):
            when = {"started": rfc3339(start + PAUSE * run, 6), "head": "0" * 40} if line["type"] == "begin" else {}
            journal.append({"type": line["type"], "id": f"{journal.session}:{run + 1}"} | line | when)
    journal.close()


def _journal(git_dir: Path, notebook: tuple[int, int], number: int, shape: Shape) -> tuple[Journal, float]:
    """Return the journal of a session, and when it began."""
    pipeline, stage = notebook
    source = random.Random(f"{pipeline}-{stage}-{number}")
    start = _start(shape, number, stage) + source.random() * 600
    name = f"{rfc3339(start)[:19].replace('-', '').replace(':', '')}-{source.getrandbits(48):012x}"
    return Journal(str(git_dir), name), start


def _run(notebook: tuple[int, int], session: int, run: int, shape: Shape) -> list[dict[str, Any]]:
    """Return the two lines of a run without what its session and time give."""
    cell = _cell_of(run, shape)
    _, names, kind = CELLS[cell]
    pipeline, stage = notebook
    end: dict[str, Any] = {"type": "end", "execution_count": run + 1, "outcome": "ok", "seconds": 0.021, "dirty": False}
    if names:
        end["bound"] = sorted(names.split())
    if kind in ("text", "figure"):
        mime = "image/png" if kind == "figure" else "text/plain"
        end["displayed"] = [{"mime": mime, "digest": _digest(notebook, session, run, shape)}]
    if kind == "read":
        end["reads"] = [_file(data_path(pipeline, stage - 1), stage and session + 1)]
    elif kind == "style":
        end["reads"] = [_file(STYLE, 0)]
    elif kind == "write":
        end["writes"] = [_file(data_path(pipeline, stage), session + 1)]
    if kind == "figure":
        end["touches"] = ["pyplot"]
    return [{"type": "begin", "cell_id": _cell_id(notebook, cell), "code": _code(notebook, cell, run, shape)}, end]


def _cell_of(run: int, shape: Shape) -> int:
    """Return which cell a run is of: some of the first ones, then all in their order again and again to the last."""
    begun = shape.runs % len(CELLS)
    return run if run < begun else (run - begun) % len(CELLS)


def _code(notebook: tuple[int, int], cell: int, run: int, shape: Shape) -> str:
    edit = str(3 + max(0, shape.runs - 1 - run) // len(CELLS))
    source, target = (f"../{data_path(notebook[0], stage)}" for stage in (notebook[1] - 1, notebook[1]))
    told = {"{p}": edit, "{source}": source, "{target}": target, "{name}": notebook_path(*notebook)}
    code = CELLS[cell][0]
    for mark, text in told.items():
        code = code.replace(mark, text)
    return code


def _picture(notebook: tuple[int, int], session: int, run: int) -> bytes:
    return png(random.Random(f"{notebook}-{session}-{run}"), 500)


def _digest(notebook: tuple[int, int], session: int, run: int, shape: Shape) -> str:
    if run >= shape.runs - len(CELLS) and _cell_of(run, shape) == MAIN and session == shape.sessions - 1:
        return f"sha256:{sha256(_picture(notebook, session, run)).hexdigest()}"
    return f"sha256:{sha256(f'{notebook}-{session}-{run}'.encode()).hexdigest()}"


def _file(path: str, version: int) -> dict[str, Any]:
    digest = sha256(f"{path}-{version}".encode()).hexdigest()
    return {"path": path, "size": 52_000 + version, "mtime": "2026-01-01T00:00:00.000000Z", "sha256": digest}


def _cell_id(notebook: tuple[int, int], cell: int) -> str:
    return f"{notebook[0]:03d}{notebook[1]:02d}{cell:03d}"


def _start(shape: Shape, session: int, stage: int) -> int:
    """Return when a session began: each stage a day after the one before, each round of them behind the last."""
    return 1_700_000_000 + DAY * (session * shape.stages + stage)


def _cells(pipeline: int, stage: int, shape: Shape) -> list[dict[str, Any]]:
    """Return the cells as the last runs of the last session left them."""
    notebook, session = (pipeline, stage), shape.sessions - 1
    found = []
    for cell, (_, _, kind) in enumerate(CELLS):
        run = shape.runs - len(CELLS) + cell
        outputs: list[dict[str, Any]] = []
        if kind == "figure" and cell == MAIN:
            picture = base64.b64encode(_picture(notebook, session, run)).decode("ascii")
            outputs = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": picture + "\n"}}]
        elif kind == "stream":
            outputs = [{"output_type": "stream", "name": "stdout", "text": [f"{pipeline} {stage}\n"]}]
        lines = _code(notebook, cell, run, shape).splitlines(keepends=True)
        told = {"cell_type": "code", "id": _cell_id(notebook, cell), "metadata": {}, "execution_count": run + 1}
        found.append(told | {"outputs": outputs, "source": lines})
    return found
