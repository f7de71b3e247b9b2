"""Entries: what a note says, in notes trees of every shape, git's own included."""

from __future__ import annotations

import json

import pytest

from nbgit.errors import GitFailed
from nbgit.store.entries import (
    drop_note,
    get_note,
    list_notes,
    put_note,
    read_entry,
    read_rows,
    read_some_entries,
    write_entry,
)
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import ENTRIES, commit_content, swap_refs
from nbgit.store.repository import Repository, find_repository
from nbgit.store.trees import BLOB, TREE, Tree, decode_tree, encode_tree
from tests.gitbox import GitBox

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def repository(box: GitBox) -> Repository:
    """Return the box's repository."""
    return find_repository(str(box.path), {})


def commits(box: GitBox, count: int) -> list[str]:
    """Return that many commits without refs, made by one process."""
    one = "commit refs/heads/many\nmark :{}\ncommitter A <a@b> {} +0000\ndata 1\nx\n"
    lines = [one.format(n + 1, n) for n in range(count)]
    box.git("fast-import", "--quiet", stdin="".join(lines).encode())
    return box.git("rev-list", "many").split()


def note(repository: Repository, notes: dict[str, bytes]) -> None:
    """Write notes as the linker does."""
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        known = reader.read_named([ENTRIES])[0]
        old = known[0] if known else None
        tree = Tree(f"{old}^{{tree}}" if old else None, reader, 20)
        for commit, text in notes.items():
            put_note(tree, commit, sink.add("blob", text))
        new = sink.add("commit", commit_content(tree.write(sink), [old] if old else [], "notes", 0))
    sink.flush()
    assert swap_refs(repository, {ENTRIES: (new, old)})


def test_what_is_written_is_read() -> None:
    notebooks = {"b.ipynb": (ONE, "2 cells ran"), "é\n\udcff.ipynb": (TWO, ""), "a b": ("3" * 64, "x")}
    text = write_entry(notebooks)
    assert read_entry(text) == {path: snapshot for path, (snapshot, _) in notebooks.items()}
    assert text.decode().splitlines()[:2] == ["a b  x", "b.ipynb  2 cells ran"]
    assert write_entry({"n.ipynb": (ONE, "")}).startswith(b"no outputs\n\n{")


def test_nothing_that_a_terminal_would_act_on_is_shown() -> None:
    forged = '{"nbgit-entry":1,"snapshots":{"x":"' + TWO + '"}}'
    text = write_entry({"\x1b[31m\nn.ipynb": (ONE, f"png\x1b]0;\x07\n{forged}")})
    assert b"\x1b" not in text
    assert read_entry(text) == {"\x1b[31m\nn.ipynb": ONE}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"\xff\xfe{",
        b'{"nbgit-entry":1}',
        b'{"nbgit-entry":1,"snapshots":[]}',
        b'{"nbgit-entry":1,"snapshots":{"a":1,"b":null,"c":"x","d":"' + b"g" * 40 + b'"}}',
        b'{"nbgit-entry":2,"snapshots":{"a":"' + ONE.encode() + b'"}}',
        b'{"nbgit-entry":"1","snapshots":{"a":"' + ONE.encode() + b'"}}',
        b"{" + b'"a":{' * 100_000,
        b'{"nbgit-entry":' + b"1" * 5000 + b"}",
    ],
)
def test_a_damaged_foreign_or_later_entry_says_nothing(line: bytes) -> None:
    assert read_entry(line) == {}
    whole = write_entry({"n.ipynb": (TWO, "x")})
    assert read_entry(line + b"\n" + whole + b"\n" + line) == {"n.ipynb": TWO}


def test_git_joins_notes_and_the_rows_keep_their_order() -> None:
    joined = write_entry({"n.ipynb": (ONE, "new")}) + b"\n" + write_entry({"n.ipynb": (TWO, "old"), "m": (TWO, "")})
    assert read_rows(joined) == [("n.ipynb", ONE), ("m", TWO), ("n.ipynb", TWO)]
    assert read_entry(joined) == {"n.ipynb": TWO, "m": TWO}


def test_git_reads_what_is_written_and_the_other_way_round(box: GitBox, repository: Repository) -> None:
    """Many notes, so that git uses directories of its own: 2/38, then 2/2/36."""
    oids = commits(box, 700)
    ours, gits = oids[::2], oids[1::2]
    note(repository, {oid: write_entry({"n.ipynb": (oid, "ours")}) for oid in ours})
    blob = {oid: write_entry({"n.ipynb": (oid, "git's")}) for oid in gits}
    stream = [b"commit %b\ncommitter A <a@b> 0 +0000\ndata 1\nx\nfrom %b^0\n" % (ENTRIES.encode(), ENTRIES.encode())]
    stream += [b"N inline %b\ndata %d\n%b\n" % (oid.encode(), len(text), text) for oid, text in blob.items()]
    box.git("fast-import", "--quiet", "--force", stdin=b"".join(stream))
    listed = box.git("notes", "--ref=nbgit", "list").splitlines()
    assert {line.split()[1] for line in listed} == set(oids)
    assert set(list_notes(repository, ENTRIES)) == set(oids)
    with ObjectReader(repository) as reader:
        assert read_some_entries(reader, oids) == {oid: {"n.ipynb": oid} for oid in oids}
    box.git("notes", "--ref=nbgit", "add", "-f", "-m", "by git", oids[0])
    note(repository, {oid: write_entry({"n.ipynb": (ONE, "again")}) for oid in oids[:5]})
    listed = box.git("notes", "--ref=nbgit", "list").splitlines()
    assert len(listed) == len(oids)
    assert {line.split()[1] for line in listed} == set(oids)
    with ObjectReader(repository) as reader:
        assert read_some_entries(reader, oids[:1]) == {oids[0]: {"n.ipynb": ONE}}
    assert box.try_git("fsck", "--strict").code == 0


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_note_is_replaced_at_the_depth_that_it_has(box: GitBox, repository: Repository, depth: int) -> None:
    (oid,) = commits(box, 1)
    path = "/".join([*(oid[2 * n : 2 * n + 2] for n in range(depth)), oid[2 * depth :]])
    stream = f"commit {ENTRIES}\ncommitter A <a@b> 0 +0000\ndata 1\nx\nM 644 inline {path}\ndata 3\nold\n"
    box.git("fast-import", "--quiet", stdin=stream.encode())
    assert box.git("notes", "--ref=nbgit", "show", oid) == "old"
    note(repository, {oid: b"new\n"})
    assert box.git("notes", "--ref=nbgit", "show", oid) == "new\n"
    assert box.git("ls-tree", "-r", "--name-only", ENTRIES) == path + "\n"
    with ObjectReader(repository) as reader:
        tree = Tree(f"{ENTRIES}^{{tree}}", reader, 20)
        assert get_note(tree, oid) is not None
        assert get_note(tree, ONE) is None


def test_what_is_no_note_stays(box: GitBox, repository: Repository) -> None:
    (oid,) = commits(box, 1)
    stream = f"commit {ENTRIES}\ncommitter A <a@b> 0 +0000\ndata 1\nx\nM 644 inline README\ndata 2\nhi\n"
    stream += f"M 755 inline {oid[:2]}/tool\ndata 2\nhi\n"
    box.git("fast-import", "--quiet", stdin=stream.encode())
    note(repository, {oid: b"new\n"})
    rows = [line.split() for line in box.git("ls-tree", "-r", ENTRIES).splitlines()]
    assert sorted((row[0], row[3]) for row in rows) == sorted(
        [("100644", "README"), ("100644", f"{oid[:2]}/{oid[2:]}"), ("100755", f"{oid[:2]}/tool")]
    )


def test_a_tree_that_did_not_change_has_its_own_oid(box: GitBox, repository: Repository) -> None:
    """Its name may be `REF^{tree}`, which is no oid: what is written must be."""
    note(repository, dict.fromkeys(commits(box, 3), b"x\n"))
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        assert (
            Tree(f"{ENTRIES}^{{tree}}", reader, 20).write(sink) == box.git("rev-parse", f"{ENTRIES}^{{tree}}").strip()
        )
        assert Tree(None, reader, 20).write(sink) == box.git("mktree", stdin=b"").strip()


def test_a_tree_that_git_lacks_is_no_empty_one(repository: Repository) -> None:
    """Written back, an empty one would drop all that it held."""
    with ObjectReader(repository) as reader, pytest.raises(GitFailed, match="lacks the tree"):
        Tree("refs/nbgit/none^{tree}", reader, 20).put("a", BLOB, "0" * 40)


def test_trees_are_in_gits_order(box: GitBox) -> None:
    blob = box.git("hash-object", "-w", "--stdin", stdin=b"x").strip()
    empty = box.git("mktree", stdin=b"").strip()
    names = ["a", "a.b", "a-b", "ab", "é", "\udcff", "a b", "A", "0"]
    entries = {name: (TREE if name in ("a", "ab") else BLOB, empty if name in ("a", "ab") else blob) for name in names}
    content = encode_tree(entries)
    oid = box.git("hash-object", "-w", "-t", "tree", "--stdin", stdin=content).strip()
    assert box.try_git("fsck", "--strict").code == 0
    assert decode_tree(content, 20) == entries
    assert json.dumps(box.git("ls-tree", "-z", oid)).count("\\u0000") == len(names)


@pytest.mark.parametrize("content", [b"x", b"100644 a", b"100644 a\0short", b"\0\0", b"a\0b c"])
def test_what_is_no_tree_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        decode_tree(content, 20)


def test_a_directory_that_has_lost_all_of_it_goes(box: GitBox, repository: Repository) -> None:
    commit = commits(box, 1)[0]
    note(repository, {commit: b"x\n"})
    sink = ObjectSink(repository)
    with ObjectReader(repository) as reader:
        notes = Tree(f"{ENTRIES}^{{tree}}", reader, 20)
        drop_note(notes, commit)
        assert notes.write(sink) == box.git("mktree", stdin=b"").strip()
