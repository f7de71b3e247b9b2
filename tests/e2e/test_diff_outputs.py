"""What `nbgit diff` and `git diff` say of outputs, from snapshots, captures and files, through real git."""

from __future__ import annotations

import base64
import io
import json
from itertools import pairwise
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

HEAD = markdown("# Density", id="aaaa0001")


def picture(*, pixels: int = 0, size: tuple[int, int] = (40, 25)) -> dict[str, Any]:
    """Return a display of a white PNG in which the first `pixels` pixels are black."""
    from PIL import Image

    image = Image.new("RGB", size, "white")
    for number in range(pixels):
        image.putpixel((number % size[0], number // size[0]), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": ["<Figure size 40x25>"]}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def printed(*lines: str) -> dict[str, Any]:
    """Return a stream output."""
    return {"output_type": "stream", "name": "stdout", "text": [line + "\n" for line in lines]}


def run(*outputs: dict[str, Any], width: str = "0.5", count: int = 1) -> bytes:
    """Return a notebook that was run, with these outputs."""
    return notebook(HEAD, code(f"plot(width={width})", id="aaaa0002", execution_count=count, outputs=list(outputs)))


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write("n.ipynb", run(picture(), printed("fit 1", "done")))
    installed.commit("first")
    return installed


def body(text: str) -> list[str]:
    """Return a diff's lines behind its header."""
    lines = text.splitlines()
    return lines[[line[:4] for line in lines].index("+++ ") + 1 :]


def test_two_commits_show_the_outputs_that_each_is_linked_to(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=31), printed("fit 2", "done"), width="0.3"))
    repo.commit("second")
    expected = [
        "@@ -1 +1 @@ cell 1 [1] [code] Density",
        "-plot(width=0.5)",
        "+plot(width=0.3)",
        "\\ cell 1, output 0: figure changed 40x25 → 40x25, 3.1 % of pixels",
        "\\ cell 1, output 1: stdout: 1 of 2 lines changed",
    ]
    assert body(repo.nbgit("diff", "HEAD~1", "HEAD").out) == expected
    assert body(repo.nbgit("diff", "HEAD~1..HEAD").out) == expected
    assert body(repo.nbgit("diff", "HEAD~1").out) == expected
    without = body(repo.nbgit("diff", "--no-outputs", "HEAD~1").out)
    assert without == [expected[0].replace(" [1]", ""), *expected[1:3]]
    assert body(repo.nbgit("diff", "--outputs", "HEAD~1").out) == [
        *expected,
        "@@ -1,2 +1,2 @@ output 1 of cell 1",
        "-fit 1",
        "+fit 2",
        " done",
    ]


def test_a_commit_that_only_ran_again_shows_its_outputs(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=1), printed("fit 1", "done"), count=9))
    repo.commit("again")
    assert repo.git("diff", "HEAD~1", "HEAD") == ""
    expected = ["\\ cell 1 [9] [code] Density, output 0: figure changed 40x25 → 40x25, 0.1 % of pixels"]
    assert body(repo.nbgit("diff", "HEAD~1", "HEAD").out) == expected
    assert body(repo.nbgit("diff", "HEAD~1").out) == expected
    assert repo.nbgit("diff", "--no-outputs", "HEAD~1", "HEAD").out == ""
    assert repo.nbgit("diff", "HEAD~1", "HEAD", "--", "other.ipynb").out == ""
    assert repo.nbgit("diff", "HEAD~1", "HEAD", "--exit-code").code == 1


def test_a_run_on_disk_shows_against_what_was_committed(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(), printed("fit 3", "done"), count=2))
    expected = ["\\ cell 1 [2] [code] Density, output 1: stdout: 1 of 2 lines changed"]
    assert body(repo.nbgit("diff").out) == expected
    repo.git("add", "n.ipynb")
    assert body(repo.nbgit("diff").out) == expected
    assert body(repo.nbgit("diff", "--cached").out) == expected
    repo.commit("taken")
    assert repo.nbgit("diff").out == ""
    assert repo.nbgit("diff", "--cached").out == ""


def test_git_diff_tells_of_outputs_where_the_source_changed(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=31), printed("fit 2", "done"), width="0.3"))
    told = body(repo.git("diff"))
    assert told[3].startswith("\\ cell 1, output 0: figure changed 40x25 → 40x25, ")
    assert told[3].endswith(" bytes")
    assert told[4] == "\\ cell 1, output 1: stdout: 1 of 2 lines changed"
    assert body(repo.git("-c", "nbgit.diffOutputs=none", "diff")) == told[:3]
    assert "-fit 1" in repo.git("-c", "nbgit.diffOutputs=full", "diff")
    repo.commit("second")
    assert body(repo.git("diff", "HEAD~1", "HEAD")) == told


def test_outputs_in_the_blobs_of_a_repository_without_nbgit(box: GitBox) -> None:
    box.write("n.ipynb", run(printed("one")))
    box.commit("first")
    box.write("n.ipynb", run(printed("two")))
    box.commit("second")
    assert body(box.nbgit("diff", "HEAD~1", "HEAD").out) == [
        "\\ cell 1 [1] [code] Density, output 0: stdout: one → two",
    ]


def test_cells_and_figures_in_numbers_and_names(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=31), printed("fit 2", "done"), width="0.3"))
    repo.write("sub dir/new.ipynb", notebook(code("x", outputs=[picture(), picture()], id="b")))
    repo.commit("second")
    assert repo.nbgit("diff", "--stat", "HEAD~1").out.splitlines() == [
        " n.ipynb           | 1 cell edited; 1 figure and 1 other output changed",
        " sub dir/new.ipynb | new: 1 cell inserted; 2 figures",
        " 2 notebooks changed: 1 cell edited, 1 inserted; 1 figure and 1 other output changed, 2 figures added",
    ]
    assert repo.nbgit("diff", "--name-only", "HEAD~1").out == "n.ipynb\nsub dir/new.ipynb\n"
    assert repo.nbgit("diff", "--stat").out == ""


def stat(box: GitBox, *arguments: str) -> list[str]:
    """Return the lines of a `--stat`."""
    return box.nbgit("diff", "--stat", *arguments).out.splitlines()


def test_outputs_that_went_or_came_are_said_to_have(repo: GitBox) -> None:
    repo.write("n.ipynb", run(printed("fit 1", "done")))
    repo.commit("second")
    assert stat(repo, "HEAD~1", "HEAD")[0] == " n.ipynb | 1 figure removed"
    assert stat(repo, "HEAD", "HEAD~1")[0] == " n.ipynb | 1 figure added"
    repo.write("n.ipynb", notebook(HEAD))
    assert stat(repo)[0] == " n.ipynb | 1 cell deleted; 1 other output removed"
    repo.git("rm", "-qf", "n.ipynb")
    assert stat(repo, "HEAD~1")[0] == " n.ipynb | deleted: 2 cells deleted; 1 figure, 1 other output"


def test_modes_and_files_that_are_no_notebooks(repo: GitBox) -> None:
    repo.write("x.py", b"a\n")
    repo.commit("py")
    (repo.path / "n.ipynb").chmod(0o755)
    assert stat(repo, "--no-outputs") == [" n.ipynb | mode 100644 → 100755", " 1 notebook changed"]
    repo.write("x.py", b"b\n")
    assert stat(repo, "HEAD", "--", "x.py") == [" x.py | no notebook", " 1 file changed"]
    assert stat(repo, "--", ".")[-1] == " 1 notebook and 1 other file changed"


def test_two_names_of_one_file_show_as_git_shows_a_rename(repo: GitBox) -> None:
    repo.write("a b/deep/w.ipynb", run(printed("one")))
    repo.write("c/deep/w.ipynb", run(printed("two")))
    repo.write("c/deep/more.ipynb", run(printed("two")))
    assert stat(repo, "n.ipynb", "c/deep/w.ipynb")[0].startswith(" n.ipynb => c/deep/w.ipynb | 1 other output ch")
    assert [line.split(" | ")[0].rstrip() for line in stat(repo, "a b", "c")] == [
        " c/deep/more.ipynb",
        " {a b => c}/deep/w.ipynb",
        " 2 notebooks changed: 2 cells inserted; 1 other output changed, 1 other output added",
    ]
    assert stat(repo, "c/deep/w.ipynb", "c/deep/more.ipynb") == []


def test_json_for_programs(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=31), printed("fit 2", "done"), width="0.3"))
    repo.write("odd.ipynb", b"{")
    repo.commit("second")
    repo.git("mv", "n.ipynb", "m.ipynb")
    document = json.loads(repo.nbgit("diff", "--json", "HEAD~1").out)
    validate(document, "diff.v1")
    renamed, odd = document["notebooks"]
    assert (renamed["path"], renamed["old_path"], renamed["status"]) == ("m.ipynb", "n.ipynb", "renamed")
    assert (odd["path"], odd["is_notebook"]) == ("odd.ipynb", False)
    (cell,) = renamed["cells"]
    assert cell["source"] == [
        {"before_start": 0, "before": ["plot(width=0.5)"], "after_start": 0, "after": ["plot(width=0.3)"]}
    ]
    assert cell["outputs"][0]["details"] == {"size_before": [40, 25], "size_after": [40, 25], "share_of_pixels": 0.031}
    assert cell["outputs"][1]["details"]["lines_changed"] == 1


def test_directories_files_and_stdin(box: GitBox) -> None:
    box.write("old/a.ipynb", run(printed("one")))
    box.write("old/deep/gone.ipynb", notebook(code("x")))
    box.write("old/same.ipynb", notebook(code("y")))
    box.write("new/a.ipynb", run(printed("two")))
    box.write("new/same.ipynb", notebook(code("y")))
    box.write("new/.ipynb_checkpoints/a.ipynb", notebook(code("z")))
    told = box.nbgit("diff", "old", "new").out
    assert "\\ cell 1 [1] [code] Density, output 0: stdout: one → two\n" in told
    assert "-x\n" in told
    assert told.count("diff --git") == 2
    assert box.nbgit("diff", "--name-only", "old", "new").out == "new/a.ipynb\nnew/deep/gone.ipynb\n"
    piped = box.nbgit("diff", "-", "new/a.ipynb", stdin=run(printed("three")))
    assert body(piped.out) == ["\\ cell 1 [1] [code] Density, output 0: stdout: three → two"]
    assert box.nbgit("diff", "-", "-").code == 2


LONG = "".join(f"step {number}: loss {1 / (number + 1):.4f}\n" for number in range(300))
TABLE = "<table>\n<thead><tr><th></th><th>flux</th></tr></thead><tbody>{}</tbody></table>"
ROWS = "".join(f"<tr><th>{number}</th><td>{number * 0.25}</td></tr>" for number in range(400))


def big_run(loss: str, value: str, seed: int) -> bytes:
    """Return a notebook that printed 300 lines, showed a table of 400 rows, and a plot of 5,000 points."""
    stream = {"output_type": "stream", "name": "stdout", "text": LONG.replace("step 150: loss 0.0066", loss)}
    table = {"text/html": TABLE.format(ROWS.replace("<td>50.0</td>", f"<td>{value}</td>"))}
    points = [(seed * number * 7919 % 1000) / 1000 for number in range(5000)]
    plot = {"application/vnd.plotly.v1+json": {"data": [{"y": points, "uid": f"u{seed}"}], "layout": {}}}
    shown = [{"output_type": "display_data", "metadata": {}, "data": data} for data in (table, plot)]
    cells = [code(f"run({n})", id=f"aaaa000{n}", outputs=[out]) for n, out in enumerate([stream, *shown])]
    return notebook(*cells, code(f"seed = {seed}", id="aaaa0009"))


def test_large_outputs_take_few_lines(installed: GitBox) -> None:
    installed.write("n.ipynb", big_run("step 150: loss 0.0066", "50.0", 1))
    installed.commit("first")
    installed.write("n.ipynb", big_run("step 150: loss 0.9999", "51.5", 2))
    on_disk = installed.git("diff").splitlines()
    installed.commit("second")
    between = installed.git("diff", "HEAD~1", "HEAD").splitlines()
    told = ["stdout: 1 of 300 lines changed", "table: 1 of 400 rows changed", "plot: data[0].y (4,995 of 5,000 values"]
    for out in (on_disk, between):
        remarks = [line for line in out if line.startswith("\\ ")]
        assert [
            line.partition(", output 0: ")[2][: len(words)] for line, words in zip(remarks, told, strict=True)
        ] == told
        assert len(out) <= 12
    in_full = installed.nbgit("diff", "--outputs", "HEAD~1", "HEAD").out.splitlines()
    places = [number for number, line in enumerate(in_full) if line.startswith("\\ ")]
    sizes = [end - start for start, end in pairwise([*places, len(in_full)])]
    assert sizes[0] <= 15
    assert sizes[1] <= 15
    assert sizes[2] <= 5 + 4  # with the edited cell behind it


def test_figures_show_side_by_side_where_it_is_asked_for(repo: GitBox) -> None:
    repo.write("n.ipynb", run(picture(pixels=31), printed("fit 1", "done")))
    kitty = {"KITTY_WINDOW_ID": "1"}
    assert "\x1b" not in repo.nbgit("diff", "--outputs", environ=kitty).out  # no terminal
    shown = repo.nbgit("diff", "--outputs", "--pictures", "kitty").out
    assert shown.count("\x1b_Ga=T,f=100,") == 1
    assert "\x1b" not in repo.nbgit("diff", "--pictures", "kitty").out
    repo.git("config", "nbgit.pictures", "iterm2")
    assert "\x1b]1337;File=inline=1" in repo.nbgit("diff", "--outputs").out
    assert "\x1b" not in repo.nbgit("diff", "--outputs", "--pictures", "none").out
