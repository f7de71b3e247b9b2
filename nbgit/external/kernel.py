"""Ring 3: the door to nbformat's constructors and nbclient: make a notebook, and run it in a real kernel."""

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
