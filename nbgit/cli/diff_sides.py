"""Ring 5: what `nbgit diff` compares: two states of a repository, two files, two directories, or what stdin has."""

import os
import sys

import click

from nbgit.cli.diff_blobs import read_file
from nbgit.cli.terminal import warn
from nbgit.diff.between import FileChange, changed_files
from nbgit.diff.changes import changes
from nbgit.diff.fold import what_runs_wrote
from nbgit.diff.report import Side
from nbgit.diff.stored import State, Stored, states
from nbgit.errors import GitFailed, NotANotebook, TargetNotFound
from nbgit.notebook.cells import read_cells
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.git import run_git, try_git
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository, find_repository

NOTEBOOKS = ":(top,glob)**/*.ipynb"


def on_disk_sides(targets: tuple[str, ...]) -> tuple[list[FileChange], int] | None:
    """Return the files to compare where two files or directories are meant (`-` is stdin), None where revisions are;
    and how many of the directories' files were left out, with a warning, because they can't be read.
    """
    if len(targets) != 2 or behind_dashes():
        return None
    if all(os.path.isdir(target) for target in targets):
        return _directories(*targets)
    if not all(target == "-" or os.path.isfile(target) for target in targets):
        return None
    if targets == ("-", "-"):
        raise click.UsageError("stdin can be one of the two sides only")
    before, after = (Side(target, read_file(target, target)) for target in targets)
    return ([FileChange("M", before, after, False, [])] if before.data != after.data else []), 0


def in_repository(
    targets: tuple[str, ...], *, cached: bool, outputs: bool
) -> tuple[list[FileChange], Policy, list[str]]:
    """Return what differs between two states of the repository, the policy that holds there, and remarks.

    With `outputs` both sides have theirs, and notebooks that were only run again are among them (a remark names those
    that git calls modified though nothing shows); else the working tree's files are sources, too.
    """
    cwd = os.getcwd()
    repository = find_repository(cwd, os.environ)
    revisions, paths = _sort_targets(list(targets))
    _refuse_too_many(revisions, cached=cached)
    policy = load_policy(repository)
    pathspecs = paths or [NOTEBOOKS]
    found = list(changed_files(repository, cwd, revisions, pathspecs, cached=cached))
    edited = [change for change in found if not _is_source_same(change, policy)]
    if not outputs:
        return edited, policy, []
    pair = states(cwd, revisions, cached=cached)
    whole, quiet = with_outputs(repository, cwd, pathspecs, pair, edited, policy)
    modified = _modified(repository) if any(change.in_worktree for change in quiet) else set()
    return whole, policy, [_quiet_remark(change, policy) for change in quiet if change.after.path in modified]


def with_outputs(
    repository: Repository,
    cwd: str,
    paths: list[str],
    pair: tuple[State, State],
    edited: list[FileChange],
    policy: Policy,
) -> tuple[list[FileChange], list[FileChange]]:
    """Return the changes between a pair of states with their outputs, those of `paths` (pathspecs) that were only run
    again among them; and notebooks that differ in nothing that shows."""
    with Stored(repository, policy, *pair) as stored:
        whole = [stored.fill(change) for change in edited]
        known = {path for change in whole for path in (change.before.path, change.after.path)}
        again = list(stored.run_again(cwd, paths, known))
    told = [change for change in again if _outputs_differ(change, policy)]
    quiet = [change for change in again if change not in told]
    return sorted([*whole, *told], key=lambda change: change.after.path), quiet


def _modified(repository: Repository) -> set[str]:
    """Return the paths that `git status` calls modified: `git diff` leaves out those that a filter makes equal."""
    listing = run_git(["diff-files", "--name-only", "-z"], cwd=repository.worktree)
    return set(listing.decode("utf-8", "surrogateescape").split("\0"))


def _quiet_remark(change: FileChange, policy: Policy) -> str:
    """Return `n.ipynb: only execution counts (3 cells) differ`."""
    old, new = (read_cells(side.data or b"") for side in (change.before, change.after))
    what = what_runs_wrote(changes(old, new, policy)) or "what tools keep in metadata"
    return f"{change.after.path}: only {what} differ"


def _outputs_differ(change: FileChange, policy: Policy) -> bool:
    assert change.before.data is not None
    assert change.after.data is not None
    try:
        what = changes(read_cells(change.before.data), read_cells(change.after.data), policy)
    except NotANotebook:
        return False
    return any(cell.output_changes for cell in what.cells)


def _directories(before: str, after: str) -> tuple[list[FileChange], int]:
    """Return the notebooks that differ between two directories, by their relative paths, and how many can't be read."""
    old, new = _notebooks_in(before), _notebooks_in(after)
    found: list[FileChange] = []
    left_out = 0
    for name in sorted({*old, *new}):
        places = [(os.path.join(folder, name), name in names) for folder, names in ((before, old), (after, new))]
        try:
            sides = [Side(place, _read_regular(place) if is_there else None) for place, is_there in places]
        except GitFailed as error:
            warn(f"{error}; it is left out")
            left_out += 1
            continue
        if sides[0].data != sides[1].data:
            status = "A" if sides[0].data is None else "D" if sides[1].data is None else "M"
            found.append(FileChange(status, sides[0], sides[1], False, []))
    return found, left_out


def _read_regular(place: str) -> bytes:
    """Return a file's bytes; raises GitFailed for what is no file, such as a pipe, which might never end."""
    if os.path.exists(place) and not os.path.isfile(place):
        raise GitFailed(f"{place} can't be read: it is no regular file")
    return read_file(place, place)


def _notebooks_in(folder: str) -> set[str]:
    found: set[str] = set()
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".ipynb_checkpoints")]
        found.update(os.path.relpath(os.path.join(place, name), folder) for name in files if name.endswith(".ipynb"))
    return found


def behind_dashes() -> int:
    """Return how many arguments come after `--`. click drops it, so it is looked up in the command line."""
    arguments = sys.argv[1:]
    return len(arguments) - arguments.index("--") - 1 if "--" in arguments else 0


def _sort_targets(targets: list[str]) -> tuple[list[str], list[str]]:
    """Return (revisions, paths), told apart as git does it: what comes after `--`, or isn't a revision, is a path."""
    behind = behind_dashes()
    before = targets[: len(targets) - behind] if behind <= len(targets) else targets
    revisions: list[str] = []
    for place, target in enumerate(before):
        if not _is_revision(target):
            for path in before[place:]:
                if behind or not (os.path.lexists(path) or "*" in path or path.startswith(":")):
                    raise TargetNotFound(_not_found(path, is_first=path == target))
            return revisions, [*before[place:], *targets[len(before) :]]
        revisions.append(target)
    return revisions, targets[len(before) :]


def _not_found(path: str, *, is_first: bool) -> str:
    if is_first and not try_git(["rev-list", "-n", "1", "--all"])[1]:
        return f"this repository has no commit yet, so {path} names none, and no file on disk either"
    words = "neither a revision nor a file" if is_first else "no file here"
    return f"{path} is {words}; put paths behind `--` that are not on disk"


def _refuse_too_many(revisions: list[str], *, cached: bool) -> None:
    """Refuse what git would answer with its usage text, or with the combined diff of a merge."""
    most = 1 if cached else 2
    ranges = [name for name in revisions if ".." in name or name.endswith(("^!", "^@")) or "^-" in name]
    if len(revisions) + len(ranges) <= most:
        return
    if cached:
        raise click.UsageError("--cached compares the index with one revision; leave it out to compare two")
    raise click.UsageError("these are too many revisions; two are compared, or one range A..B (no combined diff)")


def _is_revision(name: str) -> bool:
    if name.startswith("-"):
        return False
    arguments = ["--revs-only", name, "--"] if ".." in name else ["--revs-only", "--verify", name]
    code, out, _ = try_git(["rev-parse", "--quiet", *arguments])
    return code == 0 and out.strip() != b""


def _is_source_same(change: FileChange, policy: Policy) -> bool:
    """Say whether the file on disk differs only in what is volatile: git lists it where its size differs."""
    if not change.in_worktree or change.after.data is None or change.before.mode != change.after.mode:
        return False
    parts = split(change.after.data, policy)
    return parts is not None and parts.source == change.before.data
