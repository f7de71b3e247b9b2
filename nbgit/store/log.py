"""Ring 2: the bounded log file `<git-common-dir>/nbgit/nbgit.log` (docs/formats.md, "Local files")."""

import os
import time

from nbgit.errors import NbgitError
from nbgit.store.repository import find_repository

LIMIT = 512 * 1024  # bytes; past it the file becomes nbgit.log.1 and a new one starts


def log_line(nbgit_dir: str, text: str) -> str:
    """Append `text` with the time (UTC) to the log and return the log's path; never raises."""
    path = os.path.join(nbgit_dir, "nbgit.log")
    try:
        os.makedirs(nbgit_dir, exist_ok=True)
        if os.path.exists(path) and os.path.getsize(path) > LIMIT:
            os.replace(path, path + ".1")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{stamp} {os.getpid()} {text}\n")
    except OSError:
        return "(the log could not be written)"
    return path


def log_bug(error: BaseException) -> tuple[str, str]:
    """Log the traceback of a failure that nobody foresaw; return (where it happened, the log's path)."""
    import tempfile
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f"{type(error).__name__} in {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    try:
        nbgit_dir = find_repository(os.getcwd(), os.environ).nbgit_dir
    except (NbgitError, OSError):
        nbgit_dir = tempfile.mkdtemp(prefix="nbgit-")  # nobody else's, whatever others put into that folder
    text = "".join(traceback.format_exception(error))
    return where, log_line(nbgit_dir, text)
