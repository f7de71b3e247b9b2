"""Ring 3: where else the target stands: in git's own history, which nbgit does not rewrite, and at the remotes."""

from nbgit.errors import GitFailed
from nbgit.lineage.history.commits import Report
from nbgit.store.changes import SUFFIX, raw_changes
from nbgit.store.cuts import list_cuts
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import read_refs
from nbgit.store.repository import Repository
from nbgit.store.trees import TREE, decode_tree
from nbgit.upkeep.forget_notebook import source_shows_target
from nbgit.upkeep.forget_targets import PathTarget, Target

BLOBS = 50  # notebooks read at once
TRACKING = "refs/nbgit-remotes/"


def paths_in_history(
    repository: Repository, reader: ObjectReader, target: Target, captured: frozenset[str], report: Report | None
) -> list[str]:
    """Return the paths of committed notebooks that show the target in what git itself stores: code, kept outputs."""
    own = ["--exclude=refs/nbgit/*", "--exclude=refs/nbgit-remotes/*", "--exclude=refs/notes/*"]
    try:
        out = run_git(["rev-list", "--objects", *own, "--all"], cwd=repository.start)
    except GitFailed:
        return []  # no commit yet, or a shallow or damaged clone, of which `git fsck` tells
    named: dict[str, set[str]] = {}
    for line in out.decode("utf-8", "surrogateescape").split("\n"):
        oid, _, path = line.partition(" ")
        if path.endswith(SUFFIX) or path in captured:
            named.setdefault(oid, set()).add(path)
    if isinstance(target, PathTarget):
        named = {oid: {target.path} for oid, paths in named.items() if target.path in paths}
    found: set[str] = set()
    oids = list(named)
    for start in range(0, len(oids), BLOBS):
        some = oids[start : start + BLOBS]
        for oid, content in zip(some, reader.read_many(some), strict=True):
            if content is not None and not named[oid] <= found and source_shows_target(content, target):
                found |= named[oid]
        if report:
            report(start + len(some), len(oids))
    return sorted(found)


def blobs_of_path(repository: Repository, path: str) -> set[str]:
    """Return the oids of every blob that any ref's history has had at this path."""
    try:
        changes = raw_changes(repository, ["--all", "--full-history"], [], [path])
    except GitFailed:
        return set()
    return {change.source_oid for change in changes}


def snapshot_places(reader: ObjectReader, commit: str | None) -> dict[str, str]:
    """Return snapshot id -> source oid of every snapshot in the tree of a commit of the snapshots ref."""
    if commit is None:
        return {}
    size = len(commit) // 2
    shards = _folders(reader, [f"{commit}:by-source"], size)
    sources = [(first + rest, oid) for first, oid in shards for rest, oid in _folders(reader, [oid], size)]
    contents = reader.read_many([oid for _, oid in sources])
    return {
        snapshot_id: source
        for (source, _), content in zip(sources, contents, strict=True)
        for snapshot_id, (mode, _) in (decode_tree(content, size) if content else {}).items()
        if mode == TREE
    }


def _folders(reader: ObjectReader, names: list[str], oid_bytes: int) -> list[tuple[str, str]]:
    contents = [content for content in reader.read_many(names) if content is not None]
    entries = [entry for content in contents for entry in decode_tree(content, oid_bytes).items()]
    return [(name, oid) for name, (mode, oid) in entries if mode == TREE]


class RemoteState:
    """What one remote is known to hold: `has_it` is True, False, or None where it was never fetched from."""

    __slots__ = ("has_it", "name")

    def __init__(self, name: str, has_it: bool | None) -> None:
        self.name = name
        self.has_it = has_it


def remote_states(repository: Repository, reader: ObjectReader, forgotten: frozenset[str]) -> list[RemoteState]:
    """Return what is known of each remote, as it was at the last fetch; `forgotten` are the old snapshots' ids."""
    states = []
    for name in run_git(["remote"], cwd=repository.start).decode("utf-8", "surrogateescape").splitlines():
        ref = f"{TRACKING}{name}/snapshots"
        tip = read_refs(repository, [ref]).get(ref)
        cuts = {oid for _, oid in list_cuts(repository, reader, tip)}
        held = None if tip is None else not forgotten.isdisjoint({*snapshot_places(reader, tip), *cuts})
        states.append(RemoteState(name, held))
    return states
