"""Random merges, held to every rule: `python -m tests.stress.merges [--count N] [--from SEED] [BUNDLE...]`.

Notebooks of every format are made and edited from seeds. Of each bundle (or repository) named, notebooks that a commit
changed are base and ours, and theirs is an edit of the base or another version of its history. Prints each rule that
broke with the seed that did it, and how many merges held.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgit.errors import NotANotebook
from nbgit.merge.conflicts import STYLES
from nbgit.notebook.cells import read_cells
from tests.property.authors import Author
from tests.property.merge_rules import problems
from tests.property.written import cells_of
from tests.stress.nbdime_pairs import pairs

Sides = tuple[bytes, bytes, bytes]


def made(first: int, count: int) -> Iterator[tuple[str, Sides]]:
    """Yield (name, three notebooks) from seeds."""
    for seed in range(first, first + count):
        yield f"seed {seed}", Author(seed).three()


def real(repository: str) -> Iterator[tuple[str, Sides]]:
    """Yield (name, base, ours and theirs) from a history, with an edit of base, and with another version of it."""
    versions: dict[str, list[bytes]] = {}
    for number, (name, before, after) in enumerate(pairs(repository)):
        earlier = versions.setdefault(name.partition(":")[2], [])
        try:
            read_cells(after)
            yield name, (before, after, edited(before, number))
        except NotANotebook:
            continue
        if len(earlier) > 1:
            yield f"{name}, two versions on", (earlier[-2], after, earlier[number % len(earlier)])
        earlier.append(after)


def edited(data: bytes, seed: int) -> bytes:
    """Return a real notebook with some lines and cells of it edited; raises NotANotebook."""
    read_cells(data)
    document: dict[str, Any] = json.loads(data)
    if not isinstance(document.get("cells"), list) and not document.get("worksheets"):
        raise NotANotebook("no cells")
    chance = random.Random(seed)
    for cell in cells_of(document):
        key = "input" if "input" in cell else "source"
        lines = "".join(cell.get(key, "")).splitlines(keepends=True)
        if lines and chance.random() < 0.2:
            at = chance.randrange(len(lines))
            lines[at : at + chance.randrange(2)] = [f"edited = {chance.randrange(1000)}\n"]
            cell[key] = lines
    cells = cells_of(document)
    if cells and chance.random() < 0.5:
        cells.insert(chance.randrange(len(cells)), cells.pop(chance.randrange(len(cells))))
    if cells and chance.random() < 0.3:
        cells.pop(chance.randrange(len(cells)))
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def main() -> int:
    """Merge, and return 1 where a rule broke."""
    parser = argparse.ArgumentParser(description="every rule of a merge, over many random ones")
    parser.add_argument("bundles", nargs="*")
    parser.add_argument("--count", type=int, default=5000, help="merges of notebooks that are made up")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    options = parser.parse_args()
    counts = {"made": hold(made(options.first, options.count))}
    for bundle in options.bundles:
        with tempfile.TemporaryDirectory() as repository:
            subprocess.run(["git", "clone", "-q", "--bare", bundle, repository], check=True)
            counts[Path(bundle).name] = hold(real(repository))
    for name, (merges, clean, broken) in counts.items():
        print(f"{name}: {merges} merges, {clean} of them clean, {broken} broke a rule")
    return int(any(broken for _, _, broken in counts.values()))


def hold(merges: Iterator[tuple[str, Sides]]) -> tuple[int, int, int]:
    """Merge all, tell what breaks a rule, and return how many there were, were clean, and broke one."""
    done = clean = broken = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, sides in merges:
            found, is_clean = problems(Path(folder), sides, STYLES[done % len(STYLES)])
            done += 1
            clean += is_clean
            broken += bool(found)
            for problem in found:
                print(f"{name}: {problem}", file=sys.stderr)
    return done, clean, broken


if __name__ == "__main__":
    sys.exit(main())
