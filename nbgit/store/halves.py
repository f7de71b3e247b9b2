"""Ring 2: computing in two processes, where the system can fork: the user waits, and a second core is idle."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Work = Callable[[list[Any]], list[bytes]]


def map_halves(items: "list[Any]", here: "Work", there: "Work") -> list[bytes]:
    """Return the results for `items` in order: `here` does every second one, `there` the rest in a forked process.

    Both take a list and return one bytes for each of its items. `there` must not use what this process has open (its
    child processes above all); where it fails, or the system can't fork, `here` does its work.
    """
    if not hasattr(os, "fork") or len(items) < 2:
        return here(items)
    try:
        reading, writing = os.pipe()
        child = os.fork()
    except OSError:
        return here(items)
    if child == 0:
        os.close(reading)
        _tell(there, items[1::2], writing)
    os.close(writing)
    told = b""
    try:
        mine = here(items[::2])
        with open(reading, "rb") as stream:
            told = stream.read()
    finally:
        _, status = os.waitpid(child, 0)
    theirs = _decode(told) if status == 0 else here(items[1::2])
    results = [b""] * len(items)
    results[::2], results[1::2] = mine, theirs
    return results


def _tell(there: "Work", items: "list[Any]", descriptor: int) -> None:
    """In the forked process: work, write the results to the pipe, and end without any of the parent's clean-up."""
    code = 1
    try:
        results = there(items)
        with open(descriptor, "wb") as stream:
            for result in results:
                stream.write(len(result).to_bytes(8, "big"))
                stream.write(result)
        code = 0
    finally:
        os._exit(code)


def _decode(told: bytes) -> list[bytes]:
    results, at = [], 0
    while at < len(told):
        size = int.from_bytes(told[at : at + 8], "big")
        results.append(told[at + 8 : at + 8 + size])
        at += 8 + size
    return results
