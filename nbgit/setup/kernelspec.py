"""A Jupyter kernel that loads nbgit by itself, for those whose IPython profile is not read (docs/lineage.md).

The kernelspec brings a startup file of its own, the same that the profile has, and lies in the person's Jupyter folder.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping

from nbgit.errors import NbgitError
from nbgit.setup import kernel_file
from nbgit.setup.files import remove_folders, replace_bytes
from nbgit.setup.scopes import Scope

NAME = "nbgit-python3"
SPEC, STARTUP = "kernel.json", "nbgit_startup.py"
PATIENCE = 60  # seconds for Python to find ipykernel


def folder_of(environ: Mapping[str, str]) -> str:
    """Return where the kernelspec belongs: below the data folder that Jupyter has for this person."""
    home = environ.get("HOME") or os.path.expanduser("~")
    if environ.get("JUPYTER_DATA_DIR"):
        data = environ["JUPYTER_DATA_DIR"]
    elif sys.platform == "darwin":
        data = os.path.join(home, "Library", "Jupyter")
    elif os.name == "nt":
        data = os.path.join(environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming"), "jupyter")
    else:
        data = os.path.join(environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "jupyter")
    return os.path.join(data, "kernels", NAME)


def put_kernelspec(scope: Scope, python: str, environ: Mapping[str, str]) -> str:
    """Write the kernelspec, which starts `python`, and return its folder; raises NbgitError, OSError."""
    _check(python)
    folder = folder_of(environ)
    kernel_file.put_file(scope, os.path.join(folder, STARTUP))
    startup = "--IPKernelApp.exec_files={resource_dir}/" + STARTUP
    spec = {
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}", startup],
        "display_name": "Python 3 (recorded by nbgit)",
        "language": "python",
        "metadata": {"debugger": True},
    }
    replace_bytes(os.path.join(folder, SPEC), (json.dumps(spec, indent=1) + "\n").encode())
    return folder


def take_kernelspec(scope: Scope, environ: Mapping[str, str]) -> str | None:
    """Take this scope out of those that want the kernelspec, and it with the last; return its folder, or None."""
    folder = folder_of(environ)
    if not kernel_file.take_file(scope, os.path.join(folder, STARTUP)):
        return None
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, SPEC))
    remove_folders(folder, 3)
    return folder


def _check(python: str) -> None:
    command = [python, "-c", "import ipykernel"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise NbgitError(f"{python} can't be started ({error}); name the kernel's Python with --python") from error
    if done.returncode != 0:
        raise NbgitError(f"{python} has no ipykernel; install it there, or name another Python with --python")
