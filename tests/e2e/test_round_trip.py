"""add, commit, delete, checkout: every file comes back byte for byte, whatever is in it and whatever it is called."""

from __future__ import annotations

import pytest

from tests.corpus import NOTEBOOKS
from tests.e2e.scene import assert_clean, entry_of, run_of
from tests.filter_client import FilterClient
from tests.gitbox import GitBox
from tests.odd import NOTEBOOKS as ODD_NOTEBOOKS
from tests.odd import OTHER, RAN

FILES = {**ODD_NOTEBOOKS, **OTHER}
NAMES = [
    "with space.ipynb",
    "né/日本.ipynb",
    "-dash.ipynb",
    "quo\"te's.ipynb",
    "line\nbreak.ipynb",
    "tab\tand\\back.ipynb",
    "a=b=c.ipynb",
    "[glob]*?.ipynb",
    ":(top)x.ipynb",
    "$HOME `x` ;#%f.ipynb",
    "deep/er/and/deeper/n.ipynb",
]


def there_and_back(box: GitBox, files: dict[str, bytes]) -> None:
    """Commit the files, delete them, check them out, and compare; then once more from another commit."""
    for path, data in files.items():
        box.write(path, data)
    box.git("add", "-A")
    assert box.git("diff", "--name-only") == ""
    box.minutes += 1
    box.git("commit", "-q", "--no-verify", "-m", "all")  # conflict markers are among them
    assert_clean(box)
    for path in files:
        (box.path / path).unlink()
    box.git("checkout", "-q", "--", ".")
    assert_same(box, files)
    box.git("checkout", "-q", "--orphan", "empty")
    box.git("rm", "-q", "-r", "-f", ".")
    box.commit("nothing")
    box.git("checkout", "-q", "main")
    assert_same(box, files)
    assert_clean(box)


def assert_same(box: GitBox, files: dict[str, bytes]) -> None:
    """Fail, with the names, unless each file has just these bytes."""
    assert [path for path, data in files.items() if box.read(path) != data] == []


def test_odd_notebooks_and_what_is_none(installed: GitBox) -> None:
    there_and_back(installed, {f"{name}.ipynb": data for name, data in FILES.items()})
    installed.git("checkout", "-q", "main")
    split = {f"{name}.ipynb" for name in ODD_NOTEBOOKS} - {"a screen of white space first.ipynb", "no cells.ipynb"}
    assert set(entry_of(installed)) == split, "one odd notebook must not keep the others from being linked"


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
@pytest.mark.parametrize("eol", ["native", "crlf"])
def test_git_leaves_the_line_endings_alone(installed: GitBox, autocrlf: str, eol: str) -> None:
    installed.git("config", "core.autocrlf", autocrlf)
    if autocrlf == "false":
        installed.git("config", "core.eol", eol)
    installed.git("config", "core.safecrlf", "true")
    names = ("as Jupyter writes it", "CRLF", "text with CRLF", "BOM", "empty", "one newline", "binary")
    there_and_back(installed, {f"{name}.ipynb": FILES[name] for name in names})


def test_paths_of_every_kind(installed: GitBox) -> None:
    files = {name: run_of(f"cell = {n}", run=f"file {n}") for n, name in enumerate(NAMES)}
    there_and_back(installed, files)
    again = {name: run_of(f"cell = {n}", run=f"file {n}, again") for n, name in enumerate(NAMES)}
    for name, data in again.items():
        installed.write(name, data)
    installed.git("add", "-A")
    installed.write("x.txt", b"x")
    installed.commit("all were run again")
    installed.git("checkout", "-q", "HEAD~1")
    assert_same(installed, files)
    installed.git("checkout", "-q", "main")
    assert_same(installed, again)
    assert_clean(installed)


def test_the_one_shot_commands_answer_as_the_process_does(installed: GitBox) -> None:
    files = {f"{name}.ipynb": data for name, data in FILES.items()}
    for path, data in files.items():
        installed.write(path, data)
    installed.git("add", "-A")
    by_process = installed.git("ls-files", "-s")
    installed.git("rm", "-q", "--cached", "-r", ".")
    installed.git("config", "--unset", "filter.nbgit.process")
    installed.git("add", "-A")
    assert installed.git("ls-files", "-s") == by_process
    assert "filter.nbgit.process" not in installed.git("config", "--list")
    there_and_back(installed, {path: files[path] for path in list(files)[:4]})


def test_clean_twice_is_clean_once(installed: GitBox) -> None:
    with FilterClient(installed) as client:
        for name, data in FILES.items():
            once = client.clean(data, path=f"{name}.ipynb")
            assert client.smudge(once, path=f"{name}.ipynb") == data, name
            assert client.clean(once, path=f"{name}.ipynb") == once, name
            assert client.clean(data, path=f"{name}.ipynb") == once, name
            assert client.smudge(once, path=f"{name}.ipynb") == data, name
    assert (client.code, client.err, client.rest) == (0, "", b"")


def test_what_is_not_a_notebook_is_stored_as_it_is(installed: GitBox) -> None:
    with FilterClient(installed) as client:
        assert [name for name, data in OTHER.items() if client.clean(data) != data] == []
        assert [name for name, data in OTHER.items() if client.smudge(data) != data] == []
    assert not (installed.path / ".git" / "nbgit" / "captures").exists()


def test_no_output_of_a_notebook_is_in_its_blob(installed: GitBox) -> None:
    installed.write("n.ipynb", RAN)
    installed.commit("one")
    blob = installed.git_bytes("cat-file", "blob", "HEAD:n.ipynb")
    assert b"needs_background" not in blob
    assert b"traceback" not in blob
    assert b'"execution_count": null' in blob
    assert b"collapsed" not in blob
    assert blob.count(b"two") == 1  # the cell tagged keep_output keeps its own


def test_a_large_notebook(installed: GitBox) -> None:
    noise = bytes((n * n) % 251 for n in range(1 << 20)) * 8
    data = RAN.replace(b"one", noise.hex().encode())
    there_and_back(installed, {"large.ipynb": data})


@pytest.mark.corpus
@pytest.mark.skipif(not NOTEBOOKS, reason="the corpus lies beside the checkout, in ../shared/corpus; it is absent")
def test_the_notebooks_of_the_corpus(installed: GitBox) -> None:
    there_and_back(installed, {path.name: path.read_bytes() for path in NOTEBOOKS})
