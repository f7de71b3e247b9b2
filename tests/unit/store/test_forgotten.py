"""The list of forgotten snapshots: its bytes, what others may have put into it, and the union of two lists."""

from __future__ import annotations

from nbgit.store.forgotten import GONE, decode_forgotten, encode_forgotten, last_id, unite_forgotten

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)


def test_the_file_has_one_form() -> None:
    text = encode_forgotten({B: GONE, A: C})
    assert text == f"{A} {C}\n{B} -\n".encode()
    assert decode_forgotten(text) == {A: C, B: GONE}
    assert encode_forgotten({A: C, B: GONE}) == text


def test_what_was_forgotten_twice_names_the_last() -> None:
    assert decode_forgotten(encode_forgotten({A: B, B: C})) == {A: C, B: C}
    assert last_id({A: B, B: GONE}, A) == GONE
    assert last_id({A: B}, C) == C


def test_foreign_lines_are_passed_over() -> None:
    lines = [f"{A} ../../x", "no line", f"{A} {A}", f"{B} {C} more", "\N{SNOWMAN}", f"{D} -"]
    assert decode_forgotten("\n".join(lines).encode()) == {D: GONE}
    assert decode_forgotten(None) == {}


def test_a_circle_ends() -> None:
    assert decode_forgotten(f"{A} {B}\n{B} {A}\n".encode()) == {A: GONE, B: GONE}


def test_two_clones_that_agree() -> None:
    assert unite_forgotten({A: B}, {A: B, C: GONE}) == {A: B, C: GONE}
    assert unite_forgotten({A: C, B: C}, {A: B}) == {A: C, B: C}  # one has forgotten more of it
    assert unite_forgotten({A: B}, {A: C, B: C}) == {A: C, B: C}


def test_two_clones_that_removed_different_outputs_lose_both() -> None:
    assert unite_forgotten({A: B}, {A: C}) == {A: GONE, B: GONE, C: GONE}
    assert unite_forgotten({A: B}, {A: GONE}) == {A: GONE, B: GONE}
