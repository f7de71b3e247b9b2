"""Merging by cell on the bytes: what stays untouched, what is settled by rule, what is refused."""

import json
from typing import Any

import pytest

from nbgit.errors import NotANotebook
from nbgit.external.nbformat import problem_with, upgrade
from nbgit.merge.conflicts import Markers
from nbgit.merge.marked import find_conflicts
from nbgit.merge.notebooks import merge_notebooks
from nbgit.merge.resolve import OURS, THEIRS, Decision, resolve
from nbgit.notebook.cells import read_cells
from tests.nb import code, markdown, notebook

ONE = code("first = load('one.csv')", id="c1")
TWO = code("second = load('two.csv')", id="c2")
THREE = markdown("Three *words* here.", id="c3")


def test_untouched_cells_keep_their_own_spelling() -> None:
    odd = b'{ "id":"odd",\t"cell_type":"raw","metadata":{ } ,"source":"\\u00e9\\/ \xc3\xa9", "x": 1.50e+1, "n": NaN }'
    cells = [b'{"cell_type":"raw","id":"%s","metadata":{},"source":"%s"}' % (name, name) for name in (b"a", b"b")]
    shape = b'{"cells": [%s,\r\n\r\n%s,%s],"metadata":{},"nbformat":4,"nbformat_minor":5}'
    base = shape % (cells[0], odd, cells[1])
    ours, theirs = base.replace(b'"a"}', b'"a ours"}'), base.replace(b'"b"}', b'"b theirs"}')
    merged = merge_notebooks(base, ours, theirs)
    assert not merged.conflicts
    assert odd in merged.data
    assert merged.data.startswith(b'{"cells": [{"cell_type":"raw","id":"a","metadata":{},"source":"a ours"},\r\n\r\n')
    assert b'"b theirs"}],"metadata":{},"nbformat":4' in merged.data


def test_markers_take_gits_size() -> None:
    merged = merge_notebooks(
        notebook(ONE), notebook({**ONE, "source": ["a"]}), notebook({**ONE, "source": ["b"]}), Markers(9)
    )
    source = read_cells(merged.data).cells[0].source
    assert source == "<<<<<<<<< ours\na\n=========\nb\n>>>>>>>>> theirs"


def test_a_source_stored_as_one_string_stays_one() -> None:
    def cell(source: str) -> bytes:
        return notebook({**ONE, "source": source})

    merged = merge_notebooks(cell("a\nb\nc"), cell("A\nb\nc"), cell("a\nb\nC"))
    assert b'"source": "A\\nb\\nC"' in merged.data


def test_a_deletion_wins_over_a_change_that_says_nothing() -> None:
    run = {**TWO, "metadata": {"collapsed": True}}
    merged = merge_notebooks(notebook(ONE, TWO), notebook(ONE), notebook(ONE, run))
    assert not merged.conflicts
    assert merged.data == notebook(ONE)


def test_metadata_in_conflict_shows_in_the_cell() -> None:
    def tagged(value: str) -> bytes:
        return notebook({**ONE, "metadata": {"name": value}})

    merged = merge_notebooks(tagged("old"), tagged("ours"), tagged("theirs"))
    (conflict,) = merged.conflicts
    assert conflict.what == "metadata.name"
    source = read_cells(merged.data).cells[0].source
    assert source.endswith(
        '<<<<<<< ours: values of this cell\nmetadata.name: "ours"\n=======\nmetadata.name: "theirs"\n'
        ">>>>>>> theirs: values of this cell"
    )


def test_a_cell_that_became_markdown_on_one_side_keeps_the_edit_of_the_other() -> None:
    base = notebook(code("Some words.\n\nMore words.", id="x"))
    ours = notebook(markdown("Some words.\n\nMore words.", id="x"))
    theirs = notebook(code("Some good words.\n\nMore words.", id="x"))
    merged = merge_notebooks(base, ours, theirs)
    assert not merged.conflicts
    (cell,) = read_cells(merged.data).cells
    assert (cell.kind, cell.source) == ("markdown", "Some good words.\n\nMore words.")
    assert problem_with(merged.data) == ""


def test_the_same_insertion_at_different_places_is_two_cells_if_it_is_short() -> None:
    show = code("plt.show()")
    merged = merge_notebooks(
        notebook(ONE, TWO, THREE, minor=4),
        notebook(ONE, show, TWO, THREE, minor=4),
        notebook(ONE, TWO, show, THREE, minor=4),
    )
    sources = [cell.source for cell in read_cells(merged.data).cells]
    assert sources.count("plt.show()") == 2


def test_moved_by_one_and_edited_by_the_other() -> None:
    edited = {**ONE, "source": ["first = load('uno.csv')"]}
    merged = merge_notebooks(notebook(ONE, TWO, THREE), notebook(TWO, THREE, ONE), notebook(edited, TWO, THREE))
    assert merged.data == notebook(TWO, THREE, edited)


def test_layouts_may_differ() -> None:
    edited = {**TWO, "source": ["second = load('zwei.csv')"]}
    merged = merge_notebooks(notebook(ONE, TWO), notebook(ONE, TWO, indent=4), notebook(ONE, edited))
    assert not merged.conflicts
    assert [cell.source for cell in read_cells(merged.data).cells][1] == "second = load('zwei.csv')"


def test_a_final_newline_and_a_byte_order_mark_survive() -> None:
    base = b"\xef\xbb\xbf" + notebook(ONE, TWO)
    edited = b"\xef\xbb\xbf" + notebook({**ONE, "source": ["x"]}, TWO)
    other = b"\xef\xbb\xbf" + notebook(ONE, {**TWO, "source": ["y"]}).rstrip(b"\n")
    merged = merge_notebooks(base, edited, other)
    assert merged.data == b"\xef\xbb\xbf" + notebook({**ONE, "source": ["x"]}, {**TWO, "source": ["y"]}).rstrip(b"\n")


@pytest.mark.parametrize("broken", [b"<<<<<<< HEAD\n", b"", b"[]", b'{"nbformat": 3, "worksheets": [7]}'])
def test_what_is_no_notebook_is_refused(broken: bytes) -> None:
    with pytest.raises(NotANotebook):
        merge_notebooks(notebook(ONE), broken, notebook(TWO))
    with pytest.raises(NotANotebook):
        merge_notebooks(notebook(ONE), notebook(TWO), broken)


def old(*sheets: list[dict[str, Any]]) -> bytes:
    """Return a notebook of nbformat 3."""
    worksheets = [{"cells": cells, "metadata": {}} for cells in sheets]
    document = {"metadata": {"name": "n"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": worksheets}
    return (json.dumps(document, indent=1) + "\n").encode()


def old_code(source: str, **members: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "collapsed": False, "input": source.splitlines(keepends=True), "language": "python"}
    return {**cell, "metadata": {}, "outputs": [], **members}


def test_an_upgrade_by_one_side_keeps_the_edit_of_the_other() -> None:
    plot, text = old_code("plot(x)"), {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["A title"]}
    output = {"output_type": "pyout", "prompt_number": 1, "png": "iVBORw0KGgo=", "metadata": {}}
    kept = old_code("fit(x)", outputs=[output], prompt_number=1)
    base, ours = old([text, plot, kept]), old([text, old_code("plot(x, y)"), kept])
    document: Any = upgrade(base)
    theirs = (json.dumps(document, indent=1) + "\n").encode()
    for sides in ((base, ours, theirs), (base, theirs, ours), (theirs, ours, base)):
        merged = merge_notebooks(*sides)
        assert not merged.conflicts
        assert problem_with(merged.data) == ""
        assert read_cells(merged.data).nbformat == ((4, 5) if sides[0] == base else (4, 4))
        cells = read_cells(merged.data).cells
        assert [cell.source for cell in cells] == ["## A title", "plot(x, y)", "fit(x)"]
    (picture,) = read_cells(merge_notebooks(base, ours, theirs).data).cells[2].outputs
    assert (picture["output_type"], picture["data"]) == ("execute_result", {"image/png": "iVBORw0KGgo="})


def test_several_worksheets_become_one_notebook() -> None:
    one, two = [old_code("first()")], [old_code("second()")]
    merged = merge_notebooks(old(one, two), old([old_code("erst()")], two), old(one, [old_code("zweit()")]))
    assert not merged.conflicts
    assert [cell.source for cell in read_cells(merged.data).cells] == ["erst()", "zweit()"]
    assert problem_with(merged.data) == ""


def test_formats_to_come_are_not_mixed() -> None:
    with pytest.raises(NotANotebook, match="different formats"):
        merge_notebooks(notebook(ONE), notebook(TWO).replace(b'"nbformat": 4', b'"nbformat": 5'), notebook(THREE))


def test_code_of_an_old_format_that_became_raw_keeps_the_edit_of_the_other() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": ["a\n", "b\n", "c"]}
    base, ours, theirs = old([old_code("a\nb\nc")]), old([raw]), old([old_code("a\nb\nC")])
    for sides in ((base, ours, theirs), (base, theirs, ours)):
        merged = merge_notebooks(*sides)
        assert not merged.conflicts
        assert problem_with(merged.data) == ""
        assert [(cell.kind, cell.source) for cell in read_cells(merged.data).cells] == [("raw", "a\nb\nC")]
    back = merge_notebooks(old([raw]), base, old([{**raw, "source": ["a\n", "b\n", "C"]}]))
    assert not back.conflicts
    assert problem_with(back.data) == ""


def test_git_sees_the_markers_in_a_source_of_one_string() -> None:
    """The row behind it ends in a blank, which is what `git diff --check` looks for, whatever else changes."""
    raw = {"cell_type": "raw", "metadata": {}, "source": "a\nB\nc"}
    start = {"cell_type": "code", "metadata": {}, "outputs": [], "language": "python", "collapsed": False}
    base, theirs = (old([{**start, "input": text}]) for text in ("a\nb\nc", "a\nbb\nc"))
    for sides in ((base, old([raw]), theirs), (base, theirs, old([raw]))):
        merged = merge_notebooks(*sides)
        assert merged.conflicts
        assert problem_with(merged.data) == ""
        assert b" \n" in merged.data
    first, second, third = (
        notebook({**ONE, "metadata": {"name": name}, "source": text}) for name, text in ("xa", "yb", "zc")
    )
    left = merge_notebooks(first, second, third).data
    assert [one.kind for one in find_conflicts(read_cells(left))] == ["source", "values"]
    assert b" \n" in resolve(left, {2: THEIRS})
    assert b" \n" not in resolve(left, {1: OURS, 2: THEIRS})


def test_a_heading_of_an_old_format_against_markdown() -> None:
    heading = {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]}
    text = {"cell_type": "markdown", "metadata": {}, "source": ["Some text"]}
    merged = merge_notebooks(old([old_code("x")]), old([heading]), old([text]))
    for choice, source in ((OURS, "## Title"), (THEIRS, "Some text")):
        decisions: dict[int, Decision] = {one.number: choice for one in find_conflicts(read_cells(merged.data))}
        settled = resolve(merged.data, decisions)
        assert source in [cell.source for cell in read_cells(settled).cells]
        assert problem_with(settled) == ""


def test_attachments_are_joined_and_two_of_one_name_are_a_conflict() -> None:
    def with_pictures(**pictures: str) -> bytes:
        attached = {f"{name}.png": {"image/png": data} for name, data in pictures.items()}
        return notebook(markdown("![](a.png)", id="c1", attachments=attached))

    merged = merge_notebooks(with_pictures(), with_pictures(a="AAAA"), with_pictures(b="BBBB"))
    assert not merged.conflicts
    assert set(read_cells(merged.data).cells[0].attachments) == {"a.png", "b.png"}
    clash = merge_notebooks(with_pictures(a="AAAA"), with_pictures(a="BBBB"), with_pictures(a="CCCC"))
    (conflict,) = clash.conflicts
    assert conflict.what == 'attachments."a.png"."image/png"'
    decisions: dict[int, Decision] = {1: THEIRS}
    assert resolve(clash.data, decisions) == with_pictures(a="CCCC")


def test_who_goes_back_to_a_format_without_ids_is_followed() -> None:
    bare = [{key: value for key, value in cell.items() if key != "id"} for cell in (ONE, TWO)]
    merged = merge_notebooks(notebook(ONE, TWO), notebook(*bare, minor=4), notebook({**ONE, "source": ["x"]}, TWO))
    assert not merged.conflicts
    assert merged.data == notebook({**bare[0], "source": ["x"]}, bare[1], minor=4)


def test_a_version_that_is_no_number_and_a_worksheet_without_cells_are_no_trouble() -> None:
    odd = notebook(ONE).replace(b'"nbformat_minor": 5', b'"nbformat_minor": [5]')
    merged = merge_notebooks(notebook(ONE), odd, notebook(TWO, minor=4))
    assert b'"nbformat_minor": 4' in merged.data
    sheets = [
        b'{"nbformat": 3, "metadata": {"name": "%s"}, "worksheets": [{%s}]}' % pair
        for pair in ((b"a", b""), (b"a", b'"cells": [{"cell_type": "markdown", "source": "x"}]'), (b"b", b""))
    ]
    assert [cell.source for cell in read_cells(merge_notebooks(sheets[0], sheets[2], sheets[1]).data).cells] == ["x"]
