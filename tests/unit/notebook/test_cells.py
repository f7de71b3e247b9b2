"""`read_cells`: every format's cells under one set of names, and a clear error for what is no notebook."""

import json
from typing import Any

import pytest

from nbgit.errors import NotANotebook
from nbgit.notebook.cells import read_cells


def encode(notebook: object) -> bytes:
    return json.dumps(notebook).encode()


def v4(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return encode({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_v4_cells_read_in_order_with_index_from_zero() -> None:
    code = {
        "cell_type": "code",
        "id": "a1",
        "source": ["x = 1\n", "x"],
        "metadata": {"tags": ["t"]},
        "execution_count": 3,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}],
    }
    notebook = read_cells(v4({"cell_type": "markdown", "source": "# Hi", "metadata": {}}, code))
    assert notebook.nbformat == (4, 5)
    first, second = notebook.cells
    assert (first.index, first.kind, first.id, first.source, first.outputs) == (0, "markdown", None, "# Hi", [])
    assert (second.index, second.kind, second.id, second.source) == (1, "code", "a1", "x = 1\nx")
    assert (second.execution_count, second.metadata) == (3, {"tags": ["t"]})
    assert second.outputs[0]["text"] == "1"
    assert second.raw == code


def test_v3_worksheets_prompt_numbers_and_headings_read_under_v4_names() -> None:
    sheets = [
        {"cells": [{"cell_type": "heading", "level": 2, "source": ["A\n", "b"], "metadata": {}}], "metadata": {}},
        {
            "cells": [
                {
                    "cell_type": "code",
                    "input": "x",
                    "language": "Python",
                    "prompt_number": 7,
                    "outputs": [],
                    "metadata": {},
                }
            ]
        },
    ]
    notebook = read_cells(encode({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": sheets}))
    heading, code = notebook.cells
    assert (heading.kind, heading.source) == ("markdown", "## A b")
    assert (code.index, code.source, code.execution_count) == (1, "x", 7)
    assert notebook.language == "python"


def test_v1_reads_code_and_text() -> None:
    cells = [{"cell_type": "code", "code": "1+1", "prompt_number": 1}, {"cell_type": "text", "text": "words"}]
    notebook = read_cells(encode({"nbformat": 1, "cells": cells}))
    assert [(cell.kind, cell.source) for cell in notebook.cells] == [("code", "1+1"), ("markdown", "words")]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "R"}, "kernelspec": {"language": "python"}}, "r"),
        ({"kernelspec": {"language": "Julia"}}, "julia"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": 5, "language_info": []}, ""),
        ({}, ""),
    ],
)
def test_language_comes_from_the_first_that_names_it(metadata: dict[str, Any], language: str) -> None:
    assert read_cells(v4(**metadata)).language == language


def test_json_that_only_python_reads_is_read() -> None:
    text = b'\xef\xbb\xbf{"nbformat": 4, "nbformat_minor": 4, "metadata": {"x": NaN, "y": -Infinity, "n": 1%s},' % (
        b"0" * 6000
    )
    text += b'"cells": [{"cell_type": "raw", "source": "\\ud83d", "metadata": {}}]}'
    notebook = read_cells(text)
    assert notebook.cells[0].source == "\ud83d"
    assert len(str(notebook.metadata["n"])) == 6001


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"<<<<<<< HEAD\n{}\n",
        b"\xff\xfe\x00",
        b'{"cells": []}',
        b'{"nbformat": 4}',
        b'{"nbformat": "4", "cells": []}',
        b'{"nbformat": 4, "cells": [1]}',
        b'{"nbformat": 4, "cells": [{"source": 5}]}',
        b'{"nbformat": 4, "cells": [{"source": ["a", 5]}]}',
        b'{"nbformat": 3, "worksheets": [{"cells": 1}]}',
        b'{"nbformat": 3, "worksheets": [1]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(NotANotebook, match="not a notebook"):
        read_cells(data)
