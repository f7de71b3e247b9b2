"""Ring 5: numbers as people type them, and in sentences: cells and sizes as people read them."""

import click


class Number(click.IntRange):
    """A number from 0 on."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(min=0)


def cells(indices: list[int]) -> str:
    """Return `cell 3`, `cells 0-2, 7`, or `no cell`; indices are in order."""
    if not indices:
        return "no cell"
    return f"cell{'' if len(indices) == 1 else 's'} {ranges(indices)}"


def ranges(indices: list[int]) -> str:
    """Return indices, which are in order, as `--cells` takes them: `0-2, 7`."""
    parts: list[list[int]] = []
    for index in indices:
        if parts and parts[-1][-1] == index - 1:
            parts[-1][1:] = [index]
        else:
            parts.append([index])
    return ", ".join("-".join(str(end) for end in part) for part in parts)


def size(count: int) -> str:
    """Return a number of bytes with a unit, powers of 1,000: `512 B`, `3.4 kB`, `12 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
