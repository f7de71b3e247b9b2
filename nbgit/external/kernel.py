"""Ring 3: the door to nbformat's constructors, nbclient and jupyter_client: notebooks, made and run."""

import os
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


def run_recorded(cells: list[str], folder: str, into: str) -> None:
    """Run cells in a fresh python3 kernel started in `folder`, with its journal below `into` and nowhere else.

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
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        _ask(client, f"exec({_START!r}, {{'package': {package!r}, 'folder': {into!r}}})", silent=True)
        for cell in cells:
            _ask(client, cell)
        _ask(client, f"exec({_END!r}, {{}})", silent=True)
    except (TimeoutError, RuntimeError) as error:
        raise KernelFailed("the kernel died, or a cell took more than five minutes; nothing was sliced") from error
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# The kernel may be of another environment, which has another nbgit or none, and its startup file may have loaded one.
_START = """
import os, sys
from importlib.util import module_from_spec, spec_from_file_location
if "nbgit.kernel.extension" in sys.modules:
    sys.modules["nbgit.kernel.extension"].unload()
for name in [name for name in sys.modules if name.partition(".")[0] == "nbgit"]:
    del sys.modules[name]
main = os.path.join(package, "__init__.py")
spec = spec_from_file_location("nbgit", main, submodule_search_locations=[package])
sys.modules["nbgit"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["nbgit"])
from nbgit.kernel.startup import start_in
start_in(folder)
"""
_END = "import sys\nsys.modules['nbgit.kernel.extension'].unload()"


def _ask(client: Any, code: str, *, silent: bool = False) -> None:
    client.execute_interactive(
        code,
        silent=silent,
        store_history=not silent,
        allow_stdin=False,
        stop_on_error=False,
        timeout=300,
        output_hook=lambda message: None,
    )
