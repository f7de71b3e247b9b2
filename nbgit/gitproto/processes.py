"""Ring 4: what a driver asks other programs, without `subprocess`, whose import takes a quarter of a driver's time."""

from nbgit.store.process import FAILED, Child


def capture(arguments: list[str]) -> bytes:
    """Return what a program writes to stdout, or b"" where it can't be started or fails."""
    code, out = run_quietly(arguments)
    return out if code == 0 else b""


def run_quietly(arguments: list[str]) -> tuple[int, bytes]:
    """Return (exit code, stdout) of a program, 255 where it can't be started or was killed; stderr is dropped."""
    try:
        return Child(arguments).answer()
    except OSError:
        return FAILED, b""
