"""Apart: which notebook a program runs that starts kernels and tells them nothing: read from its command line."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = ".ipynb"
NBCLIENT, NBCONVERT, PAPERMILL = "nbclient", "nbconvert", "papermill"
PROGRAMS = {"jupyter-execute": NBCLIENT, "jupyter-nbconvert": NBCONVERT, "papermill": PAPERMILL}
MODULES = {"nbconvert": NBCONVERT, "papermill": PAPERMILL}
VERBS = {"execute": NBCLIENT, "nbconvert": NBCONVERT}


def find_caller() -> "tuple[str, str] | None":
    """Return (absolute path, program) of the one notebook that the program runs which started this kernel, or None.

    psutil is asked, which ipykernel brings; where it isn't loaded, nobody is asked.
    """
    psutil = sys.modules.get("psutil")
    if psutil is None:
        return None
    try:
        caller = psutil.Process(os.getppid())
        found = read_command(caller.cmdline())
        return (os.path.join(caller.cwd(), found[0]), found[1]) if found else None
    except Exception:  # gone, or of somebody else
        return None


def read_command(words: "Sequence[str]") -> "tuple[str, str] | None":
    """Return (notebook, program) of a command line that runs one notebook; papermill's is the one that it writes."""
    at, program = _program(words)
    notebooks = [word for word in words[at:] if word.endswith(SUFFIX) and "://" not in word and word[:1] != "-"]
    most = 2 if program == PAPERMILL else 1
    return (notebooks[-1], program) if program and 0 < len(notebooks) <= most else None


def _program(words: "Sequence[str]") -> tuple[int, str]:
    """Return where a program's arguments begin, and the program; (0, "") for all others."""
    for at, word in enumerate(words[:3]):  # as it is, behind its Python, or behind `-m`
        name = os.path.basename(word).removesuffix(".exe").removesuffix("-script.py")
        if name in PROGRAMS:
            return at + 1, PROGRAMS[name]
        after = words[at + 1] if at + 1 < len(words) else ""
        if word == "-m" and after in MODULES:
            return at + 2, MODULES[after]
        if name == "jupyter" and after in VERBS:
            return at + 2, VERBS[after]
    return 0, ""
