"""Apart: something done to a module right after it was imported, before its importer goes on.

A finder in front of all others finds nothing itself. For the few modules that are asked for it lets the others look,
and lets the loader they name do its work once with a step behind it: the module keeps its own loader and its own spec.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Step = Callable[[ModuleType], None]


class AfterImport:
    """A meta path finder (PEP 302) that calls the step of each module in `steps` after its import."""

    def __init__(self, steps: "Mapping[str, Sequence[Step]]") -> None:
        self._steps = steps
        self._looking: set[str] = set()

    def install(self) -> None:
        """Take the steps of what is loaded already, and wait for the rest."""
        for name in self._steps:
            module = sys.modules.get(name)
            if module is not None:
                self._run(module, name)
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Wait no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        """Return the spec that the other finders have for a module that is waited for, else None."""
        if name not in self._steps or name in self._looking:
            return None
        self._looking.add(name)
        try:
            for finder in list(sys.meta_path):
                find = None if finder is self else getattr(finder, "find_spec", None)
                spec: ModuleSpec | None = find(name, path, target) if find is not None else None
                if spec is not None:
                    self._follow(spec, name)
                    return spec
            return None
        finally:
            self._looking.discard(name)

    def _follow(self, spec: "ModuleSpec", name: str) -> None:
        """Let this one loading of the module end with its step; a loader that can't be told is left alone."""
        loader: Any = spec.loader
        original = getattr(loader, "exec_module", None)
        if original is None:
            return

        def exec_module(module: "ModuleType") -> None:
            try:
                del loader.exec_module
            except AttributeError:
                pass
            original(module)
            self._run(module, name)

        try:
            loader.exec_module = exec_module
        except (AttributeError, TypeError):
            pass

    def _run(self, module: "ModuleType", name: str) -> None:
        for step in self._steps[name]:
            try:
                step(module)
            except Exception:  # another version than we know: what it does is not seen, and it works all the same
                pass
