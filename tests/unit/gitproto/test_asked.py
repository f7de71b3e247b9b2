"""nbgit.gitproto.asked: git's command line, read for its driver."""

import pytest

from nbgit.diff.view import ALL, AT_EOL, CHANGE, COLOUR, PLAIN, View
from nbgit.gitproto.asked import Asked, read_asked, shows_text_only


def asked(line: str, **aliases: str) -> Asked:
    config = {f"alias.{name}": value for name, value in aliases.items()}
    return read_asked([word.encode() for word in line.split(" ")], config)


@pytest.mark.parametrize(
    ("line", "context"),
    [
        ("git diff -U5", 5),
        ("git diff -U 7 HEAD", 7),
        ("git diff --unified=0", 0),
        ("git --no-pager -C some/where -c a.b=-U9 diff -U1", 1),
        ("git diff -- -U5", None),
        ("git diff -S -U5", None),
        ("git diff -Uabc", None),
        ("git diff -U99999999", None),
        ("git", None),
        ("", None),
    ],
)
def test_context(line: str, context: int | None) -> None:
    assert asked(line).context == context


def test_spaces_words_colour_and_prefixes() -> None:
    assert [asked(f"git diff {option}").space for option in ("-w", "-b", "--ignore-space-at-eol", "HEAD")] == [
        ALL,
        CHANGE,
        AT_EOL,
        None,
    ]
    assert asked("git diff --word-diff").words == PLAIN
    assert asked("git diff --color-words=[a-z]+").words == COLOUR
    assert asked("git diff --word-diff=none").words == ""
    assert asked("git diff --word-diff=porcelain").words is None
    assert asked("git diff --color-words").colour == "always"
    assert [asked(f"git diff {word}").colour for word in ("--color", "--no-color", "--color=auto", "x")] == [
        *("always", "never", "auto", "")
    ]
    view = View()
    asked("git diff --no-prefix -w").apply(view)
    assert (view.prefixes, view.space, view.context, view.words) == (("", ""), ALL, 3, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git log -p -10", True),
        ("git -c a.b=c --no-pager show HEAD", True),
        ("/usr/bin/git blame n.ipynb", True),
        ("git log -p --ext-diff", False),
        ("git diff", False),
        ("git checkout log", False),
        ("git -C log checkout", False),
        ("git", False),
        ("", False),
    ],
)
def test_commands_that_show_text_only(line: str, expected: bool) -> None:
    assert shows_text_only([word.encode() for word in line.split(" ")]) == expected


def test_an_alias_is_what_it_stands_for() -> None:
    assert asked("git wd HEAD", wd="diff --word-diff").words == PLAIN
    assert asked("git WD -U2", wd="diff -w").context == 2
    assert asked("git x", x="!git diff -w").space is None
