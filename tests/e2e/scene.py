"""What the scenarios share: small notebooks with outputs, and what a commit's entry and snapshots say."""

from __future__ import annotations

from typing import Any

from nbgit.store.entries import read_entry
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

N = "n.ipynb"


def run_of(*sources: str, run: str, count: int = 1) -> bytes:
    """Return a notebook of these code cells (after a title), each showing that it ran in `run`."""
    cells = [markdown("# Title", id="title")]
    for position, source in enumerate(sources):
        cells.append(code(source, id=f"cell{position}", execution_count=count + position, outputs=[shown(run, source)]))
    return notebook(*cells)


def shown(run: str, source: str) -> dict[str, Any]:
    """Return the output of a cell in a run."""
    return {"output_type": "stream", "name": "stdout", "text": [f"{run}: {source}\n", "done\n"]}


def never_ran(*sources: str) -> bytes:
    """Return the same notebook with its outputs cleared."""
    return notebook(markdown("# Title", id="title"), *(code(s, id=f"cell{n}") for n, s in enumerate(sources)))


def rewritten(box: GitBox, path: str, data: bytes) -> None:
    """Let git take the file as it is on disk for up to date, as a person's `git add` does."""
    box.write(path, data)
    box.git("add", path)


def note_of(box: GitBox, commit: str = "HEAD") -> str:
    """Return a commit's note as git prints it, or "" where it has none."""
    result = box.try_git("notes", "--ref=nbgit", "show", commit)
    return result.out if result.code == 0 else ""


def entry_of(box: GitBox, commit: str = "HEAD") -> dict[str, str]:
    """Return path -> snapshot id of a commit's entry, which must be there exactly once."""
    note = note_of(box, commit)
    assert note.count('{"nbgit-entry":') == 1, f"the entry of {commit} stands {note!r}"
    return read_entry(note.encode())


def outputs_at(box: GitBox, commit: str, path: str) -> bytes:
    """Return the notebook that a commit is linked to, put together from its snapshot."""
    from nbgit.store.objects import ObjectReader
    from nbgit.store.repository import find_repository
    from nbgit.store.snapshots import read_snapshot

    snapshot_id = entry_of(box, commit)[path]
    source = box.git_bytes("cat-file", "blob", f"{commit}:{path}")
    with ObjectReader(find_repository(str(box.path), {})) as reader:
        return read_snapshot(reader, snapshot_id, source)


def assert_clean(box: GitBox) -> None:
    """Fail unless git sees nothing to commit and nothing damaged."""
    assert box.git("status", "--porcelain") == ""
    checked = box.try_git("fsck", "--strict", "--no-dangling")
    assert checked.code == 0, checked
