"""nbgit's lines in attributes files: a marked block in git's own, those of gitattributes.example in committed ones."""

import os
from collections import Counter

from nbgit.errors import NbgitError
from nbgit.setup.files import folders_missing, read_bytes, remove_folders, replace_bytes
from nbgit.store.git import try_git
from nbgit.store.repository import Repository

LINE = b"*.ipynb filter=nbgit diff=nbgit merge=nbgit -text\n"
BEGIN, END = b"# >>> nbgit >>>\n", b"# <<< nbgit <<<\n"
MADE = b"# nbgit made this file; folders made for it: "
UNENDED = b"# the line above had no newline\n"
WANTED = {"filter": "nbgit", "diff": "nbgit", "merge": "nbgit"}


def put_block(path: str) -> bool:
    """Write nbgit's block at the end of an attributes file (a later line wins); return whether anything changed."""
    before = read_bytes(path)
    if before is None:
        rest, notes = b"", MADE + b"%d\n" % folders_missing(os.path.dirname(os.path.realpath(path)))
    else:
        rest, block = _split_block(before)
        notes = b"".join(line for line in (block or b"").splitlines(keepends=True) if line.startswith(MADE))
    if rest and not rest.endswith(b"\n"):
        rest, notes = rest + b"\n", notes + UNENDED
    after = rest + BEGIN + notes + LINE + END
    if after == before:
        return False
    replace_bytes(path, after)
    return True


def take_block(path: str) -> bool:
    """Take nbgit's block out of the file, and the file and folders nbgit made for it; return whether it was there."""
    before = read_bytes(path)
    rest, block = _split_block(before or b"")
    if block is None:
        return False
    made = [line for line in block.splitlines() if line.startswith(MADE)]
    if rest or not made:
        replace_bytes(path, rest)
        return True
    place = os.path.realpath(path)
    os.unlink(place)
    count = made[0][len(MADE) :].strip()
    remove_folders(os.path.dirname(place), int(count) if count.isdigit() else 0)
    return True


def has_block(path: str) -> bool:
    """Return whether nbgit's block stands in this file."""
    return _split_block(read_bytes(path) or b"")[1] is not None


def _split_block(data: bytes) -> tuple[bytes, bytes | None]:
    """Return (the file as it is without nbgit's block, the block or None)."""
    start = 0 if data.startswith(BEGIN) else data.find(b"\n" + BEGIN) + 1
    if start == 0 and not data.startswith(BEGIN):
        return data, None
    stop = data.find(END, start) + len(END)
    if stop < len(END):  # somebody cut the end off: what is surely nbgit's is the first lines
        stop = start
        for line in data[start:].splitlines(keepends=True):
            if line not in (BEGIN, UNENDED, LINE) and not line.startswith(MADE):
                break
            stop += len(line)
    head, block, tail = data[:start], data[start:stop], data[stop:]
    if UNENDED in block and not tail:
        head = head[:-1]
    return head + tail, block


def _ended(data: bytes) -> bytes:
    return data if not data or data.endswith(b"\n") else data + b"\n"


def example_lines() -> list[bytes]:
    """Return the lines of gitattributes.example, which is shipped in the package or stands beside it."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, os.path.dirname(package)):
        data = read_bytes(os.path.join(folder, "gitattributes.example"))
        if data is not None:
            return data.splitlines(keepends=True)
    raise NbgitError("gitattributes.example is missing from this installation of nbgit; install nbgit again")


def put_example(path: str) -> bool:
    """Append the lines of gitattributes.example that the file lacks; return whether anything changed."""
    before = read_bytes(path) or b""
    present = {_squeezed(line) for line in before.splitlines()}
    lines = example_lines()
    wanted = [line for line in lines if not line.startswith(b"#")]
    if all(_squeezed(line) in present for line in wanted):
        return False
    missing = [line for line in lines if _squeezed(line) not in present]
    replace_bytes(path, _ended(before) + b"".join(missing))
    return True


def take_example(path: str) -> bool:
    """Take the lines of gitattributes.example out of the file (and the file, if it is then empty).

    Returns whether any was there.
    """
    before = read_bytes(path)
    if before is None:
        return False
    ours = {_squeezed(line) for line in example_lines()}
    rest = b"".join(line for line in before.splitlines(keepends=True) if _squeezed(line) not in ours)
    if rest == before:
        return False
    if rest:
        replace_bytes(path, rest)
    else:
        os.unlink(path)
    return True


def has_example(path: str) -> bool:
    """Return whether the line that gives notebooks to nbgit stands in this file, outside of nbgit's block."""
    rest, _ = _split_block(read_bytes(path) or b"")
    return LINE.strip() in {_squeezed(line) for line in rest.splitlines()}


def _squeezed(line: bytes) -> bytes:
    return b" ".join(line.split())


class Winners:
    """What git itself answers for notebooks: `probe` for a new one at the top, `tracked` counts of (attribute, value).

    `notebooks` is the number of tracked ones; `astray` names, per attribute, one tracked notebook that nbgit misses.
    """

    __slots__ = ("astray", "notebooks", "probe", "tracked")

    def __init__(self) -> None:
        self.probe: dict[str, str] = {}
        self.tracked: Counter[tuple[str, str]] = Counter()
        self.astray: dict[str, str] = {}
        self.notebooks = 0


def winners(repository: Repository) -> Winners:
    """Return which attributes win for notebooks in this repository, asked of `git check-attr`."""
    found = Winners()
    where = repository.worktree or repository.git_dir
    _, listed, _ = try_git(["ls-files", "-z", "--", "*.ipynb"], cwd=where)
    paths = [b"notebook.ipynb", *[path for path in listed.split(b"\0") if path]]
    code, out, _ = try_git(
        ["check-attr", "-z", "--stdin", "filter", "diff", "merge"],
        cwd=where,
        stdin=b"\0".join(paths) + b"\0",
    )
    fields = out.decode("utf-8", "surrogateescape").split("\0")[:-1] if code == 0 else []
    for index in range(0, len(fields), 3):
        path, attribute, value = fields[index : index + 3]
        if index < 9:
            found.probe[attribute] = value
            continue
        found.tracked[attribute, value] += 1
        if value != WANTED[attribute]:
            found.astray.setdefault(attribute, path)
    found.notebooks = len(paths) - 1
    return found
