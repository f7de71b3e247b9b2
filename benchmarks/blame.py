"""Row 8: `nbgit blame-output`, asked for a cell and for an image file, with and without its index."""

from __future__ import annotations

import base64
import contextlib
import json
import struct
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import Bench, say
from benchmarks.results import SECONDS, Budget, Measured, Row
from benchmarks.tools import NBGIT

COLD_ROUNDS = 3


class Figure(NamedTuple):
    """A figure of a notebook in the working tree: where it is, and its PNG."""

    path: str
    cell_index: int
    data: bytes


def blame_rows(bench: Bench, repository: Path, name: str) -> list[Row]:
    """Return the rows for one history; every question must have an answer, or the run fails.

    With an index: a cell, which needs one notebook's past. Without: an image file whose bytes are nowhere in the
    history because it was saved anew, so that every figure of every commit is indexed and then compared by its pixels.
    """
    say(f"blame-output: {name}")
    figure = find_figure(repository)
    picture, anew = bench.sandbox.directory("figure.png"), bench.sandbox.directory("anew.png")
    picture.write_bytes(figure.data)
    anew.write_bytes(saved_anew(figure.data))
    ask = [sys.executable, "-m", "nbgit", "blame-output"]
    asked = {
        "cell": [*ask, figure.path, "--cell", str(figure.cell_index)],
        "image": [*ask, str(picture)],
        "anew": [*ask, str(anew if find_spec("PIL") else picture)],
    }

    def cold(number: int) -> float:
        for place in (repository / ".git" / "nbgit").glob("index.sqlite*"):
            place.unlink()
        return bench.sandbox.seconds(asked["anew"], repository)

    first = bench.interleaved({"cold": cold}, min(COLD_ROUNDS, bench.rounds))["cold"]
    jobs = {key: lambda number, key=key: bench.sandbox.seconds(asked[key], repository) for key in ("cell", "image")}
    warm = bench.interleaved(jobs)
    remark = f"blame-output without an index: {COLD_ROUNDS} rounds, asked for an image saved anew (found by its pixels)"
    fast, built = (Budget(0.3, SECONDS),), (Budget(10, SECONDS),)
    return [
        Row("blame-output NOTEBOOK --cell, warm", name, {NBGIT: Measured(warm["cell"])}, budgets=fast),
        Row("blame-output IMAGE, warm", name, {NBGIT: Measured(warm["image"])}, budgets=fast),
        Row("blame-output IMAGE, no index", name, {NBGIT: Measured(first)}, budgets=built, remarks=(remark,)),
    ]


def find_figure(repository: Path) -> Figure:
    """Return the middle figure of the first notebook in the working tree that shows any."""
    for place in sorted(repository.rglob("*.ipynb")):
        with contextlib.suppress(ValueError, KeyError):
            found: list[tuple[int, str | list[str]]] = [
                (index, output["data"]["image/png"])
                for index, cell in enumerate(json.loads(place.read_bytes())["cells"])
                for output in cell.get("outputs", [])
                if "image/png" in output.get("data", {})
            ]
            if found:
                index, text = found[len(found) // 2]
                return Figure(place.relative_to(repository).as_posix(), index, base64.b64decode("".join(text)))
    raise ValueError("no notebook of the data shows a figure")


def saved_anew(png: bytes) -> bytes:
    """Return a PNG with the same pixels and other bytes: with a comment before its last chunk."""
    comment = b"tEXtComment\0saved anew"
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    at = png.rindex(b"IEND") - 4
    return png[:at] + chunk + png[at:]
