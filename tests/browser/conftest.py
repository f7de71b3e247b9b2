"""A real browser, Debian's chromium or another one of its family; without one these tests are skipped, and say so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="package")  # no longer: while playwright runs, no other test can have an event loop
def chromium() -> Iterator[Any]:
    """Give a running browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = [path for name in NAMES if (path := shutil.which(name))]
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
        if not found and not os.path.exists(own):
            pytest.skip("no chromium was found: apt-get install chromium, or playwright install chromium")
        browser = driver.chromium.launch(executable_path=found[0] if found else own, args=ARGUMENTS)
        yield browser
        browser.close()


class Tab:
    """A page that was opened from a file: `page` is playwright's; what it asked for, said, and got wrong is listed."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.said: list[str] = []
        self.errors: list[str] = []
        page.on("requestfinished", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._failed)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._asked)

    def _asked(self, dialog: Any) -> None:
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _failed(self, request: Any) -> None:
        """Note a request that went out and failed; those that the page's policy forbade never left."""
        if request.failure != "csp":
            self.requests.append(request.url)

    @property
    def foreign(self) -> list[str]:
        """What it asked for beyond the file itself and what stands in it."""
        return [url for url in self.requests if not url.startswith(("data:", "file:", "about:"))]


Open = Callable[..., Tab]


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Give a function that writes HTML to a file and opens it in a fresh browser profile."""
    contexts = []

    def opened(html: str, *, width: int = 1300, height: int = 900, scheme: str = "light", wait: str = "load") -> Tab:
        file = tmp_path / "a page ü.html"
        file.write_text(html, encoding="utf-8", newline="")
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        tab = Tab(context.new_page())
        tab.page.goto(file.as_uri(), wait_until=wait)
        return tab

    yield opened
    for context in contexts:
        context.close()
