"""The shims of `hooks/`: found, filled in, and written where they are missing.

The filter process calls `heal` at its start, so that a fresh clone under a global install gets its hooks by itself
(docs/design.md, "Hooks"). Imports only what costs nothing; git is asked only where a hook is missing.
"""

import os

from nbgit.setup.launch import Launcher, quote_single, this_launcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.store.repository import Repository

HOOKS = ("post-merge", "post-rewrite", "post-applypatch", "post-checkout", "pre-push", "pre-commit", "post-commit")
GUARD = "pre-commit"  # the only one that may stop a git command, and the only one that nothing else needs
SHIM_SIGN = b"\n# nbgit shim: "
LEFT_OUT = "hooks-left-out"  # <common>/nbgit/hooks-left-out: says why heal writes nothing here


def heal(repository: "Repository") -> None:
    """Write the shims that are missing in this repository; touch no file that exists, and never raise.

    Costs two stats where nothing is missing. Does nothing where core.hooksPath sends git elsewhere.
    """
    folder = os.path.join(repository.common_dir, "hooks")
    if os.path.exists(os.path.join(folder, HOOKS[0])) and os.path.exists(os.path.join(folder, HOOKS[-1])):
        return
    if os.path.exists(os.path.join(repository.nbgit_dir, LEFT_OUT)):
        return
    try:
        _write_missing(repository, folder)
    except Exception:  # a missing hook costs a late link, a failing filter costs the user's command
        return


def _write_missing(repository: "Repository", folder: str) -> None:
    from nbgit.store.git import try_git

    code, _, _ = try_git(["config", "--get", "core.hooksPath"], cwd=repository.start)
    if code != 1:  # 1: not set
        os.makedirs(repository.nbgit_dir, exist_ok=True)
        with open(os.path.join(repository.nbgit_dir, LEFT_OUT), "w", encoding="utf-8") as file:
            file.write("core.hooksPath is set: nbgit writes no hooks; `nbgit doctor` says what to add there\n")
        return
    launcher = this_launcher()
    os.makedirs(folder, exist_ok=True)
    for name in HOOKS:
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            create_hook(path, filled_shim(name, launcher))


def shims_folder() -> str:
    """Return the folder of the shims: in the package where nbgit was installed from a wheel, else beside it."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "hooks")
    return shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(package), "hooks")


def filled_shim(name: str, launcher: Launcher) -> bytes:
    """Return the bytes of the shim for hook `name`, with this launcher's paths in it."""
    with open(os.path.join(shims_folder(), name), encoding="utf-8", newline="") as file:
        text = file.read()
    text = text.replace("'@python@'", quote_single(launcher.python)).replace("'@main@'", quote_single(launcher.main))
    return text.encode("utf-8", "surrogateescape")


def create_hook(path: str, data: bytes) -> bool:
    """Write an executable hook, whole or not at all; return False where something is there already."""
    half = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o777)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        try:
            os.link(half, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                return False
            os.rename(half, path)
        return True
    finally:
        if os.path.lexists(half):
            os.unlink(half)


def is_shim(data: bytes) -> bool:
    """Return whether these are the bytes of a shim of nbgit's, of any version."""
    return SHIM_SIGN in data[:400].replace(b"\r\n", b"\n")
