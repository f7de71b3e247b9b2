"""What must hold for any two notebooks: patching gives the other, outputs never matter, nothing crashes."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.diff.changes import LineEdits, apply, apply_hunks, changes, split_lines
from nbgit.diff.lines import match
from nbgit.diff.report import Side, report
from nbgit.notebook.cells import read_cells
from nbgit.notebook.text import readable_text

LINES = st.sampled_from(["x = 1", "y = 2", "", "plot(x)", "# Title", "z", "print(x, y)", "\tπ"])
SOURCES = st.lists(LINES, max_size=6).map("\n".join)
CELLS = st.builds(
    lambda kind, source, cell_id, tags: {
        "cell_type": kind,
        "metadata": {"tags": tags} if tags else {},
        "source": source,
        **({"id": cell_id} if cell_id else {}),
        **({"outputs": [], "execution_count": None} if kind == "code" else {}),
    },
    st.sampled_from(["code", "markdown", "raw"]),
    SOURCES,
    st.sampled_from([None, "a", "b", "c", "d", "1f2e3d4c"]),
    st.lists(st.sampled_from("pq"), max_size=2),
)
NOTEBOOKS = st.lists(CELLS, max_size=7).map(
    lambda cells: {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
)


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


@given(NOTEBOOKS, NOTEBOOKS)
def test_applying_the_changes_gives_the_other_notebook(a: dict[str, Any], b: dict[str, Any]) -> None:
    old, new = read_cells(encode(a)), read_cells(encode(b))
    assert apply(old, changes(old, new)) == b["cells"]


@given(NOTEBOOKS, NOTEBOOKS)
def test_every_cell_of_both_sides_appears_once(a: dict[str, Any], b: dict[str, Any]) -> None:
    what = changes(read_cells(encode(a)), read_cells(encode(b)))
    assert sorted(change.before.index for change in what.cells if change.before) == list(range(len(a["cells"])))
    assert [change.after.index for change in what.cells if change.after] == list(range(len(b["cells"])))


@given(NOTEBOOKS)
def test_a_notebook_has_no_changes_to_itself(a: dict[str, Any]) -> None:
    what = changes(read_cells(encode(a)), read_cells(encode(a)))
    assert not any(change.shows or change.id_changed for change in what.cells)
    assert not what.about.hunks


@given(st.lists(LINES, max_size=30), st.lists(LINES, max_size=30))
def test_line_edits_turn_one_text_into_the_other(a: list[str], b: list[str]) -> None:
    assert apply_hunks(a, LineEdits(a, b)) == "\n".join(b)


@given(st.text(alphabet="ab\n\r\x0b\u2028", max_size=20))
def test_lines_join_again(text: str) -> None:
    assert "\n".join(split_lines(text)) == text


@given(st.lists(st.integers(0, 3), max_size=250), st.lists(st.integers(0, 3), max_size=250))
@settings(max_examples=30)
def test_blocks_match_and_rise_at_any_size(a: list[int], b: list[int]) -> None:
    a_at = b_at = 0
    for a_start, b_start, length in match(a, b).blocks:
        assert a_start >= a_at
        assert b_start >= b_at
        assert a[a_start : a_start + length] == b[b_start : b_start + length]
        a_at, b_at = a_start + length, b_start + length


@given(NOTEBOOKS, st.integers(0, 99), st.text(max_size=30))
def test_readable_text_does_not_depend_on_a_run(a: dict[str, Any], count: int, printed: str) -> None:
    clean = readable_text(encode(a))
    run = json.loads(encode(a))
    for cell in run["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = count
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
        cell["metadata"]["execution"] = {"iopub.status.busy": str(count)}
    run["metadata"]["widgets"] = {"state": printed}
    assert readable_text(encode(run)) == clean


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_are_compared_without_control_characters(a: bytes, b: bytes) -> None:
    text = report(Side("n", a), Side("n", b))
    assert bool(text) == (a != b)
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in text)


WORDS = st.sampled_from(["frame", "axis", "table", "model", "score", "split", "train", "figure", "legend", "density"])
LONG_LINES = st.builds(lambda number, *words: f"{' '.join(words)} {number}", st.integers(0, 99), WORDS, WORDS, WORDS)
TEXTS = st.lists(st.lists(LONG_LINES, min_size=2, max_size=9), min_size=1, max_size=5)


@given(TEXTS, st.data())
def test_split_and_joined_cells_are_applied_like_any(texts: list[list[str]], data: st.DataObject) -> None:
    """Cut cells at random places, add lines, and compare both ways."""
    cut: list[list[str]] = []
    for lines in texts:
        at = data.draw(st.integers(0, len(lines)))
        cut += [part for part in (lines[:at], lines[at:]) if part]
    for lines in cut:
        for line in data.draw(st.lists(LONG_LINES, max_size=1)):
            lines.insert(data.draw(st.integers(0, len(lines))), line)
    one, other = (
        {"cells": [{"cell_type": "code", "metadata": {}, "source": "\n".join(lines)} for lines in side]}
        for side in (texts, cut)
    )
    for a, b in ((one, other), (other, one)):
        old, new = (read_cells(encode({**side, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})) for side in (a, b))
        assert apply(old, changes(old, new)) == b["cells"]
