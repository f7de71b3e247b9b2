"""`git log -p`, `git show` and `git grep --textconv` on notebooks, through real git and textconv."""

import pytest

from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

HEAD = markdown("# Density", id="aaaa0001")
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["a secret of the output\n"]}


def run(source: str, count: int) -> dict[str, object]:
    return code(source, id="aaaa0002", outputs=[OUTPUT], execution_count=count)


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    body = "\n".join(f"step_{number} = compute({number})" for number in range(20))
    installed.write("n.ipynb", notebook(HEAD, run(body, 1)))
    installed.commit("first")
    installed.write("n.ipynb", notebook(HEAD, run(body.replace("compute(15)", "measure(15)"), 2)))
    installed.commit("second")
    return installed


def test_log_p_and_show_read_as_text_with_the_cell_in_the_hunk_header(repo: GitBox) -> None:
    out = repo.git("log", "-p", "-1")
    assert "-step_15 = compute(15)\n+step_15 = measure(15)\n" in out
    assert "@@ ## cell [code] Density\n" in out
    assert "secret" not in out
    assert out == repo.git("show", "HEAD")


def test_the_cache_of_textconv_gives_the_same(repo: GitBox) -> None:
    assert repo.git("log", "-p") == repo.git("log", "-p")


def test_without_the_cache_it_is_the_same_and_outputs_come_where_they_show(repo: GitBox) -> None:
    warm = repo.git("log", "-p")
    repo.git("update-ref", "-d", "refs/notes/textconv/nbgit")
    assert repo.git("log", "-p") == warm
    assert "cell 1 [2] [code] Density" in repo.git("log", "-p", "-1", "--ext-diff")  # the count is an output


def test_texts_come_from_one_process_and_other_drivers_get_the_source(repo: GitBox) -> None:
    """The filter process makes the text; a process of textconv's own starts only where that gave none."""
    expected = repo.git("log", "-p")
    repo.git("update-ref", "-d", "refs/notes/textconv/nbgit")
    command = repo.git("config", "diff.nbgit.textconv").strip()
    repo.git("config", "diff.nbgit.textconv", command.replace(" textconv ", " no-such-verb "))
    assert repo.git("log", "-p") == expected
    repo.write(".git/info/attributes", b"*.ipynb filter=nbgit diff=other merge=nbgit -text\n")
    repo.git("config", "diff.other.textconv", "cat")
    assert '+    "step_15 = measure(15)' in repo.git("log", "-p", "-1")
    repo.git("-c", "diff.nbgit.textconv=cat", "show", "HEAD")
    repo.git("checkout", "--", ".")
    assert "a secret" in repo.read("n.ipynb").decode()


def test_an_inserted_cell_is_the_only_change(repo: GitBox) -> None:
    before = repo.git_bytes("show", "HEAD:n.ipynb")
    new = code("import numpy", id="aaaa0009")
    text = before.decode().replace('"cells": [', '"cells": [' + notebook(new).decode()[13:].split("\n ],")[0] + ",", 1)
    repo.write("n.ipynb", text.encode())
    repo.commit("third")
    out = repo.git("show", "--format=", "HEAD")
    changed = [line for line in out.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["+## cell [code]", "+import numpy", "+"]


def test_grep_textconv_finds_source_and_not_outputs(repo: GitBox) -> None:
    assert "n.ipynb:step_15 = measure(15)" in repo.git("grep", "--textconv", "measure")
    assert repo.try_git("grep", "--textconv", "secret", "HEAD").code == 1


def test_stat_and_pickaxe_still_work(repo: GitBox) -> None:
    assert "1 file changed" in repo.git("log", "-1", "--stat", "-p")
    assert len(repo.git("log", "-S", "measure(15)", "--format=%s").split()) == 1


def test_a_missing_file_is_a_sentence(box: GitBox) -> None:
    result = box.nbgit("textconv", "absent.ipynb")
    assert result.code == 1
    assert result.err == "nbgit: absent.ipynb: No such file or directory\n"
    assert box.nbgit("textconv").code == 2
