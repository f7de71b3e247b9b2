"""Cases, and the truth about them: the sets of cells that give the target's result, found by running subsets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgit.lineage.origin.recipe import units_of
from nbgit.lineage.runs.journals import read_session
from nbgit.lineage.runs.sources import journals_in
from nbgit.lineage.slicing.slicer import Run, slice_runs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = Path(__file__).parent / "cases"


@dataclass
class Case:
    """Cells, and what counts as the result of the last of them: what it shows, and what else is asked for."""

    name: str
    cells: list[str]
    files: dict[str, str] = field(default_factory=dict)
    value: str = ""
    file: str = ""
    picture: bool = False
    needs: list[str] = field(default_factory=list)

    @property
    def target(self) -> int:
        """The last cell is the target."""
        return len(self.cells) - 1

    def request(self, kept: tuple[int, ...], *, facts: bool = False) -> dict[str, Any]:
        """Return what the server is asked."""
        return {
            "cells": self.cells,
            "kept": list(kept),
            "files": self.files,
            "value": self.value,
            "file": self.file,
            "picture": self.picture,
            "facts": facts,
        }


def read_cases() -> list[Case]:
    """Return all cases, in the order of their files."""
    found = []
    for path in sorted(CASES.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for one in document["case"]:
            if any(find_spec(name) is None for name in one.get("needs", [])):
                continue
            cells = [cell.strip("\n") for cell in one.pop("cells")]
            found.append(Case(name=f"{path.stem}: {one.pop('name')}", cells=cells, **one))
    return found


class Truth:
    """Runs subsets of cases' cells, in forks of two warm processes: one with numpy and its kin, one without."""

    def __init__(self) -> None:
        self.servers: dict[str, subprocess.Popen[str]] = {}
        self.runs = 0

    def close(self) -> None:
        """End the servers."""
        for server in self.servers.values():
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.close()
            server.wait()
            server.stdout.close()

    def ask(self, case: Case, request: dict[str, Any]) -> dict[str, Any]:
        """Return a server's answer."""
        kind = "heavy" if case.needs else "light"
        if kind not in self.servers:
            self.servers[kind] = subprocess.Popen(
                [sys.executable, "-m", "tests.slicing.server", kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).resolve().parents[2],
            )
        server = self.servers[kind]
        assert server.stdin is not None
        assert server.stdout is not None
        self.runs += 1
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        found: dict[str, Any] = json.loads(server.stdout.readline())
        return found

    def of(self, case: Case) -> Results:
        """Return the results of one case."""
        return Results(self, case)


class Results:
    """The results of subsets of one case's cells, each run once."""

    def __init__(self, truth: Truth, case: Case) -> None:
        self.truth, self.case = truth, case
        whole = tuple(range(len(case.cells)))
        answer = truth.ask(case, case.request(whole, facts=True))
        assert "broken" not in answer, answer["broken"]
        self.journal: str = answer.pop("journal")
        self.expected = answer
        self.known = {whole: True}

    def is_enough(self, kept: tuple[int, ...]) -> bool:
        """Say whether running only these cells gives the target's result."""
        if kept not in self.known:
            answer = self.truth.ask(self.case, self.case.request(kept))
            self.known[kept] = answer == self.expected
        return self.known[kept]

    def static_runs(self) -> list[Run]:
        """Return the runs as a list of code tells them."""
        return [Run(cell) for cell in self.case.cells]

    def recorded_runs(self) -> list[Run]:
        """Return the runs with what was seen of them."""
        with TemporaryDirectory() as folder:
            session = json.loads(self.journal.partition("\n")[0])["id"]
            Path(folder, "runs").mkdir()
            Path(folder, "runs", f"{session}.jsonl").write_text(self.journal, encoding="ascii")
            runs = [run for run in read_session(journals_in(folder)) if run.parent is None]
        left = iter(units_of(runs))
        return [Run(cell) if not cell.strip() else next(left) for cell in self.case.cells]

    def superfluous(self, kept: tuple[int, ...]) -> tuple[int, ...]:
        """Return the cells of a sufficient set of which each may be left out, all others kept."""
        target = self.case.target
        return tuple(
            one for one in kept if one != target and self.is_enough(tuple(other for other in kept if other != one))
        )

    def smallest(self) -> list[tuple[int, ...]]:
        """Return all sufficient sets of which no part is sufficient, by running every subset that may be one."""
        target = self.case.target
        found: list[tuple[int, ...]] = []
        for size in range(target + 1):
            for chosen in combinations(range(target), size):
                kept = (*chosen, target)
                if not any(set(small) <= set(kept) for small in found) and self.is_enough(kept):
                    found.append(kept)
        return found


@dataclass
class Verdict:
    """How one slice compares with the truth; `superfluous` are cells that could have been left out one by one."""

    case: Case
    kind: str
    kept: tuple[int, ...]
    is_sound: bool
    superfluous: tuple[int, ...]


def judge(results: Results, *, fully: bool = True) -> Iterator[Verdict]:
    """Yield the verdicts on the static and the recorded slice; on soundness alone, if not `fully`."""
    for runs in (results.static_runs(), results.recorded_runs()):
        found = slice_runs(runs, results.case.target)
        sound = results.is_enough(found.kept)
        yield Verdict(
            results.case, found.kind, found.kept, sound, results.superfluous(found.kept) if sound and fully else ()
        )
