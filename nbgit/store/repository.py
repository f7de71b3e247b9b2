"""Ring 2: where a repository's parts lie, found as gitrepository-layout(5) says, without starting git.

A filter process is started for every git command, so it must not pay for `git rev-parse`; where the layout
leaves a doubt, git is asked.
"""

import os

from nbgit.errors import GitFailed, NotARepository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Repository:
    """The paths and the hash of one repository.

    `start` is the directory it was found from (where git is to run, so that it sees the same repository under the same
    rules); `git_dir` is this worktree's own directory, `common_dir` what all worktrees share, `worktree` the top of the
    working tree or None in a bare repository; `hash_name` is "sha1" or "sha256"; `is_partial` says that objects may be
    missing that a remote has promised. All paths are absolute.
    """

    __slots__ = ("common_dir", "git_dir", "hash_name", "is_partial", "start", "worktree")

    def __init__(
        self,
        start: str,
        git_dir: str,
        common_dir: str,
        worktree: str | None,
        hash_name: str,
        is_partial: bool = False,
    ) -> None:
        self.start = start
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.worktree = worktree
        self.hash_name = hash_name
        self.is_partial = is_partial

    @property
    def nbgit_dir(self) -> str:
        """The directory of what nbgit keeps locally (docs/formats.md, "Local files")."""
        return os.path.join(self.common_dir, "nbgit")

    @property
    def worktree_name(self) -> str:
        """The name that git has for this linked worktree; "" for the main one."""
        return os.path.basename(self.git_dir) if self.git_dir != self.common_dir else ""

    @property
    def empty_oid(self) -> str:
        """The all-zero oid, which stands for "no such object" in update-ref."""
        return "0" * (64 if self.hash_name == "sha256" else 40)


def head_commit(repository: Repository) -> str:
    """Return the oid that HEAD is at, "unborn" before the first commit, or "" where only git could tell (reftable)."""
    head = _read_line(os.path.join(repository.git_dir, "HEAD")) or ""
    if not head.startswith("ref:"):
        return head
    name = head[len("ref:") :].strip()
    if name == "refs/heads/.invalid":  # what the reftable backend leaves in HEAD
        return ""
    loose = _read_line(os.path.join(repository.common_dir, *name.split("/")))
    if loose:
        return loose
    try:
        with open(os.path.join(repository.common_dir, "packed-refs"), encoding="utf-8", errors="replace") as file:
            found = [line.split(" ", 1)[0] for line in file if line.rstrip("\n").endswith(f" {name}")]
    except OSError:
        found = []
    return found[0] if found else "unborn"


def find_repository(start: str, environ: "Mapping[str, str]") -> Repository:
    """Return the repository that `start` (a directory) lies in, honouring GIT_DIR, GIT_WORK_TREE and GIT_COMMON_DIR.

    Raises NotARepository where there is none, and GitFailed where it is somebody else's and git would not work there.
    """
    start = os.path.abspath(start)
    worktree: str | None
    if environ.get("GIT_DIR"):
        git_dir = os.path.join(start, environ["GIT_DIR"])
        worktree = os.path.join(start, environ["GIT_WORK_TREE"]) if environ.get("GIT_WORK_TREE") else start
    else:
        worktree, git_dir = _climb(start)
        _refuse_somebody_elses(start, worktree or git_dir, git_dir, environ)
    git_dir = os.path.normpath(git_dir)
    common_dir = environ.get("GIT_COMMON_DIR") or _read_line(os.path.join(git_dir, "commondir")) or git_dir
    common_dir = os.path.normpath(os.path.join(git_dir, common_dir))
    config = _read_config(common_dir)
    if worktree is not None and _is_bare(git_dir, common_dir, config) and not environ.get("GIT_WORK_TREE"):
        worktree = None
    hash_name = "sha256" if "objectformat=sha256" in config.replace(" ", "").replace("\t", "") else "sha1"
    worktree = None if worktree is None else os.path.normpath(worktree)
    return Repository(start, git_dir, common_dir, worktree, hash_name, "promisor" in config)


def _refuse_somebody_elses(start: str, top: str, git_dir: str, environ: "Mapping[str, str]") -> None:
    """Raise GitFailed where git refuses to work (safe.directory); it is asked only if another person owns a directory.

    A repository that GIT_DIR names is one that git works in, whosoever it is.
    """
    if not hasattr(os, "geteuid"):
        return
    mine = {os.geteuid()}
    if mine == {0} and environ.get("SUDO_UID", "").isdigit():
        mine.add(int(environ["SUDO_UID"]))
    if {os.stat(place).st_uid for place in (top, git_dir)} <= mine:
        return
    from nbgit.store.git import try_git

    if try_git(["rev-parse", "--git-dir"], cwd=start)[0]:
        raise GitFailed(
            f"{top} belongs to somebody else, and git refuses to work there; if you trust them: "
            f"git config --global --add safe.directory {top}"
        )


def _climb(start: str) -> tuple[str | None, str]:
    """Return (worktree, git directory), looking in `start` and then in each directory above it.

    Inside of `.git`, where libraries start hooks, the working tree is what is around it.
    """
    here = start
    while True:
        dot_git = os.path.join(here, ".git")
        if os.path.isdir(dot_git):
            return here, dot_git
        pointer = _read_line(dot_git)
        if pointer and pointer.startswith("gitdir:"):
            return here, os.path.join(here, pointer[len("gitdir:") :].strip())
        if os.path.isdir(os.path.join(here, "objects")) and os.path.isfile(os.path.join(here, "HEAD")):
            return (os.path.dirname(here) if os.path.basename(here) == ".git" else None), here
        above = os.path.dirname(here)
        if above == here:
            raise NotARepository(f"{start} is not in a git repository; run nbgit inside one, or `git init` first")
        here = above


def _is_bare(git_dir: str, common_dir: str, config: str) -> bool:
    compact = config.replace(" ", "").replace("\t", "")
    return "bare=true" in compact and git_dir == common_dir


def _read_config(common_dir: str) -> str:
    try:
        with open(os.path.join(common_dir, "config"), encoding="utf-8", errors="replace") as file:
            return file.read().lower()
    except OSError:
        return ""


def _read_line(path: str) -> str | None:
    """Return the first line of a small file of git's, or None where it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\r\n") or None
    except OSError:
        return None
