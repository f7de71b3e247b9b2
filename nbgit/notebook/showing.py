"""Ring 1: what a version of a notebook shows, and what is new in it against the versions before (docs/formats.md,
"Entries"). The one place that says so in words, for the entries that `git log` prints and for `nbgit log`.

Only what the versions themselves show is told: outputs and counts that differ from those before were run; of those that
do not it is said that they are as before.
"""

from itertools import accumulate

from nbgit.errors import NotANotebook
from nbgit.notebook.cells import read_cells
from nbgit.notebook.outputs import count_of, is_figure, read_counts, read_payloads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from typing import Any

    Datum = tuple[int, str, str]  # output index, media type, digest
    Run = tuple[int, int | None, Sequence[Sequence[Any]]]  # cell index, count, data

KIND_LIMIT = 40  # characters of a media type's short name
RANGES_SHOWN = 6
OURS, THEIRS = "ours", "theirs"


class Showing:
    """What one version shows: `cells` as (id, code), `runs` as cell index -> (count, data) where there is either."""

    __slots__ = ("cells", "runs")

    def __init__(self, cells: "Iterable[tuple[str | None, Hashable]]", runs: "Iterable[Run]") -> None:
        self.cells = list(cells)
        self.runs: dict[int, tuple[int | None, tuple[Datum, ...]]] = {}
        for index, count, data in runs:
            found = tuple((int(at), str(mime), str(digest)) for at, mime, digest in data)
            if found or count is not None:
                self.runs[index] = (count, found)

    @property
    def counts(self) -> list[int]:
        """The execution counts in the notebook's order."""
        return [count for _, (count, _) in sorted(self.runs.items()) if count is not None]


class Told:
    """What is new in a version: `code` (what was edited), `run` and `figures` in words, each "" for nothing to tell;
    `ran` are the indices of the cells that show outputs or a count that no version before shows for them; `is_mixed`
    says that code and outputs come from different sides of a merge."""

    __slots__ = ("code", "figures", "is_mixed", "ran", "run")

    def __init__(self, code: str, run: str, figures: str, ran: list[int], *, is_mixed: bool = False) -> None:
        self.code = code
        self.run = run
        self.figures = figures
        self.ran = ran
        self.is_mixed = is_mixed

    @property
    def line(self) -> str:
        """What an entry says; the code only where that alone shows that outputs are not its own."""
        code = self.code if "as before" in self.run else ""
        return "; ".join(part for part in (code, self.run, self.figures) if part)


def runs_of_document(document: "dict[str, Any]") -> "list[Run]":
    """Return the runs of a checked snapshot.json as `Showing` takes them."""
    return [
        (
            cell["index"],
            count_of(cell.get("execution_count")),
            [
                (number, payload["mime"], payload["digest"])
                for number, output in enumerate(cell.get("outputs", []))
                for payload in output["payloads"]
            ],
        )
        for cell in document["cells"]
    ]


def read_code(source: bytes) -> "list[tuple[str | None, str]]":
    """Return the cells of a notebook's bytes as (id, code); none where it can't be read."""
    try:
        return [(cell.id, cell.source) for cell in read_cells(source).cells]
    except (NotANotebook, ValueError, RecursionError):
        return []


def read_showing(notebook: bytes) -> Showing:
    """Return what a notebook's own bytes show; nothing where they can't be read."""
    data: dict[int, list[Datum]] = {}
    try:
        counts = dict(read_counts(notebook))
        for one in read_payloads(notebook):
            data.setdefault(one.cell_index, []).append((one.output_index, one.mime, one.digest))
    except (NotANotebook, TypeError):  # or JSON of another shape under a notebook's name
        return Showing([], [])
    runs = [(index, counts.get(index), data.get(index, [])) for index in sorted({*counts, *data})]
    return Showing(read_code(notebook), runs)


def tell_showing(now: Showing, before: "list[Showing | None]") -> Told:
    """Return what is new in a version against the one of each parent (None: the notebook is not there)."""
    sides = [(side, one, pair_cells(now, one)) for side, one in enumerate(before) if one is not None]
    kept = {
        index: [side for side, one, pairs in sides if _is_kept(now, one, pairs, index)] for index in sorted(now.runs)
    }
    ran = [index for index, found in kept.items() if not found]
    code = _tell_code(now, *sides[0][1:]) if sides else ""
    if ran:
        order = tell_order(now)
        if len(ran) < len(kept):
            order = f"{in_words(ran)} ran, other outputs as before{_tell_counts(now)}"
        stale = [index for index, found in kept.items() if found and _is_stale(now, sides, found, index)]
        order += f", {in_words(stale)} stale" if stale else ""
        return Told(code, order, _tell_figures(now), ran)
    is_mixed = len(sides) > 1 and all(_differs(now, one, pairs) for _, one, pairs in sides)
    if kept and is_mixed:
        return Told("", *_tell_merge(now, sides, kept), [], is_mixed=True)
    gone = [index for index in range(len(now.cells)) if sides and _is_gone(now, sides, index)]
    run = "outputs as before" if kept else ""
    if gone and kept:
        run += f", those of {in_words(gone)} gone"
    return Told(code, run, "", [])


def tell_order(now: Showing) -> str:
    """Return how many cells ran, and in which order by their counts."""
    many = len(now.counts)
    if not many:
        return "outputs without execution counts"
    return f"{many} cell{'s' if many > 1 else ''} ran" + _tell_counts(now)


def in_words(indices: list[int]) -> str:
    """Return `cell 3`, `cells 0-2, 7`, or how many where they are many; indices are in order."""
    parts: list[list[int]] = []
    for index in indices:
        if parts and parts[-1][-1] == index - 1:
            parts[-1][1:] = [index]
        else:
            parts.append([index])
    if len(parts) > RANGES_SHOWN:
        return f"{len(indices)} cells"
    shown = ", ".join("-".join(str(end) for end in part) for part in parts)
    return f"cell{'' if len(indices) == 1 else 's'} {shown}"


def short_kind(mime: str) -> str:
    """Return the short name of a media type: png, svg, pdf, plotly."""
    kind = mime.split("/", 1)[-1].split("+", 1)[0]
    return next((word for word in ("plotly", "vega") if word in kind), kind[:KIND_LIMIT])


def _tell_counts(now: Showing) -> str:
    counts = now.counts
    if not counts:
        return ""
    if len(counts) == 1:
        return f", [{counts[0]}]"
    if counts == list(range(counts[0], counts[0] + len(counts))):
        return f", [{counts[0]}] to [{counts[-1]}] in order"
    if counts == sorted(set(counts)):
        return f", [{counts[0]}] to [{counts[-1]}] with gaps"
    return f", [{min(counts)}] to [{max(counts)}], {in_words(_out_of_order(now))} out of order"


def _out_of_order(now: Showing) -> list[int]:
    """Return the cells that were run after one below them or, if those are fewer, before one above them."""
    counted = [(index, count) for index, (count, _) in sorted(now.runs.items()) if count is not None]
    counts = [count for _, count in counted]
    lowest = list(accumulate(reversed(counts), min))[::-1]  # from each on
    after = [index for (index, count), low in zip(counted, lowest[1:], strict=False) if count >= low]
    before = [
        index for (index, count), high in zip(counted[1:], accumulate(counts, max), strict=False) if count <= high
    ]
    return after if len(after) <= len(before) else before


def _tell_figures(now: Showing) -> str:
    figures: dict[tuple[int, int], str] = {}  # of each output with a figure
    for index, (_, data) in sorted(now.runs.items()):
        for at, mime, _ in data:
            if is_figure(mime):
                figures.setdefault((index, at), mime)
    if not figures:
        return ""
    shown = ", ".join(f"cell {index} {short_kind(mime)}" for (index, _), mime in list(figures.items())[:4])
    shown += f" and {len(figures) - 4} more" if len(figures) > 4 else ""
    return f"{len(figures)} figure{'s' if len(figures) > 1 else ''} ({shown})"


def _tell_code(now: Showing, before: Showing, pairs: "list[int | None]") -> str:
    edited = [index for index, at in enumerate(pairs) if at is not None and now.cells[index][1] != before.cells[at][1]]
    added = [index for index, at in enumerate(pairs) if at is None]
    found = [at for at in pairs if at is not None]
    removed = len(before.cells) - len(found)
    parts = [f"edited {in_words(edited)}"] if edited else []
    parts += [f"added {in_words(added)}"] if added else []
    parts += [f"removed {removed} cell{'s' if removed > 1 else ''}"] if removed else []
    return ", ".join(parts or (["moved cells"] if found != sorted(found) else []))


def _tell_merge(
    now: Showing, sides: "list[tuple[int, Showing, list[int | None]]]", kept: dict[int, list[int]]
) -> tuple[str, str]:
    """Return of which side the outputs and the edited code of a merge are."""
    code: dict[int, list[int]] = {
        index: [side for side, one, pairs in sides if _is_same_code(now, one, pairs, index)]
        for index in range(len(now.cells))
    }
    told = []
    for what, found in (("code", code), ("outputs", kept)):
        parts = []
        for name, cells in _by_side(found, len(sides)):
            parts.append(f"of {in_words(cells)} {name}")
        told.append(f"{what} {', '.join(parts)}" if parts else f"{what} as before")
    return "merged: " + "; ".join(told), ""


def _by_side(found: dict[int, list[int]], number: int) -> list[tuple[str, list[int]]]:
    """Return (side in words, cells) of those cells that are not the same on all sides."""
    by_name: dict[str, list[int]] = {}
    for index, sides in found.items():
        if len(sides) < number:
            name = "of both" if not sides else OURS if 0 in sides else THEIRS
            by_name.setdefault(name, []).append(index)
    return list(by_name.items())


def _differs(now: Showing, before: Showing, pairs: "list[int | None]") -> bool:
    return len(now.cells) != len(before.cells) or not all(
        _is_same_code(now, before, pairs, index) for index in range(len(now.cells))
    )


def _is_same_code(now: Showing, before: Showing, pairs: "list[int | None]", index: int) -> bool:
    at = pairs[index]
    return at is not None and before.cells[at][1] == now.cells[index][1]


def _is_kept(now: Showing, before: Showing, pairs: "list[int | None]", index: int) -> bool:
    if index >= len(pairs):  # of a notebook whose cells can't be read
        return before.runs.get(index) == now.runs[index]
    at = pairs[index]
    return at is not None and before.runs.get(at) == now.runs[index]


def _is_stale(now: Showing, sides: "list[tuple[int, Showing, list[int | None]]]", kept: list[int], index: int) -> bool:
    """Return whether a cell shows outputs of before, but has other code than on any side that they are kept of."""
    pairs = [(one, pairs) for side, one, pairs in sides if side in kept]
    return bool(now.runs[index][1]) and not any(_is_same_code(now, one, found, index) for one, found in pairs)


def _is_gone(now: Showing, sides: "list[tuple[int, Showing, list[int | None]]]", index: int) -> bool:
    places = [(one, pairs[index]) for _, one, pairs in sides]
    return index not in now.runs and all(at is not None and at in one.runs for one, at in places)


def pair_cells(now: Showing, before: Showing) -> "list[int | None]":
    """Return for each cell which one of `before` it is: by code and run, by code, by id, by its neighbours."""
    pairs: list[int | None] = [None] * len(now.cells)
    free = dict.fromkeys(range(len(before.cells)))
    keys: tuple[Callable[[Showing, int], Hashable], ...] = (
        lambda one, index: (one.cells[index], one.runs.get(index)),
        lambda one, index: (one.cells[index][1], one.runs.get(index)),
        lambda one, index: one.cells[index],
        lambda one, index: one.cells[index][1],
        lambda one, index: one.cells[index][0],
    )
    for key in keys:
        offered: dict[Hashable, list[int]] = {}
        for at in reversed(free):
            offered.setdefault(key(before, at), []).append(at)
        offered.pop(None, None)
        for index, pair in enumerate(pairs):
            if pair is None and offered.get(key(now, index)):
                at = offered[key(now, index)].pop()
                pairs[index] = at
                del free[at]
    _pair_neighbours(pairs, free)
    return pairs


def _pair_neighbours(pairs: "list[int | None]", free: "dict[int, None]") -> None:
    """Pair what is left: the cell behind a pair with the one behind it there, then the cell before a pair."""
    last: int | None = -1
    for index, pair in enumerate(pairs):
        if pair is None and last is not None and last + 1 in free:
            pairs[index] = last + 1
            del free[last + 1]
        last = pairs[index]
    following: int | None = None
    for index in reversed(range(len(pairs))):
        if pairs[index] is None and following is not None and following - 1 in free:
            pairs[index] = following - 1
            del free[following - 1]
        following = pairs[index]
