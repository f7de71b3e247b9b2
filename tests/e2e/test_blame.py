"""`nbgit blame` as a person runs it: the table, JSON, commits, directories, a merge in progress, odd characters."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, markdown, notebook
from tests.unit.lineage.brute import figure_cell

SCHEMA = json.loads((SOURCE_ROOT / "nbgit" / "schemas" / "blame.v1.schema.json").read_text("utf-8"))
LOAD = "import pandas as pd\nframe = pd.read_csv('data.csv')"


def told(box: GitBox, *arguments: str, cwd: str | None = None) -> dict[str, Any]:
    """Return what --json says, checked against the schema."""
    result = box.nbgit("blame", *arguments, "--json", cwd=cwd)
    found: dict[str, Any] = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert {commit["commit"] for commit in found["commits"]} == set(named(found)) - {None}
    return found


def named(found: dict[str, Any]) -> list[str | None]:
    """Return every oid that the cells name."""
    oids: list[str | None] = []
    for cell in found["cells"]:
        oids += [cell["introduced"], cell["changed"], *(line["commit"] for line in cell["lines"])]
        oids += [output["introduced"] for output in cell["outputs"]]
    return oids


def test_the_table_has_a_line_for_each_line_and_output(installed: GitBox) -> None:
    installed.write("a.ipynb", notebook(markdown("# Density"), code(LOAD), figure_cell("plot()", "one")))
    first = installed.commit("one")
    installed.write("a.ipynb", notebook(markdown("# Density"), code(LOAD + "\nframe"), figure_cell("plot()", "one")))
    second = installed.commit("two")
    result = installed.nbgit("blame", "a.ipynb")
    ours, theirs = f"{first[:10]}  Ada Lovelace  2023-11-14 ", f"{second[:10]}  Ada Lovelace  2023-11-14 "
    assert result.out.splitlines() == [
        f"cell 0 [markdown] Density · since {first[:10]} 2023-11-14",
        f"{ours} 1 # Density",
        "",
        f"cell 1 [code] Density · since {first[:10]} 2023-11-14",
        f"{ours} 1 import pandas as pd",
        f"{ours} 2 frame = pd.read_csv('data.csv')",
        f"{theirs} 3 frame",
        "",
        f"cell 2 [code] Density · since {first[:10]} 2023-11-14",
        f"{ours} 1 plot()",
        f"{ours} output 0 · image/png 4x3",
    ]
    cells = installed.nbgit("blame", "a.ipynb", "--cells").out.splitlines()
    assert cells[1] == f"{theirs} cell 1 [code] import pandas as pd"


def test_edits_on_disk_and_in_a_commit(installed: GitBox) -> None:
    installed.write("sub dir/ä.ipynb", notebook(code(LOAD)))
    first = installed.commit("one")
    installed.write("sub dir/ä.ipynb", notebook(code(LOAD + "\nnew()")))
    found = told(installed, "ä.ipynb", cwd=str(installed.path / "sub dir"))
    assert (found["path"], found["commit"]) == ("sub dir/ä.ipynb", None)
    assert [line["commit"] for line in found["cells"][0]["lines"]] == [first, first, None]
    old = told(installed, "HEAD:sub dir/ä.ipynb")
    assert old["commit"] == first
    assert [line["text"] for line in old["cells"][0]["lines"]] == LOAD.split("\n")
    assert "not committed yet" in installed.nbgit("blame", "sub dir/ä.ipynb").out


def test_a_merge_in_progress_has_both_sides_lines(installed: GitBox) -> None:
    cells = [code(LOAD), *(code(f"step_{number} = compute({number})") for number in range(5)), code("last()\nend()")]
    installed.write("a.ipynb", notebook(*cells, minor=4))
    installed.commit("base")
    installed.git("checkout", "-q", "-b", "side")
    installed.write("a.ipynb", notebook(*cells[:-1], code("last()\nside()\nend()"), minor=4))
    side = installed.commit("side")
    installed.git("checkout", "-q", "main")
    installed.write("a.ipynb", notebook(code(LOAD + "\nours()"), *cells[1:], minor=4))
    ours = installed.commit("ours")
    installed.git("merge", "-q", "--no-commit", "--no-ff", "side")
    lines = {line["text"]: line["commit"] for cell in told(installed, "a.ipynb")["cells"] for line in cell["lines"]}
    assert (lines["ours()"], lines["side()"]) == (ours, side)


def test_what_is_not_there_is_said(installed: GitBox) -> None:
    installed.write("a.ipynb", notebook(code(LOAD)))
    installed.commit("one")
    missing = installed.nbgit("blame", "a.ipynb", "--cell", "9")
    assert (missing.code, missing.out, missing.err) == (1, "", "a.ipynb has no cell 9.\n")
    assert told(installed, "a.ipynb", "--cell", "9")["cells"] == []
    installed.write("b.ipynb", notebook(code(LOAD)))
    assert installed.nbgit("blame", "b.ipynb").code == 9
    assert installed.nbgit("blame", "a.ipynb", "--cell", "0", "--cell-id", "x").code == 2
    installed.write("c.txt", b"text")
    assert "git blame" in installed.nbgit("blame", "c.txt").err


def test_nothing_of_a_notebook_steers_the_terminal(installed: GitBox) -> None:
    installed.write("a.ipynb", notebook(markdown("# T\x1b]0;x\x07"), code("x = '\x1b[31m'\r\ny")))
    installed.commit("one")
    for arguments in (["a.ipynb"], ["a.ipynb", "--cells"], ["a.ipynb", "--json"]):
        out = installed.nbgit("blame", *arguments).out
        assert not [letter for letter in out if ord(letter) < 32 and letter != "\n"], arguments
