"""The scope flags that install and uninstall share, and how paths are shown."""

import os
from collections.abc import Callable
from typing import Any

import click

from nbgit.setup.scopes import Scope

FLAGS = (
    ("system", "For everyone on this machine."),
    ("global", "For you, in every repository."),
    ("worktree", "For this worktree only (git config --worktree)."),
    ("local", "For this repository (the default)."),
)


def scope_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add --local, --worktree, --global and --system, which give `scope_name` (None: none of them was given)."""
    decorated: Callable[..., Any] = function
    for name, text in FLAGS:
        decorated = click.option(f"--{name}", "scope_name", flag_value=name, default=None, help=text)(decorated)
    return decorated


def shown(text: str, scope: Scope) -> str:
    """Return `text` with the repository's and the person's own folders shortened."""
    if scope.repository is not None:
        top = scope.repository.worktree or scope.repository.git_dir
        text = text.replace(os.path.join(top, ""), "")
    home = os.path.expanduser("~")
    return text.replace(os.path.join(home, ""), "~/") if len(home) > 1 else text
