"""Ring 3: the one door to nbdime: its JSON diff format, which its web viewers and merge tools read."""

from typing import Any

from nbgit.external.nbformat import upgrade


def nbdime_diff(before: bytes, after: bytes) -> list[dict[str, Any]]:
    """Return nbdime's diff of two notebooks: `nbdime.patch(before, diff)` gives `after` (both as v4 documents).

    Raises NotANotebook where one of them is none.
    """
    old, new = upgrade(before), upgrade(after)
    from nbdime import diff_notebooks

    found: list[dict[str, Any]] = diff_notebooks(old, new)
    return found
