"""Ring 3: calls that are more than calls: `exec`, `globals()`, `setattr`, `open`, imports by name, processes."""

import ast
from collections.abc import Callable

from nbgit.lineage.slicing.expressions import Expressions
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.memory import FILE, NOTHING, Thing, Value
from nbgit.lineage.slicing.pure import INERT

PROCESSES = (
    "subprocess.",
    "os.system",
    "os.popen",
    "os.spawn",
    "os.exec",
    "pty.",
    "multiprocessing.",
    "asyncio.create_sub",
)
OPENERS = ("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open")
FAILING = ("int", "float")


class SpecialCalls(Expressions):
    """Follows calls that are more than calls."""

    def builtin(self, name: str, given: Given) -> Value | None:
        """Call a builtin, or a library's function by its dotted name, that is more than a function; None for others."""
        if name in OPENERS:
            return self.open_file(given)
        if name.startswith(PROCESSES):
            self.process(given)
            return None if name.startswith("multiprocessing.") else self.unknown(NOTHING, given)
        if name in FAILING and given.text(0) is not None:
            try:
                float(given.text(0) or "")
            except ValueError:
                self.stop()
        if name in ("sys.exit", "exit", "quit"):
            self.stop()
        method: Callable[[Given], Value] | None = getattr(self, "special_" + name.replace(".", "_").strip("_"), None)
        return method(given) if method is not None else None

    def process(self, given: Given) -> None:
        """Follow the start of another process: it may read and write any file."""
        for place in ("environ", "cwd"):
            self.memory.get(place)
        texts = " ".join(given.texts())
        for place in self.memory.places:
            if place.startswith(FILE):
                self.memory.get(place)
        self.use_file(None, "use")
        if any(word in texts for word in ("pip", "conda", "install")):
            self.memory.use("packages")

    def special_exec(self, given: Given) -> Value:
        """`exec`: what is known is followed, the rest may do anything."""
        text = given.text(0)
        own = len(given.positional) == 1 or self.is_namespace(*given.positional[1:])
        if text is None or given.named or given.spread.things or not own:
            return self._any_code(given, own)
        try:
            self.run(ast.parse(text).body)
        except (SyntaxError, ValueError):
            self.stop()
        return NOTHING

    def special_eval(self, given: Given) -> Value:
        """`eval`: the same for an expression."""
        text = given.text(0)
        if text is None or len(given.positional) > 1 or given.named:
            return self._any_code(given, len(given.positional) == 1 or self.is_namespace(*given.positional[1:]))
        try:
            return self.value(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError):
            self.stop()
            return NOTHING

    def _any_code(self, given: Given, in_session: bool) -> Value:
        if in_session:
            self.opaque()
        return self.unknown(NOTHING, given, is_foreign=True)

    def special_globals(self, given: Given) -> Value:
        """`globals()`."""
        return self.namespace()

    def special_locals(self, given: Given) -> Value:
        """`locals()`: the session's names, or all that this function has."""
        if self.home.is_session:
            return self.namespace()
        return Value({thing for one in self.home.names.values() for thing in one.value.things})

    def special_vars(self, given: Given) -> Value:
        """`vars()` and `vars(x)`."""
        if not given.positional:
            return self.special_locals(given)
        return self.inside(given.positional[0])

    def special_dir(self, given: Given) -> Value:
        """`dir()`: which names there are."""
        if not given.positional and self.home.is_session:
            self.memory.read_everything()
        return NOTHING

    def special_setattr(self, given: Given) -> Value:
        """`setattr(x, name, value)`, and `delattr`."""
        if given.positional:
            name = given.text(1)
            self.store(given.positional[0], Given(given.positional[2:], given.spread).everything(), name)
        return NOTHING

    special_delattr = special_setattr

    def special_getattr(self, given: Given) -> Value:
        """`getattr(x, name)`."""
        if not given.positional:
            return NOTHING
        base, name = given.positional[0], given.text(1)
        default = Given(given.positional[2:]).everything()
        if name is not None:
            return self.attribute(base, name) | default
        libraries = [thing for thing in base.things if thing.path]
        if libraries:
            return self.thing(base, blob=True, once=True)
        return self.touch(base) | self.inside(base) | default

    special_hasattr = special_getattr

    def special_super(self, given: Given) -> Value:
        """`super()`: the instance, whose methods are those of the bases too."""
        first = next(iter(self.home.names.values()), None)
        return first.value if first is not None else NOTHING

    def special_import(self, given: Given) -> Value:
        """`__import__(name)` and `importlib.import_module(name)`."""
        name = given.text(0)
        if name is None:
            self.opaque()
            return self.unknown(NOTHING, given, is_foreign=True)
        self.load(name)
        return Value([self.memory.lib(name)])

    special_importlib_import_module = special_import

    def special_importlib_reload(self, given: Given) -> Value:
        """`importlib.reload(module)`."""
        self.memory.use("code")
        for thing in given.everything().things:
            if thing.path:
                self.load(thing.path)
                self.memory.lib(thing.path.partition(".")[0]).writers |= self.memory.bit
                self.memory.lib(thing.path).writers |= self.memory.bit
        return given.everything()

    special_reload = special_importlib_reload

    def special_get_ipython(self, given: Given) -> Value:
        """`get_ipython()`."""
        return Value([self.memory.lib("IPython.shell()")])

    special_IPython_get_ipython = special_get_ipython

    def load(self, name: str) -> None:
        """Import a module: where it is found, what it reads, and what it may change in others."""
        for place in ("imports", "packages", "environ", "cwd"):
            self.memory.get(place)
        base = name.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py", f"{name.partition('.')[0]}/__init__.py"):
            self.memory.get("file:" + path)
            for place in list(self.memory.places):
                if place.startswith(FILE) and place.endswith("/" + path):
                    self.memory.get(place)
        self.memory.get("file:*")
        parts = name.split(".")
        for length in range(2, len(parts) + 1):
            whole = ".".join(parts[:length])
            self.memory.place(f"loaded:{whole}", f"imports {whole}").writers |= self.memory.bit
        if parts[0] == "__main__":
            self.opaque()
        elif parts[0] not in INERT:
            self.act()
            self.world()
            self.memory.places["code"].why = "imports what may change library code"

    def store(self, base: Value, item: Value, name: str | None = None) -> None:
        """Set an attribute or an item of a value."""
        if self.is_namespace(base) or any(thing.path in ("__main__", "sys.modules[]") for thing in base.things):
            if name is not None:
                self.bind(name, item, self.memory.session)
            else:
                self.opaque()
            return
        self.act()
        for thing in base.things:
            if thing.path:
                self.patch(thing.path, item, name)
            elif thing.members is not None and name is not None:
                held = thing.members.get(name, NOTHING)
                thing.members[name] = item | held if self.is_unsure else item
                self._patched_class(name)
            self._set_hooks(thing)
            if thing.blob:
                self.callbacks(Value({thing}))
        self.memory.mark(base.things)
        self.memory.hold(base, item)

    def _patched_class(self, name: str) -> None:
        self.context.methods.add(name)

    def _set_hooks(self, thing: Thing) -> None:
        """Call what a class runs when an attribute or item of its instance is set."""
        if thing.made_by is None:
            return
        for name in ("__setattr__", "__setitem__", "__delattr__", "__delitem__"):
            if self.lookup(thing.made_by, name):
                self.call_member(thing, name, Given(spread=Value({thing})))
        computed = [
            value for value in (thing.made_by.members or {}).values() if any(_wrapped(one) for one in value.things)
        ]
        for value in computed:
            self.apply(value, Given(spread=Value({thing})))

    def patch(self, path: str, item: Value, name: str | None) -> None:
        """Set what belongs to a library: an option, an environment variable, or its code."""
        full = f"{path}.{name}" if name else path
        for prefix, place in (
            ("os.environ", "environ"),
            ("sys.path", "imports"),
            ("matplotlib.rcParams", "options"),
            ("IPython.shell().", "options"),
            ("matplotlib.pyplot.rcParams", "options"),
            ("pandas.options", "options"),
            ("warnings.", "warnings"),
            ("logging.", "logging"),
        ):
            if full.startswith(prefix):
                self.memory.use(place)
                return
        self.memory.use("code")
        thing = self.memory.lib(full)
        thing.holds |= item.things
        thing.writers |= self.memory.bit
        self.context.methods.add(full.rpartition(".")[2])


def _wrapped(thing: Thing) -> bool:
    return thing.code is not None and thing.code.wrapped
