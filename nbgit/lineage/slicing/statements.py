"""Ring 3: what statements read, bind and change (docs/slicing.md)."""

import ast

from nbgit.lineage.slicing.frames import Shown
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.memory import NOTHING, Scope, Value
from nbgit.lineage.slicing.pure import IDENTITY_DECORATORS
from nbgit.lineage.slicing.special_calls import SpecialCalls

FORGETFUL = frozenset(
    ["staticmethod", "classmethod", "property", "wraps", "contextmanager", "dataclass", "abstractmethod", "overload"]
)
SURE_OF_NOTHING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.Attribute, ast.IfExp, ast.BoolOp)


class Statements(SpecialCalls):
    """Follows statements."""

    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements, one after the other."""
        for node in body:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        """Follow one statement."""
        method = getattr(self, f"do_{type(node).__name__.lower()}", None)
        if method is not None:
            method(node)

    def guess(self, *bodies: list[ast.stmt]) -> None:
        """Follow statements that may not be run."""
        self.weak += 1
        for body in bodies:
            self.run(body)
        self.weak -= 1

    def do_expr(self, node: ast.Expr) -> None:
        """An expression for its effects."""
        self.touch(self.value(node.value))

    def show(self, node: ast.Expr, count: int | None) -> None:
        """The last expression of a run: it is shown, and kept as `Out[count]`."""
        value = self.value(node.value)
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.act()
            self.touch(value)
            self.callbacks(Value(self.memory.place("options").holds))
            self.go_through(Value(thing for thing in value.things if thing.made_by is not None))
            sure = not isinstance(node.value, SURE_OF_NOTHING) and not self.is_unsure
            self.context.shown.append(Shown(self.memory.unit, count, value, sure))

    def do_assign(self, node: ast.Assign) -> None:
        """`a = b = value`, pairwise where both sides are lists."""
        if len(node.targets) == 1 and _is_pairwise(node.targets[0], node.value):
            assert isinstance(node.targets[0], (ast.Tuple, ast.List))
            assert isinstance(node.value, (ast.Tuple, ast.List))
            values = [self.value(one) for one in node.value.elts]
            for target, value in zip(node.targets[0].elts, values, strict=True):
                self.bind_target(target, value)
            return
        value = self.value(node.value)
        for target in node.targets:
            self.bind_target(target, value)

    def do_annassign(self, node: ast.AnnAssign) -> None:
        """`a: kind = value`."""
        self.value(node.annotation)
        if node.value is not None:
            self.bind_target(node.target, self.value(node.value))

    def do_augassign(self, node: ast.AugAssign) -> None:
        """`a += value`: in place where it can be."""
        load = ast.copy_location(_as_load(node.target), node.target)
        before = self.value(load)
        value = self.value(node.value)
        self.act()
        self.go_through(value)
        found = self.combine(node.op, before, value)
        deep = any(thing.kind in ("numpy", "pandas") for thing in before.things)
        self.memory.mark(self.reach_of(before) if deep else before.things)
        self.memory.hold(before, self.shallow(value))
        self.bind_target(node.target, Value(before.things | found.things, found.text))

    def bind_target(self, target: ast.expr, value: Value, scope: Scope | None = None) -> None:
        """Bind a target of an assignment, a loop or a `with`."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value, scope)
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = self.go_through(value)
            for one in target.elts:
                self.bind_target(one, items, scope)
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, self.thing(value), scope)
        elif isinstance(target, ast.Attribute):
            self.store(self.value(target.value), value, target.attr)
        elif isinstance(target, ast.Subscript):
            base = self.value(target.value)
            text = self.value(target.slice).text
            self.touch(value)
            self.store(base, value, text if self.is_namespace(base) else None)

    def do_delete(self, node: ast.Delete) -> None:
        """`del a, b[0]`."""
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.value(ast.copy_location(ast.Name(target.id, ast.Load()), target))
                self.bind(target.id, NOTHING)
            elif isinstance(target, (ast.Tuple, ast.List)):
                self.do_delete(ast.Delete(target.elts))
            else:
                self.bind_target(target, NOTHING)

    def do_functiondef(self, node: "ast.FunctionDef | ast.AsyncFunctionDef") -> None:
        """A function, as its decorators leave it."""
        decorators = [(one, self.value(one)) for one in node.decorator_list]
        value = self.function(node)
        if self.home is self.hidden:
            self.context.methods.add(node.name)
        self.bind(node.name, self._decorated(value, decorators))

    do_asyncfunctiondef = do_functiondef

    def _decorated(self, value: Value, decorators: list[tuple[ast.expr, Value]]) -> Value:
        for node, decorator in reversed(decorators):
            called = node.func if isinstance(node, ast.Call) else node
            origin = self.value(called).things if called is not node else decorator.things
            names = {thing.path.rpartition(".")[2] for thing in origin}
            if isinstance(called, ast.Attribute) and called.attr in ("setter", "getter", "deleter"):
                value = value | decorator
                continue
            if names and names <= IDENTITY_DECORATORS:
                for thing in value.things:
                    if thing.code is not None:
                        thing.code.remembers |= not names <= FORGETFUL
                continue
            value = self.apply(decorator, Given([value])) if decorator.things else self.unknown(value, Given())
        return value

    def do_classdef(self, node: ast.ClassDef) -> None:
        """A class: its body has a scope of its own, which its methods do not see."""
        decorators = [(one, self.value(one)) for one in node.decorator_list]
        bases = Value({thing for base in node.bases for thing in self.value(base).things})
        extra = [self.value(keyword.value) for keyword in node.keywords]
        scope = Scope()
        frame = type(self)(self.context, (*self.scopes, scope), self.running)
        frame.hidden, frame.outer_unsure, frame.caught = scope, self.is_unsure, self.caught
        frame.run(node.body)
        members = {name: binding.value for name, binding in scope.names.items()}
        value = self.thing(*members.values(), bases, *extra)
        (thing,) = value.things
        members[""] = bases
        if extra:
            members["metaclass="] = Value({one for each in extra for one in each.things})
        thing.members = members
        self._tell_bases(value, bases, extra)
        self.bind(node.name, self._decorated(value, decorators))

    def _tell_bases(self, value: Value, bases: Value, extra: list[Value]) -> None:
        """A new class is known to its bases, and may be registered by them or by its metaclass."""
        (thing,) = value.things
        known = [base for base in self.bases_of(thing) if base.members is not None]
        self.memory.mark(known)
        for base in known:
            self.memory.hold(Value({base}), value)
        for hook in self.lookup(thing, "__init_subclass__"):
            self.apply(hook, Given(spread=value | bases))
        metaclasses = {one for each in [*extra, *self.lookup(thing, "metaclass=")] for one in each.things}
        for metaclass in metaclasses:
            if metaclass.members is not None:
                for name in ("__new__", "__init__", "__prepare__"):
                    for hook in self.lookup(metaclass, name):
                        self.apply(hook, Given(spread=value | Value({metaclass})))
        for binding in (thing.members or {}).values():
            for one in binding.things:
                if one.made_by is not None and self.lookup(one.made_by, "__set_name__"):
                    self.call_member(one, "__set_name__", Given(spread=value))

    def do_return(self, node: ast.Return) -> None:
        """What a function gives; what follows may not be run."""
        self.result = self.result | self.value(node.value)
        self.weak += self.weak > 0

    def do_raise(self, node: ast.Raise) -> None:
        """An exception; what follows may not be run."""
        self.value(node.exc)
        self.value(node.cause)
        self.stop()
        self.weak += self.weak > 0

    def do_assert(self, node: ast.Assert) -> None:
        """An assertion."""
        self.touch(self.value(node.test))
        self.value(node.msg)
        if isinstance(node.test, ast.Constant):
            self.stop()

    def do_global(self, node: ast.Global) -> None:
        """`global a`."""
        for name in node.names:
            self.declared[name] = self.memory.session

    def do_nonlocal(self, node: ast.Nonlocal) -> None:
        """`nonlocal a`."""
        for name in node.names:
            owner = next((one for one in reversed(self.scopes[1:-1]) if name in one.names), None)
            if owner is not None:
                self.declared[name] = owner


def _is_pairwise(target: ast.expr, value: ast.expr) -> bool:
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return False
    starred = any(isinstance(one, ast.Starred) for one in (*target.elts, *value.elts))
    return len(target.elts) == len(value.elts) and not starred


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    assert isinstance(target, ast.Subscript)
    return ast.Subscript(target.value, target.slice, ast.Load())
