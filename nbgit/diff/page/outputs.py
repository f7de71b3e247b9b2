"""Ring 3: what happened to one output, shown by its kind."""

from __future__ import annotations

import re

from nbgit.diff.changes import LineEdits
from nbgit.diff.compare import TextEdits, compare, output_lines, tell
from nbgit.diff.figures import FigureEdits
from nbgit.diff.outputs import Output, OutputChange
from nbgit.diff.page.figures import figure_html
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.page.room import Room, csp_hash
from nbgit.diff.page.rows import Rows
from nbgit.diff.page.tables import table_edits_html, table_html
from nbgit.diff.render_outputs import cut
from nbgit.diff.tables import TableEdits, read_table
from nbgit.diff.values import ValueEdits

MOST_LINES = 400  # changed lines of one output that stand in the page
FOLDED_FROM = 60  # changed lines; an output with more of them is folded at first
LARGEST_FRAME = 2_000_000  # characters of an HTML output that is shown as it looks
FRAME_STYLE = "body{margin:8px;font:13px/1.45 system-ui,sans-serif}"
# A frame inherits the page's policy; its own, which forbids the same, is for browsers that forget.
FRAME_START = (
    "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src data:; "
    f"style-src 'unsafe-inline'\"><style>{FRAME_STYLE}</style>"
)
_BLOCK = re.compile(r"<(?:br|p|li|tr|div|h[1-6]|pre|dt|dd|summary)\b", re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(r"<script\b.*?(?:</script\s*>|$)", re.IGNORECASE | re.DOTALL)
# What could load something, lead elsewhere or run. Sandbox and policy forbid that too, but for preconnecting links.
_RISKY = re.compile(r"<(/?)(script|link|meta|base|i?frame|frameset|object|embed|applet|form|portal)\b", re.IGNORECASE)


def output_html(change: OutputChange, room: Room, context: int) -> Html:
    """Return an output's change under one line that tells it; folded where it is long."""
    edits = compare(change, decode=True)
    size = 0
    if isinstance(edits, FigureEdits) or (edits is None and change.kind == "figure"):
        body = figure_html(change.before, change.after, edits if isinstance(edits, FigureEdits) else None, room)
    elif change.kind == "table":
        body = _table(change, edits if isinstance(edits, TableEdits) else None)
    elif isinstance(edits, ValueEdits):
        body = _values(edits)
    elif change.kind in ("plot", "json", "widget"):
        body = Html()
    else:
        lines = edits.edits if isinstance(edits, TextEdits) else _one_side(change)
        size = sum(hunk.a_end - hunk.a_start + hunk.b_end - hunk.b_start for hunk in lines.hunks)
        body = _text(lines, context)
        if change.kind == "html":
            body = join([_frames(change, room), body])
    told = tag("span", f"output {change.index}", class_="number"), tag("span", tell(change, edits))
    if not body:
        return tag("p", *told, class_="output")
    shown = tag("div", body, class_="shown")
    return tag("details", tag("summary", *told), shown, class_="output", open=size <= FOLDED_FROM)


def _text(lines: LineEdits, context: int) -> Html:
    if not lines.hunks:
        return Html()
    shown, left_out = cut(lines, context, MOST_LINES)
    more = f"{left_out:,} more changed lines of this output are not shown"
    return join([Rows(shown).render(context), tag("p", more, class_="remark") if left_out else Html()])


def _one_side(change: OutputChange) -> LineEdits:
    return LineEdits(*[output_lines(output) if output else [] for output in (change.before, change.after)])


def _table(change: OutputChange, edits: TableEdits | None) -> Html:
    tables = [read_table(_decoded(output)) for output in (change.before, change.after) if output]
    if edits is None:
        return table_html(tables[0], "old" if change.after is None else "new")
    is_same = not (edits.hunks or edits.columns_added or edits.columns_removed)
    return Html() if is_same else table_edits_html(edits, tables[0], tables[1])


def _values(edits: ValueEdits) -> Html:
    rows = [tag("tr", tag("th", edit.path or "value", scope="row"), tag("td", edit.what)) for edit in edits.edits]
    more = tag("p", "and more", class_="remark") if not edits.complete else Html()
    return join([tag("div", tag("table", tag("tbody", join(rows)), class_="data"), class_="scroll", tabindex=0), more])


def _frames(change: OutputChange, room: Room) -> Html:
    """Return HTML outputs as they look, each in a frame in which nothing runs and from which nothing is loaded."""
    sides = [("Before", change.before), ("After", change.after)]
    frames = [_frame(name, output, room) for name, output in sides if output is not None]
    return tag("div", *frames, class_="frames")


def _frame(name: str, output: Output, room: Room) -> Html:
    html = _decoded(output).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    safe = _RISKY.sub(r"<\1x-\2", _SCRIPT.sub("", html))
    if len(html) > LARGEST_FRAME or not room.take(len(safe)):
        return tag("p", f"{name}: left out to keep the page small ({len(html):,} characters)", class_="remark left-out")
    room.styles.update(dict.fromkeys(csp_hash(style) for style in _STYLE.findall(safe)[:20]))
    room.styles[csp_hash(FRAME_STYLE)] = None
    height = min(6, 1 + len(_BLOCK.findall(safe)) // 4)
    frame = tag("iframe", sandbox=True, loading="lazy", title=name, class_=f"h{height}", srcdoc=FRAME_START + safe)
    return tag("figure", frame, tag("figcaption", name))


def _decoded(output: Output) -> str:
    return output.payload.decode("utf-8", "replace")
