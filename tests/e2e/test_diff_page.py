"""`nbgit diff --html` and `--web`: where the page goes, what it never replaces, and which browser gets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook
from tests.pages import having, picture, printed, read


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    """Return a repository with a notebook whose source and outputs changed between two commits."""
    for word, dots in (("one", 0), ("two", 9)):
        outputs = [picture("white", dots=dots), printed(word)]
        cells = [markdown("# Density", id="aaaa0001"), code(f"plot('{word}')", id="aaaa0002", outputs=outputs)]
        installed.write("a folder/n.ipynb", notebook(*cells))
        installed.commit(word)
    return installed


def test_a_page_of_two_commits_with_their_outputs(repo: GitBox) -> None:
    result = repo.nbgit("diff", "--html", "out/change.html", "HEAD~1", "HEAD")
    assert (result.code, result.out, result.err) == (0, "", "")
    html = repo.read("out/change.html").decode()
    assert [element.text for element in read(html) if element.name in ("del", "ins")] == ["one", "two"]
    assert [element.name for element in read(html) if element.name == "img"] == ["img"] * 2
    assert having(html, "asked")[0].text == "nbgit diff HEAD~1 HEAD"
    assert [place.name for place in (repo.path / "out").iterdir()] == ["change.html"]
    assert repo.nbgit("diff", "--html", "-", "HEAD~1", "HEAD").raw == repo.read("out/change.html")
    bare = repo.nbgit("diff", "--html", "-", "--no-outputs", "HEAD~1", "HEAD").out
    assert having(bare, "output") == []
    assert repo.nbgit("diff", "--html", "-", "--exit-code", "HEAD~1", "HEAD").code == 1


def test_it_replaces_pages_and_nothing_else(repo: GitBox) -> None:
    repo.write("change.html", b"<!DOCTYPE html>\nolder")
    assert repo.nbgit("diff", "--html", "change.html").code == 0
    assert "Nothing differs." in repo.read("change.html").decode()
    before = repo.read("a folder/n.ipynb")
    for target, reason in (("a folder/n.ipynb", "is no HTML page"), ("a folder", "is a folder")):
        result = repo.nbgit("diff", "--html", target, "HEAD~1")
        assert (result.code, result.out) == (2, "")
        assert reason in result.err
    assert repo.read("a folder/n.ipynb") == before
    result = repo.nbgit("diff", "--html", "change.html/x.html")
    assert result.code == 9
    assert "can't be written" in result.err


def test_the_size_of_a_page(repo: GitBox) -> None:
    assert repo.nbgit("diff", "--html", "-", "--max-size", "0", "HEAD~1", "HEAD").out.count("left out to keep") >= 1
    result = repo.nbgit("diff", "--html", "-", "--web")
    assert (result.code, result.out) == (2, "")


def test_a_page_in_the_browser(repo: GitBox) -> None:
    seen = repo.path / "seen"
    browser = repo.write("browser.py", f"import sys\nopen({str(seen)!r}, 'w').write(sys.argv[-1])\n".encode())
    start = f'"{Path(sys.executable).as_posix()}" "{browser.as_posix()}"'
    result = repo.nbgit("diff", "--web", "HEAD~1", environ={"BROWSER": f"{start} %s", "TMPDIR": str(repo.root)})
    assert result.code == 0, result.err
    path = Path(result.out.strip())
    assert path.is_relative_to(repo.root)
    assert seen.read_text() == path.as_uri()
    assert "Density" in path.read_text(encoding="utf-8")
    seen.unlink()
    repo.git("config", "web.browser", "mine")
    repo.git("config", "browser.mine.cmd", start)
    result = repo.nbgit("diff", "--web", "--html", "change.html", "HEAD~1")
    assert result.out.strip() == str(repo.path / "change.html")
    assert seen.read_text() == (repo.path / "change.html").as_uri()


def test_no_browser_leaves_the_page_and_says_so(repo: GitBox) -> None:
    repo.git("config", "web.browser", "none")
    repo.git("config", "browser.none.cmd", "false")
    result = repo.nbgit("diff", "--web", "--html", "change.html", "HEAD~1")
    assert (result.code, result.out.strip()) == (0, str(repo.path / "change.html"))
    assert "open the file by hand" in result.err
