"""`git diff` and `nbgit diff` on notebooks, through real git."""

import json
import os

import nbdime
import pytest
from nbdime.diff_utils import to_diffentry_dicts

from nbgit.external.nbformat import upgrade
from nbgit.store.callers import words_of
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["42\n"]}
HEAD = markdown("# Density", id="aaaa0001")
PLAIN = code("width = 0.5\nprint(width)", id="aaaa0002")
RUN = code("width = 0.5\nprint(width)", id="aaaa0002", outputs=[OUTPUT], execution_count=3)
EDITED = code("width = 0.3\nprint(width)", id="aaaa0002", outputs=[OUTPUT], execution_count=9)


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write("fits/n.ipynb", notebook(HEAD, RUN))
    installed.commit("first")
    return installed


def test_an_edit_shows_by_cell_without_outputs(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    out = repo.git("diff")
    assert out.splitlines() == [
        "diff --git a/fits/n.ipynb b/fits/n.ipynb",
        "--- a/fits/n.ipynb",
        "+++ b/fits/n.ipynb",
        "@@ -1,2 +1,2 @@ cell 1 [9] [code] Density",
        "-width = 0.5",
        "+width = 0.3",
        " print(width)",
    ]
    assert out == repo.git("diff", cwd="fits")
    assert repo.git("diff", "HEAD") == out


def test_a_run_alone_shows_nothing(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, {**RUN, "execution_count": 77}))
    assert repo.git("diff") == ""
    assert repo.git("status", "--porcelain") == " M fits/n.ipynb\n"
    told = repo.nbgit("diff", "--exit-code")
    assert (told.code, told.out) == (0, "\\ fits/n.ipynb: only execution counts (1 cell) differ\n")
    assert repo.nbgit("diff", "--no-outputs").out == ""
    repo.git("add", "-u")
    assert repo.nbgit("diff").out == ""


def test_staged_and_between_commits(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    repo.git("add", "-A")
    staged = repo.git("diff", "--cached")
    assert "-width = 0.5\n+width = 0.3" in staged
    repo.commit("second")
    between = repo.git("diff", "HEAD~1", "HEAD")
    assert "index " in between
    assert between.splitlines()[-4:] == staged.splitlines()[-4:]


def test_new_deleted_renamed_and_mode(repo: GitBox) -> None:
    repo.write("new.ipynb", notebook(PLAIN))
    repo.git("mv", "fits/n.ipynb", "fits/moved name.ipynb")
    (repo.path / "fits/moved name.ipynb").write_bytes(notebook(HEAD, EDITED, markdown("More words " * 3)))
    repo.git("add", "-A")
    out = repo.git("diff", "--cached", "-M20")
    assert "new file mode 100644\nindex 0000000.." in out
    assert "--- /dev/null\n+++ b/new.ipynb\n" in out
    assert "rename from fits/n.ipynb\nrename to fits/moved name.ipynb\n" in out
    repo.commit("renamed")
    (repo.path / "new.ipynb").chmod(0o755)
    assert repo.git("diff").splitlines()[1:] == ["old mode 100644", "new mode 100755"]
    (repo.path / "new.ipynb").unlink()
    assert "deleted file mode 100644" in repo.git("diff")


def test_unmerged_unparsable_and_binary_never_end_the_diff(repo: GitBox) -> None:
    repo.write("a.ipynb", b"\0\1\2")
    repo.write("b.ipynb", b"<<<<<<< HEAD\n{}\n")
    repo.write("c.ipynb", b"{}")
    repo.write("d.ipynb", notebook(PLAIN))
    repo.git("add", ".")
    repo.git("commit", "-q", "--no-verify", "-m", "odd")
    repo.write("a.ipynb", b"\0\1\3")
    repo.write("b.ipynb", b"{}\n")
    repo.write("c.ipynb", b"")
    repo.write("d.ipynb", b"[" * 100_000)
    out = repo.git("diff")
    assert "Binary files a/a.ipynb and b/a.ipynb differ" in out
    assert "-<<<<<<< HEAD\n {}" in out
    assert "-{}\n\\ No newline at end of file" in out
    assert "+[[[[" in out


def test_colour_follows_gits_settings(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    repo.environ["TERM"] = "xterm"
    assert "\x1b" not in repo.git("diff")
    always = ["-c", "color.ui=always", "-c", "color.diff.old=yellow"]
    marked = "\x1b[33m-width = \x1b[7m0.5\x1b[27m\x1b[m\n\x1b[32m+width = \x1b[7m0.3\x1b[27m\x1b[m\n"
    assert marked in repo.git(*always, "diff")
    unmarked = repo.git(*always, "-c", "nbgit.diffMarks=false", "diff")
    assert "\x1b[33m-width = 0.5\x1b[m\n\x1b[32m+width = 0.3\x1b[m\n" in unmarked
    paged = {"GIT_PAGER_IN_USE": "true"}
    assert "\x1b[31m-width" in repo.run(["git", "diff"], environ=paged).out
    assert "\x1b" not in repo.run(["git", "diff"], environ={**paged, "NO_COLOR": "1"}).out


def test_context_and_prefix_settings(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    out = repo.git("-c", "diff.context=0", "-c", "diff.noprefix=true", "diff")
    assert out.splitlines()[0] == "diff --git fits/n.ipynb fits/n.ipynb"
    assert out.splitlines()[3:] == ["@@ -1 +1 @@ cell 1 [9] [code] Density", "-width = 0.5", "+width = 0.3"]


@pytest.mark.skipif(not words_of(str(os.getpid())), reason="the system shows no process's command line")
def test_the_command_line_of_git_is_honoured(repo: GitBox) -> None:
    """git tells its driver nothing of this; see nbgit.gitproto.asked."""
    spaced = {**EDITED, "source": "width =  0.5 \nprint( width)\n\n\na\nb\nc"}
    repo.write("fits/n.ipynb", notebook(HEAD, spaced))
    assert repo.git("diff", "-U0").splitlines()[3] == "@@ -1,2 +1,7 @@ cell 1 [9] [code] Density"
    assert repo.git("diff", "-w", "--", "fits").splitlines()[3:] == [
        "@@ -1,2 +1,7 @@ cell 1 [9] [code] Density",
        *(" width =  0.5 ", " print( width)", "+", "+", "+a", "+b", "+c"),
    ]
    assert "-print(width)" in repo.git("diff", "-b")
    assert "-width" not in repo.git("diff", "-b")
    repo.write("fits/n.ipynb", notebook(HEAD, {**EDITED, "source": "width =\t0.5\nprint(width) "}))
    assert repo.git("diff", "-w") == repo.git("diff", "-b") == ""
    assert "-width" in repo.git("diff", "--ignore-space-at-eol")
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    words = repo.git("diff", "--word-diff").splitlines()[3:]
    assert words == ["@@ -1,2 +1,2 @@ cell 1 [9] [code] Density", "width = [-0.5-]{+0.3+}", "print(width)"]
    coloured = repo.git("diff", "--color-words")
    assert "width = \x1b[31m0.5\x1b[m\x1b[32m0.3\x1b[m\nprint(width)\n" in coloured
    repo.git("config", "alias.d", "diff --word-diff -U0")
    assert repo.git("-c", "color.ui=false", "d").splitlines()[3:] == [
        "@@ -1 +1 @@ cell 1 [9] [code] Density",
        "width = [-0.5-]{+0.3+}",
    ]
    assert repo.git("diff", "--no-prefix").startswith("diff --git fits/n.ipynb fits/n.ipynb\n")
    assert "\x1b" not in repo.git("-c", "color.ui=always", "diff", "--no-color")
    assert repo.git("diff", "--color=always") == repo.git("-c", "color.ui=always", "diff")


def test_nbgit_diff_takes_gits_options(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    words = repo.nbgit("diff", "--word-diff", "HEAD", "-U0").out.splitlines()[3:]
    assert words == ["@@ -1 +1 @@ cell 1 [9] [code] Density", "width = [-0.5-]{+0.3+}"]
    assert repo.nbgit("diff", "--color-words").out == repo.nbgit("diff", "--word-diff=color").out
    assert "\x1b[31m0.5\x1b[m\x1b[32m0.3\x1b[m" in repo.nbgit("diff", "--color-words", "HEAD").out
    assert repo.nbgit("diff", "--color", "HEAD").out == repo.nbgit("diff", "--color=always", "HEAD").out
    assert "\x1b" not in repo.nbgit("diff", "--color", "--no-color", "HEAD").out
    repo.write("fits/n.ipynb", notebook(HEAD, {**EDITED, "source": "width =\t0.5\nprint(width) "}))
    for option in ("-w", "-b", "--ignore-all-space", "--ignore-space-change"):
        assert repo.nbgit("diff", option).out == ""
    assert "-width = 0.5\n+width =\t0.5\n" in repo.nbgit("diff", "--ignore-space-at-eol").out


def test_other_files_are_gits(repo: GitBox) -> None:
    repo.write("x.py", b"a\n")
    repo.commit("py")
    repo.write("x.py", b"b\n")
    assert "@@ -1 +1 @@\n-a\n+b\n" in repo.git("diff")


def test_nbgit_diff_speaks_gits_words(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    repo.write("other.ipynb", notebook(PLAIN))
    repo.commit("second")
    by_git = repo.git("diff", "HEAD~1", "HEAD", "--", "fits/n.ipynb")
    for arguments in (["HEAD~1", "HEAD", "--", "fits"], ["HEAD~1..HEAD", "fits/n.ipynb"], ["HEAD~1", "fits/n.ipynb"]):
        result = repo.nbgit("diff", *arguments)
        assert result.code == 0, result.err
        assert [line for line in result.out.splitlines() if not line.startswith("index")] == [
            line for line in by_git.splitlines() if not line.startswith("index")
        ]
    assert repo.nbgit("diff", "HEAD~1", "--exit-code").code == 1
    assert "other.ipynb" in repo.nbgit("diff", "HEAD~1", cwd="fits").out
    for arguments in (["nosuch"], ["HEAD", "nosuch.ipynb"], ["fits/n.ipynb", "nosuch.ipynb"], ["nosuch", "--", "fits"]):
        missing = repo.nbgit("diff", *arguments)
        assert (missing.code, missing.out) == (9, "")
        assert "nosuch" in missing.err
    assert repo.nbgit("diff", "HEAD", "--", "nosuch.ipynb").code == 0
    repo.write("fits/n.ipynb", notebook(HEAD, RUN))
    repo.git("add", "-A")
    assert "+width = 0.5" in repo.nbgit("diff", "--cached").out
    assert repo.nbgit("diff").out == ""


def test_two_files_in_nbdimes_format(box: GitBox) -> None:
    before = box.write("a.ipynb", notebook(HEAD, RUN))
    after = box.write("b.ipynb", notebook(EDITED, HEAD, markdown("x", id="aaaa0003")))
    result = box.nbgit("diff", "--format", "nbdime", "a.ipynb", "b.ipynb")
    assert result.code == 0, result.err
    patched = nbdime.patch(upgrade(before.read_bytes()), to_diffentry_dicts(json.loads(result.out)))
    assert patched == upgrade(after.read_bytes())
    assert box.nbgit("diff", "a.ipynb", "b.ipynb").out.count("width = 0.3") == 1


def test_a_driver_call_that_is_not_gits_is_a_usage_error(box: GitBox) -> None:
    assert box.nbgit("diff-driver", "one", "two").code == 2
    assert box.nbgit("diff-driver", "some/path.ipynb").out == "* Unmerged path some/path.ipynb\n"


def test_a_failure_of_the_driver_is_logged_and_leaves_the_diff_to_git(repo: GitBox) -> None:
    arguments = ["gone.ipynb", "/nonexistent/file", "1" * 40, "100644", "fits/n.ipynb", "0" * 40, "100644"]
    assert repo.nbgit("diff-driver", *arguments).code == 0
    assert "FileNotFoundError" in repo.read(".git/nbgit/nbgit.log").decode()


def test_the_committed_policy_decides_what_is_left_out(repo: GitBox) -> None:
    repo.write(".nbgit.toml", b'[volatile]\ncell_metadata = ["mine"]\n')
    repo.write("n.ipynb", notebook(code("x", metadata={"mine": 1, "other": 1}, id="a")))
    repo.commit("policy")
    repo.write("n.ipynb", notebook(code("x", metadata={"mine": 2, "other": 2}, id="a")))
    changed = ["-other: 1", "+other: 2"]
    assert [
        line for line in repo.git("diff", "n.ipynb").splitlines() if line[1:2] in "mo" and line[0] in "+-"
    ] == changed
    out = repo.git("diff", "--no-ext-diff", "n.ipynb")
    assert "mine" not in out
    assert "-## other: 1\n+## other: 2\n" in out


def test_code_has_its_own_colours_where_that_is_wanted(repo: GitBox) -> None:
    repo.write("fits/n.ipynb", notebook(HEAD, EDITED))
    coloured = ["-c", "color.ui=always", "-c", "nbgit.diffMarks=false", "diff"]
    number = "\x1b[31m-width = \x1b[36m0.5\x1b[39m\x1b[m\n"
    assert number not in repo.git(*coloured)
    repo.git("config", "nbgit.syntax", "true")
    assert number in repo.git(*coloured)
    assert number in repo.git("-c", "color.ui=false", *coloured, "--color")
    assert "\x1b" not in repo.git("diff")
    assert "width = \x1b[36m\x1b[7m0.5" in repo.nbgit("diff", "--color").out
    assert "\x1b[36m0.5" not in repo.nbgit("diff", "--color", "--no-syntax").out


@pytest.mark.skipif(os.name == "nt", reason="no such file names there")
@pytest.mark.parametrize("setting", ["true", "false"])
def test_paths_are_quoted_as_git_quotes_them(repo: GitBox, setting: str) -> None:
    names = ["ünï \U0001f389.ipynb", 'a"b\\c.ipynb', "tab\there\x01\x7f.ipynb", "plain name.ipynb"]
    for number, name in enumerate(names):
        repo.write(name, notebook(code(f"x = {number}", id=f"a{number}")))
    repo.commit("names")
    for name in names:
        repo.git("mv", name, f"new {name}")
    repo.git("config", "core.quotePath", setting)
    expected = repo.git("diff", "--cached", "--no-ext-diff", "--no-textconv").splitlines()
    assert sum(line.startswith("rename to ") for line in expected) == 4
    assert repo.nbgit("diff", "--cached").out.splitlines() == expected
    for number, name in enumerate(names):
        repo.write(f"new {name}", notebook(code(f"y = {number}", id=f"a{number}")))
    headers = [line for line in repo.git("diff", "--no-ext-diff").splitlines() if line.startswith("diff --git")]
    for shown in (repo.git("diff"), repo.nbgit("diff").out):
        assert [line for line in shown.splitlines() if line.startswith("diff --git")] == headers
