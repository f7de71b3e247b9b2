"""What `--help` says: examples for each verb, and no line that a narrow terminal would break."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from nbgit.cli import VERBS, fold_examples, nbgit


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and those under it, with its name as it is typed."""
    yield "nbgit", nbgit
    root = click.Context(nbgit)
    for verb in VERBS:
        command = nbgit.get_command(root, verb)
        assert command is not None
        yield f"nbgit {verb}", command
        if isinstance(command, click.Group):
            for name, under in command.commands.items():
                yield f"nbgit {verb} {name}", under


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(columns: int) -> None:
    wide = {
        name: [line for line in text.splitlines() if len(line) > columns]
        for name, command in commands()
        if (text := command.get_help(click.Context(command, info_name=name, terminal_width=columns - 2)))
    }
    assert {name: lines for name, lines in wide.items() if lines} == {}


def test_each_verb_has_examples() -> None:
    without = [name for name, command in commands() if "Examples:" not in (command.epilog or "")]
    assert without == ["nbgit"]


def test_a_verb_takes_one_line_of_the_list() -> None:
    text = nbgit.get_help(click.Context(nbgit, info_name="nbgit", terminal_width=78))
    listed = text[text.index("Commands:") :].split("\n\n")[0].splitlines()[1:]
    assert [line.split()[0] for line in listed] == list(VERBS)


def test_what_an_example_does_goes_under_it_where_there_is_no_room() -> None:
    block = "Examples:\n  nbgit log -n 3      the last three\n  nbgit log a.ipynb   one"
    assert fold_examples(block, 60) == block.splitlines()
    assert fold_examples(block, 30) == [
        "Examples:",
        "  nbgit log -n 3",
        "      the last three",
        "  nbgit log a.ipynb",
        "      one",
    ]
