"""Which paths were captured: one is found among all as the list of all has it."""

from __future__ import annotations

from pathlib import Path

from nbgit.store.paths import CapturedPaths, path_key

ODD = ["a.ipynb", "sub/a.ipynb", "a.ipynb.ipynb", "with\\backslash", "with\nline end", "ü ö.ipynb", "no \udcff utf-8"]


def test_a_path_is_there_once_it_was_added_and_no_part_of_it_is(tmp_path: Path) -> None:
    paths = CapturedPaths(str(tmp_path / "nbgit" / "paths"))
    for number, path in enumerate(ODD):
        assert not paths.has(path)
        paths.add(path)
        paths.add(path)
        assert paths.all() == frozenset(ODD[: number + 1])
    again = CapturedPaths(str(tmp_path / "nbgit" / "paths"))
    assert all(again.has(path) for path in ODD)
    assert not any(again.has(part) for part in ("sub", "ipynb", "a", "sub/a.ipynb\n", "line end", "with\\n"))
    assert paths.by_key([path_key(ODD[3]), path_key("never")]) == {path_key(ODD[3]): ODD[3]}


def test_a_line_that_a_crash_has_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    file = tmp_path / "paths"
    file.write_bytes(b"\na.ipynb\n\nsub/b.ip")
    paths = CapturedPaths(str(file))
    paths.add("c.ipynb")
    assert paths.has("a.ipynb")
    assert paths.has("c.ipynb")
    assert not paths.has("sub/b.ipynb")
