"""Apart: what may take longer than a cell should wait: digests of large files, packages, and what git has to be asked.

One thread, which is there only while there is something to do.
"""

import os
import subprocess
import threading
import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 20.0  # seconds that git has
LIMIT = 1000  # jobs that may wait


class Background:
    """Runs jobs in order; `own` gets the idents of its threads, so that nothing they do is taken for the user's."""

    def __init__(self, own: "set[int]") -> None:
        self._own = own
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, job: "Callable[[], None]") -> None:
        """Let a job be done soon; where far too many wait it is dropped."""
        with self._lock:
            if len(self._jobs) >= LIMIT:
                return
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="nbgit", daemon=True)
                self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait for all jobs, but no longer than so many seconds."""
        end = time.monotonic() + seconds
        while (thread := self._thread) is not None and time.monotonic() < end:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        ident = threading.get_ident()
        self._own.add(ident)
        while True:
            with self._lock:
                if not self._jobs:
                    self._thread = None
                    self._own.discard(ident)
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # a record lacks what the job would have told
                pass


def ask_git(arguments: "list[str]", folder: str) -> "str | None":
    """Return what git answers in a folder, or None where it fails; it takes no locks."""
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode in (0, 1) else None
