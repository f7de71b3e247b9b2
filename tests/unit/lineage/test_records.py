"""Records finds runs by the index, whatever becomes of the journals: appended to, torn, replaced, gone, hostile."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbgit.lineage.history.index import Index
from nbgit.lineage.runs import records as records_module
from nbgit.lineage.runs.journals import LOST, FileSeen
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.sources import LIMIT, LINE_LIMIT, JournalSource
from nbgit.lineage.runs.times import ended
from nbgit.store.repository import Repository, find_repository
from tests.gitbox import GitBox

FIRST, SECOND = "20261105T140211-ffffffffffff", "20261105T140211-000000000000"  # begun in the same second
PNG = f"sha256:{'1' * 64}"


class Lab:
    """A repository's journals, and one open index."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.index = Index(os.path.join(repository.nbgit_dir, "index.sqlite"))
        self.folder = Path(repository.nbgit_dir, "runs")
        self.folder.mkdir(parents=True)

    def write(self, session: str, *lines: dict[str, Any] | bytes) -> None:
        """Append lines to a journal."""
        with open(self.folder / f"{session}.jsonl", "ab") as file:
            for line in lines:
                file.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    @property
    def records(self) -> Records:
        """Records as the next process would have them."""
        return Records(self.repository, self.index)

    def showing(self, digest: str = PNG) -> list[str]:
        """The ids of the runs that displayed a payload."""
        return [run.id for run in self.records.showing(digest)]


@pytest.fixture
def lab(box: GitBox) -> Iterator[Lab]:
    """Return an empty lab."""
    found = Lab(find_repository(str(box.path), {}))
    yield found
    found.index.close()


def session(name: str, millisecond: int = 0, **more: Any) -> dict[str, Any]:
    """Return the line that begins a session."""
    started = f"2026-11-05T14:02:11.{millisecond:03d}Z"
    return {"type": "session", "nbgit-run": 1, "id": name, "started": started, "pid": 0, "host": "lab", **more}


def run(name: str, number: int, code: str, minute: int = 2, **more: Any) -> list[dict[str, Any]]:
    """Return the two lines of a run."""
    started = f"2026-11-05T14:{minute:02d}:11.{number:03d}Z"
    begin = {"type": "begin", "id": f"{name}:{number}", "code": code, "started": started, "head": None}
    end = {"type": "end", "id": f"{name}:{number}", "execution_count": number, "outcome": "ok", "seconds": 0.1, **more}
    return [begin, end]


def shown(digest: str = PNG) -> dict[str, Any]:
    """Return what the end of a run says of a picture."""
    return {"displayed": [{"mime": "image/png", "digest": digest}]}


def file(path: str, content: str | None, size: int = 4) -> dict[str, Any]:
    """Return a file as a journal has it."""
    return {"path": path, "size": size, "mtime": "2026-11-05T14:00:00.000000Z", "sha256": content}


def test_lines_that_are_appended_are_read_on_and_torn_ones_when_they_are_whole(lab: Lab) -> None:
    begin, end = run(FIRST, 1, "plot()", **shown())
    lab.write(FIRST, session(FIRST), begin)
    assert [found.outcome for found in lab.records.of_code("plot()", [])] == [LOST]
    whole = json.dumps(end).encode() + b"\n"
    lab.write(FIRST, whole[:40])
    assert lab.showing() == []
    lab.write(FIRST, whole[40:])
    assert lab.showing() == [f"{FIRST}:1"]
    rows = lab.index.connection.execute("SELECT end, stamp FROM run_sources").fetchall()
    assert [row[0] for row in rows] == [(lab.folder / f"{FIRST}.jsonl").stat().st_size]
    before = lab.index.connection.total_changes
    assert lab.showing() == [f"{FIRST}:1"]
    assert lab.index.connection.total_changes == before  # nothing is read twice


@pytest.mark.parametrize("how", ["truncated", "rewritten", "replaced", "gone"])
def test_what_is_no_longer_there_is_forgotten(lab: Lab, how: str) -> None:
    lab.write(FIRST, session(FIRST), *run(FIRST, 1, "x = 1"), *run(FIRST, 2, "plot()", **shown()))
    lab.write(SECOND, session(SECOND), *run(SECOND, 1, "plot()", **shown("sha256:2")))
    assert lab.showing() == [f"{FIRST}:2"]
    journal = lab.folder / f"{FIRST}.jsonl"
    rows = journal.read_bytes().splitlines(keepends=True)
    if how == "truncated":
        journal.write_bytes(b"".join(rows[:3]))
    elif how == "rewritten":  # longer than it was, and of the same inode
        long = b"".join(json.dumps(line).encode() + b"\n" for line in run(FIRST, 3, "z" * 900))
        journal.write_bytes(b"".join(rows[:3]) + long)
    elif how == "replaced":
        other = lab.folder / "other"
        other.write_bytes(b"".join(rows[:3]))
        other.replace(journal)
    else:
        journal.unlink()
    assert lab.showing() == []
    assert lab.showing("sha256:2") == [f"{SECOND}:1"]
    assert bool(lab.records.of_code("x = 1", [])) == (how != "gone")
    keys = lab.index.connection.execute("SELECT count(*) FROM run_keys JOIN sessions ON id = session_id").fetchone()
    assert lab.index.connection.execute("SELECT count(*) FROM run_keys").fetchone() == keys


def test_digests_and_doings_that_came_late_are_found(lab: Lab) -> None:
    big = file("big.csv", None, 9_000_000)
    lab.write(FIRST, session(FIRST), *run(FIRST, 1, "write()", writes=[big]))
    copy = {**big, "path": "copy.csv", "sha256": "b" * 64}
    lab.write(SECOND, session(SECOND), *run(SECOND, 1, "read()", 3, reads=[copy]))
    assert lab.records.readers("big.csv") == []
    lab.write(FIRST, {"type": "digests", "id": f"{FIRST}:1", "files": [{**big, "sha256": "b" * 64}]})
    lab.write(FIRST, {"type": "late", "id": f"{FIRST}:1", "writes": [file("late.csv", "c" * 64)]})
    assert [found.id for found in lab.records.readers("big.csv")] == [f"{SECOND}:1"]
    for path, content in (("big.csv", "b" * 64), ("other name", "c" * 64)):
        ((found, one),) = lab.records.writers(FileSeen(path, 4, "", content))
        assert (found.id, one.sha256) == (f"{FIRST}:1", content)


def test_sessions_of_one_second_are_in_the_order_in_which_they_began(lab: Lab) -> None:
    lab.write(FIRST, session(FIRST, 1), *run(FIRST, 1, "a", **shown()))
    lab.write(SECOND, session(SECOND, 2), *run(SECOND, 1, "b", **shown()))
    assert (lab.records.number(FIRST), lab.records.number(SECOND)) == (1, 2)
    assert lab.showing() == [f"{FIRST}:1", f"{SECOND}:1"]
    assert [found.code for found in lab.records.latest()] == ["b", "a"]
    earlier = "20261101T000000-000000000000"
    lab.write(earlier, {"type": "session", "nbgit-run": 1, "id": earlier, "started": "2026-11-01T00:00:00.000Z"})
    assert lab.records.number(SECOND) == 2  # a session without runs is none


def test_the_latest_runs_are_told_first_and_only_the_sessions_that_have_them_are_read(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(5):
        name = f"20261105T140{hour}00-00000000000{hour}"
        lines = [line for number in (1, 2) for line in run(name, number, f"{hour}.{number}", hour + 3 * number)]
        lab.write(name, session(name, notebook=f"days/{hour}.ipynb"), *lines)
    order = ["4.2", "3.2", "2.2", "1.2", "4.1", "0.2", "3.1", "2.1", "1.1", "0.1"]
    assert [found.code for found in lab.records.latest()] == order
    read: list[str] = []
    rows = JournalSource.rows

    def noted(source: JournalSource, start: int = 0) -> Iterator[tuple[bytes, int]]:
        read.append(source.session[-1])
        return rows(source, start)

    monkeypatch.setattr(JournalSource, "rows", noted)
    newest = lab.records.latest()
    assert [next(newest).code, read] == ["4.2", ["4"]]
    assert [found.code for found in lab.records.latest("2026-11-05T14:08")] == ["4.2", "3.2", "2.2"]
    assert read == ["4", "4", "3", "2"]
    found = lab.records.latest(until="2026-11-05T14:04:30", places=["days/0.ipynb", "days/1.ipynb"])
    assert [one.code for one in found] == ["1.1", "0.1"]
    assert len(list(lab.records.latest(places=["days"]))) == 10


def test_the_runs_of_a_cell_are_looked_for_in_its_notebook_and_where_none_is_known(lab: Lab) -> None:
    for name, home in ((FIRST, "a.ipynb"), (SECOND, "b.ipynb"), (SECOND[:-1] + "1", None)):
        lab.write(name, session(name, notebook=home), *run(name, 1, "print(1)"))
    assert [found.session.notebook for found in lab.records.of_code("print(1)", ["b.ipynb"])] == ["b.ipynb", None]


def test_hostile_lines_take_nothing_with_them(lab: Lab) -> None:
    good = run(FIRST, 7, "plot()", **shown())
    lab.write(SECOND, session(SECOND), *run(FIRST, 1, "not of this session"), *run(SECOND, 1, "mine"))
    lab.write(
        FIRST,
        session(FIRST, notebook="\ud800.ipynb"),
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
        b'{"type":"begin","id":"' + b"x" * LINE_LIMIT + b'"}\n',
        {"type": "begin", "id": f"{FIRST}:\u00b2", "code": "x", "started": "2026", "head": None},
        {"type": "begin", "id": f"{FIRST}:{'9' * 5000}", "code": "x", "started": "2026", "head": None},
        {"type": "begin", "id": f"{FIRST}:2", "code": {"a": 1}, "started": None},
        {"type": "begin", "id": f"{FIRST}:3", "code": "\udfff", "started": "\udfff" * 50, "head": None},
        {"type": "end", "id": f"{FIRST}:3", "displayed": [{"digest": 5}], "reads": [7], "seconds": "inf", "outcome": 1},
        {"type": "end", "id": [], "displayed": 5, "writes": {"a": 1}},
        {"type": "session", "kernel": 5, "host": {"a": 1}, "pid": True},
        {"type": ["begin"], "id": f"{FIRST}:7"},
        *good,
        b'{"torn',
    )
    assert lab.showing() == [f"{FIRST}:7"]
    assert {found.id for found in lab.records.latest()} >= {f"{FIRST}:7", f"{SECOND}:1"}
    assert lab.records.of_code("not of this session", []) == []
    with open(lab.folder / f"{SECOND}.jsonl", "r+b") as endless:
        endless.truncate(2 * LIMIT)
    assert [found.code for found in lab.records.of_session(SECOND)] == ["mine"]


def test_a_run_ends_when_or_after_it_began() -> None:
    assert ended("2026-11-05T14:02:11.104Z", 0.0005) == "2026-11-05T14:02:11.104Z"
    assert ended("2026-11-05T14:02:11.104900Z", 0.00005) == "2026-11-05T14:02:11.104950Z"
    assert ended("nonsense", 1e300) is None


def test_sessions_that_are_not_asked_for_any_more_leave_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"20261105T140211-00000000000{number}" for number in range(4)]
    for number, name in enumerate(names):
        lab.write(name, session(name, number), *run(name, 1, f"a{number}", **shown()), *run(name, 2, "b"))
    monkeypatch.setattr(records_module, "HELD", 4)
    records = lab.records
    assert [found.code for found in records.showing(PNG)] == ["a0", "a1", "a2", "a3"]
    assert len(records._read) == 2
    assert [[found.code for found in records.of_session(name)] for name in names] == [[f"a{n}", "b"] for n in range(4)]


OLD, NEW = "a" * 64, "b" * 64
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_who_wrote_and_who_read_goes_by_content_through_renames_and_copies(lab: Lab) -> None:
    lab.write(FIRST, session(FIRST), *run(FIRST, 1, "make()", writes=[file("data/clean.csv", OLD)]))
    lab.write(SECOND, session(SECOND, notebook="b.ipynb"), *run(SECOND, 1, "use()", 3, reads=[file("tidy.csv", OLD)]))
    (reader,) = lab.records.of_session(SECOND)
    assert lab.records.writing(FileSeen("tidy.csv", 4, "", OLD), reader) == (
        lab.records.of_session(FIRST)[0],
        FileSeen("data/clean.csv", 4, "2026-11-05T14:00:00.000000Z", OLD),
    )
    for path in ("data/clean.csv", "tidy.csv"):
        assert [one.id for one in lab.records.readers(path)] == [reader.id]
    assert lab.records.writers_at("tidy.csv") == []


def test_empty_files_are_no_copies_of_each_other(lab: Lab) -> None:
    made = [file("a.lock", EMPTY, 0), file("b.csv", EMPTY, 0)]
    lab.write(FIRST, session(FIRST), *run(FIRST, 1, "make()", writes=made[:1]), *run(FIRST, 2, "b()", writes=made[1:]))
    later = {**file("b.csv", EMPTY, 0), "mtime": "2026-11-05T14:09:00.000000Z"}  # checked out elsewhere
    lab.write(SECOND, session(SECOND), *run(SECOND, 1, "use()", 3, reads=[later]))
    (reader,) = lab.records.of_session(SECOND)
    writer = lab.records.writer(reader.reads[0], reader)
    assert writer is not None
    assert writer.number == 2
    assert lab.records.writer(reader.reads[0]._replace(path="c.csv"), reader) is None
    assert lab.records.readers("a.lock") == []
    assert [one.id for one in lab.records.readers_of(writer.writes[0])] == [reader.id]


def test_what_was_appended_to_leads_to_both_writers(lab: Lab) -> None:
    before = file("log.csv", None)
    lab.write(FIRST, session(FIRST), *run(FIRST, 1, "make()", writes=[file("log.csv", OLD)]))
    lab.write(SECOND, session(SECOND), *run(SECOND, 1, "add()", 3, reads=[before], writes=[file("log.csv", NEW, 9)]))
    (adder,) = lab.records.of_session(SECOND)
    writer = lab.records.writer(adder.reads[0], adder)
    assert writer is not None
    assert writer.session.id == FIRST
