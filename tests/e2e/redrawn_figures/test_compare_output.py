"""nbgit compare-output: what changed between two figures of notebooks that really ran, and of those never recorded."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

from nbgit.external.json_schema import validate
from tests.e2e.redrawn_figures.project import DOTTED, PLOT
from tests.gitbox import GitBox
from tests.nb import code, notebook

THEN, NOW = "v1:plot.ipynb", "plot.ipynb"


def compared(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the document of a comparison, held against its schema."""
    result = box.nbgit("compare-output", *arguments, "--json")
    assert (result.code, result.err) == (0, ""), result
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "compare-output.v1") == []
    return document


def told(box: GitBox, *arguments: str) -> str:
    """Return what is printed, with commits, digests, sizes and times made the same everywhere."""
    text = box.nbgit("compare-output", *arguments).out
    text = re.sub(r"\b[0-9a-f]{10}  \d{4}-\d\d-\d\d", "COMMIT", text)
    text = re.sub(r"committed [0-9a-f]{7}", "committed OID", text)
    text = re.sub(r"run [A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d\d:\d\d:\d\d", "run TIME", text)
    return re.sub(r"\d+ (others )?the same", r"MANY \1the same", re.sub(r"\d{3}x\d{3}", "SIZE", text))


STORY = """\
Differs in size, SIZE → SIZE; because: width 1 → 3, sample 'B7' → 'B8', cell 5 edited, scale.txt changed, \
toolkit 1.0 → 1.1

before      plot.ipynb  cell 5 [6] output 0 · image/png SIZE
            COMMIT  Ada Lovelace  "draw"  run TIME, session 2
after       plot.ipynb  cell 5 [6] output 0 · image/png SIZE
            COMMIT  Ada Lovelace  "redraw wider"  run TIME, session 4
values      width   1 → 3
            sample  'B7' → 'B8'
facts       sample  B7 → B8
inputs      data/clean.csv  changed d400f56 → 9d87b1e, 21 → 23 bytes  by clean.ipynb cell 4
            scale.txt       changed 03c76d4 → 686513e  committed OID
            MANY others the same
packages    toolkit  1.0 → 1.1
            MANY others the same
code        10 steps: 2 edited, MANY the same

@@ -1,2 +1,2 @@ cell 2 [3]
-width = 1
-sample = 'B7'
+width = 3
+sample = 'B8'
@@ -1,3 +1,3 @@ cell 5 [6]
 nbgit.annotate(sample=sample)
-plt.plot(*zip(*data), lw=width)
+plt.plot(*zip(*data), 'o-', lw=width)
 plt.title(sample);
"""


def test_what_changed_between_two_figures(redrawn: GitBox, tmp_path: Path) -> None:
    assert told(redrawn, THEN, NOW, "--cell", "5") == STORY
    what = compared(redrawn, THEN, NOW, "--cell-id", "plot")
    assert (what["same"], what["notes"]) == (None, [])
    assert [step["after"]["code"] for step in what["steps"] if step["source"]][1] == DOTTED
    assert {step["path"] for step in what["steps"]} == {"plot.ipynb", "clean.ipynb"}
    changes = {read["after"]["path"] or "address": read["change"] for read in what["inputs"]}
    assert (changes["data/clean.csv"], changes["scale.txt"], changes["data/raw.csv"]) == ("changed", "changed", "same")
    assert what["before"]["run"]["id"] != what["after"]["run"]["id"]

    page = tmp_path / "page.html"
    assert redrawn.nbgit("compare-output", THEN, NOW, "--cell", "5", "--html", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 2
    for words in ("toolkit", "&#x27;B7&#x27;", "scale.txt", "Side by side", "redraw wider"):
        assert words in text
    kitty = redrawn.nbgit("compare-output", THEN, NOW, "--cell", "5", "--pictures", "kitty").out
    assert kitty.count("\x1b_G") > 0


def test_the_same_figure_and_one_that_nothing_explains(redrawn: GitBox) -> None:
    same = compared(redrawn, "v2:plot.ipynb", "v3:plot.ipynb", "--cell-id", "plot")
    assert same["verdict"] == "the same picture (bytes); nothing that was recorded differs"
    other = compared(redrawn, "v2:plot.ipynb", "v3:plot.ipynb", "--cell-id", "noise")
    assert re.fullmatch(r"differs in [\d.]+ % of pixels; nothing recorded explains it", other["verdict"])
    assert 0 < other["share_of_pixels"] < 1
    arguments = ("compare-output", "v2:plot.ipynb", "v3:plot.ipynb", "--exit-code")
    assert redrawn.nbgit(*arguments, "--cell-id", "plot").code == 0
    assert redrawn.nbgit(*arguments, "--cell-id", "noise").code == 1


def test_files_and_other_cells(redrawn: GitBox) -> None:
    shown = redrawn.nbgit("show", THEN, "--cell-id", "plot").raw
    redrawn.write("old é.png", shown)
    assert compared(redrawn, "old é.png", NOW, "--cell", "5")["before"]["cell_id"] == "plot"
    other = compared(redrawn, THEN, NOW, "--cell", "5", "--from-cell", "6")
    assert (other["before"]["cell_id"], other["after"]["cell_id"]) == ("noise", "plot")
    redrawn.write("unknown.png", picture(7))
    for arguments, words in {
        (THEN, NOW): "plot.ipynb shows 2 figures, in cells 5, 6; name one with --cell N",
        (THEN, NOW, "--cell", "99"): "plot.ipynb has no cell 99 in HEAD; its cells are 0 to 6.",
        ("v1:clean.ipynb", NOW, "--cell", "5"): "are two notebooks; name A's cell by --from-cell N",
        (NOW, THEN, "--cell", "5", "--worktree"): "is no notebook of the working tree",
        ("unknown.png", NOW, "--cell", "5"): "unknown.png: No output in the history of HEAD",
        ("no.png", NOW): "neither a file on disk nor one in HEAD",
    }.items():
        result = redrawn.nbgit("compare-output", *arguments)
        assert result.code == 9, result
        assert words in result.err
    (redrawn.path / "unknown.png").unlink()
    (redrawn.path / "old é.png").unlink()


def test_what_is_not_committed_yet(redrawn: GitBox) -> None:
    """The clock is turned back: v3's outputs are on disk over v2, as right after their run."""
    now = redrawn.read("plot.ipynb")
    redrawn.git("checkout", "-q", "v2")
    redrawn.write("plot.ipynb", now)
    what = compared(redrawn, NOW, NOW, "--cell-id", "noise", "--worktree")
    same = compared(redrawn, THEN, NOW, "--cell-id", "plot", "--worktree")
    printed = redrawn.nbgit("compare-output", NOW, NOW, "--cell-id", "noise", "--worktree").out
    redrawn.git("checkout", "-q", "-f", "main")
    assert what["before"]["introduced"]["summary"] == "redraw wider"
    assert what["after"]["introduced"] is None
    assert what["verdict"].endswith("% of pixels; nothing recorded explains it")
    assert "not committed yet" in printed
    assert same["after"]["introduced"]["summary"] == "redraw wider"


def test_without_a_record_the_committed_code_is_compared(installed: GitBox) -> None:
    """Cells are followed where others came above them; a name that steers a terminal does not reach it."""
    name = "a \x1b[2J.ipynb"
    cells = [code("width = 1\n", id="w", execution_count=1), shown("show(width)", 2, picture(1))]
    installed.write(name, notebook(*cells))
    installed.commit("one")
    above = [code("import os", id="i", execution_count=1), code("width = 2\n", id="w", execution_count=2)]
    below = {**shown("another()", 4, picture(3)), "id": "new"}
    installed.write(name, notebook(*above, shown("show(width)", 3, picture(2)), below))
    installed.commit("two \x1b[31m")
    what = compared(installed, f"HEAD~1:{name}", name, "--cell", "2")
    assert (what["before"]["cell_index"], what["after"]["cell_index"]) == (1, 2)
    assert what["reasons"] == ["width 1 → 2"]
    assert what["notes"] == [
        "No run of either side was recorded: its steps are those of the committed code, its inputs are not known."
    ]
    new = installed.nbgit("compare-output", f"HEAD~1:{name}", name, "--cell", "3")
    assert new.code == 9
    assert "has no counterpart in the older notebook; name the cell there with --from-cell N" in new.err
    printed = installed.nbgit("compare-output", f"HEAD~1:{name}", name, "--cell", "2")
    assert "\x1b" not in printed.out
    assert "-width = 1" in printed.out
    page = installed.nbgit("compare-output", f"HEAD~1:{name}", name, "--cell", "2", "--html", "-").out
    assert "\x1b" not in page


def picture(shade: int) -> bytes:
    """Return a PNG of one grey pixel."""
    chunks = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes([0, shade])))
    body = [(name + data, len(data)) for name, data in (*chunks, (b"IEND", b""))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", size) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk, size in body
    )


def shown(source: str, count: int, data: bytes) -> dict[str, Any]:
    """Return a code cell that shows a picture."""
    figure = {"image/png": base64.b64encode(data).decode()}
    output = {"output_type": "display_data", "data": figure, "metadata": {}}
    return code(source, id="show", execution_count=count, outputs=[output])


def test_steps_that_came_and_went(redrawn: GitBox) -> None:
    """The recipe of another cell is compared step by step, too."""
    what = compared(redrawn, THEN, NOW, "--cell", "6", "--from-cell", "5")
    gone = [step["before"]["code"] for step in what["steps"] if step["after"] is None]
    assert PLOT["read"] in gone
    assert "data/clean.csv" in [read["before"]["path"] for read in what["inputs"] if read["change"] == "gone"]
