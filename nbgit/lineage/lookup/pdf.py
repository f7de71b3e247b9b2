"""Ring 3: what a PDF shows: embedded pictures and streams by pypdf, whole pages by PDFium where it is installed.

Files are untrusted: pypdf bounds what it unpacks, pictures of more than LARGEST pixels are left out, and only the first
PAGES pages are looked at.
"""

import io
import logging
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

from PIL import Image

from nbgit.lineage.lookup.decoding import LARGEST

PAGES = 50
RENDERED = 1600  # pixels of a page's longer side
STREAM = "stream"
_SHORTEST = 200  # bytes of a stream that tells one drawing from another
_SMALLEST = 32  # pixels of a side; less is a rule or an icon
_DEPTH = 4  # forms within forms


def can_read_pdf() -> bool:
    """Return whether pypdf (of the extra `figures`) is there."""
    return find_spec("pypdf") is not None


def can_render() -> bool:
    """Return whether PDFium is there to draw pages."""
    return find_spec("pypdfium2") is not None


class Pdf:
    """An opened PDF; `problem` says in words why it can't be read, or is empty."""

    def __init__(self, data: bytes) -> None:
        from pypdf import PdfReader

        logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of each oddity on stderr
        self._data = data
        self.problem = ""
        self._pages: list[Any] = []
        self.page_count = 0
        try:
            reader = PdfReader(io.BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                self.problem = "is protected by a password"
                return
            self.page_count = len(reader.pages)
            self._pages = [reader.pages[number] for number in range(min(self.page_count, PAGES))]
        except Exception:  # pypdf raises of every kind for what is damaged
            self.problem = "is damaged: its pages can't be read"

    def __len__(self) -> int:
        """Return how many pages are looked at."""
        return len(self._pages)

    def traces(self) -> Iterator[tuple[bytes, int]]:
        """Yield (digest, page from 1) of each page's own drawing, and of each drawing put into it."""
        for number, page in enumerate(self._pages, 1):
            try:
                contents = page.get_contents()
                streams = [] if contents is None else [contents.get_data()]
                streams += [form.get_data() for form in _objects(page, "/Form")]
            except Exception:  # as above
                continue
            for stream in streams:
                if len(stream) >= _SHORTEST:
                    yield sha256(b" ".join(stream.split())).digest(), number

    def pictures(self) -> Iterator[tuple[Image.Image, str]]:
        """Yield the embedded pictures, decoded, and in words where each stands."""
        for number, page in enumerate(self._pages, 1):
            found = 0
            for stream in _objects(page, "/Image"):
                try:
                    width, height = int(stream["/Width"]), int(stream["/Height"])
                    if min(width, height) < _SMALLEST or width * height > LARGEST:
                        continue
                    picture = stream.decode_as_image()
                    if not isinstance(picture, Image.Image) or picture.width * picture.height > LARGEST:
                        continue
                except Exception:  # as above
                    continue
                found += 1
                yield picture, f"picture {found} on page {number}"

    def pages(self) -> Iterator[tuple[Image.Image, str]]:
        """Yield the pages as PDFium draws them, on white, and in words which each is."""
        if not self._pages or not can_render():
            return
        import pypdfium2

        try:
            document = pypdfium2.PdfDocument(self._data)
        except pypdfium2.PdfiumError:
            return
        for number in range(min(len(document), PAGES)):
            try:
                page = document[number]
                side = max(page.get_size())
                if side > 0:
                    yield page.render(scale=RENDERED / side).to_pil().convert("RGB"), f"page {number + 1}"
            except (pypdfium2.PdfiumError, ValueError, OSError, MemoryError):
                continue


def _objects(page: Any, kind: str) -> Iterator[Any]:
    """Yield the external objects of a kind that a page draws, those inside its forms included."""
    waiting = [(page, 0)]
    seen: set[int] = set()
    while waiting:
        holder, depth = waiting.pop(0)
        try:
            resources = holder.get("/Resources", {}).get_object()
            named = resources.get("/XObject", {}).get_object()
            children = [child.get_object() for child in named.values()]
        except Exception:  # as above
            continue
        for child in children:
            if id(child) in seen:
                continue
            seen.add(id(child))
            subtype = child.get("/Subtype")
            if subtype == kind:
                yield child
            if subtype == "/Form" and depth < _DEPTH:
                waiting.append((child, depth + 1))
