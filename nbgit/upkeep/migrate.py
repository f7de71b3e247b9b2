"""Ring 3: `nbgit migrate`: a history with outputs in its blobs is rewritten, with the outputs moved into snapshots.

Everything is built beside the old history; then all refs move in one transaction (docs/design.md, "Upkeep").
"""

import os
import subprocess
import time
from dataclasses import dataclass

from nbgit.errors import GitFailed
from nbgit.lineage.history.commits import Report, read_changes
from nbgit.notebook.showing import tell_showing
from nbgit.store.captures import CaptureStore, write_whole
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.policy_file import load_policy
from nbgit.store.refs import ENTRIES, SNAPSHOTS, read_refs
from nbgit.store.repository import Repository
from nbgit.store.textconv_cache import TEXTCONV_CACHE
from nbgit.upkeep.migrate_checks import check_repository, chosen_refs, head_branch
from nbgit.upkeep.migrate_history import CountingSink, HistoryRewriter, Moved
from nbgit.upkeep.migrate_index import finish_index, map_file, mark_file
from nbgit.upkeep.migrate_refs import BACKUP, RefsWriter, Rows

COMMITS = 500  # commits whose changes are asked for at once
CHUNK = 1 << 20  # bytes of a pack that are counted at once


@dataclass
class Migrated:
    """What was done, or would be: counts, the backup's prefix, the map's file, and the bytes of git's pack.

    `bytes_alone` is what the new branches and tags take without any output.
    """

    commits: int = 0
    rewritten: int = 0
    notebooks: int = 0
    refs: int = 0
    signatures: int = 0
    backup: str = ""
    map_file: str = ""
    bytes_before: int = 0
    bytes_after: int = 0
    bytes_alone: int = 0


class Migration:
    """One run of `nbgit migrate`; raises NbgitError at once where the repository is in no state for it."""

    def __init__(self, repository: Repository, names: tuple[str, ...]) -> None:
        self._repository = repository
        self._policy = load_policy(repository)
        finish_index(repository)
        check_repository(repository, self._policy)
        self._head = head_branch(repository)
        self._refs = chosen_refs(repository, names)
        self._parents: dict[str, list[str]] = {}

    def run(self, *, dry_run: bool, report: Report | None = None) -> Migrated:
        """Rewrite the history of the refs and move them; with `dry_run` only count."""
        sink = CountingSink(self._repository) if dry_run else ObjectSink(self._repository)
        with ObjectReader(self._repository) as reader:
            history = HistoryRewriter(self._repository, self._policy, reader, sink)
            commits = self._walk()
            for done, oid in enumerate(commits):
                history.commit(oid)
                if report:
                    report(done + 1, len(commits))
            for oid in self._tag_objects():
                history.tag(oid)
            told = Migrated(commits=len(commits), signatures=history.signatures)
            told.rewritten = sum(history.new_of[oid] != oid for oid in commits)
            told.notebooks = sum(moved is not None for moved in history.moved.values())
            told.refs = sum(history.new_of.get(oid, oid) != oid for oid in self._refs.values())
            if not dry_run and told.refs:
                sink.flush()
                self._move(RefsWriter(self._repository, reader, sink, history, self._rows(history)), history, told)
        return told

    def _walk(self) -> list[str]:
        tips = "".join(f"{oid}\n" for oid in dict.fromkeys(self._refs.values()))
        arguments = ["rev-list", "--topo-order", "--reverse", "--parents", "--stdin"]
        out = run_git(arguments, cwd=self._repository.start, stdin=tips.encode()).decode("ascii")
        rows = [line.split(" ") for line in out.splitlines()]
        self._parents = {row[0]: row[1:] for row in rows}
        return list(self._parents)

    def _tag_objects(self) -> list[str]:
        lines = "".join(f"{oid}\n" for oid in dict.fromkeys(self._refs.values())).encode()
        arguments = ["cat-file", "--batch-check=%(objecttype) %(objectname)"]
        rows = run_git(arguments, cwd=self._repository.start, stdin=lines).decode("ascii").splitlines()
        return [row.split(" ")[1] for row in rows if row.startswith("tag ")]

    def _rows(self, history: HistoryRewriter) -> Rows:
        """Return what the entries are to say: the notebooks that each commit changed against all its parents.

        A merge also names those that it took from one side, where the same source has other outputs on another side.
        """
        many: dict[str, set[str]] = {}
        for moved in history.moved.values():
            if moved is not None:
                many.setdefault(moved.source_oid, set()).add(moved.snapshot_id)
        commits = [(oid, parents) for oid, parents in self._parents.items() if history.new_of[oid] != oid]
        rows: Rows = {}
        for start in range(0, len(commits), COMMITS):
            some = commits[start : start + COMMITS]
            for (oid, parents), (_, changes) in zip(some, read_changes(self._repository, some), strict=True):
                against: dict[str, int] = {}
                blobs = {change.path: change.blob for change in changes}
                old = {(change.path, change.parent): history.moved.get(change.old_blob or "") for change in changes}
                for change in changes:
                    against[change.path] = against.get(change.path, 0) + 1
                for path, blob in blobs.items():
                    moved = history.moved.get(blob or "")
                    if moved and (against[path] >= len(parents) or len(many[moved.source_oid]) > 1):
                        before = [old.get((path, number), moved) for number in range(len(parents))]
                        told = tell_showing(moved.showing, [one.showing if one else None for one in before])
                        rows.setdefault(oid, {})[path] = (moved.snapshot_id, told.line)
        return rows

    def _move(self, writer: RefsWriter, history: HistoryRewriter, told: Migrated) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        own = [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE]
        before = [*self._refs.values(), *read_refs(self._repository, own).values()]
        told.backup = f"{BACKUP}{stamp}/"
        told.map_file = map_file(self._repository, stamp)
        changed = [f"{old} {new}\n" for old, new in sorted(history.new_of.items()) if old != new]
        os.makedirs(os.path.dirname(told.map_file), exist_ok=True)
        write_whole(told.map_file, "".join(changed).encode("ascii"))
        if self._head in self._refs:
            write_whole(mark_file(self._repository), f"{stamp} {self._refs[self._head]}\n".encode("ascii"))
        try:
            moved = writer.move(self._refs, stamp)
        except BaseException:
            finish_index(self._repository)  # takes the mark away, where nothing has moved
            raise
        self._settle(history)
        finish_index(self._repository)
        after = [*{**self._refs, **moved}.values(), *read_refs(self._repository, own).values()]
        pack_well(self._repository, after, before)
        told.bytes_before = packed_size(self._repository, before)
        told.bytes_after = packed_size(self._repository, after)
        told.bytes_alone = packed_size(self._repository, [*moved.values()])

    def _settle(self, history: HistoryRewriter) -> None:
        """Note what is in a snapshot now, so that git's look at the files on disk captures nothing again."""
        captures = CaptureStore(self._repository, self._policy)
        by_digest: dict[str, Moved] = {}
        for moved in history.moved.values():
            if moved is not None:
                captures.remember(moved.digest, moved.snapshot_id, moved.source_oid)
                by_digest[moved.digest] = moved
        for capture in captures.all():
            if capture.digest in by_digest and capture.source_oid == by_digest[capture.digest].source_oid:
                captures.settle(capture, by_digest[capture.digest].snapshot_id)


def pack_well(repository: Repository, tips: list[str], without: list[str]) -> None:
    """Pack what `tips` reach and `without` do not, as deltas.

    git never looks for deltas between objects that it finds in one pack without any, so that `git gc` alone would leave
    what a migration has written several times as large.
    """
    out = run_git(["rev-parse", "--git-path", "objects/pack/pack"], cwd=repository.start)
    folder = os.path.join(repository.start, out.decode("utf-8", "surrogateescape").rstrip("\n"))
    options = ["--revs", "-q", "--delta-base-offset", "--no-reuse-delta", "--no-reuse-object"]
    lines = "".join(f"{oid}\n" for oid in [*tips, *(f"^{oid}" for oid in dict.fromkeys(without))])
    run_git(["pack-objects", *options, folder], cwd=repository.start, stdin=lines.encode("ascii"))


def packed_size(repository: Repository, tips: list[str]) -> int:
    """Return how many bytes git's pack of all that these objects reach takes: what `git gc` would leave of them."""
    process = subprocess.Popen(
        ["git", "pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset"],
        cwd=repository.start,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{oid}\n" for oid in dict.fromkeys(tips)).encode("ascii"))
    process.stdin.close()
    size = 0
    while piece := process.stdout.read(CHUNK):
        size += len(piece)
    process.stdout.close()
    if process.wait():
        raise GitFailed("git could not pack the history to measure it; `git fsck` tells why")
    return size
