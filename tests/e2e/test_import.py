"""`nbgit import`: entries for what is in the blobs, kept by all that writes entries, and nothing rewritten."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from base64 import b64decode
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.notebook.showing import read_showing, tell_showing
from nbgit.store.entries import read_entry, read_own
from nbgit.store.repository import find_repository
from nbgit.upkeep import import_entries
from tests.e2e.scene import N, entry_of, never_ran, note_of, run_of
from tests.e2e.stored import PICTURE, drawn
from tests.gitbox import GitBox
from tests.nb import code, notebook
from tests.odd import NOTEBOOKS, OTHER

ENTRIES = "refs/notes/nbgit"
SECOND = "n.ipynb  2 cells ran, [5] to [6] in order"


def history(box: GitBox) -> None:
    """Commit three times: a run, a notebook that never ran, another run."""
    box.write(N, run_of("x", "y", run="first"))
    box.commit("first")
    box.write("b.ipynb", never_ran("z"))
    box.commit("nothing ran")
    box.write(N, run_of("x", "y", run="second", count=5))
    box.commit("second")


def run(box: GitBox, *arguments: str) -> str:
    """Run nbgit import and return its stdout."""
    result = box.nbgit("import", *arguments)
    assert result.code == 0, result.err
    return result.out


def own(box: GitBox, commit: str = "HEAD") -> set[str]:
    """Return the notebooks that a commit's entry tells of out of the commit's own blobs."""
    return set(read_own(note_of(box, commit).encode()))


def assert_sound(box: GitBox) -> None:
    """Fail where git or nbgit find anything that is not as it must be."""
    assert box.try_git("fsck", "--strict", "--no-dangling").code == 0
    fsck = box.nbgit("fsck")
    assert fsck.code == 0, fsck.out


def stream(*commits: dict[bytes, bytes]) -> bytes:
    """Return a git fast-import stream: each commit sets these files."""
    parts = []
    for number, files in enumerate(commits):
        head = b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nx\n" % (10**9 + number)
        parts.append(head)
        parts += [b"M 100644 inline %b\ndata %d\n%b\n" % (path, len(data), data) for path, data in files.items()]
    return b"".join(parts)


def test_git_log_tells_what_ran_and_nothing_is_rewritten(box: GitBox) -> None:
    history(box)
    commits = box.git("rev-list", "--all")
    hint = "`git log` shows them once `nbgit install` has run.\n"
    assert f"2 entries written, for 2 versions of notebooks.\n{hint}" in run(box)
    assert SECOND in note_of(box)
    assert note_of(box, "HEAD~1") == ""
    assert "[1] to [2] in order" in note_of(box, "HEAD~2")
    assert box.git("rev-list", "--branches", "--tags") == commits
    assert validate(json.loads(note_of(box).splitlines()[-1]), "entry.v1") == []
    assert box.nbgit("install").code == 0
    assert SECOND in box.git("log", "-1")
    tip = box.git("rev-parse", ENTRIES)
    told = json.loads(run(box, "--json"))
    assert validate(told, "import.v1") == []
    counts = {"commits": 3, "versions": 3, "unread": 0, "entries": 0, "notebooks": 0}
    assert told == {"schema": "nbgit/import.v1", "dry_run": False, **counts}
    assert run(box) == "3 commits read, 3 versions of notebooks.\nNo entry is missing.\n"
    assert box.git("rev-parse", ENTRIES) == tip
    assert_sound(box)


def test_an_image_is_found_in_the_index_that_import_has_filled(box: GitBox) -> None:
    box.write("drawn.ipynb", drawn("A"))
    drawing = box.commit("drawing")
    history(box)
    run(box)
    with sqlite3.connect(box.path / ".git" / "nbgit" / "index.sqlite") as index:
        assert index.execute("SELECT count(*) FROM documents").fetchone() == (4,)
    index.close()
    box.write("figure.png", b64decode(PICTURE))
    before = (box.path / ".git" / "nbgit" / "index.sqlite").read_bytes()
    found = json.loads(box.nbgit("blame-output", "figure.png", "--json").out)
    assert [one["introduced"]["commit"] for one in found["matches"]] == [drawing]
    assert (box.path / ".git" / "nbgit" / "index.sqlite").read_bytes() == before


def test_every_branch_and_tag_or_some(box: GitBox) -> None:
    history(box)
    box.git("tag", "old", "HEAD~2")
    box.git("checkout", "-q", "--orphan", "other")
    box.git("rm", "-rfq", ".")
    box.write(N, run_of("o", run="other"))
    box.commit("other")
    assert "1 entry written" in run(box, "old")
    assert "1 entry written" in run(box, "other")
    assert "1 entry written" in run(box)
    assert box.nbgit("import", "nowhere").code == 5


def test_a_clone_on_no_branch_and_one_without_a_commit(box: GitBox) -> None:
    assert run(box) == "0 commits read, 0 versions of notebooks.\nNo notebook in this history.\n"
    history(box)
    box.git("checkout", "-q", "--detach")
    box.git("branch", "-q", "-D", "main")
    assert "2 entries written" in run(box)


def test_a_dry_run_writes_nothing(box: GitBox) -> None:
    history(box)
    before = box.git("cat-file", "--batch-all-objects", "--batch-check")
    assert "2 entries would be written, for 2 versions of notebooks.\n" in run(box, "--dry-run")
    assert json.loads(run(box, "--dry-run", "--json"))["entries"] == 2
    assert box.git("cat-file", "--batch-all-objects", "--batch-check") == before
    assert not (box.path / ".git" / "nbgit").exists()
    run(box)
    assert "No entry is missing." in run(box, "--dry-run")


def test_what_is_linked_stays_and_what_is_imported_too(box: GitBox) -> None:
    history(box)
    assert box.nbgit("install").code == 0
    run(box)
    box.write("new.ipynb", run_of("q", run="with nbgit"))
    box.git("add", "new.ipynb")
    box.git("commit", "-q", "--amend", "--no-edit")
    assert entry_of(box).keys() == {"new.ipynb"}
    assert own(box) == {N}
    assert SECOND in note_of(box)
    assert box.nbgit("link", "HEAD").code == 0
    assert own(box) == {N}
    assert "No entry is missing." in run(box)
    box.git("commit", "-q", "--amend", "-m", "in other words")
    assert own(box) == {N}
    assert entry_of(box).keys() == {"new.ipynb"}
    assert_sound(box)
    told = box.nbgit("forget", "--yes", "new.ipynb")
    assert told.code == 0, told.err
    assert own(box) == {N}
    assert SECOND in note_of(box)
    assert read_entry(note_of(box).encode()) == {}
    assert_sound(box)


def test_an_entry_that_names_a_snapshot_gets_what_is_imported(box: GitBox) -> None:
    assert box.nbgit("install").code == 0
    box.write(N, run_of("x", "y", run="with nbgit"))
    box.write("raw.ipynb", run_of("r", run="past the filter"))
    box.git("add", N)
    oid = box.git("hash-object", "-w", "--no-filters", "raw.ipynb").strip()
    box.git("update-index", "--add", "--cacheinfo", f"100644,{oid},raw.ipynb")
    box.git("commit", "-q", "-m", "both")
    lines = note_of(box).splitlines()
    assert "1 entry written, for 1 version of notebooks" in run(box)
    assert note_of(box).splitlines()[:2] == [lines[0], "raw.ipynb  1 cell ran, [1]"]
    assert entry_of(box).keys() == {N}
    assert own(box) == {"raw.ipynb"}
    assert_sound(box)


def test_a_commit_with_other_blobs_loses_it(box: GitBox) -> None:
    history(box)
    assert box.nbgit("install").code == 0
    run(box)
    box.git("add", "--renormalize", ".")
    box.git("commit", "-q", "--amend", "--no-edit")
    assert own(box) == set()
    assert entry_of(box).keys() >= {N}
    assert_sound(box)


def test_a_rebase_takes_it_along(box: GitBox) -> None:
    box.write("a.txt", b"base")
    box.commit("base")
    history(box)
    run(box)
    box.git("checkout", "-q", "-b", "other", "main~3")
    box.write("a.txt", b"moved")
    box.commit("other moves")
    box.git("checkout", "-q", "main")
    box.git("-c", f"notes.rewriteRef={ENTRIES}", "rebase", "-q", "other")
    assert own(box) == own(box, "HEAD~2") == {N}
    assert SECOND in note_of(box)
    assert note_of(box, "HEAD~1") == ""
    assert "No entry is missing." in run(box, "HEAD")
    assert box.nbgit("install").code == 0
    assert box.nbgit("link", "HEAD").code == 0
    assert SECOND in note_of(box)
    assert_sound(box)


def test_what_is_no_longer_so_goes_with_the_next_rewriting_and_fsck_finds_it(box: GitBox) -> None:
    history(box)
    run(box)
    assert box.nbgit("install").code == 0
    note = note_of(box)
    cleared = box.git("hash-object", "-w", "--stdin", stdin=never_ran("x", "other")).strip()
    box.git("update-index", "--cacheinfo", f"100644,{cleared},{N}")
    box.git("-c", "core.hooksPath=/nowhere", "commit", "-q", "--amend", "--no-edit")
    assert note_of(box) == note
    fsck = box.nbgit("fsck", "--json")
    assert [finding["kind"] for finding in json.loads(fsck.out)["findings"]] == ["entry-source"]
    copy = GitBox(box.root / "copy", init=False)
    shutil.copytree(box.path, copy.path, dirs_exist_ok=True)
    assert copy.nbgit("fsck", "--repair").code == 0
    assert note_of(copy) == ""
    assert_sound(copy)
    rewritten = f"{box.git('rev-parse', 'HEAD@{1}').strip()} {box.git('rev-parse', 'HEAD').strip()}\n"
    assert box.nbgit("hook", "post-rewrite", "amend", stdin=rewritten.encode()).code == 0
    assert note_of(box) == ""
    assert_sound(box)


def test_migrate_puts_snapshots_in_their_place(box: GitBox) -> None:
    history(box)
    assert box.nbgit("install").code == 0
    run(box)
    assert box.nbgit("migrate", "--yes").code == 0
    assert entry_of(box).keys() == {N}
    assert own(box) == set()
    assert_sound(box)


def test_a_push_brings_it_to_others_who_have_imported_too_or_not(tmp_path: Path) -> None:
    hub = GitBox(tmp_path, "hub.git", init=False)
    hub.git("init", "-q", "--bare", "-b", "main")
    ada = GitBox(tmp_path, "ada")
    history(ada)
    ada.git("remote", "add", "origin", hub.path.as_posix())
    ada.git("push", "-q", "origin", "main~1:refs/heads/main")
    assert ada.nbgit("install").code == 0
    run(ada)
    assert ada.nbgit("sync").code == 0
    assert len(hub.git("notes", "--ref=nbgit", "list").splitlines()) == 1, "what is not pushed stays here"
    ada.git("add", "--renormalize", ".")
    ada.commit("outputs out of the notebooks")
    ada.git("push", "-q", "-u", "origin", "main")
    bob = GitBox(tmp_path, "bob", init=False)
    bob.git("clone", "-q", hub.path.as_posix(), ".")
    assert bob.nbgit("install").code == 0
    assert SECOND in bob.git("log", "-1", "HEAD~1")
    assert bob.read(N) == ada.read(N) == run_of("x", "y", run="second", count=5)
    assert "No entry is missing." in run(bob)
    bob.write(N, run_of("x", "z", run="third"))
    bob.commit("third")
    bob.git("push", "-q", "origin", "main")
    ada.git("pull", "-q")
    assert entry_of(ada).keys() == {N}
    assert ada.read(N) == run_of("x", "z", run="third")
    assert SECOND in note_of(ada, "HEAD~2")
    for box in (ada, bob):
        assert_sound(box)


def test_two_who_import_the_same_write_the_same(tmp_path: Path) -> None:
    ada = GitBox(tmp_path, "ada")
    history(ada)
    bob = GitBox(tmp_path, "bob", init=False)
    bob.git("clone", "-q", ada.path.as_posix(), ".")
    for box in (ada, bob):
        run(box)
    trees = {box.git("rev-parse", f"{ENTRIES}^{{tree}}") for box in (ada, bob)}
    assert len(trees) == 1


def test_gc_keeps_it_as_long_as_the_commit(box: GitBox) -> None:
    history(box)
    run(box)
    assert "Nothing to remove." in box.nbgit("gc", "--expire", "now").out
    assert SECOND in note_of(box)
    gone = box.git("rev-parse", "HEAD").strip()
    box.git("reset", "-q", "--hard", "HEAD~1")
    box.git("reflog", "expire", "--expire=now", "--all")
    box.git("gc", "-q", "--prune=now")
    box.git("update-ref", "-d", "ORIG_HEAD")
    assert "Removed 0 snapshots, 1 entry" in box.nbgit("gc").out
    assert gone not in box.git("notes", "--ref=nbgit", "list")
    assert own(box, "HEAD~1") == {N}
    assert_sound(box)


def test_forget_says_that_the_outputs_are_in_the_history(box: GitBox) -> None:
    history(box)
    run(box)
    told = box.nbgit("forget", "--dry-run", "--pattern", "second: x")
    assert N in told.out
    assert "history" in told.out


def test_a_shallow_clone_does_not_tell_what_its_last_commits_changed(box: GitBox) -> None:
    history(box)
    shallow = GitBox(box.root, "shallow", init=False)
    shallow.git("clone", "-q", "--depth=2", f"file://{box.path.as_posix()}", ".")
    assert "1 entry written" in run(shallow)
    assert note_of(shallow, "HEAD~1") == ""
    shallow.git("fetch", "-q", "--unshallow")
    assert "1 entry written" in run(shallow)
    assert own(shallow, "HEAD~2") == {N}


def test_a_partial_clone_says_what_it_could_not_read(box: GitBox) -> None:
    history(box)
    box.git("config", "uploadpack.allowFilter", "true")
    partial = GitBox(box.root, "partial", init=False)
    partial.git("clone", "-q", "--filter=blob:none", f"file://{box.path.as_posix()}", ".")
    assert "1 of these could not be read: they are not in this clone, or too large." in run(partial)
    assert SECOND in note_of(partial)


@pytest.mark.parametrize("options", [["--bare"], ["--object-format=sha256"]], ids=["bare", "sha256"])
def test_other_repositories(tmp_path: Path, options: list[str]) -> None:
    box = GitBox(tmp_path, init=False)
    box.git("init", "-q", "-b", "main", *options)
    box.git("fast-import", "--quiet", stdin=stream({N.encode(): run_of("x", run="A")}))
    assert "1 entry written" in run(box)
    assert "n.ipynb  1 cell ran, [1]" in note_of(box, "main")
    assert_sound(box)


def test_merges_and_renames(box: GitBox) -> None:
    history(box)
    box.git("checkout", "-q", "-b", "side", "HEAD~1")
    box.git("mv", "b.ipynb", "moved.ipynb")
    box.write("s.ipynb", run_of("s", run="side"))
    box.commit("on the side")
    box.git("mv", "s.ipynb", "t.ipynb")
    box.commit("moved")
    box.git("checkout", "-q", "main")
    box.git("merge", "-q", "side", "-m", "both")
    run(box)
    assert own(box, "side~1") == {"s.ipynb"}
    assert own(box, "side") == {"t.ipynb"}
    assert note_of(box) == "", "what a merge takes over from a parent did not run in it"


def test_a_hostile_history(box: GitBox) -> None:
    mime = "image/" + "x" * 100_000
    figure = {"output_type": "display_data", "metadata": {}, "data": {mime: "AAAA", "text/plain": ["\x1b[31m"]}}
    huge = notebook(code("x", execution_count=10**400, outputs=[figure]))
    odd = {b"odd/%d.ipynb" % number: data for number, data in enumerate([*NOTEBOOKS.values(), *OTHER.values()])}
    paths = {
        b'"esc\\033[31m.ipynb"': run_of("a", run="A"),
        b'"line\\nbreak.ipynb"': run_of("a", run="A"),
        b'"fold\\ner/\\377\\376.ipynb"': run_of("a", run="A"),
        b"huge.ipynb": huge,
    }
    box.git("fast-import", "--quiet", stdin=stream({b"a.txt": b"1"}, {**odd, **paths}))
    link = b"M 120000 inline link.ipynb\ndata 4\nhuge\nM 160000 %b module.ipynb\n" % (b"1" * 40)
    head = b"commit refs/heads/main\ncommitter A <a@b> 2000000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    box.git("fast-import", "--quiet", stdin=head + link)
    assert "1 entry written" in run(box)
    note = note_of(box, "main~1")
    assert all(character.isprintable() or character == "\n" for character in note)
    assert len(note) < 20_000
    assert validate(json.loads(note.splitlines()[-1]), "entry.v1") == []
    assert "huge.ipynb  outputs without execution counts; 1 figure (cell 0 xxx" in note
    assert note_of(box, "main") == ""
    assert "No entry is missing." in run(box)
    assert_sound(box)


def test_what_is_said_of_a_blob_is_what_is_said_of_its_snapshot(tmp_path: Path) -> None:
    files = {f"{number:02}.ipynb": data for number, data in enumerate([*NOTEBOOKS.values(), drawn("A")])}
    raw, linked = GitBox(tmp_path / "raw"), GitBox(tmp_path / "linked")
    assert linked.nbgit("install").code == 0
    for box in (raw, linked):
        for path, data in files.items():
            box.write(path, data)
        box.commit("all")
    run(raw)
    said, meant = (dict(line.split("  ", 1) for line in note_of(box).splitlines()[:-2]) for box in (raw, linked))
    assert said == {path: words for path, data in files.items() if (words := tell_showing(read_showing(data), []).line)}
    assert len(said) > 20
    assert {path: words for path, words in said.items() if path in meant} == {
        path: words for path, words in meant.items() if path in said
    }


def test_an_entry_that_would_be_too_large_is_not_written(box: GitBox, monkeypatch: pytest.MonkeyPatch) -> None:
    history(box)
    box.write("a-name-that-takes-its-room.ipynb", run_of("x", run="A"))
    box.write("b-name-that-takes-its-room.ipynb", run_of("x", run="A"))
    box.commit("large")
    monkeypatch.setattr(import_entries, "SIZE_LIMIT", 250)
    repository = find_repository(str(box.path), {})
    told = import_entries.import_entries(repository, import_entries.find_tips(repository, []), dry_run=False)
    assert (told.entries, told.notebooks) == (2, 2)
    assert note_of(box) == ""
    assert SECOND in note_of(box, "HEAD~1")


def test_interrupted_anywhere_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_entries, "KEPT_AT_ONCE", 1)
    box = GitBox(tmp_path / "whole")
    history(box)
    clean = tmp_path / "clean"
    shutil.copytree(box.path, clean)
    lines = interrupted(box.path, None)
    tree = box.git("rev-parse", f"{ENTRIES}^{{tree}}")
    assert lines > 200
    kept = set()
    for number in range(8):
        other = GitBox(tmp_path / str(number), init=False)
        shutil.copytree(clean, other.path, dirs_exist_ok=True)
        interrupted(other.path, lines * (number + 1) // 9)
        kept.add(len(other.git("for-each-ref", "--format=x", ENTRIES)))
        assert interrupted(other.path, None)
        assert other.git("rev-parse", f"{ENTRIES}^{{tree}}") == tree
        assert other.try_git("fsck", "--strict", "--no-dangling").code == 0
    assert kept == {0, 2}, "some were cut before the first entry was kept, some after it"


def interrupted(path: Path, stop: int | None) -> int:
    """Import in this process, and interrupt it (as ^C does) at the line of nbgit's with this number, if any; return how
    many lines were run."""
    repository = find_repository(str(path), {})
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_globals.get("__name__", "").startswith(("nbgit.upkeep", "nbgit.lineage", "nbgit.store")):
            return None
        if event == "line":
            count += 1
            if count == stop:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        tips = import_entries.find_tips(repository, [])
        import_entries.import_entries(repository, tips, dry_run=False)
        assert stop is None
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return count
