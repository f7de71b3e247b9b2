"""What the index has raw is found in every form of the index, one by one and all at once."""

from __future__ import annotations

import pytest

from nbgit.store.raw import FEW, RawInIndex, is_kept_by
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox

LONG = f"{'deep folder/' * 400}n.ipynb"  # longer than an entry's flags can say


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_each_entry_is_found_by_its_very_path(box: GitBox, version: str) -> None:
    box.git("config", "index.version", version)
    names = ["n.ipynb", "an.ipynb", "a/n.ipynb", "é/n.ipynb", "n.ipynb.ipynb", LONG]
    rows = []
    for name in names:
        oid = box.git("hash-object", "-w", "--stdin", stdin=name.encode()).strip()
        rows.append(f"100644 {oid} 0\t{name}\0")
    box.git("update-index", "-z", "--index-info", stdin="".join(rows).encode())
    if version == "3":
        box.git("update-index", "--skip-worktree", "a/n.ipynb")
    raw = RawInIndex(find_repository(str(box.path), box.environ))
    wanted = names if version != "4" else names[:-1]
    for _ in range(FEW // len(wanted) + 2):
        for name in wanted:
            assert raw.oid_of(name, name.encode()) == rows[names.index(name)].split()[1]
            assert raw.oid_of(name, b"something else") is None
            assert raw.oid_of(f"x/{name}", name.encode()) is None
    box.git("update-index", "--force-remove", "n.ipynb")
    assert raw.oid_of("n.ipynb", b"n.ipynb") is None


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("git status", True),
        ("/usr/bin/git add .", True),
        ("git.exe add -A", True),
        ("git add --refresh x", True),
        ("git add --renormalize .", False),
        ("git add --ren .", False),
        ("python -m nbgit clean x", False),
        ("", False),
    ],
)
def test_only_a_git_that_is_known_not_to_renormalize_leaves_them(line: str, kept: bool) -> None:
    assert is_kept_by([word.encode() for word in line.split()]) == kept
