"""Ring 5: how `nbgit diff` is to show what it finds: git's own options, and those for outputs, as a View."""

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from nbgit.cli.numbers import Number
from nbgit.diff.view import ALL, AT_EOL, CHANGE, COLOUR, FULL, NONE, PLAIN, View
from nbgit.gitproto.git_settings import picture_setting, read_view, stdout_is_terminal
from nbgit.lineage.lookup.inline import PROTOCOLS, find_protocol

ALONE = {  # as in git, these take a value behind `=` only, and mean this without one
    "--color": "--color=always",
    "--word-diff": f"--word-diff={PLAIN}",
    "--color-words": f"--word-diff={COLOUR}",
}
OPTIONS = (
    click.option("-U", "--unified", "context", type=Number(), metavar="N", help="Lines of context around a change."),
    click.option("-w", "--ignore-all-space", "space", flag_value=ALL, help="White space makes no difference."),
    click.option("-b", "--ignore-space-change", "space", flag_value=CHANGE, help="How much of it makes none."),
    click.option("--ignore-space-at-eol", "space", flag_value=AT_EOL, help="At the end of a line it makes none."),
    click.option(
        "--word-diff",
        "words",
        type=click.Choice([COLOUR, PLAIN, "none"]),
        help="Word by word: plain as [-old-]{+new+}; color (also --color-words) by colour alone.",
    ),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), help="Without a value: always."),
    click.option(
        "--pictures",
        type=click.Choice(["auto", *PROTOCOLS, "none"]),
        help="With --outputs: figures side by side where the terminal can (auto, the default), or by this protocol.",
    ),
    click.option("--no-color", is_flag=True, help="The same as --color=never."),
    click.option("--syntax/--no-syntax", default=None, help="Colours within code; else `git config nbgit.syntax`."),
    click.option(
        "--outputs/--no-outputs",
        default=None,
        help="Outputs in full, or not at all; else one line for each that changed.",
    ),
)


class GitLike(click.Command):
    """A command whose options with an optional value take it behind `=` only: `--color HEAD` compares with HEAD."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give bare options their values, then parse as ever."""
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [ALONE.get(word, word) for word in args[:end]] + args[end:])


def view_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options, and hand the function a `view` in their place."""

    @functools.wraps(function)
    def with_view(
        *,
        context: int | None,
        space: str | None,
        words: str | None,
        color: str | None,
        no_color: bool,
        syntax: bool | None,
        pictures: str | None,
        outputs: bool | None,
        **others: Any,
    ) -> int:
        when = "never" if no_color else color or ("always" if words == COLOUR else "")
        view = read_view(os.environ, stdout_is_terminal(), when)
        view.decode = True
        view.context = view.context if context is None else context
        view.space = space or ""
        view.words = words if words in (COLOUR, PLAIN) else ""
        view.syntax = view.palette.is_coloured and (view.syntax if syntax is None else syntax)
        if outputs is not None:
            view.outputs = FULL if outputs else NONE
        view.picture = picture_protocol(pictures or picture_setting())
        return function(view=view, **others)

    decorated: Callable[..., Any] = with_view
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


def picture_protocol(asked: str) -> str:
    """Return by what protocol figures show on stdout, "" for none; one that was named holds for a file, too."""
    if asked in PROTOCOLS:
        return asked
    return (find_protocol(os.environ) or "") if asked != "none" and stdout_is_terminal() else ""


def git_options(view: View) -> list[str]:
    """Return git diff's own options for what a view shows of files that are no notebooks."""
    spaces = {ALL: "--ignore-all-space", CHANGE: "--ignore-space-change", AT_EOL: "--ignore-space-at-eol"}
    words = [f"--word-diff={view.words}"] if view.words else []
    return [f"-U{view.context}", *([spaces[view.space]] if view.space else []), *words]
