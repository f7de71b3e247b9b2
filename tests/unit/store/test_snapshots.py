"""Snapshots that others have pushed: whatever they say, a checkout gives the source and nothing worse."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store import snapshots
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository, find_repository
from nbgit.store.snapshots import SnapshotWriter, read_document, read_snapshot
from tests.e2e.scene import N, run_of
from tests.filter_client import FilterClient, content, lines
from tests.gitbox import GitBox
from tests.odd import RAN

Document = dict[str, Any]
PARTS = split(RAN, Policy())
assert PARTS is not None
SOURCE = PARTS.source


@pytest.fixture
def repository(box: GitBox) -> Repository:
    """Return the box's repository."""
    return find_repository(str(box.path), {})


def honest(repository: Repository) -> tuple[str, Document]:
    """Store a snapshot of RAN; return its id and its document."""
    assert PARTS is not None
    sink = ObjectSink(repository)
    oid = sink.add("blob", SOURCE)
    written = SnapshotWriter(sink).write(RAN, sha256(RAN).hexdigest(), PARTS, oid, {1: "a"})
    assert written is not None
    snapshot_id, document = written
    sink.flush()
    return snapshot_id, json.loads(json.dumps(document))


def replaced(box: GitBox, snapshot_id: str, document: bytes) -> str:
    """Return the id of a snapshot with the same payloads and another document."""
    blob = box.git("hash-object", "-w", "--stdin", stdin=document).strip()
    rows = box.git("ls-tree", snapshot_id).splitlines()
    rows = [*(row for row in rows if "snapshot.json" not in row), f"100644 blob {blob}\tsnapshot.json"]
    return box.git("mktree", stdin=("\n".join(rows) + "\n").encode()).strip()


def files_of(document: Document) -> list[Document]:
    """Return the parts of a document that name a payload file."""
    return [part for splice in document["splices"] for part in splice[2] if isinstance(part, dict)]


def put(*keys: str | int, value: object) -> Callable[[Document], None]:
    """Return a change of a document: the value at these keys."""

    def change(document: Document) -> None:
        holder: Any = document
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = value

    return change


def first_form(**members: object) -> Callable[[Document], None]:
    """Return a change of the first payload's form."""

    def change(document: Document) -> None:
        files_of(document)[0].update(members)

    return change


def first_form_without(key: str) -> Callable[[Document], None]:
    """Return a change of the first payload's form: the key goes."""

    def change(document: Document) -> None:
        del files_of(document)[0][key]

    return change


def without(key: str) -> Callable[[Document], None]:
    """Return a change of a document: the key goes."""

    def change(document: Document) -> None:
        del document[key]

    return change


BIG = "x" * 1_000_000
DEEP: list[object] = []
for _ in range(300):
    DEEP = [DEEP]
KINDS: list[object] = [None, 7, "text", [[]], {"a": 1}, DEEP]
NAMES: list[object] = [
    "../../../config",
    "cells/../../x",
    "/etc/passwd",
    "cells/a\nHEAD",
    "cells/\x00",
    "cells/é",
    "snapshot.json",
    "cells",
    "cells/" + "a" * 500,
    "cells/not-there",
    7,
    None,
    ["cells/x"],
    {},
]
JSON_FORM = {"as": "json", "ascii": True, "indent": 1, "comma": ",", "colon": ":", "margin": ""}
CHANGES: dict[str, Callable[[Document], None]] = {
    **{f"no {key}": without(key) for key in ("source", "notebook", "cells", "splices")},
    **{
        f"{key} is {value!r:.12}": put(key, value=value)
        for key in ("format", "version", "source", "notebook", "cells", "splices")
        for value in KINDS
    },
    "cells of numbers": put("cells", value=[1, 2]),
    "a cell without outputs": put("cells", 0, value={"index": 0}),
    "an index that is text": put("cells", 0, "index", value="\x1b[31m"),
    "a mime that is a list": put("cells", 0, "outputs", 0, "payloads", 0, "mime", value=[]),
    "outputs of text": put("cells", 0, "outputs", value=["x"]),
    "a digest of another": put("notebook", "digest", value="sha256:" + "0" * 64),
    "a size that is small": put("notebook", "size", value=10),
    "a negative size": put("notebook", "size", value=-1),
    "a splice of one": put("splices", 0, value=[1]),
    "a splice far away": put("splices", 0, 0, value=10**12),
    "a splice before the start": put("splices", 0, 0, value=-5),
    "a splice of text": put("splices", 0, 0, value="1"),
    "a splice that goes back": put("splices", value=[[len(SOURCE), -len(SOURCE), [""]]] * 100_000),
    "parts that are numbers": put("splices", 0, 2, value=[1, None]),
    "no file": first_form_without("file"),
    **{f"the file {name!r:.30}": first_form(file=name) for name in NAMES},
    "a form that is none": first_form(**{"as": "exec"}),
    "a width that is text": first_form(width="many"),
    "a width of infinity": first_form(width=float("inf")),
    "one character a line and much between": first_form(width=1, open="[", between=BIG, close="]"),
    "a margin without end": first_form(**{**JSON_FORM, "margin": BIG}),
    "an indent without end": first_form(**{**JSON_FORM, "indent": 10**9}),
    "an indent of text": first_form(**{**JSON_FORM, "indent": BIG}),
    "a comma without end": first_form(**{**JSON_FORM, "comma": BIG}),
    "lines with much between": first_form(
        **{"as": "lines", "split": "newline", "ascii": False, "open": "[", "between": BIG, "close": "]"}
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_document_that_lies_is_refused(box: GitBox, repository: Repository, name: str) -> None:
    snapshot_id, document = honest(repository)
    CHANGES[name](document)
    changed = replaced(box, snapshot_id, json.dumps(document).encode())
    with ObjectReader(repository) as reader:
        with pytest.raises(SnapshotInvalid) as refusal:
            read_snapshot(reader, changed, SOURCE)
        assert str(refusal.value).isprintable()
        assert len(str(refusal.value)) < 200
        assert read_snapshot(reader, snapshot_id, SOURCE) == RAN


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"9" * 5000,
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"format":"nbgit-snapshot","version":' + b"1" * 5000 + b"}",
    ],
)
def test_a_document_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(SnapshotInvalid):
        read_document(raw)


def test_a_later_version_says_to_upgrade(repository: Repository) -> None:
    _, document = honest(repository)
    document["version"] = 2
    with pytest.raises(SnapshotInvalid, match="newer nbgit; upgrade"):
        read_document(json.dumps(document).encode())


def test_keys_of_a_later_nbgit_are_left_alone(box: GitBox, repository: Repository) -> None:
    snapshot_id, document = honest(repository)
    document["later"] = {"a": 1}
    document["cells"][0]["runs"] = ["x"]
    files_of(document)[0]["quality"] = 1
    with ObjectReader(repository) as reader:
        assert read_snapshot(reader, replaced(box, snapshot_id, json.dumps(document).encode()), SOURCE) == RAN


def test_a_figure_can_be_shown_by_git(box: GitBox, repository: Repository) -> None:
    snapshot_id, document = honest(repository)
    names = [part["file"] for part in files_of(document)]
    assert any(name.startswith("cells/1-a/") and name.endswith(".png") for name in names)
    for cell in document["cells"]:
        for output in cell["outputs"]:
            for payload in output["payloads"]:
                if "file" in payload:
                    data = box.git_bytes("cat-file", "blob", f"{snapshot_id}:{payload['file']}")
                    assert payload["digest"] == "sha256:" + sha256(data).hexdigest()
                    assert payload["size"] == len(data)


@pytest.mark.parametrize("limit", ["STRUCTURE_LIMIT", "SIZE_LIMIT", "NOTEBOOK_LIMIT"])
def test_what_would_not_be_read_is_not_written(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(snapshots, limit, 10)
    if limit == "SIZE_LIMIT":
        monkeypatch.setattr(snapshots, "STRUCTURE_LIMIT", 10)  # below it nothing is looked at
    assert PARTS is not None
    sink = ObjectSink(repository)
    assert SnapshotWriter(sink).write(RAN, sha256(RAN).hexdigest(), PARTS, "0" * 40, {1: "a"}) is None


# --- the same through the filter, with everything that could be in the ref --------------------------------------------


def ref_with(box: GitBox, source: bytes, entries: str) -> None:
    """Set the snapshots ref to a tree in which this source has these `mktree` lines."""
    oid = box.git("hash-object", "--stdin", stdin=source).strip()
    by_source = box.git("mktree", "--missing", stdin=entries.encode()).strip() if "\t" in entries else entries
    kind = box.git("cat-file", "-t", by_source).strip()
    mode = "040000" if kind == "tree" else "100644"
    shard = box.git("mktree", stdin=f"{mode} {kind} {by_source}\t{oid[2:]}\n".encode()).strip()
    top = box.git("mktree", stdin=f"040000 tree {shard}\t{oid[:2]}\n".encode()).strip()
    root = box.git("mktree", stdin=f"040000 tree {top}\tby-source\n".encode()).strip()
    box.git("update-ref", SNAPSHOTS, box.git("commit-tree", root, "-m", "from elsewhere").strip())


def smudged(box: GitBox) -> list[bytes]:
    """Return what a smudge of SOURCE gives at once, and what one gives that was allowed to wait."""
    blob = box.git("hash-object", "-w", "--stdin", stdin=SOURCE).strip()
    with FilterClient(box) as client:
        at_once = client.smudge(SOURCE, f"blob={blob}", path="x.ipynb")
        client.send(lines("command=smudge", f"pathname={N}", f"blob={blob}", "can-delay=1") + content(SOURCE))
        assert client.lines() == ["status=delayed"]
        client.send(lines("command=list_available_blobs"))
        assert client.lines() == [f"pathname={N}"]
        assert client.lines() == ["status=success"]
        waited = client.ask("smudge", b"")
    assert (client.code, client.rest) == (0, b"")
    assert client.err.count("was checked out without its stored outputs") == client.err.count("\n")
    return [at_once, waited]


@pytest.mark.parametrize(
    "name", ["honest", "no splices", "splices is DEEP", "the file '../../../config'", *list(CHANGES)[-7:]]
)
def test_a_checkout_with_a_snapshot_that_lies_gives_the_source(installed: GitBox, name: str) -> None:
    repository = find_repository(str(installed.path), {})
    snapshot_id, document = honest(repository)
    if name in CHANGES:
        CHANGES[name](document)
        snapshot_id = replaced(installed, snapshot_id, json.dumps(document).encode())
    ref_with(installed, SOURCE, f"040000 tree {snapshot_id}\t{snapshot_id}\n")
    expected = SOURCE if name in CHANGES else RAN
    assert smudged(installed) == [expected, expected]


@pytest.mark.parametrize("what", ["a blob", "an empty tree", "no oid", "a missing tree", "a blob for a tree", "many"])
def test_a_ref_of_any_shape_gives_the_source(installed: GitBox, what: str) -> None:
    blob = installed.git("hash-object", "-w", "--stdin", stdin=b"junk").strip()
    tree = installed.git("mktree", stdin=b"").strip()
    entries = {
        "a blob": blob,
        "an empty tree": tree,
        "no oid": f"040000 tree {tree}\tnot an oid\n040000 tree {tree}\t-p\n",
        "a missing tree": f"040000 tree {'1' * 40}\t{'1' * 40}\n",
        "a blob for a tree": f"100644 blob {blob}\t{blob}\n",
        "many": "".join(f"040000 tree {tree}\t{n:040x}\n" for n in range(500)),
    }[what]
    ref_with(installed, SOURCE, entries)
    assert smudged(installed) == [SOURCE, SOURCE]


def test_linking_is_not_kept_from_its_work_by_what_others_pushed(installed: GitBox) -> None:
    """A commit whose source has a hostile snapshot, and that comes with outputs of its own."""
    repository = find_repository(str(installed.path), {})
    snapshot_id, document = honest(repository)
    document["cells"] = [{"index": "\x1b"}]
    hostile = replaced(installed, snapshot_id, json.dumps(document).encode())
    ref_with(installed, SOURCE, f"040000 tree {hostile}\t{hostile}\n")
    installed.write("mine.ipynb", RAN)
    installed.write("plain.ipynb", SOURCE)
    installed.write("other.ipynb", run_of("a", run="A"))
    installed.git("add", "-A")
    committed = installed.try_git("commit", "-q", "-m", "one")
    assert (committed.code, committed.err) == (0, "")
    note = installed.git("notes", "--ref=nbgit", "show")
    assert "mine.ipynb" in note
    assert "other.ipynb" in note
    (installed.path / "mine.ipynb").unlink()
    installed.git("checkout", "--", "mine.ipynb")
    assert installed.read("mine.ipynb") == RAN
