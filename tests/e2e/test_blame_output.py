"""`nbgit blame-output` as a person runs it: notebooks, cells, image files, sub-directories, JSON, exit codes."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.gitbox import SOURCE_ROOT, GitBox, Result
from tests.nb import code, notebook
from tests.unit.lineage.brute import corpus_bundle, digest, figure_cell, git, made_up, one_figure, unbundle

SCHEMA = json.loads((SOURCE_ROOT / "nbgit" / "schemas" / "blame-output.v1.schema.json").read_text("utf-8"))
KEYS = [
    "path",
    "cell_index",
    "cell_id",
    "output_index",
    "mime",
    "payload",
    "introduced",
    "last_seen",
    "execution_count",
    "source",
    "source_changed_since",
    "changed_before",
]
ORIGIN = ["run", "recipe", "inputs", "packages", "packages_now", "state", "out_of_order", "reasons"]


def matches(result: Result) -> list[dict[str, Any]]:
    """Return the matches of `--json`, checked against the schema."""
    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert result.code == (0 if document["matches"] else 1), result
    found: list[dict[str, Any]] = document["matches"]
    return found


def blame(box: GitBox, *arguments: str, cwd: str | None = None) -> list[dict[str, Any]]:
    """Return the matches of blame-output --json."""
    return matches(box.nbgit("blame-output", *arguments, "--json", cwd=cwd))


def picture(colour: tuple[int, int, int], kind: str = "PNG", **options: Any) -> bytes:
    """Return a real little picture."""
    pillow = pytest.importorskip("PIL.Image")
    image = pillow.new("RGB", (20, 10), colour)
    image.putpixel((3, 4), (9, 9, 9))
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def with_picture(data: bytes) -> bytes:
    """Return a notebook whose cell 0 shows these bytes as a PNG."""
    from base64 import b64encode

    data_text = {"image/png": b64encode(data).decode()}
    return notebook(code("show()", outputs=[{"output_type": "display_data", "metadata": {}, "data": data_text}]))


def test_the_json_is_what_the_documentation_says(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    commit = box.commit("draw it")
    (match,) = blame(box, "a.ipynb", "--cell", "1")
    assert list(match) == [*KEYS, *ORIGIN]
    told = {
        "commit": commit,
        "author": "Ada Lovelace <ada@example.org>",
        "date": box.git("show", "-s", "--format=%aI").strip(),
        "summary": "draw it",
    }
    assert match["introduced"] == told
    assert match["last_seen"] == told
    assert match["payload"] == digest("one")
    (with_history,) = blame(box, "a.ipynb", "--cell", "1", "--history")
    assert list(with_history) == [*KEYS, "history", *ORIGIN]
    assert with_history["history"] == []


def test_same_answers_from_blobs_and_from_snapshots(box: GitBox, tmp_path_factory: pytest.TempPathFactory) -> None:
    told = []
    for installed in (False, True):
        one = GitBox(tmp_path_factory.mktemp("box"))
        if installed:
            assert one.nbgit("install").code == 0
        for text, source in (("one", "plot()"), ("two", "plot()"), ("two", "plot(2)"), ("three", "plot(2)")):
            one.write("a.ipynb", one_figure(text, source))
            one.commit(f"{text} {source}")
        one.git("mv", "a.ipynb", "b.ipynb")
        one.commit("rename")
        stripped = b'"image/png"' not in one.git_bytes("show", "HEAD:b.ipynb")
        assert stripped is installed
        order = {oid: number for number, oid in enumerate(one.git("rev-list", "HEAD").split())}
        found = blame(one, "b.ipynb", "--history") + blame(one, "HEAD~3:a.ipynb") + blame(one, "HEAD~4:a.ipynb")
        text = json.dumps(found)
        for oid, number in order.items():
            text = text.replace(oid, f"commit {number}")
        told.append(json.loads(text))
    assert told[0] == told[1]


def test_run_again_without_an_edit(installed: GitBox) -> None:
    installed.write("a.ipynb", one_figure("one"))
    first = installed.commit("one")
    installed.write("a.ipynb", one_figure("two"))
    second = installed.commit("two")
    assert installed.git("rev-parse", "HEAD:a.ipynb") == installed.git("rev-parse", "HEAD~1:a.ipynb")
    (match,) = blame(installed, "a.ipynb", "--history")
    assert (match["payload"], match["introduced"]["commit"]) == (digest("two"), second)
    assert [item["introduced"]["commit"] for item in match["history"]] == [first]


def test_image_file_by_bytes_and_by_pixels(box: GitBox) -> None:
    red = picture((255, 0, 0))
    box.write("a.ipynb", with_picture(picture((0, 0, 255))))
    box.commit("blue")
    box.write("a.ipynb", with_picture(red))
    commit = box.commit("red")
    box.write("figures/red.png", red)
    (match,) = blame(box, "figures/red.png")
    assert (match["introduced"]["commit"], match["path"], match["source"]) == (commit, "a.ipynb", "show()")
    outside = box.root / "mail attachment.bmp"
    outside.write_bytes(picture((255, 0, 0), "BMP"))
    (by_pixels,) = blame(box, str(outside))
    assert (match.pop("evidence")["kind"], by_pixels.pop("evidence")["kind"]) == ("bytes", "pixels")
    assert by_pixels == match
    assert "pixels" in box.nbgit("blame-output", str(outside)).out
    (box.path / "figures" / "green.png").write_bytes(picture((0, 255, 0)))
    result = box.nbgit("blame-output", "figures/green.png")
    assert (result.code, result.out.count("\n")) == (1, 1)
    assert "No output in the history of HEAD has these bytes or these pixels, and no figure is alike." in result.out


def drawing(turn: float) -> Any:
    """Return a picture with enough on it to be known again: a wave and a frame."""
    from math import sin

    image = pytest.importorskip("PIL.Image").new("RGB", (320, 240), "white")
    pen = pytest.importorskip("PIL.ImageDraw").Draw(image)
    pen.rectangle((30, 20, 300, 210), outline="black", width=2)
    pen.line([(x, 115 + 80 * sin(x / 30 + turn)) for x in range(32, 298)], fill="#1f77b4", width=3)
    return image


def test_a_figure_that_is_only_alike_is_told_as_that(box: GitBox) -> None:
    for number, turn in enumerate((0.0, 0.05, 2.0)):
        target = io.BytesIO()
        drawing(turn).save(target, "PNG")
        box.write(f"{number}.ipynb", with_picture(target.getvalue()))
    box.commit("draw")
    drawing(2.0).resize((200, 150)).save(box.root / "mail 1.jpg", quality=70)
    drawing(0.02).save(box.root / "mail 2.jpg", quality=70)
    drawing(4.0).save(box.root / "mail 3.jpg", quality=70)
    result = box.nbgit("blame-output", "../mail 1.jpg")
    assert result.out.startswith("One figure is alike; none is proved to be the same")
    assert "\nevidence    alike: correlation 0.9" in result.out
    document = json.loads(box.nbgit("blame-output", "../mail 1.jpg", "--json").out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["verdict"] == "alike"
    assert [match["path"] for match in document["matches"]] == ["2.ipynb"]
    assert not document["matches"][0]["evidence"]["same"]
    assert box.nbgit("blame-output", "../mail 2.jpg").out.startswith(
        "Ambiguous: 2 candidates are alike; none is proved"
    )
    absent = box.nbgit("blame-output", "../mail 3.jpg", "--json")
    assert (absent.code, json.loads(absent.out)) == (1, {"matches": [], "verdict": "none"})


def test_a_misspelled_target_gets_the_nearest_name(box: GitBox) -> None:
    box.write("analysis.ipynb", one_figure("one"))
    box.write("figures/fig3.png", made_up("one"))
    box.commit("one")
    assert "did you mean fig3.png?" in box.nbgit("blame-output", "figures/fig33.png").err
    assert "did you mean analysis.ipynb?" in box.nbgit("blame-output", "analisis.ipynb").out


def test_pixels_of_a_snapshot(installed: GitBox) -> None:
    installed.write("a.ipynb", with_picture(picture((255, 0, 0))))
    commit = installed.commit("red")
    installed.write("other.png", picture((255, 0, 0), optimize=True, compress_level=1))
    (match,) = blame(installed, "other.png")
    assert match["introduced"]["commit"] == commit
    assert "image/png 20x10" in installed.nbgit("blame-output", "a.ipynb").out


def test_without_pillow_the_sentence_says_what_to_install(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    box.commit("one")
    box.write("b.png", made_up("other"))
    hidden = box.root / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['PIL'] = None\n")
    path = f"{hidden}{os.pathsep}{SOURCE_ROOT}"
    result = box.nbgit("blame-output", "b.png", environ={"PYTHONPATH": path})
    assert (result.code, result.out.count("\n")) == (1, 1)
    assert "pip install 'nbgit[figures]'" in result.out


def test_from_a_subdirectory_with_spaces_and_accents(box: GitBox) -> None:
    box.write("données 1/été.ipynb", one_figure("one"))
    commit = box.commit("one")
    for path, cwd in (
        ("été.ipynb", "données 1"),
        ("../données 1/été.ipynb", "données 1"),
        ("données 1/été.ipynb", "."),
    ):
        (match,) = blame(box, path, cwd=cwd)
        assert (match["path"], match["introduced"]["commit"]) == ("données 1/été.ipynb", commit)
    for target in ("HEAD:données 1/été.ipynb", "HEAD:été.ipynb", "HEAD:./été.ipynb"):
        assert len(blame(box, target, cwd="données 1")) == 1
    (match,) = blame(box, str(box.path / "données 1" / "été.ipynb"))
    assert match["path"] == "données 1/été.ipynb"
    assert "données 1/été.ipynb" in box.nbgit("blame-output", "données 1/été.ipynb").out


def test_plain_sentences_and_exit_codes(box: GitBox) -> None:
    box.write("b.png", made_up("none"))
    assert box.nbgit("blame-output", "b.png").code == 9  # no commit yet
    box.write("a.ipynb", notebook(code("1"), figure_cell("plot()", "one"), minor=4))
    box.commit("one")
    for arguments, sentence in (
        (["a.ipynb", "--cell", "0"], "Cell 0 of a.ipynb has no output in HEAD."),
        (["a.ipynb", "--cell", "1", "--output", "4"], "Cell 1 of a.ipynb has no output 4 in HEAD."),
        (["a.ipynb", "--cell", "7"], "a.ipynb has no cell 7 in HEAD; its cells are 0 to 1."),
        (["a.ipynb", "--cell-id", "x"], "a.ipynb has no cell with the id x in HEAD."),
        (["nowhere.ipynb"], "nowhere.ipynb is not in HEAD, nor in any commit before it."),
    ):
        result = box.nbgit("blame-output", *arguments)
        assert (result.code, result.out.strip(), result.err) == (1, sentence, "")
        as_json = box.nbgit("blame-output", *arguments, "--json")
        assert (as_json.code, json.loads(as_json.out), as_json.err.strip()) == (1, {"matches": []}, sentence)
    assert box.nbgit("blame-output", "b.png", "--cell", "1").code == 2
    assert box.nbgit("blame-output", "a.ipynb", "--cell", "1", "--cell-id", "x").code == 2
    assert box.nbgit("blame-output", "missing.png").code == 9
    assert box.nbgit("blame-output", "nosuchrev:a.ipynb").code == 9


def test_nothing_from_a_notebook_or_a_commit_steers_the_terminal(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one", "print('\x1b]0;owned\x07 \u202e')"))
    box.commit("bad \x1b[31m summary")
    for environ in ({}, {"FORCE_COLOR": "1"}):
        out = box.nbgit("blame-output", "a.ipynb", environ=environ).out
        assert "\x1b]" not in out
        assert "\x1b[31m summary" not in out
        assert "\u202e" not in out


def test_nothing_is_wrapped_or_coloured_in_a_pipe(box: GitBox) -> None:
    folder = "a rather long folder name/" * 5
    box.write(f"{folder}a.ipynb", one_figure("one"))
    box.commit("a summary that goes on " * 10)
    result = box.nbgit("blame-output", f"{folder}a.ipynb", environ={"COLUMNS": "40"})
    assert f"{folder}a.ipynb  cell 1 [1] output 0 · image/png 4x3" in result.out
    assert "\x1b" not in result.out


@pytest.mark.corpus
def test_the_real_history_replayed_gives_the_same_answers(installed: GitBox, tmp_path: Path) -> None:
    original = unbundle(corpus_bundle("pdsh-visualization"), tmp_path / "original")
    oids = git(original, "rev-list", "--topo-order", "--reverse", "HEAD").decode().split()[-14:]
    path = "notebooks/04.05-Histograms-and-Binnings.ipynb"
    replayed = {}
    for oid in oids:
        subject = git(original, "show", "-s", "--format=%s", oid).decode().strip()
        installed.write(path, git(original, "show", f"{oid}:{path}"))
        replayed[installed.commit(subject)] = oid
    assert b"image/png" not in installed.git_bytes("show", f"HEAD:{path}")
    found = blame(installed, path)
    box = GitBox(tmp_path, "original", init=False)
    expected = blame(box, path)
    assert len(found) == len(expected) > 4
    for ours, theirs in zip(found, expected, strict=True):
        ours_then = replayed[ours["introduced"].pop("commit")]
        theirs_then = theirs["introduced"].pop("commit")
        assert ours_then == (theirs_then if theirs_then in oids else oids[0])
        for key in ("cell_index", "payload", "mime", "execution_count", "source", "source_changed_since"):
            assert ours[key] == theirs[key]


def test_no_setting_of_a_person_changes_the_answer(box: GitBox) -> None:
    box.write("a.ipynb", one_figure("one"))
    first = box.commit("one")
    (box.path / "sub").mkdir()
    box.git("mv", "a.ipynb", "sub/b.ipynb")
    box.commit("rename")
    for setting in (
        "diff.relative=true",
        "diff.renames=false",
        "diff.renameLimit=1",
        "log.showSignature=true",
        "log.showRoot=false",
        "color.ui=always",
        "i18n.logOutputEncoding=latin1",
    ):
        box.git("config", *setting.split("="))
    result = box.nbgit("blame-output", "b.ipynb", "--json", cwd="sub", environ={"GIT_LITERAL_PATHSPECS": "1"})
    (match,) = matches(result)
    assert (match["path"], match["introduced"]["commit"]) == ("sub/b.ipynb", first)


def test_sha256_worktrees_bare_repositories_and_odd_names(tmp_path: Path) -> None:
    box = GitBox(tmp_path, init=False)
    box.git("init", "-q", "-b", "main", "--object-format=sha256")
    name = os.fsdecode(b"caf\xe9 \n.ipynb")
    box.write(name, one_figure("one"))
    box.write("a.ipynb", one_figure("two"))
    commit = box.commit("one")
    assert len(commit) == 64
    box.git("worktree", "add", "-q", "../linked")
    box.git("clone", "-q", "--bare", ".", "../bare.git")
    for cwd in (".", "../linked", "../bare.git"):
        (match,) = blame(box, "a.ipynb", cwd=cwd)
        assert match["introduced"]["commit"] == commit
        (match,) = blame(box, name, cwd=cwd)
        assert match["payload"] == digest("one")
