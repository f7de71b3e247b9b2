"""Ring 3: calls of builtins, of libraries, and of methods of objects that no class of the session made."""

import re
from abc import abstractmethod

from nbgit.lineage.slicing.frames import NAMESPACE
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.memory import NOTHING, Code, Thing, Value
from nbgit.lineage.slicing.places import method_touches, place_of
from nbgit.lineage.slicing.pure import (
    BUILTINS_ALIAS,
    BUILTINS_COPYING,
    BUILTINS_FRESH,
    BUILTINS_LAZY,
    IDENTITY_DECORATORS,
    INERT,
    KEEPS_ARGUMENTS,
    NOT_CALLING,
    STATELESS,
    STORING,
    judge_function,
    judge_method,
)
from nbgit.lineage.slicing.touching import Touching

DRAWING = ("matplotlib", "seaborn")
MODES = ("out", "inplace", "overwrite_a", "overwrite_b", "overwrite_x", "copy_X")
PATH = re.compile(r"(?!https?:)[^\s:]*(/[^\s:]*|[\w-]\.[A-Za-z]\w{0,6})")
NOT_ITERATING = frozenset(
    [
        "len",
        "isinstance",
        "issubclass",
        "id",
        "type",
        "repr",
        "print",
        "callable",
        "hasattr",
        "str",
        "hash",
        "getattr",
        "format",
    ]
)


class LibraryCalls(Touching):
    """Follows calls of what was not written in the session."""

    @abstractmethod
    def invoke(self, thing: Thing, code: Code, given: Given, receiver: Value = NOTHING) -> Value:
        """Follow a function of the session."""

    @abstractmethod
    def touch(self, value: Value) -> Value:
        """Use a value in an operator."""

    @abstractmethod
    def go_through(self, value: Value) -> Value:
        """Return the items of a value."""

    @abstractmethod
    def builtin(self, name: str, given: Given) -> Value | None:
        """Call a builtin that is more than a function; None where it is not."""

    def library(self, path: str, given: Given) -> Value:
        """Return what the function of that dotted name may give."""
        top, _, rest = path.partition(".")
        last = path.rpartition(".")[2]
        if self.is_namespace(*given.all()):
            self.opaque()
        if top == "builtins":
            special = self.builtin(rest, given)
            return special if special is not None else self._plain_builtin(rest, given)
        special = self.builtin(path, given)
        if special is not None:
            return special
        place = self.touch_places_of(path, last, given)
        self.files(path, last, "", given)
        if last in IDENTITY_DECORATORS and top in ("functools", "contextlib", "dataclasses", "abc", "typing", "numba"):
            return given.positional[0] if given.positional else Value([self.memory.lib(path)])
        if top in ("statsmodels", "patsy", "duckdb", "pandasql", "numexpr") or path == "pandas.eval":
            self.read_named(given)
        verdict = judge_function(path) if top in STATELESS else "changes"
        if top in DRAWING:
            return self.unknown(Value(place), self.drawn(given), kind="matplotlib")
        if top in STATELESS:
            found = self._judged(verdict, Value(place), given, self.kind_of(path), NOTHING)
            return Value(found.things, self.text_of(path, given))
        state = self.memory.use(f"state:{top}")
        state.why = f"changes {top}"
        return self.unknown(Value({state, *place}), given, is_foreign=top not in INERT)

    def _plain_builtin(self, name: str, given: Given) -> Value:
        everything = given.everything()
        if name in BUILTINS_FRESH:
            if name not in NOT_ITERATING:
                self._use_up(given)
            if name == "print":
                self.memory.change(given.named.get("file", NOTHING))
            for value in given.all():
                self.touch(value)
            if name not in NOT_CALLING and name != "len":
                self.callbacks(everything)
            shares = name in ("min", "max", "sum", "round", "abs", "pow", "divmod", "slice", "type", "print")
            return Value(
                self.inside(everything).things if shares else (), given.text(0) if name in ("str", "repr") else None
            )
        if name in BUILTINS_COPYING or name in BUILTINS_LAZY:
            self._use_up(given)
            shared = self.callbacks(everything)
            if name in BUILTINS_LAZY:
                return self.thing(everything, shared, once=True)
            return self.thing(*(self.shallow(value) | self.used_up(value) for value in given.all()), shared)
        if name in BUILTINS_ALIAS:
            return self.inside(everything)
        if name == "next":
            self._use_up(given)
            return self.inside(everything)
        if name.endswith(("Error", "Exception", "Warning", "Interrupt", "Exit", "Iteration")):
            return self.thing(everything)
        return self.unknown(NOTHING, given)

    def used_up(self, value: Value) -> Value:
        """Return the items of a value that can be gone through only once."""
        return self.go_through(value) if any(thing.once for thing in value.things) else NOTHING

    def _use_up(self, given: Given) -> None:
        for value in given.all():
            self.go_through(value)

    def _judged(self, verdict: str, receiver: Value, given: Given, kind: str, shared: Value) -> Value:
        everything = receiver | given.everything()
        changed = given.changed_by(MODES)
        if verdict == "changes":
            return self.unknown(receiver, given, kind=kind)
        if verdict == "dumps":
            self.callbacks(everything)
            self.memory.change(
                receiver | Given([*given.positional[1:], *given.named.values()], given.spread).everything()
            )
            return NOTHING
        for value in changed:
            self.memory.change(value)
        if given.constants.get("inplace") or ("inplace" in given.named and "inplace" not in given.constants):
            self.memory.change(receiver)
        self._use_up(given)
        shared = shared | self.callbacks(everything)
        if any(given.constants.get(name) for name in ("chunksize", "iterator")):
            return self.thing(everything, shared, once=True, blob=True)
        if verdict == "copy":
            return self.thing(*(self.shallow(value) for value in (receiver, *given.all())), shared, kind=kind)
        if verdict == "fresh" and given.constants.get("copy", True) and not changed:
            held = [shared] if shared.things else []
            return self.thing(*held, kind=kind)
        return self._same_or(
            everything, self.thing(everything, shared, kind=kind, once=kind == "", blob=kind == ""), kind
        )

    def _same_or(self, given: Value, made: Value, kind: str) -> Value:
        """Return a value that may be new, or one of those that were given."""
        return Value(made.things | {thing for thing in given.things if not thing.path and thing.kind == kind})

    def callbacks(self, value: Value) -> Value:
        """Call every function that a value reaches, with anything it reaches; return what they may give."""
        found = NOTHING
        reached = self.reach_of(value)
        older: frozenset[Thing] | None = None
        for thing in reached:
            if thing.code is not None:
                older = self.older(reached) if older is None else older
                found = found | self.call_back(thing, thing.code, reached, older)
        return found

    def older(self, reached: list[Thing]) -> frozenset[Thing]:
        """Return the things but those that calls of this run have made, which stand for each other."""
        return frozenset(one for one in reached if not one.is_inner or one.made != self.memory.bit)

    def call_back(self, thing: Thing, code: Code, reached: list[Thing], older: frozenset[Thing]) -> Value:
        """Call a function with any of these things, unless it was in this run."""
        self.memory.labour += len(older)
        known = self.context.called_back.get(code.node)
        if known is not None and older <= known[0]:
            return known[1]
        self.context.called_back[code.node] = (older, known[1] if known is not None else NOTHING)
        found = self.invoke(thing, code, Given(spread=Value(reached)))
        self.context.called_back[code.node] = (older, found)
        return found

    def unknown(self, receiver: Value, given: Given, *, is_foreign: bool = False, kind: str = "") -> Value:
        """Return what a call of which nothing is known may give: it may change all that it is given.

        `is_foreign`: it may change what no argument names, too.
        """
        everything = receiver | given.everything()
        if self.is_namespace(everything):
            self.opaque()
        if is_foreign:
            self.world()
        shared = self.callbacks(everything)
        self.memory.change(everything)
        for text in given.texts():
            if is_foreign or PATH.fullmatch(text) or place_of(text) in self.memory.places:
                self.use_file(text, "use")
        made = self.thing(everything, shared, kind=kind, once=True, blob=True)
        self.memory.hold(everything, made)  # so that each may hold each
        return self._same_or(everything, made, kind)

    def drawn(self, given: Given) -> Given:
        """Return the arguments that a call may change which only draws: what was drawn, and functions."""
        self._use_up(given)
        kept = Given(
            spread=Value(one for one in given.everything().things if one.kind == "matplotlib" or one.code is not None)
        )
        kept.positional = [Value((), text) for text in given.texts()]
        return kept

    def other_method(self, receiver: Value, name: str, given: Given) -> Value:
        """Return what a method may give of objects that no class of the session made."""
        kinds = {thing.kind for thing in receiver.things}
        kind = next(iter(kinds)) if len(kinds) == 1 else ""
        if self.is_namespace(*given.all()):
            self.opaque()
        if kind != "numpy":
            for place, mode in method_touches(name):
                self.apply_touch(place, mode)
        self.files("", name, kind, given.behind(receiver))
        if name in ("query", "eval", "sql"):
            self.read_named(given)
        if not receiver.things:  # of a text or a number
            self._use_up(given)
            return Value((), self.joined_text(receiver.text, name, given))
        if name in STORING and kind in ("", "defaultdict"):
            self.memory.mark(receiver.things)
            self._use_up(given)
            if name not in KEEPS_ARGUMENTS:
                self.touch(given.everything())
            self.memory.hold(receiver, given.everything())
            self._mark_opened(receiver)
            return self.inside(receiver) if name == "setdefault" else NOTHING
        if kinds & {"matplotlib"}:
            return self.unknown(receiver, self.drawn(given), kind="matplotlib")
        verdict = judge_method(kind, name)
        if not kind and name in self.context.methods:
            verdict = "changes"
        if verdict == "alias" and name == "copy":
            verdict = "copy"
        found = self._judged(verdict, receiver, given, kind, NOTHING)
        return Value(found.things, self.joined_text(receiver.text, name, given))

    def _mark_opened(self, receiver: Value) -> None:
        """A container that an unknown call gave may be more than a container: all that it reaches may change."""
        if any(thing.blob for thing in receiver.things):
            self.memory.change(receiver)

    def namespace_method(self, name: str, given: Given) -> Value:
        """Call a method of `globals()`."""
        text = given.text(0)
        if name in ("get", "pop", "setdefault", "__getitem__") and text is not None:
            found = self.memory.read(text, self.scopes[:1])
            if name in ("pop", "setdefault"):
                self.bind(text, found | given.everything(), self.memory.session)
            return found
        if name == "update" and not given.positional and not given.spread.things:
            for one, value in given.named.items():
                self.bind(one, value, self.memory.session)
            return NOTHING
        self.opaque()
        return self.thing(blob=True, once=True)

    def namespace(self) -> Value:
        """Return what `globals()` gives."""
        return Value([self.memory.lib(NAMESPACE)])
