"""Alignment: by trusted id, by text, by likeness, and moves."""

from typing import Any

from nbgit.diff.align import align
from nbgit.notebook.cells import Cell
from tests.nb import code, markdown


def cells(*raw: dict[str, Any]) -> list[Cell]:
    return [Cell(index, cell) for index, cell in enumerate(raw)]


LOAD = "import pandas as pd\nframe = pd.read_csv('data.csv')\nframe.head()"
PLOT = "fig, ax = plt.subplots(figsize=(8, 3))\nax.plot(frame.time, frame.value)\nax.set_title('value')"
FIT = "model = LinearRegression()\nmodel.fit(X_train, y_train)\nprint(model.score(X_test, y_test))"


def test_ids_pair_a_cell_that_was_rewritten() -> None:
    a = cells(code("x = 1", id="a"), code("alpha beta", id="b"))
    b = cells(code("x = 1", id="a"), code("something else entirely", id="b"))
    assert align(a, b).pairs == {0: 0, 1: 1}


def test_ids_that_count_positions_do_not_mislead() -> None:
    a = cells(code(LOAD, id="cell-0"), code(PLOT, id="cell-1"), code(FIT, id="cell-2"))
    b = cells(code("print('new')", id="cell-0"), code(LOAD, id="cell-1"), code(PLOT, id="cell-2"), code(FIT, id="c3"))
    found = align(a, b)
    assert found.pairs == {0: 1, 1: 2, 2: 3}
    assert not found.moved


def test_new_ids_everywhere_cost_nothing() -> None:
    a = cells(*(code(text, id=f"a{number}") for number, text in enumerate((LOAD, PLOT, FIT))))
    b = cells(*(code(text, id=f"b{number}") for number, text in enumerate((LOAD, PLOT + "\nplt.show()", FIT))))
    assert align(a, b).pairs == {0: 0, 1: 1, 2: 2}


def test_duplicate_ids_fall_back_to_text() -> None:
    a = cells(code(LOAD, id="x"), code(PLOT, id="x"))
    b = cells(code(PLOT, id="x"), code(LOAD, id="x"))
    assert align(a, b).pairs == {0: 1, 1: 0}


def test_edited_cells_without_ids_are_paired_in_order() -> None:
    a = cells(code(LOAD), code(PLOT), code(FIT))
    b = cells(code(LOAD.replace("data", "more")), markdown("# New"), code(PLOT + "\nplt.show()"), code("y = FIT"))
    found = align(a, b)
    assert found.pairs[0] == 0
    assert found.pairs[1] == 2
    assert 1 not in found.pairs.values()


def test_a_moved_cell_is_one_move() -> None:
    rest = [code(f"step_{number} = compute({number})") for number in range(6)]
    found = align(cells(code(PLOT), *rest), cells(*rest, code(PLOT)))
    assert found.moved == {0}
    assert found.pairs[0] == 6


def test_a_cell_that_was_moved_and_edited_is_still_found() -> None:
    rest = [code(f"step_{number} = compute({number})") for number in range(6)]
    found = align(cells(code(PLOT), *rest), cells(*rest, code(PLOT.replace("'value'", "'price'"))))
    assert found.moved == {0}


def test_a_single_cell_that_became_markdown_is_the_same_cell() -> None:
    assert align(cells(code(LOAD), code(FIT)), cells(code(LOAD), markdown(FIT))).pairs == {0: 0, 1: 1}


def test_many_alike_cells_pair_by_what_sets_them_apart() -> None:
    body = "\n".join(f"line_{number} = table[{number}].mean()" for number in range(40))
    a = cells(*(code(f"{body}\nname = 'n{number}'") for number in range(50)))
    b = cells(*(code(f"{body}\nname = 'n{number}'\nextra = {number}") for number in range(50)))
    assert align(a, b).pairs == {number: number for number in range(50)}


def test_empty_sides() -> None:
    assert align([], []).pairs == {}
    assert align(cells(code("x")), []).pairs == {}
    assert align([], cells(code("x"))).pairs == {}


def test_a_short_cell_is_edited_in_its_place_rather_than_moved() -> None:
    between = [code(text) for text in (LOAD, PLOT, FIT)]
    a = cells(between[0], code("pop[:, 2010]"), between[1], code("pop[:, 2000]"), between[2])
    b = cells(between[0], code("pop[:, 2020]"), between[1], code("pop[:, 2010]"), between[2])
    found = align(a, b)
    assert found.pairs == {number: number for number in range(5)}
    assert not found.moved


def test_ids_that_count_places_mislead_no_edited_cell_either() -> None:
    sources = [LOAD, PLOT, FIT, "last()"]
    a = cells(*(code(text, id=f"cell-{number}") for number, text in enumerate(sources)))
    edited = ["# Title", LOAD + "\nframe.tail()", *sources[1:]]
    b = cells(*(code(text, id=f"cell-{number}") for number, text in enumerate(edited)))
    assert align(a, b).pairs == {0: 1, 1: 2, 2: 3, 3: 4}


def test_a_cell_split_into_many_is_none_of_them_more_than_of_the_others() -> None:
    lines = [f"value_{number} = measure_{number}(step={number})" for number in range(48)]
    parts = [code("\n".join(lines[start : start + 4])) for start in range(0, 48, 4)]
    whole = [code(LOAD), code("\n".join(lines)), code(FIT)]
    found = align(cells(*whole), cells(whole[0], *parts, whole[2]))
    spans = {part: (section.cell, section.start, section.end) for part, section in found.splits.items()}
    assert spans == {1 + number: (1, 4 * number, 4 * number + 4) for number in range(12)}
    back = align(cells(whole[0], *parts, whole[2]), cells(*whole))
    assert {part: section.cell for part, section in back.joins.items()} == dict.fromkeys(range(1, 13), 1)


def test_a_cell_that_repeats_what_its_neighbour_still_has_was_inserted() -> None:
    found = align(cells(code(LOAD), code(FIT)), cells(code(LOAD), code(LOAD + "\nagain()"), code(FIT)))
    assert not found.splits
    assert found.pairs == {0: 0, 1: 2}
