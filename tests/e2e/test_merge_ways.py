"""Every way to make git merge: both edits are in the notebook, a conflict is marked in it, and git is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.nbformat import problem_with
from tests.e2e.table.worlds import copied
from tests.gitbox import GitBox, Result
from tests.nb import code, markdown, notebook

N = "n.ipynb"
BASE = ["frame = read('a.csv')", "model = fit(frame, 0.5)", "plot(model)", "save(model, 'out')"]


def made(*changes: tuple[int, str], extra: str = "") -> bytes:
    """Return the notebook with the source of some cells changed, and another cell at its end."""
    sources = dict(enumerate(BASE)) | dict(changes)
    cells = [code(source, id=f"cell{place}") for place, source in sources.items()]
    return notebook(markdown("# Fit", id="title"), *cells, *([code(extra, id="more")] if extra else []))


OURS, THEIRS = (0, "frame = read('b.csv')"), (2, "plot(model, log=True)")
AGAINST = (0, "frame = read('c.csv')")  # in conflict with OURS
MERGED = made(OURS, THEIRS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return what `repo` is a copy of."""
    box = GitBox(tmp_path_factory.mktemp("ways"))
    assert box.nbgit("install").code == 0
    box.write(N, made())
    box.write("a.txt", b"a\n")
    box.commit("base")
    for name, data in (("theirs", made(THEIRS)), ("against", made(AGAINST, THEIRS)), ("main", made(OURS))):
        box.git("checkout", "-q", *(["main"] if name == "main" else ["-b", name, "main"]))
        box.write(N, data)
        box.commit(name)
    return box


@pytest.fixture
def repo(world: GitBox, tmp_path: Path) -> GitBox:
    """Return a repository on main; `theirs` edited another cell, `against` edited the same line and another cell."""
    return copied(world, tmp_path / "copy")


def sources(data: bytes) -> list[str]:
    """Return the sources of the code cells."""
    document: dict[str, Any] = json.loads(data)
    return ["".join(cell["source"]) for cell in document["cells"][1:]]


def is_merged(box: GitBox, result: Result, path: str = N) -> None:
    """Fail unless git and nbgit have merged both edits without a word of trouble."""
    assert result.code == 0, result
    assert "nbgit" not in result.err, result
    assert box.read(path) == MERGED
    assert box.git("status", "--porcelain", "--untracked-files=no").replace(f"M  {path}\n", "") == ""


def is_marked(box: GitBox, result: Result, path: str = N, *, labels: tuple[str, str] | None = None) -> None:
    """Fail unless the conflict is in its cell, in a sound notebook, and everything that looks for it sees it."""
    assert result.code != 0, result
    data = box.read(path)
    assert problem_with(data) == ""
    cells = sources(data)
    assert cells[1:] == [BASE[1], THEIRS[1], BASE[3]]
    lines = cells[0].split("\n")
    assert {lines[1], lines[-2]} == {OURS[1], AGAINST[1]}, lines
    assert "=======" in lines
    if labels is not None:
        assert (lines[0], lines[-1]) == (f"<<<<<<< {labels[0]}", f">>>>>>> {labels[1]}")
    assert path in box.try_git("diff", "--check").out
    listed = box.nbgit("resolve", "--list", "--json")
    assert listed.code == 1
    assert [one["path"] for one in json.loads(listed.out)["notebooks"]] == [path]


@pytest.mark.parametrize(
    "verb",
    [
        ["merge", "-q", "--no-edit", "theirs"],
        ["merge", "-q", "--no-edit", "-s", "ort", "theirs"],
        ["merge", "-q", "--no-edit", "-s", "recursive", "theirs"],
        ["merge", "-q", "--no-edit", "-X", "patience", "-X", "ignore-space-change", "theirs"],
        ["merge", "-q", "--no-commit", "theirs"],
        ["merge", "-q", "--squash", "theirs"],
        ["pull", "-q", "--no-rebase", "--no-edit", ".", "theirs"],
        ["pull", "-q", "--rebase", ".", "theirs"],
        ["rebase", "-q", "theirs"],
        ["rebase", "-q", "--rebase-merges", "theirs"],
        ["cherry-pick", "theirs"],
        ["cherry-pick", "--no-commit", "theirs"],
    ],
    ids=" ".join,
)
def test_edits_of_different_cells(repo: GitBox, verb: list[str]) -> None:
    is_merged(repo, repo.try_git(*verb))


@pytest.mark.parametrize(
    ("verb", "labels"),
    [
        (["merge", "-q", "against"], ("HEAD", "against")),
        (["merge", "-q", "-s", "recursive", "against"], ("HEAD", "against")),
        (["merge", "-q", "--squash", "against"], ("HEAD", "against")),
        (["rebase", "-q", "against"], None),
        (["cherry-pick", "against"], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_edits_of_one_line(repo: GitBox, verb: list[str], labels: tuple[str, str] | None) -> None:
    is_marked(repo, repo.try_git(*verb), labels=labels)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_git_tells_no_driver_of_x_ours(repo: GitBox, side: str) -> None:
    """The conflict stays visible, and `nbgit resolve` does then what was asked for."""
    is_marked(repo, repo.try_git("merge", "-q", "-X", side, "against"))
    assert repo.nbgit("resolve", f"--{side}", "--add").code == 0
    assert repo.git("status", "--porcelain") == f"M  {N}\n"
    assert sources(repo.read(N))[0] == {"ours": OURS, "theirs": AGAINST}[side][1]
    assert sources(repo.read(N))[2] == THEIRS[1]


def test_a_revert(repo: GitBox) -> None:
    repo.write(N, made(OURS, THEIRS, extra="print(model)"))
    repo.commit("more")
    result = repo.try_git("revert", "--no-edit", "HEAD~1")
    assert result.code == 0, result
    assert repo.read(N) == made(THEIRS, extra="print(model)")
    repo.write(N, made((2, "plot(model, log=False)")))
    repo.commit("again")
    result = repo.try_git("revert", "--no-edit", "HEAD~2")
    assert result.code == 1, result
    assert "<<<<<<< " in repo.read(N).decode()
    assert problem_with(repo.read(N)) == ""


def test_fixups_are_squashed_into_their_commits(repo: GitBox) -> None:
    repo.write(N, made(OURS, (3, "save(model)")))
    repo.commit("saving")
    repo.write(N, made(OURS, (3, "save(model)"), THEIRS))
    repo.commit("fixup! main")
    result = repo.try_git("-c", "sequence.editor=true", "rebase", "-q", "-i", "--autosquash", "HEAD~3")
    assert result.code == 0, result
    assert repo.git("log", "--format=%s").splitlines() == ["saving", "main", "base"]
    assert repo.git_bytes("cat-file", "blob", "HEAD~1:n.ipynb") == MERGED
    assert repo.read(N) == made(OURS, THEIRS, (3, "save(model)"))


def test_a_rebase_makes_merges_again(repo: GitBox) -> None:
    repo.git("merge", "-q", "--no-edit", "theirs")
    repo.git("checkout", "-q", "-b", "newer", "main~1^1")
    repo.write(N, made((3, "save(model)")))
    repo.commit("newer")
    repo.git("checkout", "-q", "main")
    result = repo.try_git("rebase", "-q", "--rebase-merges", "newer")
    assert result.code == 0, result
    assert len(repo.git("rev-list", "--parents", "-1", "HEAD").split()) == 3
    assert repo.read(N) == made(OURS, THEIRS, (3, "save(model)"))


def test_edits_are_carried_to_another_branch(repo: GitBox) -> None:
    repo.write(N, made(OURS, (3, "save(model)")))
    result = repo.try_git("checkout", "-q", "-m", "theirs")
    assert result.code == 0, result
    assert repo.read(N) == made(THEIRS, (3, "save(model)"))
    repo.git("checkout", "-q", "-f", "main")
    repo.write(N, made((0, "frame = read('d.csv')")))
    repo.try_git("checkout", "-q", "-m", "against")
    assert "<<<<<<<" in repo.read(N).decode()
    assert problem_with(repo.read(N)) == ""


def test_a_stash_in_conflict(repo: GitBox) -> None:
    repo.git("checkout", "-q", "against~1")
    repo.write(N, made(AGAINST, THEIRS))
    repo.git("stash", "-q")
    repo.git("checkout", "-q", "main")
    is_marked(repo, repo.try_git("stash", "pop", "-q"))
    assert repo.git("stash", "list").count("\n") == 1


def test_a_criss_cross_of_clean_merges(repo: GitBox) -> None:
    """Two merge bases: git makes one of them first, and the driver is asked for it too."""
    repo.git("branch", "other", "theirs")
    repo.git("merge", "-q", "--no-edit", "theirs")
    repo.write(N, made(OURS, THEIRS, (1, "model = fit(frame, 0.1)")))
    repo.commit("ours goes on")
    repo.git("checkout", "-q", "other")
    repo.git("merge", "-q", "--no-edit", "main~2")
    repo.write(N, made(OURS, THEIRS, (3, "save(model)")))
    repo.commit("theirs goes on")
    assert len(repo.git("merge-base", "--all", "main", "other").split()) == 2
    repo.git("checkout", "-q", "main")
    result = repo.try_git("merge", "-q", "--no-edit", "other")
    assert result.code == 0, result
    assert repo.read(N) == made(OURS, THEIRS, (1, "model = fit(frame, 0.1)"), (3, "save(model)"))


@pytest.mark.parametrize("how", [["-s", "subtree"], ["-X", "subtree=part"]], ids=" ".join)
def test_a_subtree(repo: GitBox, how: list[str]) -> None:
    """The same history lies in a folder of ours."""
    repo.git("checkout", "-q", "-b", "whole")
    for name in (N, "a.txt"):
        (repo.path / "part").mkdir(exist_ok=True)
        repo.git("mv", name, f"part/{name}")
    repo.commit("moved into a folder")
    is_merged(repo, repo.try_git("merge", "-q", "--no-edit", *how, "theirs"), f"part/{N}")


def test_an_octopus(repo: GitBox) -> None:
    """git's shell script merges by its own text merge: what that can't do, no octopus does."""
    repo.git("checkout", "-q", "-b", "other", "main~1")
    repo.write("m.ipynb", made())
    repo.commit("another notebook")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "theirs", "other")
    assert len(repo.git("rev-list", "--parents", "-1", "HEAD").split()) == 4
    assert sources(repo.read(N)) == sources(MERGED)
    result = repo.try_git("merge", "-q", "--no-edit", "against", "other~1")
    assert result.code != 0 or sources(repo.read(N)) == sources(MERGED)


def test_merge_tree_tells_of_a_conflict(repo: GitBox) -> None:
    version = tuple(int(part) for part in repo.git("version").split()[2].split(".")[:2])
    if version < (2, 38):
        pytest.skip("git merge-tree --write-tree needs git 2.38")
    result = repo.try_git("merge-tree", "--write-tree", "main", "against")
    assert result.code == 1
    tree = result.out.split()[0]
    data = repo.git_bytes("cat-file", "blob", f"{tree}:{N}")
    assert problem_with(data) == ""
    assert sources(data)[0].startswith("<<<<<<< ")


def test_a_decision_is_taken_again(repo: GitBox) -> None:
    repo.git("config", "rerere.enabled", "true")
    repo.git("config", "rerere.autoUpdate", "true")
    is_marked(repo, repo.try_git("merge", "-q", "against"))
    assert repo.nbgit("resolve", "--theirs", "--add").code == 0
    settled = repo.read(N)
    repo.git("commit", "-q", "-m", "decided")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    result = repo.try_git("merge", "-q", "against")
    data = repo.read(N)
    assert problem_with(data) == ""
    assert data == settled or "<<<<<<<" in data.decode(), result  # by git's replay, or asked again; never half


def test_a_renamed_notebook_takes_the_other_sides_edit(repo: GitBox) -> None:
    repo.git("mv", N, "fit é.ipynb")
    repo.commit("renamed")
    is_merged(repo, repo.try_git("merge", "-q", "--no-edit", "theirs"), "fit é.ipynb")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    is_marked(repo, repo.try_git("merge", "-q", "against"), "fit é.ipynb")


def test_deleted_by_one_and_edited_by_the_other(repo: GitBox) -> None:
    repo.git("rm", "-q", N)
    repo.commit("deleted")
    result = repo.try_git("merge", "-q", "theirs")
    assert result.code == 1
    assert "modify/delete" in result.out
    assert repo.git("status", "--porcelain") == f"DU {N}\n"
    assert repo.read(N) == made(THEIRS)
    repo.git("reset", "-q", "--hard")
    repo.git("checkout", "-q", "theirs")
    assert repo.try_git("merge", "-q", "main").code == 1
    assert repo.git("status", "--porcelain") == f"UD {N}\n"
    assert repo.read(N) == made(THEIRS)


def test_a_pull_names_the_branch_that_came_not_its_hash(repo: GitBox) -> None:
    is_marked(repo, repo.try_git("pull", "-q", "--no-rebase", ".", "against"), labels=("HEAD", "branch 'against' of ."))


def test_a_hash_that_is_merged_is_told_with_its_subject(repo: GitBox) -> None:
    oid, subject = repo.git("log", "-1", "--format=%H %s", "against").strip().split(" ", 1)
    is_marked(repo, repo.try_git("merge", "-q", oid), labels=("HEAD", f"{oid[:7]} ({subject})"))
