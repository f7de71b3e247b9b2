"""`nbgit install`, with real git: what it writes, what it leaves, and that git then starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nbgit.setup.config import merge_command
from nbgit.setup.heal import HOOKS
from nbgit.setup.launch import Launcher, this_launcher
from tests.gitbox import GitBox
from tests.nb import code, notebook

LINE = "*.ipynb filter=nbgit diff=nbgit merge=nbgit -text"
SCRIPT = b'#!/bin/sh\necho user "$@" >> ../ran; cat >> ../ran\nexit 0\n'


def attributes_of(box: GitBox, path: str = "a.ipynb") -> dict[str, str]:
    fields = box.git("check-attr", "-z", "filter", "diff", "merge", "--", path).split("\0")[:-1]
    return {fields[index + 1]: fields[index + 2] for index in range(0, len(fields), 3)}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put_hook(box: GitBox, name: str, data: bytes, mode: int = 0o755) -> Path:
    path = box.path / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_every_key_is_set_with_this_interpreter(installed: GitBox) -> None:
    launcher = this_launcher()
    for verb, key in (("filter-process", "filter.nbgit.process"), ("textconv", "diff.nbgit.textconv")):
        assert f"then exec {launcher.command(verb)}" in installed.git("config", "--local", key)
    assert f"then exec {launcher.command('clean', '%f')}; fi" in installed.git("config", "filter.nbgit.clean")
    assert installed.git("config", "filter.nbgit.required") == "true\n"
    assert installed.git("config", "diff.nbgit.xfuncname") == "^(## cell .*)$\n"
    assert installed.git("config", "merge.nbgit.driver").rstrip("\n") == merge_command(launcher)
    assert os.path.isabs(launcher.python)
    assert attributes_of(installed) == {"filter": "nbgit", "diff": "nbgit", "merge": "nbgit"}
    assert all(os.access(installed.path / ".git" / "hooks" / name, os.X_OK) for name in HOOKS)


def test_log_and_amend_are_silent_before_the_first_entry(installed: GitBox) -> None:
    installed.commit("one")
    assert installed.try_git("log").err == ""
    assert installed.try_git("commit", "-q", "--amend", "--allow-empty", "-m", "two").err == ""
    installed.git("notes", "--ref=nbgit", "add", "-m", "an entry")
    assert "an entry" in installed.git("log", "-1")
    installed.git("commit", "-q", "--amend", "--allow-empty", "-m", "three")
    assert "an entry" in installed.git("log", "-1")


def test_a_second_run_changes_nothing_and_says_so(installed: GitBox) -> None:
    before = files_below(installed.path / ".git")
    result = installed.nbgit("install")
    assert result.code == 0
    assert "already" in result.out
    assert files_below(installed.path / ".git") == before


def test_another_interpreter_is_replaced_in_place(installed: GitBox) -> None:
    right = files_below(installed.path / ".git")
    old = Launcher("/gone/bin/python", "/gone/nbgit/__main__.py")
    installed.git("config", "filter.nbgit.process", old.command("filter-process"))
    installed.git("config", "merge.nbgit.driver", merge_command(old))
    shim = installed.path / ".git" / "hooks" / "post-commit"
    shim.write_bytes(shim.read_bytes().replace(b"python='", b"python='/gone"))
    result = installed.nbgit("install")
    assert "2 keys" in result.out
    assert "post-commit in" in result.out
    assert files_below(installed.path / ".git") == right


def test_git_diff_by_text_is_a_setting_that_stays(installed: GitBox) -> None:
    installed.write("n.ipynb", notebook(code("x = 1", id="a")))
    installed.commit("first")
    installed.write("n.ipynb", notebook(code("x = 2", id="a")))
    by_cell = installed.git("diff")
    assert "@@ cell 0 [code]" in by_cell
    before = installed.read(".git/config")
    assert "readable text" in installed.nbgit("install", "--diff-driver", "textconv").out
    for _ in range(2):
        assert installed.git("config", "nbgit.diffDriver").strip() == "textconv"
        assert installed.git("diff", "-U0").splitlines()[4:] == ["@@ -4 +4 @@ ## cell [code] a", "-x = 1", "+x = 2"]
        assert "nothing changed" in installed.nbgit("install").out
    doctor = installed.nbgit("doctor")
    assert "diff.nbgit.command" not in doctor.out, doctor.out
    assert installed.nbgit("install", "--diff-driver", "command").code == 0
    assert installed.git("diff") == by_cell
    assert sorted(installed.read(".git/config").split(b"\n")) == sorted(before.split(b"\n"))
    installed.nbgit("install", "--diff-driver", "textconv")
    installed.nbgit("uninstall")
    assert b"nbgit" not in installed.read(".git/config")


def test_works_from_a_subdirectory(box: GitBox) -> None:
    box.write("deep/er/a.txt", b"")
    assert box.nbgit("install", cwd="deep/er").code == 0
    assert attributes_of(box, "deep/er/a.ipynb")["filter"] == "nbgit"


def test_works_from_a_linked_worktree(box: GitBox) -> None:
    box.commit("one")
    box.git("worktree", "add", "-q", "../linked")
    assert box.nbgit("install", cwd="../linked").code == 0
    assert attributes_of(box)["filter"] == "nbgit"
    assert (box.path / ".git" / "hooks" / "post-commit").exists()


def test_works_in_a_submodule(box: GitBox, tmp_path: Path) -> None:
    inner = GitBox(tmp_path, "inner")
    inner.commit("one")
    box.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    assert box.nbgit("install", cwd="sub").code == 0
    assert (box.path / ".git" / "modules" / "sub" / "hooks" / "post-commit").exists()
    assert "filter=nbgit" in (box.path / ".git" / "modules" / "sub" / "info" / "attributes").read_text()
    assert box.try_git("config", "--local", "filter.nbgit.process").code == 1


def test_outside_a_repository_is_one_sentence(tmp_path: Path) -> None:
    result = GitBox(tmp_path, init=False).nbgit("install")
    assert result.code == 4
    assert "--global" in result.err
    assert len(result.err.splitlines()) == 1


def test_attributes_writes_the_lines_to_commit_and_disturbs_no_other(box: GitBox) -> None:
    box.write(".gitattributes", b"*.png binary")
    assert box.nbgit("install", "--attributes", ".gitattributes").code == 0
    text = box.read(".gitattributes").decode()
    assert text.startswith("*.png binary\n")
    assert text.splitlines()[-1] == LINE
    assert box.nbgit("install", "--attributes", ".gitattributes").code == 0
    assert box.read(".gitattributes").decode() == text


def test_global_serves_every_repository_and_uses_the_attributes_file_git_reads(box: GitBox) -> None:
    box.git("config", "--global", "core.attributesFile", "~/my attributes")
    assert box.nbgit("install", "--global").code == 0
    assert LINE in (box.home / "my attributes").read_text()
    assert not (box.path / ".git" / "info" / "attributes").exists()
    assert box.try_git("config", "--local", "filter.nbgit.process").code == 1
    assert attributes_of(box)["filter"] == "nbgit"


def test_global_without_a_repository(tmp_path: Path) -> None:
    box = GitBox(tmp_path, init=False)
    assert box.nbgit("install", "--global").code == 0
    assert LINE in (box.home / ".config" / "git" / "attributes").read_text()
    assert "filter-process" in (box.home / ".gitconfig").read_text()


def test_system_writes_the_file_git_calls_system(box: GitBox) -> None:
    system = {"GIT_CONFIG_SYSTEM": str(box.root / "etc" / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "0"}
    (box.root / "etc").mkdir()
    assert box.nbgit("install", "--system", environ=system).code == 0
    assert "filter-process" in (box.root / "etc" / "gitconfig").read_text()
    assert box.nbgit("uninstall", "--system", environ=system).code == 0
    assert files_below(box.root / "etc") == {}


def test_worktree_needs_its_own_configuration(box: GitBox) -> None:
    refused = box.nbgit("install", "--worktree")
    assert refused.code == 11
    assert "extensions.worktreeConfig" in refused.err
    box.commit("one")
    box.git("worktree", "add", "-q", "../linked")
    box.git("config", "extensions.worktreeConfig", "true")
    assert box.nbgit("install", "--worktree", cwd="../linked").code == 0
    assert box.try_git("config", "filter.nbgit.process").code == 1
    assert box.git("config", "filter.nbgit.required", cwd="../linked") == "true\n"


def test_a_command_of_somebody_elses_is_never_overwritten(box: GitBox) -> None:
    box.git("config", "filter.nbgit.clean", "my-own-thing %f")
    before = files_below(box.path / ".git")
    result = box.nbgit("install")
    assert result.code == 11
    assert "filter.nbgit.clean" in result.err
    assert files_below(box.path / ".git") == before
    assert box.nbgit("install", "--replace").code == 0
    assert "my-own-thing" not in box.git("config", "--get-all", "filter.nbgit.clean")


def test_values_of_the_persons_own_stay(box: GitBox) -> None:
    box.git("config", "notes.displayRef", "refs/notes/mine")
    box.git("config", "diff.nbgit.xfuncname", "^mine$")
    result = box.nbgit("install")
    assert result.code == 0
    assert "diff.nbgit.xfuncname" in result.out
    assert box.git("config", "--get-all", "notes.displayRef").split() == ["refs/notes/mine", "refs/notes/nbgit*"]
    assert box.git("config", "diff.nbgit.xfuncname") == "^mine$\n"


def test_a_hook_is_chained_with_its_arguments_stdin_and_exit_code(box: GitBox) -> None:
    box.commit("one")
    put_hook(box, "post-rewrite", SCRIPT)
    put_hook(box, "post-checkout", b'#!/bin/sh\necho checked out "$3" >> ../ran\nexit 7\n')
    assert "which still run" in box.nbgit("install").out
    old = box.git("rev-parse", "HEAD").strip()
    box.git("commit", "-q", "--amend", "--allow-empty", "-m", "two")
    new = box.git("rev-parse", "HEAD").strip()
    assert (box.root / "ran").read_text() == f"user amend\n{old} {new}\n"
    assert box.try_git("checkout", "-q", "-b", "other").code == 1  # git makes every failure of this hook a 1
    assert (box.root / "ran").read_text().endswith("checked out 1\n")


def test_a_symbolic_link_is_chained(box: GitBox) -> None:
    box.write("tools/hook.sh", b"#!/bin/sh\necho linked >> ../ran\n").chmod(0o755)
    (box.path / ".git" / "hooks").mkdir(exist_ok=True)
    (box.path / ".git" / "hooks" / "post-commit").symlink_to("../../tools/hook.sh")
    assert box.nbgit("install").code == 0
    box.commit("one")
    assert (box.root / "ran").read_text() == "linked\n"
    assert box.read("tools/hook.sh") == b"#!/bin/sh\necho linked >> ../ran\n"


def test_a_hook_that_asks_for_its_name_is_left(box: GitBox) -> None:
    script = b'#!/bin/sh\nexec dispatch "$(basename "$0")"\n'
    path = put_hook(box, "post-commit", script)
    result = box.nbgit("install")
    assert result.code == 0
    assert 'nbgit hook post-commit "$@" || true' in result.out
    assert path.read_bytes() == script


def test_the_pre_commit_frameworks_hook_is_chained_and_may_chain_back(box: GitBox) -> None:
    generated = b"#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\nexit 0\n"
    path = put_hook(box, "post-checkout", generated)
    box.nbgit("install")
    assert path.with_name("post-checkout.before-nbgit").read_bytes() == generated
    os.replace(path, path.with_name("post-checkout.legacy"))  # what `pre-commit install` does with a hook it finds
    os.replace(path.with_name("post-checkout.before-nbgit"), path)
    assert "already" in box.nbgit("install").out
    assert path.read_bytes() == generated


@pytest.mark.parametrize("where", [".husky/_", "../everywhere/hooks"])
def test_core_hookspath_is_respected(box: GitBox, where: str) -> None:
    folder = box.path / where
    folder.mkdir(parents=True)
    box.git("config", "core.hooksPath", where if where.startswith(".husky") else str(folder.resolve()))
    result = box.nbgit("install")
    assert result.code == 0
    assert 'nbgit hook NAME "$@" || true' in result.out
    assert files_below(folder) == {}
    assert not (box.path / ".git" / "hooks" / "post-commit").exists()


def test_hooks_are_silent_where_nbgit_is_gone(installed: GitBox) -> None:
    installed.commit("one")
    for name in HOOKS:
        path = installed.path / ".git" / "hooks" / name
        path.write_text(path.read_text().replace("python='", "python='/gone"))
    tools = installed.root / "bin"
    tools.mkdir()
    for tool in ("git", "sh", "cat"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    bare = {"PATH": str(tools)}
    result = installed.run(["git", "checkout", "-q", "-b", "other"], environ=bare)
    assert (result.code, result.err) == (0, "")
    amended = installed.run(["git", "commit", "-q", "--amend", "--allow-empty", "-m", "two"], environ=bare)
    assert (amended.code, amended.err) == (0, "")


@pytest.mark.parametrize(
    ("lines", "drivers"),
    [
        (
            "*.ipynb filter=nbstripout\n*.zpln filter=nbstripout\n*.ipynb diff=ipynb\n",
            ["filter.nbstripout", "diff.ipynb"],
        ),
        (
            "*.png binary\n\n*.ipynb\tdiff=jupyternotebook\n\n*.ipynb\tmerge=jupyternotebook\n",
            ["merge.jupyternotebook"],
        ),
        ("*.ipynb filter=home-made text\n", []),
    ],
)
@pytest.mark.parametrize("file", [".git/info/attributes", ".gitattributes"])
def test_a_rival_is_refused_then_replaced(box: GitBox, file: str, lines: str, drivers: list[str]) -> None:
    box.write(file, lines.encode())
    for driver in drivers:
        box.git("config", f"{driver}.clean", "a command")
    before = files_below(box.path)
    refused = box.nbgit("install")
    assert refused.code == 11
    assert "--replace" in refused.err
    assert files_below(box.path) == before
    replaced = box.nbgit("install", "--replace")
    assert replaced.code == 0, replaced.err
    assert attributes_of(box) == {"filter": "nbgit", "diff": "nbgit", "merge": "nbgit"}
    kept = box.read(file).decode()
    assert not any(word in kept for word in ("nbstripout", "jupyternotebook", "home-made", "diff=ipynb"))
    assert all(box.try_git("config", f"{driver}.clean").code == 1 for driver in drivers)
    assert ("commit .gitattributes" in replaced.out) == (file == ".gitattributes")
    if "text" in lines:
        assert "*.ipynb text\n" in kept
    if "png" in lines:
        assert "*.png binary\n" in kept


def test_a_refusal_names_each_tool_and_file_once(box: GitBox) -> None:
    box.write(".git/info/attributes", b"*.ipynb filter=nbstripout\n*.ipynb diff=ipynb\n")
    box.write(".gitattributes", b"*.ipynb diff=jupyternotebook\n")
    error = box.nbgit("install").err
    assert "nbdime and nbstripout already handle notebooks here" in error
    assert error.count(".git/info/attributes") == error.count(" .gitattributes") == 1
    assert len(error.splitlines()) == 1


def test_a_bare_repository(box: GitBox) -> None:
    box.git("init", "-q", "--bare", "../bare.git")
    assert box.nbgit("install", cwd="../bare.git").code == 0
    assert (box.root / "bare.git" / "hooks" / "post-commit").exists()


def test_a_rival_that_is_weaker_is_only_named(box: GitBox) -> None:
    (box.home / ".config" / "git").mkdir(parents=True)
    (box.home / ".config" / "git" / "attributes").write_text("*.ipynb filter=nbstripout\n")
    result = box.nbgit("install")
    assert result.code == 0
    assert "nbstripout" in result.out
    assert attributes_of(box)["filter"] == "nbgit"
    assert box.nbgit("install", "--global").code == 11
    assert box.nbgit("install", "--global", "--replace").code == 0
    assert "nbstripout" not in (box.home / ".config" / "git" / "attributes").read_text()


def test_git_lfs_is_never_taken_over(box: GitBox) -> None:
    box.write(".gitattributes", b"*.ipynb filter=lfs diff=lfs merge=lfs -text\n")
    result = box.nbgit("install", "--replace")
    assert result.code == 11
    assert "git lfs migrate" in result.err
    assert box.try_git("config", "filter.nbgit.process").code == 1


@pytest.mark.parametrize(
    "breakage", ["no interpreter", "no nbgit", "an interpreter that only fails", "100% $odd `name`"]
)
def test_a_merge_driver_that_cannot_start_leaves_markers(box: GitBox, breakage: str) -> None:
    python, main = this_launcher().python, this_launcher().main
    if breakage == "no interpreter":
        python = "/no/such/python"
    elif breakage == "no nbgit":
        main = "/no/such/nbgit/__main__.py"
    else:
        fake = box.root / breakage / "python"
        fake.parent.mkdir()
        fake.write_text("#!/bin/sh\nexit 1\n")
        fake.chmod(0o755)
        python = str(fake)
    box.git("config", "merge.nbgit.driver", merge_command(Launcher(python, main)))
    box.write(".git/info/attributes", b"*.ipynb merge=nbgit\n")
    box.write("it's a.ipynb", b"one\ntwo\nthree\n")
    box.commit("base")
    box.git("checkout", "-q", "-b", "theirs")
    box.write("it's a.ipynb", b"one\nTHEIRS\nthree\n")
    box.commit("theirs")
    box.git("checkout", "-q", "main")
    box.write("it's a.ipynb", b"one\nOURS\nthree\n")
    box.commit("ours")
    result = box.try_git("merge", "theirs")
    assert result.code == 1
    text = box.read("it's a.ipynb").decode()
    assert "<<<<<<< ours\nOURS\n" in text
    assert "=======\nTHEIRS\n>>>>>>> theirs\n" in text
    assert "nbgit did not answer for it's a.ipynb" in result.err


def test_paths_with_spaces_and_odd_letters_reach_the_interpreter(box: GitBox, tmp_path: Path) -> None:
    folder = tmp_path / "sn ö w $x `y` 50%f"
    folder.mkdir()
    script = folder / "main.py"
    script.write_text(
        "import sys; sys.stdout.write(sys.argv[1] + '|' + '|'.join(sys.argv[2:]) + '|' + sys.stdin.read())"
    )
    launcher = Launcher(this_launcher().python, str(script))
    box.git("config", "filter.odd.clean", launcher.expanding_command("clean", "%f"))
    box.write(".gitattributes", b"*.odd filter=odd\n")
    box.write("a b.odd", b"text")
    box.git("add", "a b.odd")
    assert box.git("show", ":a b.odd") == "clean|a b.odd|text"


def test_heal_writes_what_is_missing_and_touches_nothing_else(box: GitBox) -> None:
    own = b"#!/bin/sh\nexit 0\n"
    put_hook(box, "post-merge", own)
    code = (
        "import os, sys; sys.path.append(sys.argv[1]); from nbgit.setup.heal import heal; "
        "from nbgit.store.repository import find_repository; heal(find_repository(os.getcwd(), os.environ)); "
        "heavy = {'click', 'git', 'rich', 'logging', 'typing', 'dataclasses', 'pathlib'}; "
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    arguments = [this_launcher().python, "-I", "-S", "-c", code, str(Path(this_launcher().main).parent.parent)]
    subprocess.run(arguments, cwd=box.path, env=box.environ, check=True)
    hooks = box.path / ".git" / "hooks"
    assert (hooks / "post-merge").read_bytes() == own
    assert all((hooks / name).exists() for name in HOOKS)
    box.git("config", "core.hooksPath", ".husky")
    (hooks / "post-commit").unlink()
    subprocess.run(arguments, cwd=box.path, env=box.environ, check=True)
    assert not (hooks / "post-commit").exists()
