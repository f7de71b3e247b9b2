"""Real kernels in a box: notebooks run through nbclient in a python3 kernel, and the journals that they leave."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from nbgit.lineage.history.index import Index
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.store.repository import Repository
from tests.gitbox import SOURCE_ROOT, GitBox, Result

RUN = """
import json, sys
import nbclient, nbformat
cells, path = json.load(sys.stdin)
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
nbclient.NotebookClient(
    notebook, timeout=120, allow_errors=True, extra_arguments=["--log-level=ERROR"],
).execute()
nbformat.write(notebook, path)
"""


def run_cells(box: GitBox, cells: list[str], *, path: str = "n.ipynb", cwd: str | None = None) -> list[dict[str, Any]]:
    """Run a notebook of these cells in a fresh kernel started in the box; return the code cells with their outputs."""
    environ = {"JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore"}
    stdin = json.dumps([cells, path]).encode()
    done = box.run([sys.executable, "-c", RUN], stdin=stdin, cwd=cwd, environ=environ)
    assert done.code == 0, done
    folder = box.path if cwd is None else box.path / cwd
    found: list[dict[str, Any]] = json.loads((folder / path).read_text(encoding="utf-8"))["cells"]
    return found


def journals(box: GitBox) -> list[Path]:
    """Return the journals of the box, oldest first."""
    return sorted((box.path / ".git" / "nbgit" / "runs").glob("*.jsonl"))


def lines(box: GitBox, kind: str = "") -> list[dict[str, Any]]:
    """Return the lines of all journals, or those of one type."""
    found = [json.loads(row) for file in journals(box) for row in file.read_text(encoding="ascii").splitlines()]
    return [line for line in found if not kind or line["type"] == kind]


def runs(box: GitBox) -> list[dict[str, Any]]:
    """Return each run as its begin and end together, in the order in which they began."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines(box):
        if line["type"] in ("begin", "end"):
            found.setdefault(line["id"], {}).update({key: value for key, value in line.items() if key != "type"})
    return list(found.values())


def recorded(repository: Repository) -> list[Run]:
    """Return every run as lineage reads it, in the order in which they began."""
    return list(reversed(list(Records(repository, Index(None)).latest())))


def paths(run: dict[str, Any], key: str) -> list[str]:
    """Return the paths that a run has read or written (`reads`, `writes`), sorted."""
    return sorted(file["path"] for file in run.get(key, []))


SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
cells, before = json.load(sys.stdin)
exec(before)
shell = InteractiveShell.instance()
from nbgit.kernel.startup import start_if_opted_in
assert start_if_opted_in() is {starts}
for cell in cells:
    shell.run_cell(cell, store_history=True)
"""


def run_in_shell(
    box: GitBox, cells: list[str], *, before: str = "", starts: bool = True, cwd: str | None = None
) -> Result:
    """Run cells in IPython's shell without a kernel around it, in a process of its own that runs `before` first.

    With `starts` false the shell must find that it has nothing to record.
    """
    program = SHELL.replace("{starts}", str(starts))
    environ = {"PYTHONPATH": str(SOURCE_ROOT), "PYTHONWARNINGS": "ignore"}
    stdin = json.dumps([cells, before]).encode()
    done = box.run([sys.executable, "-c", program], stdin=stdin, cwd=cwd, environ=environ)
    assert done.code == 0, done
    return done


STEPS = """
import json, os, sys
import nbclient, nbformat
path, cells, steps = json.load(sys.stdin)
made = [nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
notebook = nbformat.v4.new_notebook(cells=made)
notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
notebook.metadata["language_info"] = {"name": "python"}
client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, extra_arguments=["--log-level=ERROR"])
client.reset_execution_trackers()
names = list(cells)
with client.setup_kernel():
    for name, source in steps:
        cell = made[names.index(name)]
        if source is not None:
            cell["source"] = source
        client.execute_cell(cell, names.index(name), store_history=True)
nbformat.write(notebook, path)
"""


def run_steps(box: GitBox, path: str, cells: dict[str, str], steps: list[str | tuple[str, str]]) -> None:
    """Write the notebook of these cells (id -> source) after running `steps` in one fresh kernel.

    A step is the id of the cell that is run, or (id, source) where the cell is edited first.
    """
    asked = [[step, None] if isinstance(step, str) else list(step) for step in steps]
    environ = {"JUPYTER_PLATFORM_DIRS": "1", "PYTHONWARNINGS": "ignore"}
    stdin = json.dumps([path, cells, asked]).encode()
    done = box.run([sys.executable, "-c", STEPS], stdin=stdin, environ=environ)
    assert done.code == 0, done
