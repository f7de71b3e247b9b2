"""GitPython and git agree, also where GitPython can't read the repository."""

from __future__ import annotations

import pytest

from nbgit.errors import GitFailed
from nbgit.external.git_python import open_repo, read_position, read_ref, read_setting
from nbgit.store.repository import Repository, find_repository
from tests.gitbox import GitBox


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, box: GitBox, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with one commit, in each of git's two formats."""
    for name, value in box.environ.items():
        monkeypatch.setenv(name, value)
    box.git("init", "-q", "-b", "main", f"--object-format={request.param}", "../other")
    box.path = box.root / "other"
    box.write("a.txt", b"text")
    box.commit("the summary")
    box.git("remote", "add", "origin", "https://example.org/x.git")
    box.git("config", "filter.nbgit.required", "true")
    return find_repository(str(box.path), {})


def test_position(repository: Repository, box: GitBox) -> None:
    head = box.git("rev-parse", "HEAD").strip()
    assert read_position(repository) == ("main", head, ["origin"])
    box.git("checkout", "-q", "--detach")
    assert read_position(repository).branch is None


def test_a_ref_and_its_absence(repository: Repository, box: GitBox) -> None:
    content = read_ref(repository, "refs/heads/main")
    assert content is not None
    assert (content.summary, content.entries) == ("the summary", ["a.txt"])
    assert content.date.startswith("2023-11-14T22:14:20")
    assert read_ref(repository, "refs/heads/none") is None


def test_a_broken_ref_is_one_sentence(repository: Repository, box: GitBox) -> None:
    tree = box.git("rev-parse", "HEAD^{tree}").strip()
    (box.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(GitFailed, match=r"git fsck|ls-tree"):
        read_ref(repository, "refs/heads/main")


def test_settings(repository: Repository) -> None:
    assert read_setting(repository, "filter.nbgit.required") == "true"
    assert read_setting(repository, "filter.nbgit.none") is None
    assert (open_repo(repository) is None) == (repository.hash_name == "sha256")
