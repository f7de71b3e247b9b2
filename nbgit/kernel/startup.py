"""Apart: what the startup file of a kernel calls: recording begins only where the repository has opted in.

In all other places this is all that is loaded: it must cost next to nothing.
"""

import os
import sys

from nbgit.kernel.place import Place, find_own_place, is_opted_in, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def start_if_opted_in() -> bool:
    """Record this kernel's runs if it was started in a repository that has opted in; return whether it was."""
    place = find_own_place()
    if place is None or not is_opted_in(place, read_settings(place, os.environ)):
        return False
    shell = _shell()
    if shell is None:
        return False
    from nbgit.kernel.extension import begin

    begin(shell, place, asked=False)
    return True


def start_in(folder: str) -> None:
    """Record this kernel's runs below `folder` and nowhere else, whatever is set: `nbgit slice` asks for it."""
    from nbgit.kernel.extension import begin, unload

    unload()
    with open(os.path.join(folder, "config"), "w", encoding="ascii") as file:
        file.write("[nbgit]\n\truns = true\n")
    begin(_shell(), Place(os.path.realpath(os.getcwd()), folder, folder), asked=True)


def _shell() -> "Any":
    interactive = sys.modules.get("IPython.core.interactiveshell")
    kind = getattr(interactive, "InteractiveShell", None)
    return kind.instance() if kind is not None and kind.initialized() else None
