"""The project of test_three_days.py: downloaded on Monday, cleaned on Tuesday, fitted and plotted on Thursday.

Every cell really runs; only the days are moved (tests/clock.py).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.clock import Day
from tests.e2e.hub import Hub
from tests.gitbox import GitBox
from tests.jupyter_server import Opened, Server
from tests.kernels import lines, run_steps
from tests.waiting import wait_until

RAW = "day,x,y\n" + "".join(f"{n},{n * 0.5},{'' if n % 7 == 3 else n * n}\n" for n in range(40))
FETCH = {
    "import": "from urllib.request import urlopen",
    "get": "page = urlopen('{address}/raw.tsv').read()",
    "save": "with open('data/raw.csv', 'wb') as file:\n    _ = file.write(page)",
}
CLEAN = {
    "import": "import pandas as pd",
    "read": "df = pd.read_csv('data/raw.csv')",
    "drop": "df = df.dropna()",
    "csv": "df.to_csv('data/clean.csv', index=False)",
    "parquet": "df[['x', 'y']].to_parquet('data/clean.parquet')",
    "look": "df.describe()",
    "crash": "import os\nos.abort()",
}
DROP = "df = df.dropna().reset_index(drop=True)\ndf['rate'] = df.y / (df.x + 1)"
ANALYSIS = {
    "import": "import h5py\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd",
    "table": "table = pd.read_parquet('data/clean.parquet')",
    "degree": "degree = 1",
    "fit": "found = np.polyfit(table.x, table.y, degree)",
    "keep": "with h5py.File('data/fit.h5', 'w') as file:\n    file['coefficients'] = found",
    "again": "while True:\n    found = np.polyfit(table.x, table.y, degree)",
    "read": "df = pd.read_csv('data/clean.csv')",
    "load": "with h5py.File('data/fit.h5') as file:\n    line = np.poly1d(file['coefficients'][:])",
    "count": "print(len(df), 'days')",
    "width": "width = 1",
    "plot": "plt.plot(df.x, line(df.x), lw=width)\nplt.plot(df.x, df.y, '.')\nplt.savefig('figures/fit.png')",
    "rates": "plt.bar(df.day, df.rate);",
}


Step = str | tuple[str, str]  # the id of the cell that is run, or with its source where that is edited first


class ThreeDays:
    """The project on `box`, a clone of `hub`; `address` served the data, and `commits` are oids by subject."""

    def __init__(self, root: Path) -> None:
        self.hub = Hub(root)
        self.box = self.hub.clone("work")
        self.box.git("checkout", "-q", "-b", "main")
        with serving(root / "served") as self.address, serving_notebooks(self.box) as self.server:
            self._prepare()
            self._monday()
            self._tuesday()
            self._thursday()
        self._friday()
        rows = self.box.git("log", "--format=%H %s").splitlines()
        self.commits = {row.partition(" ")[2]: row.partition(" ")[0] for row in rows}

    def short(self, subject: str, digits: int = 7) -> str:
        """Return the first digits of a commit's oid."""
        return self.commits[subject][:digits]

    def _prepare(self) -> None:
        self.box.write(".gitignore", b"data/\n.ipynb_checkpoints/\n")
        self.box.write("figures/README", b"What the notebooks draw.\n")
        (self.box.path / "data").mkdir()
        self.box.commit("set up")

    def _monday(self) -> None:
        """Download through nbclient; the first address is wrong."""
        address = self.address
        cells = {name: source.replace("{address}", address) for name, source in FETCH.items()}
        right = f"page = urlopen('{address}/raw.csv').read()"
        run_steps(self.box, "fetch.ipynb", cells, ["import", "get", ("get", right), "save"])
        Day(self.box, "2020-11-02T09:00:00Z")
        self.box.commit("fetch the data")

    def _tuesday(self) -> None:
        """Clean in a Jupyter server, out of order, until the kernel crashes; then with another way to clean."""
        self.box.git("checkout", "-q", "-b", "analysis")
        notebook = Opened(self.server, "clean.ipynb", CLEAN)
        order = ["import", "read", "csv", "drop", "look", "crash"]
        assert notebook.run(*order) == ["ok"] * 5 + ["lost"]
        notebook.edit("drop", DROP)
        notebook.delete("crash")
        order = ["import", "read", "look", "drop", "csv", "look", "parquet"]
        assert notebook.run(*order) == ["ok"] * len(order)
        notebook.save()
        notebook.shut_down()
        Day(self.box, "2020-11-03T10:00:00Z")
        self.box.commit("clean the table")

    def _thursday(self) -> None:
        """Fit, until the kernel is killed; then plot what was kept, with edits and out of order."""
        notebook = Opened(self.server, "analysis.ipynb", ANALYSIS)
        order: list[Step] = [
            "import",
            "degree",
            "table",
            "fit",
            ("degree", "degree = 2"),
            "fit",
            "keep",
        ]
        for step in order:
            self._step(notebook, step)
        assert notebook.run("again", then=self._kill) == ["lost"]
        notebook.delete("again")
        assert notebook.run("plot") == ["error"]
        later: list[Step] = [
            "import",
            "read",
            "count",
            "width",
            "load",
            "plot",
            ("width", "width = 3"),
            "plot",
            "rates",
            "count",
        ]
        for step in later:
            self._step(notebook, step)
        notebook.save()
        notebook.shut_down()
        Day(self.box, "2020-11-05T14:00:00Z")
        self.box.commit("plot the fit")

    def _friday(self) -> None:
        """Rebase onto what was committed elsewhere meanwhile, and push."""
        self.box.git("checkout", "-q", "main")
        self.box.write("README", b"Rates of forty days.\n")
        self.box.commit("say what it is")
        self.box.git("rebase", "-q", "main", "analysis")
        self.box.git("branch", "-q", "-M", "analysis", "main")
        self.box.git("push", "-q", "origin", "main")

    def _step(self, notebook: Opened, step: Step) -> None:
        name = step if isinstance(step, str) else step[0]
        if not isinstance(step, str):
            notebook.edit(*step)
        assert notebook.run(name) == ["ok"]

    def _kill(self) -> None:
        """Kill the kernel that is at the cell `again`."""
        wait_until(lambda: [line for line in lines(self.box, "begin") if line.get("cell_id") == "again"], "the run")
        started = {line["id"]: line for line in lines(self.box, "session") if "pid" in line}
        os.kill(started[max(started)]["pid"], getattr(signal, "SIGKILL", signal.SIGTERM))


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve raw.csv over HTTP on loopback; give the address."""
    folder.mkdir()
    (folder / "raw.csv").write_text(RAW)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving_notebooks(box: GitBox) -> Iterator[Server]:
    """Give a Jupyter server in a box."""
    server = Server(box)
    try:
        yield server
    finally:
        server.close()
