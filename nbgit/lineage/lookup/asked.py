"""Ring 3: a file that was asked about, taken apart: the pictures that it shows, and the traces of its drawings."""

from collections.abc import Iterator
from typing import NamedTuple

from nbgit.lineage.lookup.decoding import Pixels, digest_of, on_white, open_picture
from nbgit.lineage.lookup.likeness import Signature, signature_of
from nbgit.lineage.lookup.pdf import STREAM, Pdf, can_read_pdf, can_render
from nbgit.lineage.lookup.svg import looks_like_svg, traces_of_svg

PDF_HEAD = b"%PDF-"
_HEAD_WITHIN = 1024  # bytes (ISO 32000, annex H: readers accept a header among the first 1024)
INSTALL = "pip install 'nbgit[figures]'"


class Part(NamedTuple):
    """One picture of a file: where it stands in words ("" for all of it), its pixels, and its signature.

    `is_drawn`: it is a page that was drawn to be compared.
    """

    place: str
    pixels: Pixels | None
    signature: Signature | None
    is_drawn: bool = False


class Trace(NamedTuple):
    """The digest of a drawing: of which kind, and in which part of the file."""

    kind: str
    digest: bytes
    place: str


class Asked:
    """A file's `kind` ("picture", "svg", "pdf", or "" for none) and `problem`: what could not be done, or ""."""

    def __init__(self, data: bytes) -> None:
        self.kind = ""
        self.problem = ""
        self._picture = None
        self._pictures: list[Part] | None = None
        self._pdf: Pdf | None = None
        self._traces: list[Trace] = []
        if PDF_HEAD in data[:_HEAD_WITHIN]:
            self._open_pdf(data)
        elif looks_like_svg(data):
            self._traces = [Trace(kind, digest, "") for kind, digest in traces_of_svg(data).items()]
            self.kind = "svg" if self._traces else ""
            self.problem = "" if self.kind else "looks like an SVG and can't be read as one"
        elif picture := open_picture(data):
            self.kind, self._picture = "picture", picture
        else:
            self.problem = "is no picture that can be read (damaged, of another type, or too large)"

    def traces(self) -> list[Trace]:
        """Return what can be compared of drawings, the surest first."""
        return self._traces

    def pictures(self) -> list[Part]:
        """Return the picture that the file is, or those that are embedded in a PDF."""
        if self._pictures is None:
            self._pictures = list(self._read_pictures())
        return self._pictures

    def pages(self) -> Iterator[Part]:
        """Yield the pages of a PDF, drawn, where there is something to draw them with."""
        for page, place in self._pdf.pages() if self._pdf is not None else ():
            yield Part(place, None, signature_of(page), is_drawn=True)

    def _read_pictures(self) -> Iterator[Part]:
        if self._picture is not None:
            pixels = digest_of(self._picture)
            shown = on_white(self._picture) if pixels else None
            if shown is None:
                self.problem = "is damaged: not all of it can be decoded"
            yield Part("", pixels, signature_of(shown) if shown else None)
        for picture, place in self._pdf.pictures() if self._pdf is not None else ():
            shown = on_white(picture)
            yield Part(place, digest_of(picture), signature_of(shown) if shown else None)

    def _open_pdf(self, data: bytes) -> None:
        self.kind = "pdf"
        if not can_read_pdf():
            self.problem = f"is a PDF, and to look into it pypdf is needed: {INSTALL}"
            return
        self._pdf = Pdf(data)
        self.problem = self._pdf.problem
        if not self.problem and not can_render():
            self.problem = f"is a PDF whose drawings could not be drawn, only its pictures compared: {INSTALL}"
        elif self._pdf.page_count > len(self._pdf):
            self.problem = f"has {self._pdf.page_count} pages, of which the first {len(self._pdf)} were looked at"
        self._traces = [Trace(STREAM, digest, f"page {number}") for digest, number in self._pdf.traces()]
