"""A project whose figure was drawn three times in real kernels: with other data, code and packages, then as before.

`clean.ipynb` downloads `data/raw.csv` and writes `data/clean.csv`; `plot.ipynb` draws it. At `v1` and `v2` both were
run, at `v3` only the plot, with nothing changed but what its cell `noise` draws from the system.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.gitbox import GitBox
from tests.kernels import run_in_shell, run_steps
from tests.nb import code, notebook

RAW = "x,y\n1,2\n2,4\n3,5\n"
CLEAN = {
    "import": "import csv\nfrom urllib.request import urlopen",
    "get": "with open('data/raw.csv', 'wb') as file:\n    _ = file.write(urlopen('{url}').read())",
    "read": "rows = list(csv.reader(open('data/raw.csv')))",
    "scale": "scale = float(open('scale.txt').read())",
    "write": "with open('data/clean.csv', 'w') as file:\n"
    "    csv.writer(file).writerows([[x, float(y) * scale] for x, y in rows[1:]])",
}
PLOT = {
    "import": "import csv\nimport os\nimport matplotlib.pyplot as plt\nimport toolkit\nimport nbgit",
    "magic": "%matplotlib inline",
    "parameters": "width = 1\nsample = 'B7'",
    "read": "data = [[float(one) for one in row] for row in csv.reader(open('data/clean.csv'))]",
    "other": "print('nothing to do with it')",
    "plot": "nbgit.annotate(sample=sample)\nplt.plot(*zip(*data), lw=width)\nplt.title(sample);",
    "noise": "plt.figure(figsize=(2, 2))\nplt.imshow([list(os.urandom(8)) for _ in range(8)])\nplt.axis('off');",
}
WIDER = "width = 3\nsample = 'B8'"
DOTTED = "nbgit.annotate(sample=sample)\nplt.plot(*zip(*data), 'o-', lw=width)\nplt.title(sample);"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP on loopback; give the address of its raw.csv."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/raw.csv"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def install_toolkit(box: GitBox, version: str) -> None:
    """Put a distribution `toolkit` of that version on the path of the box's kernels."""
    site = box.root / "site"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir()
    (site / "toolkit.py").write_text("")
    info = site / f"toolkit-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toolkit\nVersion: {version}\n")
    (info / "top_level.txt").write_text("toolkit\n")
    box.environ |= {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def build(box: GitBox) -> None:
    """Run and commit the three versions in an empty repository with nbgit: tags v1, v2, v3 (v0: nothing ran)."""
    box.write(".gitignore", b"data/\n")
    box.write("scale.txt", b"1.5\n")
    commit(box, "set up", "v0")
    (box.path / "data").mkdir()
    folder = box.root / "served"
    folder.mkdir()
    (folder / "raw.csv").write_text(RAW)
    with served(folder) as url:
        clean = {key: code.replace("{url}", url) for key, code in CLEAN.items()}
        draw(box, "v1", "draw", "1.0", clean, PLOT)
        box.write("scale.txt", b"2.5\n")
        draw(box, "v2", "redraw wider", "1.1", clean, {**PLOT, "parameters": WIDER, "plot": DOTTED})
    run_steps(box, "plot.ipynb", {**PLOT, "parameters": WIDER, "plot": DOTTED}, list(PLOT))
    commit(box, "run again", "v3")


def draw(box: GitBox, tag: str, subject: str, toolkit: str, clean: dict[str, str], plot: dict[str, str]) -> None:
    """Run both notebooks, and commit and tag what they show."""
    install_toolkit(box, toolkit)
    cells = [code(source, id=name) for name, source in clean.items()]
    box.write("clean.ipynb", notebook(*cells, metadata={"language_info": {"name": "python"}}))
    run_in_shell(box, list(clean.values()))  # it shows nothing, and a kernel takes four times as long to start
    run_steps(box, "plot.ipynb", plot, list(plot))
    commit(box, subject, tag)


def commit(box: GitBox, subject: str, tag: str) -> None:
    """Commit all at the time that it is, which runs have too, and tag it."""
    box.git("add", "-A")
    now = {f"GIT_{role}_DATE": f"{int(time.time())} +0000" for role in ("AUTHOR", "COMMITTER")}
    done = box.run(["git", "commit", "-q", "--allow-empty", "-m", subject], environ=now)
    assert done.code == 0, done
    box.git("tag", tag)
