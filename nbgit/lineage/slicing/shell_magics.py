"""Ring 3: one run from its code to its end; magics that change names (docs/slicing.md)."""

import ast

from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.magics import names_in, parse_cell
from nbgit.lineage.slicing.memory import NOTHING, Binding, Value
from nbgit.lineage.slicing.places import place_of
from nbgit.lineage.slicing.shell import Shell


class Session(Shell):
    """Follows the runs of a session."""

    def cell(self, code: str, count: int | None) -> None:
        """Follow one run; the value of its last expression is kept as `Out[count]`."""
        parsed = parse_cell(code)
        if parsed is None:
            if self.context.outcome != "error":  # else nothing of it was run
                self.foreign(code)
            return
        for node in parsed.body[:-1]:
            self.statement(node)
        last = parsed.body[-1] if parsed.body else None
        if isinstance(last, ast.Expr) and not self._is_bare_magic(last) and not code.rstrip().endswith(";"):
            self.show(last, count)
        elif last is not None:
            self.statement(last)

    def _is_bare_magic(self, node: ast.Expr) -> bool:
        """Follow a name alone that is a magic's, as automagic has it."""
        if not isinstance(node.value, ast.Name) or self.memory.find(node.value.id, self.scopes) is not None:
            return False
        if node.value.id not in ("pwd", "ls", "who", "whos", "pylab", "reset", "env", "cd"):
            return False
        self.line_magic(node.value.id, "")
        return True

    def magic_pwd(self, line: str) -> None:
        """`%pwd`."""
        self.memory.get("cwd")

    def magic_who(self, line: str) -> None:
        """`%who`: which names there are."""
        self.memory.read_everything()

    magic_whos = magic_who_ls = magic_who

    def magic_reset(self, line: str) -> None:
        """`%reset`: no name is bound any more."""
        for name in list(self.memory.session.names):
            self.bind(name, NOTHING)
        self.context.shown.clear()
        self.memory.wild |= self.memory.bit

    def magic_reset_selective(self, line: str) -> None:
        """`%reset_selective PATTERN`: some names are not bound any more."""
        self.memory.read_everything()
        self.memory.bind_anything()

    def magic_xdel(self, line: str) -> None:
        """`%xdel NAME`."""
        for name in names_in(line):
            if self.memory.find(name, self.scopes) is not None:
                self.memory.read(name, self.scopes)
                self.bind(name, NOTHING)

    def magic_store(self, line: str) -> None:
        """`%store NAME` and `%store -r`."""
        words = line.split()
        place = self.memory.use("store")
        for name in names_in(line):
            if "-r" in words:
                self.memory.bind(name, Value({place}), self.memory.session, weak=True)
            elif self.memory.find(name, self.scopes) is not None:
                place.holds |= self.memory.read(name, self.scopes).things
        if "-r" in words and len(words) == 1:
            self.memory.bind_anything()

    def magic_run(self, line: str) -> None:
        """`%run FILE`: a script whose names are the session's afterwards."""
        words = [word for word in line.split() if not word.startswith("-")]
        in_session = "-i" in line.split()
        path = words[0].strip("'\"") if words else ""
        path += "" if path.endswith((".py", ".ipy", ".ipynb")) else ".py"
        if self.context.notes is not None:
            self.context.notes.ran(path)
        place = self.use_file(path, "get")
        self.memory.look(Value({place}), path)
        text = self.context.texts.get(place_of(path))
        parsed = parse_cell(text) if text is not None else None
        if parsed is not None:
            self.run(parsed.body)
        else:
            self.act()
            self.world()
            if in_session:
                self.memory.read_everything()
                self.memory.change_everything()
            self.memory.bind_anything()

    def magic_pylab(self, line: str) -> None:
        """`%pylab`: numpy and pyplot, all of them."""
        self.memory.use("backend")
        for name in ("numpy", "matplotlib.pyplot"):
            self.run(ast.parse(f"from {name} import *").body)
        self.run(ast.parse("import numpy\nimport matplotlib\nfrom matplotlib import pylab, mlab, pyplot").body)
        self.run(ast.parse("np = numpy\nplt = pyplot").body)

    def magic_load(self, line: str) -> None:
        """`%load FILE`: only shown."""
        self.use_file(line.strip() or None, "get")

    def magic_save(self, line: str) -> None:
        """`%save FILE LINES`: the history as a file."""
        for unit in self.context.counts.values():
            self.memory.need(1 << unit, "is a line of the history")
        self.use_file(None, "use")

    def magic_rerun(self, line: str) -> None:
        """`%rerun`, `%recall`, `%macro`, `%edit`: code of earlier runs."""
        for unit in self.context.counts.values():
            self.memory.need(1 << unit, "is a line of the history")
        self.opaque()

    magic_recall = magic_rep = magic_macro = magic_edit = magic_rerun

    def finish(self, before: dict[str, Binding], bound: frozenset[str], deleted: frozenset[str], exact: bool) -> None:
        """Take in which names a run is known to have bound and deleted; `before` is what they were before it."""
        names, memory = memory_names(self), self.memory
        if exact:
            memory.wild &= ~memory.bit
            for name in list(names):
                same = not name.startswith("_") and name in before and name not in bound and name not in deleted
                if same and names[name].writers != memory.bit:
                    names[name] = before[name]
        for name in bound:
            binding = names.get(name)
            if binding is None or not binding.writers & memory.bit:
                everything = Value(memory.all_things[-1:])
                value = self.thing(binding.value if binding else NOTHING, everything, blob=True, once=True)
                names[name] = Binding(memory.bit, value)
            else:
                names[name] = Binding(memory.bit, binding.value)
        for name in deleted:
            names[name] = Binding(memory.bit, NOTHING)

    def touch_places(self, places: frozenset[str]) -> None:
        """Take in which places a run is known to have touched."""
        for place in sorted(places):
            self.memory.use(place)

    def given_commands(self, commands: tuple[str, ...]) -> None:
        """Take in which processes a run is known to have started."""
        for command in commands:
            self.process(Given([Value((), command)]))


def memory_names(session: Session) -> dict[str, Binding]:
    """Return the names of a session."""
    return session.memory.session.names
