"""docs/formats.md against the code: its worked example, its forms, its limits, and the schemas of what is stored."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbgit.errors import PolicyInvalid
from nbgit.external.json_schema import load_schema, schema_names, validate
from nbgit.kernel import files as kernel_files
from nbgit.kernel import journal as kernel_journal
from nbgit.kernel import names as kernel_names
from nbgit.kernel.recorder import CODE_LIMIT
from nbgit.kernel.seen import OTHERS
from nbgit.lineage.history import index
from nbgit.lineage.runs.journals import read_session
from nbgit.lineage.runs.sources import JournalSource
from nbgit.notebook.encoding import decode, encode
from nbgit.notebook.policy import CELL_METADATA, NOTEBOOK_METADATA, Policy, read_policy
from nbgit.store import log, snapshots
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, markdown, notebook

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (SOURCE_ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 12).decode("ascii")


def block(name: str) -> str:
    """Return the content of the page's fenced block whose info string ends in `name`."""
    found = re.findall(rf"^```\w+ {name}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"docs/formats.md has {len(found)} blocks called {name}"
    return str(found[0])


def section(title: str) -> str:
    """Return the page's text under a heading of the second level."""
    return re.split(r"\n## (?=[A-Z])", PAGE.split(f"\n## {title}\n", 1)[1])[0]


def prose(title: str) -> str:
    """Return a section's text with each line end as a space."""
    return " ".join(section(title).split())


def entry_of(box: GitBox) -> dict[str, Any]:
    """Return the JSON line of HEAD's entry."""
    note = box.git("notes", "--ref=refs/notes/nbgit", "show", "HEAD")
    found: dict[str, Any] = json.loads(next(line for line in note.splitlines() if line.startswith("{")))
    return found


def document_of(box: GitBox, snapshot_id: str) -> dict[str, Any]:
    """Return a snapshot's snapshot.json."""
    found: dict[str, Any] = json.loads(box.git_bytes("show", f"{snapshot_id}:snapshot.json"))
    return found


def test_the_example_is_captured_as_the_page_says(installed: GitBox) -> None:
    data = block("notebook").encode()
    installed.write("twice.ipynb", data)
    installed.git("add", "twice.ipynb")
    (capture,) = (installed.path / ".git" / "nbgit" / "captures").glob("*/0*")
    assert capture.read_bytes() == data + b"\n" + block("capture").encode()
    assert f"`{capture.name[20:]}`" in prose("A worked example")


def test_the_example_is_linked_as_the_page_says(installed: GitBox) -> None:
    text = prose("A worked example")
    installed.write("twice.ipynb", block("notebook").encode())
    installed.commit("twice", "twice.ipynb")
    oid = installed.git("rev-parse", "HEAD:twice.ipynb").strip()
    assert f"the blob `{oid}`" in text
    assert installed.git("cat-file", "blob", oid) == block("source")
    snapshot_id = entry_of(installed)["snapshots"]["twice.ipynb"]
    assert installed.git("rev-parse", f"refs/nbgit/snapshots:by-source/{oid[:2]}/{oid[2:]}/{snapshot_id}")
    assert f"the snapshot's id, is `{snapshot_id}`" in text
    assert installed.git("ls-tree", "-r", "--name-only", snapshot_id) == "snapshot.json\n"
    assert installed.git("show", f"{snapshot_id}:snapshot.json") == block("snapshot")
    assert installed.git("notes", "--ref=refs/notes/nbgit", "show", "HEAD") == block("entry")
    assert installed.git("cat-file", "--textconv", "HEAD:twice.ipynb") == block("readable")
    known = re.search(r"the line in `(known/\w+/\w)`", text)
    assert known is not None
    assert (installed.path / ".git" / "nbgit" / known[1]).read_text() == block("known")


def test_the_example_can_be_put_together_by_the_page_alone() -> None:
    """Join the notebook from its source and its snapshot.json without nbgit."""
    source, document = block("source").encode(), json.loads(block("snapshot"))
    data, taken = b"", 0
    for offset, size, parts in document["splices"]:
        data += source[taken:offset] + "".join(parts).encode("utf-8", "surrogateescape")
        taken = offset + size
    assert data + source[taken:] == block("notebook").encode()


@pytest.mark.parametrize("example", json.loads(block("forms")), ids=lambda one: str(one["form"]["as"]))
def test_the_forms_are_as_the_page_says(example: dict[str, Any]) -> None:
    payload, raw = example["payload"].encode(), example["raw"].encode()
    assert encode(example["form"], payload) == raw
    assert decode(example["mime"], raw) == (payload, example["form"])


def test_the_limits_are_as_the_page_says() -> None:
    assert f"fewer than {snapshots.INLINE_LIMIT} bytes" in prose("Snapshots")
    assert f"more than {snapshots.SIZE_LIMIT:,} bytes" in prose("Snapshots")
    assert f"larger than {log.LIMIT:,} bytes" in prose("Local files")
    assert f"application id 0x{index.APPLICATION_ID:X}, user version {index.VERSION}" in prose("Figure index")
    assert f"`known/{Policy().key}/" in prose("A worked example")


def test_the_limits_of_runs_are_as_the_page_says() -> None:
    text = prose("Runs")
    assert f"at most {kernel_journal.LIMIT:,} bytes, a line {kernel_journal.LINE_LIMIT:,}" in text
    assert f"cut at {CODE_LIMIT:,} characters" in text
    assert (
        f"at most {kernel_files.LISTED:,} files, {kernel_names.LIMIT:,} names of a kind, {2 * OTHERS} displayed" in text
    )
    assert f"more than {kernel_files.FILE_LIMIT:,} bytes, and more than {kernel_files.RUN_LIMIT:,} bytes a run" in text


def test_the_journal_of_the_page_is_valid_and_read(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in block("runs").splitlines()]
    assert [error for line in lines for error in validate(line, "run.v1")] == []
    journal = tmp_path / f"{lines[0]['id']}.jsonl"
    journal.write_text(block("runs"), encoding="ascii")
    (run,) = read_session([JournalSource(lines[0]["id"], str(journal), journal.stat())])
    assert (run.session.notebook, run.bound, run.reads[0].path) == ("clean.ipynb", ("df", "pd"), "data/raw.csv")
    assert run.session.packages_at(1) == {"numpy": "2.4.6", "pandas": "3.1.1"}


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"type": 1},
        {"type": "session", "id": "x"},
        {"type": "session", "id": "20261105T140211-9f86d081884c", "nbgit-run": 2},
        {"type": "begin", "id": "20261105T140211-9f86d081884c:0", "code": "", "started": "", "head": None},
        {"type": "end", "id": "20261105T140211-9f86d081884c:1", "outcome": "lost"},
        {"type": "late", "id": "20261105T140211-9f86d081884c:1", "reads": [{"path": "a"}]},
        {"type": "digests", "id": "20261105T140211-9f86d081884c:1"},
        {"type": "packages", "session": "20261105T140211-9f86d081884c", "run": None, "packages": {}},
    ],
)
def test_the_run_schema_refuses(line: object) -> None:
    assert validate({"type": "of a later version", "any": 1}, "run.v1") == []
    assert validate(line, "run.v1") != []


def test_the_extensions_are_as_the_page_says() -> None:
    rows = [line.strip("| ").split(" | ") for line in section("Snapshots").splitlines() if line.startswith("| ")]
    pairs = [pair for row in rows if len(row) == 4 for pair in (row[:2], row[2:])]
    told = {mime: extension for mime, extension in pairs if "/" in mime}
    assert told == snapshots._EXTENSIONS


def test_the_policy_page_names_the_defaults() -> None:
    facts = [getattr(read_policy(block("policy").encode()), name) for name in Policy.__slots__]
    assert facts == [getattr(Policy(), name) for name in Policy.__slots__]
    for name in (*CELL_METADATA, *NOTEBOOK_METADATA):
        assert f"`{name}`" in section("Policy file")


@pytest.mark.parametrize("name", schema_names())
def test_every_schema_is_a_valid_schema_and_named_on_the_page(name: str) -> None:
    from jsonschema import Draft202012Validator

    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:nbgit:{name}"
    assert f"`{name}" in PAGE


def stream(text: str) -> dict[str, Any]:
    """Return a stream output."""
    return {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}


def shown(mime: str, value: object) -> dict[str, Any]:
    """Return a display_data output with one datum."""
    return {"data": {mime: value}, "metadata": {}, "output_type": "display_data"}


def notebooks() -> Iterator[tuple[str, bytes]]:
    """Yield notebooks of many kinds by name."""
    big = "".join(f"line {number} of many\n" for number in range(300))
    yield "stream", notebook(code("1", id="a", execution_count=1, outputs=[stream(big)]))
    yield "figure", notebook(code("1", id="fig-1", execution_count=1, outputs=[shown("image/png", PIXEL + "\n")]))
    yield "list", notebook(code("1", outputs=[shown("image/png", [PIXEL[:76] + "\n"] * 50 + [PIXEL[:76]])]))
    yield "json", notebook(code("1", outputs=[shown("application/json", {"a": list(range(900))})]))
    yield "html", notebook(code("1", outputs=[shown("text/html", "<b>é</b>\n" * 400)]))
    yield "bare", notebook(code("1", id="a"), markdown("# nothing ran", id="b"))
    yield "odd", notebook(code("1", outputs=[stream("\ud83d" + big), {"output_type": "display_data", "data": {}}, 7]))
    yield "traceback", notebook(code("1", outputs=[{"output_type": "error", "traceback": [big], "ename": "E"}]))
    old = [{"output_type": "pyout", "prompt_number": 4, "text": [big]}]
    cell = {"cell_type": "code", "input": ["1"], "language": "python", "outputs": old, "prompt_number": 4}
    sheets = [{"cells": [cell]}]
    yield "v3", json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": sheets}).encode()


def test_what_is_stored_for_real_notebooks_is_valid(installed: GitBox) -> None:
    saved = [(f"{name}.ipynb", data) for name, data in notebooks()]
    for name, data in saved:
        installed.write(name, data)
    installed.commit("all of them")
    entry = entry_of(installed)
    assert validate(entry, "entry.v1") == []
    assert sorted(entry["snapshots"]) == sorted(name for name, _ in saved)
    forms: set[str] = set()
    for name, data in saved:
        document = document_of(installed, entry["snapshots"][name])
        assert validate(document, "snapshot.v1") == []
        assert document["notebook"]["size"] == len(data)
        parts = [part for splice in document["splices"] for part in splice[2] if isinstance(part, dict)]
        forms |= {part["as"] for part in parts}
    assert forms == {"base64", "text", "lines", "json"}


def test_a_payload_is_a_file_that_git_shows(installed: GitBox) -> None:
    installed.write("n.ipynb", dict(notebooks())["figure"])
    installed.commit("figure")
    snapshot_id = entry_of(installed)["snapshots"]["n.ipynb"]
    assert installed.git_bytes("show", f"{snapshot_id}:cells/0-fig-1/0.png") == base64.b64decode(PIXEL)


@pytest.mark.corpus
def test_the_snapshots_of_the_corpus_are_valid(installed: GitBox) -> None:
    folder = SOURCE_ROOT.parent / "shared" / "corpus" / "notebooks"
    files: list[Path] = sorted(folder.rglob("*.ipynb"))
    if not files:
        pytest.skip("../shared/corpus/notebooks is absent")
    for number, file in enumerate(files):
        installed.write(f"{number}.ipynb", file.read_bytes())
    installed.commit("the corpus")
    entry = entry_of(installed)
    assert validate(entry, "entry.v1") == []
    for snapshot_id in entry["snapshots"].values():
        assert validate(document_of(installed, snapshot_id), "snapshot.v1") == []


OID = "0" * 40


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "other"),
        ("version", 2),
        ("version", True),
        ("source", "abc"),
        ("notebook", {"digest": "sha256:1", "size": 1}),
        ("cells", [{"index": -1, "id": None, "execution_count": None, "outputs": []}]),
        ("cells", [{"index": 0, "id": None, "execution_count": "3", "outputs": []}]),
        ("splices", [[0, 2]]),
        ("splices", [[0, 2, [7]]]),
        ("splices", [[0, 2, [{"as": "rot13", "file": "cells/0/0.txt"}]]]),
        ("splices", [[0, 2, [{"as": "text", "file": "cells/../0.txt", "ascii": True}]]]),
        ("splices", [[0, 2, [{"as": "text", "file": "/cells/0.txt", "ascii": True}]]]),
        ("splices", [[0, 2, [{"as": "text", "file": "cells/0/0.txt", "ascii": 1}]]]),
    ],
)
def test_the_snapshot_schema_refuses(key: str, value: object) -> None:
    document = json.loads(block("snapshot"))
    assert validate({**document, "a later key": 1}, "snapshot.v1") == []
    assert validate({**document, key: value}, "snapshot.v1") != []


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"nbgit-entry": 1},
        {"nbgit-entry": 2, "snapshots": {"a.ipynb": OID}},
        {"nbgit-entry": True, "snapshots": {"a.ipynb": OID}},
        {"nbgit-entry": 1, "snapshots": {"a.ipynb": "x"}},
        {"nbgit-entry": 1, "snapshots": {"": OID}},
        {"nbgit-entry": 1, "snapshots": [OID]},
        {"nbgit-entry": 1, "snapshots": {}},
        {"nbgit-entry": 1, "snapshots": {}, "own": {}},
        {"nbgit-entry": 1, "snapshots": {}, "own": {"a.ipynb": "x"}},
    ],
)
def test_the_entry_schema_refuses(document: object) -> None:
    assert validate({"nbgit-entry": 1, "snapshots": {"a.ipynb": OID}, "a later key": 1}, "entry.v1") == []
    assert validate({"nbgit-entry": 1, "snapshots": {}, "own": {"a.ipynb": OID}}, "entry.v1") == []
    assert validate(document, "entry.v1") != []


GOOD_POLICIES = [
    "",
    "# only a comment\n",
    "version = 1\n",
    "[volatile]\n",
    "[volatile]\noutputs = false\nexecution_counts = false\n",
    '[volatile]\ncell_metadata = ["a", "b.c"]\nnotebook_metadata = ["d"]\n',
    '[stable]\ncell_metadata = ["collapsed"]\nnotebook_metadata = []\n',
    '[keep]\ntags = ["figure"]\ninit_cells = false\n',
    'keep.tags = ["a"]\n',
    block("policy"),
]
BAD_POLICIES = [
    "version = 2\n",
    "version = 0\n",
    "version = true\n",
    'version = "1"\n',
    "version = 1.5\n",
    "volatile = 1\n",
    "volatile = []\n",
    "[volatil]\n",
    "[[keep]]\n",
    "surprise = 1\n",
    "[volatile]\nunknown = true\n",
    "[volatile]\noutputs = 1\n",
    '[volatile]\noutputs = "no"\n',
    '[volatile]\ncell_metadata = "a"\n',
    "[volatile]\ncell_metadata = [1]\n",
    '[volatile]\ncell_metadata = [""]\n',
    '[volatile]\ntags = ["a"]\n',
    "[stable]\noutputs = true\n",
    "[stable]\nnotebook_metadata = {}\n",
    "[keep]\ntags = true\n",
    "[keep]\ntags = [2024-01-01]\n",
    "[keep]\ninit_cells = []\n",
    "[keep.tags]\na = 1\n",
]


def is_accepted(text: str) -> bool:
    """Say whether the reader of the filter process takes this `.nbgit.toml`."""
    try:
        read_policy(text.encode())
    except PolicyInvalid:
        return False
    return True


@pytest.mark.parametrize("text", GOOD_POLICIES)
def test_reader_and_schema_accept_a_policy(text: str) -> None:
    assert is_accepted(text)
    assert validate(tomllib.loads(text), "policy.v1") == []


@pytest.mark.parametrize("text", BAD_POLICIES)
def test_reader_and_schema_refuse_a_policy(text: str) -> None:
    assert not is_accepted(text)
    assert validate(tomllib.loads(text), "policy.v1") != []
