"""The marked block: put and taken again, the file is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbgit.setup.attributes import BEGIN, END, LINE, example_lines, put_block, put_example, take_block, take_example


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(st.sampled_from([b"*.png binary", b"\n", b"\r\n", b"#", b" ", b"x"])).map(b"".join))
def test_take_is_the_inverse_of_put(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "attributes"
    path.write_bytes(before)
    assert put_block(str(path)) is True
    assert put_block(str(path)) is False
    assert path.read_bytes().endswith(LINE + END)
    assert take_block(str(path)) is True
    assert take_block(str(path)) is False
    assert path.read_bytes() == before


def test_folders_made_for_the_file_go_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "attributes"
    assert put_block(str(path))
    assert take_block(str(path))
    assert list(tmp_path.iterdir()) == []


def test_lines_added_below_stay_and_the_block_moves_below_them(tmp_path: Path) -> None:
    path = tmp_path / "attributes"
    path.write_bytes(b"*.png binary")
    put_block(str(path))
    path.write_bytes(path.read_bytes() + b"*.ipynb -diff\n")
    assert put_block(str(path))
    assert path.read_bytes().endswith(b"*.ipynb -diff\n" + BEGIN + LINE + END)
    assert take_block(str(path))
    assert path.read_bytes() == b"*.png binary\n*.ipynb -diff\n"


def test_a_block_whose_end_was_cut_off_is_still_taken(tmp_path: Path) -> None:
    path = tmp_path / "attributes"
    path.write_bytes(b"*.a b\n" + BEGIN + LINE + b"*.c d\n")
    assert take_block(str(path))
    assert path.read_bytes() == b"*.a b\n*.c d\n"


@pytest.mark.parametrize("before", [b"*.png binary\n", b"# comment\n\n"])
def test_the_example_goes_in_and_out(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / ".gitattributes"
    path.write_bytes(before)
    assert put_example(str(path)) is True
    assert put_example(str(path)) is False
    assert path.read_bytes() == before + b"".join(example_lines())
    assert take_example(str(path)) is True
    assert path.read_bytes() == before


def test_the_block_holds_the_line_of_the_example() -> None:
    assert [line for line in example_lines() if not line.startswith(b"#")] == [LINE]


def test_a_symbolic_link_stays_one_and_its_target_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "attributes"
    target.parent.mkdir()
    target.write_bytes(b"*.a b\n")
    target.chmod(0o640)
    link = tmp_path / "attributes"
    link.symlink_to(target)
    assert put_block(str(link))
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert take_block(str(link))
    assert target.read_bytes() == b"*.a b\n"
