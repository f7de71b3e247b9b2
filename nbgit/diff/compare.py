"""Ring 3: one changed output looked at by its kind, and told in one line (docs/design.md, "Diff": outputs)."""

from nbgit.diff.changes import LineEdits
from nbgit.diff.lines import Hunk, hunks
from nbgit.diff.outputs import Output, OutputChange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from nbgit.diff.figures import FigureEdits
    from nbgit.diff.tables import TableEdits
    from nbgit.diff.values import ValueEdits

    Edits: TypeAlias = "TextEdits | TableEdits | FigureEdits | ValueEdits"

LONGEST_SHOWN = 60  # characters of a line that stands in a summary
MOST_LINES = 5_000  # of one text that are compared, from the first to the last that differ


class TextEdits:
    """How a text changed by lines; `cut` is the line (from 0) behind which they were not compared, or None."""

    __slots__ = ("cut", "edits")

    def __init__(self, before: "list[str]", after: "list[str]") -> None:
        start, end = _alike(before, after)
        a_end, b_end = len(before) - end, len(after) - end
        is_long = max(a_end, b_end) - start > MOST_LINES
        self.cut = start + MOST_LINES if is_long else None
        if is_long:
            a_end, b_end = min(a_end, start + MOST_LINES), min(b_end, start + MOST_LINES)
        found, exact = hunks(before[start:a_end], after[start:b_end])
        moved = [Hunk(h.a_start + start, h.a_end + start, h.b_start + start, h.b_end + start) for h in found]
        self.edits = LineEdits.of(before, after, moved, exact)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many lines were changed, added, removed."""
        sizes = [(hunk.a_end - hunk.a_start, hunk.b_end - hunk.b_start) for hunk in self.edits.hunks]
        changed = sum(map(min, sizes))
        return changed, sum(new for _, new in sizes) - changed, sum(old for old, _ in sizes) - changed

    def summary(self) -> str:
        """Return `1 of 300 lines changed` with what was added and removed, or both texts where each is a short line."""
        old, new = self.edits.before, self.edits.after
        if len(old) == len(new) == 1 and max(len(old[0]), len(new[0])) <= LONGEST_SHOWN:
            return f"{old[0]} → {new[0]}"
        changed, added, removed = self.counts
        parts = [f"{changed:,} of {lines_text(len(old))} changed"] if changed else []
        parts += [f"{lines_text(added)} added"] if added else []
        parts += [f"{lines_text(removed)} removed"] if removed else []
        parts += [f"not compared beyond line {self.cut:,}"] if self.cut is not None else []
        return ", ".join(parts) or "the same lines"

    def as_json(self) -> "dict[str, Any]":
        """Return the numbers for programs."""
        changed, added, removed = self.counts
        return {
            "lines_before": len(self.edits.before),
            "lines_after": len(self.edits.after),
            "lines_changed": changed,
            "lines_added": added,
            "lines_removed": removed,
            "complete": self.cut is None,
        }


def compare(change: OutputChange, *, decode: bool) -> "Edits | None":
    """Return what happened within an output that both sides have, None for one that was added or removed.

    `decode` says whether pictures may be decoded, which needs Pillow and some time.
    """
    old, new = change.before, change.after
    if old is None or new is None:
        return None
    if change.kind == "figure":
        from nbgit.diff.figures import FigureEdits

        return FigureEdits(old, new, decode=decode)
    if change.kind == "table":
        from nbgit.diff.tables import TableEdits, read_table

        return TableEdits(read_table(_text(old)), read_table(_text(new)))
    if change.kind in ("plot", "json"):
        from nbgit.diff.values import ValueEdits, read_value

        return ValueEdits(read_value(old.payload), read_value(new.payload))
    return TextEdits(output_lines(old), output_lines(new))


def tell(change: OutputChange, edits: "Edits | None") -> str:
    """Return one line: `figure changed 640x480 → 640x480, 3.1 % of pixels`, `table: 2 of 400 rows changed`."""
    if edits is None:
        shown = change.after or change.before
        assert shown is not None
        return f"{'added' if change.after else 'removed'}: {describe(shown)}"
    if change.kind == "figure":
        return f"figure changed {edits.summary()}"
    if change.kind == "error":
        assert change.before is not None
        assert change.after is not None
        names = [_error_name(output) for output in (change.before, change.after)]
        return f"error: {' → '.join(names)}" if names[0] != names[1] else f"error {names[0]}: another traceback"
    return f"{change.kind}: {edits.summary()}"


def describe(output: Output) -> str:
    """Return what an output is: `figure 640x480`, `stdout of 12 lines`, `table of 400 rows`, `error ValueError: x`."""
    if output.kind == "figure":
        from nbgit.diff.figures import figure_size, size_text

        size = figure_size(output)
        return f"figure {size_text(size)}" if size else f"figure ({output.mime})"
    if output.kind == "table":
        from nbgit.diff.tables import read_table

        table = read_table(_text(output))
        return f"table of {table.shape[0] if table.shape else len(table.rows):,} rows"
    if output.kind == "error":
        return f"error {_error_name(output)}"
    if output.kind in ("plot", "json", "widget"):
        return output.kind
    return f"{output.kind} of {lines_text(len(output_lines(output)))}"


def output_lines(output: Output) -> list[str]:
    """Return the lines of an output's text as a terminal would show them: no escapes, what `\\r` overwrites gone."""
    text = _text(output)
    if "\x1b" in text:
        from nbgit.diff.noise import without_escapes

        text = without_escapes(text)
    if output.kind in ("html", "table"):
        from nbgit.diff.noise import without_tags

        text = without_tags(text)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if "\r" in text:
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    return lines


def lines_text(number: int) -> str:
    """Return `1 line`, `300 lines`."""
    return f"{number:,} line{'' if number == 1 else 's'}"


def _alike(before: list[str], after: list[str]) -> tuple[int, int]:
    """Return how many lines two texts that differ have in common at their begin, and at their end."""
    short = min(len(before), len(after))
    start = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), short)
    backwards = zip(reversed(before), reversed(after), strict=False)
    end = next((at for at, (old, new) in enumerate(backwards) if old != new), short)
    return start, min(end, short - start)


def _text(output: Output) -> str:
    return output.payload.decode("utf-8", "replace")


def _error_name(output: Output) -> str:
    """Return `ValueError: message`: the last line of a traceback that is not blank."""
    lines = [line for line in output_lines(output) if line.strip()]
    name = lines[-1].strip() if lines else ""
    return name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 1] + "…"
