"""Ring 3: remotes: where what was fetched from one stands here, and the refspecs that bring it.

Never fetched over one's own refs: `+refs/nbgit/*:refs/nbgit/*` would overwrite what was not pushed yet.
"""

import os
from hashlib import sha256

from nbgit.store.git import run_git, try_git
from nbgit.store.refs import ENTRIES, SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.sync.lazy import OWNER, add_promising, is_lazy, promising_remote

TRACKING = "refs/nbgit-remotes/"
SWITCH = "nbgit.sync"  # false: nothing is fetched or pushed by nbgit; remote.<name>.nbgitSync says it for one remote


def tracking_refs(name: str) -> dict[str, str]:
    """Return nbgit's refs on a remote -> where they stand here, for the tracking name of a remote."""
    return {SNAPSHOTS: f"{TRACKING}{name}/snapshots", ENTRIES: f"{TRACKING}{name}/notes/nbgit"}


def snapshots_refspec(name: str) -> str:
    """Return what brings snapshots from a remote. A glob, because git fails for a plain name that the remote lacks."""
    return f"+refs/nbgit/*:{TRACKING}{name}/*"


def entries_refspec(name: str) -> str:
    """Return what brings entries from a remote; all that `git fetch` asks of a lazy one."""
    return f"+refs/notes/nbgit*:{TRACKING}{name}/notes/nbgit*"


def tracking_name(repository: Repository, remote: str) -> str:
    """Return the tracking name of what `git push` or `git fetch` was given: a remote's own name, or one for a URL."""
    if remote in remotes(repository):
        return remote
    return f"url-{sha256(remote.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def remotes(repository: Repository) -> dict[str, dict[str, list[str]]]:
    """Return remote -> key (lower case) -> its values, for every remote of a person's that has a URL."""
    return {name: members for name, members in _all_remotes(repository).items() if OWNER not in members}


def source_of_snapshots(repository: Repository, remote: str) -> str:
    """Return the remote that snapshots are fetched from: the one that promises payloads where `remote` is lazy."""
    found = _all_remotes(repository)
    second = promising_remote(remote)
    if second not in found or snapshots_refspec(remote) in found.get(remote, {}).get("fetch", []):
        return remote
    add_promising(repository, remote, found[remote], found[second])  # its URL may have changed
    return second


def _all_remotes(repository: Repository) -> dict[str, dict[str, list[str]]]:
    code, out, _ = try_git(["config", "-z", "--get-regexp", r"^remote\..*\..*"], cwd=repository.start)
    found: dict[str, dict[str, list[str]]] = {}
    for row in out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []:
        key, _, value = row.partition("\n")
        name, _, member = key[len("remote.") :].rpartition(".")
        found.setdefault(name, {}).setdefault(member, []).append(value)
    return {name: members for name, members in found.items() if "url" in members}


def wants_sync(repository: Repository, remote: str) -> bool:
    """Return whether the person lets nbgit fetch from and push to this remote by itself (the default)."""
    for key in (f"remote.{remote}.nbgitSync", SWITCH):
        code, out, _ = try_git(["config", "--type=bool", "--get", key], cwd=repository.start)
        if code == 0:
            return out.strip() == b"true"
    return True


def needs_refspecs(repository: Repository) -> bool:
    """Return whether a remote of this repository may lack its refspecs; reads one file and starts nothing."""
    try:
        with open(os.path.join(repository.common_dir, "config"), "rb") as file:
            text = file.read()
    except OSError:
        return False
    if b'[remote "' not in text:
        return False
    for section in text.split(b'[remote "')[1:]:
        name, _, rest = section.partition(b'"]')
        members = rest.split(b"\n[", 1)[0]
        is_off = b"nbgitsync = false" in members.lower()
        if (
            b"url" in members
            and not is_off
            and OWNER.encode() not in members.lower()
            and TRACKING.encode() + name + b"/" not in members
        ):
            return True
    return False


def add_refspecs(repository: Repository) -> list[str]:
    """Let every remote's fetch bring nbgit's refs as well; return the remotes that did not yet. Raises GitFailed."""
    done = []
    found = _all_remotes(repository)
    lazy = is_lazy(repository)
    for name, members in found.items():
        if OWNER in members or not wants_sync(repository, name):
            continue
        wanted = [entries_refspec(name), *([] if lazy else [snapshots_refspec(name)])]
        missing = [spec for spec in wanted if spec not in members.get("fetch", [])]
        for spec in missing:
            run_git(["config", "--local", "--add", f"remote.{name}.fetch", spec], cwd=repository.start)
        if (lazy and _be_lazy(repository, name, found)) or missing:
            done.append(name)
    return done


def _be_lazy(repository: Repository, name: str, found: dict[str, dict[str, list[str]]]) -> bool:
    changed = add_promising(repository, name, found[name], found.get(promising_remote(name), {}))
    if snapshots_refspec(name) in found[name].get("fetch", []):
        _remove_refspec(repository, name, snapshots_refspec(name))
        changed = True
    return changed


def _remove_refspec(repository: Repository, name: str, spec: str) -> None:
    arguments = ["--fixed-value", "--unset-all", f"remote.{name}.fetch", spec]
    run_git(["config", "--local", *arguments], cwd=repository.start)


def remove_refspecs(repository: Repository) -> list[str]:
    """Take out what `add_refspecs` has added; return the remotes that had it."""
    done = []
    for name, members in remotes(repository).items():
        ours = [spec for spec in members.get("fetch", []) if TRACKING in spec]
        for spec in ours:
            _remove_refspec(repository, name, spec)
        if ours:
            done.append(name)
    return done
