"""What the scenarios share: small notebooks with outputs, and what a commit's entry and snapshots say."""

from __future__ import annotations

from pathlib import Path
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
    with ObjectReader(find_repository(str(box.path), box.environ)) as reader:
        return read_snapshot(reader, snapshot_id, source)


def assert_clean(box: GitBox) -> None:
    """Fail unless git sees nothing to commit and nothing damaged."""
    assert box.git("status", "--porcelain") == ""
    checked = box.try_git("fsck", "--strict", "--no-dangling")
    assert checked.code == 0, checked


def quietly(box: GitBox, *arguments: str, stdin: bytes | None = None, cwd: str | None = None) -> str:
    """Run git and return its stdout; it must succeed, and nbgit must have nothing to say."""
    result = box.try_git(*arguments, stdin=stdin, cwd=cwd)
    assert result.code == 0, result
    assert "nbgit" not in result.err, result
    assert "Traceback" not in result.err, result
    return result.out


def linked(box: GitBox, path: str = N, *, among: str = "--all") -> list[str]:
    """Return the subjects of the commits whose entry names `path`, newest first; each has one entry, not two."""
    rows = [row.split(" ", 1) for row in box.git("log", "--topo-order", "--format=%H %s", among, "--").splitlines()]
    noted = {row.split(" ")[1] for row in box.git("notes", "--ref=nbgit", "list").splitlines()}
    return [subject for oid, subject in rows if oid in noted and path in entry_of(box, oid)]


def assert_sound(box: GitBox) -> None:
    """Fail unless git sees nothing to commit, and neither git nor nbgit finds anything damaged or went wrong."""
    from nbgit.store.repository import find_repository
    from nbgit.upkeep.fsck import check_store

    assert_clean(box)
    repository = find_repository(str(box.path), box.environ)
    report = check_store(repository, lambda done, total: None)
    assert [(finding.where, finding.text) for finding in report.findings] == []
    log = Path(repository.nbgit_dir) / "nbgit.log"
    assert not log.exists(), log.read_text()


def comes_back(box: GitBox, revision: str, path: str, data: bytes) -> None:
    """Fail unless checking out this commit shows these bytes, and coming back what is on disk now."""
    now = box.read(path)
    for where, expected in ((revision, data), ("-", now)):
        quietly(box, "checkout", "-q", where)
        assert box.read(path) == expected
