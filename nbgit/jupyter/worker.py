"""Apart: one thread that does one thing for each of the files it is given, however often each was given meanwhile."""

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Worker:
    """Calls `work` with each file, in the order in which they came, on a thread of its own; `work` must not raise.

    A file that is given again while it waits is done once: what it holds is read when its turn comes.
    """

    def __init__(self, work: "Callable[[str], None]") -> None:
        self._work = work
        self._waiting: dict[str, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, file: str) -> None:
        """Have `file` done soon; returns at once."""
        with self._changed:
            self._waiting[file] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nbgit", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Wait at most so long until all that was given is done."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                file = next(iter(self._waiting))
                del self._waiting[file]
            self._work(file)
