"""A repository with as many snapshots as one likes, as years of work with nbgit would have left it, made in minutes.

The notebooks are split, and their snapshots, entries and texts made, by nbgit's own code; only the git commands are
left out: objects go to git by the thousand, the commits through `git fast-import`, and each ref moves once. So what is
there is what `git add` and `git commit` give, but for the past of nbgit's own refs: one commit each, as after
`nbgit gc`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.notebooks import figure_cell, notebook_bytes, table_cell, text_cell
from benchmarks.sandbox import OLD, CommandFailed, Sandbox, date_files
from nbgit.notebook.policy import Policy
from nbgit.notebook.showing import Showing, tell_showing
from nbgit.notebook.spans import Split, split
from nbgit.store.build import build_notebook
from nbgit.store.captures import CaptureStore
from nbgit.store.entries import put_note, write_entry
from nbgit.store.objects import ObjectReader, ObjectSink, object_id
from nbgit.store.refs import ENTRIES, README, SNAPSHOTS, commit_content, move_refs
from nbgit.store.repository import Repository, find_repository
from nbgit.store.snapshots import SnapshotWriter
from nbgit.store.textconv_cache import TEXTCONV_CACHE, TextconvCache
from nbgit.store.trees import BLOB, TREE, Tree

FIGURE = 500  # bytes of each notebook's figure: enough for a file of its own in the snapshot
FOLDER = 100  # notebooks in one folder
FIRST = 1_650_000_000  # the first commit's date, seconds since 1970
TRIED = 50  # one notebook of so many was run with an edit that was never committed


class Shape(NamedTuple):
    """How large a history is: `notebooks`, each in so many `versions`; `commits` that share them out evenly."""

    notebooks: int
    versions: int
    commits: int

    @property
    def snapshots(self) -> int:
        """Return how many snapshots that makes."""
        return self.notebooks * self.versions


class Linked(NamedTuple):
    """One version of one notebook, as it was committed."""

    path: str
    source_oid: str
    digest: str
    snapshot_id: str
    text_oid: str
    summary: str


def path_of(number: int) -> str:
    """Return the path of the notebook with this number."""
    return f"team-{number // FOLDER:03d}/analysis-{number:05d}.ipynb"


def version_of(number: int, version: int, run: int = 0) -> bytes:
    """Return one version of a notebook; another `run` has the same source and other outputs."""
    text, outputs = random.Random(f"{number}-{version}"), random.Random(f"{number}-{version}-{run}")
    cells = [text_cell(text, 0), table_cell(outputs, 1, rows=2), figure_cell(outputs, 2, FIGURE)]
    cells[2]["source"] = [f"# notebook {number}, try {version}\n", *cells[2]["source"]]
    return notebook_bytes(cells)


def commits_of(shape: Shape) -> Iterator[tuple[int, str, list[tuple[int, int]]]]:
    """Yield (date, message, [(number, version), ...]) for each commit, oldest first."""
    every = [(number, version) for version in range(shape.versions) for number in range(shape.notebooks)]
    for at in range(shape.commits):
        start, end = (len(every) * edge // shape.commits for edge in (at, at + 1))
        yield FIRST + 600 * at, f"try {at}", every[start:end]


def diary(at: int) -> bytes:
    """Return the text file that every commit changes, whether it has notebooks or not."""
    return b"Day %d.\n" % at


def make_large(sandbox: Sandbox, place: Path, shape: Shape) -> dict[str, list[Linked]]:
    """Fill a fresh repository with nbgit installed; return commit -> what it is linked to, oldest first.

    Raises CommandFailed where what git checks out is not what was made.
    """
    repository = find_repository(str(place), {})
    sink = ObjectSink(repository)
    linked = _make_snapshots(repository, shape, sink)
    oids = _make_commits(sandbox, place, shape, linked)
    by_commit = {
        oid: [linked[key] for key in versions] for oid, (_, _, versions) in zip(oids, commits_of(shape), strict=True)
    }
    _write_refs(repository, by_commit, sink)
    _write_known(repository, linked)
    sandbox.git(place, "reset", "-q", "--hard")
    _capture_runs(repository, shape, linked)
    newest = {path_of(number): version_of(number, shape.versions - 1) for number in range(shape.notebooks)}
    if wrong := [path for path, data in newest.items() if (place / path).read_bytes() != data]:
        raise CommandFailed(f"{len(wrong)} of {len(newest)} notebooks were not restored, {wrong[0]} among them")
    date_files(place, newest, OLD)
    if changed := sandbox.git(place, "status", "--porcelain"):  # and git finds none of them racy from now on
        raise CommandFailed(f"git takes untouched notebooks for changed ones: {changed[:200]}")
    return by_commit


def _make_snapshots(repository: Repository, shape: Shape, sink: ObjectSink) -> dict[tuple[int, int], Linked]:
    """Give the sources, snapshots and texts of all versions to git; return (number, version) -> what was made."""
    policy, writer = Policy(), SnapshotWriter(sink)
    found: dict[tuple[int, int], Linked] = {}
    for _, _, versions in commits_of(shape):
        for number, version in versions:
            notebook = version_of(number, version)
            parts = _split(notebook, policy)
            digest, source_oid = sha256(notebook).hexdigest(), sink.add("blob", parts.source)
            built = build_notebook(writer, policy, notebook, digest, parts, source_oid)
            if built is None:
                raise CommandFailed("a generated notebook is too large for a snapshot")
            told = tell_showing(Showing([], built.runs), [])
            made = Linked(path_of(number), source_oid, digest, built.snapshot_id, built.text_oid, told.line)
            found[number, version] = made
    sink.flush()
    return found


def _split(notebook: bytes, policy: Policy) -> Split:
    parts = split(notebook, policy)
    if parts is None:
        raise CommandFailed("a generated notebook is none")
    return parts


def _make_commits(sandbox: Sandbox, place: Path, shape: Shape, linked: dict[tuple[int, int], Linked]) -> list[str]:
    """Make the commits with `git fast-import` on branch main; return their oids, oldest first."""
    stream = place / ".git" / "stream"
    before = sandbox.git(place, "rev-parse", "refs/heads/main").strip()
    with open(stream, "wb") as sink:
        for at, (date, message, versions) in enumerate(commits_of(shape)):
            who = f"Ada Lovelace <ada@example.org> {date} +0000"
            head = f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message) + 1}\n{message}\n\n"
            sink.write(head.encode() + (f"from {before}\n".encode() if at == 0 else b""))
            sink.write(b"M 100644 inline diary.txt\ndata %d\n%s\n" % (len(diary(at)), diary(at)))
            for key in versions:
                sink.write(f"M 100644 {linked[key].source_oid} {linked[key].path}\n".encode())
    with open(stream, "rb") as source:
        sandbox.run(["git", "fast-import", "--quiet"], place, stdin=source)
    stream.unlink()
    return sandbox.git(place, "rev-list", "--reverse", f"{before}..refs/heads/main").split()


def _write_refs(repository: Repository, by_commit: dict[str, list[Linked]], sink: ObjectSink) -> None:
    """Move the three refs of nbgit's to trees that hold what these commits are linked to, and nothing else."""
    every = [one for found in by_commit.values() for one in found]
    with ObjectReader(repository) as reader:
        cache = TextconvCache(repository, reader)

        def build(old: dict[str, str]) -> dict[str, str | None]:
            new = {
                SNAPSHOTS: snapshots_commit(repository, reader, sink, every),
                ENTRIES: entries_commit(repository, reader, sink, by_commit),
                TEXTCONV_CACHE: cache.filled(None, {one.source_oid: one.text_oid for one in every}, sink),
            }
            sink.flush()
            return new

        move_refs(repository, [SNAPSHOTS, ENTRIES, TEXTCONV_CACHE], build)


def snapshots_commit(repository: Repository, reader: ObjectReader, sink: ObjectSink, linked: list[Linked]) -> str:
    """Give a commit of the snapshots ref with these snapshots to the sink; return its oid."""
    root = Tree(None, reader, len(repository.empty_oid) // 2)
    sources = root.directory("by-source")
    for one in linked:
        directory = sources.directory(one.source_oid[:2]).directory(one.source_oid[2:])
        directory.put(one.snapshot_id, TREE, one.snapshot_id)
    root.put("README", BLOB, sink.add("blob", README))
    return sink.add("commit", commit_content(root.write(sink), [], "nbgit: snapshots", FIRST))


def entries_commit(
    repository: Repository, reader: ObjectReader, sink: ObjectSink, by_commit: dict[str, list[Linked]]
) -> str:
    """Give a commit of the entries ref with the entries of these commits to the sink; return its oid."""
    notes = Tree(None, reader, len(repository.empty_oid) // 2)
    for commit, found in by_commit.items():
        if found:
            entry = write_entry({one.path: (one.snapshot_id, one.summary) for one in found})
            put_note(notes, commit, sink.add("blob", entry))
    return sink.add("commit", commit_content(notes.write(sink), [], "nbgit: entries", FIRST))


def _write_known(repository: Repository, linked: dict[tuple[int, int], Linked]) -> None:
    """Write what linking each commit would have noted: one append a line would read its file anew each time."""
    lines: dict[str, list[str]] = {}
    for one in linked.values():
        lines.setdefault(one.digest[0], []).append(f"{one.digest} {one.snapshot_id} {one.source_oid}\n")
    folder = Path(repository.nbgit_dir, "known", Policy().key)
    folder.mkdir(parents=True, exist_ok=True)
    for digit, found in lines.items():
        (folder / digit).write_text("".join(found), encoding="ascii")


def _capture_runs(repository: Repository, shape: Shape, linked: dict[tuple[int, int], Linked]) -> None:
    """Leave captures as work does: an earlier run of each newest version, overtaken; a few edits never committed."""
    policy = Policy()
    captures = CaptureStore(repository, policy)
    last = shape.versions - 1
    for number in range(shape.notebooks):
        one = linked[number, last]
        for run in (1, 0):
            _capture(captures, policy, one.path, version_of(number, last, run))
        captures.settle(captures.of_path(one.path)[0], one.snapshot_id)
        if number % TRIED == 0:
            _capture(captures, policy, one.path, version_of(number, shape.versions))


def _capture(captures: CaptureStore, policy: Policy, path: str, notebook: bytes) -> None:
    parts = _split(notebook, policy)
    source_oid = object_id("blob", parts.source, "sha1")
    captures.put(path, source_oid, sha256(notebook).hexdigest(), notebook, parts)
