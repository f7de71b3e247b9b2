"""Ring 5: `nbgit log -p`: what each commit did to its notebooks, by cell and by output."""

import os

from nbgit.cli.diff import change_text
from nbgit.cli.diff_sides import with_outputs
from nbgit.diff.between import changed_files
from nbgit.diff.stored import COMMIT, State
from nbgit.diff.view import NONE, View
from nbgit.lineage.log import Entry
from nbgit.notebook.policy import Policy
from nbgit.store.git import run_git
from nbgit.store.repository import Repository


def patch_of(repository: Repository, policy: Policy, entry: Entry, view: View) -> str:
    """Return the diff of an entry's notebooks against the commit's parent; "" for a merge, as `git log -p` has it."""
    cwd = os.getcwd()
    commit, *parents = run_git(["rev-list", "--parents", "--max-count=1", entry.commit.oid]).decode("ascii").split()
    if len(parents) > 1:
        return ""
    names = {name for notebook in entry.notebooks for name in (notebook.path, notebook.old_path) if name}
    paths = [f":(top,literal){name}" for name in sorted(names)]
    parent = parents[0] if parents else ""
    before = parent or run_git(["hash-object", "-t", "tree", "--stdin"], stdin=b"").decode("ascii").strip()
    found = list(changed_files(repository, cwd, [before, commit], paths))
    if view.outputs != NONE and parent:
        found, _ = with_outputs(repository, cwd, paths, (State(COMMIT, parent), State(COMMIT, commit)), found, policy)
    return "".join(change_text(change, view, policy) for change in found)
