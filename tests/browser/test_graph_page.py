"""The page of a lineage graph in a real browser: pan, zoom, keys, search; and nothing of what it shows can run."""

from __future__ import annotations

from typing import Any

import pytest

from nbgit.lineage.graph.model import (
    CELL,
    CODE,
    FEEDS,
    FETCHED,
    FIGURE,
    FILE,
    READ,
    SHOWED,
    SOURCE,
    WROTE,
    Edge,
    Graph,
    Node,
)
from nbgit.lineage.graph.page import page
from nbgit.lineage.graph.thumbs import Picture
from tests.browser.conftest import Open
from tests.browser.test_hostile import ATTACKS, SVG

DIGEST = f"sha256:{'1' * 64}"


def graph(name: str = "", code: str = "") -> Graph:
    """Return a small graph, with this text in all of its names and this one as code."""
    nodes = [
        Node("u", SOURCE, f"raw.csv{name}", f"host{name}", facts={"url": f"https://host/raw.csv{name}"}),
        Node("a", CELL, f"get(){name}", "cell 1 [2]", f"fetch{name}.ipynb", facts={"code": code or "get()"}),
        Node("f", FILE, f"clean.csv{name}", f"data{name}", path=f"data/clean.csv{name}", by=CODE),
        Node("b", CELL, "read()", "cell 0 [1]", "plot.ipynb", place=("1", 1), facts={"code": "read()"}),
        Node("c", CELL, "plot()", f"cell 1 [2]{name}", "plot.ipynb", place=("1", 2), facts={"code": "plot()"}),
        Node(
            "p", FIGURE, "cell 1 [2]", f"image/svg+xml{name}", "plot.ipynb", facts={"payload": DIGEST}, is_target=True
        ),
    ]
    edges = [
        Edge("u", "a", FETCHED),
        Edge("a", "f", WROTE, CODE),
        Edge("f", "b", READ),
        Edge("b", "c", FEEDS),
        Edge("c", "p", SHOWED),
    ]
    return Graph({node.id: node for node in nodes}, edges, notes=[f"A note.{name}"])


def html(found: Graph, picture: str = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>') -> str:
    """Return the page of a graph."""
    return page(found, "Lineage", {DIGEST: Picture("image/svg+xml", picture.encode())}).decode()


def sight(tab: Any) -> list[float]:
    """Return the part of the drawing that is in sight: x, y, width, height."""
    found: list[float] = [float(one) for one in tab.page.locator(".stage > svg").get_attribute("viewBox").split()]
    return found


def test_pan_zoom_keys_and_search(open_page: Open) -> None:
    tab = open_page(html(graph()))
    assert (tab.foreign, tab.errors, tab.said) == ([], [], [])
    x, _, width, _ = sight(tab)
    tab.page.keyboard.press("+")
    assert sight(tab)[2] == pytest.approx(width / 1.3)
    tab.page.keyboard.press("0")
    tab.page.keyboard.press("ArrowRight")
    assert sight(tab)[0] > x
    tab.page.mouse.move(400, 400)
    tab.page.mouse.wheel(0, -200)
    assert sight(tab)[2] < width
    tab.page.keyboard.press("0")
    before = sight(tab)[0]
    tab.page.mouse.move(300, 700)
    tab.page.mouse.down()
    tab.page.mouse.move(200, 700, steps=3)
    tab.page.mouse.up()
    assert sight(tab)[0] > before
    assert tab.page.locator(".told.open").count() == 0  # a drag selects nothing

    tab.page.keyboard.press("0")
    tab.page.locator(".node.file").click()
    assert tab.page.locator(".told section:visible h2").text_content() == "clean.csv"
    assert tab.page.locator(".node.near").count() == 6
    tab.page.keyboard.press("h")
    assert tab.page.locator(".told section:visible .kind").text_content() == "cell"
    tab.page.keyboard.press("Escape")
    assert tab.page.locator(".chosen").count() == 0
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("clean")
    assert tab.page.locator(".node.found").count() == 1
    tab.page.keyboard.press("Enter")
    assert tab.page.locator(".node.here").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(open_page: Open, scheme: str) -> None:
    tab = open_page(html(graph()), scheme=scheme)
    ground = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 26)"}

    def grounds() -> list[str]:
        find = "element => getComputedStyle(element).backgroundColor"
        return [tab.page.locator(place).first.evaluate(find) for place in ("body", ".stage > svg")]

    assert grounds() == [ground[scheme]] * 2
    tab.page.keyboard.press("t")
    assert grounds() == [ground["light" if scheme == "dark" else "dark"]] * 2


def test_nothing_that_it_shows_can_run_or_load(open_page: Open) -> None:
    text = "".join(ATTACKS).replace("SERVER", "http://127.0.0.1:9")
    tab = open_page(html(graph(text, text * 3), SVG.replace("SERVER", "http://127.0.0.1:9")))
    for number in range(6):
        tab.page.keyboard.press("j")
        assert tab.page.locator(".told section:visible").count() == 1, number
    tab.page.evaluate("Promise.allSettled([...document.querySelectorAll('image')].map((one) => one.decode?.()))")
    assert (tab.said, tab.errors, tab.foreign) == ([], [], [])
    assert tab.page.locator("script").count() == 1
    assert tab.page.locator("iframe, form, object, video, a").count() == 0


def many_files() -> Graph:
    """Return a graph that is too large to be read as a whole on a phone, with names as long as people give them."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    for number in range(30):
        name = f"a_long_name_of_a_file_in_UPPERCASE_AND_LOWER_{number}.csv"
        cell = Node(f"c{number}", CELL, f"read{number}()", f"cell {number}", "a_notebook_with_a_long_name.ipynb")
        nodes += [Node(f"f{number}", FILE, name, path=name), cell]
        edges.append(Edge(f"f{number}", f"c{number}", READ))
    return Graph({node.id: node for node in nodes}, edges)


def test_a_phone_opens_at_the_beginning(open_page: Open) -> None:
    tab = open_page(html(many_files()), width=390, height=844)
    places = [box for node in tab.page.locator(".node").all() if (box := node.bounding_box())]
    seen = [box for box in places if 0 <= box["x"] < 390 and 60 <= box["y"] < 844]
    assert min(box["x"] for box in seen) == min(box["x"] for box in places)  # the first column is in sight
    assert len(seen) >= 8
    assert tab.page.evaluate("[document.documentElement.scrollWidth, scrollX, scrollY]") == [390, 0, 0]


def test_names_stay_in_their_boxes(open_page: Open) -> None:
    tab = open_page(html(many_files()))
    outside = """[...document.querySelectorAll('.node')].filter(node => {
      const box = node.querySelector('rect').getBoundingClientRect();
      return [...node.querySelectorAll('text')].some(text => text.getBoundingClientRect().right > box.right);
    }).length"""
    assert tab.page.evaluate(outside) == 0
