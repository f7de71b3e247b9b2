"""Ring 3: HTML tables compared as tables: rows, columns and values (docs/design.md, "Diff": outputs).

Read with regular expressions that never look back, not with html.parser, which needs a hundred times longer.
"""

import re

from nbgit.diff.lines import Hunk, hunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = tuple[str, ...]

_ROW = re.compile(r"<tr\b[^<>]*>", re.IGNORECASE)
_CELL = re.compile(r"<t([dh])\b[^<>]*>", re.IGNORECASE)
_CELL_END = re.compile(r"</(?:t[dhr]|thead|tbody|table)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_SHAPE = re.compile(r"(\d+) rows (?:×|x|&times;) (\d+) columns")  # what pandas writes under a shortened table
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
EXACT = 15  # digits of a number that a float holds exactly
LONGEST_VALUE = 30  # characters of a value that stands in a summary


class Table:
    """`columns` are the names above the columns ("" above row labels), `rows` the texts of the cells of each row.

    `shape` is what the table says of its whole size (rows, columns) where it shows a part.
    """

    __slots__ = ("columns", "rows", "shape")

    def __init__(self, columns: "Row", rows: "list[Row]", shape: tuple[int, int] | None) -> None:
        self.columns = columns
        self.rows = rows
        self.shape = shape


class TableEdits:
    """How one table became another: `hunks` over the rows of `before` and `after` (both as they are compared).

    `pairs` are rows (index in before, in after) that are one row and differ, `changed` those of them with other values
    and not only with their numbers written in another way; `values` counts these; `columns_added` and
    `columns_removed` are names.
    """

    __slots__ = (
        "added",
        "after",
        "before",
        "changed",
        "columns_added",
        "columns_removed",
        "hunks",
        "pairs",
        "removed",
        "values",
    )

    def __init__(self, before: Table, after: Table) -> None:
        self.columns_added = [name for name in after.columns if name not in before.columns]
        self.columns_removed = [name for name in before.columns if name not in after.columns]
        if self.columns_added or self.columns_removed:
            before, after = _in_common(before, after), _in_common(after, before)
        self.before = before
        self.after = after
        self.hunks, self.pairs = _align(before.rows, after.rows)
        self.added = sum(hunk.b_end - hunk.b_start for hunk in self.hunks) - len(self.pairs)
        self.removed = sum(hunk.a_end - hunk.a_start for hunk in self.hunks) - len(self.pairs)
        numbers = [_differing(before.rows[a], after.rows[b]) for a, b in self.pairs]
        self.changed = [pair for pair, number in zip(self.pairs, numbers, strict=True) if number]
        self.values = sum(numbers)

    def summary(self) -> str:
        """Return what happened as `2 of 400 rows changed (3 values)`, with what was added and removed."""
        parts = []
        whole = _count(len(self.before.rows), " shown row" if self.before.shape else " row")
        if self.changed:
            parts.append(f"{len(self.changed):,} of {whole} changed{self._one_value()}")
        for names, verb in ((self.columns_added, "added"), (self.columns_removed, "removed")):
            if names:
                parts.append(f"{'column' if len(names) == 1 else 'columns'} {_shorten(', '.join(names))} {verb}")
        old, new = self.before.shape, self.after.shape
        if old and new and old != new:
            parts.append(f"{old[0]}x{old[1]} → {new[0]}x{new[1]}")
        else:
            parts += [_count(self.added, " row") + " added"] if self.added else []
            parts += [_count(self.removed, " row") + " removed"] if self.removed else []
        again = len(self.pairs) - len(self.changed)
        if again and parts:
            parts.append(f"{_count(again, ' row')} only written in another way")
        share = f"{again:,} of {whole} " if again else ""
        return ", ".join(parts) or f"the same values, {share}written in another way"

    def as_json(self) -> "dict[str, Any]":
        """Return the numbers for programs."""
        return {
            "rows_before": len(self.before.rows),
            "rows_after": len(self.after.rows),
            "rows_changed": len(self.changed),
            "rows_added": self.added,
            "rows_removed": self.removed,
            "values_changed": self.values,
            "columns_added": self.columns_added,
            "columns_removed": self.columns_removed,
        }

    def _one_value(self) -> str:
        if self.values != 1:
            return f" ({_count(self.values, ' value')})"
        (old, new) = next((self.before.rows[a], self.after.rows[b]) for a, b in self.changed)
        at = next(place for place, value in enumerate(old) if not _is_same(value, new[place]))
        name = self.before.columns[at] if at < len(self.before.columns) else ""
        return f" ({_shorten(name)}{': ' if name else ''}{_shorten(old[at])} → {_shorten(new[at])})"


def read_table(html: str) -> Table:
    """Return the rows of every table in `html` as one table."""
    heads: list[Row] = []
    rows: list[Row] = []
    for part in _ROW.split(html)[1:]:
        pieces = _CELL.split(part)  # text, "d" or "h", text, ...
        texts = tuple(_text_of(piece) for piece in pieces[2::2])
        if any(kind in "dD" for kind in pieces[1::2]):
            rows.append(texts)
        elif texts and not rows:
            heads.append(texts)
    columns = max(heads, key=lambda row: sum(map(bool, row)), default=())
    shape = _SHAPE.search(html)
    return Table(columns, rows, (int(shape[1]), int(shape[2])) if shape else None)


def row_lines(rows: "list[Row]") -> list[str]:
    """Return rows as lines that a person can read."""
    return [" | ".join(row) for row in rows]


def _text_of(piece: str) -> str:
    end = _CELL_END.search(piece)
    text = _TAG.sub("", piece[: end.start()] if end else piece)
    if "&" in text:
        from html import unescape

        text = unescape(text)
    return " ".join(text.split())


def _in_common(table: Table, other: Table) -> Table:
    """Return the columns that both tables have; the table as it is where its rows don't follow its columns."""
    width = len(table.columns)
    if len(set(table.columns)) < width or any(len(row) != width for row in table.rows):
        return table
    kept = [at for at, name in enumerate(table.columns) if name in other.columns]
    rows = [tuple([row[at] for at in kept]) for row in table.rows]
    return Table(tuple([table.columns[at] for at in kept]), rows, table.shape)


def _align(a: "list[Row]", b: "list[Row]") -> tuple[list[Hunk], list[tuple[int, int]]]:
    """Return the hunks between two lists of rows and the pairs in them that are one row.

    Rows are compared whole; where that leaves most of them unlike, without their labels: one row that was inserted
    above changes the numbers of all that follow.
    """
    found, _ = hunks(a, b)
    touched = sum(hunk.b_end - hunk.b_start for hunk in found)
    if a and b and touched > len(b) // 2 and min(len(a[0]), len(b[0])) > 1:
        bare, _ = hunks([row[1:] for row in a], [row[1:] for row in b])
        if 2 * sum(hunk.b_end - hunk.b_start for hunk in bare) < touched:
            found = bare
    return found, [pair for hunk in found for pair in _pairs(a, b, hunk)]


def _pairs(a: "list[Row]", b: "list[Row]", hunk: Hunk) -> list[tuple[int, int]]:
    a_range, b_range = range(hunk.a_start, hunk.a_end), range(hunk.b_start, hunk.b_end)
    if len(a_range) == len(b_range):
        return list(zip(a_range, b_range, strict=True))
    labels = {b[at][0]: at for at in b_range if b[at]}
    return [(at, labels.pop(a[at][0])) for at in a_range if a[at] and a[at][0] in labels]


def _differing(old: "Row", new: "Row") -> int:
    return sum(not _is_same(x, y) for x, y in zip(old, new, strict=False)) + abs(len(old) - len(new))


def _is_same(old: str, new: str) -> bool:
    """Say whether two cells have one value: the same text, or the same number (`1.00` and `1.0`)."""
    return old == new or (_NUMBER.fullmatch(old) is not None and _number(old) == _number(new))


def _number(text: str) -> float | str:
    """Return the number that a text is; the text where it is none, or where a float would not hold it exactly."""
    if _NUMBER.fullmatch(text) is None or sum(letter.isdigit() for letter in text) > EXACT:
        return text
    value = float(text)
    return value if 1e-300 < abs(value) < 1e300 or not text.strip("+-0.") else text


def _count(number: int, noun: str) -> str:
    return f"{number:,}{noun}{'' if number == 1 else 's'}"


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
