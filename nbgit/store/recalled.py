"""Ring 2: notebooks on disk that still show what was forgotten elsewhere: looked for when the news has come, and told.

Whoever unites the news may be a filter that can't speak; so it leaves a mark, `<git-common-dir>/nbgit/recalled`, and
the next hook looks. Where nothing was forgotten that is one stat.
"""

import os

from nbgit.store.repository import Repository

MARK = "recalled"


def mark_recalled(repository: Repository) -> None:
    """Note that outputs which may be on disk were forgotten; never raises."""
    try:
        os.makedirs(repository.nbgit_dir, exist_ok=True)
        with open(os.path.join(repository.nbgit_dir, MARK), "wb"):
            pass
    except OSError:
        return  # linking leaves them out all the same


def tell_recalled(repository: Repository, *, always: bool = False) -> list[str]:
    """Return a sentence for each notebook of this working tree that shows what was forgotten, once for each news.

    With `always` also where nothing is new.
    """
    mark = os.path.join(repository.nbgit_dir, MARK)
    if repository.worktree is None or not (always or os.path.exists(mark)):
        return []
    paths = forgotten_on_disk(repository)
    try:
        os.unlink(mark)
    except OSError:
        pass  # another process has told it
    return [
        f"{path} on your disk still shows an output that was forgotten; `nbgit forget --again --worktree` takes it out"
        for path in paths
    ]


def forgotten_on_disk(repository: Repository) -> list[str]:
    """Return the notebooks of this working tree that show an output which was forgotten."""
    from nbgit.notebook.spans import split
    from nbgit.store.changes import SUFFIX
    from nbgit.store.forgotten import read_forgotten
    from nbgit.store.forgotten_outputs import leave_out
    from nbgit.store.git import try_git
    from nbgit.store.objects import ObjectReader
    from nbgit.store.policy_file import load_policy
    from nbgit.store.refs import SNAPSHOTS
    from nbgit.store.worktree import read_worktree_file

    with ObjectReader(repository) as reader:
        listed = read_forgotten(reader, SNAPSHOTS).outputs
    if not listed:
        return []
    policy = load_policy(repository)
    asked = ["ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--", f":(top)*{SUFFIX}"]
    _, out, _ = try_git(asked, cwd=repository.worktree)
    found = []
    for path in sorted({path for path in out.decode("utf-8", "surrogateescape").split("\0") if path}):
        data = read_worktree_file(repository, path)
        parts = None if data is None else split(data, policy)
        if parts is not None and leave_out(parts, listed, [path], policy) is not None:
            found.append(path)
    return found
