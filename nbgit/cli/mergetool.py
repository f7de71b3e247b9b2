"""`nbgit mergetool`: what `git mergetool -t nbgit` starts for each file in conflict."""

import os
import tempfile
from hashlib import sha256

import click

from nbgit.cli.resolve_files import Marked, read_marked
from nbgit.cli.resolve_text import told
from nbgit.cli.resolve_walk import walk
from nbgit.cli.terminal import print_lines
from nbgit.errors import NbgitError
from nbgit.gitproto.merge_labels import find_names
from nbgit.gitproto.merging import Outcome, merge_files, with_style
from nbgit.merge.conflicts import DEFAULT_SIZE, Markers
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.carry import rejoined
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository
from nbgit.store.switch import replace_unchanged
from nbgit.store.worktree import path_in

EPILOG = """\b
Examples:
  git mergetool -t nbgit               each notebook in conflict, one after the other
  git mergetool -t nbgit fit.ipynb
  git config merge.tool nbgit          ... and `git mergetool` does it without -t
"""
KEPT = "`nbgit resolve` keeps what you decide, also where you leave some for later; git mergetool takes all or nothing"


@click.command(epilog=EPILOG)
@click.argument("base", type=click.Path())
@click.argument("local", type=click.Path())
@click.argument("remote", type=click.Path())
@click.argument("merged", type=click.Path(exists=True, dir_okay=False))
def command(base: str, local: str, remote: str, merged: str) -> int:
    """Walk the conflicts of MERGED, as `nbgit resolve` does; merge LOCAL and REMOTE anew, by cell, where it has none.

    Exits with 0 where nothing is left in conflict, else with 1: git then puts the file back as it was before.
    """
    repository = find_repository(os.getcwd(), os.environ)
    policy = load_policy(repository)
    marked = read_marked(merged, repository)
    if not marked.conflicts or marked.stray:
        contents = [_source(path, policy) for path in (base, local, remote)]
        current = split(marked.data, policy)
        is_settled = not marked.is_open and (current.source if current else marked.data) != contents[1]
        if not is_settled:
            marked = _merged_anew(marked, contents, repository)
    if marked.is_open:
        marked = walk(marked, repository)
    marked.is_added = not marked.is_open  # by git, after this
    print_lines(told([marked]))
    if marked.is_open:
        click.echo(KEPT)
    return 1 if marked.is_open else 0


def _merged_anew(marked: Marked, contents: list[bytes], repository: Repository) -> Marked:
    """Write the merge of base, local and remote (their sources) in the file's place, and return it."""
    outcome = _merge(contents)
    if not (outcome.is_clean or outcome.by_cell):
        raise NbgitError(f"{marked.path} can't be merged by cell ({outcome.words}); git puts it back as it was")
    name = path_in(repository, marked.file)
    data = rejoined(repository, name, outcome.data) if name is not None else outcome.data
    if not replace_unchanged(marked.file, sha256(marked.data).hexdigest(), data):
        raise NbgitError(f"{marked.path} changed meanwhile, so it was left alone; run the command again")
    return Marked(marked.path, marked.file, data)


def _merge(contents: list[bytes]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="nbgit-") as folder:
        files = [os.path.join(folder, name) for name in ("base", "ours", "theirs")]
        for file, data in zip(files, contents, strict=True):
            with open(file, "wb") as stream:
                stream.write(data)
        names = with_style(find_names([], os.environ, os.getcwd()))
        return merge_files(files, contents, Markers(DEFAULT_SIZE, lambda: names))


def _source(path: str, policy: Policy) -> bytes:
    """Return a side without outputs, as git has it; nothing where there is no such file (both sides added it)."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise NbgitError(f"{path} can't be read: {error.strerror or error}") from error
    parts = split(data, policy)
    return data if parts is None else parts.source
