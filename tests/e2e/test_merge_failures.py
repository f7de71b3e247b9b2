"""The merge driver crashes, is killed, or is not there: both sides are in the file, with markers, and git is told."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nbgit.setup.config import merge_command
from nbgit.setup.launch import Launcher, this_launcher
from tests.gitbox import GitBox
from tests.nb import code, notebook

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the interpreters are shell scripts")

BASE, OURS, THEIRS = (notebook(code("a = 1", id="c1"), code(source, id="c2")) for source in ("b = 1", "b = 2", "b = 3"))
KILL = "import os, signal; os.kill(os.getpid(), signal.{})"
LATER = "import os, signal, {0}; {0}.{1} = lambda *arguments, **more: os.kill(os.getpid(), signal.SIGKILL)"
BUG = "import nbgit.gitproto.merging as merging; merging.merge_notebooks = lambda *arguments: 1 // 0"
ENDINGS = {
    "gone": None,
    "exits with 1": "raise SystemExit(1)",
    "exits with 3": "raise SystemExit(3)",
    "can't import": "raise ImportError('no module named nbgit')",
    "killed at the start": KILL.format("SIGKILL"),
    "out of time": KILL.format("SIGXCPU"),
    "told to end": KILL.format("SIGTERM"),
    "killed before the result is in its place": LATER.format("os", "replace"),
    "killed when the result is in its place": LATER.format("nbgit.gitproto.merge_driver", "say"),
    "killed while git merges text": LATER.format("nbgit.gitproto.merging", "run_quietly"),
    "out of memory": "import nbgit.gitproto.merge_driver as driver\n"
    "def fail(*arguments): raise MemoryError\ndriver._merge = driver._after_bug = fail",
    "a bug": BUG,
}


def interpreter(folder: Path, first: str | None) -> str:
    """Return an interpreter that runs nbgit after the Python code `first`, or one that is not there."""
    place = folder / "an interpreter"
    if first is not None:
        main = (
            f"import sys, runpy; sys.path.append({str(Path(this_launcher().main).parents[1])!r})\n"
            f"{first}\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')"
        )
        place.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.quote(sys.executable)} -I -S -c {shlex.quote(main)} "$@"\n')
        place.chmod(0o755)
    return str(place)


@pytest.mark.parametrize("how", ENDINGS)
def test_both_sides_are_in_the_file(installed: GitBox, how: str) -> None:
    python = interpreter(installed.root, ENDINGS[how])
    installed.git("config", "merge.nbgit.driver", merge_command(Launcher(python, this_launcher().main)))
    installed.write("n.ipynb", BASE)
    installed.commit("base")
    for branch, data in (("theirs", THEIRS), ("ours", OURS)):
        installed.git("checkout", "-q", "-b", branch, "main")
        installed.write("n.ipynb", data)
        installed.commit(branch)
    result = installed.try_git("merge", "theirs")
    assert result.code == 1, result
    text = installed.read("n.ipynb").decode()
    assert "<<<<<<< " in text
    assert ">>>>>>> " in text
    assert "b = 2" in text
    assert "b = 3" in text
    assert installed.git("status", "--porcelain") == "UU n.ipynb\n"  # and nothing is left lying about
    assert ("nbgit did not answer for n.ipynb" in result.err) == (how != "a bug"), result
    assert ("this is a bug in nbgit" in result.err) == (how in ("a bug", "out of memory"))


def test_a_driver_that_is_stopped_half_way_has_not_touched_ours(box: GitBox) -> None:
    """Each point at which a process can be ended between its files: ours is whole, or the result is."""
    folder = box.path
    python = interpreter(box.root, LATER.format("os", "replace"))
    for name, data in (("base", BASE), ("ours", OURS), ("theirs", THEIRS)):
        (folder / name).write_bytes(data)
    driver = [python, "-I", "-S", this_launcher().main, "merge-driver", "base", "ours", "theirs", "7", "n.ipynb"]
    done = subprocess.run(driver, cwd=folder, check=False, capture_output=True)
    assert done.returncode == -9
    assert (folder / "ours").read_bytes() == OURS
