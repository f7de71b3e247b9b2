"""Ring 2: capture notebooks as they were saved, and refresh the index where their source is git's.

What the Jupyter server's hook, `nbgit watch` and `nbgit refresh` do (docs/design.md, "Saving").
"""

from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.notebook.printable import printable
from nbgit.notebook.spans import split
from nbgit.store.attributes import filtered
from nbgit.store.bare import take_note
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX, dirty_paths
from nbgit.store.index_file import refresh_index
from nbgit.store.objects import ObjectReader, object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.raw import RawInIndex
from nbgit.store.repository import Repository
from nbgit.store.seen import keep
from nbgit.store.worktree import read_worktree_file

UNMODIFIED, EDITED, LOCKED = "unmodified", "edited", "locked"


class Saved:
    """A notebook that was read from the disk: its `size` in bytes, and whether it `is_new` and was captured now.

    `state` is UNMODIFIED (git takes it for what the index has), EDITED (its source is another) or LOCKED (its source is
    the index's, but for now git could not be told).
    """

    __slots__ = ("is_new", "path", "size", "source_oid", "state")

    def __init__(self, path: str, source_oid: str, size: int, *, is_new: bool) -> None:
        self.path = path
        self.source_oid = source_oid
        self.size = size
        self.is_new = is_new
        self.state = EDITED


def capture_saved(repository: Repository, paths: list[str]) -> list[Saved]:
    """Capture these notebooks as they are on disk, and tell git of those whose source the index has.

    What is gone, or no whole notebook as it stands, is left out. Raises NbgitError where one can't be captured, after
    the others were, and PolicyInvalid.
    """
    found, failed = capture_files(repository, paths)
    unmodified, locked = refresh_index(repository, {saved.path: saved.source_oid for saved in found})
    for saved in found:
        saved.state = UNMODIFIED if saved.path in unmodified else LOCKED if saved.path in locked else EDITED
    if failed:
        raise NbgitError(f"{failed[0]}{f', and {len(failed) - 1} more' if failed[1:] else ''}; the files are untouched")
    return found


def capture_files(repository: Repository, paths: list[str]) -> tuple[list[Saved], list[str]]:
    """Capture these notebooks as `capture_saved` does, git left out of it; return them, and what failed in words."""
    policy = load_policy(repository)
    captures = CaptureStore(repository, policy)
    raw = RawInIndex(repository)
    found: list[Saved] = []
    failed: list[str] = []
    with ObjectReader(repository) as reader:
        take_note(repository, captures, reader)
        for path in paths:
            data = read_worktree_file(repository, path)
            parts = None if data is None else split(data, policy)
            if data is None or parts is None:
                continue
            if parts.spans and (oid := raw.oid_of(path, data)) is not None:  # git has all of it
                found.append(Saved(path, oid, len(data), is_new=False))
                continue
            digest = sha256(data).hexdigest()
            source_oid = object_id("blob", parts.source, repository.hash_name)
            is_new = captures.old_news(path, digest) is None and captures.source_of_newest(path, digest) is None
            is_new = is_new and bool(parts.spans or parts.can_run)
            try:
                is_new = is_new and keep(captures, reader, path, source_oid, digest, data, parts)
            except OSError as error:
                failed.append(f"{printable(path)} could not be captured ({error.strerror or error})")
                continue
            found.append(Saved(path, source_oid, len(data), is_new=is_new))
    return found, failed


def modified_notebooks(repository: Repository) -> list[str]:
    """Return the tracked notebooks under nbgit's filter that git calls modified."""
    return filtered(repository, sorted(path for path in dirty_paths(repository) if path.endswith(SUFFIX)))
