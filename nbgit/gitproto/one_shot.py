"""Ring 4: `nbgit clean PATH` and `nbgit smudge PATH`: one file, stdin to stdout, for clients without the protocol."""

import os
import sys

from nbgit.gitproto.filters import Filters
from nbgit.store.repository import find_repository


def run(verb: str, arguments: list[str]) -> int:
    """Filter stdin to stdout; `arguments` is the notebook's path in the repository."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"usage: nbgit {verb} PATH < notebook > result   (PATH: where it lies in the repository)\n")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    data = sys.stdin.buffer.read()
    with Filters(find_repository(os.getcwd(), os.environ)) as filters:
        result = filters.clean(arguments[0], data) if verb == "clean" else filters.smudge(arguments[0], data)
    sys.stdout.buffer.write(result)
    sys.stdout.buffer.flush()
    return 0
