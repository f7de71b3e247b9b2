"""Ring 2: objects that a partial clone lacks: fetched in one go, never one by one (partial-clone.txt).

git would fetch each missing object by itself, a connection each, and `cat-file` ends where that fails. So what is not
here is found out first, and what trees name of it is asked for together.
"""

import os

from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository

NO_LAZY_FETCH = {"GIT_NO_LAZY_FETCH": "1"}  # git 2.44; older ones ignore it


def local_oids(repository: Repository) -> set[str]:
    """Return the oid of every object that is here; the only question about many that never starts a fetch."""
    arguments = ["cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname)"]
    return set(run_git(arguments, cwd=repository.start, environ=NO_LAZY_FETCH).decode("ascii").split())


def fetch_promised(repository: Repository, oids: list[str]) -> bool:
    """Fetch these objects from the remotes that have promised them, in one connection; return whether one gave them."""
    pattern = r"^remote\..*\.promisor$"
    code, out, _ = try_git(["config", "--type=bool", "--get-regexp", pattern], cwd=repository.start)
    rows = [line.rsplit(" ", 1) for line in out.decode("utf-8", "surrogateescape").splitlines()] if code == 0 else []
    remotes = [key[len("remote.") : -len(".promisor")] for key, value in rows if value == "true"]
    options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none"]
    for remote in remotes:
        arguments = ["-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, "--refmap=", "--stdin", remote]
        told = "".join(f"{oid}\n" for oid in dict.fromkeys(oids)).encode()
        if try_git(arguments, cwd=repository.start, stdin=told, environ=quiet_environ(repository))[0] == 0:
            return True
    return False


def quiet_environ(repository: Repository) -> dict[str, str]:
    """Return the variables with which git asks no question, not even through ssh: nobody may be there to answer."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    has_own = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH")
    if not has_own and try_git(["config", "--get", "core.sshCommand"], cwd=repository.start)[0] == 1:
        quiet["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
    return quiet
