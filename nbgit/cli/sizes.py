"""Ring 5: numbers as people read them."""


def size_text(size: int) -> str:
    """Return a size in bytes with a unit: "12 kB", "3.4 MB"."""
    if size >= 1_000_000_000:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{(size + 999) // 1000} kB"


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its noun: "1 entry", "2 entries"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
