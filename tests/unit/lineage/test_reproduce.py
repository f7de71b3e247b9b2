"""What counts as the same output, and which files may be put into a clean tree."""

from __future__ import annotations

import base64
import io
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nbgit.lineage.reproduce.supplies import is_inside, make_folders
from nbgit.lineage.reproduce.verdict import judge_file, judge_output

SVG = "<svg><metadata><dc:date>{}</dc:date></metadata><path d='M 0 0'/></svg>"


def png(width: int = 20, spot: int = 255, level: int = 9) -> bytes:
    """Return a little picture with one pixel of this grey, compressed so much."""
    image = pytest.importorskip("PIL.Image")
    picture = image.new("L", (width, 10), 255)
    picture.putpixel((3, 3), spot)
    for x in range(5, 15):
        picture.putpixel((x, 5), 0)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=level)
    return file.getvalue()


def shown(mime: str, data: bytes | str) -> dict[str, Any]:
    """Return an output as it stands in a notebook."""
    text = base64.b64encode(data).decode() if isinstance(data, bytes) else data
    return {"output_type": "display_data", "data": {mime: text, "text/plain": "<Figure>"}, "metadata": {}}


def stream(text: str) -> dict[str, Any]:
    """Return what was printed."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def digest(data: bytes) -> str:
    """Return a payload's digest."""
    return "sha256:" + sha256(data).hexdigest()


def test_bytes_pixels_and_how_much_differs() -> None:
    before = [stream("a\n"), shown("image/png", png())]
    verdict = judge_output(before, 1, digest(png()), [shown("image/png", png())])
    assert (verdict.name, verdict.words) == ("same bytes", "the same bytes")
    verdict = judge_output(before, 1, digest(png()), [stream("b\n"), shown("image/png", png(level=0))])
    assert verdict.name == "same pixels"
    verdict = judge_output(before, 1, digest(png()), [shown("image/png", png(spot=0))])
    assert verdict.name == "differs"
    assert verdict.words.startswith("figure changed 20x10 → 20x10, 0.5 % of pixels, correlation ")
    assert verdict.numbers is not None
    assert verdict.numbers["share_of_pixels"] == 0.005
    verdict = judge_output(before, 1, digest(png()), [shown("image/png", png(width=40))])
    assert verdict.words.startswith("figure changed 20x10 → 40x10")


def test_ids_and_dates_are_no_difference() -> None:
    then, now = (SVG.format(date) for date in ("2026-11-05", "2026-11-21"))
    verdict = judge_output([shown("image/svg+xml", then)], 0, digest(then.encode()), [shown("image/svg+xml", now)])
    assert verdict.name == "same content"


def test_what_is_shown_no_more() -> None:
    verdict = judge_output([shown("image/png", b"x")], 0, digest(b"x"), [stream("sorry\n")])
    assert (verdict.name, verdict.words) == ("differs", "then figure (image/png), now stdout of 1 line")
    assert judge_output([stream("1\n")], 0, digest(b"1\n"), []).words == "then stdout of 1 line, now nothing"
    assert judge_output([stream("1\n")], 0, digest(b"1\n"), [stream("2\n")]).words == "stdout: 1 → 2"


def test_files() -> None:
    known = sha256(b"a,b\n").hexdigest()
    assert judge_file("t.csv", None, known, b"a,b\n").name == "same bytes"
    assert judge_file("t.csv", b"a,b\n", known, b"a,c\n").words == "text: a,b → a,c"
    assert judge_file("t.csv", None, known, b"a,c\n").words.startswith("other bytes (4 now)")
    assert judge_file("t.png", png(), "", png(level=0)).name == "same pixels"
    assert judge_file("t.bin", b"12", "", b"123").words == "2 → 3 bytes, not the same ones"
    assert judge_file("t.bin", b"12", "", None).name == "differs"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/a.csv", True),
        ("a b/ü.csv", True),
        ("../a", False),
        ("a/../../b", False),
        (".git/config", False),
        ("sub/.GIT/hooks/pre-commit", False),
        ("/etc/passwd", False),
        ("~/a", False),
        ("C:/a", False),
        (".", False),
    ],
)
def test_only_files_of_the_worktree_are_put_into_a_clean_tree(path: str, expected: bool) -> None:
    assert is_inside(path) is expected


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own elsewhere")
def test_no_folder_is_made_behind_a_link(tmp_path: Path) -> None:
    top, outside = tmp_path / "tree", tmp_path / "outside"
    top.mkdir()
    outside.mkdir()
    (top / "data").symlink_to(outside)
    make_folders(str(top), ["data/deep/a.csv", "made/b.csv", "made/c/."])
    assert list(outside.iterdir()) == []
    assert (top / "made" / "c").is_dir()
