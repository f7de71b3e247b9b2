"""Cuts that came from elsewhere: whatever stands in them, what is read is of its kind and stays within its limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbgit.external.json_schema import validate
from nbgit.lineage.cuts.reading import MOST_FILES, MOST_RUNS, CutSource, runs_in
from nbgit.lineage.cuts.writing import write_cut
from nbgit.lineage.runs.journals import Run, read_session
from nbgit.lineage.runs.paths import is_hidden, is_inside, public_path, shown_path
from nbgit.lineage.runs.sources import Source
from nbgit.lineage.slicing.slicer import OK

SESSION, OTHER = "20261105T140211-9f86d081884c", "20261105T140211-000000000000"
STARTED = "2026-11-05T14:02:11.104Z"
HIDDEN = "/sha256:" + "0f" * 16


def begin(number: object = 1, **more: Any) -> dict[str, Any]:
    line = {"type": "begin", "id": f"{SESSION}:{number}", "code": "x = 1", "started": STARTED, "head": None}
    return {**line, "among": 1, "needs": [], **more}


def end(number: int = 1, **more: Any) -> dict[str, Any]:
    line = {"type": "end", "id": f"{SESSION}:{number}", "execution_count": 1, "outcome": "ok", "seconds": 0.5}
    return {**line, "dirty": None, **more}


def source(*lines: object) -> CutSource:
    rows = [line if isinstance(line, bytes) else json.dumps(line).encode("ascii") + b"\n" for line in lines]
    return CutSource(SESSION, "0" * 40, lambda oid: b"".join(rows))


def read(*lines: object) -> list[Run]:
    return read_session([source(*lines)])


@pytest.mark.parametrize(
    "line",
    [
        *(begin(number) for number in ("0", "01", "-1", "²", "1" * 40, "", "1 ", None)),
        begin(id=f"{OTHER}:1"),
        begin(id=[]),
        begin(code=7),
        begin(code="x" * 70_000),
        begin(code="\ud800"),
        begin(started="yesterday"),
        begin(started="0001-01-01T00:00:00Z"),
        {key: value for key, value in begin().items() if key != "needs"},
        {**begin(), "type": ["begin"]},
        b'{"type":"begin",' + b'"a":[' * 100_000 + b"\n",
        b'{"type":"begin","id":1' + b"0" * 50_000 + b"}\n",
        b"\xff\xfe\n",
        b"null\n",
        json.dumps(begin()).encode(),  # torn
    ],
)
def test_lines_that_are_no_run(line: object) -> None:
    assert read(line) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seconds", 1e400),
        ("seconds", float("nan")),
        ("seconds", -1),
        ("seconds", "1"),
        ("outcome", "running"),
        ("outcome", []),
    ],
)
def test_an_end_that_is_none_is_lost(key: str, value: object) -> None:
    (run,) = read(begin(), {**end(), key: value})
    assert (run.outcome, run.seconds) == ("lost", None)


def test_what_is_of_another_kind_is_left_out() -> None:
    file = {"path": "a.csv", "size": 1, "mtime": STARTED, "sha256": None}
    paths = ["../a", "/etc/passwd", "~/a", "a/../../b", "C:\\a", "a\0b", "", "a//b", "./a", 7, HIDDEN, "data/ä.csv"]
    lines = [
        {"type": "session", "nbgit-run": 1, "id": SESSION, "pid": 1, "host": ["x"], "notebook": "../x.nb", "cwd": "/"},
        {"type": "session", "nbgit-run": 1, "id": OTHER, "host": "other"},
        {"type": "session", "nbgit-run": 2, "id": SESSION, "host": "newer"},
        {"type": "packages", "session": SESSION, "run": 7, "packages": {"numpy": "1"}},
        {"type": "packages", "session": SESSION, "run": None, "packages": {"numpy": "2", "x": 7}},
        begin(2, needs=[1, 2, 3, -1, "1", True], among=-5, cell_id=7, bound_before=["a", 7]),
        end(2, execution_count="1", dirty=7, displayed=[{"mime": "image/png", "digest": "sha256:1"}, 7],
            reads=[{**file, "path": path} for path in paths], writes={"a": 1}, urls=[{"url": 7}, {"url": "u"}],
            commands=[None, "ls"], facts=[], omitted={"a": "x", "b": 2}),
    ]  # fmt: skip
    (run,) = read(*lines)
    assert (run.session.pid, run.session.host, run.session.notebook, run.session.cwd) == (0, "", None, "")
    assert run.session.packages == [(None, {"numpy": "2"})]
    assert (run.needs, run.among, run.cell_id, run.bound_before) == ((1,), 0, None, ("a",))
    assert [one.path for one in run.reads] == [HIDDEN, "data/ä.csv"]
    assert (run.displayed, run.writes, run.commands) == ((), (), ("ls",))
    assert [one.url for one in run.urls] == ["u"]
    assert (run.facts, run.omitted, run.dirty, run.execution_count) == ({}, {"b": 2}, None, None)


def test_no_more_than_the_limits() -> None:
    file = {"path": "a.csv", "size": 1, "mtime": STARTED, "sha256": None}
    (run,) = read(begin(), end(reads=[file] * 3000))
    assert len(run.reads) == MOST_FILES
    content = b"".join(json.dumps(begin(number)).encode() + b"\n" for number in range(1, MOST_RUNS + 100))
    assert len(runs_in(SESSION, content)) == MOST_RUNS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([begin(), end(), {"type": "session", "nbgit-run": 1, "id": SESSION}]), st.data())
def test_any_value_in_any_key(line: dict[str, Any], data: st.DataObject) -> None:
    keys = (
        "code",
        "started",
        "head",
        "needs",
        "among",
        "seconds",
        "reads",
        "urls",
        "displayed",
        "facts",
        "kernel",
        "id",
    )
    changed = {**line, data.draw(st.sampled_from(keys)): data.draw(JSON)}
    for row, _ in source(begin(), changed).rows():
        read_line = json.loads(row)
        assert read_line.get("id", read_line.get("session", "")).startswith(SESSION)
    for run in read(begin(), changed):
        assert (type(run.code), type(run.started), run.session.id) == (str, str, SESSION)


class Journal(Source):
    """A local journal of these lines."""

    is_local = True

    def __init__(self, *lines: dict[str, Any]) -> None:
        super().__init__(SESSION, f"{SESSION}.jsonl", "1")
        self._rows = [(json.dumps(line).encode() + b"\n", 0) for line in lines]

    def rows(self, start: int = 0) -> Any:
        """Yield the lines."""
        yield from self._rows


def test_a_local_journal_comes_first() -> None:
    """A cut that says other things of a session of this clone changes none of its runs."""
    own = Journal({"type": "session", "nbgit-run": 1, "id": SESSION, "host": "here"}, begin(code="mine"), end())
    cut = source(
        {"type": "session", "nbgit-run": 1, "id": SESSION, "host": "there", "person": "Mallory"},
        begin(code="theirs"), end(outcome="error"), begin(2, code="more", needs=[1]),
    )  # fmt: skip
    one, two = read_session([own, cut])
    assert (one.code, one.outcome, one.session.host) == ("mine", OK, "here")
    assert (two.code, two.needs) == ("more", (1,))


def test_a_cut_of_a_cut_is_the_same() -> None:
    full = Journal(
        {"type": "session", "nbgit-run": 1, "id": SESSION, "started": STARTED, "host": "lab", "pid": 7, "cwd": "~/work",
         "kernel": {"python": "3.11", "executable": "~/bin/python", "id": "x"}, "notebook": "n.ipynb", "worktree": "w"},
        begin(1, head="a" * 40), end(1, commands=["/home/ada/bin/tool --in ~/x/y.csv data/z.csv https://h/a/b"]),
        {"type": "late", "id": f"{SESSION}:1", "urls": [{"url": "https://h", "method": "POST"}]},
        begin(2, bound_before=["q"]),
        end(2, reads=[{"path": "~/x.csv", "size": 3, "mtime": STARTED, "sha256": None}], figures=0, facts={"a": 1}),
        {"type": "digests", "id": f"{SESSION}:2",
         "files": [{"path": "~/x.csv", "size": 3, "mtime": STARTED, "sha256": "ab" * 32}]},
        {"type": "packages", "session": SESSION, "run": f"{SESSION}:2", "packages": {"numpy": "2"}},
        begin(3), end(3, outcome="unknown", seconds=None),  # imported from IPython's history
        begin(4),  # lost
    )  # fmt: skip
    runs = read_session([full])
    needs = {f"{SESSION}:{number}": [number - 1] if number > 1 else [] for number in range(1, 5)}
    among = {f"{SESSION}:{number}": number for number in range(1, 5)}
    cut = write_cut(runs[0].session, 5, runs, needs, among)
    again = read_session([CutSource(SESSION, "", lambda oid: cut)])
    assert write_cut(again[0].session, again[0].session.number, again, needs, among) == cut
    for line in cut.splitlines():
        assert validate(json.loads(line), "run.v1") == []
    text = cut.decode("ascii")
    assert not [word for word in ("ada", "~", "pid", "worktree", "executable", "cwd") if f"{word}" in text]
    assert "[...]/tool --in [...]/y.csv data/z.csv https://h/a/b" in text
    assert again[1].reads[0].sha256 == "ab" * 32
    assert again[1].figures == 0
    assert [(run.outcome, run.seconds) for run in again] == [(run.outcome, run.seconds) for run in runs]


@pytest.mark.parametrize("path", ["a", "a/b.csv", "ä/ö", "a b", "-x", "..a"])
def test_paths_in_the_worktree(path: str) -> None:
    assert is_inside(path)
    assert public_path(path, "lab") == path == shown_path(path)


@pytest.mark.parametrize("path", ["/a", "~/a", "../a", "C:/a", "//host/a", "."])
def test_paths_outside(path: str) -> None:
    hidden = public_path(path, "lab")
    assert is_hidden(hidden)
    assert public_path(hidden, "elsewhere") == hidden
    assert public_path(path, "other") != hidden
    assert shown_path(hidden).startswith("a file outside of the repository (")
