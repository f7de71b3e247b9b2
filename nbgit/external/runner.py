"""Ring 3: the door to nbclient for recipes: steps run one by one in a kernel of a given environment."""

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from nbgit.errors import KernelFailed, MissingExtra

OK, ERROR, TIMEOUT, DIED = "ok", "error", "timeout", "died"
OVER = "the time was over; --timeout gives it more"
NAME = "nbgit-reproduce"
# What would lead code of the recipe, or a kernel, to another place than the tree that it is run in.
STRAY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "JPY_SESSION_NAME")
QUIETLY = ["--log-level=ERROR"]
QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class Environment(NamedTuple):
    """Where code is run: by the Python at the path `python`, or else by the kernel that Jupyter knows as `kernel`."""

    kernel: str
    python: str = ""


class StepToRun(NamedTuple):
    """Code, and whether it raised when it was recorded, so that it may again."""

    code: str
    may_fail: bool = False


class Ran(NamedTuple):
    """What became of a step: OK, ERROR, TIMEOUT or DIED, the last line of what went wrong, and the seconds it took.

    `outputs` are as they stand in a notebook (nbformat 4).
    """

    outcome: str
    error: str
    seconds: float
    outputs: list[dict[str, Any]]


def run_steps(
    steps: Sequence[StepToRun],
    folder: str,
    environment: Environment,
    seconds: float,
    report: Callable[[int], None],
) -> list[Ran]:
    """Run steps in a fresh kernel started in `folder`, up to the first that goes wrong, and return what became of them.

    All steps together may take so many seconds; `report` is told how many are done. Afterwards the kernel is gone,
    whatever happens. Raises MissingExtra where nbclient or the kernel is not installed, KernelFailed where it
    does not start.
    """
    try:
        nbclient: Any = import_module("nbclient")
        nbformat: Any = import_module("nbformat")
        from jupyter_client.kernelspec import NoSuchKernel
    except ImportError as error:
        raise MissingExtra(f"{error.name} is not installed; run `pip install 'nbgit[run]'`") from error
    cells = [nbformat.v4.new_code_cell(step.code) for step in steps]
    for cell, step in zip(cells, steps, strict=True):
        cell.metadata["tags"] = ["raises-exception"] if step.may_fail else []
    notebook = nbformat.v4.new_notebook(cells=cells)
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-", ignore_cleanup_errors=True) as place:
        manager = _manager(environment, place)
        client = nbclient.NotebookClient(notebook, km=manager, shutdown_kernel="immediate")
        client.reset_execution_trackers()
        env = {name: value for name, value in os.environ.items() if name not in STRAY} | QUIET
        try:
            client.extra_arguments = QUIETLY if environment.python or manager.ipykernel else []
            with client.setup_kernel(cwd=folder, env=env, cleanup_kc=True):
                return _run_all(client, cells, seconds, report)
        except NoSuchKernel as error:
            raise MissingExtra(
                f"there is no kernel named {environment.kernel} here; name one with --kernel or --python"
            ) from error
        except (RuntimeError, OSError) as error:
            raise KernelFailed(f"the kernel did not start ({_last_line(str(error))}); is ipykernel there?") from error


def _run_all(client: Any, cells: list[Any], seconds: float, report: Callable[[int], None]) -> list[Ran]:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    done: list[Ran] = []
    deadline = time.monotonic() + seconds
    for number, cell in enumerate(cells):
        report(number)
        began = time.monotonic()
        outcome, error = OK, ""
        if began >= deadline:
            done.append(Ran(TIMEOUT, OVER, 0.0, []))
            break
        client.timeout = math.ceil(deadline - began)
        try:
            client.execute_cell(cell, number, store_history=True)
        except CellTimeoutError:
            outcome, error = TIMEOUT, OVER
        except DeadKernelError:
            outcome, error = DIED, "the kernel died"
        except CellExecutionError as failure:
            outcome, error = ERROR, f"{failure.ename}: {_last_line(str(failure.evalue))}"
        done.append(Ran(outcome, error, time.monotonic() - began, json.loads(json.dumps(cell.outputs))))
        if outcome != OK:
            break
    return done


def _manager(environment: Environment, place: str) -> Any:
    """Return what starts the kernel; for a Python, from a kernelspec made in `place`."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    if not environment.python:
        return AsyncKernelManager(kernel_name=environment.kernel)
    folder = os.path.join(place, NAME)
    os.mkdir(folder)
    launch = [environment.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    with open(os.path.join(folder, "kernel.json"), "w", encoding="utf-8") as file:
        json.dump({"argv": launch, "display_name": NAME, "language": "python"}, file)
    specs = KernelSpecManager(kernel_dirs=[place], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name=NAME, kernel_spec_manager=specs)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
