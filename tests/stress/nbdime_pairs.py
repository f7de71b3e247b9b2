"""All neighbouring versions of some histories (bundles, repositories): `python -m tests.stress.nbdime_pairs BUNDLE...`.

For each pair nbdime's own `patch` makes the newer notebook of the older one with our diff in its form, and
`nbgit.diff.changes.apply` does with our own. Prints how many pairs there were, and how long our engine took.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import nbdime
from nbdime.diff_utils import to_diffentry_dicts

from nbgit.diff.changes import apply, changes
from nbgit.diff.nbdime_form import nbdime_diff
from nbgit.errors import NotANotebook
from nbgit.external.nbformat import upgrade
from nbgit.notebook.cells import read_cells


def pairs(repository: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (name, older, newer) of each notebook that a commit changed, against each parent, oldest first."""
    shape = ["-m", "--no-renames", "--raw", "--no-abbrev", "--diff-filter=M", "--format=%h", "-z"]
    listing = _git(repository, "log", "--reverse", "--all", *shape, "--", "*.ipynb").decode("utf-8", "surrogateescape")
    fields = [field.lstrip("\n") for field in listing.split("\0")]
    commit = ""
    for place, field in enumerate(fields):
        if field.startswith(":"):
            old, new = field.split(" ")[2:4]
            yield f"{commit}:{fields[place + 1]}", _blob(repository, old), _blob(repository, new)
        elif field and not fields[place - 1].startswith(":"):
            commit = field


def hold(before: bytes, after: bytes) -> float:
    """Fail unless both diffs of a pair lead to the newer notebook; return the seconds that nbdime's form took."""
    old, new = upgrade(before), upgrade(after)
    started = time.perf_counter()
    diff = nbdime_diff(old, new)
    took = time.perf_counter() - started
    patched = nbdime.patch(old, to_diffentry_dicts(diff))
    assert json.dumps(patched, sort_keys=True) == json.dumps(new, sort_keys=True)  # as text: 1 is neither True nor 1.0
    a, b = read_cells(before), read_cells(after)
    assert apply(a, changes(a, b)) == [cell.raw for cell in b.cells]
    return took


def main() -> int:
    """Hold all pairs of the bundles named on the command line."""
    parser = argparse.ArgumentParser(description="nbdime.patch(a, diff) == b over whole histories")
    parser.add_argument("bundles", nargs="+")
    parser.add_argument("--every", type=int, default=1, help="only every Nth pair")
    options = parser.parse_args()
    took: list[float] = []
    unread = 0
    for bundle in options.bundles:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "clone", "-q", "--bare", bundle, folder], check=True)
            for position, (name, before, after) in enumerate(pairs(folder)):
                if position % options.every:
                    continue
                try:
                    took.append(hold(before, after))
                except NotANotebook:
                    unread += 1
                except AssertionError:
                    print(f"{name}: the patched notebook is another one", file=sys.stderr)
                    return 1
    took.sort()
    told = f"{len(took)} pairs hold, {unread} are no notebooks"
    print(told + (f"; median {took[len(took) // 2] * 1000:.1f} ms, max {took[-1] * 1000:.1f} ms" if took else ""))
    return 0


def _blob(repository: str, oid: str) -> bytes:
    return _git(repository, "cat-file", "blob", oid)


def _git(repository: str, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=repository, stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
