"""What every measurement is given, and how rounds are run: one of each tool, then the next round."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from benchmarks.data import Data
from benchmarks.sandbox import Sandbox
from benchmarks.tools import NBGIT, PLAIN, Tool

PART = 6  # files that a slow peer is given


class Bench:
    """The place, the data, the tools and the number of rounds."""

    def __init__(self, sandbox: Sandbox, data: Data, tools: list[Tool], rounds: int, *, quick: bool) -> None:
        self.sandbox = sandbox
        self.data = data
        self.tools = tools
        self.rounds = rounds
        self.quick = quick

    def tool(self, name: str) -> Tool:
        """Return the tool of this name."""
        return next(tool for tool in self.tools if tool.name == name)

    @property
    def plain(self) -> Tool:
        """Return plain git."""
        return self.tool(PLAIN)

    @property
    def nbgit(self) -> Tool:
        """Return nbgit."""
        return self.tool(NBGIT)

    def with_command(self, *verbs: str) -> list[Tool]:
        """Return plain git and the tools that have git start a command for one of `verbs` (clean, textconv, ...)."""
        return [
            tool
            for tool in self.tools
            if tool.name == PLAIN
            or any(tool.command(self.sandbox, tool.template(self.sandbox), verb, "a") is not None for verb in verbs)
        ]

    def interleaved(
        self, jobs: Mapping[str, Callable[[int], float]], rounds: int | None = None
    ) -> dict[str, list[float]]:
        """Run all jobs once a round, in order, and return each one's samples; a job is given the round's number."""
        samples: dict[str, list[float]] = {name: [] for name in jobs}
        for number in range(rounds or self.rounds):
            for name, job in jobs.items():
                samples[name].append(job(number))
        return samples


def say(text: str) -> None:
    """Tell on stderr what is being measured; stdout belongs to the table."""
    sys.stderr.write(f"{text} ...\n")
    sys.stderr.flush()
