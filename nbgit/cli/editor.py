"""Ring 5: a text in the person's own editor, the one that git would start."""

import click

from nbgit.store.git import run_git

SUFFIXES = {"code": ".py", "markdown": ".md"}


def edit_text(text: str, kind: str) -> str | None:
    """Return what a person makes of a cell's text in git's editor, None where it was not saved; `kind` is the cell's.

    The line end that editors put behind the last line does not count.
    """
    editor = run_git(["var", "GIT_EDITOR"]).decode("utf-8", "surrogateescape").strip()
    edited = click.edit(text + "\n", editor=editor, extension=SUFFIXES.get(kind, ".txt"))
    return None if edited is None else edited.removesuffix("\n")
