"""`nbgit slice`: from the code alone, and with the cells run in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nbgit.cli import run_command_line
from nbgit.external.json_schema import validate

CELLS = [
    "import os",
    "name = 'x'",
    "exec(name + ' = [1]')",
    "u = 2",
    "1 / 0",
    "open('a.txt', 'w').write('t')",
    "",
    "print(x)",
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ask(document: dict[str, Any], *options: str) -> int:
    """Run `nbgit slice` on a document."""
    Path("cells.json").write_text(json.dumps(document), encoding="utf-8")
    return run_command_line(["slice", *options, "cells.json"])


def test_the_answer_is_as_the_schema_has_it(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    document = {"cells": ["a = 1", "b = 2", "print(a)"], "target": 2, "execute": False}
    assert validate(document, "slice-input.v1") == []
    assert ask(document, "--json") == 0
    answer = json.loads(capfdbinary.readouterr().out)
    assert validate(answer, "slice.v1") == []
    assert answer["cells"] == [0, 2]
    assert answer["kind"] == "static"
    assert answer["edges"] == [{"cell": 2, "needs": 0, "reasons": ["defines a"]}]


def test_cells_are_run_in_a_kernel(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ask({"cells": CELLS, "target": 7, "execute": True}, "--json") == 0
    answer = json.loads(capfdbinary.readouterr().out)
    assert validate(answer, "slice.v1") == []
    assert answer["kind"] == "recorded"
    assert answer["cells"] == [1, 2, 7]
    assert Path("a.txt").read_text() == "t"


def test_people_are_told_why(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ask({"cells": ["a = [1]", "b = 2", "a.append(3)", "a"], "target": 3}) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "2", "3", "3"]
    assert lines[0].endswith("defines a")
    assert lines[1].endswith("changes a")
    assert lines[-1] == "3 of 4 cells (static)"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"cells": ["a"], "target": 1}, 9),
        ({"cells": ["a"], "target": -1}, 9),
        ({"cells": [], "target": 0}, 9),
        ({"cells": "a", "target": 0}, 3),
        ({"cells": [1], "target": 0}, 3),
        ({"cells": ["a"]}, 3),
        ({"cells": ["a"], "target": 0, "execute": "yes"}, 3),
    ],
)
def test_what_is_asked_wrongly_is_refused(document: dict[str, Any], code: int) -> None:
    assert ask(document) == code


def test_text_of_cells_never_reaches_the_terminal_raw(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ask({"cells": ["x = '\x1b[31m'"], "target": 0}) == 0
    assert b"\x1b" not in capfdbinary.readouterr().out
