"""Ring 5: questions on a terminal, and answers from wherever stdin comes."""

import os
import sys

from nbgit.cli.terminal import print_text


def ask(question: str) -> str | None:
    """Print a question and return the line that is the answer, without the blanks around it; None at the end of stdin.

    Not a byte behind the line is read: what follows may be for a program that is started later.
    """
    print_text(f"{question} ")
    line = b""
    while not line.endswith(b"\n"):
        try:
            byte = os.read(sys.stdin.fileno(), 1)
        except OSError:  # the terminal is gone
            byte = b""
        if not byte:
            break
        line += byte
    return None if not line else line.decode("utf-8", "replace").strip()
