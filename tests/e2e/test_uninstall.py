"""`nbgit uninstall`: everything is as it was, byte for byte, and what others own stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.gitbox import GitBox


def everything_below(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return path -> (mode, bytes or link target) of every file and folder."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (mode, content)
    return found


@pytest.mark.parametrize("flags", [[], ["--global"]])
@pytest.mark.parametrize("attributes", [None, b"", b"*.png binary\n", b"*.png binary", b"a text\r\nb text\r\n"])
def test_all_is_as_before_byte_for_byte(box: GitBox, flags: list[str], attributes: bytes | None) -> None:
    box.git("config", "user.name", "Ada")
    box.git("config", "notes.displayRef", "refs/notes/mine")
    if attributes is not None:
        box.write(".git/info/attributes", attributes)
        (box.home / ".config" / "git").mkdir(parents=True)
        (box.home / ".config" / "git" / "attributes").write_bytes(attributes)
    hook = box.write(".git/hooks/post-commit", b"#!/bin/sh\nexit 0")
    hook.chmod(0o750)
    box.write(".git/hooks/post-merge", b"not executable").chmod(0o640)
    (box.path / ".git" / "hooks" / "post-checkout").symlink_to("../../nowhere")
    before = everything_below(box.root)
    assert box.nbgit("install", *flags).code == 0
    assert everything_below(box.root) != before
    result = box.nbgit("uninstall", *flags)
    assert result.code == 0, result.err
    assert everything_below(box.root) == before


def test_a_repository_without_info_and_hooks_folders(box: GitBox) -> None:
    (box.root / "empty").mkdir()
    box.git("init", "-q", "--template", str(box.root / "empty"), "../bare-bones")
    before = everything_below(box.root)
    assert box.nbgit("install", cwd="../bare-bones").code == 0
    assert box.nbgit("uninstall", cwd="../bare-bones").code == 0
    assert everything_below(box.root) == before


def test_comments_and_odd_layout_of_the_configuration_stay(box: GitBox) -> None:
    config = box.path / ".git" / "config"
    text = (
        config.read_text() + "# a comment\n[Notes] ; mine\n    displayref=refs/notes/mine # here\n[alias]\n\tx = !y\n"
    )
    config.write_text(text)
    assert box.nbgit("install").code == 0
    assert box.nbgit("uninstall").code == 0
    assert config.read_text() == text


def test_working_files_stay_as_they_are(installed: GitBox) -> None:
    installed.write("a.ipynb", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n')
    installed.write("b.txt", b"text")
    assert installed.nbgit("uninstall").code == 0
    assert installed.read("a.ipynb") == b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
    assert installed.read("b.txt") == b"text"


def test_a_second_run_says_there_is_nothing(installed: GitBox) -> None:
    assert "taken out" in installed.nbgit("uninstall").out
    result = installed.nbgit("uninstall")
    assert result.code == 0
    assert "nothing changed" in result.out


def test_what_is_not_nbgits_stays(installed: GitBox) -> None:
    installed.git("config", "filter.nbgit.clean", "my-own-thing")
    installed.git("config", "filter.nbgit.extra", "mine")
    with (installed.path / ".git" / "info" / "attributes").open("a") as file:
        file.write("*.txt text\n")
    result = installed.nbgit("uninstall")
    assert "filter.nbgit.clean" in result.out
    assert installed.git("config", "--get-regexp", "nbgit").splitlines() == [
        "filter.nbgit.clean my-own-thing",
        "filter.nbgit.extra mine",
    ]
    assert (installed.path / ".git" / "info" / "attributes").read_text() == "*.txt text\n"


def test_committed_lines_stay_until_they_are_named(box: GitBox) -> None:
    box.write(".gitattributes", b"*.png binary\n")
    box.nbgit("install", "--attributes", ".gitattributes")
    assert "--attributes .gitattributes" in box.nbgit("uninstall").out
    assert b"filter=nbgit" in box.read(".gitattributes")
    assert box.nbgit("uninstall", "--attributes", ".gitattributes").code == 0
    assert box.read(".gitattributes") == b"*.png binary\n"


def test_another_worktree_keeps_what_it_needs(box: GitBox) -> None:
    box.commit("one")
    box.git("config", "extensions.worktreeConfig", "true")
    box.git("worktree", "add", "-q", "../linked")
    before = everything_below(box.path / ".git")
    for place in (".", "../linked"):
        assert box.nbgit("install", "--worktree", cwd=place).code == 0
    assert "another scope" in box.nbgit("uninstall", "--worktree").out
    assert (box.path / ".git" / "hooks" / "post-commit").exists()
    assert box.nbgit("uninstall", "--worktree", cwd="../linked").code == 0
    assert everything_below(box.path / ".git") == before


def test_says_when_another_scope_goes_on(installed: GitBox) -> None:
    installed.nbgit("install", "--global")
    assert "global scope" in installed.nbgit("uninstall").out


def test_data_stays_unless_its_deletion_is_confirmed(installed: GitBox) -> None:
    oid = installed.commit("one")
    installed.git("update-ref", "refs/nbgit/snapshots", oid)
    installed.git("notes", "--ref=nbgit", "add", "-m", "entry")
    capture = installed.write(".git/nbgit/captures/one", b"outputs")
    assert installed.nbgit("uninstall").code == 0
    assert capture.exists()
    refused = installed.nbgit("uninstall", "--delete-data", stdin=b"n\n")
    assert refused.code == 130
    assert capture.exists()
    assert installed.nbgit("uninstall", "--delete-data", "--yes").code == 0
    assert not (installed.path / ".git" / "nbgit").exists()
    assert installed.git("for-each-ref", "refs/nbgit", "refs/notes") == ""
