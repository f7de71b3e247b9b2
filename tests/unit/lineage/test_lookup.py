"""Figures seen elsewhere: found again in every form, told only as alike, and not claimed where they are not there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("PIL")
pytest.importorskip("pypdf")
pytest.importorskip("pypdfium2")

from PIL import Image

from benchmarks.lookup import UNBOUND, measure_all
from benchmarks.plots import QUERIES, Plot, jpeg, make_plots, notebook_of, pdf_of_same_image
from benchmarks.unseen_plots import make_unseen_plots
from nbgit.lineage.answers import Answer, blame_picture
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.decoding import LARGEST, open_picture, pixel_digest
from nbgit.lineage.lookup.svg import traces_of_svg
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.nb import code, notebook

SPARED = {*UNBOUND, "PDF, a page with it as JPEG"}  # measured by `python -m benchmarks --only lookup`
NUMBERS = (0, 2, 12, 4)  # one of its own, two siblings of one family, one of another


@pytest.fixture(scope="module")
def plots() -> list[Plot]:
    """Return four plots, two of them near-identical."""
    return list(make_plots(NUMBERS))


@pytest.fixture
def shown(box: GitBox, plots: list[Plot]) -> GitBox:
    """Return a repository whose one notebook shows them."""
    box.write("plots.ipynb", notebook_of(plots))
    box.commit("draw")
    return box


@pytest.fixture
def past(shown: GitBox) -> Iterator[Past]:
    """Return that repository's past."""
    repository = find_repository(str(shown.path), {})
    index = Index(None)
    yield Past(repository, index)
    index.close()


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture as a file's bytes."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return a decoded picture."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def cells_of(answer: Answer) -> list[int]:
    """Return the cells of an answer's matches."""
    return [match.figure.cell_index for match in answer.matches]


def test_each_plot_is_first_in_every_form_and_none_is_taken_for_another(shown: GitBox, plots: list[Plot]) -> None:
    repository = find_repository(str(shown.path), {})
    kinds = [kind for kind in QUERIES if kind not in SPARED]
    scores = with_index(repository, lambda index: measure_all(shown.path, index, plots[1:3], kinds))
    for kind, score in scores.items():
        assert score.first == score.asked == 2, kind
        assert score.absent_same == 0, kind
        assert score.proved == (score.asked if kind == "PDF, a page with the image" else 0), kind
        assert score.listed == score.asked, kind


def test_a_drawn_page_with_lines_that_the_picture_has_on_the_nearest_pixel(box: GitBox) -> None:
    tables = list(make_unseen_plots((20, 45)))
    box.write("tables.ipynb", notebook_of(tables))
    box.commit("draw")
    repository = find_repository(str(box.path), {})
    (score,) = with_index(repository, lambda index: measure_all(box.path, index, tables, ["PDF, vector"])).values()
    assert (score.first, score.several, score.absent_same, score.absent_alike) == (2, 0, 0, 0)


@pytest.mark.parametrize("form", ["webp", "tiff", "grey", "cmyk", "alpha", "gif", "dark page"])
def test_other_forms_of_a_file(past: Past, plots: list[Plot], form: str) -> None:
    picture = opened(plots[3].inline)
    page = Image.new("RGB", (picture.width + 120, picture.height + 90), "#111111")
    page.paste(picture, (40, 60))
    clear = picture.convert("RGBA")
    clear.putalpha(picture.convert("L").point([255] * 255 + [0]))
    made = {
        "webp": lambda: saved(picture, "WEBP", quality=60),
        "tiff": lambda: saved(picture, "TIFF"),
        "grey": lambda: saved(picture.convert("L"), "PNG"),
        "cmyk": lambda: saved(picture.convert("CMYK"), "JPEG", quality=90),
        "alpha": lambda: saved(clear, "PNG"),
        "gif": lambda: saved(picture.quantize(32), "GIF"),
        "dark page": lambda: saved(page, "PNG"),
    }
    answer = blame_picture(past, made[form]())
    assert cells_of(answer)[:1] == [3], answer.reason
    assert answer.verdict == ("same" if form == "tiff" else "alike")


def test_a_figure_in_other_colours_or_upside_down_is_not_alike(past: Past, plots: list[Plot]) -> None:
    picture = opened(plots[3].inline)
    red, green, blue = picture.split()
    for other in (Image.merge("RGB", (blue, red, green)), picture.transpose(Image.Transpose.ROTATE_180)):
        answer = blame_picture(past, saved(other, "JPEG", quality=90))
        assert (answer.matches, answer.verdict) == ([], "none")
        assert answer.reason.endswith("and no figure is alike.")


def test_what_is_alike_is_never_called_the_same(past: Past, plots: list[Plot]) -> None:
    answer = blame_picture(past, jpeg(plots[1]))
    (match,) = answer.matches
    assert match.evidence is not None
    assert not match.evidence.is_same
    assert match.evidence.as_words().startswith("alike: correlation 0.9")
    assert match.evidence.next_difference is not None
    assert answer.head == "One figure is alike; none is proved to be the same (no bytes, pixels or drawing are equal)."


def test_a_picture_on_a_page_is_told_with_its_page(past: Past, plots: list[Plot]) -> None:
    answer = blame_picture(past, pdf_of_same_image(plots[0]))
    assert [match.evidence.as_words() for match in answer.matches if match.evidence] == [
        "picture 1 on page 1: the same pixels, in other bytes"
    ]


def test_deep_grey_pictures_are_the_same_only_where_all_their_bits_are() -> None:
    deep = [Image.new("I;16", (9, 9), value) for value in (1000, 2000)]
    digests = {pixel_digest(saved(picture, "PNG")) for picture in deep}
    assert len(digests) == 2
    assert pixel_digest(saved(deep[0], "TIFF")) in digests


def test_frames_behind_the_first_count() -> None:
    red, blue, green = (Image.new("P", (8, 8), 0) for _ in range(3))
    for picture, colour in ((red, (255, 0, 0)), (blue, (0, 0, 255)), (green, (0, 255, 0))):
        picture.putpalette(list(colour) * 256)
    moving = [saved(red, "GIF", save_all=True, append_images=[last]) for last in (blue, green)]
    assert len({pixel_digest(data) for data in [*moving, saved(red, "GIF")]}) == 3


def test_a_small_file_that_claims_to_be_huge_is_not_decoded(past: Past) -> None:
    side = int(LARGEST**0.5) + 100
    bomb = saved(Image.new("1", (side, side)), "PNG")
    assert len(bomb) < 100_000
    assert open_picture(bomb) is None
    assert "too large" in blame_picture(past, bomb).reason


@pytest.mark.parametrize("kind", ["png", "jpeg", "pdf", "svg", "postscript"])
def test_damaged_files_are_one_sentence(past: Past, plots: list[Plot], kind: str) -> None:
    whole = {
        "png": plots[0].inline,
        "jpeg": jpeg(plots[0]),
        "pdf": plots[0].pdf,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M 0 0",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    }[kind]
    for data in (whole[: len(whole) // 2], whole[:40], whole[:9] + bytes(200)):
        answer = blame_picture(past, data)
        assert "\n" not in answer.reason
        assert answer.reason.startswith("No output") or answer.verdict == "alike"


SVG = """<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="50">
 <metadata><date>{date}</date></metadata>
 <defs><clipPath id="{id}"><rect x="0" y="0" width="90" height="40"/></clipPath>
  <path id="m{id}" d="M 0 0 L 1 1"/></defs>
 <g clip-path="url(#{id})"><path d="M 1 {y} L 20.004 30" style="{style}"/><use xlink:href="#m{id}" x="3" y="4"/></g>
 <text x="5" y="6">sales</text>
</svg>"""


def test_an_svg_drawn_again_is_the_same_drawing_and_other_data_are_not(box: GitBox) -> None:
    first = SVG.format(date="Monday", id="a1", y=2, style="fill: none; stroke: red")
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": first}}
    box.write("a.ipynb", notebook(code("draw()", outputs=[output])))
    box.commit("draw")
    past = Past(find_repository(str(box.path), {}), Index(None))
    for text, verdict, kind in (
        (SVG.format(date="Friday", id="zz9", y=2, style="stroke:red;fill:none"), "same", "drawing"),
        (SVG.format(date="Friday", id="zz9", y="2.000", style="stroke:blue"), "alike", "shapes"),
        (SVG.format(date="Friday", id="a1", y=3, style="fill: none; stroke: red"), "none", None),
    ):
        answer = blame_picture(past, text.encode())
        kinds = [match.evidence.kind for match in answer.matches if match.evidence]
        assert (answer.verdict, kinds) == (verdict, [kind] if kind else [])


def test_an_svg_of_entities_in_entities_is_not_read() -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "ha">{lines}]><svg xmlns="http://www.w3.org/2000/svg"><text>&e8;</text></svg>'
    assert traces_of_svg(bomb.encode()) == {}


def test_signatures_are_made_once_and_go_on_where_they_stopped(
    past: Past, plots: list[Plot], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbgit.lineage.lookup import signatures

    made: list[bytes] = []
    describe = signatures._describe

    def counted(data: bytes) -> Any:
        if len(made) == 2:
            made.append(b"")
            raise KeyboardInterrupt
        made.append(data)
        return describe(data)

    monkeypatch.setattr(signatures, "_AT_ONCE", 1)
    monkeypatch.setattr(signatures, "_describe", counted)
    past.learn_all()
    with pytest.raises(KeyboardInterrupt):
        signatures.learn_signatures(past)
    blame_picture(past, jpeg(plots[0]))
    blame_picture(past, jpeg(plots[1]))
    assert len(made) == len(set(made)) == 1 + len(plots)


def test_without_a_renderer_the_answer_says_so(past: Past, plots: list[Plot], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, words in (("can_render", "could not be drawn"), ("can_read_pdf", "pypdf is needed")):
        monkeypatch.setattr(f"nbgit.lineage.lookup.asked.{name}", lambda: False)
        answer = blame_picture(past, plots[0].pdf)
        assert words in " ".join([answer.reason, *answer.notes])
