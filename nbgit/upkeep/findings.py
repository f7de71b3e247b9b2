"""Ring 3: what a check finds, one line each: what, where, what to do."""

from collections.abc import Callable
from typing import NamedTuple

Progress = Callable[[int, int], None]


class Finding(NamedTuple):
    """One thing that is not as it must be.

    `kind` is a slug for programs, `where` the ref, file, or notebook and commit; `text` says what is wrong and `mend`
    what to do. `order` is what a repair does about it, a word and its arguments, or empty where it can't do anything.
    """

    kind: str
    where: str
    text: str
    mend: str
    order: tuple[str, ...] = ()


class Report(NamedTuple):
    """What was looked at and found: `checked` counts what was in order or not, `elsewhere` what is lawfully not here
    (a shallow or partial clone, commits of others), `newer` what a later version of nbgit has written."""

    findings: list[Finding]
    checked: dict[str, int]
    elsewhere: dict[str, int]
    newer: int


class Checks:
    """Collects a report."""

    def __init__(self, progress: Progress) -> None:
        self.findings: list[Finding] = []
        self.checked: dict[str, int] = {}
        self.elsewhere: dict[str, int] = {}
        self.newer = 0
        self.progress = progress
        self.total = 0
        self._done = 0

    def find(self, kind: str, where: str, text: str, mend: str, order: tuple[str, ...] = ()) -> None:
        """Take one finding in."""
        self.findings.append(Finding(kind, where, text, mend, order))

    def count(self, what: str) -> None:
        """Count one thing as checked, and move the progress on."""
        self.checked[what] = self.checked.get(what, 0) + 1
        self._done += 1
        if self._done % 50 == 0:
            self.progress(self._done, max(self.total, self._done))

    def miss(self, what: str, many: int = 1) -> None:
        """Count things that are lawfully not here."""
        if many:
            self.elsewhere[what] = self.elsewhere.get(what, 0) + many

    def report(self) -> Report:
        """Return what was collected."""
        return Report(self.findings, self.checked, self.elsewhere, self.newer)
