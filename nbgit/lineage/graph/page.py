"""Ring 3: a graph as one HTML page that needs nothing else: pan, zoom, keys, what a node rests on, light and dark.

As on the page of a diff only our own style and script may run, and nothing is loaded (docs/design.md, "The page").
"""

from importlib.resources import files

from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.room import csp_hash
from nbgit.lineage.graph.cards import tell_below
from nbgit.lineage.graph.model import CELL, CODE, FIGURE, NOTEBOOK, Graph, Node
from nbgit.lineage.graph.svg import Pictures, drawing

KEYS = (
    ("← → ↑ ↓", "move"),
    ("+ − 0", "larger, smaller, all of it"),
    ("j k", "next, previous node"),
    ("l h", "to what rests on it, to what it rests on"),
    ("/", "search"),
    ("t", "dark or light"),
    ("Esc", "nothing selected"),
    ("?", "this help"),
)
WORDS = {"source": "address", "script": "script", "file": "file", CELL: "cell", NOTEBOOK: "notebook", FIGURE: "figure"}
CODE_LINES = 40


def page(graph: Graph, title: str, pictures: Pictures) -> bytes:
    """Return one HTML page of a graph, in UTF-8; the same graph gives the same bytes."""
    style, script = Html(_own("drawing.css") + _own("page.css")), _own("page.js")
    policy = (
        f"default-src 'none'; img-src data:; script-src {csp_hash(script)}; style-src {csp_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", http_equiv="x-dns-prefetch-control", content="off"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="nbgit"),
        tag("title", title),
        tag("style", style),
    )
    stage = tag("main", drawing(graph, title, pictures), class_="stage lineage")
    told = tag("aside", *_told(graph), class_="told", aria_live="polite")
    body = tag("body", _bar(title, graph), stage, told, _help(), tag("script", script))
    return ("<!doctype html>\n" + tag("html", head, body, lang="en") + "\n").encode("utf-8", "replace")


def _own(name: str) -> Html:
    return Html(files("nbgit.lineage.graph").joinpath(name).read_text(encoding="utf-8"))


def _bar(title: str, graph: Graph) -> Html:
    kinds = [node.kind for node in graph.nodes.values()]
    homes = {node.group or node.label for node in graph.nodes.values() if node.kind in (CELL, NOTEBOOK)}
    numbers = [
        (len(homes), "notebook"),
        (sum(kind in ("file", "script") for kind in kinds), "file"),
        (kinds.count("source"), "download"),
        (sum(node.count for node in graph.nodes.values() if node.kind == FIGURE), "figure"),
    ]
    words = " · ".join(f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in numbers if count)
    tools = [
        tag("input", type="search", placeholder="Search", aria_label="Search", id="search", autocomplete="off"),
        tag("button", "−", type="button", data_do="smaller", aria_label="Smaller"),
        tag("button", "All", type="button", data_do="all"),
        tag("button", "+", type="button", data_do="larger", aria_label="Larger"),
        tag("button", "Theme", type="button", data_do="theme"),
        tag("button", "?", type="button", data_do="help", aria_label="Keys"),
    ]
    return tag(
        "header",
        tag("div", tag("h1", title), tag("span", words, class_="numbers"), class_="heading"),
        tag("div", *tools, class_="tools"),
        class_="bar",
    )


def _told(graph: Graph) -> list[Html]:
    """Return what is told of each node once it is selected."""
    return [
        tag("section", *_about(node), data_of=f"n{number}", hidden=True)
        for number, node in enumerate(graph.nodes.values())
    ]


def _about(node: Node) -> list[Html]:
    rows = [
        ("notebook", node.group if node.kind in (CELL, FIGURE) else ""),
        ("path", node.path if not node.group else ""),
    ]
    if node.commit is not None:
        name = node.commit.author.rsplit(" <", 1)[0]
        rows.append(("committed", f"{node.commit.oid[:10]} {node.commit.date[:10]} {name}"))
    keeper = node.facts.get("kept_by")
    rows += [
        ("kept by", keeper if keeper not in (None, "git") else ""),
        ("address", node.facts.get("url")),
        ("started", node.facts.get("started")),
        ("run", node.facts.get("run")),
        ("digest", node.facts.get("payload") or ", ".join(node.facts.get("sha256", []))),
        ("files", ", ".join(str(path) for path in node.facts.get("paths", []))),
        ("known", "by its code, not seen as it ran" if node.by == CODE else ""),
    ]
    told = [tag("div", tag("dt", word), tag("dd", str(text))) for word, text in rows if text]
    code = str(node.facts.get("code") or "").split("\n")
    shown = [tag("div", line or " ") for line in code[:CODE_LINES]] if any(code) else []
    if len(code) > CODE_LINES:
        shown.append(tag("div", f"… {len(code) - CODE_LINES} more lines", class_="more"))
    heading = node.label if node.kind != CELL else tell_below(node)
    return [
        tag("p", WORDS[node.kind], class_="kind"),
        tag("h2", heading),
        tag("dl", *told),
        *([tag("div", join(shown), class_="source-code")] if shown else []),
    ]


def _help() -> Html:
    rows = [tag("div", tag("dt", *(tag("kbd", key) for key in keys.split())), tag("dd", words)) for keys, words in KEYS]
    close = tag("button", "Close", type="button", data_do="close")
    return tag("dialog", tag("h2", "Keys"), tag("dl", *rows), close, id="help")
