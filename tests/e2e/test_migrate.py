"""`nbgit migrate`: every commit says and shows what it did before, and its notebooks come back byte for byte."""

from __future__ import annotations

import re

import pytest

from nbgit.errors import NbgitError
from nbgit.store.repository import find_repository
from nbgit.upkeep.migrate import Migration
from nbgit.upkeep.migrate_index import NO_FILTER
from tests.corpus import bundle
from tests.e2e.scene import N, assert_clean, entry_of, never_ran, note_of, run_of
from tests.gitbox import GitBox

SIGNATURE = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n"
MOVED = re.compile(rb"^(tree|parent) [0-9a-f]+\n", re.MULTILINE)


def migrate(box: GitBox, *arguments: str) -> str:
    result = box.nbgit("migrate", "--yes", *arguments)
    assert result.code == 0, (result.out, result.err)
    return result.out


def plain_history(box: GitBox) -> None:
    """Make a history with outputs in its blobs, and what else a history may hold."""
    box.write(N, run_of("x", "y", run="first"))
    box.write("data.txt", b"no notebook\n")
    box.commit("a first run")
    box.write(N, run_of("x", "y", run="second"))
    box.commit("the same code again")
    box.git("commit", "-q", "--allow-empty", "-m", "nothing in it")
    box.git("tag", "light")
    box.git("tag", "-a", "-m", "a tag", "v1")
    box.git("tag", "-a", "-m", "of a tag", "nested", "v1")
    box.git("tag", "-a", "-m", "of a blob", "blob", "HEAD:data.txt")
    box.git("checkout", "-q", "-b", "side")
    box.write(N, run_of("x", "y", run="side"))
    box.write("träge/b.ipynb", run_of("z", run="side"))
    box.commit("on the side")
    box.git("checkout", "-q", "main")
    box.git("mv", N, "moved.ipynb")
    box.commit("renamed")
    box.write("broken.ipynb", b"<<<<<<< no JSON\n")
    box.write("cleared.ipynb", never_ran("x", "y"))
    (box.path / "link.ipynb").symlink_to("moved.ipynb")
    (box.path / "module").mkdir()
    box.write(".gitmodules", b"")
    box.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    box.commit("odd things", "broken.ipynb", "cleared.ipynb", "link.ipynb", ".gitmodules")
    box.git("merge", "-q", "--no-ff", "-X", "ours", "-m", "joined", "side")
    box.git("notes", "add", "-m", "a person's note", "HEAD")


def odd_commit(box: GitBox) -> str:
    """Put a signed commit on main whose author, message and path are no UTF-8."""
    blob = box.git("hash-object", "-w", "--stdin", stdin=run_of("q", run="odd")).strip()
    rows = box.git_bytes("ls-tree", "-z", "HEAD") + f"100755 blob {blob}\t".encode() + b"\xff.ipynb\0"
    tree = box.git("mktree", "-z", "--missing", stdin=rows).strip()
    content = (
        f"tree {tree}\nparent {box.git('rev-parse', 'HEAD').strip()}\n".encode()
        + b"author J\xf6rg <j@example.org> 1000000000 -0730\ncommitter C <c@example.org> 1000000001 +1400\n"
        + SIGNATURE
        + b"encoding ISO-8859-1\nx-odd header\n\nGr\xfc\xdfe\n\n  spaces, and no line end"
    )
    oid = box.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=content).strip()
    box.git("update-ref", "refs/heads/main", oid)
    box.git("reset", "-q", "--hard")
    return oid


def history(box: GitBox, *revisions: str) -> list[str]:
    return box.git("rev-list", "--topo-order", "--reverse", *revisions).split()


def notebooks(box: GitBox, commit: str) -> dict[bytes, bytes]:
    """Return path -> bytes of the notebooks of a commit, as git has them."""
    rows = [row.split(b"\t") for row in box.git_bytes("ls-tree", "-r", "-z", commit).split(b"\0") if row]
    files = {
        path: facts.split()[2].decode() for facts, path in rows if path.endswith(b".ipynb") and facts[:3] == b"100"
    }
    return {path: box.git_bytes("cat-file", "blob", oid) for path, oid in files.items()}


def on_disk(box: GitBox, paths: list[bytes]) -> dict[bytes, bytes]:
    return {path: (box.path / path.decode("utf-8", "surrogateescape")).read_bytes() for path in paths}


def test_everything_is_as_it_was_but_the_blobs(box: GitBox) -> None:
    plain_history(box)
    odd_commit(box)
    assert box.nbgit("install").code == 0
    tips = ("main", "side", "v1")
    before = history(box, *tips)
    refs = box.git("for-each-ref", "refs/heads", "refs/tags")
    files = on_disk(box, [*notebooks(box, "main")])
    told = migrate(box)
    assert f"{len(before)} of {len(before)} commits rewritten" in told
    assert "1 signature dropped" in told
    assert on_disk(box, [*files]) == files
    assert_clean(box)
    after = history(box, *tips)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        was, now = (box.git_bytes("cat-file", "commit", oid) for oid in (old, new))
        assert MOVED.sub(b"", was).replace(SIGNATURE, b"") == MOVED.sub(b"", now)
        assert b"done" not in b"".join(notebooks(box, new).values())  # what every cell printed
        expected = notebooks(box, old)
        box.git("checkout", "-q", new)
        assert on_disk(box, [*expected]) == expected, box.git("log", "-1", "--format=%s", new)
        assert box.git("status", "--porcelain") == ""
    box.git("checkout", "-q", "main")
    assert box.git("rev-parse", "nested^{commit}") == box.git("rev-parse", "light")
    assert box.git("log", "-1", "--format=%s", "v1") == "nothing in it\n"
    assert box.git("notes", "show", "main~1").strip() == "a person's note"
    assert "2 cells ran" in note_of(box, "light~1")
    undone = migrate(box, "--undo")
    assert "5 branches and tags put back" in undone
    assert box.git("for-each-ref", "refs/heads", "refs/tags") == refs
    assert box.git("for-each-ref", "refs/nbgit-backup") == ""
    assert on_disk(box, [*files]) == files
    assert box.git(*NO_FILTER, "status", "--porcelain") == ""  # as before: with the filter git may find outputs to drop


def test_nothing_else_takes_the_backup(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    migrate(box)
    box.git("branch", "snapshots", "main")
    backup = box.git("for-each-ref", "refs/nbgit-backup")
    assert box.nbgit("forget", "--yes", "--pattern", "second: x", "--prune-now").code == 0
    assert box.git("for-each-ref", "refs/nbgit-backup") == backup
    assert box.nbgit("uninstall", "--delete-data", "--yes").code == 0
    assert box.git("for-each-ref", "refs/nbgit-backup") == backup
    assert box.try_git("fsck", "--no-dangling").code == 0


def test_a_merge_shows_the_side_that_it_took(box: GitBox) -> None:
    box.write(N, run_of("x", run="base"))
    box.commit("base")
    box.git("checkout", "-q", "-b", "side")
    box.write(N, run_of("x", run="side"))
    box.commit("side")
    box.git("checkout", "-q", "main")
    box.write(N, run_of("x", run="main"))
    box.commit("main")
    for side in ("ours", "theirs"):
        box.git("checkout", "-q", "-B", side, "main")
        box.git("merge", "-q", "-X", side, "-m", "m", "side")
        box.write("later.txt", side.encode())
        box.commit("later")
    assert box.nbgit("install").code == 0
    migrate(box)
    for side, run in (("ours", "main"), ("theirs", "side")):
        box.git("checkout", "-q", side)
        assert box.read(N) == run_of("x", run=run)


def test_a_history_that_nbgit_has_kept_in_part(box: GitBox) -> None:
    box.write(N, run_of("x", run="before nbgit"))
    box.commit("plain")
    assert box.nbgit("install").code == 0
    box.write(N, run_of("x", "y", run="with nbgit"))
    box.commit("kept")
    kept = entry_of(box)
    box.write(N, run_of("x", "y", run="uncommitted"))
    migrate(box)
    assert entry_of(box) == kept
    assert box.read(N) == run_of("x", "y", run="uncommitted")
    assert box.git("diff") == ""
    box.git("add", N)
    box.git("checkout", "-q", "HEAD~1")
    assert box.read(N) == run_of("x", run="before nbgit")
    box.git("checkout", "-q", "main")
    assert box.read(N) == run_of("x", "y", run="uncommitted")
    assert "Nothing to rewrite" in migrate(box)


def test_a_dry_run_changes_nothing(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    box.git("status")
    state = box.git("cat-file", "--batch-all-objects", "--batch-check"), box.git("for-each-ref")
    result = box.nbgit("migrate", "--dry-run")
    assert result.code == 0, result.err
    assert "would be rewritten" in result.out
    assert (box.git("cat-file", "--batch-all-objects", "--batch-check"), box.git("for-each-ref")) == state
    assert box.nbgit("migrate").code == 2


def test_some_refs_only(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    main = box.git("rev-parse", "main")
    migrate(box, "side", "v1")
    assert box.git("rev-parse", "main") == main
    assert b"done" not in notebooks(box, "side")[N.encode()]
    assert box.nbgit("migrate", "--yes", "nowhere").code == 3


@pytest.mark.parametrize(
    "reason", ["edited", "staged", "merge", "detached", "worktree", "shallow", "plain", "unfiltered"]
)
def test_it_refuses(box: GitBox, reason: str) -> None:
    plain_history(box)
    if reason == "shallow":
        box.git("clone", "-q", "--depth=1", f"file://{box.path}", str(box.root / "shallow"))
        box.path = box.root / "shallow"
    if reason != "plain":
        assert box.nbgit("install").code == 0
    if reason == "unfiltered":
        attributes = box.path / ".git" / "info" / "attributes"
        attributes.write_text(attributes.read_text() + "moved.ipynb -filter\n")
    if reason == "edited":
        box.write("moved.ipynb", run_of("new", run="x"))
    if reason == "staged":
        box.write("data.txt", b"new\n")
        box.git("add", "data.txt")
    if reason == "merge":
        box.git("merge", "--no-commit", "--no-ff", "-s", "ours", "light~1", "side")
        (box.path / ".git" / "MERGE_HEAD").write_text(box.git("rev-parse", "side"))
    if reason == "detached":
        box.git("checkout", "-q", "--detach")
    if reason == "worktree":
        box.git("worktree", "add", "-q", "--detach", str(box.root / "second"))
    before = box.git("for-each-ref")
    result = box.nbgit("migrate", "--yes")
    assert result.code == 3, result
    assert result.err.count("\n") == 1
    assert box.git("for-each-ref") == before


def test_a_branch_that_moves_meanwhile_stops_it(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    migration = Migration(find_repository(str(box.path), {}), ())
    box.git("update-ref", "refs/heads/side", "main")
    before = box.git("for-each-ref")
    with pytest.raises(NbgitError, match="moved while"):
        migration.run(dry_run=False)
    assert box.git("for-each-ref") == before
    assert not (box.path / ".git" / "nbgit" / "migrating").exists()
    migrate(box)


def test_an_interrupted_one_is_finished_by_the_next(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    old = box.git("rev-parse", "HEAD").strip()
    migrate(box)
    box.git("read-tree", "-i", "-m", old)  # as it is where the refs have moved and the index has not
    box.write(".git/nbgit/migrating", f"x {old}\n".encode())
    assert box.git("status", "--porcelain", "-uno") != ""
    assert "Nothing to rewrite" in migrate(box)
    assert_clean(box)


def test_no_way_back_over_new_commits(box: GitBox) -> None:
    plain_history(box)
    assert box.nbgit("install").code == 0
    assert box.nbgit("migrate", "--undo").code == 3
    migrate(box)
    box.commit("new")
    before = box.git("for-each-ref")
    result = box.nbgit("migrate", "--undo")
    assert result.code == 3
    assert "has moved on" in result.err
    assert box.git("for-each-ref") == before


def test_a_bare_repository(box: GitBox) -> None:
    plain_history(box)
    box.git("clone", "-q", "--bare", str(box.path), str(box.root / "bare"))
    result = box.nbgit("migrate", "--yes", cwd=box.root / "bare")
    assert result.code == 0, result.err
    assert b"done" not in box.git_bytes("-C", str(box.root / "bare"), "cat-file", "blob", "main:moved.ipynb")


@pytest.mark.corpus
def test_a_real_history_comes_back_byte_for_byte(box: GitBox) -> None:
    box.git("fetch", "-q", str(bundle("pdsh-visualization.bundle")), "main:real")
    box.git("checkout", "-q", "real")
    assert box.nbgit("install").code == 0
    before = history(box, "real")
    migrate(box)
    assert_clean(box)
    for old, new in zip(before, history(box, "real"), strict=True):
        box.git("checkout", "-q", new)
        expected = box.git("ls-tree", "-r", old, "--", "*.ipynb", "notebooks").splitlines()
        rows = [line.split("\t") for line in expected if line.endswith(".ipynb")]
        paths = "".join(f"{path}\n" for _, path in rows)
        shown = box.git("hash-object", "--no-filters", "--stdin-paths", stdin=paths.encode()).split()
        assert shown == [facts.split()[2] for facts, _ in rows]
    assert box.git("status", "--porcelain") == ""
