"""Ring 3: what happens to many cells at once and says little, folded into one line a notebook."""

from nbgit.diff.changes import Changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
    numbers = {"execution counts": 0, "outputs": 0, "addresses or ids in outputs": 0, "tool metadata": 0}
    for change in what.cells:
        old, new = change.before, change.after
        if old is None or new is None:
            continue
        numbers["execution counts"] += old.execution_count != new.execution_count
        if _without_counts(old.outputs) != _without_counts(new.outputs):
            numbers["outputs" if change.output_changes else "addresses or ids in outputs"] += 1
        numbers["tool metadata"] += old.metadata != new.metadata
    return ", ".join(f"{name} ({number} cell{'s' if number > 1 else ''})" for name, number in numbers.items() if number)


def _without_counts(outputs: "list[Any]") -> "list[Any]":
    counts = ("execution_count", "prompt_number")
    return [
        {key: value for key, value in output.items() if key not in counts} if isinstance(output, dict) else output
        for output in outputs
    ]
