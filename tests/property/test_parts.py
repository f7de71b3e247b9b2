"""What must hold for any two notebooks: their change can be taken in parts, and each part is that and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.external.nbformat import problem_with
from nbgit.merge.parts import CELLS, LINES, NOTEBOOK, PLACE, VALUES, Part, Parts
from nbgit.notebook.cells import read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from tests.property.edits import Editor, encoded
from tests.property.notebooks import NOTEBOOKS

POLICY = Policy()
SEEDS = st.integers(0, 2**32)


def source_of(data: bytes) -> bytes:
    parts = split(data, POLICY)
    assert parts is not None
    return parts.source


def pair(seed: int, *, upgrades: bool = False) -> tuple[bytes, bytes]:
    """Return a notebook and an edited one, as git would have them."""
    editor = Editor(seed)
    older = editor.notebook()
    newer = editor.edited(editor.edited(older))
    if upgrades:
        newer["nbformat_minor"] = 9 - newer["nbformat_minor"]
        for number, cell in enumerate(newer["cells"]):
            cell.pop("id", None)
            if newer["nbformat_minor"] == 5:
                cell["id"] = f"new-{number}"
    return source_of(encoded(older)), source_of(encoded(newer))


def document(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data)
    return found


def drawn(parts: Parts, data: st.DataObject) -> dict[Part, str | None]:
    """Return some of the parts, some of them in pieces."""
    taken: dict[Part, str | None] = {}
    for part in parts.parts:
        answer = data.draw(st.sampled_from(["y", "n", "s"]))
        if answer == "s":
            for piece in part.pieces:
                if data.draw(st.booleans()):
                    taken[piece] = None
        elif answer == "y":
            taken[part] = None
    return taken


@given(NOTEBOOKS, NOTEBOOKS)
def test_all_is_the_newer_and_nothing_the_older(older: bytes, newer: bytes) -> None:
    clean = [split(data, POLICY) for data in (older, newer)]
    if clean[0] is None or clean[1] is None:
        return
    parts = Parts(clean[0].source, clean[1].source, POLICY)
    assert parts.make({}) == clean[0].source
    assert parts.make(dict.fromkeys(parts.parts)) == (clean[1].source if parts.parts else clean[0].source)
    assert bool(parts.parts) == (clean[0].source != clean[1].source)
    pieces = {piece: None for part in parts.parts for piece in (part.pieces or [part])}
    assert parts.make(pieces) == parts.make(dict.fromkeys(parts.parts))


@given(SEEDS, st.booleans(), st.data())
@settings(max_examples=150)
def test_any_choice_is_a_valid_notebook(seed: int, upgrades: bool, data: st.DataObject) -> None:
    older, newer = pair(seed, upgrades=upgrades)
    parts = Parts(older, newer, POLICY)
    made = parts.make(drawn(parts, data))
    assert source_of(made) == made
    assert problem_with(made) == ""
    ids = [cell.id for cell in read_cells(made).cells]
    has_ids = read_cells(made).nbformat >= (4, 5)
    assert len(set(ids)) == len(ids) if has_ids else set(ids) <= {None}


@given(SEEDS, st.data())
@settings(max_examples=150)
def test_a_choice_has_those_changes_and_no_other(seed: int, data: st.DataObject) -> None:
    older, newer = pair(seed)
    parts = Parts(older, newer, POLICY)
    taken = drawn(parts, data)
    made = read_cells(parts.make(taken))
    old, new = read_cells(older), read_cells(newer)
    expected = Counter(beside_id(cell.raw) for cell in old.cells)
    whole = [part for part in taken if part.kind == CELLS]
    whole += [part for part in parts.parts if part not in taken and part.pieces and set(part.pieces) <= taken.keys()]
    for part in whole:
        for change in part.changes:
            expected -= Counter([beside_id(change.before.raw)]) if change.before else Counter()
            expected += Counter([beside_id(change.after.raw)]) if change.after else Counter()
    got = Counter(beside_id(cell.raw) for cell in made.cells)
    in_pieces = {id(part.changes[0]): part.changes[0] for part in taken if part.kind in (PLACE, VALUES, LINES)}
    wholly = {id(change) for part in whole for change in part.changes}
    assert sum(got.values()) == sum(expected.values())
    assert sum((got - expected).values()) <= len(in_pieces.keys() - wholly)
    takes_top = any(part.kind == NOTEBOOK for part in taken)
    assert made.metadata == (new if takes_top else old).metadata
    if not in_pieces and not whole and len(taken) < len(parts.parts):
        assert [cell.raw for cell in made.cells] == [cell.raw for cell in old.cells]


def beside_id(raw: dict[str, Any]) -> str:
    source = raw["source"] if isinstance(raw["source"], str) else "".join(raw["source"])
    return json.dumps({**raw, "id": None, "source": source}, sort_keys=True)


@given(SEEDS, st.data())
@settings(max_examples=100)
def test_the_rest_can_be_taken_later(seed: int, data: st.DataObject) -> None:
    older, newer = pair(seed)
    parts = Parts(older, newer, POLICY)
    made = parts.make(drawn(parts, data))
    rest = Parts(made, newer, POLICY)
    assert rest.make(dict.fromkeys(rest.parts)) == newer


@given(SEEDS)
def test_a_new_notebook_is_its_cells(seed: int) -> None:
    _, newer = pair(seed)
    parts = Parts(None, newer, POLICY)
    assert len(parts.parts) == len(read_cells(newer).cells)
    assert parts.make(dict.fromkeys(parts.parts)) == newer
    for number, part in enumerate(parts.parts):
        made = document(parts.make({part: None}))
        assert made["cells"] == [document(newer)["cells"][number]]


@given(SEEDS, st.text("ab\n", max_size=9))
def test_what_a_person_wrote_stands_in_the_cell(seed: int, text: str) -> None:
    older, newer = pair(seed)
    parts = Parts(older, newer, POLICY)
    for part in parts.parts:
        if part.text is not None:
            made = read_cells(parts.make({part: text}))
            assert text in [cell.source for cell in made.cells]
            assert problem_with(parts.make({part: text})) == ""
