"""Data decode and encode to the byte, and snapshots give back the notebook they were made from."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.encoding import decode, encode
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.repository import Repository, find_repository
from nbgit.store.snapshots import SnapshotWriter, read_snapshot
from tests.gitbox import GitBox
from tests.odd import NOTEBOOKS as ODD
from tests.property.notebooks import BINARY, JSON, LINES, NOTEBOOKS, ODD_TEXT, STYLES, Style

MIMES = st.sampled_from(
    [
        "text/plain",
        "image/png",
        "image/svg+xml",
        "application/json",
        "text/html",
        "audio/wav",
        "a+json",
        "application/pdf",
    ]
)
DATA = st.one_of(BINARY, LINES, JSON, ODD_TEXT, BINARY.map(lambda text: text.splitlines(True)), st.lists(JSON))


def in_a_notebook(value: object, style: Style) -> bytes:
    """Return a datum as it stands some levels down in a notebook of this style."""
    whole = Style(style.indent, style.ascii_only, style.tight, "", style.crlf, False).write([[{"k": value}]])
    start = whole.index(b'"k"') + 3
    start += len(whole[start:]) - len(whole[start:].lstrip(b": "))
    end = len(whole.rstrip(b"] \r\n\t"))
    return whole[start : whole.rindex(b"}", 0, end)].rstrip()


def checked(mime: str, raw: bytes) -> bool:
    """Return whether the datum has a form; fail where the form does not give it back."""
    found = decode(mime, raw)
    if found is None:
        return False
    payload, form = found
    assert encode(json.loads(json.dumps(form)), payload) == raw
    return True


@given(MIMES, DATA, STYLES)
@settings(max_examples=200)
@example("image/png", "iVBORw0KGgo=\n", Style(1, False, False, "", False, False))
@example("image/png", ["iVBO\n", "Rw0K\n", "Ggo=\n"], Style(1, False, False, "", False, False))
@example("image/png", "iVBORw0KGgp=", Style(1, False, False, "", False, False))  # bits after the end: not canonical
@example("image/png", "", Style(1, False, False, "", False, False))
@example("image/png", "AAAA\n\nAAAA", Style(1, False, False, "", False, False))
@example("image/png", "AAAA\r\nAAAA", Style(1, False, False, "", False, False))
@example("image/png", ["", ""], Style(1, False, False, "", False, False))
@example("text/plain", ["a\u2028b\n", "c\x0bd"], Style(1, False, False, "", False, False))
@example("text/plain", [], Style(1, False, False, "", False, False))
@example("application/json", {"a": [1.0, 1e5, -0.0], "b": {}}, Style("\t", False, False, "", False, False))
def test_a_datum_that_is_decoded_is_encoded_to_the_same_bytes(mime: str, value: object, style: Style) -> None:
    checked(mime, in_a_notebook(value, style))


@given(MIMES, st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda raw: b'"' + raw + b'"')))
def test_any_bytes_have_an_exact_form_or_none(mime: str, raw: bytes) -> None:
    checked(mime, raw)


@pytest.mark.parametrize("indent", [1, 2, 4])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_jupyter_writes_always_has_a_form(indent: int, ascii_only: bool) -> None:
    style = Style(indent, ascii_only, False, "", False, False)
    common: list[tuple[str, object]] = [
        ("image/png", "iVBORw0KGgo="),
        ("image/png", "iVBORw0KGgo=\n"),
        ("image/png", "\n".join(["A" * 76] * 3) + "\n"),
        ("text/plain", ["é\n", "b"]),
        ("text/plain", ["one\n"]),
        ("text/plain", "one line"),
        ("text/html", ["<b>\n", "\x1b[0m\n", "</b>"]),
        ("application/json", {"a": [1, 2.5, None, True], "é": {"b": []}}),
        ("application/vnd.plotly.v1+json", {"data": [{"x": [1, 2], "y": [0.1, 1e-07]}], "layout": {}}),
        ("image/svg+xml", ["<svg>\n", "</svg>"]),
    ]
    assert [mime for mime, value in common if not checked(mime, in_a_notebook(value, style))] == []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a real repository to store snapshots in."""
    box = GitBox(Path(tmp_path_factory.mktemp("snapshots")))
    return find_repository(str(box.path), {})


def stored(repository: Repository, data: bytes) -> tuple[str, bytes] | None:
    """Store a notebook's snapshot in git; return its id and the source."""
    parts = split(data, Policy())
    if parts is None:
        return None
    sink = ObjectSink(repository)
    digest = sha256(data).hexdigest()
    written = SnapshotWriter(sink).write(data, digest, parts, "0" * 40, {0: "../../x", 1: None})
    assert written is not None
    snapshot_id, _ = written
    sink.flush()
    return snapshot_id, parts.source


@given(data=NOTEBOOKS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_snapshot_gives_the_notebook_back(repository: Repository, data: bytes) -> None:
    found = stored(repository, data)
    assert found is not None
    with ObjectReader(repository) as reader:
        assert read_snapshot(reader, *found) == data
        if found[1] != b"":
            with pytest.raises(SnapshotInvalid):
                read_snapshot(reader, found[0], found[1] + b" ")


@pytest.mark.parametrize("name", ODD)
def test_a_snapshot_of_an_odd_notebook(repository: Repository, name: str) -> None:
    found = stored(repository, ODD[name])
    if found is None:
        pytest.skip("no notebook as nbgit sees it: it is stored whole")
    with ObjectReader(repository) as reader:
        assert read_snapshot(reader, *found) == ODD[name]
