"""What must hold for any three notebooks: the truth table, a valid result, every conflict marked, nothing lost."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.merge.notebooks import merge_notebooks
from nbgit.merge.order import merge_order
from nbgit.merge.three_way import merge_lines
from nbgit.notebook.cells import read_cells
from tests.nb import code, notebook
from tests.property.test_diff import NOTEBOOKS

LINE_LISTS = st.lists(st.sampled_from("abcdef"), max_size=8)


def encode(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def lines_of(data: bytes) -> set[str]:
    return {line for cell in read_cells(data).cells for line in cell.source.split("\n")}


@given(NOTEBOOKS, NOTEBOOKS)
def test_one_side_unchanged_gives_the_other_byte_for_byte(a: dict[str, Any], b: dict[str, Any]) -> None:
    base, changed = encode(a), encode(b)
    assert merge_notebooks(base, changed, base).data == changed
    assert merge_notebooks(base, base, changed).data == changed
    assert merge_notebooks(base, changed, changed).data == changed


def with_unique_ids(document: dict[str, Any]) -> dict[str, Any]:
    seen: set[str] = set()
    for place, cell in enumerate(document["cells"]):
        if cell.get("id") is None or cell["id"] in seen:
            cell["id"] = f"n{place}"
        seen.add(cell["id"])
    return document


VALID = NOTEBOOKS.map(with_unique_ids)


@given(VALID, VALID, VALID)
@settings(max_examples=150)
def test_any_three_notebooks_merge_into_one_that_hides_nothing(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    base, ours, theirs = encode(a), encode(b), encode(c)
    merged = merge_notebooks(base, ours, theirs)
    result = read_cells(merged.data)
    assert bool(merged.conflicts) == any("<<<<<<< ours" in cell.source for cell in result.cells)
    for conflict in merged.conflicts:
        assert "<<<<<<< ours" in result.cells[conflict.cell_index].source
    added = (lines_of(ours) | lines_of(theirs)) - lines_of(base) - {""}
    assert added <= lines_of(merged.data)
    ids = [cell.id for cell in result.cells]
    assert None not in ids
    assert len(set(ids)) == len(ids)
    for cell in result.cells:
        assert ("outputs" in cell.raw) == (cell.kind == "code")


@given(st.data())
def test_edits_of_different_cells_merge_cleanly_and_completely(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 8))
    sources = [f"first_{n} = load('{n}.csv')\nsecond_{n} = first_{n}.mean()" for n in range(size)]
    with_ids = data.draw(st.booleans())
    split_at = data.draw(st.sets(st.integers(0, size - 1)))

    def build(edited: set[int], word: str) -> bytes:
        cells = [
            code(source + f"\nprint('{word}', {n})" if n in edited else source, **({"id": f"c{n}"} if with_ids else {}))
            for n, source in enumerate(sources)
        ]
        return notebook(*cells, minor=5 if with_ids else 4)

    others = set(range(size)) - split_at
    merged = merge_notebooks(build(set(), ""), build(split_at, "ours"), build(others, "theirs"))
    assert not merged.conflicts
    words = ["ours" if n in split_at else "theirs" for n in range(size)]
    expected = [f"{source}\nprint('{word}', {n})" for n, (source, word) in enumerate(zip(sources, words, strict=True))]
    assert [cell.source for cell in read_cells(merged.data).cells] == expected


@given(LINE_LISTS, LINE_LISTS)
def test_lines_obey_the_truth_table(base: list[str], changed: list[str]) -> None:
    for ours, theirs in ((changed, base), (base, changed), (changed, changed)):
        chunks = merge_lines(base, ours, theirs)
        assert [line for chunk in chunks for line in (["conflict"] if chunk.clean is None else chunk.clean)] == changed


@given(LINE_LISTS, LINE_LISTS, LINE_LISTS)
def test_lines_merge_the_same_from_both_ends(base: list[str], ours: list[str], theirs: list[str]) -> None:
    there = merge_lines(base, ours, theirs)
    back = merge_lines(base, theirs, ours)
    assert [(chunk.clean, chunk.ours, chunk.theirs) for chunk in there] == [
        (chunk.clean, chunk.theirs, chunk.ours) for chunk in back
    ]


NUMBERS = st.lists(st.integers(0, 9), unique=True, max_size=8)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_the_merged_order_holds_every_cell_once(base: list[int], ours: list[int], theirs: list[int]) -> None:
    merged = merge_order(base, ours, theirs)
    assert sorted(merged) == sorted({*base, *ours, *theirs})


@given(NUMBERS, NUMBERS)
def test_where_one_side_moved_cells_its_order_holds(base: list[int], changed: list[int]) -> None:
    assert [n for n in merge_order(base, changed, base) if n in changed] == changed
    assert [n for n in merge_order(base, base, changed) if n in changed] == changed
