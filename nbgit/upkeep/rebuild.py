"""Ring 3: damaged snapshots made again from a capture or the file on disk: the same bytes give the same objects."""

import os
from collections.abc import Iterator
from hashlib import sha256

from nbgit.errors import NbgitError, SnapshotInvalid
from nbgit.notebook.spans import split
from nbgit.store.build import build_notebook
from nbgit.store.captures import TRAILER
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectSink, object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository
from nbgit.store.snapshots import SnapshotWriter, read_document
from nbgit.store.worktree import read_worktree_file
from nbgit.upkeep.capture_files import DAMAGED, capture_files
from nbgit.upkeep.contents import open_snapshots
from nbgit.upkeep.findings import Checks
from nbgit.upkeep.local_objects import LocalObjects
from nbgit.upkeep.snapshot_check import SnapshotCheck

LIMIT = 1 << 30  # bytes of an object that is compared with its oid


class _Sink(ObjectSink):
    """Objects on their way to git, with a list of all their oids."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.oids: list[str] = []

    def add(self, kind: str, content: bytes, *, level: int = 6) -> str:
        oid = super().add(kind, content, level=level)
        self.oids.append(oid)
        return oid


def rebuild(repository: Repository, orders: list[tuple[str, ...]]) -> list[str]:
    """Make these damaged snapshots, each (source oid, snapshot id, ...), again where their notebook is at hand; return
    what was done."""
    wanted: dict[str, set[str]] = {}
    with LocalObjects(repository) as objects:
        for source_oid, snapshot_id, *_ in orders:
            if source_oid and whole_source(objects, snapshot_id) is None:
                wanted.setdefault(source_oid, set()).add(snapshot_id)
    done: list[str] = []
    if not wanted:
        return done
    policy = load_policy(repository)
    for source_oid, place, notebook in _candidates(repository, set(wanted)):
        parts = split(notebook, policy)
        if parts is None or object_id("blob", parts.source, repository.hash_name) != source_oid:
            continue
        sink = _Sink(repository)
        digest = sha256(notebook).hexdigest()
        built = build_notebook(SnapshotWriter(sink), policy, notebook, digest, parts, source_oid)
        if built is not None and built.snapshot_id in wanted[source_oid]:
            sink.add("blob", parts.source)
            try:
                _flush(sink, repository)
            except (NbgitError, OSError) as error:
                done.append(f"snapshot {built.snapshot_id[:12]} could not be made again: {error}")
                continue
            wanted[source_oid].discard(built.snapshot_id)
            done.append(f"snapshot {built.snapshot_id[:12]} was made again from {place}")
    return done


def whole_source(objects: LocalObjects, snapshot_id: str) -> str | None:
    """Return the source oid of a snapshot whose objects are all here and sound, or None."""
    info = objects.infos([snapshot_id])[0]
    if info is None or info.kind != "tree":
        return None
    (parts,) = open_snapshots(objects, [("", snapshot_id)])
    try:
        source_oid = str(read_document(parts.document)["source"])
    except SnapshotInvalid:
        return None
    checks = Checks(lambda done, total: None)
    SnapshotCheck(objects, checks, {}).check(parts._replace(source_oid=source_oid))
    return None if checks.findings or checks.elsewhere.keys() - {"sources"} else source_oid


def _candidates(repository: Repository, source_oids: set[str]) -> Iterator[tuple[str, str, bytes]]:
    """Give (source oid, where it lies, notebook) of what may be a notebook of one of these sources."""
    for capture in list(capture_files(repository)):
        if capture.source_oid in source_oids and not capture.final:
            try:
                with open(capture.file, "rb") as stream:
                    content = stream.read()
            except OSError:
                continue
            yield capture.source_oid, "a capture", content[: content.rfind(TRAILER)]
    if repository.worktree is None:
        return
    code, out, _ = try_git(["ls-files", "-s", "-z"], cwd=repository.worktree)
    for row in out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else ():
        facts, _, path = row.partition("\t")
        source_oid = facts.split(" ")[1] if path else ""
        notebook = read_worktree_file(repository, path) if source_oid in source_oids else None
        if notebook is not None:
            yield source_oid, "the file on disk", notebook


def _flush(sink: _Sink, repository: Repository) -> None:
    """Give the objects to git. One that lies damaged in a file of its own is moved away first, since git would keep it
    for sound; it goes when a sound one is there in its place."""
    folder = os.path.join(repository.nbgit_dir, DAMAGED)
    moved: list[tuple[str, str]] = []
    try:
        with LocalObjects(repository) as objects:
            for oid in dict.fromkeys(sink.oids):
                file = os.path.join(repository.common_dir, "objects", oid[:2], oid[2:])
                if os.path.isfile(file) and not _is_sound(objects, oid):
                    os.makedirs(folder, exist_ok=True)
                    moved.append((file, os.path.join(folder, f"object-{oid}.damaged")))
                    os.replace(*moved[-1])
        sink.flush()
    except BaseException:
        for file, aside in moved:
            if os.path.exists(aside):
                os.replace(aside, file)
        raise
    for _, aside in moved:
        os.unlink(aside)


def _is_sound(objects: LocalObjects, oid: str) -> bool:
    info = objects.infos([oid])[0]
    content = objects.read(oid, LIMIT)
    return (
        info is not None and content is not None and object_id(info.kind, content, objects.repository.hash_name) == oid
    )
