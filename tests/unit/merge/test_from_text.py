"""Conflicts that git's merge of the readable texts has an answer for, and what the notebook is then."""

from pathlib import Path
from typing import Any

import pytest

from nbgit.external.nbformat import problem_with
from nbgit.gitproto.merging import Outcome, is_sound, merge_files
from nbgit.merge.conflicts import Markers
from nbgit.merge.from_text import from_text
from nbgit.notebook.cells import read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import readable_text
from tests import nb
from tests.nb import code, markdown


def notebook(*cells: dict[str, Any], minor: int = 5) -> bytes:
    """Return a notebook in one line, which git can't merge as it stands."""
    return nb.notebook(*cells, minor=minor).replace(b"\n", b"")


def merged(folder: Path, *sides: bytes) -> Outcome:
    files = [folder / name for name in ("base", "ours", "theirs")]
    for file, data in zip(files, sides, strict=True):
        file.write_bytes(data)
    return merge_files([str(file) for file in files], list(sides), Markers())


def sources(outcome: Outcome) -> list[str]:
    assert outcome.is_clean, outcome.words
    assert problem_with(outcome.data) == ""
    return [cell.source for cell in read_cells(outcome.data).cells]


LINES = [f"value_{number} = measure({number})" for number in range(9)]
WHOLE = "\n".join(LINES)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("named", ["load-data", "0a1b2c3d"])
def test_split_by_one_and_edited_by_the_other(tmp_path: Path, swapped: bool, named: str) -> None:
    """Each part is the cell that the split made, with the edit that was made in its lines."""
    new = code("fresh()", id="feedbeef")
    base = notebook(code(WHOLE, id="load"))
    split = notebook(code("\n".join(LINES[:4]), id="load"), code("\n".join(LINES[4:]), id=named))
    lines = [*LINES[:6], "changed()", *LINES[7:]]
    edited = notebook(code("\n".join(lines), id="load"), new)
    outcome = merged(tmp_path, base, *((edited, split) if swapped else (split, edited)))
    assert sources(outcome) == ["\n".join(lines[:4]), "\n".join(lines[4:]), "fresh()"]
    assert [cell.id for cell in read_cells(outcome.data).cells] == ["load", named, "feedbeef"]


def test_joined_by_one_and_edited_by_the_other(tmp_path: Path) -> None:
    """A heading that moves into another cell gives later cells another section: that is no other text."""
    top, rest = "\n".join([*LINES[:4], "## Part"]), "\n".join(LINES[4:])
    tail = markdown("The end.", id="tail")
    base = notebook(markdown(top, id="a1"), code(rest, id="b2"), tail)
    ours = notebook(markdown(f"{top}\n{rest}", id="a1"), tail)
    theirs = notebook(markdown(top, id="a1"), code(rest.replace("measure(7)", "guess(7)"), id="b2"), tail)
    assert sources(merged(tmp_path, base, ours, theirs))[0] == f"{top}\n{rest}".replace("measure(7)", "guess(7)")


def test_control_characters_come_out_as_they_were(tmp_path: Path) -> None:
    lines = ["\x1b[31m", *LINES, "a\x0cb"]
    base = notebook(code("\n".join(lines), id="load"))
    split = notebook(code("\n".join(lines[:4]), id="load"), code("\n".join(lines[4:]), id="rest"))
    edited = notebook(code("\n".join([*lines[:7], "changed()", *lines[8:]]), id="load"))
    parts = sources(merged(tmp_path, base, split, edited))
    assert "\n".join(parts) == "\n".join([*lines[:7], "changed()", *lines[8:]])


def test_what_the_text_shows_alike_is_left_to_a_person(tmp_path: Path) -> None:
    lines = ["\x1b", "␛", *LINES]
    base = notebook(code("\n".join(lines), id="load"))
    split = notebook(code("\n".join(lines[:4]), id="load"), code("\n".join(lines[4:]), id="rest"))
    edited = notebook(code("\n".join([*lines[:7], "changed()", *lines[8:]]), id="load"))
    outcome = merged(tmp_path, base, split, edited)
    assert not outcome.is_clean
    assert problem_with(outcome.data) == ""


def test_a_line_that_looks_like_a_header_is_never_taken_for_one(tmp_path: Path) -> None:
    """Joined by one side and edited by the other: the text has the line behind a blank one, where headers stand."""
    line = "## cell [code]  # of mine"
    first, second = [*LINES[:7], "plot()", ""], [line, "", *(f"{name}_more" for name in LINES)]
    base = notebook(code("\n".join(first)), code("\n".join(second)), minor=4)
    edited = notebook(
        code("\n".join([*first[:6], "changed()", *first[7:]])), code("\n".join(second)), code("more()"), minor=4
    )
    joined = notebook(code("new()\nother()"), code("\n".join(first + second)), minor=4)
    for sides in ((edited, joined), (joined, edited)):
        outcome = merged(tmp_path, base, *sides)
        assert problem_with(outcome.data) == ""
        assert any(line in cell.source.split("\n") for cell in read_cells(outcome.data).cells)


def test_a_text_that_two_different_notebooks_have_says_nothing() -> None:
    """Metadata of one is a line of the other's source."""
    one = notebook(code("named()", metadata={"name": "x"}), minor=4)
    other = notebook(code("## name: x\nnamed()"), minor=4)
    assert readable_text(one) == readable_text(other)
    assert from_text(one, [one, other], readable_text(one), Policy()) is None
    assert from_text(one, [one, one], readable_text(one), Policy()) == one


def test_no_ids_where_one_side_went_back_to_a_format_without(tmp_path: Path) -> None:
    base = notebook(code(WHOLE, id="load"))
    split = notebook(code("\n".join(LINES[:4])), code("\n".join(LINES[4:])), minor=4)
    edited = notebook(code("\n".join([*LINES[:6], "changed()", *LINES[7:]]), id="load"))
    assert sources(merged(tmp_path, base, split, edited))[1].split("\n")[2] == "changed()"


def test_a_text_merge_that_leaves_ids_in_a_format_without_is_not_taken(tmp_path: Path) -> None:
    """Line by line git drops the ids of one side only, and the version of the other."""
    kept, gone = nb.notebook(code("a = 1", id="one")), nb.notebook(code("a = 1"), minor=4)
    assert is_sound(kept)
    assert is_sound(gone)
    assert not is_sound(kept.replace(b'"nbformat_minor": 5', b'"nbformat_minor": 4'))
    assert not is_sound(gone.replace(b'"nbformat_minor": 4', b'"nbformat_minor": 5'))
