"""Ring 3: pushing: what entries of pushed commits name goes to the remote, and nothing else (promise 6).

One's own refs hold what is linked to unpushed commits as well, so they are never pushed. What is pushed is built on the
remote's own tip: git refuses it where the remote has moved, and then it is fetched, united and built again.
"""

import time

from nbgit.errors import GitFailed
from nbgit.store.cuts import FOLDER as CUTS
from nbgit.store.cuts import has_cut, put_cuts, travels
from nbgit.store.entries import get_note, is_oid, put_note, read_cuts, read_entry
from nbgit.store.forgotten import FILE, encode_forgotten, read_forgotten, unite_forgotten
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader, ObjectSink, read_oids
from nbgit.store.refs import ENTRIES, SNAPSHOTS, commit_content, read_refs
from nbgit.store.repository import Repository
from nbgit.store.trees import BLOB, TREE, Tree, oid_in_tree
from nbgit.sync.fetched import fetch, note_united, unite_fetched
from nbgit.sync.remotes import tracking_refs
from nbgit.sync.union import Union, drop_forgotten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TRIES = 6
# What git says where the remote has moved since it was fetched.
MOVED = (
    b"fetch first",
    b"non-fast-forward",
    b"stale info",
    b"cannot lock ref",
    b"incorrect old value",
    b"reference already exists",
)


class Shared:
    """What a push did: how many commits' entries and how many snapshots went; `refused` holds the remote's words."""

    def __init__(self, commits: int, snapshots: int, refused: str = "") -> None:
        self.commits = commits
        self.snapshots = snapshots
        self.refused = refused


class Parcel:
    """What a remote lacks: new tips for its refs (those that change), and how much is in them."""

    def __init__(self, tips: dict[str, str], commits: int, snapshots: int) -> None:
        self.tips = tips
        self.commits = commits
        self.snapshots = snapshots


def share(repository: Repository, remote: str, name: str, pushed: list[str]) -> Shared:
    """Push the entries of all commits that `pushed` (revisions) reach, and their snapshots, to a remote.

    `name` is the remote's tracking name. Raises GitFailed where git fails here; what the remote refuses is told.
    """
    for _ in range(TRIES):
        parcel = pack_parcel(repository, name, pushed)
        if not parcel.tips:
            return Shared(0, 0)
        code, words = _push(repository, remote, parcel.tips)
        if code == 0:
            _note_pushed(repository, name, parcel.tips)
            return Shared(parcel.commits, parcel.snapshots)
        if not any(sign in words for sign in MOVED):
            return Shared(0, 0, _last_words(words))
        fetch(repository, remote, name)
        unite_fetched(repository)
    return Shared(0, 0, "others push at the same time")


def overwrite(repository: Repository, remote: str, name: str) -> Shared:
    """Replace the remote's refs by commits without a past that hold the same, less what was forgotten here.

    Its host can then drop the objects. Refused where the remote has moved since it was fetched. Raises GitFailed.
    """
    tracking = tracking_refs(name)
    refs = read_refs(repository, [SNAPSHOTS, ENTRIES, *tracking.values()])
    there = {ref: refs[where] for ref, where in tracking.items() if where in refs}
    parcel = pack_parcel(repository, name, pushed_branches(repository, name), fresh=True)
    if not there or not parcel.tips:
        return Shared(0, 0)
    leases = [f"--force-with-lease={ref}:{oid}" for ref, oid in there.items()]
    code, words = _push(repository, remote, parcel.tips, leases)
    if code:
        return Shared(0, 0, _last_words(words))
    _note_pushed(repository, name, parcel.tips)
    return Shared(parcel.commits, parcel.snapshots)


def pack_parcel(repository: Repository, name: str, pushed: list[str], *, fresh: bool = False) -> Parcel:
    """Return what the remote lacks of the entries of these commits, as far as its tracking refs tell.

    With `fresh` all that it has is built anew, in commits without a past.
    """
    tracking = tracking_refs(name)
    refs = read_refs(repository, [SNAPSHOTS, ENTRIES, *tracking.values()])
    if ENTRIES not in refs:
        return Parcel({}, 0, 0)
    notes = differing_notes(repository, refs.get(tracking[ENTRIES]), refs[ENTRIES])
    commits = reachable(repository, list(notes), pushed)
    with ObjectReader(repository) as reader:
        packer = _Packer(repository, reader, fresh=fresh)
        count = packer.add_snapshots(refs, tracking[SNAPSHOTS], [(commit, notes[commit]) for commit in commits])
        packer.add_entries(refs, tracking[ENTRIES], [(commit, notes[commit]) for commit in commits])
        packer.sink.flush()
    return Parcel(packer.tips, len(commits), count)


class _Packer:
    def __init__(self, repository: Repository, reader: ObjectReader, *, fresh: bool) -> None:
        self._repository = repository
        self._fresh = fresh
        self._reader = reader
        self.sink = ObjectSink(repository)
        self._union = Union(repository, reader, self.sink)
        self.tips: dict[str, str] = {}

    def add_snapshots(self, refs: dict[str, str], tracking: str, notes: list[tuple[str, str]]) -> int:
        """Build the remote's snapshots with those that these entries name; return how many are new to it."""
        ours, theirs = self._union.tree(refs.get(SNAPSHOTS)), self._union.tree(refs.get(tracking))
        known, forgotten = (read_forgotten(self._reader, refs.get(ref)) for ref in (tracking, SNAPSHOTS))
        count = 0
        for source_oid, snapshot_id in self._named(notes):
            mine = ours.directory("by-source").directory(source_oid[:2]).directory(source_oid[2:])
            if snapshot_id in mine.entries:
                sources = theirs.directory("by-source").directory(source_oid[:2]).directory(source_oid[2:])
                count += snapshot_id not in sources.entries
                sources.put(snapshot_id, TREE, snapshot_id)
        self._add_cuts(ours, theirs, notes)
        forgotten = unite_forgotten(forgotten, known)
        if forgotten != known:
            drop_forgotten(theirs, forgotten.snapshots)
            theirs.put(FILE, BLOB, self.sink.add("blob", encode_forgotten(forgotten)))
        if theirs.is_touched() or (self._fresh and theirs.entries):
            readme = ours.entries.get("README")
            if readme:
                theirs.put("README", *readme)
            self._commit(SNAPSHOTS, theirs, refs.get(tracking), "snapshots")
        return count

    def _add_cuts(self, ours: Tree, theirs: Tree, notes: list[tuple[str, str]]) -> None:
        """Put the cuts of recorded runs that these entries name into `theirs`, unless they are to stay at home."""
        if not ours.directory(CUTS).entries or not travels(self._repository):
            return
        contents = self._reader.read_many([note for _, note in notes])
        for content in contents:
            named = read_cuts(content or b"")
            put_cuts(
                theirs,
                {session: [oid for oid in oids if has_cut(ours, session, oid)] for session, oids in named.items()},
            )

    def add_entries(self, refs: dict[str, str], tracking: str, notes: list[tuple[str, str]]) -> None:
        """Build the remote's entries with these."""
        theirs = self._union.tree(refs.get(tracking))
        for commit, note in notes:
            if get_note(theirs, commit) != note:
                put_note(theirs, commit, note)
        if theirs.is_touched() or self._fresh:
            self._commit(ENTRIES, theirs, refs.get(tracking), "entries")

    def _commit(self, ref: str, tree: Tree, parent: str | None, what: str) -> None:
        parents = [parent] if parent and not self._fresh else []
        content = commit_content(tree.write(self.sink), parents, f"nbgit: {what}", int(time.time()))
        self.tips[ref] = self.sink.add("commit", content)

    def _named(self, notes: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return (source oid, snapshot id) for what these entries name of their commits."""
        contents = self._reader.read_many([note for _, note in notes])
        rows = [
            (f"{commit}:{path}", snapshot_id)
            for (commit, _), content in zip(notes, contents, strict=True)
            for path, snapshot_id in read_entry(content or b"").items()
        ]
        names = [name for name, _ in rows]
        sources = read_oids(self._repository, names)
        if self._repository.is_partial:
            sources = [
                oid or oid_in_tree(self._reader, name, self._repository)
                for oid, name in zip(sources, names, strict=True)
            ]
        return [(oid, row[1]) for oid, row in zip(sources, rows, strict=True) if oid is not None]


def differing_notes(repository: Repository, theirs: str | None, ours: str) -> dict[str, str]:
    """Return commit -> note for the entries that the remote does not have, or has otherwise."""
    shape = ["ls-tree", "-r", "-z", ours] if theirs is None else ["diff-tree", "-r", "-z", "--no-renames", theirs, ours]
    found: dict[str, str] = {}
    fields = run_git(shape, cwd=repository.start).decode("utf-8", "replace").split("\0")
    if theirs is None:
        rows = [field.split("\t") for field in fields if field]
        found = {path.replace("/", ""): facts.split(" ")[2] for facts, path in rows}
    else:
        known: dict[str, str] = {}
        for facts, path in zip(fields[0::2], fields[1::2], strict=False):
            _, _, before, after, _ = facts.split(" ")
            known |= {path.replace("/", ""): before} if before.strip("0") else {}
            found |= {path.replace("/", ""): after} if after.strip("0") else {}
        # git files notes anew as their number grows, and when it copies one: the same entry, elsewhere
        found = {commit: note for commit, note in found.items() if known.get(commit) != note}
    return {commit: note for commit, note in found.items() if is_oid(commit)}


def reachable(repository: Repository, commits: list[str], revisions: list[str]) -> list[str]:
    """Return those of `commits` that the revisions reach, in order; commits that are gone are not."""
    if not commits or not revisions:
        return []
    lines = [*commits, *(f"^{revision}" for revision in revisions)]
    out = run_git(
        ["rev-list", "--ignore-missing", "--stdin"],
        cwd=repository.start,
        stdin="".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"),
    )
    beyond = set(out.decode("ascii").split())
    there = read_oids(repository, [f"{commit}^{{commit}}" for commit in commits])
    return [commit for commit, oid in zip(commits, there, strict=True) if oid is not None and commit not in beyond]


def pushed_branches(repository: Repository, name: str) -> list[str]:
    """Return what the remote's branches were when they were last seen: their commits are pushed already."""
    code, out, _ = try_git(["for-each-ref", "--format=%(objectname)", f"refs/remotes/{name}/"], cwd=repository.start)
    return out.decode("ascii").split() if code == 0 else []


def _push(repository: Repository, remote: str, tips: dict[str, str], leases: "Sequence[str]" = ()) -> tuple[int, bytes]:
    """Push new tips for nbgit's refs; return git's exit code and its words. Forced only by `leases`."""
    options = ["-c", "push.followTags=false", "-c", "push.gpgSign=false", "push", "--porcelain", "--no-verify"]
    specs = [f"{oid}:{ref}" for ref, oid in tips.items()]
    code, out, err = try_git([*options, "--recurse-submodules=no", *leases, remote, *specs], cwd=repository.start)
    return code, out + err


def _last_words(words: bytes) -> str:
    """Return what the remote says, in one line."""
    lines = [line.strip() for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    refusals = [line.split("[", 1)[1] for line in lines if line.startswith("!") and "[" in line]
    fatal = [line for line in lines if line.startswith("fatal:")]
    return "[" + refusals[0] if refusals else (fatal or ["no reason given"])[0]


def _note_pushed(repository: Repository, name: str, tips: dict[str, str]) -> None:
    """Set the tracking refs to what the remote has now; one's own refs hold all of it already."""
    tracking = tracking_refs(name)
    orders = "".join(f"update {tracking[ref]} {oid}\n" for ref, oid in tips.items())
    code, _, words = try_git(["update-ref", "--stdin"], cwd=repository.start, stdin=orders.encode("utf-8"))
    if code:
        raise GitFailed(f"the refs of {name} could not be noted: {words.decode('utf-8', 'replace').strip()}")
    note_united(repository, {tracking[ref]: oid for ref, oid in tips.items()})
