"""Ring 2: which notebooks a commit changed, and which were only run again."""

from nbgit.errors import GitFailed
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.entries import is_oid, read_some_entries
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import resolve_commits
from nbgit.store.repository import Repository
from nbgit.store.worktree import digest_of_worktree_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIX = ".ipynb"
MANY = 200  # more paths than this are not named on a command line
NEAR = 20  # how many commits are looked at for one that was made while the last one's hook was on its way


class NotebookChange:
    """A commit that shows `source_oid` at `path` where none of its parents does (or that came with a new run of it)."""

    __slots__ = ("commit", "path", "source_oid")

    def __init__(self, commit: str, path: str, source_oid: str) -> None:
        self.commit = commit
        self.path = path
        self.source_oid = source_oid


def changed_notebooks(
    repository: Repository, commits: list[str], was_captured: "Callable[[str], bool]"
) -> list[NotebookChange]:
    """Return what these commits changed, in their order: files named `.ipynb`, and any path that was ever captured.

    A merge changes what differs from all of its parents.
    """
    if not commits:
        return []
    changes = raw_changes(repository, ["--no-walk=unsorted"], commits, [])
    return [change for change in changes if change.path.endswith(SUFFIX) or was_captured(change.path)]


def raw_changes(
    repository: Repository, options: list[str], revisions: list[str], paths: list[str]
) -> list[NotebookChange]:
    """Return the added and modified files of the commits that `git log OPTIONS REVISIONS -- PATHS` walks."""
    shape = ["-z", "--raw", "--no-abbrev", "--no-renames", "-c", "--root", "--format=%H", "--stdin"]
    limit = ["--", *(f":(top,literal){path}" for path in paths if "\n" not in path)] if paths else []
    out = run_git(
        ["log", *shape, *options],
        cwd=repository.start,
        stdin="".join(f"{line}\n" for line in [*revisions, *limit]).encode("utf-8", "surrogateescape"),
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
    that `commit` has at their path, on disk as they were captured, and taken by git as up to date (so `git add` or
    `commit -a` saw these bytes).

    Where a commit a little further back has set that source, with no entry yet, and after the capture was made, the
    capture is that commit's: two commits were made at once, and its own hook has not come to it.
    """
    paths = sorted(path for path in captures.waiting_paths() if path not in changed)
    if not paths or repository.worktree is None:
        return []
    try:
        blobs = blobs_at(repository, commit, paths)
        found = [_on_disk(repository, captures, path, blobs[path]) for path in paths if path in blobs]
        pending = [capture for capture in found if capture is not None]
        dirty = dirty_paths(repository) if pending else set()  # git looks at every file for it
        pending = [capture for capture in pending if capture.path not in dirty]
        made_at = _set_just_before(repository, commit, pending) if pending else {}
        commit = resolve_commits(repository, [commit])[0]
    except GitFailed:
        return []
    return [NotebookChange(made_at.get(one.path, commit), one.path, one.source_oid) for one in pending]


def _on_disk(repository: Repository, captures: CaptureStore, path: str, source_oid: str) -> Capture | None:
    """Return the newest capture with this source that is what the file on disk is, or None."""
    same = [capture for capture in captures.of_path(path) if capture.source_oid == source_oid]
    digest = digest_of_worktree_file(repository, path) if same else None
    return next((capture for capture in same if capture.digest == digest), None)


def _set_just_before(repository: Repository, commit: str, captures: list[Capture]) -> dict[str, str]:
    """Return path -> commit for the captures that a commit near `commit` has set, which has no entry for them yet."""
    recent = raw_changes(repository, [f"--max-count={NEAR}"], [commit], [])
    setters: dict[str, str] = {}
    for capture in captures:
        by = [one.commit for one in recent if (one.path, one.source_oid) == (capture.path, capture.source_oid)]
        if by and was_before(repository, capture, by[0]):
            setters[capture.path] = by[0]
    if not setters:
        return {}
    with ObjectReader(repository) as reader:
        entries = read_some_entries(reader, list(setters.values()))
    return {path: oid for path, oid in setters.items() if path not in entries.get(oid, {})}


def was_before(repository: Repository, capture: Capture, commit: str) -> bool:
    """Return whether a capture was made before a commit: HEAD was then neither at it nor at a descendant."""
    head = capture.head()
    if not is_oid(head):
        return True
    return try_git(["merge-base", "--is-ancestor", commit, head], cwd=repository.start)[0] != 0


def dirty_paths(repository: Repository) -> set[str]:
    """Return the paths whose file on disk git has not taken into the index as it is; none in a bare repository."""
    if repository.worktree is None:
        return set()
    code, out, _ = try_git(["diff-files", "-z", "--name-only"], cwd=repository.worktree)
    return set(out.decode("utf-8", "surrogateescape").split("\0")) if code == 0 else set()


def blobs_at(repository: Repository, commit: str, paths: list[str]) -> dict[str, str]:
    """Return path -> blob oid of those of `paths` that `commit` has."""
    limit = ["--", *paths] if len(paths) <= MANY else []  # a command line has a limit, and ls-tree reads no list
    arguments = ["ls-tree", "-r", "-z", "--full-tree", commit, *limit]
    out = run_git(arguments, cwd=repository.start, environ={"GIT_LITERAL_PATHSPECS": "1"})
    rows = [row.partition("\t") for row in out.decode("utf-8", "surrogateescape").split("\0") if row]
    wanted = set(paths)
    return {path: facts.split()[2] for facts, _, path in rows if path in wanted}
