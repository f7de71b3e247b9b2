"""Ring 3: fetches that named a branch: `git pull origin main` brings that branch and leaves nbgit's refs behind.

git then asks for what was named alone, whatever `remote.<name>.fetch` says. `FETCH_HEAD` lists what a fetch has brought
and from where, so where nbgit's refs are missing in it they are fetched after it, once for each such fetch.
"""

import os

from nbgit.errors import GitFailed
from nbgit.store.repository import Repository
from nbgit.sync.fetched import all_tracked, fetch, note_united, read_united
from nbgit.sync.remotes import TRACKING, remotes, wants_sync

LARGEST = 1 << 20  # bytes of a FETCH_HEAD that are read: a fetch of thousands of refs named none


def complete_fetch(repository: Repository) -> None:
    """Fetch nbgit's refs from the remote that was fetched from last, if that fetch brought none of them.

    Costs one stat where no fetch has come since. A remote that has shown none of them yet is not asked. Never raises.
    """
    file = os.path.join(repository.git_dir, "FETCH_HEAD")
    try:
        state = str(os.stat(file).st_mtime_ns)
        row = f"FETCH_HEAD:{repository.worktree_name}"
        if read_united(repository).get(row) == state:
            return
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            text = stream.read(LARGEST)
        note_united(repository, {row: state})
        remote = _fetched_remote(repository, text) if text and "nbgit" not in text else None
        if remote is not None and wants_sync(repository, remote):
            fetch(repository, remote, remote)
    except (GitFailed, OSError):
        return


def _fetched_remote(repository: Repository, text: str) -> str | None:
    """Return the remote that FETCH_HEAD names, if nbgit's refs were fetched from it before."""
    url = _bare_url(text.split("\n", 1)[0].rpartition(" of ")[2])
    tracked = all_tracked(repository)
    for name, members in remotes(repository).items():
        if any(ref.startswith(f"{TRACKING}{name}/") for ref in tracked) and _bare_url(members["url"][0]) == url:
            return name
    return None


def _bare_url(url: str) -> str:
    """Return a URL as git writes it into FETCH_HEAD: without credentials, slashes at the end, and `.git`."""
    scheme, sign, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    rest = (host.rpartition("@")[2] if sign else host) + slash + path
    return (scheme + sign + rest).rstrip("/").removesuffix(".git")
