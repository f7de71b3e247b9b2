"""The page of a diff in a real browser: how it looks and works, from a file, with nothing loaded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.nb import code, markdown, notebook
from tests.pages import page_of, picture, printed, shown, table

LINES = [f"value_{n} = {n}" for n in range(40)]
COLUMNS = ("", "name", "mass")


def before_and_after() -> tuple[bytes, bytes]:
    """Return a notebook and its edit, with a change of each kind."""
    rows = [(str(n), f"bird {n}", f"{n}.5") for n in range(9)]
    before = notebook(
        markdown("# Density", id="a"),
        code("\n".join(LINES), id="b"),
        code("plot(width=0.5)", id="c", outputs=[picture("white"), printed("fit 1", "done")]),
        code("frame", id="d", outputs=[table(*rows, columns=COLUMNS)]),
        code("page()", id="e", outputs=[shown("text/html", "<style>b{color:rgb(1, 2, 3)}</style><b>old</b>")]),
    )
    lines = [*LINES[:20], "value_20 = 21", "extra = 1", *LINES[21:]]
    after = notebook(
        markdown("# Density", id="a"),
        code("\n".join(lines), id="b"),
        code("plot(width=0.3)", id="c", outputs=[picture("white", dots=100), printed("fit 2", "done")]),
        code("frame", id="d", outputs=[table(*rows[:4], ("4", "bird 4", "9.9"), *rows[5:], columns=COLUMNS)]),
        code("page()", id="e", outputs=[shown("text/html", "<style>b{color:rgb(1, 2, 3)}</style><b>new</b>")]),
    )
    return before, after


@pytest.fixture(scope="module")
def html() -> str:
    return page_of(*before_and_after())


def box(tab: Any, selector: str, at: int = 0) -> dict[str, float]:
    """Return where an element is."""
    found: dict[str, float] = tab.page.locator(selector).nth(at).bounding_box()
    return found


def background(tab: Any, selector: str) -> str:
    """Return the colour behind the first element that matches."""
    colour: str = tab.page.locator(selector).first.evaluate("element => getComputedStyle(element).backgroundColor")
    return colour


def test_it_opens_from_a_file_and_asks_for_nothing(open_page: Open, html: str) -> None:
    tab = open_page(html)
    assert tab.page.title() == "n.ipynb"
    assert tab.page.locator(".change").count() == 4
    assert (tab.foreign, tab.errors, tab.said) == ([], [], [])


def test_side_by_side_and_unified(open_page: Open, html: str) -> None:
    tab = open_page(html)
    old, new = box(tab, ".row.old"), box(tab, ".row.new")
    assert old["y"] == new["y"]
    assert old["x"] + old["width"] <= new["x"]
    tab.page.keyboard.press("u")
    old, new, extra = box(tab, ".row.old"), box(tab, ".row.new"), box(tab, ".row.new", 1)
    assert old["x"] == new["x"]
    assert old["y"] < new["y"] < extra["y"]
    tab.page.get_by_role("button", name="Side by side").first.click()
    assert box(tab, ".row.old")["y"] == box(tab, ".row.new")["y"]
    marked = tab.page.locator(".change").first
    assert marked.locator("del").all_text_contents() == ["20"]
    assert marked.locator("ins").all_text_contents() == ["21"]


def test_what_stands_on_one_side_only_takes_the_whole_width(open_page: Open) -> None:
    tab = open_page(page_of(notebook(), notebook(code("x = 1"))))
    assert box(tab, ".row.new")["width"] > 0.9 * box(tab, ".cell")["width"]


def test_unchanged_lines_unfold(open_page: Open, html: str) -> None:
    tab = open_page(html)
    hidden = tab.page.locator(".fold .row").first
    assert not hidden.is_visible()
    tab.page.locator(".fold summary").first.click()
    assert hidden.is_visible()


def test_the_keys(open_page: Open, html: str) -> None:
    tab = open_page(html, height=400)

    def current() -> str | None:
        found = tab.page.locator(".current")
        name: str | None = found.get_attribute("id") if found.count() else None
        return name

    for key, expected in (("j", "n0c0"), ("j", "n0c1"), ("j", "n0c2"), ("k", "n0c1"), ("n", "n0"), ("p", "n0")):
        tab.page.keyboard.press(key)
        assert (key, current()) == (key, expected)
    tab.page.keyboard.press("o")
    assert not tab.page.locator("div.outputs").first.is_visible()
    tab.page.keyboard.press("o")
    assert tab.page.locator("div.outputs").first.is_visible()
    tab.page.keyboard.press("?")
    assert tab.page.locator("dialog").is_visible()
    tab.page.keyboard.press("Escape")
    assert not tab.page.locator("dialog").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_light(open_page: Open, html: str, scheme: str) -> None:
    tab = open_page(html, scheme=scheme)
    at_first = background(tab, "body")
    assert at_first == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 26)"}[scheme]
    for element in (".row.old", ".row.new", ".row.old del", ".cell > header", ".badge"):
        assert contrast(tab, element) >= 4.5, element
    tab.page.keyboard.press("t")
    assert background(tab, "body") != at_first
    tab.page.reload()
    assert background(tab, "body") != at_first  # remembered


def contrast(tab: Any, selector: str) -> float:
    """Return the contrast of an element's text to what is behind it (WCAG 2.1, "contrast ratio")."""
    ratio: float = tab.page.locator(selector).first.evaluate(
        """element => {
            const light = (colour) => {
                const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
                const [r, g, b] = parts.map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            let ground = element;
            while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
            const [a, b] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(light);
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }"""
    )
    return ratio


def test_pictures_side_by_side_swiped_and_one_through_the_other(open_page: Open, html: str) -> None:
    tab = open_page(html)
    old, new = box(tab, ".pair .old img"), box(tab, ".pair .new img")
    assert old["x"] + old["width"] <= new["x"]
    tab.page.get_by_role("button", name="Swipe").click()
    old, new = box(tab, ".pair .old img"), box(tab, ".pair .new img")
    assert old == new
    tab.page.mouse.move(new["x"] + new["width"] / 4, new["y"] + 5)
    image = tab.page.locator(".pair .new img")
    assert image.evaluate("image => getComputedStyle(image).clipPath") in ("inset(0px 0px 0px 25%)", "inset(0 0 0 25%)")
    tab.page.get_by_role("button", name="Onion skin").click()
    tab.page.locator(".pair input").fill("80")
    assert float(image.evaluate("image => getComputedStyle(image).opacity")) == 0.8


def test_pixels_that_differ(open_page: Open, html: str) -> None:
    tab = open_page(html)
    tab.page.get_by_role("button", name="Difference").click()
    tab.page.get_by_text("10.0 % of pixels differ").wait_for()
    pixels = tab.page.locator("canvas").evaluate(
        """canvas => [[0, 0], [39, 24]].map(([x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data])"""
    )
    assert pixels == [[207, 16, 122, 255], [255, 255, 255, 255]]


def test_tables_and_frames(open_page: Open, html: str) -> None:
    tab = open_page(html)
    assert tab.page.locator(".data .changed").text_content() == "4.5 9.9"
    frame = tab.page.locator("iframe").nth(1)
    frame.scroll_into_view_if_needed()
    inner = tab.page.frame_locator("iframe").nth(1).locator("b")
    inner.wait_for()
    assert inner.text_content() == "new"
    assert inner.evaluate("element => getComputedStyle(element).color") == "rgb(1, 2, 3)"  # its own style sheet counts


def test_a_narrow_window_does_not_scroll_sideways(open_page: Open, html: str) -> None:
    tab = open_page(html, width=420)
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.page.evaluate("document.documentElement.dataset.view") == "unified"


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page: Open, html: str) -> None:
    tab = open_page(html, width=360, height=740)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    for at in range(tab.page.locator(".tools button:visible").count()):
        button = box(tab, ".tools button:visible", at)
        assert button["x"] >= 0
        assert button["x"] + button["width"] <= 360


def test_nothing_is_wider_than_a_phone(open_page: Open, html: str) -> None:
    tab = open_page(html, width=390, height=844)
    wide = "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > 391)"
    assert tab.page.evaluate(f"{wide}.filter(one => !one.closest('.scroll')).map(one => one.outerHTML)") == []
    assert tab.page.evaluate("[document.documentElement.scrollWidth, scrollX, scrollY]") == [390, 0, 0]
