"""Ring 5: how lines reach people: plain in a pipe, by rich in a terminal; and progress on stderr when it takes long."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbgit.lineage.story import Code, Line

PATIENCE = 1.0  # seconds before a progress bar appears
INDENT = "    "


def print_lines(lines: list[Line | Code]) -> None:
    """Print lines to stdout; what stands in them is never wrapped or cut."""
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        _print_by_rich(lines)
        return
    print_plainly("".join(plain_line(line) + "\n" for line in lines))


def print_plainly(text: str) -> None:
    """Write text to stdout; a character that its encoding lacks becomes an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def plain_line(line: Line | Code) -> str:
    """Return a line, or a block of code, as text without colour and without its last line break."""
    if isinstance(line, Code):
        return "\n".join((INDENT + row).rstrip() for row in line.text.split("\n"))
    return "".join(text for text, _ in line).rstrip()


def _print_by_rich(lines: list[Line | Code]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
    for line in lines:
        if isinstance(line, Code):
            console.print(_coloured(line) if console.color_system else Text(plain_line(line)))
        else:
            console.print(Text.assemble(*line))


def _coloured(code: Code) -> object:
    from rich.syntax import Syntax
    from rich.text import Text

    syntax = Syntax(code.text, code.language or "text", theme="ansi_dark", background_color="default")
    rows = syntax.highlight(code.text).split("\n", allow_blank=False)
    return Text("\n").join(Text(INDENT) + row for row in rows)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (done, total) and shows a bar on a terminal once it has taken a second."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    started = time.monotonic()
    bar = None

    def report(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - started < PATIENCE or done >= total:
                return
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.add_task(label)
            bar.start()
        bar.update(bar.task_ids[0], completed=done, total=total)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()
