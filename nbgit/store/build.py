"""Ring 2: captures become snapshots and readable texts, as git objects: the costly half of linking.

A commit of many notebooks is built by two processes where the system can fork, each writing a pack of its own: the
user waits for it, and it is nothing but computing.
"""

import json
import os

from nbgit.errors import NotANotebook
from nbgit.notebook.cells import read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.showing import runs_of_document
from nbgit.notebook.spans import Split
from nbgit.notebook.text import notebook_text
from nbgit.store.captures import Capture
from nbgit.store.halves import map_halves
from nbgit.store.objects import ObjectSink, object_id
from nbgit.store.repository import Repository
from nbgit.store.snapshots import SnapshotWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.notebook.showing import Run

FORK_BYTES = 8 << 20  # less than this is built sooner than a process is forked and a second pack written


class Built:
    """What a capture has become: the snapshot's id, the oid of the source's text or "", what its cells show.

    `left_out` are the cells whose outputs were forgotten, and so left out.
    """

    __slots__ = ("left_out", "runs", "snapshot_id", "text_oid")

    def __init__(self, snapshot_id: str, text_oid: str, runs: "list[Run]", left_out: "list[int] | None" = None) -> None:
        self.snapshot_id = snapshot_id
        self.text_oid = text_oid
        self.runs = runs
        self.left_out = left_out or []


def build_captures(
    repository: Repository, policy: Policy, captures: list[Capture], forgotten: "frozenset[str]" = frozenset()
) -> list[Built | None]:
    """Write the snapshots and texts of these captures to git; return them in order, None for one that can't be used.

    `forgotten` are digests of outputs that are left out. Nothing refers to the new objects yet. Raises GitFailed where
    git does not take them.
    """
    if _bytes_of(captures) < FORK_BYTES:
        return _build(repository, policy, captures, forgotten)

    def build(some: list[Capture]) -> list[bytes]:
        found = _build(repository, policy, some, forgotten)
        rows = [one and [one.snapshot_id, one.text_oid, one.runs, one.left_out] for one in found]
        return [json.dumps(row).encode("ascii") for row in rows]

    rows = [json.loads(told) for told in map_halves(captures, build, build)]
    return [Built(*row) if row else None for row in rows]


def _bytes_of(captures: list[Capture]) -> int:
    try:
        return sum(os.stat(capture.file).st_size for capture in captures)
    except OSError:
        return 0


def _build(
    repository: Repository, policy: Policy, captures: list[Capture], forgotten: "frozenset[str]"
) -> list[Built | None]:
    sink = ObjectSink(repository)
    writer = SnapshotWriter(sink)
    built = [_build_one(repository, policy, capture, writer, forgotten) for capture in captures]
    sink.flush()
    return built


def _build_one(
    repository: Repository, policy: Policy, capture: Capture, writer: SnapshotWriter, forgotten: "frozenset[str]"
) -> Built | None:
    found = capture.read(policy)
    if found is None:
        return None
    notebook, parts = found
    if object_id("blob", parts.source, repository.hash_name) != capture.source_oid:
        return None  # captured under another policy; it stays a capture
    left = None
    if forgotten:
        from nbgit.store.forgotten_outputs import leave_out

        left = leave_out(parts, forgotten, [capture.path], policy)
    if left is None:
        return build_notebook(writer, policy, notebook, capture.digest, parts, capture.source_oid)
    built = build_notebook(writer, policy, left.notebook, left.digest, left.parts, capture.source_oid)
    if built is not None:
        built.left_out = left.cells
    return built


def build_notebook(
    writer: SnapshotWriter, policy: Policy, notebook: bytes, digest: str, parts: Split, source_oid: str
) -> Built | None:
    """Give the snapshot of one notebook and its source's text to the writer's sink; None for one that is too large.

    `digest` is the notebook's sha256 in hex.
    """
    text_oid, ids = _text_and_ids(parts.source, policy, writer.sink)
    written = writer.write(notebook, digest, parts, source_oid, ids)
    return None if written is None else Built(written[0], text_oid, runs_of_document(written[1]))


def _text_and_ids(source: bytes, policy: Policy, sink: ObjectSink) -> tuple[str, dict[int, str | None]]:
    """Return the oid of the source's readable text ("" where it has none) and the cells' ids by index.

    A notebook may be odd enough to have no readable form (code that is no text, JSON nested a thousand deep); its
    outputs are kept all the same, and git's own textconv call says what is wrong with it.
    """
    try:
        cells = read_cells(source)
        text = notebook_text(cells, policy)
    except (NotANotebook, ValueError, RecursionError):
        return "", {}
    return sink.add("blob", text), {cell.index: cell.id for cell in cells.cells}
