"""How git starts nbgit: an absolute interpreter and an absolute main, so that GUIs and cron find both.

Imported by the filter process (through `heal`): the standard library's cheapest parts only.
"""

import os
import sys

VERB_OPTIONS = "-I -S"  # isolated and without site: several times faster to start (docs/design.md, "Hot path")


class Launcher:
    """The interpreter (`python`) and nbgit's main file (`main`), as absolute paths with forward slashes."""

    __slots__ = ("main", "python")

    def __init__(self, python: str, main: str) -> None:
        self.python = python
        self.main = main

    def command(self, verb: str, arguments: str = "") -> str:
        """Return the shell command that starts `verb`; `arguments` are appended as they are."""
        line = f"{quote_double(self.python)} {VERB_OPTIONS} {quote_double(self.main)} {verb}"
        return f"{line} {arguments}" if arguments else line

    def full_command(self, verb: str) -> str:
        """Return the shell command that starts a verb of people's, which needs installed packages.

        By its path, not with -m: that would import what lies in the repository.
        """
        return f"{quote_double(self.python)} {quote_double(self.main)} {verb}"

    def expanding_command(self, verb: str, arguments: str) -> str:
        """Return the command for a key in which git expands `%` (clean, smudge, merge driver)."""
        doubled = Launcher(self.python.replace("%", "%%"), self.main.replace("%", "%%"))
        return doubled.command(verb, arguments)


def this_launcher() -> Launcher:
    """Return the launcher of the nbgit that is running.

    The interpreter's symbolic link is kept: a virtual environment is found by the place of the link.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return Launcher(_forward(os.path.abspath(sys.executable)), _forward(os.path.join(package, "__main__.py")))


def quote_double(text: str) -> str:
    """Return `text` as one double-quoted word of sh."""
    for character in '\\"$`':
        text = text.replace(character, "\\" + character)
    return f'"{text}"'


def quote_single(text: str) -> str:
    """Return `text` as one single-quoted word of sh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _forward(path: str) -> str:
    return path.replace("\\", "/") if os.sep == "\\" else path
