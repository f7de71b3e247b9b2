"""Pages of a diff for tests: built from the bytes of two notebooks, and taken apart again."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from typing import Any

from nbgit.diff.between import FileChange
from nbgit.diff.page.document import Looks, page
from nbgit.diff.report import Side
from nbgit.notebook.policy import Policy

VOID = {"br", "img", "input", "meta"}


def change(before: bytes | None, after: bytes | None, path: str = "n.ipynb") -> FileChange:
    """Return the change of one file."""
    status = "A" if before is None else "D" if after is None else "M"
    return FileChange(status, Side(path, before), Side(path, after), False, [])


def page_of(before: bytes | None, after: bytes | None, *, path: str = "n.ipynb", **looks: Any) -> str:
    """Return the page of one notebook's change."""
    return page([change(before, after, path)], Policy(), "nbgit diff", Looks(**looks)).decode("utf-8")


class Element:
    """One element of a page that was read: `name`, `attributes`, and the `text` within it."""

    def __init__(self, name: str, attributes: dict[str, str | None]) -> None:
        self.name = name
        self.attributes = attributes
        self.text = ""

    @property
    def classes(self) -> list[str]:
        """The names in its class attribute."""
        return (self.attributes.get("class") or "").split()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop().name != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data!r}")


def read(html: str) -> list[Element]:
    """Return the elements of a page in order; fails unless every one is closed where it belongs."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert (reader.faults, reader.open) == ([], [])
    return reader.elements


def having(html: str, *classes: str) -> list[Element]:
    """Return the elements that have all of these classes."""
    return [element for element in read(html) if set(classes) <= set(element.classes)]


def picture(colour: str, size: tuple[int, int] = (40, 25), dots: int = 0) -> dict[str, Any]:
    """Return a display of a PNG of one colour; its first `dots` pixels are black."""
    from PIL import Image

    image = Image.new("RGB", size, colour)
    for number in range(dots):
        image.putpixel((number % size[0], number // size[0]), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "PNG")
    return shown("image/png", base64.b64encode(file.getvalue()).decode())


def shown(mime: str, data: Any) -> dict[str, Any]:
    """Return a display of one datum."""
    return {"output_type": "display_data", "metadata": {}, "data": {mime: data}}


def printed(*lines: str) -> dict[str, Any]:
    """Return a stream output."""
    return {"output_type": "stream", "name": "stdout", "text": [line + "\n" for line in lines]}


def table(*rows: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a table as pandas shows it; the first of each row is its label."""
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join(f"<tr><th>{row[0]}</th>{''.join(f'<td>{v}</td>' for v in row[1:])}</tr>" for row in rows)
    return shown("text/html", f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
