"""Ring 3: what happens to many cells at once and says little, folded into one line a notebook."""

from nbgit.diff.changes import Changes

FEW = 3  # cells; where the metadata of more than these changed and nothing else of them, one line says so


def folded_metadata(what: Changes) -> str:
    """Return `metadata of 30 cells (tags, slideshow)` where many cells changed in nothing else, "" elsewhere."""
    found = [change for change in what.cells if change.only_metadata]
    if len(found) <= FEW:
        return ""
    names: dict[str, None] = {}
    for change in found:
        edits = change.metadata_edits
        for hunk in edits.hunks:
            lines = edits.before[hunk.a_start : hunk.a_end] + edits.after[hunk.b_start : hunk.b_end]
            names.update(dict.fromkeys(line.partition(":")[0] for line in lines))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"metadata of {len(found)} cells: {', '.join(list(names)[:5])}{more}"


def what_runs_wrote(what: Changes) -> str:
    """Return `execution counts (3 cells), outputs (1 cell)`: what differs that is no edit, in cells."""
    numbers = {"execution counts": 0, "outputs": 0, "tool metadata": 0}
    for change in what.cells:
        old, new = change.before, change.after
        if old is None or new is None:
            continue
        numbers["execution counts"] += old.execution_count != new.execution_count
        numbers["outputs"] += old.outputs != new.outputs
        numbers["tool metadata"] += old.metadata != new.metadata
    return ", ".join(f"{name} ({number} cell{'s' if number > 1 else ''})" for name, number in numbers.items() if number)
