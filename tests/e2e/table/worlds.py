"""The two worlds that the table compares: a repository with nbgit, and its twin, the same sources in plain git.

Both have these branches; each side branch is one commit away from main:

    main        n.ipynb (a = 1, b = 2) and x.txt
    apart       main and z.txt: to merge and rebase, where main would be moved forward
    differs     n.ipynb says b = 3
    identical   another file is new, n.ipynb is the same (with nbgit: but was run again)
    deleted     n.ipynb is gone

A world is built once and copied for each test; `core.checkStat` lets git believe the copied files' times.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.e2e.scene import N, never_ran, run_of
from tests.gitbox import FIRST_SECOND, GitBox

SIDES = ("differs", "identical", "deleted")
OURS, THEIRS = ("a = 1", "b = 2"), ("a = 1", "b = 3")
BASE = run_of(*OURS, run="committed")
SEEN = run_of(*OURS, run="run 2")  # on disk in every world, captured by `nbgit refresh`
LONGER = run_of(*OURS, run="run 3, and it says more")
RERUN = run_of(*OURS, run="run again")
AS_LONG = run_of(*OURS, run="run 3")
OTHER_SIDE = run_of(*THEIRS, run="theirs")
EDITED = never_ran(*OURS).replace(b"# Title", b"# Another title")

assert len(AS_LONG) == len(SEEN) != len(LONGER)


def write_at(box: GitBox, data: bytes, minutes: int) -> None:
    """Write the notebook with a time of its own, long ago, so that git need not read it twice to be sure."""
    place = box.write(N, data)
    os.utime(place, (FIRST_SECOND + 60 * minutes,) * 2)


def build(root: Path, *, plain: bool) -> GitBox:
    """Make a world in `root` and return it, on main."""
    box = GitBox(root)
    box.git("config", "core.checkStat", "minimal")
    box.git("config", "core.trustctime", "false")
    if not plain:
        assert box.nbgit("install").code == 0
    write_at(box, never_ran(*OURS) if plain else BASE, 1)
    box.write("x.txt", b"x")
    box.commit("main")
    box.git("branch", "apart")
    for side in SIDES:
        box.git("checkout", "-q", "-b", side, "main")
        if side == "differs":
            write_at(box, never_ran(*THEIRS) if plain else OTHER_SIDE, 2)
        elif side == "identical":
            write_at(box, never_ran(*OURS) if plain else RERUN, 2)
            box.write("y.txt", b"y")
        else:
            box.git("rm", "-q", N)
        box.commit(side)
        (box.root / f"{side}.patch").write_bytes(box.git_bytes("format-patch", "-1", "--stdout"))
    box.git("checkout", "-q", "apart")
    box.write("z.txt", b"z")
    box.commit("apart")
    box.git("checkout", "-q", "main")
    if not plain:
        write_at(box, SEEN, 3)
        assert box.nbgit("refresh").code == 0
    else:
        write_at(box, never_ran(*OURS), 3)
    for path in (N, "x.txt"):
        os.utime(box.path / path, (FIRST_SECOND,) * 2)
    assert box.git("status", "--porcelain") == ""
    return box


def copied(world: GitBox, root: Path) -> GitBox:
    """Return a copy of a world in `root`."""
    shutil.copytree(world.root, root, symlinks=True, dirs_exist_ok=True)
    box = GitBox(root, init=False)
    box.minutes = world.minutes
    return box


def status_of(box: GitBox) -> str:
    """Return the letter that `git status` has for the notebook, with a + where that is staged; "" where it is clean."""
    row = box.git("status", "--porcelain", "--", N)[:2]
    return row.replace(" ", "") + ("+" if row.endswith(" ") else "")
