"""Ring 3: a merged cell given the members that its kind must have, and freed of those it can't have."""

from nbgit.merge.objects import JsonObject
from nbgit.notebook.cells import SOURCE_KEYS

OLD_MEMBERS = ("language", "collapsed")  # of code cells of nbformat 2 and 3
RUN_KEYS = ("outputs", "execution_count", "prompt_number")
NEEDED = {"execution_count": "null", "outputs": "[]"}
NEEDED_OLD = {"language": '"python"', "outputs": "[]"}


def fit_kind(cell_text: str, major: int) -> str:
    """Return a cell of nbformat `major` as nbformat's schema has cells of its kind.

    One side may have made Markdown of a cell in which the other changed what only code has.
    """
    if major < 2:
        return cell_text
    layout = JsonObject(cell_text)
    kind = layout.values.get("cell_type", "")
    is_old = major < 4
    values = _with_source_key(layout.values, "input" if is_old and kind == '"code"' else "source")
    if kind == '"code"':
        for key, value in (NEEDED_OLD if is_old else NEEDED).items():
            values.setdefault(key, value)
        unfit: tuple[str, ...] = ("attachments", "level")
    elif kind in ('"markdown"', '"raw"', '"heading"'):
        unfit = (*RUN_KEYS, *(OLD_MEMBERS if is_old else ()))
        if kind == '"heading"':
            values.setdefault("level", "1")
        elif is_old:
            unfit += ("level",)
    else:
        return cell_text
    for key in unfit:
        values.pop(key, None)
    colon = ": " if any(key.endswith(": ") for key in layout.keys.values()) else ":"
    return layout.write(values, {**{key: f'"{key}"{colon}' for key in values}, **layout.keys})


def _with_source_key(values: dict[str, str], right: str) -> dict[str, str]:
    """Return the members with the source, of which two spellings may stand here, under the right key."""
    found = [key for key in SOURCE_KEYS if key in values]
    if found in ([], [right]):
        return dict(values)
    return {right if key == found[0] else key: text for key, text in values.items() if key not in found[1:]}
