"""Ring 2: putting captured or committed outputs back into a notebook on disk, losing nothing that is there."""

import os
from hashlib import sha256

from nbgit.errors import NbgitError, NotANotebook, TargetNotFound
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, split
from nbgit.notebook.transplant import Restored, cells_with_outputs, count_cells, restore_outputs
from nbgit.store.captures import CaptureStore, write_whole
from nbgit.store.donors import Donor, captured_donor, committed_donor
from nbgit.store.index_file import refresh_index
from nbgit.store.objects import object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import free_place, worktree_file


class Outcome:
    """What a restore did: `given` are the cells that got outputs, `left_out` those of the donor's cells whose outputs
    found no cell, `others` the cells that show outputs from elsewhere; `origin` names the donor.

    `is_back` says that the notebook was not on disk, `changed` whether the file is another now. Cells are indices.
    """

    __slots__ = ("changed", "given", "is_back", "left_out", "origin", "others")

    def __init__(self, origin: str, restored: Restored, *, is_back: bool, changed: bool) -> None:
        self.origin = origin
        self.given = restored.given
        self.left_out = restored.left_out
        self.others = [index for index in cells_with_outputs(restored.data) if index not in restored.given]
        self.is_back = is_back
        self.changed = changed


def restore(
    repository: Repository,
    path: str,
    *,
    capture_id: str | None = None,
    revision: str | None = None,
    cells: frozenset[int] | None = None,
) -> Outcome:
    """Put outputs back into the notebook at `path` on disk, or the whole notebook where it is not there any more.

    From the capture that `capture_id` starts, or from `revision`, or else from the newest capture of the same code
    that shows other outputs than what is on disk. What is on disk is captured first. Cells of another source than the
    donor's get nothing; `cells` limits it to some. Raises TargetNotFound, NotANotebook, and NbgitError where the
    capture can't be written.
    """
    policy = load_policy(repository)
    store = CaptureStore(repository, policy)
    file = worktree_file(repository, path)
    if file is None:
        return _bring_back(repository, store, policy, path, capture_id, revision, cells)
    with open(file, "rb") as stream:
        current = stream.read()
    parts = split(current, policy)
    if parts is None:
        raise NotANotebook(f"{path} is not a notebook as it stands, so no outputs fit into it; resolve it first")
    _check_cells(path, current, cells)
    digest = sha256(current).hexdigest()
    donor = _donor(repository, store, policy, path, current, capture_id, revision)
    restored = _restored(policy, parts, donor, current, cells)
    source_oid = object_id("blob", parts.source, repository.hash_name)
    changed = restored.data != current
    if changed:
        _capture_first(store, path, source_oid, digest, current, parts)
        if not replace_unchanged(file, digest, restored.data):
            raise NbgitError(f"{path} changed while it was restored, so it was left alone; run the command again")
    refresh_index(repository, {path: source_oid})
    return Outcome(donor.origin, restored, is_back=False, changed=changed)


def _donor(
    repository: Repository,
    store: CaptureStore,
    policy: Policy,
    path: str,
    current: bytes | None,
    capture_id: str | None,
    revision: str | None,
) -> Donor:
    if revision is not None:
        return committed_donor(repository, revision, path, on_disk=current is not None)
    return captured_donor(store, policy, path, current, capture_id)


def _bring_back(
    repository: Repository,
    store: CaptureStore,
    policy: Policy,
    path: str,
    capture_id: str | None,
    revision: str | None,
    cells: frozenset[int] | None,
) -> Outcome:
    """Write the donor's whole notebook to where nothing is."""
    file = free_place(repository, path)
    if file is None:
        raise TargetNotFound(f"{path} is no regular file in this working tree; nothing was changed")
    donor = _donor(repository, store, policy, path, None, capture_id, revision)
    if cells is not None:
        raise TargetNotFound(f"{path} is not on disk; without --cells the whole notebook comes back")
    os.makedirs(os.path.dirname(file), exist_ok=True)
    write_whole(file, donor.notebook)
    parts = split(donor.notebook, policy)
    if parts is not None:
        refresh_index(repository, {path: object_id("blob", parts.source, repository.hash_name)})
    restored = Restored(donor.notebook, cells_with_outputs(donor.notebook), [])
    return Outcome(donor.origin, restored, is_back=True, changed=True)


def _check_cells(path: str, current: bytes, cells: frozenset[int] | None) -> None:
    count = count_cells(current)
    beyond = min((cell for cell in cells or () if cell >= count), default=None)
    if beyond is not None:
        many = {0: "no cells", 1: "one cell, 0"}.get(count, f"{count} cells, 0 to {count - 1}")
        raise TargetNotFound(f"{path} has {many}; there is no cell {beyond}")


def _capture_first(store: CaptureStore, path: str, source_oid: str, digest: str, current: bytes, parts: Split) -> None:
    if store.old_news(path, digest) is not None:
        return
    try:
        store.put(path, source_oid, digest, current, parts)
    except OSError as error:
        words = error.strerror or error
        raise NbgitError(f"{path} could not be captured first ({words}), so it was left as it is") from error


def _restored(policy: Policy, parts: Split, donor: Donor, current: bytes, cells: frozenset[int] | None) -> Restored:
    donor_parts = split(donor.notebook, policy)
    if cells is None and donor_parts is not None and donor_parts.source == parts.source:
        return Restored(donor.notebook, cells_with_outputs(donor.notebook), [])
    restored = restore_outputs(parts.source, donor.notebook, current, cells, policy)
    result = split(restored.data, policy)
    if result is None or result.source != parts.source:
        raise NotANotebook("the outputs don't fit into this notebook without changing its source; nothing was changed")
    return restored
