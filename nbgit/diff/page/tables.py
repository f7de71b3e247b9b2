"""Ring 3: a table's change as one table: rows and columns that came or went, and values before and after in place."""

from __future__ import annotations

from nbgit.diff.lines import hunks
from nbgit.diff.page.markup import Html, join, tag
from nbgit.diff.tables import Table, TableEdits

CONTEXT = 1  # rows around a changed one
FEW = 5  # rows that show what became of the columns, where nothing else changed
MOST_ROWS = 200  # of one table
Row = tuple[str, ...]
Column = tuple[int | None, int | None]  # its place in the older and in the newer rows


class _Grid:
    """Two tables in one: their `columns`, and rows by number; `room` counts the rows that may still be shown."""

    def __init__(self, before: Table, after: Table) -> None:
        self.before = before
        self.after = after
        self.columns = _columns(before, after)
        self.room = MOST_ROWS

    def head(self) -> Html:
        """Return the row of column names, "" where there are none."""
        names = [self._name(column) for column in self.columns]
        return tag("thead", tag("tr", *names)) if any(self.before.columns + self.after.columns) else Html()

    def row(self, old: int | None, new: int | None, kind: str) -> Html:
        """Return one row: by its number in the older table, in the newer one, or both."""
        self.room -= 1
        if self.room < 0:
            return Html()
        before = self.before.rows[old] if old is not None else None
        after = self.after.rows[new] if new is not None else None
        return tag("tr", *[self._cell(column, before, after) for column in self.columns], class_=kind or None)

    def _name(self, column: Column) -> Html:
        old, new = _at(self.before.columns, column[0]), _at(self.after.columns, column[1])
        shown = new if new is not None else old
        return tag("th", shown, class_=_side(column), scope="col")

    def _cell(self, column: Column, before: Row | None, after: Row | None) -> Html:
        old, new = _at(before, column[0]), _at(after, column[1])
        name = "th" if 0 in column and "" in (*self.before.columns[:1], *self.after.columns[:1]) else "td"
        if before is not None and after is not None and None not in column and old != new:
            return tag(name, tag("del", old), " ", tag("ins", new), class_="changed")
        return tag(name, new if new is not None else old, class_=_side(column))


def table_edits_html(edits: TableEdits, before: Table, after: Table) -> Html:
    """Return what became of a table; `before` and `after` are the tables with all of their columns."""
    in_full = before.columns != edits.before.columns or after.columns != edits.after.columns
    grid = _Grid(before, after) if in_full else _Grid(edits.before, edits.after)
    rows: list[Html] = []
    a_at = b_at = 0
    for number, hunk in enumerate(edits.hunks):
        rows += _same(grid, a_at, b_at, hunk.a_start - a_at, CONTEXT if number else 0, CONTEXT)
        rows += _changed(grid, edits, range(hunk.a_start, hunk.a_end), range(hunk.b_start, hunk.b_end))
        a_at, b_at = hunk.a_end, hunk.b_end
    shown = CONTEXT if edits.hunks else FEW
    rows += _same(grid, a_at, b_at, len(grid.before.rows) - a_at, shown, 0)
    return _whole(grid, rows)


def table_html(table: Table, kind: str) -> Html:
    """Return a table that came ("new") or went ("old")."""
    grid = _Grid(table, table)
    return _whole(grid, [grid.row(at, at, "") for at in range(len(table.rows))], kind)


def _whole(grid: _Grid, rows: list[Html], kind: str = "") -> Html:
    made = tag("table", grid.head(), tag("tbody", join(rows)), class_=f"data {kind}".strip())
    more = tag("p", f"{-grid.room:,} more rows are not shown", class_="remark") if grid.room < 0 else Html()
    return join([tag("div", made, class_="scroll", tabindex=0), more])


def _same(grid: _Grid, a_at: int, b_at: int, length: int, above: int, below: int) -> list[Html]:
    hidden = length - above - below
    if hidden < 2:
        return [grid.row(a_at + step, b_at + step, "") for step in range(length)]
    head = [grid.row(a_at + step, b_at + step, "") for step in range(above)]
    gap = tag("tr", tag("td", f"{hidden:,} rows the same", colspan=max(1, len(grid.columns))), class_="gap")
    tail = [grid.row(a_at + step, b_at + step, "") for step in range(length - below, length)]
    return [*head, gap, *tail]


def _changed(grid: _Grid, edits: TableEdits, olds: range, news: range) -> list[Html]:
    """Return the rows of one hunk, each changed one once, with what stands before it on the newer side above it."""
    partners = {old: new for old, new in edits.pairs if old in olds}
    waiting = [new for new in news if new not in partners.values()]
    rows: list[Html] = []
    for old in olds:
        if old not in partners:
            rows.append(grid.row(old, None, "old"))
            continue
        while waiting and waiting[0] < partners[old]:
            rows.append(grid.row(None, waiting.pop(0), "new"))
        rows.append(grid.row(old, partners[old], ""))
    return rows + [grid.row(None, new, "new") for new in waiting]


def _columns(before: Table, after: Table) -> list[Column]:
    """Return the columns of both, those that went beside what stood before them."""
    if before.columns == after.columns or not (_is_regular(before) and _is_regular(after)):
        width = max((len(row) for table in (before, after) for row in [table.columns, *table.rows]), default=0)
        return [(at, at) for at in range(width)]
    columns: list[Column] = []
    a_at = b_at = 0
    found, _ = hunks(before.columns, after.columns)
    for hunk in found:
        columns += zip(range(a_at, hunk.a_start), range(b_at, hunk.b_start), strict=True)
        columns += [(at, None) for at in range(hunk.a_start, hunk.a_end)]
        columns += [(None, at) for at in range(hunk.b_start, hunk.b_end)]
        a_at, b_at = hunk.a_end, hunk.b_end
    return [*columns, *zip(range(a_at, len(before.columns)), range(b_at, len(after.columns)), strict=True)]


def _is_regular(table: Table) -> bool:
    return all(len(row) == len(table.columns) for row in table.rows)


def _at(row: Row | None, at: int | None) -> str | None:
    return row[at] if row is not None and at is not None and at < len(row) else None


def _side(column: Column) -> str | None:
    return "old" if column[1] is None else "new" if column[0] is None else None
