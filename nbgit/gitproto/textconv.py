"""Ring 4: `nbgit textconv FILE`, which git starts for log -p, show, blame and grep (docs/design.md, "Drivers")."""

import os
import sys

from nbgit.gitproto.telling import say
from nbgit.gitproto.working_policy import working_policy
from nbgit.notebook.text import plain_text, readable_text


def run(arguments: list[str]) -> int:
    """Write the readable text of the file named by the one argument to stdout; return the exit code.

    A file that is no notebook goes out line by line, and so does one that nbgit stumbles over: git must never see
    a failure here, because it ends the whole `git log`. Nothing goes out that a terminal would act on.
    """
    if len(arguments) != 1:
        sys.stderr.write("usage: nbgit textconv FILE\n")
        return 2
    try:
        with open(arguments[0], "rb") as file:
            data = file.read()
    except OSError as error:
        say(f"{arguments[0]}: {error.strerror or error}")
        return 1
    try:
        text = readable_text(data, working_policy())
    except Exception as error:  # a bug: the lines still are a diff
        from nbgit.store.log import log_bug

        log_bug(error)
        text = plain_text(data)
    write_all(1, text)
    return 0


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; a reader that went away (a pager that was quit) is no failure."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        pass
