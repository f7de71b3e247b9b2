"""Ring 2: outputs for a source that no run was seen of: a merge's, a rebased commit's (docs/design.md, "Linking")."""

from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.notebook.transplant import transplant
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.changes import NotebookChange
from nbgit.store.lookup import Lookup, notebook_at
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.worktree import read_worktree_file

SIDES = (2, 3)  # git's stages of ours and theirs
MERGED = ("HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


def carry_outputs(
    repository: Repository,
    policy: Policy,
    captures: CaptureStore,
    reader: ObjectReader,
    change: NotebookChange,
    originals: list[str],
) -> Capture | None:
    """Capture what a notebook shows at a commit just made: what is on disk, and for cells that have nothing there what
    the commits have that it was picked from; then, where what is on disk is another source (`commit -p`), the commit's
    parent. None where no cell has outputs, or it can't be written."""
    source = reader.read(change.source_oid)
    if source is None:
        return None
    on_disk = read_worktree_file(repository, change.path)
    notebook = on_disk if on_disk is not None and _source(on_disk, policy) == source else None
    donors = [on_disk] if on_disk is not None else []
    first = transplant(source, donors, policy)
    is_other = on_disk is not None and notebook is None
    for original in [*originals, f"{change.commit}^"] if is_other else originals:
        try:
            donors.append(notebook_at(repository, original, change.path))
        except NbgitError:
            continue  # it has no such file, or what it has is damaged
    made = transplant(source, donors, policy)
    if made is None:
        return None
    notebook = notebook if notebook is not None and made == first else made
    parts = split(notebook, policy)
    if parts is None or parts.source != source:
        return None
    digest = sha256(notebook).hexdigest()
    try:
        captures.put(change.path, change.source_oid, digest, notebook, parts)
    except OSError:
        return None
    return next((one for one in captures.of_path(change.path) if one.digest == digest), None)


def _sides_in_index(repository: Repository, policy: Policy, path: str) -> list[bytes]:
    """Return the notebooks of ours and of theirs, as far as `path` is in conflict."""
    if "\n" in path:
        return []
    with ObjectReader(repository) as reader:
        lookup = Lookup(repository, policy, CaptureStore(repository, policy), reader)
        blobs = reader.read_named([f":{stage}:{path}" for stage in SIDES])
        found = [lookup.notebook_for(path, blob[1], blob[0], None) for blob in blobs if blob is not None]
    return [notebook for notebook in found if notebook is not None]


def _source(notebook: bytes, policy: Policy) -> bytes | None:
    parts = split(notebook, policy)
    return None if parts is None else parts.source


def rejoined(repository: Repository, path: str, notebook: bytes) -> bytes:
    """Return a notebook of the working tree with outputs for the cells that show none, from what is being merged: the
    commits, and what the index has of each side (a stash is no commit that git names). The source stays as it is."""
    policy = load_policy(repository)
    parts = split(notebook, policy)
    if parts is None:
        return notebook
    donors = [notebook]
    for commit in MERGED:
        try:
            donors.append(notebook_at(repository, commit, path))
        except NbgitError:
            continue  # git is at no such thing, or that commit has no such file
    donors += _sides_in_index(repository, policy, path)
    made = transplant(parts.source, donors, policy)
    return made if made is not None and _source(made, policy) == parts.source else notebook
