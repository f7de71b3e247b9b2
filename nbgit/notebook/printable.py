"""Ring 1: text that no terminal acts on."""


def printable(text: str) -> str:
    """Return text with nothing that a terminal would act on."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
