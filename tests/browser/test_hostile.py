"""A notebook that wants to run something, or to fetch something, in the browser of who reads its diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from nbgit.diff.page.document import Looks, page
from nbgit.notebook.policy import Policy
from tests.browser.conftest import Open, Tab
from tests.nb import code, markdown, notebook
from tests.pages import change, shown

RUN = "console.log('HIT')"
ATTACKS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</style></title></textarea><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f'\'><svg onload="{RUN}">',
    f'<img src="SERVER/a.png" onerror="{RUN}">',
    f'<a id=link href="javascript:{RUN}">click</a>',
    f'<iframe srcdoc="<script>{RUN}</script>"></iframe><iframe src="SERVER/f"></iframe>',
    f'<details open ontoggle="{RUN}"><summary>x</summary></details><body onload="{RUN}">',
    f'<form action="javascript:{RUN}"><button>x</button></form><input autofocus onfocus="{RUN}">',
    '<style>@import "SERVER/s.css"; body{background:url(SERVER/b.png)}</style>',
    '<link rel=stylesheet href="SERVER/l.css"><script src="SERVER/s.js"></script>',
    '<meta http-equiv=refresh content="0;url=SERVER/r"><base href="SERVER/">',
    '<video autoplay src="SERVER/v.mp4" poster="SERVER/p.png"></video>',
    '<object data="SERVER/o"></object><embed src="SERVER/e">',
]
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{RUN}"><script>{RUN}</script>'
SVG += '<image href="SERVER/i.png" width="9" height="9"/><foreignObject>x</foreignObject></svg>'


def hostile(salt: str) -> bytes:
    """Return a notebook with every attack in every place of it."""
    everything = "\n".join([*ATTACKS, salt])
    first = ATTACKS[0] + ATTACKS[5] + salt
    outputs = [
        *[shown("text/html", attack + salt) for attack in ATTACKS],
        shown("text/html", f"<table><tr><th>{first}</th></tr><tr><td>{first}</td></tr></table>"),
        shown("image/svg+xml", SVG + f"<!--{salt}-->"),
        shown("text/markdown", everything),
        shown("text/plain", everything),
        shown("application/javascript", RUN + salt),
        shown("application/vnd.plotly.v1+json", {"data": [{first: first}]}),
        shown(f'image/png"><script>{RUN}</script>', "AAAA"),
        {"output_type": "stream", "name": "stdout", "text": everything},
        {"output_type": "error", "ename": first, "evalue": first, "traceback": [everything]},
    ]
    cells = [
        markdown("# " + first, id="a", attachments={first: {"image/png": first}}),
        markdown(everything, id="b"),
        code(everything, id=first[:60], outputs=outputs, metadata={first: first}),
    ]
    kernel = {"kernelspec": {"name": first, "display_name": first}, "language_info": {"name": first}}
    return notebook(*cells, metadata={**kernel, first: json.dumps(first)})


def settle(tab: Tab) -> None:
    """Show all there is to show, and wait until every frame and picture has loaded what it may."""
    tab.page.evaluate(
        """async () => {
            for (const each of document.querySelectorAll("details")) each.open = true;
            await Promise.all([...document.querySelectorAll("iframe")].map((frame) => new Promise((done) => {
                frame.onload = done;
                frame.loading = "eager";
                frame.srcdoc = frame.srcdoc;
            })));
            await Promise.allSettled([...document.images].map((image) => image.decode()));
        }"""
    )


class Listener:
    """A server that answers nothing but notes what is asked of it: `url` is where it is, `asked` are paths."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *words: object) -> None:
                pass

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Give a running server."""
    listener = Listener()
    thread = Thread(target=listener.server.serve_forever)
    thread.start()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()
    thread.join()


def test_nothing_of_a_notebook_runs_and_nothing_is_fetched(open_page: Open, listener: Listener) -> None:
    path = "".join(ATTACKS[:6]) + ".ipynb"
    changes = [change(hostile("1"), hostile("2"), path), change(b"{" + hostile("1"), hostile("2"), ATTACKS[4])]
    changes += [change(None, hostile("3"), "new")]
    tab = open_page(page(changes, Policy(), path, Looks()).decode("utf-8").replace("SERVER", listener.url))
    settle(tab)
    assert tab.page.locator("iframe").count() > 30
    for name in ("HIT", "dialog"):
        assert [text for text in tab.said if text.startswith(name)] == []
    assert (listener.asked, tab.foreign) == ([], [])
    assert tab.errors == []
    assert tab.page.locator("a:not([href^='#'])").count() == 0
    assert tab.page.url.startswith("file:")


def test_a_link_of_an_output_leads_nowhere(open_page: Open, listener: Listener) -> None:
    links = f'<a href="javascript:{RUN}">one</a> <a href="SERVER/" target=_top>two</a>'
    links += ' <a href="SERVER/b" target=_blank>three</a> <a href="SERVER/c">four</a>'
    tab = open_page(page_of_output(links.replace("SERVER", listener.url)))
    for name in ("one", "two", "three", "four"):
        tab.page.frame_locator("iframe").get_by_text(name).click()
    settle(tab)
    assert "HIT" not in tab.said
    assert (listener.asked, tab.foreign) == ([], [])
    assert len(tab.page.context.pages) == 1
    assert tab.page.url.startswith("file:")


def page_of_output(html: str) -> str:
    """Return the page of a cell that now shows some HTML."""
    changes = [change(notebook(code("1")), notebook(code("1", outputs=[shown("text/html", html)])))]
    return page(changes, Policy(), "", Looks()).decode("utf-8")


def test_the_attacks_work_where_nothing_stops_them(open_page: Open, listener: Listener) -> None:
    tab = open_page("<!doctype html>" + "".join([*ATTACKS[4:12], ATTACKS[0]]).replace("SERVER", listener.url))
    tab.page.locator("#link").click()
    assert tab.said.count("HIT") >= 5
    assert {"/a.png", "/f", "/b.png", "/s.css"} <= set(listener.asked)
