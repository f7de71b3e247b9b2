"""Ring 3: calls; functions that the session defines are followed (docs/slicing.md)."""

import ast
from abc import abstractmethod

from nbgit.lineage.slicing.frames import DEPTH
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.library_calls import LibraryCalls
from nbgit.lineage.slicing.memory import NOTHING, Code, Scope, Thing, Value

QUIET = ("__init__", "__new__", "__init_subclass__", "__class_getitem__", "__set_name__", "__post_init__", "__del__")


class Calls(LibraryCalls):
    """Follows calls."""

    @abstractmethod
    def run(self, body: list[ast.stmt]) -> None:
        """Follow statements."""

    @abstractmethod
    def bind_target(self, target: ast.expr, value: Value, scope: Scope | None = None) -> None:
        """Bind a target of an assignment or loop."""

    @abstractmethod
    def library_attribute(self, path: str, name: str) -> Value:
        """Return what a library has under a dotted name."""

    def call(self, node: ast.Call) -> Value:
        """Return what a call may give."""
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        called = NOTHING if receiver is not None else self.value(node.func)
        given = self.given(node)
        if isinstance(node.func, ast.Attribute) and receiver is not None:
            return self.method(receiver, node.func.attr, given)
        if not called.things:
            return self.unknown(called, given, is_foreign=True)
        return self.apply(called, given)

    def given(self, node: ast.Call) -> Given:
        """Return the arguments of a call."""
        given = Given()
        for one in node.args:
            if isinstance(one, ast.Starred):
                given.spread = given.spread | self.inside(self.value(one))
            else:
                given.positional.append(self.value(one))
        for keyword in node.keywords:
            found = self.value(keyword.value)
            if keyword.arg is None:
                given.spread = given.spread | self.inside(found)
            else:
                given.named[keyword.arg] = found
                if isinstance(keyword.value, ast.Constant):
                    given.constants[keyword.arg] = keyword.value.value
        return given

    def apply(self, called: Value, given: Given) -> Value:
        """Return what calling a value may give."""
        found: list[Value] = []
        many = len(called.things) > 1
        self.weak += many
        for thing in called.things:
            if thing.path:
                found.append(self.library(thing.path, given))
            elif thing.code is not None:
                found.append(self.invoke(thing, thing.code, given))
            elif thing.members is not None:
                found.append(self.instantiate(thing, given))
            elif thing.made_by is not None and self.lookup(thing.made_by, "__call__"):
                found.append(self.call_member(thing, "__call__", given))
            elif thing.kind == "numpy":  # a polynomial, a function made by frompyfunc
                found.append(self._judged("alias", Value({thing}), given, "numpy", NOTHING))
            else:
                found.append(self.unknown(Value({thing}), given))
        self.weak -= many
        return _united(found)

    def method(self, receiver: Value, name: str, given: Given) -> Value:
        """Return what calling a method of that name may give."""
        if self.is_namespace(receiver):
            return self.namespace_method(name, given)
        found: list[Value] = []
        others = []
        many = len(receiver.things) > 1
        self.weak += many
        for thing in receiver.things:
            if thing.path:
                child = self.library_attribute(thing.path, name)
                found += [self.library(one.path, given) for one in child.things if one.path]
                found += [self.apply(Value({one}), given) for one in child.things if not one.path]
            elif thing.members is not None and self.lookup(thing, name):
                found += [self.apply(member, given.with_spread(Value({thing}))) for member in self.lookup(thing, name)]
            elif thing.made_by is not None and self.lookup(thing.made_by, name):
                found.append(self.call_member(thing, name, given))
            else:
                others.append(thing)
        self.weak -= many
        if others or not receiver.things:
            found.append(self.other_method(Value(others, receiver.text), name, given))
        return _united(found)

    def lookup(self, owner: Thing, name: str) -> list[Value]:
        """Return the members of that name of a class and of its bases."""
        found, todo, seen = [], [owner], {owner}
        while todo:
            members = todo.pop(0).members or {}
            if name in members:
                found.append(members[name])
            for base in members.get("", NOTHING).things:
                if base not in seen:
                    seen.add(base)
                    todo.append(base)
        return found

    def call_member(self, thing: Thing, name: str, given: Given) -> Value:
        """Call the methods of that name of an instance, those of its bases too."""
        assert thing.made_by is not None
        found = []
        for member in self.lookup(thing.made_by, name):
            for one in member.things:
                if one.code is not None:
                    found.append(self.invoke(one, one.code, given, Value({thing, thing.made_by})))
                else:
                    found.append(self.apply(Value({one}), given.with_spread(Value({thing}))))
        return _united(found)

    def member_of(self, thing: Thing, name: str) -> Value:
        """Return an attribute of an instance; one that is computed is called."""
        assert thing.made_by is not None
        found = self.inside(Value({thing}))
        computed = [*self.lookup(thing.made_by, "__getattr__"), *self.lookup(thing.made_by, "__getattribute__")]
        for member in [*self.lookup(thing.made_by, name), *computed]:
            for one in member.things:
                if one.code is None:
                    found = found | self.unfolded(one)
                elif one.code.wrapped or member in computed:
                    found = found | self.invoke(one, one.code, Given(), Value({thing, thing.made_by}))
        return found

    def unfolded(self, descriptor: Thing) -> Value:
        """Return what a class attribute that may be a descriptor gives."""
        if descriptor.made_by is None:
            return Value({descriptor})
        return self.touch(Value({descriptor})) | Value({descriptor})

    def touch(self, value: Value) -> Value:
        """Use a value in an operator: its class's special methods may run. Return what they may give."""
        found = NOTHING
        if self.is_namespace(value):
            self.opaque()
        for thing in value.things:
            if thing.made_by is None:
                continue
            for name in self.special(thing.made_by):
                found = found | self.call_member(thing, name, Given(spread=value))
        return found

    def special(self, owner: Thing) -> list[str]:
        """Return the names of a class's special methods, those of its bases too."""
        names, todo = [], [owner]
        while todo:
            one = todo.pop()
            members = one.members or {}
            names += [name for name in members if name[:2] == "__" == name[-2:] and len(name) > 4 and name not in QUIET]
            todo += [base for base in members.get("", NOTHING).things if base.members is not None and base is not one]
        return list(dict.fromkeys(names))

    def go_through(self, value: Value) -> Value:
        """Return the items of a value; what can be gone through only once is changed by it."""
        self.act()
        shared = self.touch(value)
        reached = self.reach_of(value)
        once = [thing for thing in reached if thing.once]
        self.memory.mark(once)
        for thing in reached:
            if thing.code is not None and thing.code.is_lazy:
                shared = shared | self.call_back(thing, thing.code, reached, self.older(reached))
        return Value({*reached, *shared.things})

    def instantiate(self, owner: Thing, given: Given) -> Value:
        """Return a new instance of a class of the session."""
        made = self.thing(Value({owner}))
        (thing,) = made.things
        thing.made_by = owner
        metaclass = self.lookup(owner, "metaclass=")
        for name in ("__new__", "__init__", "__post_init__"):
            if self.lookup(owner, name):
                given_back = self.call_member(thing, name, given)
                made = made | given_back if name == "__new__" else made
        foreign = [base for base in self.bases_of(owner) if base.members is None]
        if foreign or metaclass or not self.lookup(owner, "__init__"):
            self.memory.hold(made, given.everything())
        if metaclass or any(not base.path.startswith(("builtins.", "typing.", "abc.", "enum.")) for base in foreign):
            self.unknown(Value({thing}) | _united(metaclass), given)
        return made

    def bases_of(self, owner: Thing) -> list[Thing]:
        """Return all bases of a class, however far."""
        found: list[Thing] = []
        todo = [owner]
        while todo:
            for base in (todo.pop().members or {}).get("", NOTHING).things:
                if base not in found:
                    found.append(base)
                    todo.append(base)
        return found

    def invoke(self, thing: Thing, code: Code, given: Given, receiver: Value = NOTHING) -> Value:
        """Follow a function of the session that is called with these arguments, and return what it may give."""
        everything = given.everything() | receiver
        if id(code.node) in self.running or len(self.running) > DEPTH or self.context.budget <= 0:
            return self.assume(code, everything)
        self.context.budget -= 1
        frame = type(self)(self.context, (*code.scopes, Scope()), (*self.running, id(code.node)))
        frame.outer_unsure = self.is_unsure
        frame.caught = self.caught
        frame.follow(code, given, receiver)
        if code.remembers:
            self.memory.mark({thing} | {one for one in receiver.things if one.members is None})
        if code.is_lazy:
            return self.thing(frame.result, everything, Value({thing}), once=True, blob=True)
        return frame.result

    def follow(self, code: Code, given: Given, receiver: Value) -> None:
        """Bind the parameters in this frame's scope, and run the body."""
        node = code.node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            self._bind_parameters(node.args, code, given, receiver)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.run(node.body)
        elif isinstance(node, ast.Lambda):
            self.result = self.value(node.body)
        elif isinstance(node, ast.GeneratorExp):
            for loop in node.generators:
                self.bind_target(loop.target, self.go_through(self.value(loop.iter) | given.spread))
                for test in loop.ifs:
                    self.value(test)
            self.result = self.value(node.elt)

    def _bind_parameters(self, parameters: ast.arguments, code: Code, given: Given, receiver: Value) -> None:
        spread = given.spread
        positional = list(given.positional)
        if receiver.things:
            if code.wrapped:
                spread = spread | given.everything() | receiver
            else:
                instance = Value(thing for thing in receiver.things if thing.members is None)
                positional.insert(0, instance)
        names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
        for index, name in enumerate([*names, *(one.arg for one in parameters.kwonlyargs)]):
            value = spread
            if index < len(positional) and index < len(names):
                value = positional[index] | spread if spread.things else positional[index]
            elif name in given.named:
                value = given.named[name] | spread if spread.things else given.named[name]
            else:
                value = value | code.defaults
            self.memory.bind(name, value, self.home, weak=False)
        if parameters.vararg is not None:
            self.bind(parameters.vararg.arg, self.thing(*positional[len(names) :], spread), self.home)
        if parameters.kwarg is not None:
            left = [value for name, value in given.named.items() if name not in names]
            self.bind(parameters.kwarg.arg, self.thing(*left, spread), self.home)

    def assume(self, code: Code, everything: Value) -> Value:
        """Return what a function that is not followed may give: it may change whatever it names or is given."""
        changed = [everything]
        for name in code.free:
            binding = self.memory.find(name, code.scopes)
            if binding is not None:
                self.memory.need(binding.writers, f"defines {name}")
                changed.append(binding.value)
        stated = {name for part in ast.walk(code.node) if isinstance(part, ast.Global) for name in part.names}
        for name in stated:
            self.memory.bind(name, NOTHING, self.memory.session, weak=True)
        for value in changed:
            self.memory.change(value)
        return self.thing(*changed, once=code.is_lazy, blob=True)


def _united(values: list[Value]) -> Value:
    found = values[0] if values else NOTHING
    for value in values[1:]:
        found = found | value
    return found
