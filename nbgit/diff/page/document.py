"""Ring 3: the page of a diff as a whole: outline and notebooks (docs/design.md, "The page")."""

from __future__ import annotations

from collections.abc import Callable

from nbgit.diff.between import FileChange
from nbgit.diff.page.frame import bar, help_dialog, whole_page
from nbgit.diff.page.markup import Html, tag
from nbgit.diff.page.notebooks import Section, section
from nbgit.diff.page.room import Room
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
    words = _numbers(sections) if len(sections) > 1 else ""
    body = [bar(title, asked, words), _main(sections, room), help_dialog(KEYS)]
    return whole_page(title, body, room)


def _title(sections: list[Section]) -> str:
    if len(sections) == 1:
        return sections[0].path
    return f"{len(sections):,} notebooks changed" if sections else "No notebook changed"


def _numbers(sections: list[Section]) -> str:
    whole = Totals()
    for each in sections:
        if each.totals:
            whole.add(each.totals)
    return whole.words()


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
