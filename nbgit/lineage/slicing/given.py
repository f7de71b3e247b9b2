"""Ring 3: the arguments of a call."""

from collections.abc import Iterable

from nbgit.lineage.slicing.memory import NOTHING, Value


class Given:
    """Arguments: by position, by name, and those of `*` and `**`, which may be any; constants by name."""

    __slots__ = ("constants", "named", "positional", "receiver", "spread")

    def __init__(self, positional: Iterable[Value] = (), spread: Value = NOTHING) -> None:
        self.positional = list(positional)
        self.named: dict[str, Value] = {}
        self.constants: dict[str, object] = {}
        self.spread = spread
        self.receiver: Value | None = None

    def all(self) -> list[Value]:
        """Return the arguments one by one."""
        return [*self.positional, *self.named.values(), self.spread]

    def everything(self) -> Value:
        """Return the arguments as one value."""
        return Value({thing for value in self.all() for thing in value.things})

    def with_spread(self, value: Value) -> "Given":
        """Return these arguments, all of which may also be `value`."""
        new = Given(self.positional, self.spread | value)
        new.named, new.constants = self.named, self.constants
        return new

    def behind(self, receiver: Value) -> "Given":
        """Return these arguments of a method of `receiver`."""
        new = Given(self.positional, self.spread)
        new.named, new.constants, new.receiver = self.named, self.constants, receiver
        return new

    def text(self, index: int) -> str | None:
        """Return the text of the argument at that position, or None."""
        return self.positional[index].text if index < len(self.positional) else None

    def texts(self) -> list[str]:
        """Return all texts among the arguments."""
        return [value.text for value in self.all() if value.text is not None]

    def changed_by(self, names: Iterable[str]) -> list[Value]:
        """Return the arguments that are given by these names, to be written to."""
        return [self.named[name] for name in names if name in self.named]
