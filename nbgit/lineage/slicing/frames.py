"""Ring 3: where code is followed: scopes, what is certain, and which names a function has of its own."""

import ast
import builtins
from collections.abc import Iterable, Iterator

from nbgit.lineage.slicing.memory import NOTHING, Code, Memory, Scope, Thing, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.lineage.slicing.named_files import Notes

BUDGET = 400  # calls that are followed for one run; those beyond are taken to change whatever they name
DEPTH = 8  # calls within calls
KNOWN = frozenset(dir(builtins)) | {"get_ipython", "display", "__file__", "__builtins__", "exit", "quit", "reload"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
GENERATED = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NAMESPACE = "builtins.globals()"


class Ended(Exception):
    """The run that is followed ended here."""


class Shown:
    """What a run may have shown by its last expression: the value of `Out[count]`."""

    __slots__ = ("count", "is_certain", "unit", "value")

    def __init__(self, unit: int, count: int | None, value: Value, is_certain: bool) -> None:
        self.unit = unit
        self.count = count
        self.value = value
        self.is_certain = is_certain


class Context:
    """What all frames of a session share."""

    def __init__(self, with_reasons: bool = True) -> None:
        self.memory = Memory(with_reasons)
        self.budget = BUDGET
        self.outcome: str | None = None
        self.may_have_stopped = False
        self.undefined = ""  # the name for want of which this run failed
        self.shown: list[Shown] = []
        self.stars: list[str] = []  # modules of which everything was imported
        self.methods: set[str] = set()  # that some class of the session defines
        self.texts: dict[str, str] = {}  # files that a cell wrote, by place
        self.counts: dict[int, int] = {}  # execution count -> run
        self.called_back: dict[ast.AST, tuple[frozenset[Thing], Value]] = {}  # by this run
        self.is_active = False  # this run does more than to import and bind
        self.reloads = False  # %autoreload is on
        self.cwd = ""
        self.notes: Notes | None = None  # what the code names, where that is asked for


class Frame:
    """One level at which code is followed: the session, a function's body, a class's body."""

    def __init__(self, context: Context, scopes: tuple[Scope, ...], running: tuple[int, ...] = ()) -> None:
        self.context = context
        self.memory = context.memory
        self.scopes = scopes
        self.home = scopes[-1]
        self.hidden: Scope | None = None  # a class's scope, which its functions do not see
        self.running = running
        self.weak = 0
        self.caught = 0  # within try blocks
        self.outer_unsure = False
        self.declared: dict[str, Scope] = {}
        self.result = NOTHING
        self.wanted: set[str] | None = None

    @property
    def is_unsure(self) -> bool:
        """Whether what is done now may not have been done."""
        stopped = self.context.may_have_stopped and not self.caught
        return self.weak > 0 or self.outer_unsure or stopped

    def bind(self, name: str, value: Value, scope: Scope | None = None) -> None:
        """Bind a name where Python would."""
        target = scope or self.declared.get(name, self.home)
        unsure = self.is_unsure if target.is_session or target is not self.home else self.weak > 0
        self.memory.bind(name, value, target, unsure)

    def stop(self) -> None:
        """Note that the run may have ended here, by an exception."""
        if self.context.outcome is None and not self.caught:
            self.context.may_have_stopped = True

    def want(self, name: str) -> None:
        """Note that a name is wanted which nobody has bound: a run that is known to have failed for it ends here."""
        if name == self.context.undefined and self.home.is_session and self.weak == 1 and not self.caught:
            raise Ended
        self.stop()

    def act(self) -> None:
        """Note that this run does something that library code and options may change."""
        if not self.context.is_active:
            self.context.is_active = True
            for place in ("code", "options", "warnings"):
                self.memory.get(place)
        stdout = self.memory.places.get("lib:sys.stdout")
        if stdout is not None:  # replaced by what keeps all that is printed
            self.memory.mark(self.memory.reach(stdout.holds))

    def opaque(self) -> None:
        """Note that anything may be read and changed here."""
        self.act()
        self.memory.read_everything()
        self.memory.change_everything()

    def apply_touch(self, place: str, mode: str) -> Thing:
        """Read or change a place: "get", "use", "set" or "mark"."""
        if mode == "get":
            return self.memory.get(place)
        if mode == "use":
            return self.memory.use(place)
        return self.memory.put(place, self.is_unsure or mode == "mark")

    def thing(self, *held: Value, kind: str = "", once: bool = False, blob: bool = False) -> Value:
        """Return a value of one new thing that holds the things of these values."""
        made = self.memory.make((thing for value in held for thing in value.things), kind)
        made.once, made.blob, made.is_inner = once, blob, bool(self.running)
        return Value({made})

    def inside(self, value: Value) -> Value:
        """Return what may be got out of a value: all that it reaches."""
        return Value(self.memory.reach(value.things)) if value.things else NOTHING

    def shallow(self, value: Value) -> Value:
        """Return what a shallow copy shares with a value."""
        held = {thing for one in value.things for thing in one.holds}
        return Value(held | {thing for thing in value.things if thing.blob})

    def is_namespace(self, *values: Value) -> bool:
        """Say whether one of these values may be the session's namespace itself."""
        return any(thing.path == NAMESPACE for value in values for thing in value.things)


def code_of(node: ast.AST, scopes: tuple[Scope, ...], defaults: Value) -> Code:
    """Return the code of a function, a lambda or a generator expression, with the names it has and those it needs."""
    code = Code(node, scopes, defaults)
    local = set(_parameters(node))
    shared: set[str] = set()
    used: set[str] = set()
    for part in _body(node):
        if isinstance(part, (ast.Global, ast.Nonlocal)):
            shared.update(part.names)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            local.add(part.name)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            local.update((a.asname or a.name).partition(".")[0] for a in part.names)
        elif isinstance(part, ast.Name):
            (used if isinstance(part.ctx, ast.Load) else local).add(part.id)
            if isinstance(part.ctx, ast.Del):
                used.add(part.id)
        elif (isinstance(part, ast.ExceptHandler) and part.name) or (
            isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name
        ):
            local.add(part.name)
        elif isinstance(part, ast.MatchMapping) and part.rest:
            local.add(part.rest)
        elif isinstance(part, (ast.Yield, ast.YieldFrom)):
            code.is_lazy = True
    inner = {name for part in _nested(node) for name in _names(part)}
    code.is_lazy |= isinstance(node, (ast.GeneratorExp, ast.AsyncFunctionDef))
    code.local = frozenset(local - shared)
    code.free = frozenset((used | shared | inner) - code.local)
    return code


def _parameters(node: ast.AST) -> Iterator[str]:
    if isinstance(node, FUNCTIONS):
        given = node.args
        for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if one is not None:
                yield one.arg


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's own scope."""
    todo: list[ast.AST]
    if isinstance(node, GENERATED):
        todo = list(ast.iter_child_nodes(node))
    elif isinstance(node, ast.Lambda):
        todo = [node.body]
    else:
        todo = list(getattr(node, "body", []))
    while todo:
        part = todo.pop()
        yield part
        if isinstance(part, FUNCTIONS):
            todo.extend(part.args.defaults)
            todo.extend(default for default in part.args.kw_defaults if default is not None)
            todo.extend(getattr(part, "decorator_list", []))
        elif isinstance(part, ast.ClassDef):
            todo.extend([*part.bases, *part.decorator_list, *(keyword.value for keyword in part.keywords)])
        else:
            todo.extend(ast.iter_child_nodes(part))


def _nested(node: ast.AST) -> Iterator[ast.AST]:
    for part in _body(node):
        if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
            yield part


def _names(node: ast.AST) -> Iterable[str]:
    """Return every name that is read anywhere in a function or class that stands in another."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    for part in ast.walk(node):
        if isinstance(part, (ast.Global, ast.Nonlocal)):
            found.update(part.names)
    return found
