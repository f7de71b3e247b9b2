"""Completion in real shells: file names stay completed wherever a verb takes words."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.gitbox import SOURCE_ROOT, GitBox

pexpect = pytest.importorskip("pexpect")

START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
SET_UP = {
    "bash": 'PS1=; eval "$(_NBGIT_COMPLETE=bash_source nbgit)"; echo rea""dy',
    "zsh": 'PS1=; autoload -U compinit; compinit -u -D; eval "$(_NBGIT_COMPLETE=zsh_source nbgit)"; echo rea""dy',
    "fish": "function fish_prompt; end; _NBGIT_COMPLETE=fish_source nbgit | source; echo rea''dy",
}
TYPED = [
    ("nbgit blame-output ana", "analysis.ipynb"),
    ("nbgit blame-output --cell 3 dat", "data.csv"),
    ("nbgit show HEAD -o ana", "analysis.ipynb"),
    ("nbgit restore ana", "analysis.ipynb"),
    ("nbgit compare-output data.csv ana", "analysis.ipynb"),
]


def with_nbgit(box: GitBox, folder: Path) -> dict[str, str]:
    """Return an environment in which `nbgit` is a command, as where it was installed."""
    folder.mkdir()
    command = folder / "nbgit"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{SOURCE_ROOT}" exec "{sys.executable}" -m nbgit "$@"\n')
    command.chmod(0o755)
    return {**box.environ, "PATH": f"{folder}:{box.environ['PATH']}", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize("shell", START)
def test_file_names_are_completed(box: GitBox, tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is absent")
    for name in ("analysis.ipynb", "data.csv"):
        box.write(name, b"x")
    environ = with_nbgit(box, tmp_path / "bin")
    child = pexpect.spawn(
        shell, START[shell], cwd=str(box.path), env=environ, encoding="utf-8", timeout=30, dimensions=(40, 200)
    )
    try:
        child.sendline(SET_UP[shell])
        child.expect("ready\r?\n")
        for typed, name in TYPED:
            child.send(f"{typed}\t")
            child.expect(name)
            child.send("\x15")  # away with the line
    finally:
        child.close(force=True)
