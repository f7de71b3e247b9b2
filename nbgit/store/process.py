"""Ring 2: a child process on pipes, without `subprocess`, whose import takes 10 ms (docs/design.md, "Hot path").

On Windows, where nothing cheaper is, it is `subprocess` all the same.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

FAILED = 255  # the exit code of what was killed


class Child:
    """A process that reads what is written to `stdin` and writes to `stdout`; its stderr is dropped."""

    __slots__ = ("_wait", "stdin", "stdout")

    def __init__(self, arguments: "list[str]", environ: "Mapping[str, str] | None" = None) -> None:
        """Start a program with these arguments (`environ`: None for this process's); raises OSError."""
        environ = os.environ if environ is None else environ
        if not hasattr(os, "posix_spawnp"):
            self._start_with_subprocess(arguments, environ)
            return
        pipes = [*os.pipe(), *os.pipe()]
        source, stdin, stdout, sink = pipes
        actions = [
            (os.POSIX_SPAWN_DUP2, source, 0),
            (os.POSIX_SPAWN_DUP2, sink, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            process = os.posix_spawnp(arguments[0], arguments, environ, file_actions=actions)
        except OSError:
            for pipe in pipes:
                os.close(pipe)
            raise
        os.close(source)
        os.close(sink)
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb", 1 << 16)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb", 1 << 16)
        self._wait: Callable[[], int] = lambda: os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def _start_with_subprocess(self, arguments: "list[str]", environ: "Mapping[str, str]") -> None:
        import subprocess

        started = subprocess.Popen(
            arguments, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert started.stdin is not None
        assert started.stdout is not None
        self.stdin, self.stdout, self._wait = started.stdin, started.stdout, started.wait

    def close(self) -> int:
        """Close both pipes and return the exit code once it has ended, FAILED where it was killed."""
        for stream in (self.stdin, self.stdout):
            try:
                stream.close()
            except OSError:
                pass  # it has ended before it read all that was asked
        try:
            code = self._wait()
        except ChildProcessError:  # somebody else waited for it
            return FAILED
        return code if code >= 0 else FAILED

    def answer(self) -> tuple[int, bytes]:
        """Return (exit code, all that it writes); it is given nothing to read."""
        self.stdin.close()
        out = self.stdout.read()
        return self.close(), out
