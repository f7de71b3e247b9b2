"""`nbgit demo`: the main job on a little notebook: a real repository, a real kernel, ordinary git."""

import os
import shlex
import subprocess
import sys

import click

from nbgit.errors import GitFailed, NbgitError
from nbgit.external.kernel import make_notebook, run_notebook
from nbgit.store.captures import write_whole

NAME = "waiting.ipynb"
FIGURE_CELL = 3
TITLE = """# Waiting for the geyser
How long between two eruptions, and does the curve depend on how we smooth it?"""
DATA = """import matplotlib.pyplot as plt
import numpy as np

draw = np.random.default_rng(7)
minutes = np.concatenate([draw.normal(54, 6, 97), draw.normal(80, 6, 175)])
len(minutes)"""
SMOOTH = """bandwidth = {bandwidth}
grid = np.linspace(35, 105, 200)
density = np.exp(-(((grid[:, None] - minutes) / bandwidth) ** 2) / 2).mean(axis=1) / bandwidth"""
PLOT = """fig, ax = plt.subplots(figsize=(6, 3))
ax.fill_between(grid, density, alpha=0.3)
ax.plot(grid, density)
ax.set(xlabel="minutes between eruptions", title=f"bandwidth {bandwidth}");"""

EPILOG = """\b
Examples:
  nbgit demo                  in a new folder, nbgit-demo
  nbgit demo /tmp/try-nbgit   in a folder of your choice
"""


@click.command(epilog=EPILOG)
@click.argument("folder", default="nbgit-demo", metavar="[FOLDER]")
def command(folder: str) -> int:
    """Show the main job on a little notebook, in a repository of its own.

    Makes FOLDER (which must not exist), runs a notebook twice in a real kernel, commits it, and shows what git and
    nbgit then say. Needs `pip install 'nbgit[demo]'`.
    """
    if os.path.lexists(folder):
        raise NbgitError(f"{folder} exists; name a folder that doesn't, or remove it first")
    os.makedirs(folder)
    _Demo(os.path.abspath(folder)).run()
    click.echo(f"\nAll of this is in {folder}: go there and try git log -p, git stash, git blame {NAME}.")
    return 0


class _Demo:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.file = os.path.join(folder, NAME)

    def run(self) -> None:
        """Tell the story, one command after the other."""
        self.say("A repository, set up once.")
        self.git("init", "--quiet", "--initial-branch=main")
        self.set_identity()
        self.nbgit("install", "--no-kernel", "--temporary")

        self.say(f"A notebook that is run and committed ({NAME}).")
        first = self.run_notebook(bandwidth=2)
        self.git("add", NAME)
        self.git("commit", "--quiet", "-m", "Smooth with bandwidth 2")

        self.say("An edit, another run, another commit.")
        second = self.run_notebook(bandwidth=5)
        self.git("commit", "--quiet", "-am", "Smooth more: bandwidth 5")

        self.say("What git knows now: what ran, and what changed.")
        self.git("log")
        self.git("diff", "HEAD~1")
        self.git("show", "--stat", "--format=%h %s", "HEAD")

        self.say("Outputs are not in the history, and come back byte for byte.")
        self.git("checkout", "--quiet", "HEAD~1")
        self.compare(first, "the first run")
        self.git("checkout", "--quiet", "main")
        self.compare(second, "the second run")

        self.say("What did I do to produce this figure?")
        self.nbgit("blame-output", NAME, "--cell", str(FIGURE_CELL), "--history")

    def say(self, sentence: str) -> None:
        """Print a heading."""
        click.secho(f"\n# {sentence}", bold=True)

    def run_notebook(self, bandwidth: int) -> bytes:
        """Write the notebook as a run of it leaves it, and return its bytes."""
        click.echo(f"$ (run {NAME} with bandwidth = {bandwidth})")
        sources = [
            ("markdown", TITLE),
            ("code", DATA),
            ("code", SMOOTH.format(bandwidth=bandwidth)),
            ("code", PLOT),
        ]
        data = run_notebook(make_notebook(sources), self.folder)
        write_whole(self.file, data)
        return data

    def compare(self, expected: bytes, name: str) -> None:
        """Say whether the notebook on disk is the one of that run; raises NbgitError where it isn't."""
        with open(self.file, "rb") as stream:
            if stream.read() != expected:
                raise NbgitError(f"{self.file} is not what {name} left; please report this as a bug in nbgit")
        click.echo(f"  {NAME} is what {name} left, byte for byte ({len(expected):,} bytes)")

    def git(self, *arguments: str) -> None:
        """Show a git command and run it."""
        self._run(["git", "--no-pager", *arguments], shlex.join(["git", *arguments]))

    def nbgit(self, *arguments: str) -> None:
        """Show an nbgit command and run it."""
        self._run([sys.executable, "-m", "nbgit", *arguments], shlex.join(["nbgit", *arguments]))

    def set_identity(self) -> None:
        """Give this repository an author where git has none, so that the demo can commit."""
        for key, value in (("user.name", "Ada Lovelace"), ("user.email", "ada@example.org")):
            if subprocess.run(["git", "config", key], cwd=self.folder, capture_output=True, check=False).returncode:
                self.git("config", key, value)

    def _run(self, command: list[str], shown: str) -> None:
        click.echo(f"$ {shown}")
        sys.stdout.flush()
        done = subprocess.run(command, cwd=self.folder, check=False)
        if done.returncode:
            raise GitFailed(f"`{shown}` ended with exit code {done.returncode}; see its own words above")
