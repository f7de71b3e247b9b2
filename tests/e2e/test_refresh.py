"""`nbgit refresh`, and how the index is refreshed: what is edited is never staged, and no lock is in anyone's way."""

from __future__ import annotations

import os
import stat

import pytest

from nbgit.store import index_file
from nbgit.store.index_file import refresh_index
from nbgit.store.refresh import EDITED, LOCKED, UNMODIFIED, capture_saved
from nbgit.store.repository import find_repository
from tests.e2e.scene import N, never_ran, run_of
from tests.gitbox import GitBox

FIRST, AGAIN = run_of("x = 1", run="first"), run_of("x = 1", run="again, and longer")
EDIT = run_of("x = 1000", run="again, and longer")
CLEARED = "1 notebook captured; 1 with no change but outputs: unmodified for git.\n"


@pytest.fixture
def repo(installed: GitBox) -> GitBox:
    installed.write(N, FIRST)
    installed.commit("first")
    return installed


def status(box: GitBox) -> str:
    """Return git's status without letting it refresh the index."""
    return box.git("--no-optional-locks", "status", "--porcelain")


def index_of(box: GitBox) -> dict[str, str]:
    """Return path -> mode, oid and stage of every entry of the index."""
    rows = box.git("ls-files", "-s", "-z").split("\0")
    return {row.split("\t")[1]: row.split("\t")[0] for row in rows if row}


def test_what_was_only_run_again_is_unmodified_for_git(repo: GitBox) -> None:
    before = index_of(repo)
    repo.write(N, AGAIN)
    assert status(repo) == f" M {N}\n"
    assert repo.nbgit("refresh").out == CLEARED
    assert status(repo) == ""
    assert index_of(repo) == before
    assert repo.nbgit("refresh").out == "No notebook is modified.\n"
    repo.git("commit", "-q", "--allow-empty", "-m", "with the new outputs")
    repo.write(N, never_ran("x = 1"))
    repo.git("checkout", "-q", "--", N)
    assert repo.read(N) == AGAIN


def test_an_edited_notebook_is_captured_and_not_staged(repo: GitBox) -> None:
    before = index_of(repo)
    repo.write(N, EDIT)
    assert repo.nbgit("refresh").out == "1 notebook captured; 1 with edits: modified.\n"
    assert (status(repo), index_of(repo)) == (f" M {N}\n", before)


def test_of_many_each_gets_what_it_is(repo: GitBox) -> None:
    for name in ("a.ipynb", "b.ipynb", "sub dir/é.ipynb"):
        repo.write(name, FIRST)
    repo.commit("more")
    repo.write("a.ipynb", AGAIN)
    repo.write("b.ipynb", EDIT)
    repo.write("sub dir/é.ipynb", AGAIN)
    repo.write("notes.ipynb", b"no notebook")
    repo.git("add", "-N", "notes.ipynb")
    assert repo.nbgit("refresh").out == (
        "3 notebooks captured; 2 with no change but outputs: unmodified for git; 1 with edits: modified.\n"
    )
    assert status(repo).splitlines() == [" M b.ipynb", " A notes.ipynb"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("none.ipynb", 9, "none.ipynb is no file"),
        ("half.ipynb", 8, "half.ipynb is not a notebook as it stands; the others were captured"),
        ("text.txt", 8, "text.txt is no notebook"),
        ("other.ipynb", 9, "other.ipynb is not given to nbgit by git's attributes"),
    ],
)
def test_a_path_that_is_no_notebook_is_an_error(repo: GitBox, path: str, code: int, words: str) -> None:
    repo.write("half.ipynb", AGAIN[:100])
    repo.write("text.txt", b"text")
    repo.write("other.ipynb", AGAIN)
    repo.write(".gitattributes", b"other.ipynb -filter\n")
    repo.write(".git/info/attributes", repo.read(".git/info/attributes") + b"other.ipynb -filter\n")
    done = repo.nbgit("refresh", path)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_a_changed_mode_is_not_staged_either(repo: GitBox) -> None:
    before = index_of(repo)
    file = repo.write(N, AGAIN)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    assert repo.nbgit("refresh").code == 0
    assert index_of(repo) == before
    if repo.git("config", "core.fileMode").strip() == "true":
        assert "old mode 100644" in repo.git("diff", N)


def test_a_file_that_changes_while_it_is_refreshed_is_left_for_the_next_time(repo: GitBox) -> None:
    repository = find_repository(str(repo.path), {})
    repo.write(N, AGAIN)
    sources = {N: repo.git("rev-parse", f"HEAD:{N}").strip()}
    before = index_of(repo)
    repo.write(N, EDIT)  # after it was captured, and before git looks
    assert refresh_index(repository, sources) == (set(), {N})
    assert (index_of(repo), status(repo)) == (before, f" M {N}\n")
    assert [name for name in os.listdir(repo.path / ".git") if "index" in name] == ["index"]


def test_one_file_in_the_way_does_not_keep_the_others_back(repo: GitBox) -> None:
    repo.write("other.ipynb", FIRST)
    repo.commit("other")
    repository = find_repository(str(repo.path), {})
    oid = repo.git("rev-parse", f"HEAD:{N}").strip()
    repo.write(N, AGAIN)
    (repo.path / "other.ipynb").unlink()
    assert refresh_index(repository, {N: oid, "other.ipynb": oid}) == ({N}, {"other.ipynb"})
    assert status(repo) == " D other.ipynb\n"


def test_a_lock_that_another_process_holds_is_respected(repo: GitBox) -> None:
    repo.write(N, AGAIN)
    lock = repo.write(".git/index.lock", b"somebody is at it")
    repository = find_repository(str(repo.path), {})
    (saved,) = capture_saved(repository, [N])
    assert (saved.state, saved.is_new) == (LOCKED, True)
    assert repo.nbgit("refresh").out == "1 notebook captured; 1 left for the next time, since the index is in use.\n"
    assert lock.read_bytes() == b"somebody is at it"
    lock.unlink()
    (saved,) = capture_saved(repository, [N])
    assert (saved.state, saved.is_new) == (UNMODIFIED, False)
    assert status(repo) == ""


def test_what_another_process_stages_meanwhile_stays_staged(repo: GitBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between git's work on the copy and the exchange, each time, another git process writes the index."""
    repository = find_repository(str(repo.path), {})
    repo.write(N, AGAIN)
    staged: list[str] = []
    exchange = index_file._replace

    def late(*arguments: object) -> bool:
        staged.append(f"staged {len(staged)}.txt")
        repo.write(staged[-1], b"text")
        repo.git("add", staged[-1])
        return exchange(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(index_file, "_replace", late)
    (saved,) = capture_saved(repository, [N])
    assert (saved.state, len(staged)) == (LOCKED, len(index_file.PAUSES))
    assert sorted(index_of(repo)) == sorted([N, *staged])


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_a_person_hid_from_git_is_left_alone(repo: GitBox, flag: str) -> None:
    repo.git("update-index", flag, N)
    before = repo.git("ls-files", "-v")
    repo.write(N, AGAIN)
    (saved,) = capture_saved(find_repository(str(repo.path), {}), [N])
    assert (saved.state, repo.git("ls-files", "-v")) == (EDITED, before)


def test_without_the_filter_raw_bytes_are_never_staged(repo: GitBox) -> None:
    for name in ("process", "clean", "smudge", "required"):
        repo.git("config", "--unset", f"filter.nbgit.{name}")
    before = index_of(repo)
    repo.write(N, AGAIN)
    (saved,) = capture_saved(find_repository(str(repo.path), {}), [N])
    assert (saved.state, index_of(repo)) == (LOCKED, before)


@pytest.mark.parametrize("setting", ["index.version=4", "core.splitIndex=true", "index.skipHash=true"])
def test_every_form_of_the_index_is_gits_own_work(installed: GitBox, setting: str) -> None:
    key, _, value = setting.partition("=")
    installed.git("config", key, value)
    for name in ("a.ipynb", N, "z.ipynb"):
        installed.write(name, FIRST)
    installed.commit("first")
    installed.write(N, AGAIN)
    assert installed.nbgit("refresh").out == CLEARED
    assert status(installed) == ""
    installed.git("fsck", "--strict")
    installed.write("z.ipynb", EDIT)
    installed.commit("next")
    assert status(installed) == ""


def test_a_linked_worktree_has_an_index_of_its_own(repo: GitBox) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", "../side dir")
    place = repo.root / "side dir" / N
    place.write_bytes(AGAIN)
    assert repo.nbgit("refresh", cwd="../side dir").out == CLEARED
    assert repo.git("--no-optional-locks", "status", "--porcelain", cwd="../side dir") == ""


def test_a_clone_that_is_saved_bare_hides_no_outputs_that_a_fetch_brings_later(repo: GitBox) -> None:
    """As for git's own clean: a source that git had before is no cleared notebook."""
    repo.git("clone", "-q", ".", "../clone")
    assert repo.nbgit("install", cwd="../clone").code == 0
    assert repo.nbgit("refresh", N, cwd="../clone").code == 0
    assert repo.nbgit("captures", cwd="../clone").out == "No outputs are waiting: all that was seen is in a commit.\n"
