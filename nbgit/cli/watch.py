"""`nbgit watch`: capture notebooks as editors save them."""

import os
import signal
import time
from threading import Event

import click

from nbgit.cli.numbers import size
from nbgit.cli.terminal import print_text
from nbgit.errors import NbgitError, TargetNotFound
from nbgit.external.watchfiles import watch_files
from nbgit.notebook.printable import printable
from nbgit.store.git import try_git
from nbgit.store.refresh import UNMODIFIED, Saved, capture_saved, modified_notebooks
from nbgit.store.repository import Repository, find_repository
from nbgit.store.saves import Saves, may_be_notebook

EPILOG = """\b
Examples:
  nbgit watch             this repository's working tree, until Ctrl-C
  nbgit watch notebooks   only what is saved in this directory
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
def command(paths: tuple[str, ...]) -> int:
    """Capture notebooks whenever an editor saves them, and clear git's M where only outputs changed.

    For VS Code, PyCharm and whatever else saves notebooks without a Jupyter server; one line says what was captured.
    Notebooks that git ignores are left alone. Ends with Ctrl-C. Needs `pip install 'nbgit[watch]'`.
    """
    repository = find_repository(os.getcwd(), os.environ)
    if repository.worktree is None:
        raise TargetNotFound("this repository is bare: it has no working tree to watch")
    for path in paths:
        if not os.path.exists(path):
            raise TargetNotFound(f"{path} is neither a directory nor a notebook; name one that exists")
    asked = [os.path.realpath(path) for path in paths] or [os.path.realpath(repository.worktree)]
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _Watch(asked).run(repository, stop)
    return 0


class _Watch:
    def __init__(self, asked: list[str]) -> None:
        self._asked = asked
        self._saves = Saves(os.environ, os.path.expanduser("~"))

    def run(self, repository: Repository, stop: Event) -> None:
        """Watch until `stop` is set; what was modified before is captured first."""
        folders = sorted({path if os.path.isdir(path) else os.path.dirname(path) for path in self._asked})
        is_first = True
        for files in watch_files(folders, self._is_asked, stop):
            if is_first:
                self._say(f"Watching {', '.join(printable(path) for path in self._asked)}; Ctrl-C ends it.")
                top = repository.worktree or ""
                files |= {os.path.join(top, *path.split("/")) for path in modified_notebooks(repository)}
                is_first = False
            if files:
                self._capture(sorted(filter(self._is_asked, files)))
        self._say("Ended.")

    def _is_asked(self, file: str) -> bool:
        real = os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))
        return may_be_notebook(file) and any(real == path or real.startswith(path + os.sep) for path in self._asked)

    def _capture(self, files: list[str]) -> None:
        """Capture these files, repository by repository; what can't be is a line, and the watch goes on."""
        found: dict[str, tuple[Repository, list[str]]] = {}
        for file in files:
            try:
                place = self._saves.place_of(file)
            except NbgitError as error:
                self._say(f"{_now()}  {error}")
                continue
            if place is not None:
                found.setdefault(place[0].git_dir, (place[0], []))[1].append(place[1])
        for repository, paths in found.values():
            try:
                for saved in capture_saved(repository, _not_ignored(repository, paths)):
                    if saved.is_new:
                        self._say(f"{_now()}  {_told(saved)}")
            except (NbgitError, OSError) as error:
                self._say(f"{_now()}  {error}")

    def _say(self, line: str) -> None:
        print_text(line + "\n")


def _told(saved: Saved) -> str:
    what = "outputs only: unmodified for git" if saved.state == UNMODIFIED else "captured"
    return f"{printable(saved.path)}  {size(saved.size)}, {what}"


def _not_ignored(repository: Repository, paths: list[str]) -> list[str]:
    stdin = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    code, out, _ = try_git(["check-ignore", "-z", "--stdin"], cwd=repository.worktree, stdin=stdin)
    ignored = set(out.decode("utf-8", "surrogateescape").split("\0")) if code == 0 else set()
    return [path for path in paths if path not in ignored]


def _now() -> str:
    return time.strftime("%H:%M:%S")
