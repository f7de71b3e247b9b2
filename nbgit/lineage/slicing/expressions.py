"""Ring 3: what an expression reads, changes and may give (docs/slicing.md)."""

import ast
import posixpath

from nbgit.lineage.slicing.earlier import OUTPUT, Earlier
from nbgit.lineage.slicing.frames import KNOWN, code_of
from nbgit.lineage.slicing.memory import NOTHING, Scope, Value
from nbgit.lineage.slicing.places import READ_ATTRIBUTES
from nbgit.lineage.slicing.pure import SCALAR_ATTRIBUTES

OPAQUE_PATHS = frozenset({"__main__", "sys._getframe", "inspect.currentframe", "inspect.stack", "gc.get_objects"})


class Expressions(Earlier):
    """Follows expressions."""

    def value(self, node: ast.AST | None) -> Value:
        """Return what an expression may give, and note what it reads and changes."""
        if node is None:
            return NOTHING
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            return self._union(node)
        found: Value = method(node)
        return found

    def _union(self, node: ast.AST) -> Value:
        found = NOTHING
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                found = found | self.value(child)
        return Value(found.things)

    def _constant(self, node: ast.Constant) -> Value:
        return Value((), node.value if isinstance(node.value, str) else None)

    def _name(self, node: ast.Name) -> Value:
        name = node.id
        if self.memory.find(name, self.scopes) is not None:
            return self.memory.read(name, self.scopes)
        if OUTPUT.fullmatch(name):
            return self.earlier(name)
        value = self.memory.read(name, self.scopes)
        stars = [self.memory.lib(f"{module}.{name}") for module in self.context.stars]
        if name in KNOWN or name.startswith("__"):
            return Value([self.memory.lib(f"builtins.{name}")])
        if not stars and not self.memory.wild:
            self.want(name)
        return Value(stars) if stars else value

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.value(node.value), node.attr)

    def attribute(self, base: Value, name: str) -> Value:
        """Return the attribute of that name."""
        if self.is_namespace(base):
            self.opaque()
        found, plain = NOTHING, []
        for thing in base.things:
            if thing.path:
                found = found | self.library_attribute(thing.path, name)
            elif thing.made_by is not None:
                found = found | self.member_of(thing, name)
            elif name not in SCALAR_ATTRIBUTES:
                plain.append(thing)
        self.act()
        found = found | self.inside(Value(plain))
        if any(thing.blob for thing in plain):
            found = found | self.callbacks(Value(plain))
        return Value(found.things)

    def library_attribute(self, path: str, name: str) -> Value:
        """Return what a library has under a dotted name; some of them are places."""
        full = f"{path}.{name}"
        child = self.memory.lib(full)
        if full in OPAQUE_PATHS or path in OPAQUE_PATHS:
            self.opaque()
        self.memory.need(child.writers, child.why)
        loaded = self.memory.places.get(f"loaded:{full}")
        if loaded is not None:
            self.memory.need(loaded.writers, loaded.why)
        if full in READ_ATTRIBUTES:
            self.memory.get(READ_ATTRIBUTES[full])
        return Value({child} | child.holds)

    def _subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.value, ast.Name) and node.value.id in ("Out", "_oh", "In", "_ih"):
            count, name = _whole_number(node.slice), node.value.id
            if count is not None and count >= 0 and self.memory.find(name, self.scopes) is None:
                return self.output(count) if name in ("Out", "_oh") else self.line_of(count)
        base, index = self.value(node.value), self.value(node.slice)
        if self.is_namespace(base):
            return self.named(index.text)
        self.act()
        self.touch(base)
        self.touch(index)
        self.memory.mark(thing for thing in base.things if thing.kind == "defaultdict")
        if isinstance(node.value, (ast.List, ast.Dict, ast.Tuple)) and isinstance(node.slice, ast.Constant):
            self.stop()  # a literal that is asked for one member: the kind of code that tries out an error
        libraries = [self.memory.lib(f"{thing.path}[]") for thing in base.things if thing.path]
        return Value({*libraries, *self.inside(Value(thing for thing in base.things if not thing.path)).things})

    def named(self, name: str | None) -> Value:
        """Return what `globals()[name]` gives; any name, where it is not known."""
        if name is not None:
            return self.memory.read(name, self.scopes[:1])
        self.act()
        self.memory.read_everything()
        return Value(thing for one in self.memory.session.names.values() for thing in one.value.things)

    def _slice(self, node: ast.Slice) -> Value:
        return self._union(node)

    def _call(self, node: ast.Call) -> Value:
        self.act()
        return self.call(node)

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        self.act()
        if isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)) and _whole_number(node.right) == 0:
            self.stop()
        return self.combine(node.op, left, right)

    def combine(self, op: ast.operator, left: Value, right: Value) -> Value:
        """Return the value of an operator between two values."""
        text = None
        if left.text is not None and right.text is not None:
            if isinstance(op, ast.Add):
                text = left.text + right.text
            elif isinstance(op, ast.Div):
                text = posixpath.join(left.text, right.text)
        shared = self.touch(left) | self.touch(right)
        things = left.things | right.things
        if not things:
            return Value((), text)
        kinds = {thing.kind for thing in things if not thing.path}
        for kind in ("pandas", "numpy"):
            if kind in kinds:
                return self.thing(shared, kind=kind)
        if not kinds or kinds == {"pathlib"}:
            return Value(self.thing(shared, kind="pathlib" if kinds else "").things, text)
        return self.thing(self.shallow(left), self.shallow(right), shared)

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        operand = self.value(node.operand)
        return self.combine(ast.Sub(), operand, NOTHING) if operand.things else NOTHING

    def _compare(self, node: ast.Compare) -> Value:
        values = [self.value(node.left), *(self.value(one) for one in node.comparators)]
        self.act()
        if self.is_namespace(*values[1:]):
            self.named(values[0].text)
            return NOTHING
        for value in values:
            self.touch(value)
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            for value in values[1:]:
                self.go_through(value)
        kinds = {thing.kind for value in values for thing in value.things} & {"pandas", "numpy"}
        return self.thing(kind=max(kinds)) if kinds else NOTHING

    def _boolop(self, node: ast.BoolOp) -> Value:
        found = self.value(node.values[0])
        self.weak += 1
        for one in node.values[1:]:
            self.touch(found)
            found = found | self.value(one)
        self.weak -= 1
        return found

    def _ifexp(self, node: ast.IfExp) -> Value:
        self.touch(self.value(node.test))
        self.weak += 1
        found = self.value(node.body) | self.value(node.orelse)
        self.weak -= 1
        return found

    def _joinedstr(self, node: ast.JoinedStr) -> Value:
        texts = [self.value(part) for part in node.values]
        return Value(
            (), "".join(v.text for v in texts if v.text is not None) if all(_is_text(v) for v in texts) else None
        )

    def _formattedvalue(self, node: ast.FormattedValue) -> Value:
        found = self.value(node.value)
        self.value(node.format_spec)
        self.act()
        self.touch(found)
        return Value((), found.text if node.format_spec is None else None)

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        return self.thing(*(self.value(one) for one in node.elts))

    _tuple = _set = _list

    def _dict(self, node: ast.Dict) -> Value:
        keys = [self.value(key) for key in node.keys]
        return self.thing(*keys, *(self.value(one) for one in node.values))

    def _starred(self, node: ast.Starred) -> Value:
        return self.go_through(self.value(node.value))

    def _lambda(self, node: ast.Lambda) -> Value:
        return self.function(node)

    def function(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
        """Return the thing that a function's definition makes."""
        given = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
        defaults = Value({thing for one in given for thing in self.value(one).things})
        made = self.memory.make(defaults.things)
        made.code = code_of(node, tuple(scope for scope in self.scopes if scope is not self.hidden), defaults)
        return Value({made})

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        found = self.value(node.value)
        assert isinstance(node.target, ast.Name)
        self.bind(node.target.id, found)
        return found

    def _comprehension_of(self, node: "ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp") -> Value:
        """Follow a comprehension once, in a scope of its own."""
        scope, before = Scope(), self.scopes
        self.scopes = (*before, scope)
        self.weak += 1
        for loop in node.generators:
            items = self.go_through(self.value(loop.iter))
            self.bind_target(loop.target, items, scope)
            for test in loop.ifs:
                self.touch(self.value(test))
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        made = self.thing(*(self.value(part) for part in parts))
        self.weak -= 1
        self.scopes = before
        return made

    _listcomp = _setcomp = _dictcomp = _comprehension_of

    def _generatorexp(self, node: ast.GeneratorExp) -> Value:
        source = self.value(node.generators[0].iter)  # all else is evaluated when it is gone through
        made = self.thing(source)
        scopes = tuple(scope for scope in self.scopes if scope is not self.hidden)
        for thing in made.things:
            thing.once = True
            thing.code = code_of(node, scopes, NOTHING)
        return made

    def _await(self, node: ast.Await) -> Value:
        return self.go_through(self.value(node.value))

    _yieldfrom = _await

    def _yield(self, node: ast.Yield) -> Value:
        found = self.value(node.value)
        self.result = self.result | found
        return NOTHING


def _is_text(value: Value) -> bool:
    return value.text is not None


def _whole_number(node: ast.AST) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
