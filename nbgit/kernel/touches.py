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


def _rc_params(module: "Any") -> object:
    return tuple(map(identity, dict.values(module.rcParams)))


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
