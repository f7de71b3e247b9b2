"""Ring 2: commits that have no entry although their outputs are stored (docs/design.md, "Linking").

A tool that git's hooks don't see has written them anew (filter-branch, a GUI's amend, a squash merge on a server), or
they go back to a source that was run before.
"""

import os

from nbgit.store.changes import SUFFIX, NotebookChange, raw_changes
from nbgit.store.entries import list_notes, read_some_entries
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES, SNAPSHOTS, read_refs
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    Author = tuple[str, ...]  # name, address, seconds since 1970 (UTC), the commit's subject: a rewrite keeps them

EVERY = 0  # in place of a number of commits: however many there are


def stored_but_unlinked(repository: Repository, most: int, captured: frozenset[str]) -> dict[str, str | None]:
    """Return commits, oldest first, that are to be linked to outputs that are stored; with each, the commit that it is
    a rewritten copy of, where one is found.

    Of HEAD and all branches the newest `most` commits are searched. Where one of them has set a notebook's source that
    has a snapshot, and its entry does not name it, all commits are compared with the linked ones.
    """
    refs = read_refs(repository, [SNAPSHOTS, ENTRIES])
    if SNAPSHOTS not in refs:
        return {}
    options = ["--reverse", "--branches", *([f"--max-count={most}"] if most else [])]
    changes = raw_changes(repository, options, ["HEAD"], [])
    cut = _cut_off(repository)
    changes = [change for change in changes if change.path.endswith(SUFFIX) or change.path in captured]
    changes = [change for change in changes if change.commit not in cut]
    with ObjectReader(repository) as reader:
        entries = read_some_entries(reader, list(dict.fromkeys(change.commit for change in changes)))
        changes = [change for change in changes if change.path not in entries.get(change.commit, {})]
        found = _with_snapshots(reader, changes)
        if not found and most != EVERY:
            return {}
    copies = _copies(repository, set(found)) if ENTRIES in refs else {}
    return {**dict.fromkeys(found), **copies}


def _cut_off(repository: Repository) -> set[str]:
    """Return the commits where a shallow clone ends: they look as if they had added every file."""
    try:
        with open(os.path.join(repository.common_dir, "shallow"), encoding="ascii", errors="replace") as file:
            return set(file.read().split())
    except OSError:
        return set()


def _with_snapshots(reader: ObjectReader, changes: list[NotebookChange]) -> list[str]:
    """Return the commits of those changes whose source has a snapshot."""
    oids = list(dict.fromkeys(change.source_oid for change in changes))
    trees = reader.read_many([f"{SNAPSHOTS}:by-source/{oid[:2]}/{oid[2:]}" for oid in oids])
    stored = {oid for oid, tree in zip(oids, trees, strict=True) if tree}
    return [change.commit for change in changes if change.source_oid in stored]


def _copies(repository: Repository, found: set[str]) -> dict[str, str | None]:
    """Return commit -> the linked commit that it is a copy of: one with the same author and author's date, and the same
    subject where several have these.

    One that is still on a branch counts for the commits in `found` only: of commits that were made within a second none
    need be a copy.
    """
    notes = list_notes(repository, ENTRIES)
    here = _authors(repository, ["--branches", "HEAD"], [])
    gone = [oid for oid in notes if oid not in here]
    lost = _authors(repository, ["--no-walk=unsorted", "--ignore-missing"], gone) if gone else {}
    originals: dict[Author, str] = {}
    for oid, author in [*here.items(), *lost.items()]:
        if oid in notes:
            originals[author[:3]] = originals[author] = oid
    copies: dict[str, str | None] = {}
    for oid, author in here.items():
        original = originals.get(author) or originals.get(author[:3])
        if oid not in notes and (original in lost or oid in found):
            copies[oid] = original
    return copies


def _authors(repository: Repository, options: list[str], commits: list[str]) -> "dict[str, Author]":
    """Return commit -> Author of the commits that `git log` walks."""
    arguments = ["log", "-z", "--format=%H%n%an%n%ae%n%at%n%s", *options, "--stdin"]
    out = run_git(arguments, cwd=repository.start, stdin="".join(f"{oid}\n" for oid in commits).encode("ascii"))
    rows = [row.split("\n") for row in out.decode("utf-8", "replace").split("\0") if row]
    return {row[0]: tuple(row[1:]) for row in rows}
