"""Ring 3: the page as a whole: head, policy, outline, notebooks (docs/design.md, "The page")."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from nbgit.diff.between import FileChange
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.notebooks import Section, section
from nbgit.diff.page.room import Room, csp_hash
from nbgit.diff.totals import Totals
from nbgit.notebook.policy import Policy

LIMIT = 20_000_000  # bytes of a page; hosts take files of 25 MB in a comment
SHORT = 60  # lines of the outline; where it has more, the notebooks are folded
KEYS = (
    ("j k", "next, previous change"),
    ("n p", "next, previous notebook"),
    ("u", "unified or side by side"),
    ("o", "outputs"),
    ("i", "pictures: side by side, swipe, onion skin, difference"),
    ("t", "dark or light"),
    ("?", "this help"),
)


class Looks:
    """How the page is made: lines of `context`, whether `outputs` show, about how many bytes it may have."""

    def __init__(self, context: int = 3, *, outputs: bool = True, limit: int = LIMIT) -> None:
        self.context = context
        self.outputs = outputs
        self.limit = limit


def page(
    found: list[FileChange], policy: Policy, asked: str, looks: Looks, report: Callable[[int, int], None] | None = None
) -> bytes:
    """Return one HTML page of all changes, which needs nothing else, in UTF-8.

    `asked` says in words what is compared; `report` is told (done, total). The same changes give the same bytes.
    """
    room = Room(looks.limit)
    sections: list[Section] = []
    for number, change in enumerate(found):
        sections.append(section(change, number, policy, room, context=looks.context, outputs=looks.outputs))
        if report:
            report(number + 1, len(found))
    title = _title(sections)
    style, script = _own("page.css"), _own("page.js")
    body = [_bar(title, asked, sections), _main(sections, room), _help()]
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


def _title(sections: list[Section]) -> str:
    if len(sections) == 1:
        return sections[0].path
    return f"{len(sections):,} notebooks changed" if sections else "No notebook changed"


def _bar(title: str, asked: str, sections: list[Section]) -> Html:
    whole = Totals()
    for each in sections:
        if each.totals:
            whole.add(each.totals)
    views = [
        tag("button", name, type="button", data_view=view, aria_pressed="true" if view == "split" else "false")
        for view, name in (("split", "Side by side"), ("unified", "Unified"))
    ]
    tools = [
        tag("span", class_="place", aria_live="polite"),
        tag("div", *views, class_="segmented"),
        tag("button", "Outputs", type="button", data_do="outputs", aria_pressed="true"),
        tag("button", "Theme", type="button", data_do="theme"),
        tag("button", "?", type="button", data_do="help", aria_label="Keys"),
    ]
    words = tag("p", whole.words(), class_="numbers") if len(sections) > 1 else Html()
    heading = tag("div", tag("h1", title), tag("code", asked, class_="asked"), words, class_="heading")
    return tag("header", heading, tag("div", *tools, class_="tools"), class_="bar")


def _main(sections: list[Section], room: Room) -> Html:
    parts = [each.html for each in sections] or [tag("p", "Nothing differs.", class_="empty")]
    if room.left_out:
        words = f"{room.left_out:,} parts were left out to keep the page small; --max-size gives it more room."
        parts.append(tag("p", words, class_="remark left-out"))
    footer = tag("footer", "Made by nbgit; cells count from 0. Nothing of a notebook runs here.")
    return tag("div", _outline(sections), tag("main", *parts, footer), class_="columns")


def _outline(sections: list[Section]) -> Html:
    """Return the list of notebooks and their changes, beside the page where there is room."""
    parts = []
    is_short = sum(len(each.entries) for each in sections) <= SHORT
    for each in sections:
        items = [
            tag("li", tag("a", entry.label, href=f"#{entry.anchor}", class_=entry.verb)) for entry in each.entries[:500]
        ]
        parts.append(tag("li", tag("details", _outline_head(each), tag("ul", *items), open=is_short)))
    return tag("nav", tag("ul", *parts), class_="outline", aria_label="Changes")


def _outline_head(each: Section) -> Html:
    return tag("summary", tag("a", each.path.rpartition("/")[2], href=f"#{each.anchor}", title=each.path))


def _help() -> Html:
    rows = [tag("div", tag("dt", *_keys(keys)), tag("dd", words)) for keys, words in KEYS]
    close = tag("button", "Close", type="button", data_do="close")
    return tag("dialog", tag("h2", "Keys"), tag("dl", *rows), close, id="help")


def _keys(keys: str) -> list[Html]:
    return [tag("kbd", key) for key in keys.split()]
