"""Ring 3: compound statements and imports: what may not be run, or may be run again (docs/slicing.md)."""

import ast
import importlib

from nbgit.lineage.slicing.memory import Value
from nbgit.lineage.slicing.pure import STATELESS
from nbgit.lineage.slicing.statements import Statements

SMALL = frozenset(
    [
        "math",
        "cmath",
        "random",
        "itertools",
        "functools",
        "collections",
        "string",
        "statistics",
        "operator",
        "datetime",
        "os.path",
        "time",
    ]
)


class Blocks(Statements):
    """Follows compound statements and imports."""

    def do_if(self, node: ast.If) -> None:
        """A branch, either side of which may be run."""
        if isinstance(node.test, ast.Constant):
            self.run(node.body if node.test.value else node.orelse)
            return
        self.touch(self.value(node.test))
        self.guess(node.body, node.orelse)

    def do_for(self, node: "ast.For | ast.AsyncFor") -> None:
        """A loop: followed twice, so that what one turn leaves reaches the next."""
        items = self.go_through(self.value(node.iter))
        sure = _turns(node.iter)
        steady = not any(isinstance(one, (ast.Break, ast.Continue)) for part in node.body for one in ast.walk(part))
        for first in (True, False):
            self.weak += not (first and sure)
            self.bind_target(node.target, items)
            self.weak -= not (first and sure)
            self.weak += not (first and sure and steady)
            self.run(node.body)
            self.weak -= not (first and sure and steady)
        self.guess(node.orelse)

    do_asyncfor = do_for

    def do_while(self, node: ast.While) -> None:
        """A loop."""
        for _ in range(2):
            self.touch(self.value(node.test))
            self.guess(node.body)
        self.guess(node.orelse)

    def do_with(self, node: "ast.With | ast.AsyncWith") -> None:
        """A context: it may swallow an exception, so what is inside may not have been done."""
        contexts = []
        for item in node.items:
            value = self.value(item.context_expr)
            contexts.append(value)
            entered = self.go_through(value)
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, Value(entered.things, value.text))
        if all(_swallows_nothing(item.context_expr) for item in node.items):
            self.run(node.body)
        else:
            self.caught += 1
            self.guess(node.body)
            self.caught -= 1
        for value in contexts:
            self.touch(value)
            self.memory.change(value)

    do_asyncwith = do_with

    def do_try(self, node: ast.Try) -> None:
        """What may be left half done."""
        self.caught += bool(node.handlers)
        self.guess(node.body)
        self.caught -= bool(node.handlers)
        for handler in node.handlers:
            self.value(handler.type)
            self.weak += 1
            if handler.name:
                self.bind(handler.name, self.thing(blob=True))
            self.run(handler.body)
            self.weak -= 1
        self.guess(node.orelse)
        self.run(node.finalbody)

    do_trystar = do_try

    def do_match(self, node: ast.Match) -> None:
        """A match: any of its cases."""
        subject = self.value(node.subject)
        self.act()
        items = self.go_through(subject)
        self.weak += 1
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchClass):
                    self.value(part.cls)
                elif isinstance(part, ast.MatchValue):
                    self.value(part.value)
                name = getattr(part, "rest", None) or getattr(part, "name", None)
                if isinstance(name, str):
                    self.bind(name, items)
            if case.guard is not None:
                self.touch(self.value(case.guard))
            self.run(case.body)
        self.weak -= 1

    def do_import(self, node: ast.Import) -> None:
        """`import a.b as c`."""
        for alias in node.names:
            self.load(alias.name)
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            self.bind(alias.asname or path, Value([self.memory.lib(path)]))

    def do_importfrom(self, node: ast.ImportFrom) -> None:
        """`from a import b`; with `*`, all that is known of a module, or any name."""
        module = "." * node.level + (node.module or "")
        self.load(module.lstrip(".") or ".")
        for alias in node.names:
            if alias.name == "*":
                self._import_all(module)
                continue
            thing = self.memory.lib(f"{module}.{alias.name}")
            self.memory.need(thing.writers, thing.why)
            self.bind(alias.asname or alias.name, Value({thing} | thing.holds))

    def _import_all(self, module: str) -> None:
        if module in SMALL:
            found = importlib.import_module(module)
            public = getattr(found, "__all__", None) or [name for name in vars(found) if not name.startswith("_")]
            for name in public:
                self.bind(name, Value([self.memory.lib(f"{module}.{name}")]))
            return
        self.context.stars.append(module)
        self.memory.bind_anything()
        if module.partition(".")[0] not in STATELESS:
            for name, binding in self.memory.session.names.items():
                binding.value = binding.value | Value([self.memory.lib(f"{module}.{name}")])


def _swallows_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"


def _turns(node: ast.expr) -> bool:
    """Say whether a loop over this is sure to have one turn at least."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return any(not isinstance(one, ast.Starred) for one in node.elts)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "range"
        and len(node.args) == 1
    ):
        count = node.args[0]
        return isinstance(count, ast.Constant) and type(count.value) is int and count.value > 0
    return False
