"""Captures: the newest wins, crashes leave nothing that counts, damage is refused."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.captures import TRAILER, Capture, CaptureStore
from nbgit.store.known import NOTHING
from nbgit.store.objects import object_id
from nbgit.store.repository import Repository, find_repository
from tests.e2e.scene import run_of
from tests.gitbox import GitBox

FIRST, SECOND, OTHER = run_of("a", run="A"), run_of("a", run="B"), run_of("b", run="A")


@pytest.fixture
def repository(box: GitBox) -> Repository:
    """Return the box's repository."""
    return find_repository(str(box.path), {})


@pytest.fixture
def store(repository: Repository) -> CaptureStore:
    """Return an empty store."""
    return CaptureStore(repository, Policy())


def put(store: CaptureStore, data: bytes, path: str = "n.ipynb") -> str:
    """Capture a notebook and return its source oid."""
    parts = split(data, Policy())
    assert parts is not None
    oid = object_id("blob", parts.source, "sha1")
    store.put(path, oid, sha256(data).hexdigest(), data, parts)
    return oid


def data_of(captures: list[Capture]) -> list[bytes]:
    """Return the notebooks of these captures, all of which must be whole."""
    found = [capture.read(Policy()) for capture in captures]
    return [item[0] for item in found if item is not None]


def only_file(store: CaptureStore) -> Path:
    """Return the file of the one capture there is."""
    (capture,) = store.all()
    return Path(capture.file)


def test_the_newest_comes_first(store: CaptureStore) -> None:
    for data in (FIRST, OTHER, SECOND):
        put(store, data)
    assert data_of(store.of_path("n.ipynb")) == [SECOND, OTHER, FIRST]
    assert data_of(store.all()) == [SECOND, OTHER, FIRST]
    put(store, FIRST)
    assert data_of(store.of_path("n.ipynb")) == [FIRST, SECOND, OTHER]
    put(store, FIRST)
    assert len(store.all()) == 3


def test_paths_are_kept_apart_and_kept_whole(store: CaptureStore) -> None:
    paths = ["a.ipynb", "a.ipynb/b", "é\n日.ipynb", "\udcff.ipynb", "x" * 3000]
    for path in paths:
        put(store, FIRST, path)
    assert store.paths() == set(paths)
    assert sorted(capture.path for capture in store.all()) == sorted(paths)
    assert [data_of(store.of_path(path)) for path in paths] == [[FIRST]] * len(paths)


def test_what_a_crash_left_is_not_a_capture(store: CaptureStore) -> None:
    put(store, FIRST)
    file = only_file(store)
    Path(f"{file}.123.456.new").write_bytes(SECOND[:50])
    (file.parent / "path.1.2.new").write_bytes(b"n.ip")
    (file.parent / "not-one").write_bytes(b"x")
    empty = file.parent.parent / ("0" * 24)
    empty.mkdir()
    (empty / file.name).write_bytes(file.read_bytes())  # the crash came before its path was written
    (file.parent.parent / "a file").write_bytes(b"")
    assert data_of(store.all()) == [FIRST]
    assert data_of(store.of_path("n.ipynb")) == [FIRST]
    put(store, SECOND)
    assert data_of(store.of_path("n.ipynb")) == [SECOND, FIRST]


def test_a_path_that_a_crash_cut_short_does_not_spoil_the_next(store: CaptureStore, repository: Repository) -> None:
    put(store, FIRST)
    with open(Path(repository.nbgit_dir) / "paths", "ab") as file:
        file.write(b"\nhalf-a-pa")
    put(store, FIRST, "other.ipynb")
    assert {capture.path for capture in store.all()} == {"n.ipynb", "other.ipynb"}


def test_a_directory_goes_with_its_last_capture(store: CaptureStore, repository: Repository) -> None:
    put(store, FIRST)
    (capture,) = store.all()
    store.settle(capture, "1" * 40)
    assert list((Path(repository.nbgit_dir) / "captures").iterdir()) == []
    assert store.has_seen("n.ipynb")
    put(store, SECOND)
    assert data_of(store.all()) == [SECOND]


@pytest.mark.parametrize(
    "trailer", [b"", b"{", b"[]\n", b"{}\n", b'{"can_run":true,"spans":[[1]]}\n', b"null\n", b"\xff"]
)
def test_a_damaged_trailer_costs_a_second_split_only(store: CaptureStore, trailer: bytes) -> None:
    put(store, FIRST)
    file = only_file(store)
    file.write_bytes(FIRST + TRAILER + trailer)
    (capture,) = store.all()
    found = capture.read(Policy())
    assert found is not None
    expected = split(FIRST, Policy())
    assert expected is not None
    assert (found[0], found[1].source) == (FIRST, expected.source)
    assert capture.head() == ""


@pytest.mark.parametrize(
    "rows", ["[[0,2,7,0,0]]", "[[-5,2,7,0,0]]", "[[0,3,7,0,0]]", '[["a",2,7,0,0]]', "[[0,2,7,0,99]]"]
)
def test_a_record_of_other_spans_is_never_taken_for_the_source(
    box: GitBox, store: CaptureStore, repository: Repository, rows: str
) -> None:
    from nbgit.store.build import build_captures

    put(store, FIRST)
    only_file(store).write_bytes(FIRST + TRAILER + b'{"can_run":true,"spans":%b}\n' % rows.encode())
    (capture,) = store.all()
    found = capture.read(Policy())
    source = found[1].source if found is not None else b""
    (built,) = build_captures(repository, Policy(), [capture])
    assert built is None or object_id("blob", source, "sha1") == capture.source_oid


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no trailer", "another"])
def test_damaged_data_is_refused(store: CaptureStore, damage: str) -> None:
    put(store, FIRST)
    file = only_file(store)
    whole = file.read_bytes()
    file.write_bytes(
        {
            "cut": whole[100:],
            "flipped": whole.replace(b"A: a", b"X: a"),
            "empty": b"",
            "no trailer": FIRST,
            "another": whole.replace(FIRST, SECOND),
        }[damage]
    )
    (capture,) = store.all()
    assert capture.read(Policy()) is None


def test_a_file_that_has_gone_is_no_error(store: CaptureStore) -> None:
    put(store, FIRST)
    (capture,) = store.all()
    Path(capture.file).unlink()
    assert capture.read(Policy()) is None
    store.settle(capture, "1" * 40)
    assert store.all() == []


def test_a_notebook_that_holds_the_trailers_words(store: CaptureStore) -> None:
    data = FIRST.replace(b"# Title", b"# nbgit-capture 1 {}") + TRAILER.replace(b"n", b" ") * 2
    assert split(data, Policy()) is None
    data = FIRST + b"\n\n"
    put(store, data)
    assert data_of(store.all()) == [data]


def test_settling_keeps_other_work(store: CaptureStore) -> None:
    oid = put(store, FIRST)
    put(store, OTHER)
    put(store, SECOND)
    newest = store.of_path("n.ipynb")[0]
    put(store, run_of("a", run="C"))
    store.settle(newest, "2" * 40)
    assert data_of(store.of_path("n.ipynb")) == [run_of("a", run="C"), OTHER]
    assert data_of(store.past_of_path("n.ipynb")) == data_of(store.all_past()) == [FIRST]
    assert [capture.is_past for capture in store.all_past()] == [True]
    known = store.known(sha256(SECOND).hexdigest())
    assert known is not None
    assert (known.snapshot_id, known.source_oid) == ("2" * 40, oid)
    store.settle(newest, "2" * 40)
    assert len(store.of_path("n.ipynb")) == 2


def test_what_is_known_is_read_again_by_the_next_process(repository: Repository, store: CaptureStore) -> None:
    digest = "ab" * 32
    assert store.known(digest) is None
    store.remember(digest, NOTHING, "1" * 40)
    store.remember(digest, "2" * 40, "1" * 40)
    other = CaptureStore(repository, Policy())
    for seen in (store, other):
        known = seen.known(digest)
        assert known is not None
        assert known.snapshot_id == "2" * 40
    assert CaptureStore(repository, Policy(outputs=False)).known(digest) is None


@pytest.mark.parametrize("line", [b"", b"\n", b"%b\n", b"%b x\n", b"%b \xff\xfe %b", b"%b 1 2 3\n", b"\0" * 500])
def test_damaged_notes_of_what_is_known_are_nothing(repository: Repository, line: bytes) -> None:
    digest = "cd" * 32
    store = CaptureStore(repository, Policy())
    folder = Path(repository.nbgit_dir) / "known" / Policy().key
    folder.mkdir(parents=True)
    (folder / "c").write_bytes(line.replace(b"%b", digest.encode()))
    known = store.known(digest)
    assert known is None or (known.snapshot_id, known.source_oid) == ("\ufffd\ufffd", digest)
    store.remember(digest, "2" * 40, "1" * 40)
    found = CaptureStore(repository, Policy()).known(digest)
    assert found is None or found.snapshot_id in ("2" * 40, "\ufffd\ufffd")


def test_another_policy_does_not_take_the_record(store: CaptureStore) -> None:
    put(store, FIRST)
    (capture,) = store.all()
    found = capture.read(Policy(execution_counts=False))
    assert found is not None
    assert b'"execution_count": 1' in found[1].source
