"""Ring 3: which packages an environment has now, read from its folders without starting its Python."""

import os
import platform
import re
from glob import escape, glob

from nbgit.lineage.runs.journals import Session

FOLDERS = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "Lib/site-packages")


def prefix_of(session: Session) -> str:
    """Return the folder of a session's environment, or "" where it is of another machine or not known."""
    executable = os.path.expanduser(session.kernel.get("executable", ""))
    if session.host != platform.node() or not os.path.isabs(executable):
        return ""
    return os.path.dirname(os.path.dirname(executable))


def differing(packages: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Return name -> version now of those packages that `now` (as installed_in has it) has in another version.

    What is not in it is left out: packages of a system that stands behind.
    """
    return {
        name: now[_normal(name)]
        for name, version in packages.items()
        if _normal(name) in now and now[_normal(name)] != version
    }


def installed_in(prefix: str) -> dict[str, str]:
    """Return normal name -> version of the packages in an environment's folders."""
    found: dict[str, str] = {}
    for folder in [one for pattern in FOLDERS for one in glob(os.path.join(escape(prefix), pattern))]:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for entry in names:
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            if entry.endswith(".dist-info") and version:
                found.setdefault(_normal(name), version)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
