"""Ring 1: `json.loads` without the import of `json`, which takes 7 ms (it needs `re`); see docs/design.md, "Hot path".

CPython's C scanner does the work, as it does for `json`. What it refuses is given to `json` itself, whose answers and
errors so hold.
"""

from nbgit.notebook.scan import REFUSALS, make_scanner, skip_space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Settings:
    """What the C scanner asks of its decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(float)  # NaN, Infinity, -Infinity


_scan_once = make_scanner(_Settings()) if make_scanner is not None else None


def loads(data: "bytes | str") -> "Any":
    """Return the value of a JSON document; raises what `json.loads` raises."""
    if _scan_once is not None:
        try:
            text = data if isinstance(data, str) else data.decode("utf-8", "surrogatepass")
            value, end = _scan_once(text, skip_space(text, 0))
            if skip_space(text, end) == len(text):
                return value
        except REFUSALS:
            pass
    import json

    return json.loads(data)
