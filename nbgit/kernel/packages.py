"""Apart: which distributions the imported modules came from, and their versions, without importlib.metadata's price.

The folder of a `*.dist-info` tells name and version. Most modules are called as their distribution is; for the others
the lists of what each distribution brought are read once.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

INFO = (".dist-info", ".egg-info")


class Packages:
    """Finds distributions of modules; the folders on `sys.path` are listed once, and again when they have changed."""

    def __init__(self) -> None:
        self._states: dict[str, int] = {}
        self._versions: dict[str, tuple[str, str]] = {}  # normal name -> name, version
        self._infos: list[tuple[str, str]] = []  # normal name, folder
        self._brought: dict[str, str] | None = None  # module -> normal name

    def find(self, modules: "Iterable[str]") -> dict[str, str]:
        """Return distribution -> version of these modules (their first names); those without one are left out."""
        found = {}
        self._look()
        for module in sorted(modules):
            name = _normal(module)
            if name not in self._versions:
                if self._brought is None:
                    self._brought = self._read_lists()
                name = self._brought.get(module, "")
            if name:
                shown, version = self._versions[name]
                found[shown] = version
        return found

    def _look(self) -> None:
        for folder in list(sys.path):
            try:
                state = os.stat(folder or ".").st_mtime_ns
                if self._states.get(folder) == state:
                    continue
                names = os.listdir(folder or ".")
            except OSError:
                continue
            self._states[folder] = state
            self._brought = None
            for entry in names:
                if entry.endswith(INFO):
                    shown, _, rest = entry.rpartition(".")[0].partition("-")
                    version = rest.split("-py")[0]
                    if version and _normal(shown) not in self._versions:
                        self._versions[_normal(shown)] = shown, version
                        self._infos.append((_normal(shown), os.path.join(folder, entry)))

    def _read_lists(self) -> dict[str, str]:
        brought: dict[str, str] = {}
        for name, folder in self._infos:
            for module in _top_level(folder):
                brought.setdefault(module, name)
        return brought


def first_names(modules: "Iterable[str]") -> set[str]:
    """Return the first parts of modules' names, without the standard library's and private ones."""
    names = {name.partition(".")[0] for name in modules}
    return {name for name in names - sys.stdlib_module_names if not name.startswith("_")}


def own_files(modules: "Iterable[str]", top: str) -> list[str]:
    """Return the files of those modules that lie in the worktree: what was run of them may have come from a cache."""
    inside, prefix = os.path.join(top, ""), os.path.join(sys.prefix, "")
    found = []
    for name in modules:
        file = getattr(sys.modules.get(name), "__dict__", {}).get("__file__")
        if not isinstance(file, str) or not file.startswith(inside) or "site-packages" in file:
            continue
        if inside.startswith(prefix) or not file.startswith(prefix):
            found.append(file)
    return found


def _top_level(folder: str) -> "Iterable[str]":
    try:
        with open(os.path.join(folder, "top_level.txt"), encoding="utf-8", errors="replace") as file:
            return file.read().split()
    except OSError:
        pass
    try:
        with open(os.path.join(folder, "RECORD"), encoding="utf-8", errors="replace") as file:
            firsts = {line.split(",", 1)[0].partition("/")[0] for line in file}
    except OSError:
        return ()
    return {one.partition(".")[0] for one in firsts if not one.endswith(INFO) and one not in ("..", "__pycache__")}


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
