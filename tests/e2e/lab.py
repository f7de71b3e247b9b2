"""Two notebooks that really ran, one on what the other wrote, for tests of what became of their outputs since."""

from __future__ import annotations

import json
from typing import Any

from tests.gitbox import GitBox
from tests.kernels import run_steps

CLEAN = {
    "import": "import csv, os, time",
    "read": "rows = list(csv.reader(open('raw.csv')))",
    "look": "rows[:2]",
    "write": "with open('data/clean.csv', 'w', newline='') as file:\n    csv.writer(file).writerows(rows)",
    "clock": "open(os.environ.get('MARK', os.devnull), 'w').close()\n"
    "time.sleep(float(os.environ.get('NAP', 0)))\ntime.time_ns()",
}
PLOT = {
    "import": "import matplotlib.pyplot as plt\n%matplotlib inline",
    "read": "lines = open('data/clean.csv').read().split()",
    "width": "unused = [1] * 1000\nwidth = 3",
    "plot": "plt.plot([len(line) for line in lines], lw=width);",
    "count": "print(len(lines))",
    "show": "n + 1",
    "n": "n = len(lines)",
    "twice": "n * 2",
    "never": "plt.hist([1])",
}
STEPS: list[str | tuple[str, str]] = ["import", "read", "width", "plot", "count", "n", "show", "twice"]


def make_lab(box: GitBox) -> None:
    """Run and commit clean.ipynb, and plot.ipynb with its cells out of order."""
    box.write(".gitignore", b"data/\n")
    box.write("raw.csv", b"x,y\n1,2\n3,5\n")
    (box.path / "data").mkdir()
    run_steps(box, "clean.ipynb", CLEAN, list(CLEAN))
    box.commit("clean")
    run_steps(box, "plot.ipynb", PLOT, STEPS)
    box.commit("plot")


def change(box: GitBox, path: str, cell_id: str, **members: Any) -> None:
    """Give one cell of a notebook on disk other members."""
    document = json.loads((box.path / path).read_text("utf-8"))
    (cell,) = [cell for cell in document["cells"] if cell["id"] == cell_id]
    cell.update(members)
    box.write(path, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
