"""Ring 4: the one way in which what git starts speaks to people: one line on stderr, which steers no terminal."""

import sys


def say(text: str) -> None:
    """Write `nbgit: TEXT` as one line to stderr; what a terminal would act on in it is replaced."""
    from nbgit.notebook.printable import printable  # only where there is something to say

    sys.stderr.write(f"nbgit: {printable(text)}\n")
