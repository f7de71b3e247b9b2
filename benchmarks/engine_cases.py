"""Notebooks that are hard to compare: generated pairs (before, after), the same each time.

`size` is the number of the repeated thing (cells, lines, points): a pair of twice the size is twice as long.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

WORDS = [
    *("frame", "axis", "table", "model", "score", "split", "train", "figure", "legend", "density", "labels", "sample"),
    *("kernel", "matrix", "column", "filter", "window", "result", "series", "values", "weights", "index", "groups"),
    *("totals", "signal", "errors", "bounds", "points", "energy", "volume"),
]
Cell = dict[str, Any]
Pair = tuple[bytes, bytes]


class Case(NamedTuple):
    """One kind of pair: what it is, the size that the budget is for, and how to make it."""

    name: str
    size: int
    make: Callable[[int], Pair]
    seconds: float


def cases() -> list[Case]:
    """Return every generated case with its budget in seconds."""
    return [
        Case("500 cells without ids, 30 % edited, 5 % moved", 500, edited_cells, 0.1),
        Case("1,000 cells without ids, 30 % edited, 5 % moved", 1000, edited_cells, 0.3),
        Case("50 alike cells of 40 lines without ids, all edited", 50, alike_cells, 0.5),
        Case("a cell of 4,000 lines, 10 % edited", 4000, long_cell, 0.5),
        Case("a cell of 4,000 lines out of 30 words, written anew", 4000, shuffled_cell, 0.5),
        Case("500 equal cells and 500 empty ones, shuffled", 1000, equal_cells, 0.5),
        Case("a cell with one line of 32 kB", 32_000, long_line, 0.5),
        Case("a widget's state of 32 kB", 32_000, widget_state, 0.5),
        Case("a plotly figure of 10,000 points, run again", 10_000, plotly_figure, 0.5),
        Case("ten tables of 50 x 8, run again", 10, tables, 0.5),
        Case("200 outputs in a cell, run again", 200, many_outputs, 0.5),
        Case("ten streams of 1 MB, run again", 1_000_000, streams, 0.5),
    ]


def code(lines: list[str], outputs: list[Any] | None = None) -> Cell:
    """Return a code cell without an id."""
    source = [line + "\n" for line in lines[:-1]] + lines[-1:]
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": outputs or [], "source": source}


def document(cells: list[Cell], **metadata: object) -> bytes:
    """Return a notebook's bytes (4.4: no cell ids)."""
    whole = {"cells": cells, "metadata": {"language_info": {"name": "python"}, **metadata}}
    return (json.dumps({**whole, "nbformat": 4, "nbformat_minor": 4}, indent=1) + "\n").encode()


def edited_cells(size: int) -> Pair:
    """Return cells of one to twelve lines: 30 % get a changed line, 5 % another place."""
    source = random.Random(size)
    cells = [[_statement(source) for _ in range(source.randrange(1, 13))] for _ in range(size)]
    after = [list(lines) for lines in cells]
    for at in source.sample(range(size), size * 3 // 10):
        after[at][source.randrange(len(after[at]))] = _statement(source)
    for _ in range(size // 20):
        moved = after.pop(source.randrange(len(after)))
        after.insert(source.randrange(len(after)), moved)
    return document([code(lines) for lines in cells]), document([code(lines) for lines in after])


def alike_cells(size: int) -> Pair:
    """Return cells of 40 lines that differ in two of them; each gets a third line of its own."""
    body = [f"{word}_{number} = table['{word}'].rolling({number}).mean()" for number, word in enumerate(WORDS)][:38]
    body += [f"step_{number}()" for number in range(38 - len(body))]
    before = [[*body, f"name = 'run {at}'", f"show({at})"] for at in range(size)]
    after = [[*lines[:20], f"extra = {at * 7}", *lines[21:]] for at, lines in enumerate(before)]
    return document([code(lines) for lines in before]), document([code(lines) for lines in after])


def long_cell(size: int) -> Pair:
    """Return one cell of `size` lines, a tenth of them changed."""
    source = random.Random(size)
    before = [_statement(source) for _ in range(size)]
    after = [_statement(source) if source.random() < 0.1 else line for line in before]
    return document([code(before)]), document([code(after)])


def shuffled_cell(size: int) -> Pair:
    """Return one cell of `size` lines out of few different ones, in another order: no line occurs only once."""
    source = random.Random(size)
    return document([code(source.choices(WORDS, k=size))]), document([code(source.choices(WORDS, k=size))])


def equal_cells(size: int) -> Pair:
    """Return cells of which every other is empty and the rest are equal, and fewer of them in another order."""
    source = random.Random(size)
    before = [code(["plt.show()"] if at % 2 else [""]) for at in range(size)]
    after = source.sample(before, size - size // 10)
    return document(before), document(after)


def long_line(size: int) -> Pair:
    """Return a cell with one line of `size` characters, a few of them changed."""
    source = random.Random(size)
    text = [source.choice("abcdefgh0123456789 ,") for _ in range(size)]
    after = list(text)
    for at in source.sample(range(size), 20):
        after[at] = "X"
    return document([code(["data = '" + "".join(text) + "'"])]), document([code(["data = '" + "".join(after) + "'"])])


def widget_state(size: int) -> Pair:
    """Return a notebook whose metadata hold a widget with one long string, another one after."""
    source = random.Random(size)

    def one() -> bytes:
        state = {"model_name": "ImageModel", "state": {"value": source.randbytes(size // 2).hex()}}
        kind = "application/vnd.jupyter.widget-state+json"
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "0", "version_major": 2}}
        shown = {"data": view, "metadata": {}, "output_type": "display_data"}
        return document([code(["image"], [shown])], widgets={kind: {"state": {"0": state}, "version_major": 2}})

    return one(), one()


def plotly_figure(size: int) -> Pair:
    """Return a plotly figure of `size` points, with other points after."""
    source = random.Random(size)

    def one() -> bytes:
        points = {"x": list(range(size)), "y": [source.gauss(0, 1) for _ in range(size)], "type": "scatter"}
        figure = {"data": [points], "layout": {"title": {"text": "Signal"}, "template": {"data": {}}}}
        data = {"application/vnd.plotly.v1+json": figure, "text/html": ["<div></div>"]}
        return document([code(["fig.show()"], [{"data": data, "metadata": {}, "output_type": "display_data"}])])

    return one(), one()


def tables(size: int) -> Pair:
    """Return `size` cells that show a data frame of 50 rows and 8 columns, with other numbers after."""
    source = random.Random(size)

    def one() -> Cell:
        rows = [[f"{source.gauss(0, 1):.6f}" for _ in range(8)] for _ in range(50)]
        html = ["<div>\n", '<table border="1" class="dataframe">\n', "  <tbody>\n"]
        for number, row in enumerate(rows):
            html += ["    <tr>\n", f"      <th>{number}</th>\n", *(f"      <td>{cell}</td>\n" for cell in row)]
            html += ["    </tr>\n"]
        text = [f"{number:2} " + "  ".join(row) + "\n" for number, row in enumerate(rows)]
        data = {"text/html": [*html, "  </tbody>\n", "</table>\n", "</div>"], "text/plain": text}
        shown = {"data": data, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}
        return code(["frame.sample(50)"], [shown])

    return document([one() for _ in range(size)]), document([one() for _ in range(size)])


def many_outputs(size: int) -> Pair:
    """Return a cell with `size` outputs, printed lines and small results in turn, with other numbers after."""
    source = random.Random(size)

    def one(number: int) -> dict[str, Any]:
        text = [f"epoch {number}: loss={source.random():.6f}\n"] * 3
        if number % 2:
            return {"name": "stdout", "output_type": "stream", "text": text}
        return {"data": {"text/plain": text}, "metadata": {}, "output_type": "display_data"}

    pair = [document([code(["train()"], [one(number) for number in range(size)])]) for _ in range(2)]
    return pair[0], pair[1]


def streams(size: int) -> Pair:
    """Return ten cells that each print `size` bytes: in half of them every line is new after, else every 20th."""
    source = random.Random(size)
    before, after = [], []
    for number in range(10):
        lines = [f"step {at}: loss={source.random():.9f} rate={source.random():.9f}\n" for at in range(size // 43)]
        share = 1.0 if number % 2 else 0.05
        again = [line[:-2] + "x\n" if source.random() < share else line for line in lines]
        before.append(code([f"train({number})"], [{"name": "stdout", "output_type": "stream", "text": lines}]))
        after.append(code([f"train({number})"], [{"name": "stdout", "output_type": "stream", "text": again}]))
    return document(before), document(after)


def _statement(source: random.Random) -> str:
    left, right, last = source.choices(WORDS, k=3)
    return f"{left}_{source.randrange(1000)} = {right}.{last}({source.randrange(100)})"
