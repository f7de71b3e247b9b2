"""Ring 3: which files differ between two states of a repository, as git says (`git diff --raw`), and their bytes."""

import os

from nbgit.diff.report import Side
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GITLINK = "160000"


class FileChange:
    """One file that differs: its two sides, git's `status` letter (A, D, M, R, T, U), a rename's header lines.

    `in_worktree` says that the newer side is the file on disk.
    """

    __slots__ = ("after", "before", "extended", "in_worktree", "status")

    def __init__(self, status: str, before: Side, after: Side, in_worktree: bool, extended: list[str]) -> None:
        self.status = status
        self.before = before
        self.after = after
        self.in_worktree = in_worktree
        self.extended = extended


def changed_files(
    repository: Repository, cwd: str, revisions: "Sequence[str]", paths: "Sequence[str]", *, cached: bool = False
) -> "Iterator[FileChange]":
    """Yield what `git diff REVISIONS -- PATHS` would show, in git's order; raises GitFailed for what git refuses."""
    options = ["--raw", "-z", "--no-abbrev", "-M", *(["--cached"] if cached else [])]
    listing = run_git(["diff", *options, *revisions, "--", *paths], cwd=cwd)
    with ObjectReader(repository) as reader:
        for meta, names in _entries(listing.decode("utf-8", "surrogateescape").split("\0")):
            old_mode, new_mode, old_oid, new_oid, status = meta
            if GITLINK in (old_mode, new_mode):
                continue
            in_worktree = status[0] not in "DU" and not new_oid.strip("0")
            before = Side(names[0], _blob(reader, old_oid), old_mode, old_oid)
            data = on_disk(repository, names[-1]) if in_worktree else _blob(reader, new_oid)
            after = Side(names[-1], data, new_mode, "" if in_worktree else new_oid)
            yield FileChange(status[0], before, after, in_worktree, _rename(status, names))


def _entries(fields: list[str]) -> "Iterator[tuple[list[str], list[str]]]":
    """Yield (modes, oids and status; one or two paths) of each entry of `git diff --raw -z` (git-diff(1))."""
    at = 0
    while at + 1 < len(fields):
        meta = fields[at].lstrip(":").split(" ")
        size = 2 if meta[-1][:1] in ("R", "C") else 1
        yield meta, fields[at + 1 : at + 1 + size]
        at += 1 + size


def _rename(status: str, names: list[str]) -> list[str]:
    if len(names) == 1:
        return []
    verb = "copy" if status[0] == "C" else "rename"
    return [f"similarity index {int(status[1:] or 0)}%", f"{verb} from {names[0]}", f"{verb} to {names[1]}"]


def _blob(reader: ObjectReader, oid: str) -> bytes | None:
    return reader.read(oid) if oid.strip("0") else None


def files_of(cwd: str, arguments: "Sequence[str]", paths: "Sequence[str]") -> "Iterator[tuple[str, str, str]]":
    """Yield (path, mode, oid) of each file that `git diff ARGUMENTS -- PATHS` lists, as it is on the newer side."""
    listing = run_git(["diff", "--raw", "-z", "--no-abbrev", "--no-renames", *arguments, "--", *paths], cwd=cwd)
    for (_, mode, _, oid, _), names in _entries(listing.decode("utf-8", "surrogateescape").split("\0")):
        if mode != GITLINK and oid.strip("0"):
            yield names[0], mode, oid


def on_disk(repository: Repository, path: str) -> bytes | None:
    """Return the bytes of a file of the working tree, a symbolic link's target, or None where there is none."""
    place = os.path.join(repository.worktree or "", path)
    try:
        if os.path.islink(place):
            return os.fsencode(os.readlink(place))
        with open(place, "rb") as file:
            return file.read()
    except OSError:
        return None
