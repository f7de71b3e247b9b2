"""git's settings, read the way git reads them."""

import sys

import pytest

from nbgit.gitproto.git_settings import parse_config, view_of, wants_colour
from nbgit.gitproto.processes import capture, run_quietly

TERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("config", "environ", "is_terminal", "coloured"),
    [
        ({}, TERM, True, True),
        ({}, TERM, False, False),
        ({}, {**TERM, "GIT_PAGER_IN_USE": "true"}, False, True),
        ({"color.pager": "false"}, {**TERM, "GIT_PAGER_IN_USE": "true"}, False, False),
        ({"color.ui": "false"}, TERM, True, False),
        ({"color.ui": "never", "color.diff": "auto"}, TERM, True, True),
        ({"color.ui": "always"}, {}, False, True),
        ({"color.diff": ""}, TERM, True, True),
        ({}, {"TERM": "dumb"}, True, False),
        ({}, {**TERM, "NO_COLOR": "1"}, True, False),
        ({}, {**TERM, "NO_COLOR": ""}, True, True),
    ],
)
def test_colour(config: dict[str, str], environ: dict[str, str], is_terminal: bool, coloured: bool) -> None:
    assert wants_colour(config, environ, is_terminal) is coloured


def test_the_last_value_of_a_key_counts_and_a_key_alone_is_true() -> None:
    assert parse_config(b"color.ui\nnever\0Color.Diff.OLD\nred\nbold\0color.ui\0") == {
        "color.ui": "",
        "color.diff.old": "red\nbold",
    }


@pytest.mark.parametrize(
    ("config", "environ", "context"),
    [
        ({}, {}, 3),
        ({"diff.context": "5"}, {}, 5),
        ({"diff.context": "5"}, {"GIT_DIFF_OPTS": "-u1"}, 1),
        ({}, {"GIT_DIFF_OPTS": "--unified=0 --other"}, 0),
        ({"diff.context": "-1"}, {}, 3),
        ({"diff.context": "many"}, {}, 3),
    ],
)
def test_context(config: dict[str, str], environ: dict[str, str], context: int) -> None:
    assert view_of(config, environ, False).context == context


def test_prefixes() -> None:
    assert view_of({}, {}, False).prefixes == ("a/", "b/")
    assert view_of({"diff.noprefix": "true"}, {}, False).prefixes == ("", "")


def test_a_program_that_fails_or_is_missing_or_is_killed_gives_nothing() -> None:
    assert capture([sys.executable, "-c", "print('x', end='')"]) == b"x"
    assert capture([sys.executable, "-c", "print('x'); raise SystemExit(3)"]) == b""
    assert run_quietly([sys.executable, "-c", "print('x', end=''); raise SystemExit(3)"]) == (3, b"x")
    assert run_quietly(["/nonexistent/program"]) == (255, b"")
    assert run_quietly([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])[0] == 255
