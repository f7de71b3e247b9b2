"""Ring 5: a text in the person's own editor, the one that git would start."""

import click

from nbgit.cli.terminal import warn
from nbgit.errors import NbgitError
from nbgit.store.git import run_git

SUFFIXES = {"code": ".py", "markdown": ".md"}


def edit_text(text: str, kind: str) -> str | None:
    """Return what a person makes of a cell's text in git's editor, None where it was not saved; `kind` is the cell's.

    The line end that editors put behind the last line does not count. An editor that fails gives a warning and None.
    """
    try:
        editor = run_git(["var", "GIT_EDITOR"]).decode("utf-8", "surrogateescape").strip()
        edited = click.edit(text + "\n", editor=editor, extension=SUFFIXES.get(kind, ".txt"))
    except click.ClickException as error:
        warn(f"{error.format_message()}; git config core.editor names another editor")
        return None
    except (NbgitError, ValueError) as error:  # ValueError: a command, or a text, that can't be read
        warn(f"the editor can't be used: {error}")
        return None
    return None if edited is None else edited.removesuffix("\n")
