"""nbgit: git and Jupyter notebooks, working together."""

import sys

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def annotate(**facts: object) -> None:
    """Keep facts with the record of the run that is on: `nbgit.annotate(sample="B7", kelvin=4.2)`.

    What is no JSON is kept as its `repr`. Where runs are not recorded this does nothing.
    """
    loaded = _loaded()
    if loaded is not None:
        loaded.annotate(facts)


def reads(*paths: object) -> None:
    """Tell that this run reads these files or folders, where nbgit can't see it. Else as `annotate`."""
    loaded = _loaded()
    if loaded is not None:
        loaded.declare(paths, written=False)


def writes(*paths: object) -> None:
    """Tell that this run writes these files or folders, where nbgit can't see it. Else as `annotate`."""
    loaded = _loaded()
    if loaded is not None:
        loaded.declare(paths, written=True)


def load_ipython_extension(shell: "Any") -> None:
    """Record this kernel's runs: `%load_ext nbgit`."""
    from nbgit.kernel.extension import load

    load(shell)


def unload_ipython_extension(shell: "Any") -> None:
    """Record no further ones: `%unload_ext nbgit`."""
    from nbgit.kernel.extension import unload

    unload()


def _loaded() -> "Any":
    extension = sys.modules.get("nbgit.kernel.extension")  # where it is not loaded, runs are not recorded
    return None if extension is None else extension.Loaded.current
