"""Ring 3: what a session may hold: names, the things they may refer to, and places outside of both.

docs/slicing.md. A thing stands for every object that one expression may have made. It knows the runs that
may have made or changed it (a set of bits, bit n for run n) and the things it may hold. A place is a thing that no name
is needed for: a file, the state of a random generator, the current figure, the options of a library.
"""

import ast
from collections.abc import Iterable

from nbgit.lineage.slicing.reasons import WHY

EVERYWHERE = ("code", "options", "warnings")  # places that nearly every run depends on
FILE, ANY_FILE = "file:", "file:*"
LABOUR = 200_000  # things that are looked at for one run: some 20 ms


class Code:
    """A function, a lambda or a generator expression: its node, where it was written, and its default values."""

    __slots__ = ("defaults", "free", "is_lazy", "local", "node", "remembers", "scopes", "wrapped")

    def __init__(self, node: ast.AST, scopes: "tuple[Scope, ...]", defaults: "Value") -> None:
        self.node = node
        self.scopes = scopes
        self.defaults = defaults
        self.wrapped = bool(getattr(node, "decorator_list", None))
        self.free = self.local = frozenset[str]()
        self.is_lazy = False
        self.remembers = False  # what it gave before, as functools.cache does


class Thing:
    """Objects that one expression may have made.

    `once`: may be used up by going through it. `blob`: what is inside is not known: a shallow copy shares it.
    `code`: what a call runs. `members`: of a class. `made_by`: the class of an instance. `made`: the run that made it.
    `path`: the dotted name of what a library has. `kind`: the library whose objects these are, or "".
    """

    __slots__ = (
        "blob",
        "code",
        "holds",
        "is_inner",
        "kind",
        "made",
        "made_by",
        "members",
        "once",
        "path",
        "why",
        "writers",
    )

    def __init__(self, writers: int = 0, holds: Iterable["Thing"] = (), kind: str = "") -> None:
        self.writers = self.made = writers
        self.holds = set(holds)
        self.kind = kind
        self.once = self.blob = False
        self.is_inner = False  # made within a call
        self.code: Code | None = None
        self.members: dict[str, Value] | None = None
        self.made_by: Thing | None = None
        self.path = self.why = ""


class Value:
    """What an expression may give: things, and its text where that is known."""

    __slots__ = ("text", "things")

    def __init__(self, things: Iterable[Thing] = (), text: str | None = None) -> None:
        self.things = frozenset(things)
        self.text = text

    def __or__(self, other: "Value") -> "Value":
        return Value(self.things | other.things, self.text if self.text == other.text else None)


NOTHING = Value()


class Binding:
    """What a name may refer to, and the runs that may have bound it."""

    __slots__ = ("value", "writers")

    def __init__(self, writers: int, value: Value) -> None:
        self.writers = writers
        self.value = value


class Scope:
    """The names of a session, a function call or a class body."""

    __slots__ = ("is_session", "names")

    def __init__(self, is_session: bool = False) -> None:
        self.names: dict[str, Binding] = {}
        self.is_session = is_session


class TooMuch(Exception):
    """To follow a run takes too long."""


class Memory:
    """The state of a session while its runs are followed; `unit` is the one that is followed now.

    `needed[unit]` are the runs it needs; `edges[unit]` the same with the reasons: they take more time than all else.
    """

    def __init__(self, with_reasons: bool = True) -> None:
        self.with_reasons = with_reasons
        self.needed: dict[int, int] = {}
        self.session = Scope(is_session=True)
        self.places: dict[str, Thing] = {}
        self.edges: dict[int, dict[int, list[str]]] = {}
        self.wild = 0  # runs that may have bound any name
        self.unit, self.bit = 0, 1
        self.all_things: list[Thing] = []
        self.labour = 0

    def start(self, unit: int) -> None:
        """Begin to follow the run of that number."""
        self.unit, self.bit = unit, 1 << unit
        self.labour = 0
        self.edges[unit] = {}
        self.needed[unit] = 0

    def make(self, holds: Iterable[Thing] = (), kind: str = "") -> Thing:
        """Return a new thing that this run has made."""
        thing = Thing(self.bit, holds, kind)
        self.all_things.append(thing)
        return thing

    def need(self, writers: int, why: str) -> None:
        """Note that this run needs those runs, and why."""
        writers &= self.bit - 1
        self.needed[self.unit] |= writers
        edges = self.edges[self.unit]
        while writers and self.with_reasons:
            low = writers & -writers
            reasons = edges.setdefault(low.bit_length() - 1, [])
            if why not in reasons and len(reasons) < 4 and not (reasons and why.startswith("makes part of ")):
                reasons.append(why)
            writers ^= low

    def reach(self, things: Iterable[Thing]) -> list[Thing]:
        """Return these things and all that they may hold, each once."""
        found = dict.fromkeys(things)
        stack = list(found)
        while stack:
            self.labour += len(holds := stack.pop().holds)
            for held in holds:
                if held not in found:
                    found[held] = None
                    stack.append(held)
        if self.labour > LABOUR:
            raise TooMuch
        return list(found)

    def look(self, value: Value, name: str) -> None:
        """Read a value to its depth: whoever made or changed what it may hold is needed."""
        for thing in self.reach(value.things):
            if thing.writers & ~self.bit:
                if thing.why:
                    self.need(thing.writers, thing.why)
                    continue
                self.need(thing.writers & thing.made, f"makes part of {name}")
                self.need(thing.writers & ~thing.made, f"changes {name}")

    def find(self, name: str, scopes: "tuple[Scope, ...]") -> Binding | None:
        """Return the binding of a name, the innermost scope first (`scopes` runs from the session inwards), or None."""
        for scope in reversed(scopes):
            binding = scope.names.get(name)
            if binding is not None:
                return binding
        return None

    def read(self, name: str, scopes: "tuple[Scope, ...]") -> Value:
        """Read a name; what is not bound is a builtin, or comes from a run that may have bound anything."""
        binding = self.find(name, scopes)
        if binding is None:
            self.need(self.wild, f"may define {name}")
            return NOTHING
        self.need(binding.writers, f"defines {name}")
        self.look(binding.value, name)
        return binding.value

    def bind(self, name: str, value: Value, scope: Scope, weak: bool) -> None:
        """Bind a name; `weak` keeps what it was before as a possibility."""
        writers, before = self.bit, scope.names.get(name)
        if weak:
            if before is not None:
                writers |= before.writers
                value = before.value | value
            elif scope.is_session:
                writers |= self.wild
        scope.names[name] = Binding(writers, value)

    def bind_late(self, names: Iterable[str]) -> None:
        """Bind session names to anything, after the run that was followed last."""
        for name in names:
            known = self.session.names.get(name)
            value = self.make({*(known.value.things if known else ()), *self.all_things[-1:]})
            value.once = value.blob = True
            self.session.names[name] = Binding(self.bit | (known.writers if known else 0), Value({value}))

    def mark(self, things: Iterable[Thing]) -> None:
        """Note that this run may change these things, not what they hold; what a library has is left alone."""
        for thing in things:
            if not thing.path:
                thing.writers |= self.bit

    def change(self, value: Value) -> None:
        """Note that this run may change a value to its depth, functions and classes apart."""
        self.mark(t for t in self.reach(value.things) if t.code is None and t.members is None)

    def hold(self, container: Value, item: Value) -> None:
        """Note that the container's things may hold the item's from now on."""
        for thing in container.things:
            if not thing.path:
                thing.holds |= item.things - {thing}

    def place(self, name: str, why: str = "") -> Thing:
        """Return the place of that name."""
        thing = self.places.get(name)
        if thing is None:
            thing = self.places[name] = Thing()
            thing.why = why or WHY.get(name) or (f"writes {name[len(FILE) :]}" if name.startswith(FILE) else name)
        return thing

    def use(self, name: str) -> Thing:
        """Read a place and change it."""
        thing = self.get(name)
        thing.writers |= self.bit
        return thing

    def get(self, name: str) -> Thing:
        """Read a place."""
        thing = self.place(name)
        self.look(Value({thing}), name)
        return thing

    def lib(self, path: str) -> Thing:
        """Return what a library has under a dotted name."""
        thing = self.place(f"lib:{path}", f"changes {path}")
        thing.path = path
        return thing

    def renew(self, name: str, weak: bool) -> Thing:
        """Put a new thing in a place: what refers to the old one keeps it."""
        old = self.place(name)
        new = self.places[name] = Thing(self.bit, {old} if weak else ())
        new.why = old.why
        return new

    def put(self, name: str, weak: bool) -> Thing:
        """Set a place anew, whatever it was."""
        thing = self.place(name)
        thing.writers = thing.writers | self.bit if weak else self.bit
        return thing

    def clear(self, name: str) -> None:
        """Take a place to be as it is at the start of a session."""
        self.places.pop(name, None)

    def read_everything(self) -> None:
        """Read every name and every place."""
        for name, binding in list(self.session.names.items()):
            self.need(binding.writers, f"defines {name}")
            self.look(binding.value, name)
        self.need(self.wild, "may define anything")
        for place in self.places.values():
            self.need(place.writers, place.why)

    def bind_anything(self) -> None:
        """Note that this run may bind any name."""
        self.wild |= self.bit
        for name, binding in self.session.names.items():
            self.session.names[name] = Binding(binding.writers | self.bit, binding.value)

    def change_everything(self) -> None:
        """Note that this run may change every thing and every place."""
        self.bind_anything()
        for thing in [*self.all_things, *self.places.values()]:
            thing.writers |= self.bit

    def give_up(self) -> None:
        """Take it that this run may have read, bound and changed anything, and put anything into anything."""
        self.labour = -1 << 60
        self.read_everything()
        anything = Thing(self.bit, [one for one in (*self.all_things, *self.places.values()) if not one.path])
        anything.once = anything.blob = True
        for thing in anything.holds:
            thing.holds = {anything}
        self.all_things.append(anything)
        self.change_everything()
