"""Ring 5: shell completion: file names wherever a verb takes words, captures, notebooks that are gone from disk."""

import glob
import os
import time
from collections.abc import Callable

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

from nbgit.cli.worktree_paths import in_repository
from nbgit.errors import NbgitError
from nbgit.notebook.printable import printable
from nbgit.store.captures import CaptureStore
from nbgit.store.donors import ID_LENGTH, captures_of
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository

SHELLS = ("bash", "zsh", "fish")


def offer_files() -> None:
    """Have the shells complete file names where a verb has no words of its own to offer.

    click offers files for parameters that are declared as paths only. Most of ours take more (`REV:PATH`, a figure),
    and its scripts switch the shell's own completion of files off.
    """
    for shell in SHELLS:
        known = get_completion_class(shell)
        if known is not None:
            add_completion_class(type(known.__name__, (known,), {"get_completions": _or_files(known)}))


def _or_files(known: type[ShellComplete]) -> Callable[[ShellComplete, list[str], str], list[CompletionItem]]:
    def get_completions(self: ShellComplete, args: list[str], incomplete: str) -> list[CompletionItem]:
        found = known.get_completions(self, args, incomplete)
        takes_words = bool(args) and not incomplete.startswith("-")
        return found or ([CompletionItem(incomplete, type="file")] if takes_words else [])

    return get_completions


def complete_captures(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of the captures of the notebook that was named before (of all, if none was), newest first."""
    try:
        repository, store = _open()
        typed = context.params.get("path") or next(iter(context.args), None)  # click may not have taken it yet
        captures = captures_of(store, in_repository(repository, typed)) if typed else store.all()
    except (NbgitError, OSError):
        return []
    found = [capture for capture in captures if capture.digest.startswith(incomplete)]
    return [CompletionItem(capture.digest[:ID_LENGTH], help=local_time(capture.taken)) for capture in found]


def complete_paths(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return captured notebooks that are not on disk any more; where files match, have the shell complete those.

    Not both: bash completes files only where it was given nothing else.
    """
    found: list[CompletionItem] = []
    if glob.glob(glob.escape(incomplete) + "*"):
        return [CompletionItem(incomplete, type="file")]
    try:
        repository, store = _open()
        top = os.path.realpath(repository.worktree or "")
        for path in store.captured_paths():
            shown = os.path.relpath(os.path.join(top, *path.split("/")), os.path.realpath(os.getcwd()))
            if shown.startswith(incomplete) and not os.path.lexists(shown) and printable(shown) == shown:
                found.append(CompletionItem(shown, help="not on disk"))
    except (NbgitError, OSError, ValueError):
        pass
    return found or [CompletionItem(incomplete, type="file")]


def local_time(nanoseconds: int) -> str:
    """Return a time as people here read it: local, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(nanoseconds // 1_000_000_000))


def _open() -> tuple[Repository, CaptureStore]:
    repository = find_repository(os.getcwd(), os.environ)
    return repository, CaptureStore(repository, load_policy(repository))
