"""`nbgit demo` end to end: a real kernel, real git, the README's first command."""

from tests.gitbox import GitBox


def test_the_demo_tells_the_whole_story(box: GitBox) -> None:
    done = box.nbgit("demo", "try me")
    assert done.code == 0, done.err
    out = done.out
    assert "1 figure (cell 3 png)" in out
    assert "-bandwidth = 2\n+bandwidth = 5\n" in out
    assert "waiting.ipynb is what the first run left, byte for byte" in out
    assert "waiting.ipynb is what the second run left, byte for byte" in out
    assert "introduced" in out
    assert "Smooth more: bandwidth 5" in out
    assert out.index("earlier") > out.index("introduced")
    assert box.git("status", "--porcelain", cwd="try me") == ""


def test_the_demo_leaves_what_exists_alone(box: GitBox) -> None:
    box.write("nbgit-demo/mine.txt", b"mine")
    done = box.nbgit("demo")
    assert (done.code, done.out) == (3, "")
    assert done.err == "nbgit: nbgit-demo exists; name a folder that doesn't, or remove it first\n"
    assert box.read("nbgit-demo/mine.txt") == b"mine"
