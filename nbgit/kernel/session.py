"""Apart: one session: which kernel, for which notebook, by whom, and whether the code around it is what HEAD has."""

import os
import platform
import sys

from nbgit.kernel.background import ask_git
from nbgit.kernel.place import state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nbgit.kernel.place import Place

VSCODE = "__vsc_ipynb_file__"
PAPERMILL = ("PAPERMILL_OUTPUT_PATH", "PAPERMILL_INPUT_PATH")
SUFFIX = ".ipynb"


def describe(shell: "Any", place: "Place") -> "dict[str, Any]":
    """Return what holds for the whole session: the kernel, the machine, where it was started."""
    kernel: dict[str, Any] = {"python": platform.python_version(), "executable": place.shown(sys.executable)}
    for name in ("IPython", "ipykernel"):
        module = sys.modules.get(name)
        if module is not None:
            kernel[name.lower()] = str(getattr(module, "__version__", ""))
    if not is_kernel(shell):
        kernel.pop("ipykernel", None)
    elif name := _kernel_id(shell):
        kernel["id"] = name
    found = {"pid": os.getpid(), "host": platform.node(), "cwd": place.shown(os.getcwd()), "kernel": kernel}
    if place.worktree_name:
        found["worktree"] = place.worktree_name
    return found


def is_kernel(shell: "Any") -> bool:
    """Return whether a shell answers a frontend, and not a terminal."""
    return getattr(shell, "kernel", None) is not None


def find_notebook(shell: "Any", environ: "Mapping[str, str]") -> "tuple[str, str] | None":
    """Return (path, frontend) of the notebook that this kernel runs, or None where nobody has told it."""
    told = shell.user_ns.get(VSCODE)
    if isinstance(told, str) and told.endswith(SUFFIX):
        return told, "vscode"
    for name in PAPERMILL:
        told = shell.user_ns.get(name)
        if isinstance(told, str) and told.endswith(SUFFIX) and "://" not in told:
            return told, "papermill"
    told = environ.get("JPY_SESSION_NAME", "")
    if told.endswith(SUFFIX) and os.path.isabs(told):
        return told, "jupyter"
    return None


def find_person(place: "Place", environ: "Mapping[str, str]") -> str:
    """Return `Name <address>` as git has it, or what of the two is set."""
    answer = ask_git(["config", "--get-regexp", r"^user\.(name|email)$"], place.top) or ""
    told = dict(line.partition(" ")[::2] for line in answer.splitlines())
    name = environ.get("GIT_AUTHOR_NAME") or told.get("user.name", "")
    address = environ.get("GIT_AUTHOR_EMAIL") or told.get("user.email", "")
    return f"{name} <{address}>".strip() if address else name


class Dirt:
    """Whether tracked files other than notebooks differ from HEAD, as git last said: asked when the index has changed.

    Notebooks are left out: the code that has run stands in the record, and git would start filters to compare them.
    """

    def __init__(self, place: "Place") -> None:
        self._place = place
        self._index = os.path.join(place.git_dir, "index")
        self._asked: object = None
        self._answer: tuple[object, bool | None] = (None, None)

    def is_due(self, head: str) -> bool:
        """Return whether git is to be asked, with HEAD where it is, and remember that it will be."""
        state = head, state_of(self._index)
        if state == self._asked:
            return False
        self._asked = state
        return True

    def ask(self) -> None:
        """Ask git; takes as long as git takes."""
        head = self._place.head()
        state = head, state_of(self._index)
        known = None
        if head not in ("", "unborn"):
            paths = [":(top)", f":(top,exclude)*{SUFFIX}"]
            answer = ask_git(["status", "--porcelain", "--untracked-files=no", "--", *paths], self._place.top)
            known = None if answer is None else bool(answer.strip())
        self._answer = state, known

    def answer(self) -> "bool | None":
        """Return what git has said of the state that was there when it last was due, or None."""
        state, answer = self._answer
        return answer if state == self._asked else None


def _kernel_id(shell: "Any") -> str:
    try:
        name = os.path.basename(shell.kernel.config["IPKernelApp"]["connection_file"])
    except Exception:  # embedded, or of another make
        return ""
    return str(name).removeprefix("kernel-").removesuffix(".json")
