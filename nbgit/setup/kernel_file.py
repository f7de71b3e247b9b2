"""The startup file that loads nbgit into a person's IPython kernels, of every environment (docs/lineage.md).

IPython runs what lies in the profile's `startup` folder in whatever environment a kernel is started. The file names
the nbgit that wrote it by its path, so that the kernel's own environment needs none; where that is gone, one that is
installed in the kernel's environment takes its place. It lists who wants it: repositories and scopes; with the last
one it goes.
"""

import ast
import os
import re
from collections.abc import Mapping

from nbgit.setup.files import read_bytes, remove_folders, replace_bytes
from nbgit.setup.scopes import Scope

NAME = "00-nbgit.py"  # first, so that what other startup files import is seen
FOLDERS = ("profile_default", "startup")
MACHINE = "/etc/ipython"
HEAD = "# Written by `nbgit install`, taken out by `nbgit uninstall`.\n"
WANTED = "# wanted by: "
BODY = """

def nbgit_startup():
    import os
    import sys

    # The nbgit that wrote this file; where that is gone, one that is installed beside the kernel.
    places = [PACKAGE] + [os.path.join(place, "nbgit") for place in sys.path if place.startswith(sys.prefix + os.sep)]
    borrowed = "nbgit" not in sys.modules
    recording = False
    try:
        found = [place for place in places if os.path.isfile(os.path.join(place, "kernel", "startup.py"))]
        if sys.version_info < (3, 10) or not found:
            return
        if borrowed:
            from importlib.util import module_from_spec, spec_from_file_location

            main = os.path.join(found[0], "__init__.py")
            spec = spec_from_file_location("nbgit", main, submodule_search_locations=[found[0]])
            sys.modules["nbgit"] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules["nbgit"])
        from nbgit.kernel.startup import start_if_opted_in

        recording = start_if_opted_in()
    except Exception:
        pass  # the kernel is worth more than its record
    if borrowed and not recording:
        for name in [name for name in sys.modules if name.partition(".")[0] == "nbgit"]:
            del sys.modules[name]


nbgit_startup()
del nbgit_startup
"""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|'(?:[^'\\]|\\.)*'")
_PACKAGE = re.compile(r"^    places = \[(['\"].*['\"])\] \+ ", re.MULTILINE)


def startup_file(scope: Scope, environ: Mapping[str, str]) -> str:
    """Return where the file belongs: in the person's default profile, or the machine's with --system."""
    if scope.name == "system":
        folder = os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "ipython") if os.sep == "\\" else MACHINE
        return os.path.join(folder, "startup", NAME)
    home = environ.get("HOME") or os.path.expanduser("~")
    folder = os.path.expanduser(environ.get("IPYTHONDIR") or os.path.join(home, ".ipython"))
    return os.path.join(folder, *FOLDERS, NAME)


def put_startup(scope: Scope, environ: Mapping[str, str]) -> str | None:
    """Write the file, or add this scope to those that want it; return where it lies, or None if it was right.

    Raises OSError where it can't be written.
    """
    return put_file(scope, startup_file(scope, environ))


def put_file(scope: Scope, file: str) -> str | None:
    """Do the same for a startup file that lies elsewhere (nbgit.setup.kernelspec)."""
    old = _read(file)
    wanted = [one for one in wanted_by(old) if _still_wants(one)]
    text = _text([*wanted, *([_me(scope)] if _me(scope) not in wanted else [])])
    if text == old:
        return None
    replace_bytes(file, text.encode("utf-8", "surrogateescape"))
    return file


def take_startup(scope: Scope, environ: Mapping[str, str]) -> str | None:
    """Take this scope out of those that want the file, and the file with the last; return where it lay, or None."""
    file = startup_file(scope, environ)
    if not take_file(scope, file):
        return None
    remove_folders(os.path.dirname(file), len(FOLDERS) + 1)
    return file


def take_file(scope: Scope, file: str) -> bool:
    """Take this scope out of those that want a startup file; return whether it was the last, and the file is gone."""
    old = _read(file)
    if _me(scope) not in wanted_by(old):
        return False
    wanted = [one for one in wanted_by(old) if one != _me(scope) and _still_wants(one)]
    if wanted:
        replace_bytes(file, _text(wanted).encode("utf-8", "surrogateescape"))
        return False
    os.unlink(file)
    return True


def wanted_by(text: str) -> list[str]:
    """Return the repositories (their common directories) and scopes that a startup file names."""
    rows = [line.removeprefix(WANTED) for line in text.splitlines() if line.startswith(WANTED)]
    return [str(ast.literal_eval(row)) for row in rows if _QUOTED.fullmatch(row)]


def package_of(text: str) -> str | None:
    """Return the folder of the nbgit that a startup file loads, or None for a file that is not nbgit's."""
    found = _PACKAGE.search(text) if text.startswith(HEAD) else None
    if found is None:
        return None
    return str(ast.literal_eval(found[1]))


def read_startup(scope: Scope, environ: Mapping[str, str]) -> str:
    """Return the text of the startup file that holds for this scope, "" where there is none."""
    return _read(startup_file(scope, environ))


def this_package() -> str:
    """Return the folder of the nbgit that is running."""
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _text(wanted: list[str]) -> str:
    return HEAD + "".join(f"{WANTED}{one!a}\n" for one in wanted) + BODY.replace("PACKAGE", ascii(this_package()))


def _me(scope: Scope) -> str:
    return scope.needed_repository.common_dir if scope.in_repository else f"--{scope.name}"


def _still_wants(one: str) -> bool:
    return one.startswith("--") or os.path.isdir(one)


def _read(file: str) -> str:
    return (read_bytes(file) or b"").decode("utf-8", "surrogateescape")
