"""Ring 3: which runs of a session need which, as the slicer has found it, in a form that the index keeps."""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import overload

from nbgit import __version__
from nbgit.lineage import slicing
from nbgit.lineage.slicing.slicer import runs_of

LENGTH = 4  # bytes of the number of runs


class Edges(Sequence[set[int]]):
    """For each run of a session the positions of those before it that it needs."""

    def __init__(self, needed: Iterable[int]) -> None:
        self._needed = list(needed)  # a bit for each position

    @classmethod
    def of(cls, needed: Iterable[set[int]]) -> "Edges":
        """Return the edges that sets of positions say."""
        return cls(sum(1 << one for one in some) for some in needed)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._needed)

    @overload
    def __getitem__(self, position: int) -> set[int]: ...
    @overload
    def __getitem__(self, position: slice) -> list[set[int]]: ...
    def __getitem__(self, position: int | slice) -> set[int] | list[set[int]]:
        """Return what the run at a position needs itself, not by way of others."""
        if isinstance(position, slice):
            return [runs_of(bits) for bits in self._needed[position]]
        return runs_of(self._needed[position])

    def reached(self, target: int) -> list[int]:
        """Return the positions of all runs that a run rests on, in order, itself last."""
        found = 1 << target
        for position in range(target, -1, -1):
            if found >> position & 1:
                found |= self._needed[position]
        return sorted(runs_of(found))

    def resting_on(self, source: int) -> list[int]:
        """Return the positions of all runs that rest on a run, in order, itself first."""
        found = 1 << source
        for position in range(source + 1, len(self._needed)):
            if self._needed[position] & found:
                found |= 1 << position
        return sorted(runs_of(found))

    def needing(self, source: int) -> list[int]:
        """Return the positions of the runs that need a run themselves, in order."""
        return [position for position, bits in enumerate(self._needed) if bits >> source & 1]

    def packed(self) -> bytes:
        """Return the edges as the index keeps them."""
        import zlib

        rows = [bits.to_bytes(position // 8 + 1, "little") for position, bits in enumerate(self._needed)]
        return zlib.compress(len(rows).to_bytes(LENGTH, "little") + b"".join(rows), 1)

    @classmethod
    def unpacked(cls, data: bytes, runs: int) -> "Edges | None":
        """Return what `packed` gave, or None where it is not of so many runs."""
        import zlib

        try:
            rows = zlib.decompress(data)
        except zlib.error:
            return None
        ends = [LENGTH]
        for position in range(runs):
            ends.append(ends[-1] + position // 8 + 1)
        if int.from_bytes(rows[:LENGTH], "little") != runs or len(rows) != ends[-1]:
            return None
        return cls(int.from_bytes(rows[start:end], "little") for start, end in pairwise(ends))


def slicer_version() -> str:
    """Return what changes with nbgit's code that finds edges: they are found anew then."""
    parts = [__version__]
    for folder in (*slicing.__path__, os.path.dirname(__file__)):
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            if entry.name.endswith(".py"):
                found = entry.stat()
                parts.append(f"{found.st_size}:{found.st_mtime_ns}")
    return " ".join(parts)
