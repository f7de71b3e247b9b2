"""Facts about the machine that a reader needs to judge the numbers; no names, no paths."""

from __future__ import annotations

import os
import platform
import re

from benchmarks.sandbox import Sandbox


def machine_facts(sandbox: Sandbox) -> dict[str, str]:
    """Return what the numbers depend on, by name."""
    git = sandbox.git(sandbox.root, "--version").strip()
    release = re.match(r"[\d.]+", platform.release())
    facts = {
        "system": f"{platform.system()} {release[0].rstrip('.') if release else ''} ({platform.machine()})".strip(),
        "cores": str(os.cpu_count() or "?"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "git": git.removeprefix("git version "),
    }
    kind = _file_system(str(sandbox.root))
    return {**facts, "file system": kind} if kind else facts


def _file_system(path: str) -> str:
    """Return the kind of file system that holds `path` (tmpfs, ext4, ...), or "" where the system does not tell."""
    best = ("", "")
    try:
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            for line in mounts:
                _, place, kind, *_ = line.split(" ")
                inside = path == place or path.startswith(place.rstrip("/") + "/")
                if inside and len(place) >= len(best[0]):
                    best = (place, kind)
    except OSError:
        pass
    return best[1]
