"""Apart: a session's journal: one line of JSON a write, never rewritten (docs/formats.md, "Runs")."""

import json
import os
import time
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = os.path.join("nbgit", "runs")
LIMIT = 32 << 20  # bytes of a journal
LINE_LIMIT = 1 << 20  # bytes of a line
WORDS = {"ensure_ascii": True, "separators": (",", ":"), "default": repr}


def new_session_id() -> str:
    """Return an id that no other session has, and that sorts by its start: `20261105T140211-9f86d081884c`."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + "-" + os.urandom(6).hex()


def rfc3339(seconds: float, digits: int = 3) -> str:
    """Return a time (seconds since 1970) as RFC 3339 in UTC with so many digits behind the second."""
    scale: int = 10**digits
    whole, part = divmod(int(seconds * scale), scale)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{part:0{digits}d}Z"


class Journal:
    """The journal of one session; the file is made with its first line.

    A line is appended with one write of the whole line, so that other processes read whole lines while this one lives,
    and a crash can tear the last one at most.
    """

    def __init__(self, common_dir: str, session: str) -> None:
        self.session = session
        self.path = os.path.join(common_dir, FOLDER, f"{session}.jsonl")
        self._file = -1
        self._size = 0
        self._lock = Lock()

    def append(self, line: "dict[str, Any]") -> bool:
        """Append a line; return False where it, or the journal with it, would be too long. Raises OSError."""
        data = json.dumps(line, **WORDS).encode("ascii") + b"\n"  # type: ignore[arg-type]
        with self._lock:  # the thread behind the cells writes, too
            if len(data) > LINE_LIMIT or self._size + len(data) > LIMIT:
                return False
            if self._file < 0:
                self._file = self._open()
            self._size += os.write(self._file, data)
        return True

    def _open(self) -> int:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self.path, flags, 0o600)

    def close(self) -> None:
        """Give the file back; a later line opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
