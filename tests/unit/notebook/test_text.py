"""`readable_text`: lean, stable, safe to print."""

import json
from typing import Any

import pytest

from nbgit.notebook.policy import Policy
from nbgit.notebook.text import is_made_up, readable_text, visible, without_stars


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cell(kind: str, source: str, **members: Any) -> dict[str, Any]:
    extra: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **extra, **members}


def text_of(value: dict[str, Any]) -> str:
    return readable_text(json.dumps(value).encode()).decode()


def test_a_header_line_per_cell_names_kind_and_section() -> None:
    text = text_of(
        notebook(
            cell("code", "import os"),
            cell("markdown", "# Density\n\nWords."),
            cell("code", "plot()\n\nx"),
            kernelspec={"name": "python3", "display_name": "Python 3"},
            language_info={"name": "python", "version": "3.9"},
        )
    )
    assert text == (
        "# notebook 4.5, python, kernel Python 3 / python3\n"
        "\n## cell [code]\nimport os\n"
        "\n## cell [markdown] Density\n# Density\n\nWords.\n"
        "\n## cell [code] Density\nplot()\n\nx\n"
    )


def test_inserting_a_cell_at_the_top_leaves_every_other_line_as_it_was() -> None:
    cells = [cell("code", f"x{number} = {number}") for number in range(5)]
    before = text_of(notebook(*cells)).splitlines()
    after = text_of(notebook(cell("code", "new"), *cells)).splitlines()
    assert after == [*before[:1], "", "## cell [code]", "new", *before[1:]]


def test_new_ids_made_up_by_a_tool_change_nothing_and_chosen_ids_show() -> None:
    first = text_of(notebook(cell("code", "x", id="1f3a9c2e"), cell("code", "y", id="load-data")))
    second = text_of(notebook(cell("code", "x", id="00aa11bb"), cell("code", "y", id="load-data")))
    assert first == second
    assert "## cell [code] load-data\ny\n" in first


@pytest.mark.parametrize(
    "made_up", ["8a3f01bc", "deadbeef", "0d5bd7e2-3a4b-4c1d-9e1f-aabbccddeeff", "X20sZmlsZQ%3D%3D"]
)
def test_ids_of_jupyter_and_vscode_are_made_up(made_up: str) -> None:
    assert is_made_up(made_up)


@pytest.mark.parametrize("chosen", ["cell1", "load-data", "imports", "fig_3", "a"])
def test_ids_of_people_are_not_made_up(chosen: str) -> None:
    assert not is_made_up(chosen)


def test_nothing_volatile_shows() -> None:
    lean = notebook(cell("code", "x"), language_info={"name": "python"})
    run = notebook(
        cell(
            "code",
            "x",
            execution_count=12,
            outputs=[{"output_type": "stream", "name": "stdout", "text": "secret"}],
            metadata={"execution": {"iopub.status.busy": "2020"}, "collapsed": True, "scrolled": True},
        ),
        language_info={"name": "python", "version": "3.12.1"},
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {"a": 1}}},
    )
    assert text_of(lean) == text_of(run)


def test_metadata_that_says_something_shows_a_leaf_a_line() -> None:
    metadata = {
        "tags": ["parameters", "slow"],
        "slideshow": {"slide_type": "slide"},
        "editable": True,
        "vscode": {},
        "deletable": False,
        "long": "x" * 500,
    }
    lines = text_of(notebook(cell("code", "x", metadata=metadata), title="T")).splitlines()
    assert lines[1] == "# title: T"
    assert lines[3:7] == [
        "## cell [code]",
        "## deletable: false",
        f"## long: {'x' * 120}… (500 characters, {lines[5][-9:-1]})",
        "## slideshow.slide_type: slide",
    ]
    assert lines[7:] == ["## tags: parameters, slow", "x"]


def test_a_policy_decides_what_is_volatile_and_what_is_kept() -> None:
    kept = [{"output_type": "display_data", "data": {"text/plain": "x", "image/png": "iVBO"}, "metadata": {}}]
    table = notebook(cell("code", "x", outputs=kept, metadata={"tags": ["keep_output"], "mine": 1}))
    data = json.dumps(table).encode()
    assert b"## mine: 1\n" in readable_text(data)
    assert b"## kept output display_data image/png, text/plain, 97 characters, " in readable_text(data)
    lean = readable_text(data, Policy(cell_metadata=("mine",), keep_tags=()))
    assert lean.endswith(b"## cell [code]\n## tags: keep_output\nx\n")


def test_an_attachment_is_one_line() -> None:
    attached = cell("markdown", "![](a.png)", attachments={"a.png": {"image/png": "iVBOR" * 100}})
    assert "\n## attachment a.png: image/png, 500 characters, " in text_of(notebook(attached))


def test_headings_in_code_fences_are_no_sections() -> None:
    text = text_of(notebook(cell("markdown", "## Real ##\n```\n# comment\n```\n#hashtag"), cell("code", "x")))
    assert "## cell [code] Real\n" in text


def test_nothing_reaches_the_terminal_but_what_prints() -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202eevil\r\ttab\x7f\x00 ünïcode 🎉\ud800"
    text = text_of(notebook(cell("code", hostile, id="a\x1b[2J"), title="\x1b[31m"))
    assert "␛]0;owned␇<U+009B>31m<U+202E>evil␍\ttab␡␀ ünïcode 🎉<U+D800>" in text
    assert not any(ord(letter) < 32 and letter not in "\t\n" for letter in text)
    assert visible("plain\ttext") == "plain\ttext"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> x\n", b'{"a":\t1}', b"[1, 2]", "ü\n\nx".encode()]
)
def test_what_is_no_notebook_comes_back_line_by_line(data: bytes) -> None:
    assert readable_text(data) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "Binary file, 9 bytes, 03c38f75\n"),
        (b'{"x": "\x1b[31m\xc2\x9b2J\xe2\x80\xae\xff"\r\n', '{"x": "␛[31m<U+009B>2J<U+202E>\\xff"␍\n'),
        (b"# notebook \x1b[2J", "# notebook ␛[2J"),
    ],
)
def test_what_is_no_notebook_is_safe_to_print(data: bytes, text: str) -> None:
    made = readable_text(data)
    assert made.decode() == text
    assert readable_text(made) == made


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Analysis of *waves*", "Analysis of waves"),
        ("**Bold** and *slanted*", "Bold and slanted"),
        ("***both*** ends", "both ends"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a * b", "a * b"),
        ("*open", "*open"),
        ("**odd* one", "**odd* one"),
        ("*a **b** c*", "a b c"),
        (r"\*kept\*", r"\*kept\*"),
        ("", ""),
        ("*", "*"),
        ("plain", "plain"),
    ],
)
def test_stars_of_emphasis_are_no_part_of_a_title(heading: str, title: str) -> None:
    assert without_stars(heading) == title


def test_a_section_is_named_without_them() -> None:
    assert "## cell [markdown] Analysis of waves\n# Analysis of *waves*" in text_of(
        notebook({"cell_type": "markdown", "metadata": {}, "source": "# Analysis of *waves*"})
    )
