"""Ring 3: which packages an environment has now, read from its folders without starting its Python."""

import os
import platform
import re
from glob import escape, glob

from nbgit.lineage.runs.journals import Session

FOLDERS = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "Lib/site-packages")


def differing(session: Session, packages: dict[str, str]) -> dict[str, str]:
    """Return name -> version now of those packages that the session's environment has in another version.

    What can't be found is left out: another machine's packages, and those of a system that stands behind.
    """
    executable = os.path.expanduser(session.kernel.get("executable", ""))
    if session.host != platform.node() or not os.path.isabs(executable):
        return {}
    prefix = os.path.dirname(os.path.dirname(executable))
    now = _installed(prefix)
    return {
        name: now[_normal(name)]
        for name, version in packages.items()
        if _normal(name) in now and now[_normal(name)] != version
    }


def _installed(prefix: str) -> dict[str, str]:
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
