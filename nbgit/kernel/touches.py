"""Apart: global state that cells share without naming it: random numbers, options, the figure at hand, the directory.

Each part is compared before and after a run by something cheap that differs when it was changed; libraries that are not
loaded are not asked.
"""

import os
import sys
from operator import ne

from nbgit.kernel.names import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def fingerprint() -> "dict[str, object]":
    """Return part -> what differs once it has changed; a part that can't be told is left out."""
    found: dict[str, object] = {}
    for name, module, look in PARTS:
        loaded = sys.modules.get(module)
        if loaded is not None:
            try:
                found[name] = look(loaded)
            except Exception:  # another version, half imported, replaced by the user: no answer
                pass
    return found


def changed(before: "dict[str, object]", after: "dict[str, object]") -> "set[str]":
    """Return the parts that a run has touched; loading a library is no touch of its state, leaving a figure open is."""
    return {name for name, value in after.items() if before.get(name, () if name == "pyplot" else value) != value}


def _python_random(module: "Any") -> object:
    return hash(module.getstate())


def _numpy_random(module: "Any") -> object:
    state = module.get_state(legacy=False)
    inner = state["state"]
    return hash(inner["key"].tobytes()), inner["pos"], state.get("has_gauss"), state.get("gauss")


def _torch_random(module: "Any") -> object:
    return hash(module.get_rng_state().numpy().tobytes())


def _directory(module: "Any") -> object:
    return os.getcwd()


def _pandas_options(module: "Any") -> object:
    return _identities(module._global_config)


class Parameters:
    """Matplotlib's parameters; which of them say how figures are shown does not count before pyplot has chosen that.

    It does with the first figure, which sets parameters, too: no run's doing, and the same again in any session.
    """

    __slots__ = ("all", "is_chosen", "shown")

    def __init__(self, parameters: "dict[str, object]", *, is_chosen: bool) -> None:
        self.all = tuple(map(identity, dict.values(parameters)))
        self.shown = [identity(dict.get(parameters, name)) for name in ("backend", "interactive")]
        self.is_chosen = is_chosen

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameters):
            return NotImplemented
        if self.all == other.all:
            return True
        if len(self.all) != len(other.all) or (self.is_chosen and other.is_chosen):
            return False
        return _differing(self.all, other.all) == _differing(self.shown, other.shown)

    __hash__ = None  # type: ignore[assignment]


def _differing(some: "Sequence[int]", others: "Sequence[int]") -> int:
    return sum(map(ne, some, others))


def _rc_params(module: "Any") -> object:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return Parameters(module.rcParams, is_chosen=getattr(pyplot, "_backend_mod", module) is not None)


def _numpy_options(module: "Any") -> object:
    return module.get_printoptions(), module.geterr()


def _figures(module: "Any") -> object:
    """Return how many figures are open, which is at hand, and how much each one shows."""
    managers = module.Gcf.figs
    if not managers:
        return ()
    return tuple((number, identity(manager), _artists(manager.canvas.figure)) for number, manager in managers.items())


def _artists(figure: "Any") -> object:
    return [(identity(axes), len(axes._children), axes.get_title(), axes.viewLim.bounds) for axes in figure.axes]


def _identities(options: "dict[str, Any]") -> object:
    inner = [_identities(value) for value in options.values() if type(value) is dict]
    return list(map(identity, options.values())), inner


PARTS = (
    ("random", "random", _python_random),
    ("numpy.random", "numpy.random", _numpy_random),
    ("torch.random", "torch.random", _torch_random),
    ("cwd", "os", _directory),
    ("options:pandas", "pandas._config.config", _pandas_options),
    ("options:matplotlib", "matplotlib", _rc_params),
    ("options:numpy", "numpy", _numpy_options),
    ("pyplot", "matplotlib._pylab_helpers", _figures),
)
