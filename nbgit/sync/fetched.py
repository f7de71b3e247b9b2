"""Ring 3: what was fetched is taken in: found cheaply, united once, and noted as united.

git has no hook for `fetch`, so every smudge, hook and command looks, at the price of a few stats: a fetch writes loose
refs, and `<common>/nbgit/united` says which of them have been taken in.
"""

import os

from nbgit.errors import GitFailed
from nbgit.store.captures import write_whole
from nbgit.store.forgotten import read_forgotten
from nbgit.store.git import run_git, try_git
from nbgit.store.known import drop_known
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.promised import quiet_environ
from nbgit.store.recalled import mark_recalled
from nbgit.store.refs import ENTRIES, SNAPSHOTS, move_refs
from nbgit.store.repository import Repository
from nbgit.sync.remotes import TRACKING, entries_refspec, snapshots_refspec, source_of_snapshots, tracking_refs

ENTRIES_PLACE = "/notes/nbgit"  # behind the name of a remote, in its tracking refs
NOTHING_THERE = "-"  # in `united`, for a remote that was asked once and had nothing


def unite_fetched(repository: Repository) -> int | None:
    """Take in what fetches have brought since the last time.

    Returns how many commits' entries have come, or None where nothing of one's own has changed. Raises GitFailed.
    """
    united = read_united(repository)
    new = _news(repository, united)
    if not new:
        return None
    if repository.is_partial and _fetch_lazy(repository, new):
        new = _news(repository, united)
    before: dict[str, str] = {}
    arrived: set[str] = set()
    with ObjectReader(repository) as reader:

        def build(old: dict[str, str]) -> dict[str, str | None]:
            before.clear()
            before.update(old)
            return _united(repository, reader, old, new, united, arrived)

        after = move_refs(repository, [SNAPSHOTS, ENTRIES], build)
    note_united(repository, new)
    return None if after == before else len(arrived)


def _news(repository: Repository, united: dict[str, str]) -> dict[str, str]:
    return {ref: oid for ref, oid in _tracked(repository).items() if united.get(ref) != oid}


def _fetch_lazy(repository: Repository, new: dict[str, str]) -> bool:
    """Fetch the snapshots of lazy remotes whose entries have come; return whether any could be asked."""
    asked = False
    for ref in new:
        remote = ref[len(TRACKING) : -len(ENTRIES_PLACE)] if ref.endswith(ENTRIES_PLACE) else ""
        source = source_of_snapshots(repository, remote) if remote else ""
        if source != remote:
            try:
                _fetch(repository, source, [snapshots_refspec(remote)])
                asked = True
            except GitFailed:
                continue  # out of reach: the next entries that come ask again, and so does `nbgit sync`
    return asked


def _united(
    repository: Repository,
    reader: ObjectReader,
    old: dict[str, str],
    new: dict[str, str],
    united: dict[str, str],
    arrived: set[str],
) -> dict[str, str | None]:
    """Return one's own refs with the tracking refs of `new` taken in; `arrived` gets the commits of what came."""
    from nbgit.sync.union import Union

    found: dict[str, str | None] = {SNAPSHOTS: old.get(SNAPSHOTS), ENTRIES: old.get(ENTRIES)}
    came: list[tuple[str, str]] = []
    for ref, oid in sorted(new.items()):
        sink = ObjectSink(repository)
        union = Union(repository, reader, sink)
        if ref.endswith("/snapshots"):
            found[SNAPSHOTS] = union.snapshots(found[SNAPSHOTS], oid)
        elif ref.endswith(ENTRIES_PLACE):
            found[ENTRIES] = union.entries(found[ENTRIES], oid, united.get(ref))
        sink.flush()
        arrived |= union.arrived
        came += union.came
    return _weeded(repository, reader, old.get(SNAPSHOTS), found, came)


def _weeded(
    repository: Repository,
    reader: ObjectReader,
    before: str | None,
    found: dict[str, str | None],
    came: list[tuple[str, str]],
) -> dict[str, str | None]:
    """Return one's own refs without snapshots that show a forgotten output: of those that came, or of all where the
    list itself has news."""
    listed = read_forgotten(reader, found[SNAPSHOTS])
    if not listed.outputs:
        return found
    from nbgit.sync.weeding import every_snapshot, weed

    is_news = listed.outputs != read_forgotten(reader, before).outputs
    candidates = every_snapshot(reader, found[SNAPSHOTS] or "") if is_news else came
    snapshots, entries = weed(repository, reader, (found[SNAPSHOTS], found[ENTRIES]), listed, candidates)
    if is_news:
        mark_recalled(repository)
    if is_news or snapshots != found[SNAPSHOTS]:
        try:
            drop_known(repository, frozenset(), frozenset(read_forgotten(reader, snapshots).snapshots))
        except OSError:
            pass  # `nbgit fsck` tells of it
    return {SNAPSHOTS: snapshots, ENTRIES: entries}


def fetch(repository: Repository, remote: str, name: str, *, prune: bool = False) -> None:
    """Fetch nbgit's refs from `remote` (a name or a URL) to where remote `name` stands; raises GitFailed."""
    source = source_of_snapshots(repository, remote)
    if source == remote:
        _fetch(repository, remote, [snapshots_refspec(name), entries_refspec(name)], prune=prune)
    else:
        _fetch(repository, remote, [entries_refspec(name)], prune=prune)
        _fetch(repository, source, [snapshots_refspec(name)])  # pruning would take the entries just fetched for gone


def _fetch(repository: Repository, remote: str, specs: list[str], *, prune: bool = False) -> None:
    options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc"]
    if prune:
        options.append("--prune")
    run_git(["fetch", *options, "--refmap=", remote, *specs], cwd=repository.start, environ=quiet_environ(repository))


def fetch_once(repository: Repository, remote: str) -> bool:
    """Fetch nbgit's refs from a remote that was never asked before; return whether it had any. Never raises.

    So a fresh clone has its outputs before its first notebook is smudged.
    """
    refs = tracking_refs(remote).values()
    united = read_united(repository)
    if any(ref in united for ref in refs) or any(ref in _tracked(repository) for ref in refs):
        return False
    try:
        fetch(repository, remote, remote)
    except GitFailed:
        pass  # out of reach: the next `git fetch` brings them
    note_united(repository, dict.fromkeys(refs, NOTHING_THERE))
    return any(ref in _tracked(repository) for ref in refs)


def read_united(repository: Repository) -> dict[str, str]:
    """Return tracking ref -> the oid that was united last, or NOTHING_THERE."""
    try:
        with open(_record(repository), encoding="utf-8", errors="surrogateescape") as file:
            rows = [line.split() for line in file]
    except OSError:
        return {}
    return {row[0]: row[1] for row in rows if len(row) == 2}


def note_united(repository: Repository, united: dict[str, str]) -> None:
    """Note what was united; raises GitFailed where that can't be written."""
    rows = {**read_united(repository), **united}
    text = "".join(f"{ref} {oid}\n" for ref, oid in sorted(rows.items()))
    try:
        os.makedirs(repository.nbgit_dir, exist_ok=True)
        write_whole(_record(repository), text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise GitFailed(f"{_record(repository)} can't be written ({error.strerror}); mend its permissions") from error


def _record(repository: Repository) -> str:
    return os.path.join(repository.nbgit_dir, "united")


def _tracked(repository: Repository) -> dict[str, str]:
    """Return tracking ref -> oid: from git where refs are tables, else the loose ones, which a fetch writes."""
    if os.path.isdir(os.path.join(repository.common_dir, "reftable")):
        return all_tracked(repository)
    found = {}
    top = os.path.join(repository.common_dir, *TRACKING.strip("/").split("/"))
    for here, _, names in os.walk(top):
        for name in names:
            file = os.path.join(here, name)
            with open(file, encoding="ascii", errors="replace") as stream:
                oid = stream.read().strip()
            ref = TRACKING + os.path.relpath(file, top).replace(os.sep, "/")
            if not name.endswith(".lock") and len(oid) == len(repository.empty_oid):
                found[ref] = oid
    return found


def all_tracked(repository: Repository) -> dict[str, str]:
    """Return tracking ref -> oid, packed ones included."""
    code, out, _ = try_git(["for-each-ref", "--format=%(refname) %(objectname)", TRACKING], cwd=repository.start)
    rows = [line.split(" ") for line in out.decode("utf-8", "surrogateescape").splitlines()] if code == 0 else []
    return {row[0]: row[1] for row in rows if len(row) == 2}
