"""Recorded runs go with the commits that rest on them: pushed, fetched, carried through rebases, forgotten, checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.e2e.hub import Hub, push
from tests.gitbox import GitBox
from tests.kernels import journals, run_steps

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
CLEAN = {
    "path": "import os\nfolder = os.environ['HOME'] + '/private'",
    "raw": "rows = open(folder + '/raw.csv').read().split()",
    "junk": "secret = 'hunter2'",
    "write": "with open('data/clean.csv', 'w') as file:\n    _ = file.write(' '.join(rows[1:]))",
}
PLOT = {
    "load": "import base64\nfrom IPython.display import Image, display",
    "read": "text = open('data/clean.csv').read()",
    "look": "print('nothing rests on this')",
    "n": "n = 1",
    "plot": f"display(Image(base64.b64decode('{PIXEL}') + text.encode() + bytes([n]), format='png'))",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Return a hub to which Ada has pushed two notebooks that really ran; what she recorded is in her clone."""
    hub = Hub(tmp_path_factory.mktemp("recorded"))
    ada = hub.clone("ada")
    ada.write(".gitignore", b"data/\n")
    ada.commit("set up")
    (ada.path / "data").mkdir()
    (ada.home / "private").mkdir()
    (ada.home / "private" / "raw.csv").write_text("x 1 2 3\n")
    run_steps(ada, "clean.ipynb", CLEAN, list(CLEAN))
    ada.commit("clean")
    run_steps(ada, "plot.ipynb", PLOT, [*PLOT, ("n", "n = 3"), "look", "plot"])
    ada.commit("plot")
    push(ada, "-u", "origin", "main")
    return hub


@pytest.fixture
def hub(recorded: Hub, tmp_path: Path) -> Hub:
    """Return a copy of that hub."""
    copy = Hub.__new__(Hub)
    copy.root = tmp_path
    shutil.copytree(recorded.root / "hub.git", tmp_path / "hub.git")
    copy.hub = GitBox(tmp_path, "hub.git", init=False)
    copy.url = f"file://{copy.hub.path.as_posix()}"
    return copy


def asked(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the only match of blame-output --json, held against the schema."""
    result = box.nbgit("blame-output", *(arguments or ("plot.ipynb", "--cell-id", "plot")), "--json")
    assert result.code == 0, result
    document = json.loads(result.out)
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    found: dict[str, Any] = match
    return found


def test_the_story_on_another_machine(recorded: Hub, hub: Hub) -> None:
    ada = GitBox(recorded.root, "ada", init=False)
    here = asked(ada)
    bob = hub.clone("bob")
    assert not journals(bob)
    there = asked(bob)
    assert there["run"] == here["run"] | {"kernel": there["run"]["kernel"]}
    assert there["recipe"] == here["recipe"]
    assert (there["recipe"]["among"], len(there["recipe"]["cells"])) == (8, 4)
