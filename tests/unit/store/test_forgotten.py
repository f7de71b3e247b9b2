"""The list of forgotten snapshots: its bytes, what others may have put into it, and the union of two lists."""

from __future__ import annotations

from nbgit.store.forgotten import GONE, Forgotten, decode_forgotten, encode_forgotten, last_id, unite_forgotten

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)


def test_the_file_has_one_form() -> None:
    text = encode_forgotten(Forgotten({B: GONE, A: C}))
    assert text == f"{A} {C}\n{B} -\n".encode()
    assert decode_forgotten(text) == Forgotten({A: C, B: GONE})
    assert encode_forgotten(Forgotten({A: C, B: GONE})) == text


def test_what_was_forgotten_twice_names_the_last() -> None:
    assert decode_forgotten(encode_forgotten(Forgotten({A: B, B: C}))) == Forgotten({A: C, B: C})
    assert last_id({A: B, B: GONE}, A) == GONE
    assert last_id({A: B}, C) == C


def test_foreign_lines_are_passed_over() -> None:
    lines = [f"{A} ../../x", "no line", f"{A} {A}", f"{B} {C} more", "\N{SNOWMAN}", f"{D} -"]
    assert decode_forgotten("\n".join(lines).encode()) == Forgotten({D: GONE})
    assert decode_forgotten(None) == Forgotten({})


def test_a_circle_ends() -> None:
    assert decode_forgotten(f"{A} {B}\n{B} {A}\n".encode()) == Forgotten({A: GONE, B: GONE})


def test_two_clones_that_agree() -> None:
    assert unite_forgotten(Forgotten({A: B}), Forgotten({A: B, C: GONE})) == Forgotten({A: B, C: GONE})
    assert unite_forgotten(Forgotten({A: C, B: C}), Forgotten({A: B})) == Forgotten(
        {A: C, B: C}
    )  # one has forgotten more of it
    assert unite_forgotten(Forgotten({A: B}), Forgotten({A: C, B: C})) == Forgotten({A: C, B: C})


def test_two_clones_that_removed_different_outputs_lose_both() -> None:
    assert unite_forgotten(Forgotten({A: B}), Forgotten({A: C})) == Forgotten({A: GONE, B: GONE, C: GONE})
    assert unite_forgotten(Forgotten({A: B}), Forgotten({A: GONE})) == Forgotten({A: GONE, B: GONE})


def test_outputs_stand_behind_the_snapshots_and_are_united() -> None:
    one, other = Forgotten({A: B}, frozenset({"1" * 64})), Forgotten({}, frozenset({"0" * 64}))
    text = encode_forgotten(unite_forgotten(one, other))
    assert text == f"{A} {B}\noutput {'0' * 64}\noutput {'1' * 64}\n".encode()
    assert decode_forgotten(text) == Forgotten({A: B}, one.outputs | other.outputs)
    assert decode_forgotten(b"output x\noutput 12\noutput\n") == Forgotten()
