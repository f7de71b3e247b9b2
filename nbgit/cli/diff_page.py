"""Ring 5: `nbgit diff --html FILE` and `--web`: the diff as one HTML page, in a file or in the browser."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from nbgit.cli.numbers import Number
from nbgit.cli.terminal import print_text, progress, warn
from nbgit.diff.between import FileChange
from nbgit.diff.view import NONE, View
from nbgit.errors import TargetNotFound
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import visible
from nbgit.setup.files import read_bytes, replace_bytes
from nbgit.store.git import try_git

MEGABYTE = 1_000_000
PAGE_START = b"<!doctype html>"


class PageOptions:
    """What was asked for: the `file` to write ("-" is stdout, None a temporary one), a browser, a size in bytes."""

    def __init__(self, file: str | None, web: bool, limit: int) -> None:
        self.file = file
        self.web = web
        self.limit = limit

    @property
    def is_wanted(self) -> bool:
        """Whether a page is wanted at all."""
        return self.web or self.file is not None


def page_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of the page, which it gets as one argument, `page`."""

    @click.option("--html", "html_file", metavar="FILE", help="Write one self-contained HTML page; - is stdout.")
    @click.option("--web", is_flag=True, help="Open that page in a browser (git's web.browser, or BROWSER).")
    @click.option(
        "--max-size", type=Number(), default=20, metavar="MB", help="Of the page, 20 at first; says what it leaves out."
    )
    @wraps(command)
    def wrapped(*arguments: Any, html_file: str | None, web: bool, max_size: int, **options: Any) -> int:
        return command(*arguments, page=PageOptions(html_file, web, max_size * MEGABYTE), **options)

    return wrapped


def write_page(
    found: list[FileChange],
    policy: Policy,
    targets: tuple[str, ...],
    options: PageOptions,
    view: View,
    *,
    cached: bool,
) -> None:
    """Write the page where it was asked for, and open it."""
    from nbgit.diff.page.document import Looks, page

    looks = Looks(view.context, outputs=view.outputs != NONE, limit=options.limit)
    asked = " ".join(["nbgit diff", *(["--cached"] if cached else []), *targets])

    def make() -> bytes:
        with progress("notebooks") as report:
            return page(found, policy, asked, looks, report)

    put_page(options, make)


def put_page(options: PageOptions, make: Callable[[], bytes]) -> None:
    """Put the page that `make` makes where it was asked for, and open it."""
    if options.web and options.file == "-":
        raise click.UsageError("--web opens a file; name one with --html, or leave --html out")
    if options.file not in (None, "-"):
        _refuse_others(str(options.file))
    made = make()
    if options.file == "-":
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
        return
    path = _write(options.file, made)
    if options.web:
        print_text(f"{visible(path)}\n")
        _open(path)


def _refuse_others(file: str) -> None:
    """Refuse to put a page in the place of a folder, or of a file that is no page: `--html OLD.ipynb NEW.ipynb`."""
    if os.path.isdir(file):
        raise click.UsageError(f"--html needs a file to write, and {visible(file)} is a folder")
    there = read_bytes(file)
    if there and there[: len(PAGE_START)].lower() != PAGE_START:
        raise click.UsageError(f"{visible(file)} is there and is no HTML page; --html FILE is what gets written")


def _write(file: str | None, made: bytes) -> str:
    """Write the page, beside its place first, and return the path."""
    try:
        if file is not None:
            replace_bytes(file, made)
            return os.path.abspath(file)
        descriptor, path = tempfile.mkstemp(prefix="nbgit-diff-", suffix=".html")
        with os.fdopen(descriptor, "wb") as target:
            target.write(made)
        return path
    except OSError as error:
        raise TargetNotFound(f"{file or 'the page'} can't be written: {error.strerror or error}") from error


def _open(path: str) -> None:
    """Open a page in the browser that git has been told of, else in the one that Python finds (BROWSER, the desktop's).

    What runs is the user's own setting.
    """
    url = Path(path).as_uri()
    code, browser, _ = try_git(["config", "--get", "web.browser"])
    if code == 0 and browser.strip():
        opened = subprocess.run(["git", "web--browse", url], check=False).returncode == 0
    else:
        import webbrowser

        opened = webbrowser.open(url)
    if not opened:
        warn("no browser could be started; open the file by hand, or set web.browser (git-web--browse(1))")
