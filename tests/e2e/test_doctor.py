"""`nbgit doctor`: real runs, and a sentence on how to mend what is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.setup.config import merge_command
from nbgit.setup.launch import Launcher
from tests.gitbox import GitBox

GONE = Launcher("/gone/python", "/gone/nbgit/__main__.py")


def doctor(box: GitBox, *, cwd: str | None = None) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Return (exit code, name -> answers)."""
    result = box.nbgit("doctor", "--json", cwd=cwd)
    document: dict[str, Any] = json.loads(result.out)
    assert validate(document, "doctor.v1") == []
    assert document["healthy"] == (result.code == 0)
    answers: dict[str, list[dict[str, str]]] = {}
    for check in document["checks"]:
        assert bool(check["mend"]) == (check["verdict"] != "ok")
        answers.setdefault(check["name"], []).append(check)
    return result.code, answers


def verdicts(answers: dict[str, list[dict[str, str]]], name: str) -> set[str]:
    return {answer["verdict"] for answer in answers[name]}


def test_all_is_well_after_install(installed: GitBox) -> None:
    before = installed.git("status", "--porcelain", "--ignored")
    result = installed.nbgit("doctor")
    assert result.code == 0, result.out
    assert result.out.splitlines()[-1] == "All is well."
    assert all(line.startswith("ok ") for line in result.out.splitlines()[:-1])
    assert installed.git("status", "--porcelain", "--ignored") == before


def test_not_installed_says_run_install(box: GitBox) -> None:
    code, answers = doctor(box)
    assert code == 1
    assert verdicts(answers, "config") == {"fail"}
    assert verdicts(answers, "attributes") == {"fail"}
    assert verdicts(answers, "filter process") == {"ok"}  # nbgit itself would work


def test_an_interpreter_that_is_gone(installed: GitBox) -> None:
    installed.git("config", "filter.nbgit.process", GONE.command("filter-process"))
    installed.git("config", "merge.nbgit.driver", merge_command(GONE))
    code, answers = doctor(installed)
    assert code == 1
    assert "/gone/python" in answers["interpreter"][0]["text"]
    assert verdicts(answers, "filter process") == verdicts(answers, "merge") == {"fail"}
    assert verdicts(answers, "clean, smudge") == verdicts(answers, "textconv") == {"ok"}
    assert verdicts(answers, "config") == {"warn"}
    assert installed.nbgit("install").code == 0
    assert doctor(installed)[0] == 0


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [
        ("filter.nbgit.process", "cat", "filter process"),
        ("filter.nbgit.clean", "cat", "clean, smudge"),
        ("diff.nbgit.textconv", "cat", "textconv"),
        ("diff.nbgit.command", "false", "diff"),
        ("merge.nbgit.driver", "exit 1", "merge"),
    ],
)
def test_each_command_is_really_run(installed: GitBox, key: str, value: str, check: str) -> None:
    installed.git("config", key, value)
    answers = doctor(installed)[1]
    assert verdicts(answers, check) == {"fail"}


def test_hooks_missing_foreign_and_not_executable(installed: GitBox) -> None:
    hooks = installed.path / ".git" / "hooks"
    (hooks / "post-merge").unlink()
    (hooks / "post-commit").write_bytes(b"#!/bin/sh\n")
    (hooks / "post-checkout").chmod(0o644)
    texts = " ".join(answer["text"] for answer in doctor(installed)[1]["hooks"])
    assert "post-merge: missing" in texts
    assert "post-commit: not nbgit's" in texts
    assert "post-checkout: not executable" in texts


def test_core_hookspath_until_its_hooks_call_nbgit(installed: GitBox) -> None:
    installed.git("config", "core.hooksPath", ".husky/_")
    assert verdicts(doctor(installed)[1], "hooks") == {"warn"}
    for name in ("post-applypatch", "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-push"):
        installed.write(f".husky/{name}", f'nbgit hook {name} "$@" || true\n'.encode())
    assert verdicts(doctor(installed)[1], "hooks") == {"ok"}


def test_attributes_and_rivals(installed: GitBox) -> None:
    with (installed.path / ".git" / "info" / "attributes").open("a") as file:
        file.write("*.ipynb diff=jupyternotebook\n")
    installed.write(".pre-commit-config.yaml", b"repos:\n- repo: local\n  hooks:\n  - id: nbstripout\n")
    answers = doctor(installed)[1]
    assert verdicts(answers, "attributes") == {"fail"}
    texts = " ".join(answer["text"] for answer in answers["rivals"])
    assert "nbdime" in texts
    assert ".pre-commit-config.yaml runs nbstripout" in texts


def test_a_bad_policy_names_its_line(installed: GitBox) -> None:
    installed.write(".nbgit.toml", b"version = 1\n\n[volatile]\noutputs = 3\n")
    answers = doctor(installed)[1]
    assert verdicts(answers, "policy") == {"fail"}
    assert "line 4" in answers["policy"][0]["text"]
    installed.write(".nbgit.toml", b"version = 1\n\n[volatile]\noutputs = true\n")
    assert verdicts(doctor(installed)[1], "policy") == {"ok"}


def test_a_store_that_cannot_be_read(installed: GitBox) -> None:
    oid = installed.commit("one")
    installed.git("update-ref", "refs/nbgit/snapshots", oid)
    assert verdicts(doctor(installed)[1], "store") == {"ok"}
    broken = installed.git("mktree", "--missing", stdin=f"100644 blob {oid[::-1]}\tx\n".encode()).strip()
    commit = installed.git("commit-tree", "-m", "x", broken).strip()
    installed.git("update-ref", "refs/nbgit/snapshots", commit)
    (installed.path / ".git" / "objects" / broken[:2] / broken[2:]).unlink()
    assert "fail" in verdicts(doctor(installed)[1], "store")


def test_a_sha256_repository_and_a_worktree(installed: GitBox) -> None:
    installed.git("init", "-q", "-b", "main", "--object-format=sha256", "../long")
    assert installed.nbgit("install", cwd="../long").code == 0
    assert doctor(installed, cwd="../long")[0] == 0
    installed.commit("one")
    installed.git("worktree", "add", "-q", "../linked")
    assert doctor(installed, cwd="../linked")[0] == 0


def test_line_endings_that_git_would_change(installed: GitBox) -> None:
    installed.git("config", "core.autocrlf", "true")
    assert verdicts(doctor(installed)[1], "line endings") == {"ok"}
    attributes = installed.read(".git/info/attributes")
    installed.write(".git/info/attributes", attributes + b"*.ipynb text=auto\n")
    assert verdicts(doctor(installed)[1], "line endings") == {"warn"}


def test_a_missing_key_is_named(installed: GitBox) -> None:
    installed.git("config", "--unset", "filter.nbgit.required")
    answers = doctor(installed)[1]
    assert "filter.nbgit.required: not set" in answers["config"][0]["text"]
