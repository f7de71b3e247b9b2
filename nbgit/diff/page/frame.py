"""Ring 3: what every page has around its content: head and policy, bar, keys (docs/design.md, "The page")."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.room import Room, csp_hash


def whole_page(title: str, body: list[Html], room: Room) -> bytes:
    """Return one HTML page which needs nothing else, in UTF-8; `body` begins with its bar and ends with its keys."""
    style, script = _own("page.css"), _own("page.js")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script, room)),
        tag("meta", http_equiv="x-dns-prefetch-control", content="off"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="nbgit"),
        tag("title", title),
        tag("style", style),
    )
    inner = join([head, tag("body", *body, tag("script", script))])
    whole = "<!doctype html>\n" + tag("html", inner, lang="en", data_view="split", data_outputs="shown") + "\n"
    return whole.encode("utf-8", "replace")


def bar(title: str, asked: str, words: str = "", *, outputs: bool = True) -> Html:
    """Return the bar at the top: the title, what was `asked`, a few `words`, the tools (`outputs`: one for these)."""
    views = [
        tag("button", name, type="button", data_view=view, aria_pressed="true" if view == "split" else "false")
        for view, name in (("split", "Side by side"), ("unified", "Unified"))
    ]
    switch = tag("button", "Outputs", type="button", data_do="outputs", aria_pressed="true")
    tools = [
        tag("span", class_="place", aria_live="polite"),
        tag("div", *views, class_="segmented"),
        *([switch] if outputs else []),
        tag("button", "Theme", type="button", data_do="theme"),
        tag("button", "?", type="button", data_do="help", aria_label="Keys"),
    ]
    numbers = tag("p", words, class_="numbers") if words else Html()
    heading = tag("div", tag("h1", title), tag("code", asked, class_="asked"), numbers, class_="heading")
    return tag("header", heading, tag("div", *tools, class_="tools"), class_="bar")


def help_dialog(keys: Iterable[tuple[str, str]]) -> Html:
    """Return the list of keys, which opens on `?`."""
    rows = [
        tag("div", tag("dt", *[tag("kbd", key) for key in names.split()]), tag("dd", words)) for names, words in keys
    ]
    close = tag("button", "Close", type="button", data_do="close")
    return tag("dialog", tag("h2", "Keys"), tag("dl", *rows), close, id="help")


def _policy(style: str, script: str, room: Room) -> str:
    """Return the policy: nothing but pictures in data URLs, our own script and style, and the styles of frames.

    Style attributes are for the frames alone, which inherit the policy: the page has none.
    """
    styles = " ".join([csp_hash(style), *room.styles])
    return (
        f"default-src 'none'; img-src data:; script-src {csp_hash(script)}; "
        f"style-src {styles}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


def _own(name: str) -> Html:
    return Html(files("nbgit.diff.page").joinpath(name).read_text(encoding="utf-8"))
