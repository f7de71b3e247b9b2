"""Generated plots and what becomes of them elsewhere: 100 figures, 60 of them near-identical, and queries for each."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

PLOTS, FAMILIES = 100, 6  # sixty of the hundred are of families, ten of each
INLINE_DPI, SAVED_DPI = 100, 220
A4 = (8.27, 11.69)  # inches


class Plot(NamedTuple):
    """One figure: as a notebook shows it (inline), saved by savefig as PNG, and as a vector PDF."""

    name: str
    inline: bytes
    saved: bytes
    pdf: bytes


def make_plots(numbers: Iterable[int] = range(PLOTS)) -> Iterator[Plot]:
    """Yield plots by number, the same each time: of five in a row two are of their own, three are of families."""
    import matplotlib
    import numpy

    matplotlib.use("Agg")
    from matplotlib import pyplot

    for number in numbers:
        turn, place = divmod(number, 5)
        random = numpy.random.default_rng(number)
        size = (7.0, 4.0) if place == 0 and turn % 3 == 0 else (6.4, 4.8)
        figure, axes = pyplot.subplots(figsize=size, dpi=INLINE_DPI)
        if place > 1:
            sibling, family = divmod(3 * turn + place - 2, FAMILIES)
            _draw_sibling(axes, family, sibling, random)
            name = f"family {family} sibling {sibling}"
        else:
            own = 2 * turn + place
            _KINDS[own % len(_KINDS)](axes, random)
            axes.set_title(f"Experiment {own}")
            name = f"plot {own}"
        yield plot_of(name, figure)
        pyplot.close(figure)


def plot_of(name: str, figure: Any) -> Plot:
    """Return a figure of matplotlib's as its files."""
    files = []
    for kind, options in (("png", {"bbox_inches": "tight"}), ("png", {"dpi": SAVED_DPI}), ("pdf", {})):
        target = io.BytesIO()
        figure.savefig(target, format=kind, **options)
        files.append(target.getvalue())
    return Plot(name, *files)


def notebook_of(plots: Iterable[Plot]) -> bytes:
    """Return a notebook that shows each plot in a cell of its own, as the inline backend does."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": number,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"image/png": b64encode(plot.inline).decode("ascii")},
                }
            ],
            "source": [f"draw({plot.name!r})"],
        }
        for number, plot in enumerate(plots)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def _draw_sibling(axes: Any, family: int, sibling: int, random: Any) -> None:
    """Draw one of a family: same axes, same title, the data a little different, as when a parameter is tuned."""
    import numpy

    x = numpy.linspace(0, 10, 200)
    same = numpy.random.default_rng(1000 + family)
    if family == 0:
        axes.plot(x, numpy.sin(x) * numpy.exp(-x / (6 + 0.4 * sibling)))
    elif family == 1:
        axes.plot(x, numpy.cumsum(same.normal(size=200)) + 0.6 * numpy.sin(x + sibling / 2))
    elif family == 2:
        points = same.normal(size=(150, 2)) + 0.12 * random.normal(size=(150, 2))
        axes.scatter(*points.T, s=12)
        axes.set(xlim=(-4, 4), ylim=(-4, 4))
    elif family == 3:
        axes.bar(range(12), 5 + same.random(12) * 4 + 0.5 * random.random(12))
        axes.set_ylim(0, 11)
    elif family == 4:
        grid = same.random((16, 16)) + 0.15 * random.random((16, 16))
        axes.imshow(grid, vmin=0, vmax=1.2)
    else:
        axes.hist(same.normal(size=2000) * (1 + 0.02 * sibling), bins=40, range=(-4, 4))
        axes.plot(x - 5, 80 + 4 * sibling + 20 * numpy.cos(x), color="black")
        axes.set_ylim(0, 220)
    axes.set(title=f"Family {family}", xlabel="time (s)", ylabel="value")


def _lines(axes: Any, random: Any) -> None:
    for label in ("train", "test", "baseline"):
        axes.plot(random.normal(size=60).cumsum(), label=label)
    axes.legend()


def _scatter(axes: Any, random: Any) -> None:
    axes.scatter(*random.normal(size=(2, 300)), c=random.random(300), s=random.random(300) * 60)


def _bars(axes: Any, random: Any) -> None:
    heights = random.random(8)
    axes.bar([f"g{number}" for number in range(8)], heights, yerr=heights / 8, color="tab:green")


def _image(axes: Any, random: Any) -> None:
    axes.figure.colorbar(axes.imshow(random.random((20, 30)).cumsum(1), cmap="magma"))


def _histogram(axes: Any, random: Any) -> None:
    axes.hist(random.gamma(2 + random.random() * 3, size=1500), bins=50, color="tab:red", alpha=0.7)
    axes.grid()


def _dark(axes: Any, random: Any) -> None:
    axes.figure.set_facecolor("#222222")
    axes.set_facecolor("#333333")
    axes.plot(random.normal(size=80).cumsum(), color="yellow")
    axes.tick_params(colors="white")


def _contours(axes: Any, random: Any) -> None:
    import numpy

    x, y = numpy.meshgrid(numpy.linspace(-3, 3, 60), numpy.linspace(-3, 3, 60))
    a, b = random.random(2) * 3
    axes.contourf(x, y, numpy.sin(a * x) * numpy.cos(b * y) + x * 0.2)


def _boxes(axes: Any, random: Any) -> None:
    axes.boxplot([random.normal(number, 1 + number / 4, 50) for number in range(6)])


_KINDS = (_lines, _scatter, _bars, _image, _histogram, _dark, _contours, _boxes)


def queries_of(plot: Plot) -> dict[str, bytes]:
    """Return what a person may hold in hand of a plot, by name: the files' bytes."""
    return {name: make(plot) for name, make in QUERIES.items()}


def jpeg(plot: Plot) -> bytes:
    """Return the inline figure as a JPEG of quality 75."""
    return _saved(_opened(plot.inline), "JPEG", quality=75)


def resized(plot: Plot) -> bytes:
    """Return the inline figure at half its width and height."""
    image = _opened(plot.inline)
    return _saved(image.resize((image.width // 2, image.height // 2)), "PNG")


def screenshot(plot: Plot) -> bytes:
    """Return the inline figure as a screen shows it: scaled, of another gamma, on a grey page that is not centred."""
    from PIL import Image

    image = _opened(plot.inline)
    shown = image.resize((round(image.width * 1.17), round(image.height * 1.17)), Image.Resampling.BILINEAR)
    shown = shown.point([round(255 * (value / 255) ** 0.85) for value in range(256)] * 3)
    page = Image.new("RGB", (shown.width + 117, shown.height + 64), (226, 228, 231))
    page.paste(shown, (83, 21))
    return _saved(page, "PNG")


def saved(plot: Plot) -> bytes:
    """Return the figure as savefig writes it: more dots per inch, another bounding box."""
    return plot.saved


def pdf_of_image(plot: Plot) -> bytes:
    """Return a PDF of one A4 page: text, and the inline figure as a JPEG."""
    return _page(jpeg(plot))


def pdf_of_same_image(plot: Plot) -> bytes:
    """Return a PDF of one A4 page: text, and the inline figure's own pixels."""
    return _page(plot.inline)


def pdf_vector(plot: Plot) -> bytes:
    """Return the figure as savefig writes it to PDF."""
    return plot.pdf


def cropped(plot: Plot) -> bytes:
    """Return the inline figure without 5 % of its width and height on each side together."""
    image = _opened(plot.inline)
    left, top = round(image.width * 0.025), round(image.height * 0.025)
    return _saved(image.crop((left, top, image.width - left, image.height - top)), "PNG")


def cropped_aside(plot: Plot) -> bytes:
    """Return the inline figure without 5 % of its width, on the left."""
    image = _opened(plot.inline)
    return _saved(image.crop((round(image.width * 0.05), 0, image.width, image.height)), "PNG")


QUERIES: dict[str, Callable[[Plot], bytes]] = {
    "JPEG 75": jpeg,
    "resize 50 %": resized,
    "screenshot": screenshot,
    "savefig against inline": saved,
    "PDF, a page with the image": pdf_of_same_image,
    "PDF, a page with it as JPEG": pdf_of_image,
    "PDF, vector": pdf_vector,
    "crop 5 % around": cropped,
    "crop 5 % at one side": cropped_aside,
}


def _opened(data: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(data)).convert("RGB")


def _saved(image: Any, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _page(picture: bytes) -> bytes:
    """Return a PDF page with text around a picture, written as the picture is stored (JPEG stays JPEG)."""
    import zlib

    image = _opened(picture)
    is_jpeg = picture.startswith(b"\xff\xd8")
    stored = picture if is_jpeg else zlib.compress(image.tobytes())
    kind = "DCTDecode" if is_jpeg else "FlateDecode"
    text = " ".join(f"1 0 0 1 60 {y} Tm (Results of the experiment, as told on page {y}.) Tj" for y in (780, 760, 200))
    content = f"BT /F1 11 Tf {text} ET q 380 0 0 {380 * image.height / image.width:.2f} 100 350 cm /I1 Do Q".encode()
    head = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace /DeviceRGB"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 6 0 R >> /XObject << /I1 5 0 R >> >> >>",
        b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content),
        b"<< %s /BitsPerComponent 8 /Filter /%s /Length %d >> stream\n%s\nendstream"
        % (head.encode(), kind.encode(), len(stored), stored),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
