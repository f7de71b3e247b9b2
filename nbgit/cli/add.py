"""`nbgit add -p`: the changes of notebooks staged one by one, by cell."""

import os
import subprocess

import click

from nbgit.cli.add_text import deletion_line
from nbgit.cli.add_walk import Walk, help_text, prompt
from nbgit.cli.answers import ask
from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_text
from nbgit.diff.between import FileChange, changed_files
from nbgit.diff.report import Side, header, report
from nbgit.diff.view import View
from nbgit.errors import GitFailed, NotARepository
from nbgit.gitproto.git_settings import read_view, stdout_is_terminal
from nbgit.merge.parts import REST, Parts
from nbgit.notebook.policy import Policy
from nbgit.notebook.printable import printable
from nbgit.notebook.spans import split
from nbgit.store.attributes import filtered
from nbgit.store.changes import SUFFIX
from nbgit.store.policy_file import load_policy
from nbgit.store.raw import RawInIndex
from nbgit.store.refresh import capture_saved
from nbgit.store.repository import Repository, find_repository
from nbgit.store.staging import stage, stage_removal

EPILOG = """\b
Examples:
  nbgit add -p                   every change in this repository, notebooks by cell
  nbgit add -p fit.ipynb src/    of these
  printf 'y\\nn\\n' | nbgit add -p fit.ipynb
"""
FILE = ("100644", "100755")
ANSWERS = ["y", "n", "q", "a", "d", "?"]


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATHS]", type=click.Path())
@click.option("-p", "--patch", is_flag=True, help="Choose what is staged: this is what nbgit add is for.")
@click.option("-U", "--unified", "context", type=Number(), metavar="N", help="Lines of context around a change.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), is_flag=False, flag_value="always")
def command(paths: tuple[str, ...], patch: bool, context: int | None, color: str | None) -> int:
    """Choose what is staged, as `git add -p` does, but by cell.

    Each change of a notebook is shown as `nbgit diff` shows it: a cell that was edited, inserted, deleted or moved, or
    metadata. s splits a cell's change into its lines. What is staged is always a whole, valid notebook; the file on
    disk stays as it is. Files that are no notebooks are left to `git add -p`.
    """
    if not patch:
        raise click.UsageError("nbgit add is there for -p; without it, use `git add`")
    cwd = os.getcwd()
    repository = find_repository(cwd, os.environ)
    if repository.worktree is None:
        raise NotARepository("this repository is bare: it has no working tree to add from")
    view = read_view(os.environ, stdout_is_terminal(), color or "")
    if context is not None:
        view.context = context
    notebooks, others = _changed(repository, cwd, paths)
    adder = _Adder(repository, view)
    for change in notebooks:
        adder.add(change)
        if adder.has_quit:
            return 0
    if others:
        return _leave_to_git(repository, others, context)
    if not adder.has_asked:
        click.echo("No changes.")
    return 0


def _changed(repository: Repository, cwd: str, paths: tuple[str, ...]) -> tuple[list[FileChange], list[str]]:
    """Return the notebooks under nbgit's filter that differ from the index, and the paths of all else that does.

    The notebooks are captured, as git has it when it looks at them.
    """
    found = list(changed_files(repository, cwd, [], list(paths)))
    ours = {change.after.path: change for change in found if _is_notebook(change)}
    ours = {path: ours[path] for path in filtered(repository, ours)}
    policy = load_policy(repository)
    capture_saved(repository, [path for path, change in ours.items() if change.status != "D"])
    for path, change in list(ours.items()):
        if any(side.data and split(side.data, policy) is None for side in (change.before, change.after)):
            del ours[path]
    return list(ours.values()), [change.after.path for change in found if change.after.path not in ours]


def _is_notebook(change: FileChange) -> bool:
    modes = (change.before.mode, change.after.mode)
    return change.status in "AMD" and change.after.path.endswith(SUFFIX) and any(mode in FILE for mode in modes)


class _Adder:
    def __init__(self, repository: Repository, view: View) -> None:
        self._repository = repository
        self._view = view
        self._policy = load_policy(repository)
        self._raw = RawInIndex(repository)
        self.has_asked = False
        self.has_quit = False

    def add(self, change: FileChange) -> None:
        """Ask about one notebook, and stage what was taken of it."""
        path, old = change.after.path, change.before
        if change.status == "D":
            self._show_header(change)
            print_text(deletion_line(old.data or b"", self._view))
            if self._ask("Stage deletion"):
                stage_removal(self._repository, path, old.oid)
            return
        data = change.after.data or b""
        if self._raw.oid_of(path, data) is not None and change.status == "M" and old.mode == change.after.mode:
            return
        is_new = change.status == "A"
        mode = change.after.mode if is_new else old.mode
        older, newer = None if is_new else _source(old.data or b"", self._policy), _source(data, self._policy)
        parts = Parts(older, newer, self._policy)
        if (parts.parts or mode != change.after.mode) and not _is_alone(parts):
            self._show_header(change)
        if mode != change.after.mode and self._ask("Stage mode change"):
            mode = change.after.mode
        self._walk(change, parts, mode, old.data if old.data is not None else b"")

    def _walk(self, change: FileChange, parts: Parts, mode: str, staged: bytes) -> None:
        path, old = change.after.path, change.before
        if _is_alone(parts):
            before, after = Side(path, parts.make({})), Side(path, parts.make(dict.fromkeys(parts.parts)))
            print_text(report(before, after, self._view))
        data = staged
        if parts.parts and not self.has_quit:
            self.has_asked = True
            walk = Walk(parts, self._view, self._policy).run()
            self.has_quit = walk.has_quit
            data = parts.make(walk.taken) if walk.taken else staged
            if change.status == "A" and not walk.taken:
                return
        if data != staged or mode != old.mode:
            stage(self._repository, path, "" if change.status == "A" else old.oid, mode, data)

    def _show_header(self, change: FileChange) -> None:
        lines = header(change.before, change.after, self._view, [], with_files=True)
        print_text("".join(self._view.palette.paint("meta", line) + "\n" for line in lines))

    def _ask(self, words: str) -> bool:
        """Ask about what can only be taken or left."""
        self.has_asked = True
        while True:
            typed = ask(prompt(self._view, f"(1/1) {words}", ANSWERS))
            answer = "q" if typed is None else typed[:1].lower()
            if answer in ANSWERS[:-1] and answer:
                self.has_quit = answer == "q"
                return answer in "ya"
            if typed:
                print_text(help_text(ANSWERS))


def _source(data: bytes, policy: Policy) -> bytes:
    parts = split(data, policy)
    return data if parts is None else parts.source


def _is_alone(parts: Parts) -> bool:
    return [part.kind for part in parts.parts] == [REST]


def _leave_to_git(repository: Repository, paths: list[str], context: int | None) -> int:
    """Let git ask about files that are no notebooks; return its exit code."""
    options = [f"-U{context}"] if context is not None else []
    names = [printable(path) for path in paths if path.endswith(SUFFIX)]
    if names:
        click.echo(f"nbgit: left to git, no notebook of nbgit's as it stands: {', '.join(names[:5])}", err=True)
    environ = {**os.environ, "GIT_LITERAL_PATHSPECS": "1"}
    try:
        return subprocess.run(
            ["git", "add", "-p", *options, "--", *paths], cwd=repository.worktree, env=environ, check=False
        ).returncode
    except OSError as error:
        raise GitFailed(f"git could not be started: {error.strerror or error}; is it on PATH?") from error
