"""`nbgit merge BASE OURS THEIRS`: what `git merge-file` is for text."""

from __future__ import annotations

import json

import pytest

from nbgit.external.nbformat import problem_with
from tests.gitbox import GitBox
from tests.nb import code, notebook


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def three(box: GitBox, base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    names = []
    for name, texts in (("base", base), ("my own", ours), ("theirs", theirs)):
        box.write(f"{name}.ipynb", notebook(*(code(text, id=f"c{number}") for number, text in enumerate(texts))))
        names.append(f"{name}.ipynb")
    return names


def test_a_clean_merge_goes_to_stdout(box: GitBox) -> None:
    files = three(box, ["a = 1", "b = 1"], ["a = 2", "b = 1"], ["a = 1", "b = 2"])
    result = box.nbgit("merge", *files)
    assert (result.code, result.err) == (0, "")
    assert sources(result.raw) == ["a = 2", "b = 2"]
    assert sources(box.read("my own.ipynb")) == ["a = 2", "b = 1"]


def test_conflicts_name_the_files_and_give_one(box: GitBox) -> None:
    files = three(box, ["a = 1"], ["a = 2"], ["a = 3"])
    result = box.nbgit("merge", *files, "-o", "out.ipynb")
    assert (result.code, result.out) == (1, "")
    assert result.err == "nbgit: out.ipynb: conflicts are marked in cell 0 (source)\n"
    data = box.read("out.ipynb")
    assert problem_with(data) == ""
    assert sources(data) == ["<<<<<<< my own.ipynb\na = 2\n=======\na = 3\n>>>>>>> theirs.ipynb"]


@pytest.mark.parametrize(
    ("options", "source"),
    [
        (["-L", "me", "-L", "us", "-L", "you"], "<<<<<<< me\nx\na\ny\n=======\nx\nb\ny\n>>>>>>> you"),
        (["--diff3"], "<<<<<<< my own.ipynb\nx\na\ny\n||||||| base.ipynb\no\n=======\nx\nb\ny\n>>>>>>> theirs.ipynb"),
        (["--zdiff3"], "x\n<<<<<<< my own.ipynb\na\n||||||| base.ipynb\no\n=======\nb\n>>>>>>> theirs.ipynb\ny"),
        (["--marker-size", "9"], "x\n<<<<<<<<< my own.ipynb\na\n=========\nb\n>>>>>>>>> theirs.ipynb\ny"),
        (["--ours"], "x\na\ny"),
        (["--theirs"], "x\nb\ny"),
        (["--union"], "x\na\nb\ny"),
    ],
)
def test_options_of_git_merge_file(box: GitBox, options: list[str], source: str) -> None:
    if options[0] == "-L":
        source = source.replace("\nx\na\ny\n=", "\na\n=").replace("\nx\nb\ny\n>", "\nb\n>")
        source = f"x\n{source}\ny"
    files = three(box, ["o"], ["x\na\ny"], ["x\nb\ny"])
    result = box.nbgit("merge", *options, *files)
    assert result.code == (0 if options[0] in ("--ours", "--theirs", "--union") else 1)
    assert sources(result.raw) == [source]


def test_the_style_is_gits_setting(box: GitBox) -> None:
    box.git("config", "merge.conflictStyle", "diff3")
    result = box.nbgit("merge", *three(box, ["o"], ["a"], ["b"]))
    assert "\n||||||| base.ipynb\no\n=======\n" in sources(result.raw)[0]


def test_the_output_may_be_one_of_the_files(box: GitBox) -> None:
    files = three(box, ["a = 1", "b = 1"], ["a = 2", "b = 1"], ["a = 1", "b = 2"])
    (box.path / "my own.ipynb").chmod(0o600)
    (box.path / "link.ipynb").symlink_to("my own.ipynb")
    assert box.nbgit("merge", *files, "-o", "link.ipynb").code == 0
    assert sources(box.read("my own.ipynb")) == ["a = 2", "b = 2"]
    assert (box.path / "link.ipynb").is_symlink()
    assert (box.path / "my own.ipynb").stat().st_mode & 0o777 == 0o600


def test_text_is_merged_as_text(box: GitBox) -> None:
    for name, data in (("base", b"a\n"), ("ours", b"b\n"), ("theirs", b"c\n")):
        box.write(name, data)
    result = box.nbgit("merge", "base", "ours", "theirs")
    assert (result.code, result.raw) == (1, b"<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n")
    assert "merged as text, with conflicts" in result.err


def test_what_is_not_there_is_refused(box: GitBox) -> None:
    files = three(box, ["o"], ["a"], ["b"])
    assert box.nbgit("merge", *files[:2], "absent.ipynb").code == 2
    assert box.nbgit("merge", *["-L", "x"] * 4, *files).code == 2
