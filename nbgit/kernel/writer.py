"""Apart: what is written beside the runs: the session, packages, later digests; and what to do when it fails."""

import os
import time

from nbgit.kernel.caller import find_caller
from nbgit.kernel.journal import rfc3339
from nbgit.kernel.packages import Packages, first_names
from nbgit.kernel.session import describe, find_notebook, find_person, is_kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from nbgit.kernel.background import Background
    from nbgit.kernel.files import Files
    from nbgit.kernel.journal import Journal
    from nbgit.kernel.place import Place
    from nbgit.kernel.seen import Seen, State

VERSION = 1


class Writer:
    """Writes a session's lines, until it has to give up: then `warn` gets one sentence, and `is_mute` is true."""

    def __init__(
        self,
        shell: "Any",
        place: "Place",
        journal: "Journal",
        files: "Files",
        background: "Background",
        warn: "Callable[[str], None]",
    ) -> None:
        self.is_mute = False
        self._shell = shell
        self._place = place
        self._journal = journal
        self._files = files
        self._background = background
        self._warn = warn
        self._packages = Packages()
        self._told: dict[str, str] = {}
        self._notebook: str | None = None

    def write(self, line: "dict[str, Any]") -> None:
        """Append a line to the journal."""
        if self.is_mute:
            return
        try:
            if not self._journal.append(line) and line["type"] in ("begin", "end"):
                self.give_up(None)
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: "Exception | None") -> None:
        """Write nothing more; without an error, because the journal is full."""
        if self.is_mute:
            return
        self.is_mute = True
        if error is None:
            self._warn("this session's journal is full: its further runs are not recorded")
        else:
            self._warn(f"runs are not recorded any more in this session ({error!r})")

    def open_session(self, modules: "Iterable[str]") -> None:
        """Write the first lines of a session; `modules` are those that were there before it."""
        line = {"type": "session", "nbgit-run": VERSION, "id": self._journal.session}
        line["started"] = rfc3339(time.time(), 6)
        self.write(line | describe(self._shell, self._place))
        self.tell_notebook()
        self._background.put(self._tell_person)
        self._background.put(self._tell_caller)
        names = first_names(modules)
        self._background.put(lambda: self.tell_packages(None, names))

    def tell_notebook(self) -> None:
        """Write which notebook it is, once somebody has told, and again when it has changed."""
        found = find_notebook(self._shell, os.environ)
        if found is not None and found[0] != self._notebook:
            self._notebook = found[0]
            self._write_notebook(*found)

    def _tell_caller(self) -> None:
        found = find_caller() if self._notebook is None and is_kernel(self._shell) else None
        if found is not None and os.path.isfile(found[0]) and self._notebook is None:
            self._write_notebook(*found)

    def _write_notebook(self, file: str, frontend: str) -> None:
        path = self._place.shown(os.path.abspath(file))
        self.write({"type": "session", "id": self._journal.session, "notebook": path, "frontend": frontend})

    def _tell_person(self) -> None:
        if person := find_person(self._place, os.environ):
            self.write({"type": "session", "id": self._journal.session, "person": person[:300]})

    def tell_packages(self, run: "str | None", modules: "set[str]") -> None:
        """Write those packages of the modules that a run has imported which are new, or have another version now."""
        versions = self._packages.find(modules)
        if found := {name: version for name, version in versions.items() if self._told.get(name) != version}:
            self._told |= found
            self.write({"type": "packages", "session": self._journal.session, "run": run, "packages": found})

    def tell_later(self, run: str, due: "list[tuple[str, State]]") -> None:
        """Have the digests of large files computed behind the cells, and write them then."""
        if due:
            self._background.put(lambda: self._write_digests(run, due))

    def _write_digests(self, run: str, due: "list[tuple[str, State]]") -> None:
        found = [self._files.record(*one) for one in due if self._files.digest(*one) is not None]
        if found:
            self.write({"type": "digests", "id": run, "files": found})

    def write_late(self, seen: "Seen") -> None:
        """Write what threads of a run did after its end."""
        reads, writes, due = self._files.settle(seen)
        lists = {"reads": reads, "writes": writes, "urls": seen.addresses(), "commands": seen.commands}
        told = {key: value for key, value in lists.items() if value}
        if told:
            self.write({"type": "late", "id": seen.run} | told)
        self.tell_later(seen.run, due)
