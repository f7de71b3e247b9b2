"""Apart: a Jupyter server extension that captures each notebook as it is saved (docs/design.md, "Saving").

Only a Jupyter server imports this; it finds it through etc/jupyter/jupyter_server_config.d/nbgit.json, which the wheel
brings. Nothing of Jupyter is imported here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _jupyter_server_extension_points() -> "list[dict[str, str]]":
    """Tell the server which module to load."""
    return [{"module": "nbgit.jupyter"}]


def _load_jupyter_server_extension(server: "Any") -> None:
    """Have the server tell us of each save; never raises."""
    from nbgit.jupyter.extension import load

    load(server)
