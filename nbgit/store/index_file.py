"""Ring 2: git's index, for single files: refreshed without staging anything (docs/design.md, "Saving"), or one staged.

Git compares sizes: a notebook that was only run again stands as modified although its source is what the index has.
Only `update-index` takes it for unmodified, and that would stage an edit that was saved a moment ago, and hold the lock
of the index while the filter works. So git works on a copy of the index, which is put in place of the index if both are
as they should be: the lock is held for two renames, and a git command that a person runs at that moment does not fail.
"""

import os
import time

from nbgit.store.git import try_git
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAUSES = (0, 0.02, 0.04, 0.08, 0.16)  # seconds before each try, where other processes are at the index
MANY = 200  # more paths than this are not named on a command line: a command line has a limit
# An edit must not be staged as it is where the filter is missing; the index's mode stays as it is.
CAREFUL = ["-c", "filter.nbgit.required=true", "-c", "core.fileMode=false"]


def in_index(repository: Repository, sources: "dict[str, str]") -> "dict[str, str]":
    """Return those of these files (path -> source oid) that the index has with just that source."""
    index = os.path.realpath(os.path.join(repository.git_dir, "index"))
    entries = _entries(repository, index, sources) if sources else {}
    return {path: oid for path, oid in sources.items() if entries.get(path) == oid}


def refresh_index(repository: Repository, sources: "dict[str, str]") -> tuple[set[str], set[str]]:
    """Tell git that these files are as it has them, where the index has this source for them (path -> source oid).

    Returns (the paths that git now takes for unmodified, those that could be but for now could not: the index is locked
    or can't be written, or the file has changed meanwhile). No path's oid or mode in the index is ever changed.
    """
    index = os.path.realpath(os.path.join(repository.git_dir, "index"))
    same = in_index(repository, sources)
    if not same or repository.worktree is None:
        return set(), set()
    if _refresh_together(repository, index, same):
        return set(same), set()
    done: set[str] = set()
    if len(same) > 1:  # one of them is in the way
        done = {path for path, oid in same.items() if _refresh_together(repository, index, {path: oid})}
    return done, same.keys() - done


def set_entry(repository: Repository, path: str, old_oid: str, entry: str) -> bool:
    """Put one file's entry into the index, if the index still has `old_oid` for it; return whether it was put there.

    `entry` is a line of `git update-index --index-info` without its path, "0 <null oid>" to take the file out.
    """
    index = os.path.realpath(os.path.join(repository.git_dir, "index"))

    def put(copy: str) -> bool:
        if _entries(repository, copy, [path]).get(path) != old_oid:
            return False
        line = f"{entry}\t{path}\0".encode("utf-8", "surrogateescape")
        return _update(repository, copy, ["-z", "--index-info"], line)

    return _on_copy(index, put)


def _refresh_together(repository: Repository, index: str, sources: "dict[str, str]") -> bool:
    """Refresh these entries, all or none; return whether they were."""

    def refresh(copy: str) -> bool:
        names = "".join(f"{path}\0" for path in sources).encode("utf-8", "surrogateescape")
        return _update(repository, copy, ["-q", "-z", "--stdin"], names) and (
            _entries(repository, copy, sources) == sources
        )

    return _on_copy(index, refresh)


def _update(repository: Repository, index: str, options: list[str], stdin: bytes) -> bool:
    arguments = [*CAREFUL, "update-index", *options]
    return not try_git(arguments, cwd=repository.worktree, stdin=stdin, environ={"GIT_INDEX_FILE": index})[0]


def _on_copy(index: str, change: "Callable[[str], bool]") -> bool:
    """Put a copy of the index that `change` has worked on in its place; return whether both were done."""
    for pause in PAUSES:
        time.sleep(pause)
        try:
            done = _once_on_copy(index, change)
        except OSError:
            return False  # no index, or no leave to write it
        if done is not None:
            return done
    return False


def _once_on_copy(index: str, change: "Callable[[str], bool]") -> bool | None:
    """Return whether the index was changed, or None where another process is at it."""
    copy = f"{index}.{os.getpid()}.{time.monotonic_ns()}.nbgit"
    try:
        if os.path.exists(f"{index}.lock"):
            return None
        before = _signature(index)
        import shutil

        shutil.copy2(index, copy)  # its times too: by them git tells which entries may have changed unseen
        return (_replace(index, before, copy) or None) if change(copy) else False
    finally:
        for left in (copy, f"{copy}.lock"):
            _remove(left)


def _replace(index: str, before: tuple[int, ...], copy: str) -> bool:
    """Put `copy` in place of the index, under git's lock, if the index still is what it was."""
    lock = f"{index}.lock"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    try:
        if _signature(index) != before:
            return False
        os.replace(copy, lock)
        os.replace(lock, index)
        return True
    finally:
        _remove(lock)


def _entries(repository: Repository, index: str, paths: "Iterable[str]") -> "dict[str, str]":
    """Return path -> oid of those of `paths` that are plain files in this index: merged, and wanted on disk."""
    wanted = list(paths)
    limit = wanted if len(wanted) <= MANY else []
    code, out, _ = try_git(
        ["ls-files", "-v", "-s", "-z", "--", *limit],
        cwd=repository.worktree,
        environ={"GIT_LITERAL_PATHSPECS": "1", "GIT_INDEX_FILE": index},
    )
    found: dict[str, str] = {}
    for row in out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []:
        facts, _, path = row.partition("\t")
        tag, _, rest = facts.partition(" ")
        if tag == "H" and rest.endswith(" 0") and not rest.startswith("12"):
            found[path] = rest.split(" ")[1]
    return {path: found[path] for path in wanted if path in found}


def _signature(index: str) -> tuple[int, ...]:
    """Return what tells one state of the index from the next: git writes a new file, which ends in a hash."""
    found = os.stat(index)
    with open(index, "rb") as file:
        file.seek(max(0, found.st_size - 32))
        return (found.st_ino, found.st_mtime_ns, found.st_size, int.from_bytes(file.read(), "big"))


def _remove(file: str) -> None:
    try:
        os.unlink(file)
    except OSError:
        pass
