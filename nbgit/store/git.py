"""Ring 2: the one door to the git command line (plumbing only, and always with an argument list)."""

import os

from nbgit.errors import GitFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


MISUSED = 129  # git's exit code for arguments that it does not take


def run_git(
    arguments: "Sequence[str]",
    *,
    cwd: str | None = None,
    stdin: bytes | None = None,
    environ: "Mapping[str, str] | None" = None,
) -> bytes:
    """Return what `git ARGUMENTS` writes to stdout.

    `cwd` is where git starts, `stdin` the bytes it reads, `environ` variables set on top of this process's own.
    Raises GitFailed with git's own last words when git exits with anything but 0 or can't be started.
    """
    code, out, err = try_git(arguments, cwd=cwd, stdin=stdin, environ=environ)
    if code:
        raise GitFailed(f"git {' '.join(arguments[:4])} failed: {_last_words(code, err)}")
    return out


def _last_words(code: int, err: bytes) -> str:
    """Return what git said last, but no piece of its usage text and no report of a bug."""
    lines = err.decode("utf-8", "replace").strip().splitlines()
    if code == MISUSED or any(line.startswith("BUG:") for line in lines):
        return next((line for line in lines if line.startswith(("fatal: ", "error: "))), "it takes no such arguments")
    return lines[-1] if lines else f"exit code {code}"


def try_git(
    arguments: "Sequence[str]",
    *,
    cwd: str | None = None,
    stdin: bytes | None = None,
    environ: "Mapping[str, str] | None" = None,
) -> tuple[int, bytes, bytes]:
    """Return (exit code, stdout, stderr) of `git ARGUMENTS`; raises GitFailed only where git can't be started."""
    import subprocess  # here: it takes 10 ms, and most commands of git ask nbgit for nothing that needs it

    env = None if environ is None else {**os.environ, **environ}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env=env,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitFailed(f"git could not be started: {error.strerror or error}; is it on PATH?") from error
    return done.returncode, done.stdout, done.stderr
