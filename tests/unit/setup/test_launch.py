"""Commands as git hands them to sh: quoted so that any path survives."""

from __future__ import annotations

import subprocess

import pytest

from nbgit.errors import InstallRefused
from nbgit.setup.config import read_launcher
from nbgit.setup.installing import refuse_temporary
from nbgit.setup.launch import Launcher, quote_double, quote_single

ODD = ["plain", "with space", "a'b", 'a"b', "$HOME", "`name`", "back\\slash", "100%f", "ünï", "a;b&c|d", "!x", "#x"]


@pytest.mark.parametrize("text", ODD)
def test_quoted_words_survive_sh(text: str) -> None:
    for quoted in (quote_double(text), quote_single(text)):
        done = subprocess.run(["sh", "-c", f"printf %s {quoted}"], capture_output=True, check=True)
        assert done.stdout.decode() == text


@pytest.mark.parametrize("text", ODD)
def test_a_command_is_python_isolated_main_and_verb(text: str) -> None:
    command = Launcher(f"/{text}/python", f"/{text}/nbgit/__main__.py").command("textconv")
    script = f'set -- {command}; printf "%s\\n" "$@"'
    words = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode().splitlines()
    assert words == [f"/{text}/python", "-I", "-S", f"/{text}/nbgit/__main__.py", "textconv"]
    launcher = read_launcher(command)
    assert launcher is not None
    assert (launcher.python, launcher.main) == (words[0], words[3])


def test_percent_is_doubled_only_where_git_expands_it() -> None:
    launcher = Launcher("/50%/python", "/main.py")
    assert launcher.command("filter-process").startswith('"/50%/python"')
    assert launcher.expanding_command("clean", "%f") == '"/50%%/python" -I -S "/main.py" clean %f'


# Environments as uv 0.9, pipx 1.8, pre-commit 4 and pixi make them.
CACHED = [
    ("/home/a/.cache/uv/archive-v0/Dsh6FvEGt8nZKWc2/bin/python", "uv"),
    ("/home/a/.cache/uv/builds-v0/.tmp1jJOdV/bin/python", "uv"),
    ("C:/Users/a/AppData/Local/uv/cache/archive-v0/Dsh6/Scripts/python.exe", "uv"),
    ("/home/a/.cache/pipx/bdc635341785fd4/bin/python", "pipx"),
    ("/Users/a/Library/Caches/pipx/bdc635341785fd4/bin/python", "pipx"),
    ("/home/a/.local/share/pipx/.cache/bdc635341785fd4/bin/python", "pipx"),
    ("/home/a/.cache/pre-commit/repo1k_9x/py_env-python3/bin/python", "pre-commit"),
    ("/home/a/.cache/rattler/cache/cached-envs-v0/nbgit-1a2b/bin/python", "pixi"),
]
LASTING = [
    "/home/a/.local/share/uv/tools/nbgit/bin/python",
    "/home/a/.local/share/pipx/venvs/nbgit/bin/python",
    "/home/a/.local/pipx/venvs/nbgit/bin/python",
    "/home/a/.cache/pypoetry/virtualenvs/lab-Ab12-py3.12/bin/python",
    "/home/a/pipx/.venv/bin/python",
    "/tmp/trial/venv/bin/python",
    "/opt/conda/envs/lab/bin/python",
]


@pytest.mark.parametrize(("python", "tool"), CACHED)
def test_an_environment_that_is_cleaned_is_refused(python: str, tool: str) -> None:
    lasting = "/usr/lib/python3/site-packages/nbgit/__main__.py"
    with pytest.raises(InstallRefused, match=f"{tool}'s cache .* `uv tool install nbgit`"):
        refuse_temporary(Launcher(python, lasting))
    with pytest.raises(InstallRefused):
        refuse_temporary(Launcher("/usr/bin/python3", python.replace("bin/python", "lib/nbgit/__main__.py")))


@pytest.mark.parametrize("python", LASTING)
def test_an_environment_that_lasts_is_not(python: str) -> None:
    refuse_temporary(Launcher(python, python.replace("bin/python", "lib/nbgit/__main__.py")))
