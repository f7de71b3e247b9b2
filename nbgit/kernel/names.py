"""Apart: the names of a user's namespace: which a run has bound and which it has deleted, told by identity alone."""

import re

identity = object.__hash__  # as good as `id()`, which tells every audit hook of each call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OF_SHELL = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_(ih|oh|dh|exit_code)|In|Out|exit|quit|open|get_ipython|__\w+__")
LIMIT = 2000  # names of one kind in a record


def identities(names: "Mapping[str, object]") -> dict[str, int]:
    """Return name -> identity of its value; no value is held."""
    while True:
        try:
            return dict(zip(names, map(identity, names.values()), strict=False))
        except RuntimeError:  # another thread has bound a name meanwhile
            continue


def bound(before: "Mapping[str, int]", after: "Mapping[str, int]") -> list[str]:
    """Return the names that are new or have another value, sorted; the shell's own are left out."""
    if before == after:
        return []
    return _kept([name for name, value in after.items() if before.get(name) != value])


def deleted(before: "Mapping[str, int]", after: "Mapping[str, int]") -> list[str]:
    """Return the names that are gone, sorted."""
    return _kept(list(before.keys() - after.keys()))


def _kept(names: "list[str]") -> list[str]:
    return sorted(name for name in names if isinstance(name, str) and OF_SHELL.fullmatch(name) is None)
