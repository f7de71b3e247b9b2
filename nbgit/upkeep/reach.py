"""Ring 3: which commits and sources are still in use, as git's own gc would say, and a little more.

In use is what any ref, reflog or index of any worktree reaches (branches, tags, stashes, what was fetched), what an
operation under way needs (a merge, a rebase, an autostash), and what a commit of the last two weeks holds, as git keeps
young objects.
"""

import os
import subprocess
import time

from nbgit.errors import GitFailed
from nbgit.store.entries import is_oid
from nbgit.store.repository import Repository
from nbgit.upkeep.local_objects import LocalObjects

YOUNG_SECONDS = 14 * 86400  # as git's gc.pruneExpire
OWN = ("refs/nbgit/*", "refs/nbgit-remotes/*", "refs/nbgit-backup/*", "refs/notes/nbgit", "refs/notes/textconv/nbgit")
STATES = (
    *("FETCH_HEAD", "MERGE_HEAD", "MERGE_AUTOSTASH", "ORIG_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"),
    *(f"{folder}/{name}" for folder in ("rebase-merge", "rebase-apply") for name in ("onto", "orig-head", "autostash")),
)


def in_use(objects: LocalObjects, commits: set[str], sources: set[str]) -> tuple[set[str], set[str]]:
    """Return those of these commits and of these blobs that are in use; raises GitFailed where git can't tell."""
    repository = objects.repository
    roots = [oid for oid in _states(repository) if _is_commit(objects, oid)]
    found = _reached(objects, roots, commits | sources)
    young = [oid for oid in commits - found if _is_young(objects, oid)]
    if young:
        found |= set(young) | _reached(objects, young, sources - found)
    return commits & found, sources & found


def _reached(objects: LocalObjects, roots: list[str], wanted: set[str]) -> set[str]:
    """Return which of these objects git reaches; the walk is not kept."""
    arguments = ["git", "rev-list", "--objects", "--no-object-names", *(f"--exclude={name}" for name in OWN)]
    arguments += ["--all", "--reflog", "--indexed-objects", "--stdin"]
    if objects.is_partial:
        arguments.append("--missing=print")  # promised blobs are told with a question mark, and are in use all the same
    process = subprocess.Popen(
        arguments,
        cwd=objects.repository.start,
        env={**os.environ, "GIT_NO_REPLACE_OBJECTS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    found: set[str] = set()
    with process:
        process.stdin.write("".join(f"{oid}\n" for oid in roots).encode("ascii"))
        process.stdin.close()
        for line in process.stdout:
            oid = line.strip().lstrip(b"?").decode("ascii", "replace")
            if oid in wanted:
                found.add(oid)
        words = process.stderr.read().decode("utf-8", "replace").strip()
    if process.returncode:
        raise GitFailed(f"git could not say what is in use, so nothing was removed: {words or 'no reason given'}")
    return found


def _states(repository: Repository) -> list[str]:
    """Return the oids that operations under way have noted, in any worktree."""
    linked = os.path.join(repository.common_dir, "worktrees")
    folders = [repository.common_dir]
    if os.path.isdir(linked):
        folders += [os.path.join(linked, name) for name in sorted(os.listdir(linked))]
    found: dict[str, None] = {}
    for folder in folders:
        for name in STATES:
            try:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    words = [line.split()[0] for line in file if line.strip()]
            except OSError:
                continue
            found.update(dict.fromkeys(word for word in words if is_oid(word)))
    return list(found)


def _is_commit(objects: LocalObjects, oid: str) -> bool:
    info = objects.infos([oid])[0]
    return info is not None and info.kind in ("commit", "tag")


def _is_young(objects: LocalObjects, commit: str) -> bool:
    """Return whether a commit is here and was made in the last two weeks."""
    if not _is_commit(objects, commit):
        return False
    for line in (objects.read(commit) or b"").split(b"\n\n", 1)[0].split(b"\n"):
        if line.startswith(b"committer "):
            stamp = line.rsplit(b" ", 2)[-2]
            return stamp.isdigit() and int(stamp) > time.time() - YOUNG_SECONDS
    return False
