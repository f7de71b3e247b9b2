"""Ring 3: lazy remotes: snapshots come without their payloads, which are fetched when they are first shown.

git filters a fetch as a whole and then remembers the filter for the remote: sources would be left out as well. So
snapshots come from a second remote of the same URL, `<remote>.nbgit`, which has promised the rest (partial-clone.txt),
and only once new entries have come: `git fetch` itself asks the first remote for entries alone.
"""

from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Members = Mapping[str, Sequence[str]]  # key of a remote (lower case) -> its values

LAZY = "nbgit.lazy"
SUFFIX = ".nbgit"
OWNER = "nbgitof"  # remote.<name>.nbgit.nbgitOf = <name>: tells nbgit's second remotes from a person's
COPIED = ("url", "uploadpack", "proxy", "proxyauthmethod", "vcs")  # how the remote is reached


def is_lazy(repository: Repository) -> bool:
    """Return whether payloads shall be fetched only when they are shown (`nbgit.lazy`, in any scope)."""
    return try_git(["config", "--type=bool", "--get", LAZY], cwd=repository.start)[1].strip() == b"true"


def promising_remote(name: str) -> str:
    """Return the name of the remote that promises the payloads of remote `name`."""
    return name + SUFFIX


def add_promising(repository: Repository, name: str, members: "Members", there: "Members") -> bool:
    """Let a second remote promise the payloads of remote `name`, reached as it is; return whether anything changed.

    `members` are the configuration of the remote, `there` that of the second one. Raises GitFailed.
    """
    wanted = {key: list(members[key]) for key in COPIED if key in members}
    wanted[OWNER] = [name]
    wanted |= {"tagopt": ["--no-tags"], "skipdefaultupdate": ["true"], "skipfetchall": ["true"]}
    wanted |= {"partialclonefilter": ["blob:none"], "promisor": ["true"]}  # the promise last: then all of it stands
    changed = False
    for key, values in wanted.items():
        if list(there.get(key, ())) != values:
            setting = f"remote.{promising_remote(name)}.{key}"
            try_git(["config", "--local", "--unset-all", setting], cwd=repository.start)
            for value in values:
                run_git(["config", "--local", "--add", setting, value], cwd=repository.start)
            changed = True
    repository.is_partial = True
    return changed


def promising_remotes(repository: Repository) -> list[str]:
    """Return the names of nbgit's second remotes."""
    arguments = ["config", "-z", "--local", "--name-only", "--get-regexp", rf"\.{OWNER}$"]
    code, out, _ = try_git(arguments, cwd=repository.start)
    keys = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
    return [key[len("remote.") : -len(OWNER) - 1] for key in keys if key]


def remove_promising(repository: Repository) -> None:
    """Remove the second remotes, once nbgit's refs are gone: those name what was promised. Raises GitFailed."""
    for name in promising_remotes(repository):
        run_git(["config", "--local", "--remove-section", f"remote.{name}"], cwd=repository.start)
