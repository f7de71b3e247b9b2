"""Merging by cell on the bytes: what stays untouched, what is settled by rule, what is refused."""

import pytest

from nbgit.errors import NotANotebook
from nbgit.external.nbformat import problem_with
from nbgit.merge.conflicts import Markers
from nbgit.merge.notebooks import merge_notebooks
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


@pytest.mark.parametrize("broken", [b"<<<<<<< HEAD\n", b"", b"[]", b'{"nbformat": 3, "worksheets": []}'])
def test_what_is_no_notebook_is_refused(broken: bytes) -> None:
    with pytest.raises(NotANotebook):
        merge_notebooks(notebook(ONE), broken, notebook(TWO))
    with pytest.raises(NotANotebook):
        merge_notebooks(notebook(ONE), notebook(TWO), broken)


def test_formats_are_not_mixed() -> None:
    old = b'{"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": []}]}'
    with pytest.raises(NotANotebook, match="different formats"):
        merge_notebooks(old, notebook(ONE), old + b"\n")


def test_a_version_that_is_no_number_and_a_worksheet_without_cells_are_no_trouble() -> None:
    odd = notebook(ONE).replace(b'"nbformat_minor": 5', b'"nbformat_minor": [5]')
    merged = merge_notebooks(notebook(ONE), odd, notebook(TWO, minor=4))
    assert b'"nbformat_minor": 4' in merged.data
    sheets = [
        b'{"nbformat": 3, "metadata": {"name": "%s"}, "worksheets": [{%s}]}' % pair
        for pair in ((b"a", b""), (b"a", b'"cells": [{"cell_type": "markdown", "source": "x"}]'), (b"b", b""))
    ]
    assert [cell.source for cell in read_cells(merge_notebooks(sheets[0], sheets[2], sheets[1]).data).cells] == ["x"]
