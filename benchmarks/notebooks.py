"""Generated notebooks: real PNGs of random pixels in base64, HTML tables, printed text; the same for the same seed."""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from typing import Any

PRINTED = "epoch {0}: loss={1:.6f} accuracy={2:.4f}\n"


def png(source: random.Random, size: int) -> bytes:
    """Return a valid PNG of about `size` bytes; its pixels are random, so no two are the same."""
    width = 64
    height = max(1, size // (width * 3 + 1))
    rows = b"".join(b"\0" + source.randbytes(width * 3) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def figure_cell(source: random.Random, index: int, size: int) -> dict[str, Any]:
    """Return a code cell that shows a new figure of about `size` bytes and prints a line."""
    data = {
        "image/png": base64.b64encode(png(source, size)).decode("ascii") + "\n",
        "text/plain": ["<Figure size 640x480 with 1 Axes>"],
    }
    display = {"data": data, "metadata": {"needs_background": "light"}, "output_type": "display_data"}
    lines = ["fig, ax = plt.subplots()\n", f"ax.plot(table[{index}])"]
    return _code(index, lines, [_printed(source, 3), display])


def table_cell(source: random.Random, index: int, rows: int = 20) -> dict[str, Any]:
    """Return a code cell that shows a data frame, as HTML and as text."""
    numbers = [[f"{source.gauss(0, 1):.6f}" for _ in range(6)] for _ in range(rows)]
    html = ['<table border="1" class="dataframe">\n']
    html += ["  <tr>" + "".join(f"<td>{number}</td>" for number in row) + "</tr>\n" for row in numbers]
    text = ["  ".join(row) + "\n" for row in numbers]
    result = {
        "data": {"text/html": [*html, "</table>"], "text/plain": text},
        "execution_count": index + 1,
        "metadata": {},
        "output_type": "execute_result",
    }
    return _code(index, [f"table[{index}].head({rows})"], [result])


def text_cell(source: random.Random, index: int) -> dict[str, Any]:
    """Return a Markdown cell."""
    words = [f"section {index}: {source.randrange(10**6)} samples\n", "\n", "Each point is one *measurement*.\n"]
    return {"cell_type": "markdown", "id": f"text-{index}", "metadata": {}, "source": [f"## Part {index}\n", *words]}


def notebook_bytes(cells: list[dict[str, Any]]) -> bytes:
    """Return a v4.5 notebook's bytes as Jupyter writes them."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "version": "3.11.4"}
    metadata = {"kernelspec": kernel, "language_info": language}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def distinct_set(count: int, size: int, seed: int = 1) -> dict[str, bytes]:
    """Return `count` notebooks of about `size` bytes each, in which every figure and every table is unique."""
    found: dict[str, bytes] = {}
    for number in range(count):
        source = random.Random(f"{seed}-{number}")
        figures = 8
        png_size = max(300, int(size * 0.72 / figures))
        cells: list[dict[str, Any]] = []
        for index in range(0, 3 * figures, 3):
            parts = (text_cell(source, index), table_cell(source, index + 1), figure_cell(source, index + 2, png_size))
            cells.extend(parts)
        found[f"distinct/{number:03d}.ipynb"] = notebook_bytes(cells)
    return found


def huge_notebook(size: int, seed: int = 2) -> bytes:
    """Return one notebook of about `size` bytes: figures of 1 MB of random pixels, and a few tables."""
    source = random.Random(seed)
    cells = [table_cell(source, index, rows=200) for index in range(4)]
    figure = 1 << 20
    while sum(1 for cell in cells if cell["id"].startswith("figure")) * figure * 4 // 3 < size:
        cell = figure_cell(source, len(cells), figure)
        cells.append({**cell, "id": f"figure-{len(cells)}"})
    return notebook_bytes(cells)


def _code(index: int, lines: list[str], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": index + 1,
        "id": f"code-{index}",
        "metadata": {},
        "outputs": outputs,
        "source": lines,
    }


def _printed(source: random.Random, lines: int) -> dict[str, Any]:
    text = [PRINTED.format(line, source.random(), source.random()) for line in range(lines)]
    return {"name": "stdout", "output_type": "stream", "text": text}
