"""Ring 3: the paths of files that runs have opened, as they may be told elsewhere.

What lies in the worktree has its path from the top. All else belongs to one machine and one person, and what leaves it
is a digest: the same file is known again there, and nothing is said of the folders.
"""

from hashlib import sha256

HIDDEN = "/sha256:"  # begins what stands for a path outside of the worktree
DIGITS = 32
SHOWN = 8
LONGEST = 4096  # characters of a path


def is_inside(path: str) -> bool:
    """Return whether a path is one from the top of the worktree, in the one way in which it is written."""
    if not path or path[0] in "/~" or path[1:2] == ":" or "\0" in path or "\\" in path or len(path) > LONGEST:
        return False
    return {"", ".", ".."}.isdisjoint(path.split("/"))


def is_hidden(path: str) -> bool:
    """Return whether a path is a digest of one."""
    digits = path.removeprefix(HIDDEN)
    return path.startswith(HIDDEN) and len(digits) == DIGITS and all(c in "0123456789abcdef" for c in digits)


def public_path(path: str, host: str) -> str:
    """Return a path as it may leave the machine `host`; the same path on two machines is not the same file."""
    if is_inside(path) or is_hidden(path):
        return path
    return HIDDEN + sha256(f"{host}\n{path}".encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def shown_path(path: str) -> str:
    """Return a path as people are told it."""
    if not is_hidden(path):
        return path
    return f"a file outside of the repository ({path.removeprefix(HIDDEN)[:SHOWN]})"
