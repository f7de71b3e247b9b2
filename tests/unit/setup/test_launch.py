"""Commands as git hands them to sh: quoted so that any path survives."""

from __future__ import annotations

import subprocess

import pytest

from nbgit.setup.config import read_launcher
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
