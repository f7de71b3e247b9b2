"""Apart: global state that cells share without naming it: random numbers, options, the figure at hand, the directory.

Each part is compared before and after a run by something cheap that differs when it was changed; libraries that are not
loaded are not asked.
"""

import os
import sys

from nbgit.kernel.names import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    """Matplotlib's parameters; `shown` is how figures are shown, None as long as pyplot has not chosen that.

    It does with the first figure, which sets parameters, too: no run's doing, and the same again in any session.
    """

    __slots__ = ("rest", "shown")

    def __init__(self, parameters: "dict[str, object]", *, is_chosen: bool) -> None:
        shown = {name: dict.get(parameters, name) for name in ("backend", "interactive")}
        self.shown = tuple(map(identity, shown.values())) if is_chosen else None
        self.rest = tuple(identity(value) for name, value in dict.items(parameters) if name not in shown)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameters):
            return NotImplemented
        return self.rest == other.rest and (self.shown == other.shown or None in (self.shown, other.shown))

    __hash__ = None  # type: ignore[assignment]


def _rc_params(module: "Any") -> object:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return Parameters(module.rcParams, is_chosen=getattr(pyplot, "_backend_mod", module) is not None)


def _numpy_options(module: "Any") -> object:
    return repr(module.get_printoptions()), repr(module.geterr())


def _figures(module: "Any") -> object:
    """Return how many figures are open, which is at hand, and how much each one shows."""
    managers = module.Gcf.figs
    if not managers:
        return ()
    return tuple((number, identity(manager), _artists(manager.canvas.figure)) for number, manager in managers.items())


def _artists(figure: "Any") -> object:
    return [(identity(axes), len(axes._children), axes.get_title(), axes.viewLim.bounds) for axes in figure.axes]


def _identities(options: "dict[str, Any]") -> object:
    return tuple(_identities(value) if isinstance(value, dict) else identity(value) for value in options.values())


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
