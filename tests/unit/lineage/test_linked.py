"""The links in the index are what the entries say, whatever has become of their ref since it was last read."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbgit.lineage.history.index import Index
from nbgit.lineage.history.linked import learn_links, links_of, names_linked_to, unread_snapshots
from nbgit.store.refs import ENTRIES
from nbgit.store.repository import find_repository
from tests.e2e.scene import entry_of, run_of
from tests.gitbox import GitBox


@pytest.fixture
def commits(installed: GitBox) -> list[str]:
    """Return three commits, each linked to runs of two notebooks, which the index knows."""
    found = []
    for run in ("A", "B", "C"):
        for path in ("a.ipynb", "sub folder/ü.ipynb"):
            installed.write(path, run_of(f"{run} = 1", run=run))
        found.append(installed.commit(run))
    assert as_learnt(installed) == as_noted(installed, found)
    return found


def as_learnt(box: GitBox) -> dict[str, dict[str, str]]:
    """Return the links to both notebooks after the index was brought up to date."""
    repository = find_repository(str(box.path), {})
    index = Index(str(Path(repository.nbgit_dir, "index.sqlite")))
    learn_links(repository, index)
    found = links_of(index, ["a.ipynb", "sub folder/ü.ipynb"])
    for commit, entry in found.items():
        for path, snapshot in entry.items():
            assert names_linked_to(index, snapshot) == {p for one in found.values() for p in one if one[p] == snapshot}
            assert (commit, snapshot) in unread_snapshots(index), path
    index.close()
    return found


def as_noted(box: GitBox, commits: list[str]) -> dict[str, dict[str, str]]:
    """Return what git says of these commits' entries."""
    return {commit: entry_of(box, commit) for commit in commits}


def test_a_new_entry_is_read(installed: GitBox, commits: list[str]) -> None:
    installed.write("a.ipynb", run_of("D = 1", run="D"))
    commits.append(installed.commit("D"))
    assert as_learnt(installed) == as_noted(installed, commits)
    assert len(as_learnt(installed)[commits[-1]]) == 1


def test_an_entry_that_is_gone_or_changed_is_not_remembered(installed: GitBox, commits: list[str]) -> None:
    installed.git("notes", "--ref=nbgit", "remove", commits[0])
    installed.git("notes", "--ref=nbgit", "copy", "-f", commits[2], commits[1])
    assert as_learnt(installed) == as_noted(installed, commits[1:])
    assert as_learnt(installed)[commits[1]] == entry_of(installed, commits[2])


def test_a_ref_that_is_gone_leaves_no_link(installed: GitBox, commits: list[str]) -> None:
    installed.git("update-ref", "-d", ENTRIES)
    assert as_learnt(installed) == {}


def test_a_ref_without_a_past_whose_old_commit_is_gone_is_read_anew(installed: GitBox, commits: list[str]) -> None:
    tree = installed.git("rev-parse", f"{ENTRIES}^{{tree}}").strip()
    installed.git("notes", "--ref=nbgit", "remove", commits[0])
    installed.git("update-ref", ENTRIES, installed.git("commit-tree", "-m", "anew", f"{ENTRIES}^{{tree}}").strip())
    installed.git("reflog", "expire", "--expire=now", "--all")
    installed.git("gc", "-q", "--prune=now")
    assert installed.try_git("cat-file", "-e", tree).code != 0  # what the index is of is no more
    assert as_learnt(installed) == as_noted(installed, commits[1:])
