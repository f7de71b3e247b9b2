"""Ring 2: putting captured or committed outputs back into a notebook on disk, losing nothing that is there."""

import json
from hashlib import sha256

from nbgit.errors import NotANotebook, TargetNotFound
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, split
from nbgit.notebook.transplant import Restored, restore_outputs
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.git import run_git, try_git
from nbgit.store.lookup import notebook_at
from nbgit.store.objects import object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import worktree_file

ID_LENGTH = 12  # hex digits of a capture's digest that people see and type


def captures_of(repository: Repository, path: str) -> list[Capture]:
    """Return every capture of a path, newest first, those that a commit has overtaken included."""
    store = CaptureStore(repository, load_policy(repository))
    return sorted(store.of_path(path) + store.past_of_path(path), key=lambda one: one.taken, reverse=True)


def cells_with_outputs(notebook: bytes) -> list[int]:
    """Return the indices of the cells of a notebook that have outputs."""
    try:
        cells = json.loads(notebook.decode("utf-8-sig", "replace"), parse_int=str).get("cells", [])
    except (ValueError, RecursionError, AttributeError):
        return []
    return [index for index, cell in enumerate(cells) if isinstance(cell, dict) and cell.get("outputs")]


def restore(
    repository: Repository,
    path: str,
    *,
    capture_id: str | None = None,
    revision: str | None = None,
    cells: frozenset[int] | None = None,
) -> tuple[Restored, str]:
    """Put outputs back into the notebook at `path` on disk; return what was done, and where they are from.

    From the capture that `capture_id` starts, or from `revision`, or else from the newest capture that is not what is
    on disk. What is on disk is captured first. Cells of another source than the donor's get nothing; `cells` limits it
    to some. Raises TargetNotFound, NotANotebook.
    """
    policy = load_policy(repository)
    file = worktree_file(repository, path)
    if file is None:
        raise TargetNotFound(f"{path} is no file in this working tree; `git checkout -- {path}` brings it back first")
    with open(file, "rb") as stream:
        current = stream.read()
    parts = split(current, policy)
    if parts is None:
        raise NotANotebook(f"{path} is not a notebook as it stands, so no outputs fit into it; resolve it first")
    digest = sha256(current).hexdigest()
    source_oid = object_id("blob", parts.source, repository.hash_name)
    store = CaptureStore(repository, policy)
    if store.old_news(path, digest) is None:
        store.put(path, source_oid, digest, current, parts)
    donor, origin = _donor(repository, policy, path, digest, capture_id, revision)
    restored = _restored(policy, parts, donor, current, cells)
    if restored.data != current and not replace_unchanged(file, digest, restored.data):
        raise TargetNotFound(f"{path} changed while it was restored, so it was left alone; run the command again")
    refresh_index(repository, path, source_oid)
    return restored, origin


def _restored(policy: Policy, parts: Split, donor: bytes, current: bytes, cells: frozenset[int] | None) -> Restored:
    donor_parts = split(donor, policy)
    if cells is None and donor_parts is not None and donor_parts.source == parts.source:
        return Restored(donor, cells_with_outputs(donor), [])
    restored = restore_outputs(parts.source, donor, current, cells, policy)
    result = split(restored.data, policy)
    if result is None or result.source != parts.source:
        raise NotANotebook("the outputs don't fit into this notebook without changing its source; nothing was changed")
    return restored


def _donor(
    repository: Repository, policy: Policy, path: str, digest: str, capture_id: str | None, revision: str | None
) -> tuple[bytes, str]:
    if revision is not None:
        return notebook_at(repository, revision, path), revision
    for capture in captures_of(repository, path):
        wanted = capture.digest.startswith(capture_id) if capture_id else capture.digest != digest
        if wanted and (found := capture.read(policy)) is not None:
            return found[0], f"capture {capture.digest[:ID_LENGTH]}"
    what = f"no capture {capture_id}" if capture_id else "no capture but what is on disk"
    raise TargetNotFound(
        f"{path} has {what}; `nbgit captures {path}` lists them, and --from REV takes a commit's outputs"
    )


def refresh_index(repository: Repository, path: str, source_oid: str) -> bool:
    """Tell git that the file at `path` is as it has it, if its source is; return whether it was.

    This clears the " M" that an edit of outputs alone leaves in `git status`.
    """
    literal = f":(top,literal){path}"
    code, out, _ = try_git(["ls-files", "-s", "-z", "--", literal], cwd=repository.worktree)
    rows = [row.split(" ") for row in out.decode("utf-8", "surrogateescape").split("\0") if row]
    if code or len(rows) != 1 or rows[0][1] != source_oid:
        return False
    run_git(
        ["update-index", "-q", "-z", "--stdin"],
        cwd=repository.worktree,
        stdin=f"{path}\0".encode("utf-8", "surrogateescape"),
    )
    return True
