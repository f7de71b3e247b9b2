"""Ring 2: one file staged as bytes that are not on disk: a notebook with some of its changes."""

from nbgit.errors import NbgitError
from nbgit.store.git import run_git
from nbgit.store.index_file import refresh_index, set_entry
from nbgit.store.objects import object_id
from nbgit.store.repository import Repository


def stage(repository: Repository, path: str, old_oid: str, mode: str, data: bytes) -> None:
    """Put `data`, as it is, into the index for `path`, where the index still has `old_oid` ("" for a file that is only
    noted to be added, git add -N).

    Raises NbgitError where it has something else by now, or can't be written: then nothing is staged.
    """
    oid = run_git(["hash-object", "-w", "--stdin"], cwd=repository.worktree, stdin=data).decode("ascii").strip()
    expected = old_oid or object_id("blob", b"", repository.hash_name)
    if not set_entry(repository, path, expected, f"{mode} {oid} 0"):
        raise NbgitError(_refusal(path))
    refresh_index(repository, {path: oid})


def stage_removal(repository: Repository, path: str, old_oid: str) -> None:
    """Take `path` out of the index, where that still has `old_oid` for it; raises NbgitError."""
    if not set_entry(repository, path, old_oid, f"0 {repository.empty_oid} 0"):
        raise NbgitError(_refusal(path))


def _refusal(path: str) -> str:
    return (
        f"{path} has changed in git's index meanwhile, or the index is in use or can't be written; nothing of it was "
        "staged: run the command again"
    )
