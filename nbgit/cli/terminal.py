"""Ring 5: how lines reach people: plain in a pipe, by rich in a terminal; and progress on stderr when it takes long."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from nbgit.lineage.story import Code, Line
from nbgit.notebook.printable import printable

PATIENCE = 1.0  # seconds before a progress bar appears
INDENT = "    "


def wants_colour() -> bool:
    """Return whether stdout is to be coloured (no-color.org; FORCE_COLOR as rich has it)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def print_lines(lines: Iterable[Line | Code], *, cut: bool = False) -> None:
    """Print lines to stdout, never wrapped; with `cut`, a terminal gets of each what fits into a row of it."""
    print_text(render(cut_to_screen(lines) if cut else lines, coloured=wants_colour()))


def cut_to_screen(lines: Iterable[Line | Code]) -> Iterator[Line | Code]:
    """Yield lines as long as a row of the terminal at most; all of them in a pipe, which has no rows."""
    if not sys.stdout.isatty():
        yield from lines
        return
    columns = shutil.get_terminal_size().columns
    for line in lines:
        yield line if isinstance(line, Code) else cut_line(line, columns)


def cut_line(line: Line, columns: int) -> Line:
    """Return a line that takes at most `columns` of a terminal; where it was cut it ends in an ellipsis."""
    if sum(_columns(text) for text, _ in line) <= columns:
        return line
    kept: Line = []
    left = columns - 1
    for text, style in line:
        for at, character in enumerate(text):
            left -= _columns(character)
            if left < 0:
                return [*kept, (text[:at] + "…", style)]
        kept.append((text, style))
    return kept


def _columns(text: str) -> int:
    """Return how many columns a terminal gives to a text: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def print_text(text: str) -> None:
    """Write text to stdout; a character that its encoding lacks becomes an escape."""
    sys.stdout.flush()
    sys.stdout.buffer.write(encoded(text))
    sys.stdout.buffer.flush()


def warn(sentence: str) -> None:
    """Write `nbgit: SENTENCE` to stderr as one line; what a terminal would act on in it is replaced."""
    sys.stderr.write(f"nbgit: {printable(sentence)}\n")


def print_json(document: object) -> None:
    """Write a JSON document to stdout, indented; what a terminal would act on stands as an escape."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    print_text("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n")


def encoded(text: str) -> bytes:
    """Return text as stdout is to have it; a character that its encoding lacks becomes an escape."""
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")


def render(lines: Iterable[Line | Code], *, coloured: bool) -> str:
    """Return lines as text: with colour as the terminal can show it, or the same words without."""
    if not coloured:
        return "".join(plain_line(line) + "\n" for line in lines)
    import io

    from rich.console import Console
    from rich.text import Text

    target = io.StringIO()
    console = Console(file=target, force_terminal=True, highlight=False, soft_wrap=True, emoji=False, markup=False)
    for line in lines:
        console.print(_coloured(line) if isinstance(line, Code) else Text.assemble(*line))
    return target.getvalue()


def plain_line(line: Line | Code) -> str:
    """Return a line, or a block of code, as text without colour and without its last line break."""
    if isinstance(line, Code):
        return "\n".join((INDENT + row).rstrip() for row in line.text.split("\n"))
    return "".join(text for text, _ in line).rstrip()


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
