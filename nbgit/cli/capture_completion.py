"""Ring 5: shell completion of captures and of notebooks that are captured but no longer on disk."""

import os
import time

import click
from click.shell_completion import CompletionItem

from nbgit.cli.worktree_paths import in_repository
from nbgit.errors import NbgitError
from nbgit.notebook.printable import printable
from nbgit.store.captures import CaptureStore
from nbgit.store.donors import ID_LENGTH, captures_of
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository


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
    """Return captured notebooks that are not on disk any more, and have the shell complete the files that are."""
    found = [CompletionItem(incomplete, type="file")]
    try:
        repository, store = _open()
        top = os.path.realpath(repository.worktree or "")
        for path in store.captured_paths():
            shown = os.path.relpath(os.path.join(top, *path.split("/")), os.path.realpath(os.getcwd()))
            if shown.startswith(incomplete) and not os.path.lexists(shown) and printable(shown) == shown:
                found.append(CompletionItem(shown, help="not on disk"))
    except (NbgitError, OSError, ValueError):
        pass
    return found


def local_time(nanoseconds: int) -> str:
    """Return a time as people here read it: local, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(nanoseconds // 1_000_000_000))


def _open() -> tuple[Repository, CaptureStore]:
    repository = find_repository(os.getcwd(), os.environ)
    return repository, CaptureStore(repository, load_policy(repository))
