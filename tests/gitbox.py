"""Real git in a sealed box: a temporary HOME, no system configuration, fixed names and dates, nothing leaking in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbgit

SOURCE_ROOT = Path(nbgit.__file__).resolve().parent.parent
FIRST_SECOND = 1_700_000_000  # 2023-11-14T22:13:20Z; each commit of a box is a minute later than the one before


class Result:
    """What one process answered: `code`, `out` and `err` (text), `raw` (stdout as bytes)."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Result(code={self.code}, out={self.out!r}, err={self.err!r})"


def path_without_nbgit() -> str:
    """Return PATH without the directories of an installed nbgit, unless git itself is in them (as it is with conda)."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if not shutil.which("nbgit", path=folder) or shutil.which("git", path=folder)
    )


class GitBox:
    """A directory to work in (`path`, a repository on branch main unless `init` is False) and a HOME of its own."""

    def __init__(self, root: Path, name: str = "work", *, init: bool = True) -> None:
        self.root = root
        self.home = root / "home"
        self.path = root / name
        self.minutes = 0
        self.environ: dict[str, str] = self._sealed_environ()
        for folder in (self.home, self.path):
            folder.mkdir(parents=True, exist_ok=True)
        if init:
            self.git("init", "-q", "-b", "main")

    def _sealed_environ(self) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP") if name in os.environ
        }
        person = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org"}
        kept["PATH"] = path_without_nbgit()
        return {
            **kept,
            **{f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in person.items()},
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_PAGER": "cat",
            "GIT_EDITOR": "true",
            "GIT_CEILING_DIRECTORIES": str(self.root),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def run(
        self,
        arguments: list[str],
        *,
        stdin: bytes | None = None,
        cwd: Path | str | None = None,
        environ: dict[str, str] | None = None,
    ) -> Result:
        """Run a program in the box (`cwd` is relative to the working directory) and return its Result."""
        stamp = f"{FIRST_SECOND + 60 * self.minutes} +0000"
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        done = subprocess.run(
            arguments,
            cwd=self.path if cwd is None else self.path / cwd,
            env={**self.environ, **dates, **(environ or {})},
            input=b"" if stdin is None else stdin,
            capture_output=True,
            check=False,
        )
        return Result(done)

    def try_git(self, *arguments: str, stdin: bytes | None = None, cwd: Path | str | None = None) -> Result:
        """Run git and return its Result, whatever its code."""
        return self.run(["git", *arguments], stdin=stdin, cwd=cwd)

    def git(self, *arguments: str, stdin: bytes | None = None, cwd: Path | str | None = None) -> str:
        """Run git and return its stdout; the test fails where git does."""
        result = self.try_git(*arguments, stdin=stdin, cwd=cwd)
        assert result.code == 0, f"git {' '.join(arguments)} exited {result.code}\n{result.out}{result.err}"
        return result.out

    def git_bytes(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Run git and return its stdout as bytes; the test fails where git does."""
        result = self.try_git(*arguments, stdin=stdin)
        assert result.code == 0, f"git {' '.join(arguments)} exited {result.code}\n{result.err}"
        return result.raw

    def nbgit(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        cwd: Path | str | None = None,
        environ: dict[str, str] | None = None,
    ) -> Result:
        """Run `python -m nbgit` with the tests' own interpreter and return its Result, whatever its code."""
        python = [sys.executable, "-m", "nbgit"]
        path = {"PYTHONPATH": str(SOURCE_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        return self.run([*python, *arguments], stdin=stdin, cwd=cwd, environ={**path, **(environ or {})})

    def write(self, path: str, data: bytes) -> Path:
        """Write a file of the working directory (folders are made) and return where it lies."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return place

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of the working directory."""
        return (self.path / path).read_bytes()

    def commit(self, message: str, *paths: str) -> str:
        """Add `paths` (all, if none is named), commit, and return the new commit's oid; the clock moves on a minute."""
        self.minutes += 1
        self.git("add", *(paths or ("-A",)))
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()
