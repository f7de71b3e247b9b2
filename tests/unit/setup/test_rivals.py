"""Attribute lines of other tools: which of them are rivals."""

from __future__ import annotations

import pytest

from nbgit.setup.rivals import rival_drivers


@pytest.mark.parametrize(
    ("line", "drivers"),
    [
        (b"*.ipynb filter=nbstripout", ("filter.nbstripout",)),
        (b"*.zpln filter=nbstripout", ("filter.nbstripout",)),
        (b"*.ipynb diff=ipynb merge=jupyternotebook", ("diff.ipynb", "merge.jupyternotebook")),
        (b"notebooks/*.ipynb filter=home-made", ("filter.home-made",)),
        (b"*.ipynb filter=lfs diff=lfs merge=lfs -text", ("filter.lfs", "diff.lfs", "merge.lfs")),
        (b"*.psd filter=lfs diff=lfs merge=lfs -text", ()),
        (b"*.py diff=python", ()),
        (b"*.ipynb filter=nbgit diff=nbgit merge=nbgit", ()),
        (b"*.ipynb text eol=lf -diff linguist-documentation", ()),
        (b"# *.ipynb filter=nbstripout", ()),
        (b"", ()),
        (b"\xff\xfe filter=x", ()),
    ],
)
def test_rival_drivers(line: bytes, drivers: tuple[str, ...]) -> None:
    assert rival_drivers(line) == drivers
