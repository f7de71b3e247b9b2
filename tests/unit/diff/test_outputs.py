"""Changes of outputs: what counts as one, what is told of it, and how much is printed."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path
from typing import Any

import pytest

from nbgit.diff.compare import compare, tell
from nbgit.diff.figures import changed_share
from nbgit.diff.outputs import OutputChange, output_changes
from nbgit.diff.report import Side, report
from nbgit.diff.tables import TableEdits, read_table
from nbgit.diff.values import ValueEdits
from nbgit.diff.view import FULL, NONE, View
from nbgit.notebook.cells import Cell
from tests.nb import code, notebook

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "diff"


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def stream(text: str | list[str], name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def found(before: list[Any], after: list[Any]) -> list[OutputChange]:
    return output_changes(Cell(0, code("x", outputs=before)), Cell(0, code("x", outputs=after)))


def told(before: list[Any], after: list[Any]) -> list[str]:
    return [tell(change, compare(change, decode=True)) for change in found(before, after)]


def png(size: tuple[int, int], *, black: int = 0, **options: Any) -> str:
    from PIL import Image

    image = Image.new("RGB", size, "white")
    for at in range(black):
        image.putpixel((at % size[0], at // size[0]), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("name", "lines"), [("stdout_one_line_of_300", 15), ("table_one_value_of_400_rows", 15), ("plotly_run_again", 5)]
)
def test_a_diff_is_as_long_as_what_happened(name: str, lines: int) -> None:
    assert (GOLDEN / name / "full.diff").read_text(encoding="utf-8").count("\n") <= lines


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([stream("a\n"), stream("b\n")], [stream("a\nb\n")]),
        ([stream(["a\n", "b\n"])], [stream("a\nb\n")]),
        ([display(**{"text/plain": "<A at 0x7f1122334455>"})], [display(**{"text/plain": "<A at 0x7fffffffffff>"})]),
        (
            [display(**{"text/html": "<b id='T_0a1b2_row0'>x</b>"})],
            [display(**{"text/html": "<b id='T_9f8e7_row0'>x</b>"})],
        ),
    ],
)
def test_what_nobody_reads_is_no_change(before: list[Any], after: list[Any]) -> None:
    assert found(before, after) == []


def test_what_a_program_printed_is_never_taken_for_noise() -> None:
    assert told([stream("0xdeadbeef")], [stream("0xdeadbeee")]) == ["stdout: 0xdeadbeef → 0xdeadbeee"]
    assert told([stream("bin[3]")], [stream("bin[4]")]) == ["stdout: bin[3] → bin[4]"]


def test_outputs_that_moved_up_are_not_compared_with_others() -> None:
    before = [stream("a"), display(**{"image/png": png((4, 4))}), stream("b")]
    assert told(before, before[1:]) == ["removed: stdout of 1 line"]
    assert [(change.index, change.kind) for change in found(before[1:], before)] == [(0, "stdout")]


def test_pixels_not_bytes_are_compared() -> None:
    same = found([display(**{"image/png": png((8, 8))})], [display(**{"image/png": png((8, 8), compress_level=0)})])
    assert [tell(change, compare(change, decode=True)) for change in same] == [
        "figure changed 8x8 → 8x8, the same pixels"
    ]
    assert "bytes" in tell(same[0], compare(same[0], decode=False))
    one = display(**{"image/png": png((100, 100), black=1)})
    assert told([display(**{"image/png": png((100, 100))})], [one]) == [
        "figure changed 100x100 → 100x100, under 0.1 % of pixels"
    ]


def test_a_share_of_pixels_is_exact() -> None:
    old, new = (base64.b64decode(png((20, 10), black=black)) for black in (0, 13))
    assert changed_share(old, new) == 13 / 200
    assert changed_share(old, old) == 0
    assert changed_share(old, b"no picture") is None
    assert changed_share(old, base64.b64decode(png((10, 20)))) is None


def test_tables_with_other_columns_and_labels() -> None:
    head = "<tr><th></th><th>x</th><th>y</th></tr>"
    rows = [f"<tr><th>{n}</th><td>{n * n}</td><td>&lt;{n}&gt;</td></tr>" for n in range(30)]
    table = "<table>{}{}</table>".format
    before = read_table(table(head, "".join(rows)))
    assert before.rows[2] == ("2", "4", "<2>")
    assert TableEdits(before, read_table(table(head, "".join(rows[5:])))).summary() == "5 rows removed"
    renumbered = [row.replace(f"<th>{n}<", f"<th>{n + 1}<") for n, row in enumerate(rows)]
    inserted = read_table(table(head, "<tr><th>0</th><td>7</td><td>8</td></tr>" + "".join(renumbered)))
    assert TableEdits(before, inserted).summary() == "1 row added"
    narrow = read_table(
        table("<tr><th></th><th>x</th></tr>", "".join(row.rpartition("<td>")[0] + "</tr>" for row in rows))
    )
    assert TableEdits(before, narrow).summary() == "column y removed"
    shown = [table(head, "".join(rows[:4])) + f"<p>{total} rows × 2 columns</p>" for total in (400, 402)]
    assert TableEdits(*map(read_table, shown)).summary() == "400x2 → 402x2"


def test_values_of_plots() -> None:
    nan = float("nan")
    assert ValueEdits({"y": [1, nan, 3]}, {"y": [1, nan, 4]}).summary() == "y (1 of 3 values changed)"
    assert ValueEdits({"a": {"b": 1}}, {"a": {"b": "two"}, "c": []}).summary() == "a.b 1 → two; c added: [0 items]"
    packed = [{"y": {"dtype": "f8", "bdata": base64.b64encode(bytes(8) + bytes([n] * 8)).decode()}} for n in (1, 2)]
    assert ValueEdits(*packed).summary() == "y (1 of 2 values changed)"
    many = ValueEdits({str(n): n for n in range(500)}, {str(n): -n for n in range(500)})
    assert not many.complete
    assert many.summary().endswith("and 97 or more other changes")


def test_a_long_text_is_compared_as_far_as_it_is_said() -> None:
    numbers = random.Random(1)
    texts = ["same\n" * 7 + "".join(f"{numbers.random()}\n" for _ in range(9000)) for _ in "ab"]
    assert told([stream(texts[0])], [stream(texts[1])]) == [
        "stdout: 5,000 of 9,007 lines changed, not compared beyond line 5,007"
    ]


@pytest.mark.parametrize(
    "outputs",
    [
        [None, 7, "x", {}, {"output_type": 3}, {"output_type": "stream"}, {"output_type": "error", "traceback": 1}],
        [display(), display(**{"text/html": 5, "image/png": ["no", 1]}), {"output_type": "display_data", "data": []}],
        [display(**{"application/vnd.plotly.v1+json": "text", "text/html": "<table><td"})],
        [display(**{"image/svg+xml": "<svg width='1' height='..'>"}), display(**{"application/pdf": "%PDF"})],
        [{"output_type": "pyout", "prompt_number": 1, "png": "iVBORw0KGgo=", "text": ["a"]}],
    ],
)
def test_odd_outputs_never_end_a_diff(outputs: list[Any]) -> None:
    others = [display(**{"text/html": "<table><tr><td>1", "text/plain": "\x1b[2J"}), stream("\x1b[2J\r\x07")]
    for before, after in ((outputs, others), (others, outputs)):
        for detail in (FULL, NONE):
            old, new = (Side("n", notebook(code("x", outputs=shown))) for shown in (before, after))
            text = report(old, new, View(outputs=detail, decode=True))
            assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in text)


def frame(*values: str) -> str:
    rows = "".join(f"<tr><th>{number}</th><td>{value}</td></tr>" for number, value in enumerate(values))
    return f"<table><tr><th></th><th>flux</th></tr>{rows}</table>"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            ["1.00", "2.50", "3.00"],
            ["1.0", "2.5", "4.0"],
            "1 of 3 rows changed (flux: 3.00 → 4.0), 2 rows only written in another way",
        ),
        (["1.00", "2", "3"], ["1", "3", "4"], "2 of 3 rows changed (2 values), 1 row only written in another way"),
        (["1.00", "2"], ["1", "2"], "the same values, 1 of 2 rows written in another way"),
        (["1e-05", "x"], ["0.00001", "x"], "the same values, 1 of 2 rows written in another way"),
        (
            ["1234567890123456.0"],
            ["1234567890123456.5"],
            "1 of 1 row changed (flux: 1234567890123456.0 → 1234567890123456.5)",
        ),
        (["1e-999"], ["2e-999"], "1 of 1 row changed (flux: 1e-999 → 2e-999)"),
        (["1e999"], ["2e999"], "1 of 1 row changed (flux: 1e999 → 2e999)"),
        (["NaN"], ["nan"], "1 of 1 row changed (flux: NaN → nan)"),
        (["0.0"], ["-0.00"], "the same values, 1 of 1 row written in another way"),
        (["1"], ["01.0", "2"], "1 row added, 1 row only written in another way"),
    ],
)
def test_numbers_of_tables_are_compared_as_numbers(before: list[str], after: list[str], words: str) -> None:
    edits = TableEdits(read_table(frame(*before)), read_table(frame(*after)))
    assert edits.summary() == words
    assert edits.as_json()["rows_changed"] == len(edits.changed)
