"""`nbgit fsck`: what is sound is called sound, each kind of damage is found, and a repair loses nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.e2e.scene import N, entry_of, outputs_at, rewritten, run_of
from tests.e2e.stored import captures, copy_of, drawn, two_commits
from tests.gitbox import GitBox

FIGURE = ":cells/0-a/0.png"
SNAPSHOTS, ENTRIES = "refs/nbgit/snapshots", "refs/notes/nbgit"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository with two commits: n.ipynb and drawn.ipynb, then n.ipynb edited and run again."""
    return two_commits(tmp_path_factory.mktemp("template"))


@pytest.fixture
def repo(template: GitBox, tmp_path: Path) -> GitBox:
    """Return a copy of the template."""
    return copy_of(template, tmp_path)


def check(box: GitBox, *options: str) -> dict[str, Any]:
    """Return what `nbgit fsck --json` says; its exit code must say the same."""
    result = box.nbgit("fsck", "--json", *options)
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "fsck.v1") == []
    assert result.code == (0 if document["clean"] else 1), result
    assert document["clean"] == (document["findings"] == [])
    return document


def kinds(box: GitBox, *options: str) -> list[str]:
    """Return the kinds of what is found."""
    return [finding["kind"] for finding in check(box, *options)["findings"]]


def mended(box: GitBox) -> list[str]:
    """Repair; return what was done. Afterwards all is clean, and a second repair has nothing to do."""
    document = check(box, "--repair")
    assert document["clean"], document
    assert check(box, "--repair")["repaired"] == []
    return list(document["repaired"])


def loose(box: GitBox, oid: str) -> Path:
    """Return the file of an object, which lies in a file of its own."""
    return box.path / ".git" / "objects" / oid[:2] / oid[2:]


def remove(box: GitBox, oid: str) -> None:
    """Remove an object from git."""
    loose(box, oid).unlink()


def spoil(box: GitBox, oid: str) -> None:
    """Make an object unreadable: its header is whole, what follows is not."""
    file = loose(box, oid)
    content = zlib.decompress(file.read_bytes())
    file.chmod(0o644)
    file.write_bytes(zlib.compress(content)[:-8] + b"rubbish!")


def swap_content(box: GitBox, oid: str) -> None:
    """Give an object's file another content of the same size."""
    file = loose(box, oid)
    content = bytearray(zlib.decompress(file.read_bytes()))
    content[-3] ^= 1
    file.chmod(0o644)
    file.write_bytes(zlib.compress(bytes(content)))


def put(box: GitBox, kind: str, content: bytes) -> str:
    """Write an object by hand; return its oid."""
    whole = f"{kind} {len(content)}\0".encode() + content
    oid = sha1(whole, usedforsecurity=False).hexdigest()
    file = loose(box, oid)
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        file.write_bytes(zlib.compress(whole))
    return oid


def place_of(box: GitBox, path: str, commit: str = "HEAD") -> tuple[str, str]:
    """Return (snapshot id, its place in the snapshots ref)."""
    snapshot_id = entry_of(box, commit)[path]
    source = box.git("rev-parse", f"{commit}:{path}").strip()
    return snapshot_id, f"by-source/{source[:2]}/{source[2:]}/{snapshot_id}"


def with_document(box: GitBox, change: Callable[[Any], None], path: str = "drawn.ipynb") -> str:
    """Put a snapshot of drawn.ipynb with a changed snapshot.json beside the honest one, as a push could; return its
    id."""
    snapshot_id, place = place_of(box, path, "HEAD~1")
    document = json.loads(box.git("show", f"{snapshot_id}:snapshot.json"))
    change(document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"
    rows = [row for row in box.git("ls-tree", snapshot_id).splitlines() if "snapshot.json" not in row]
    rows.append(f"100644 blob {put(box, 'blob', text.encode())}\tsnapshot.json")
    made = box.git("mktree", stdin=("\n".join(rows) + "\n").encode()).strip()
    graft(box, str(Path(place).parent / made), made)
    return made


def graft(box: GitBox, place: str, tree: str | None) -> None:
    """Put a tree at this place of the snapshots ref, or take away what is there."""
    index = {"GIT_INDEX_FILE": str(box.root / "index")}
    assert box.run(["git", "read-tree", SNAPSHOTS], environ=index).code == 0
    if tree is None:
        assert box.run(["git", "rm", "-rq", "--cached", place], environ=index).code == 0
    else:
        assert box.run(["git", "read-tree", f"--prefix={place}/", tree], environ=index).code == 0
    root = box.run(["git", "write-tree"], environ=index).out.strip()
    box.git("update-ref", SNAPSHOTS, box.git("commit-tree", "-m", "by hand", root).strip())
    (box.root / "index").unlink()


def old(file: Path) -> None:
    """Make a file two hours old."""
    os.utime(file, (time.time() - 7200,) * 2)


class TestSound:
    """What is in order, in every kind of clone."""

    def test_a_repository_without_anything(self, box: GitBox) -> None:
        assert check(box)["clean"]
        assert box.nbgit("fsck").out == ("All is well: 0 snapshots, 0 payloads, 0 entries, 0 captures checked.\n")

    def test_work_of_all_kinds(self, repo: GitBox) -> None:
        repo.git("checkout", "-q", "-b", "topic", "HEAD~1")
        rewritten(repo, N, run_of("a = 1", "b = 2", run="again"))
        repo.commit("a run alone")
        repo.git("commit", "-q", "--amend", "--allow-empty", "-m", "reworded")
        repo.git("rebase", "-q", "main")
        repo.write(N, run_of("a = 1", "b = 4", run="stashed"))
        repo.git("stash", "-q")
        repo.write("umlaut ä.ipynb" if os.name == "nt" else "umlaut ä\n.ipynb", run_of("c", run="C"))
        repo.commit("an odd name")
        repo.nbgit("blame-output", N)
        document = check(repo)
        assert document["clean"], document["findings"]
        assert document["elsewhere"] == {}
        assert document["checked"]["snapshots"] >= 4
        assert document["checked"]["payloads"] >= 2
        assert document["checked"]["captures"] == 1
        assert document["checked"]["index"] == 1

    def test_after_git_has_packed_everything(self, repo: GitBox) -> None:
        repo.git("gc", "-q", "--prune=now")
        assert check(repo)["clean"]

    def test_sha256(self, box: GitBox) -> None:
        other = GitBox(box.root, "sha256", init=False)
        other.git("init", "-q", "-b", "main", "--object-format=sha256")
        other.nbgit("install")
        other.write("drawn.ipynb", drawn("A"))
        other.commit("one")
        document = check(other)
        assert document["clean"], document
        assert document["checked"]["links"] == 1

    def test_a_shallow_clone(self, repo: GitBox) -> None:
        clone = GitBox(repo.root, "clone", init=False)
        clone.git("clone", "-q", "--depth=1", f"file://{repo.path}", ".")
        clone.git("fetch", "-q", "origin", f"{SNAPSHOTS}:{SNAPSHOTS}", f"{ENTRIES}:{ENTRIES}")
        document = check(clone)
        assert document["clean"], document["findings"]
        assert document["elsewhere"] == {"commits": 1, "sources": 1}
        assert "1 entry of commits that are not in this clone" in clone.nbgit("fsck").out

    def test_a_partial_clone_fetches_nothing(self, repo: GitBox) -> None:
        repo.git("config", "uploadpack.allowFilter", "true")
        clone = GitBox(repo.root, "clone", init=False)
        clone.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", ".")
        clone.git("fetch", "-q", "--filter=blob:none", "origin", f"{SNAPSHOTS}:{SNAPSHOTS}", f"{ENTRIES}:{ENTRIES}")
        before = clone.git("count-objects", "-v")
        document = check(clone)
        assert document["clean"], document["findings"]
        assert document["elsewhere"]["entries"] == 2
        assert document["elsewhere"]["snapshots"] == 3
        assert clone.git("count-objects", "-v") == before

    def test_entries_of_commits_that_are_gone_are_no_damage(self, repo: GitBox) -> None:
        repo.git("commit", "-q", "--amend", "-m", "reworded")
        repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "HEAD", "main")
        repo.git("gc", "-q", "--prune=now")
        document = check(repo)
        assert document["clean"]
        assert document["elsewhere"]["commits"] == 1


class TestSnapshots:
    """Damaged and hostile snapshots."""

    @pytest.mark.parametrize(
        ("damage", "part"),
        [
            (remove, ""),
            (spoil, ""),
            (spoil, ":cells"),
            (remove, ":cells/0-a"),
            *((damage, part) for damage in (remove, spoil, swap_content) for part in (":snapshot.json", FIGURE)),
        ],
    )
    def test_damage_is_found_and_mended_from_the_file_on_disk(
        self, repo: GitBox, damage: Callable[[GitBox, str], None], part: str
    ) -> None:
        snapshot_id = entry_of(repo, "HEAD~1")["drawn.ipynb"]
        damage(repo, repo.git("rev-parse", snapshot_id + part).strip())
        (finding,) = check(repo)["findings"]
        assert finding["kind"] == "snapshot-unreadable"
        assert f"snapshot {snapshot_id[:12]} (drawn.ipynb at " in finding["where"]
        (done,) = mended(repo)
        assert done == f"snapshot {snapshot_id[:12]} was made again from the file on disk"
        assert outputs_at(repo, "HEAD~1", "drawn.ipynb") == drawn("A")

    def test_what_is_nowhere_else_is_told_and_left(self, repo: GitBox) -> None:
        snapshot_id = entry_of(repo, "HEAD~1")["drawn.ipynb"]
        oid = repo.git("rev-parse", f"{snapshot_id}:cells/0-a/0.png").strip()
        repo.git("rm", "-q", "drawn.ipynb")
        repo.commit("gone")
        spoil(repo, oid)
        refs = repo.git("for-each-ref")
        document = check(repo, "--repair")
        assert [one["kind"] for one in document["findings"]] == ["snapshot-unreadable"]
        assert document["repaired"] == []
        assert repo.git("for-each-ref") == refs

    def test_a_capture_mends_it_too(self, repo: GitBox) -> None:
        snapshot_id = entry_of(repo)[N]
        data = repo.read(N)
        for shard in (repo.path / ".git" / "nbgit" / "known").glob("*/*"):
            shard.unlink()
        repo.git("add", N)
        os.utime(repo.path / N)
        repo.git("update-index", "-q", "--refresh")
        repo.write(N, run_of("a = 1", "b = 3", run="later"))
        repo.git("add", N)
        remove(repo, repo.git("rev-parse", f"{snapshot_id}:snapshot.json").strip())
        assert kinds(repo) == ["snapshot-unreadable"]
        assert mended(repo) == [f"snapshot {snapshot_id[:12]} was made again from a capture"]
        assert outputs_at(repo, "HEAD", N) == data

    HOSTILE: tuple[Callable[[Any], None], ...] = (
        lambda document: document["splices"][-1][2][-2].update(file="cells/../../../../config"),
        lambda document: document["splices"][-1][2][-2].update(file="cells/none\x1b[31m"),
        lambda document: document["splices"][-1].__setitem__(0, 1 << 60),
        lambda document: document.update(splices=7),
        lambda document: document.update(cells=None),
        lambda document: document.update(source="0" * 40),
        lambda document: document["notebook"].update(size=3),
        lambda document: document["notebook"].update(digest="sha256:" + "0" * 64),
        lambda document: document["cells"][0]["outputs"][0]["payloads"][0].update(size=1 << 40),
        lambda document: document["cells"][0]["outputs"][0]["payloads"][0].update(digest="sha256:" + "0" * 64),
        lambda document: document["cells"][0]["outputs"][0]["payloads"][1].update(digest="sha256:" + "0" * 64),
        lambda document: document["cells"][0]["outputs"].pop(),
    )

    @pytest.mark.parametrize("change", HOSTILE)
    def test_a_hostile_document_is_told_and_taken_out(self, repo: GitBox, change: Callable[[Any], None]) -> None:
        honest = repo.git("rev-parse", f"{SNAPSHOTS}^{{tree}}")
        made = with_document(repo, change)
        before = repo.git("rev-parse", SNAPSHOTS).strip()
        assert kinds(repo) == ["snapshot-invalid"]
        assert "\x1b" not in repo.nbgit("fsck").out
        done = mended(repo)
        assert f"snapshot {made[:12]} is taken out of {SNAPSHOTS}" in done
        assert repo.git("rev-parse", f"{SNAPSHOTS}^{{tree}}") == honest
        (backup,) = repo.git("for-each-ref", "--format=%(objectname)", "refs/nbgit-backup").split()
        assert backup == before

    def test_a_later_version_is_left_alone(self, repo: GitBox) -> None:
        with_document(repo, lambda document: document.update(version=2, cells="another shape"))
        document = check(repo, "--repair")
        assert document["clean"]
        assert document["newer"] == 1
        assert "newer" in repo.nbgit("fsck").out

    def test_what_is_no_snapshots_place(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, N)
        graft(repo, place[:-1] + ("0" if place[-1] != "0" else "1"), snapshot_id)
        graft(repo, "by-source/zz\x07", snapshot_id)
        assert kinds(repo) == ["snapshot-misplaced", "snapshot-misplaced"]
        assert "\x07" not in repo.nbgit("fsck").out

    def test_a_lost_folder_of_the_ref_is_never_written_over(self, repo: GitBox) -> None:
        _, place = place_of(repo, N)
        remove(repo, repo.git("rev-parse", f"{SNAPSHOTS}:{place[:12]}").strip())
        before = repo.git("rev-parse", SNAPSHOTS)
        assert kinds(repo)[:1] == ["ref-damaged"]
        repo.write(N, run_of("a = 1", "b = 3", run="more"))
        repo.git("add", N)
        repo.commit("a run of the same source, whose folder is lost")
        assert repo.git("rev-parse", SNAPSHOTS) == before
        assert len(captures(repo)) == 1

    def test_a_forgotten_snapshot_that_is_there_again(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, "drawn.ipynb", "HEAD~1")
        forget(repo, f"{snapshot_id} -\n")
        assert kinds(repo) == ["snapshot-forgotten"]
        check(repo, "--repair")
        assert repo.try_git("rev-parse", "--verify", "-q", f"{SNAPSHOTS}:{place}").code == 1


def forget(box: GitBox, lines: str) -> None:
    """Write the list of what is forgotten into the snapshots ref."""
    rows = box.git("ls-tree", SNAPSHOTS).splitlines()
    rows.append(f"100644 blob {put(box, 'blob', lines.encode())}\tforgotten")
    root = box.git("mktree", stdin=("\n".join(rows) + "\n").encode()).strip()
    box.git("update-ref", SNAPSHOTS, box.git("commit-tree", "-m", "by hand", root).strip())


class TestEntries:
    """Entries that name what is not so."""

    def test_a_snapshot_that_git_still_has_is_put_back(self, repo: GitBox) -> None:
        _, place = place_of(repo, N)
        graft(repo, place, None)
        assert kinds(repo) == ["entry-snapshot", "known-stale"]
        done = mended(repo)
        assert any("is in refs/nbgit/snapshots again" in one for one in done)
        assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 3", run="B")

    def test_a_snapshot_that_is_gone_is_made_again_from_the_file_on_disk(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, N)
        graft(repo, place, None)
        remove(repo, repo.git("rev-parse", f"{snapshot_id}:snapshot.json").strip())
        mended(repo)
        assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 3", run="B")

    def test_a_snapshot_that_is_nowhere_loses_its_line(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, N)
        graft(repo, place, None)
        remove(repo, repo.git("rev-parse", f"{snapshot_id}:snapshot.json").strip())
        later = run_of("a = 1", "b = 3", run="later")
        repo.write(N, later)
        before = repo.git("rev-parse", ENTRIES).strip()
        done = mended(repo)
        assert any(one.endswith("is gone: its entry names no snapshot now") for one in done)
        assert repo.try_git("notes", "--ref=nbgit", "show", "HEAD").code == 1
        assert repo.git("for-each-ref", "--format=%(objectname)", "refs/nbgit-backup").split() == [before]
        assert repo.read(N) == later

    def test_what_is_taken_back_as_known_is_captured_again(self, repo: GitBox) -> None:
        _, place = place_of(repo, N)
        graft(repo, place, None)
        repo.git("update-ref", "-d", ENTRIES)
        repo.git("gc", "-q", "--prune=now")
        assert kinds(repo) == ["known-stale"]
        mended(repo)
        repo.git("add", "--renormalize", N)
        (capture,) = captures(repo)
        assert capture.read_bytes().startswith(repo.read(N))

    def test_a_forgotten_snapshot_is_not_put_back(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, "drawn.ipynb", "HEAD~1")
        graft(repo, place, None)
        forget(repo, f"{snapshot_id} -\n")
        assert kinds(repo) == ["entry-snapshot", "known-stale"]
        mended(repo)
        assert set(entry_of(repo, "HEAD~1")) == {N}

    def test_a_forgotten_snapshot_gives_way_to_the_one_that_stands_for_it(self, repo: GitBox) -> None:
        snapshot_id, place = place_of(repo, "drawn.ipynb", "HEAD~1")
        repo.write("drawn.ipynb", drawn("B"))
        repo.git("add", "drawn.ipynb")
        repo.commit("again")
        instead = entry_of(repo)["drawn.ipynb"]
        graft(repo, place, None)
        forget(repo, f"{snapshot_id} {instead}\n")
        assert "entry-snapshot" in kinds(repo)
        mended(repo)
        assert entry_of(repo, "HEAD~2")["drawn.ipynb"] == instead

    def test_a_snapshot_of_another_source(self, repo: GitBox) -> None:
        note = repo.git("notes", "--ref=nbgit", "show", "HEAD~1")
        repo.git("notes", "--ref=nbgit", "add", "-f", "-m", note, "HEAD")
        found = check(repo)["findings"]
        assert [one["kind"] for one in found] == ["entry-source"]
        assert found[0]["where"].startswith(f"{N} at ")
        done = mended(repo)
        assert f"the entry of commit {repo.git('rev-parse', 'HEAD')[:12]} no longer names {N}" in done
        assert set(entry_of(repo)) == {"drawn.ipynb", N}, "the commit has one as it is, and its own run of the other"
        assert outputs_at(repo, "HEAD", N) == run_of("a = 1", "b = 3", run="B")

    def test_a_note_that_is_damaged(self, repo: GitBox) -> None:
        remove(repo, repo.git("rev-parse", f"{ENTRIES}:{note_path(repo)}").strip())
        assert kinds(repo) == ["entry-unreadable"]
        mended(repo)
        assert repo.nbgit("log").code == 0

    @pytest.mark.parametrize("text", ["nothing", "{", '{"nbgit-entry":9,"snapshots":7}', '{"nbgit-entry":1}'])
    def test_lines_of_others_are_left(self, repo: GitBox, text: str) -> None:
        repo.git("notes", "--ref=nbgit", "append", "-m", text, "HEAD")
        assert check(repo, "--repair")["clean"]
        assert text in repo.git("notes", "--ref=nbgit", "show", "HEAD")


def note_path(box: GitBox) -> str:
    """Return where HEAD's note lies in the notes tree."""
    head = box.git("rev-parse", "HEAD").strip()
    names = box.git("ls-tree", "-r", "--name-only", ENTRIES).split()
    return next(name for name in names if name.replace("/", "") == head)


class TestLocalFiles:
    """Captures, what is known, caches, fetched refs."""

    @pytest.fixture
    def captured(self, repo: GitBox) -> Path:
        """Return a waiting capture of the repository."""
        repo.write(N, run_of("a = 1", "b = 9", run="C"))
        repo.git("add", N)
        (file,) = captures(repo)
        return file

    def test_a_damaged_capture_is_moved_aside(self, repo: GitBox, captured: Path) -> None:
        data = captured.read_bytes()
        captured.write_bytes(data.replace(b"done", b"DONE"))
        assert kinds(repo) == ["capture-damaged"]
        mended(repo)
        assert not captured.exists()
        aside = repo.path / ".git" / "nbgit" / "damaged" / f"{captured.name}.damaged"
        assert aside.read_bytes() == data.replace(b"done", b"DONE")

    @pytest.mark.parametrize("trailer", [b"{}", b"", b'{"can_run":true,"head":"","spans":[[0,2,9,0,0]]}', b"\xff"])
    def test_a_capture_with_a_damaged_record(self, repo: GitBox, captured: Path, trailer: bytes) -> None:
        data = captured.read_bytes()
        captured.write_bytes(data[: data.rindex(b'{"can_run"')] + trailer + b"\n")
        assert kinds(repo) == ["capture-damaged"]

    def test_a_whole_leftover_gets_its_name(self, repo: GitBox, captured: Path) -> None:
        beside = captured.with_name(captured.name + ".123.456.new")
        captured.rename(beside)
        assert kinds(repo) == [], "a young one may be just being written"
        old(beside)
        assert kinds(repo) == ["capture-leftover"]
        mended(repo)
        assert captured.exists()
        assert not beside.exists()

    def test_half_a_leftover_goes(self, repo: GitBox, captured: Path) -> None:
        beside = captured.with_name(captured.name + ".123.456.new")
        beside.write_bytes(captured.read_bytes()[:-40])
        old(beside)
        mended(repo)
        assert captures(repo) == [captured]

    def test_a_capture_whose_path_is_not_known(self, repo: GitBox, captured: Path) -> None:
        (repo.path / ".git" / "nbgit" / "paths").unlink()
        document = check(repo, "--repair")
        assert [one["kind"] for one in document["findings"]] == ["capture-lost"]
        assert captured.exists()

    def test_a_damaged_index_is_dropped(self, repo: GitBox) -> None:
        repo.nbgit("blame-output", N)
        file = repo.path / ".git" / "nbgit" / "index.sqlite"
        with sqlite3.connect(file) as connection:
            page = connection.execute("PRAGMA page_size").fetchone()[0]
        content = bytearray(file.read_bytes())
        content[page : page + 200] = b"\xff" * 200
        file.write_bytes(content)
        assert kinds(repo) == ["index-damaged"]
        mended(repo)
        assert not file.exists()

    def test_a_damaged_textconv_cache_is_dropped(self, repo: GitBox) -> None:
        name = "refs/notes/textconv/nbgit"
        remove(repo, repo.git("ls-tree", "-r", name).split()[2])
        assert kinds(repo) == ["textconv-cache"]
        mended(repo)
        assert repo.try_git("rev-parse", "--verify", "-q", name).code == 1

    def test_a_damaged_fetched_ref_is_dropped(self, repo: GitBox) -> None:
        name = "refs/nbgit-remotes/origin/snapshots"
        shard = put(repo, "tree", b"40000 ab\0" + b"\x12" * 20)
        root = put(repo, "tree", b"40000 by-source\0" + bytes.fromhex(shard))
        repo.git("update-ref", name, repo.git("commit-tree", "-m", "x", root).strip())
        assert kinds(repo) == ["fetched-damaged"]
        mended(repo)
        assert repo.try_git("rev-parse", "--verify", "-q", name).code == 1


def test_what_a_repair_has_kept_is_forgotten_too(repo: GitBox) -> None:
    made = with_document(repo, lambda document: document.update(splices=7))
    mended(repo)
    assert repo.git("for-each-ref", "refs/nbgit-backup") != ""
    assert repo.nbgit("forget", "--yes", "--prune-now", "--pattern", "A: a = 1").code == 0
    assert repo.git("for-each-ref", "refs/nbgit-backup") == ""
    assert repo.try_git("cat-file", "-e", made).code == 1
