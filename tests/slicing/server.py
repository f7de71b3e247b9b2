"""A warm IPython session that forks for each list of cells: one line of JSON in, one out.

Request: `{"cells": [...], "kept": [...], "files": {...}, "value": str, "file": str, "picture": bool, "facts": bool}`.
The cells in `kept` are run in order in a fresh directory, each with the execution count that it had among all; the
answer is the result of the last one, and the journal of the runs where `facts` are asked for.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from typing import Any

from nbgit.kernel.extension import unload
from nbgit.kernel.startup import start_in

PATIENCE = 20  # seconds for a run that waits for what a cell that is left out would have sent
LIGHT = ("sqlite3", "logging", "threading", "asyncio", "dataclasses", "concurrent.futures", "random", "csv")
HEAVY = ("numpy", "pandas", "matplotlib", "matplotlib.pyplot")


def counts_of(cells: list[str]) -> list[int]:
    """Return the execution count of each cell when all are run; a blank one has none of its own."""
    found, count = [], 0
    for cell in cells:
        count += bool(cell.strip())
        found.append(max(count, 1))
    return found


def result_of(shell: Any, request: dict[str, Any], log: Any) -> dict[str, Any]:
    """Run the kept cells; return what the last shows, raises and, if asked for, draws or has written."""
    counts = counts_of(request["cells"])
    kept = request["kept"]
    for index in kept[:-1]:
        shell.execution_count = counts[index]
        shell.run_cell(request["cells"][index], store_history=True)
    sys.stdout.flush()
    start = os.fstat(log.fileno()).st_size
    shell.execution_count = counts[kept[-1]]
    result = shell.run_cell(request["cells"][kept[-1]], store_history=True)
    sys.stdout.flush()
    with open(log.name, encoding="utf-8") as file:
        file.seek(start)
        text = file.read()
    error = result.error_before_exec or result.error_in_exec
    found = {"text": text if error is None else "", "error": type(error).__name__ if error is not None else ""}
    if error is not None:
        found["text"] = str(error)
    found["text"] = re.sub(r"0x[0-9a-fA-F]+", "0x", found["text"])
    if request.get("value"):
        try:
            found["value"] = repr(eval(request["value"], shell.user_ns))
        except Exception as failure:
            found["value"] = repr(failure)
    if request.get("file"):
        path = request["file"]
        found["file"] = digest_of(path) if os.path.exists(path) else "none"
    if request.get("picture"):
        found["picture"] = picture()
    return found


def digest_of(path: str) -> str:
    """Return the digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def picture() -> str:
    """Return the digest of the current figure's PNG."""
    from matplotlib import pyplot

    if not pyplot.get_fignums():
        return "none"
    data = io.BytesIO()
    pyplot.gcf().savefig(data, format="png", dpi=40)
    return hashlib.sha256(data.getvalue()).hexdigest()


def run_apart(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Run a request in a forked process; return its answer."""
    folder = tempfile.mkdtemp(prefix="slice ")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(PATIENCE)
        try:
            os.chdir(folder)
            sys.path.insert(0, "")
            for name, text in request.get("files", {}).items():
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
            with open(os.path.join(folder, "..", os.path.basename(folder) + ".log"), "w+") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8", write_through=True)
                if request.get("facts"):
                    os.mkdir(folder + ".runs")
                    start_in(folder + ".runs")
                answer = result_of(shell, request, log)
            if request.get("facts"):
                answer["journal"] = journal_below(folder + ".runs")
        except BaseException:
            answer = {"broken": traceback.format_exc()}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
            pipe.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder + ".runs", ignore_errors=True)
    if os.path.exists(folder + ".log"):
        os.remove(folder + ".log")
    found: dict[str, Any] = json.loads(text or '{"broken": "the process ended"}')
    return found


def journal_below(folder: str) -> str:
    """End the recording of this process; return what it has written."""
    unload()
    (journal,) = os.listdir(os.path.join(folder, "nbgit", "runs"))
    with open(os.path.join(folder, "nbgit", "runs", journal), encoding="ascii") as file:
        return file.read()


def main() -> None:
    """Answer requests until stdin ends."""
    os.environ.update({"MPLBACKEND": "Agg", "IPYTHONDIR": tempfile.mkdtemp(), "NO_COLOR": "1"})
    sys.dont_write_bytecode = True
    from importlib import import_module

    for name in LIGHT + HEAVY * ("heavy" in sys.argv):
        try:
            import_module(name)
        except ImportError:
            pass
    if "matplotlib.pyplot" in sys.modules:  # fonts are read once
        pyplot = sys.modules["matplotlib.pyplot"]
        pyplot.figure(figsize=(1, 1)).savefig(io.BytesIO())
        pyplot.close("all")
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance()
    shell.history_manager.enabled = False
    atexit.unregister(shell.atexit_operations)
    shell.colors = "nocolor"
    shell.showtraceback = lambda *args, **kwargs: None
    shell.run_cell("0;", store_history=False, silent=True)
    gc.collect()
    gc.freeze()
    gc.disable()  # so that a child copies no page that it does not write
    out = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        out.write(json.dumps(run_apart(shell, json.loads(line))) + "\n")
        out.flush()
    shutil.rmtree(os.environ["IPYTHONDIR"], ignore_errors=True)


if __name__ == "__main__":
    main()
