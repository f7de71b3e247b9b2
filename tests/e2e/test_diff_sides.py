"""What `nbgit diff` takes for its two sides: versions of files, files, directories; and what it says of all else."""

from __future__ import annotations

import os
import sys

import pytest

from tests.e2e.scene import run_of
from tests.gitbox import GitBox
from tests.nb import code, notebook

N = "sub dir/n.ipynb"


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with two commits of a notebook, and a third version on disk."""
    for number in (1, 2):
        installed.write(N, run_of(f"x = {number}", run=f"run {number}"))
        installed.commit(f"commit {number}")
    installed.write(N, run_of("x = 3", run="run 3"))
    installed.write("other.ipynb", run_of("x = 4", run="run 4"))
    return installed


def told(box: GitBox, *arguments: str, cwd: str = ".") -> list[str]:
    """Return the lines that a diff took out and put in, and what it tells of outputs."""
    result = box.nbgit("diff", *arguments, cwd=cwd)
    assert (result.code, result.err) == (0, ""), result
    lines = result.out.splitlines()
    return [line for line in lines[3:] if line[:1] in "-+\\" and line[:3] not in ("---", "+++")]


def between(old: int, new: int) -> list[str]:
    return [f"-x = {old}", f"+x = {new}", "\\ cell 1, output 0: stdout: 1 of 2 lines changed"]


def test_versions_of_files_have_the_outputs_they_are_linked_to(repo: GitBox) -> None:
    assert told(repo, f"HEAD~1:{N}", f"HEAD:{N}") == between(1, 2)
    assert told(repo, f"HEAD:{N}", f"HEAD~1:{N}") == between(2, 1)
    assert told(repo, f"HEAD:{N}") == between(2, 3)
    assert told(repo, f"HEAD~1:{N}", N) == told(repo, f"HEAD~1:{N}", "--", N) == between(1, 3)
    assert told(repo, N, f"HEAD:{N}") == between(3, 2)
    assert told(repo, f"HEAD:{N}", "other.ipynb") == between(2, 4)
    assert told(repo, "HEAD:./n.ipynb", cwd="sub dir") == between(2, 3)
    assert told(repo, f"HEAD~1:{N}", f":{N}") == between(1, 2)
    assert told(repo, "--outputs", f"HEAD:{N}")[3:] == ["-run 2: x = 2", "+run 3: x = 3"]
    header = repo.nbgit("diff", f"HEAD:{N}", "other.ipynb").out.splitlines()
    assert header[0] == f"diff --git a/{N} b/other.ipynb"
    assert repo.nbgit("diff", f"HEAD:{N}", f"HEAD:{N}").out == ""
    assert repo.nbgit("diff", "--name-only", f"HEAD:{N}").out == f"{N}\n"
    repo.git("checkout", "--", N)
    assert repo.nbgit("diff", "--exit-code", f"HEAD:{N}").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--cached", "HEAD~1", "HEAD"], 2, "--cached compares the index with one revision"),
        (["--cached", "HEAD~1..HEAD"], 2, "--cached compares the index with one revision"),
        (["HEAD", "HEAD~1", "HEAD"], 2, "too many revisions"),
        (["HEAD~1..HEAD", "HEAD"], 2, "too many revisions"),
        (["--cached", f"HEAD:{N}"], 2, "--cached compares the index with a commit"),
        ([f"HEAD:{N}", f"HEAD:{N}", N], 2, "two files are compared"),
        ([f"HEAD:{N}", "HEAD"], 9, "HEAD is not a file"),
        ([f"HEAD:{N}", "sub dir"], 9, "sub dir is a directory"),
        (["HEAD:gone.ipynb"], 9, "there is no gone.ipynb in HEAD"),
        ([f"nosuch:{N}"], 9, "nosuch names no commit"),
        (["../nope.ipynb", "other.ipynb"], 9, "../nope.ipynb is neither a revision nor a file"),
        (["nosuch..HEAD"], 9, "nosuch..HEAD is neither a revision nor a file"),
    ],
)
def test_what_can_not_be_compared_is_one_sentence(repo: GitBox, arguments: list[str], code: int, words: str) -> None:
    result = repo.nbgit("diff", *arguments)
    assert (result.code, result.out) == (code, ""), result
    assert words in result.err
    assert "BUG:" not in result.err
    assert "<commit>" not in result.err
    assert "git diff" not in result.err.replace("nbgit diff", "")


def test_without_a_commit_it_says_so(box: GitBox) -> None:
    box.write("n.ipynb", notebook(code("x")))
    result = box.nbgit("diff", "HEAD")
    assert (result.code, result.out) == (9, "")
    assert "this repository has no commit yet" in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights there")
def test_a_file_that_can_not_be_read_does_not_end_the_diff_of_directories(box: GitBox) -> None:
    box.write("old/a.ipynb", notebook(code("x = 1")))
    box.write("new/a.ipynb", notebook(code("x = 2")))
    box.write("old/link.ipynb", notebook(code("y")))
    os.symlink("nowhere", box.path / "new/link.ipynb")
    os.mkfifo(box.path / "new/pipe.ipynb")
    result = box.nbgit("diff", "old", "new")
    assert result.code == 5
    assert "+x = 2" in result.out
    assert [line.partition(":")[0::2] for line in result.err.splitlines()] == [
        ("nbgit", " new/link.ipynb can't be read: No such file or directory; it is left out"),
        ("nbgit", " new/pipe.ipynb can't be read: it is no regular file; it is left out"),
    ]
    assert box.nbgit("diff", "--name-only", "old", "new").out == "new/a.ipynb\n"
