"""Ring 5: long text through the pager that git would use (git(1), `core.pager`, `pager.diff`)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from nbgit.gitproto.git_settings import is_true
from nbgit.store.git import try_git


@contextmanager
def paged(wanted: bool) -> Iterator[IO[bytes]]:
    """Give a binary stream to write to: git's pager where stdout is a terminal and it is `wanted`, else stdout."""
    pager = _pager() if wanted and sys.stdout.isatty() else ""
    if not pager:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    environ = {"LESS": "FRX", "LV": "-c", **os.environ, "GIT_PAGER_IN_USE": "true"}
    process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environ)
    assert process.stdin is not None
    try:
        yield process.stdin
        process.stdin.close()
    except BrokenPipeError:
        pass  # the reader quit
    finally:
        process.wait()


def _pager() -> str:
    """Return the pager's command line, "" for none. It is the user's own setting, run by the shell as git runs it."""
    code, value, _ = try_git(["config", "--get", "pager.diff"])
    own = value.decode("utf-8", "replace").strip() if code == 0 else "true"
    if own.lower() in ("false", "no", "off", "0"):
        return ""
    if not is_true(own):
        return own
    code, value, _ = try_git(["var", "GIT_PAGER"])
    pager = value.decode("utf-8", "replace").strip() if code == 0 else ""
    return "" if pager == "cat" else pager
