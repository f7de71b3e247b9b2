"""Ring 2: which notebooks a commit changed, and which were only run again."""

from nbgit.errors import GitFailed
from nbgit.store.captures import CaptureStore
from nbgit.store.git import run_git
from nbgit.store.repository import Repository

SUFFIX = ".ipynb"


class NotebookChange:
    """A commit that shows `source_oid` at `path` where none of its parents does (or that came with a new run of it)."""

    __slots__ = ("commit", "path", "source_oid")

    def __init__(self, commit: str, path: str, source_oid: str) -> None:
        self.commit = commit
        self.path = path
        self.source_oid = source_oid


def changed_notebooks(repository: Repository, commits: list[str], captured: set[str]) -> list[NotebookChange]:
    """Return what these commits changed, in their order: files named `.ipynb`, and any path that was ever captured.

    A merge changes what differs from all of its parents.
    """
    if not commits:
        return []
    changes = raw_changes(repository, ["log", "--no-walk=unsorted", "--stdin"], [], stdin="\n".join(commits) + "\n")
    return [change for change in changes if change.path.endswith(SUFFIX) or change.path in captured]


def raw_changes(
    repository: Repository, arguments: list[str], paths: list[str], *, stdin: str | None = None
) -> list[NotebookChange]:
    """Return the added and modified files of the commits that `git log ARGUMENTS -- PATHS` walks."""
    shape = ["-z", "--raw", "--no-abbrev", "--no-renames", "-c", "--root", "--format=%H"]
    limit = ["--", *(f":(literal){path}" for path in paths)] if paths else []
    out = run_git(
        [*arguments[:1], *shape, *arguments[1:], *limit],
        cwd=repository.start,
        stdin=None if stdin is None else stdin.encode("ascii"),
        environ={"GIT_LITERAL_PATHSPECS": "0"},
    )
    changes: list[NotebookChange] = []
    commit = facts = ""
    for field in out.decode("utf-8", "surrogateescape").split("\0"):
        text = field.lstrip("\n")
        if facts:
            if not facts.rsplit(" ", 1)[1].startswith("D"):
                new_oid = facts.split(" ")[-2]
                if new_oid.strip("0"):
                    changes.append(NotebookChange(commit, field, new_oid))
            facts = ""
        elif text.startswith(":"):
            facts = text
        elif text:
            commit = text
    return changes


def rerun_notebooks(
    repository: Repository, commit: str, captures: CaptureStore, changed: set[str]
) -> list[NotebookChange]:
    """Return the notebooks that were run again but not edited: captured since they were last linked, with the source
    that `commit` has at their path, and taken by git as up to date (so `git add` or `commit -a` saw these bytes)."""
    pending = {found[0].path: found[0].source_oid for path in captures.paths() if (found := captures.of_path(path))}
    paths = sorted(path for path in pending if path not in changed)
    if not paths or repository.worktree is None:
        return []
    literal = [f":(top,literal){path}" for path in paths]
    try:
        tree = run_git(["ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths], cwd=repository.start)
        dirty = run_git(["diff-files", "-z", "--name-only", "--", *literal], cwd=repository.worktree)
    except GitFailed:
        return []
    stale = set(dirty.decode("utf-8", "surrogateescape").split("\0"))
    rerun = []
    commit = run_git(["rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=repository.start).decode("ascii").strip()
    for line in tree.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, path = line.partition("\t")
        if path and path not in stale and facts.split()[2] == pending.get(path):
            rerun.append(NotebookChange(commit, path, pending[path]))
    return rerun
