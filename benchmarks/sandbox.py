"""A sealed place to measure in: its own HOME, no user's or system's git configuration, fixed dates, a stopwatch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

SOURCE_ROOT = Path(__file__).resolve().parent.parent
OLD = 1_600_000_000  # seconds since 1970 that files are dated to: long before any index, so git finds none of them racy


class CommandFailed(Exception):
    """A measured command did not succeed; its time would mean nothing."""


class Sandbox:
    """A working directory and the environment for every process that is started in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.environ = self._sealed_environ()
        self.processor = 0.0  # seconds of processor time of all that was timed; other work on the machine adds nothing
        self._made = 0

    def _sealed_environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
        person = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org", "DATE": "1700000000 +0000"}
        return {
            **kept,
            **{f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in person.items()},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(SOURCE_ROOT),
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "TMPDIR": str(self.root),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(self.root),
            "GIT_PAGER": "cat",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def which(self, program: str) -> str | None:
        """Return where `program` is on the sandbox's PATH (the interpreter's own folder comes first), or None."""
        return shutil.which(program, path=self.environ["PATH"])

    def directory(self, name: str) -> Path:
        """Return a new path inside the sandbox; nothing is there yet."""
        self._made += 1
        return self.root / f"{self._made:04d}-{name}"

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.PIPE,
        environ: dict[str, str] | None = None,
        codes: Iterable[int] = (0,),
    ) -> bytes:
        """Run a program and return its stdout; raises CommandFailed unless it exits with one of `codes`.

        A complaint of nbgit's on stderr fails it too: hooks never fail a git command, whatever they left undone.
        """
        done = subprocess.run(
            list(arguments),
            cwd=cwd,
            env={**self.environ, **(environ or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode not in codes or done.stderr.startswith(b"nbgit") or b"\nnbgit" in done.stderr:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise CommandFailed(f"{' '.join(arguments)} exited {done.returncode}: {said}")
        return done.stdout or b""

    def git(self, cwd: Path, *arguments: str, environ: dict[str, str] | None = None) -> str:
        """Run git and return its stdout as text; raises CommandFailed."""
        return self.run(["git", *arguments], cwd, environ=environ).decode("utf-8", "surrogateescape")

    def seconds(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
        environ: dict[str, str] | None = None,
        codes: Iterable[int] = (0,),
    ) -> float:
        """Run a program and return the wall-clock seconds it took; its stdout goes nowhere unless told otherwise."""
        start, busy = time.perf_counter(), _children_seconds()
        self.run(arguments, cwd, stdin=stdin, stdout=stdout, environ=environ, codes=codes)
        seconds = time.perf_counter() - start
        self.processor += _children_seconds() - busy
        return seconds

    def git_seconds(self, cwd: Path, *arguments: str, environ: dict[str, str] | None = None) -> float:
        """Run git and return the wall-clock seconds it took."""
        return self.seconds(["git", *arguments], cwd, environ=environ)

    def new_repository(self, name: str) -> Path:
        """Return a fresh repository on branch main, where git never collects garbage on its own."""
        path = self.directory(name)
        path.mkdir()
        self.git(path, "init", "-q", "-b", "main")
        self.git(path, "config", "gc.auto", "0")
        return path


def _children_seconds() -> float:
    """Return the processor time of all processes that have ended; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def write_files(folder: Path, files: dict[str, bytes], when: int = OLD) -> None:
    """Write `files` (paths relative to `folder`) and date them to `when`."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        os.utime(place, (when, when))


def date_files(folder: Path, paths: Iterable[str], when: int) -> None:
    """Give every file a new date and leave its bytes, as `touch` does."""
    for path in paths:
        os.utime(folder / path, (when, when))


def bytes_below(folder: Path) -> int:
    """Return the sum of the sizes of all files below `folder`."""
    return sum(place.lstat().st_size for place in folder.rglob("*") if not place.is_dir())
