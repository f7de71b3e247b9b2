"""Which values of git's configuration are nbgit's own."""

from __future__ import annotations

import pytest

from nbgit.setup.config import COMMAND, OUR_COMMAND, is_ours, keys, normal
from nbgit.setup.launch import Launcher


def test_every_command_of_every_installation_is_known_as_ours() -> None:
    windows = Launcher(
        "C:/Program Files/Python/python.exe", "C:/Program Files/Python/Lib/site-packages/nbgit/__main__.py"
    )
    for launcher in (windows, Launcher("/usr/bin/python3", "/home/ünï x/100%/nbgit/__main__.py")):
        assert all(is_ours(key, key.value) for key in keys(launcher))


@pytest.mark.parametrize("value", ["nbgit clean %f", "nbgit.exe filter-process", "/usr/local/bin/nbgit textconv"])
def test_a_command_set_by_hand_is_ours(value: str) -> None:
    assert OUR_COMMAND.search(value)


@pytest.mark.parametrize("value", ["", "cat", "nbstripout", "my-nbgit clean", "nbgit", "echo nbgit cleaned"])
def test_others_are_not(value: str) -> None:
    assert not OUR_COMMAND.search(value)


def test_the_textconv_command_is_stable() -> None:
    launcher = Launcher("/p", "/nbgit/__main__.py")
    first, second = ([key for key in keys(launcher) if key.name == "diff.nbgit.textconv"] for _ in range(2))
    assert first == second
    assert first[0].kind == COMMAND


@pytest.mark.parametrize(
    ("name", "expected"),
    [("notes.displayRef", "notes.displayref"), ("Filter.NBgit.Clean", "filter.NBgit.clean"), ("a.b.c.D", "a.b.c.d")],
)
def test_names_compare_as_git_does(name: str, expected: str) -> None:
    assert normal(name) == expected
