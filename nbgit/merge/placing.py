"""Ring 3: where the cells stand of a notebook that has some of another's changes, and their ids."""

from nbgit.merge.document import Document
from nbgit.merge.notebooks import with_unique_ids
from nbgit.merge.objects import JsonObject, dump, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.diff.changes import CellChange

WITH_IDS = (4, 5)  # the first nbformat that has cell ids


class Placed:
    """One cell's `text`, None where it is not there.

    `is_new` says that the text is the newer notebook's; `at_new` that its place is, where the two have it in different
    ones.
    """

    __slots__ = ("at_new", "change", "is_new", "text")

    def __init__(self, change: "CellChange", text: str | None, *, is_new: bool, at_new: bool) -> None:
        self.change = change
        self.text = text
        self.is_new = is_new
        self.at_new = at_new


def in_order(placed: list[Placed]) -> list[Placed]:
    """Return the cells that are there in their order.

    Cells that both notebooks have in the same order stay; between two of them, what stands there in the older notebook
    comes before what stands there in the newer.
    """
    older = sorted((one for one in placed if one.change.before), key=_place_before)
    newer = sorted((one for one in placed if one.change.after), key=_place_after)
    gaps: dict[int, tuple[list[Placed], list[Placed]]] = {}
    for side, cells in enumerate((older, newer)):
        gap = gaps.setdefault(-1, ([], []))[side]
        for one in cells:
            if _is_fixed(one):
                gap = gaps.setdefault(id(one), ([], []))[side]
            elif one.text is not None and _stands_at(one) == side:
                gap.append(one)
    found = [*gaps[-1][0], *gaps[-1][1]]
    for one in newer:
        if _is_fixed(one):
            found += [one, *gaps[id(one)][0], *gaps[id(one)][1]]
    return found


def _is_fixed(one: Placed) -> bool:
    return one.change.before is not None and one.change.after is not None and not one.change.moved


def _stands_at(one: Placed) -> int:
    """Return 0 for a cell that stands in its older place, 1 for the newer."""
    return 1 if one.change.before is None or (one.change.after is not None and one.at_new) else 0


def _place_before(one: Placed) -> int:
    return one.change.before.index if one.change.before else -1


def _place_after(one: Placed) -> int:
    return one.change.after.index if one.change.after else -1


def settled_ids(cells: list[Placed], older: Document, newer: Document, *, takes_top: bool) -> list[str]:
    """Return the cells' texts with the ids that the notebook's format asks for; with `takes_top` it is the newer's.

    Cells that stay as they were keep their ids; one that was taken gives way where its id is theirs. Where ids are not
    sound to begin with, nothing is done about them.
    """
    texts = [one.text or "" for one in cells]
    form = (newer if takes_top else older).notebook.nbformat
    if form < WITH_IDS:
        had = [document.notebook.nbformat >= WITH_IDS for document in (older, newer)]
        return [_without_id(text) if had[one.is_new] else text for one, text in zip(cells, texts, strict=True)]
    if not (_is_sound(older) and _is_sound(newer)):
        return texts
    taken: set[str] = set()
    ids: dict[int, str | None] = {}
    for is_new in (False, True):
        for number, one in enumerate(cells):
            if one.is_new == is_new:
                ids[number] = next((name for name in _wanted_ids(one) if name not in taken), None)
                taken.add(ids[number] or "")
    return with_unique_ids([_with_id(text, ids[number]) for number, text in enumerate(texts)])


def _wanted_ids(one: Placed) -> list[str]:
    sides = (one.change.after, one.change.before) if one.is_new else (one.change.before, one.change.after)
    return [cell.id for cell in sides if cell is not None and cell.id is not None]


def _is_sound(document: Document) -> bool:
    ids = [cell.id for cell in document.notebook.cells]
    has_ids = document.notebook.nbformat >= WITH_IDS
    return len(set(ids)) == len(ids) and None not in ids if has_ids else True


def _with_id(text: str, cell_id: str | None) -> str:
    """Return a cell's text with this id; None takes its own out."""
    layout = JsonObject(text)
    own = layout.values.get("id")
    if cell_id is None:
        return _without_id(text)
    if own is not None and load(own) == cell_id:
        return text
    return layout.write({**layout.values, "id": dump(cell_id)}, {"id": '"id": ', **layout.keys})


def _without_id(text: str) -> str:
    layout = JsonObject(text)
    if "id" not in layout.values:
        return text
    return layout.write({key: value for key, value in layout.values.items() if key != "id"}, layout.keys)
