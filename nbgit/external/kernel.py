"""Ring 3: the door to nbformat's constructors, nbclient and jupyter_client: notebooks, made and run."""

import json
import os
from ast import literal_eval
from importlib import import_module
from typing import Any

from nbgit.errors import KernelFailed, MissingExtra

QUIET = ["--log-level=ERROR"]  # a kernel on this machine only need not warn that its sockets are not encrypted


def make_notebook(cells: list[tuple[str, str]]) -> Any:
    """Return a notebook (nbformat 4.5) of (kind, source) cells, with the ids `cell-0`, `cell-1`, ..."""
    nbformat: Any = import_module("nbformat")
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    notebook.cells = [make[kind](source, id=f"cell-{index}") for index, (kind, source) in enumerate(cells)]
    return notebook


def run_notebook(notebook: Any, folder: str) -> bytes:
    """Run a notebook in a fresh python3 kernel started in `folder`; return the notebook's bytes, outputs and all.

    Raises MissingExtra where nbclient or the kernel is not installed, KernelFailed where a cell fails.
    """
    nbformat: Any = import_module("nbformat")
    try:
        import nbclient
        from jupyter_client.kernelspec import NoSuchKernel
    except ImportError as error:
        raise MissingExtra(f"{error.name} is not installed; run `pip install 'nbgit[demo]'`") from error
    try:
        resources = {"metadata": {"path": folder}}
        client = nbclient.NotebookClient(notebook, timeout=300, resources=resources, extra_arguments=QUIET)
        client.execute()
    except NoSuchKernel as error:
        raise MissingExtra("there is no python3 kernel here; run `pip install 'nbgit[demo]'`") from error
    except nbclient.exceptions.CellExecutionError as error:
        last = str(error).strip().splitlines()[-1]
        raise KernelFailed(f"a cell of the notebook failed: {last}; the demo needs numpy and matplotlib") from error
    text: str = nbformat.writes(notebook)
    return text.encode("utf-8") + b"\n"


def run_watched(cells: list[str], folder: str) -> list[dict[str, Any]]:
    """Run cells in a fresh python3 kernel started in `folder`, and return what each did, as probe.py has it.

    A cell that fails is recorded, and the next is run. Raises MissingExtra where there is no kernel, KernelFailed where
    it dies or a cell takes more than five minutes.
    """
    try:
        from jupyter_client.kernelspec import NoSuchKernel
        from jupyter_client.manager import start_new_kernel
    except ImportError as error:
        raise MissingExtra(f"{error.name} is not installed; run `pip install 'nbgit[demo]'`") from error
    try:
        manager, client = start_new_kernel(kernel_name="python3", cwd=folder, extra_arguments=QUIET)
    except NoSuchKernel as error:
        raise MissingExtra("there is no python3 kernel here; run `pip install 'nbgit[demo]'`") from error
    try:
        _ask(client, f"exec({_START!r}, {{'source': {_probe_source()!r}}})", silent=True)
        return [_run_one(client, cell) for cell in cells]
    except (TimeoutError, RuntimeError) as error:
        raise KernelFailed("the kernel died, or a cell took more than five minutes; nothing was sliced") from error
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


_LAST = "__import__('sys').modules['nbgit_probe'].take()"
_START = """
import sys, types
module = sys.modules["nbgit_probe"] = types.ModuleType("nbgit_probe")
exec(compile(source, "<nbgit probe>", "exec"), module.__dict__)
module.begin(get_ipython())
""".replace("get_ipython()", "__import__('IPython').get_ipython()")


def _probe_source() -> str:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.py"), encoding="utf-8") as file:
        return file.read()


def _run_one(client: Any, cell: str) -> dict[str, Any]:
    _ask(client, cell)
    reply = _ask(client, "", {"last": _LAST})
    record: dict[str, Any] = json.loads(
        literal_eval(reply["content"]["user_expressions"]["last"]["data"]["text/plain"])
    )
    return record


def _ask(client: Any, code: str, expressions: dict[str, str] | None = None, *, silent: bool = False) -> dict[str, Any]:
    reply: dict[str, Any] = client.execute_interactive(
        code,
        silent=silent,
        store_history=not silent and expressions is None,
        user_expressions=expressions,
        allow_stdin=False,
        stop_on_error=False,
        timeout=300,
        output_hook=lambda message: None,
    )
    return reply
