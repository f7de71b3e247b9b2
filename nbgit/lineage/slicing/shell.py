"""Ring 3: what magics and commands of IPython do to a session (docs/slicing.md)."""

import ast
import re
import shlex

from nbgit.lineage.slicing.blocks import Blocks
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.magics import names_in, parse_cell
from nbgit.lineage.slicing.memory import NOTHING, Binding, Value
from nbgit.lineage.slicing.places import place_of

SHOWING = frozenset(["html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"])
SHELLS = frozenset(["bash", "sh", "script", "cmd", "powershell", "perl", "ruby", "sx", "system", "!"])
PYTHON = frozenset(["time", "timeit", "prun", "memit", "mprun", "lprun", "capture", "px", "debug", "python3_inline"])
PLACES = {  # line magics -> the place that they change
    **dict.fromkeys(
        ["config", "precision", "xmode", "colors", "doctest_mode", "pprint", "automagic", "alias", "unalias"], "options"
    ),
    **dict.fromkeys(["matplotlib", "gui"], "backend"),
    **dict.fromkeys(["env", "set_env"], "environ"),
    **dict.fromkeys(["cd", "pushd", "popd", "bookmark"], "cwd"),
    **dict.fromkeys(["pip", "conda", "mamba", "micromamba", "uv"], "packages"),
    **dict.fromkeys(["load_ext", "reload_ext", "unload_ext"], "magics"),
    **dict.fromkeys(["autoreload", "aimport"], "code"),
}
HARMLESS = frozenset(
    [
        "pinfo",
        "pinfo2",
        "pdoc",
        "pdef",
        "psource",
        "pfile",
        "psearch",
        "lsmagic",
        "magic",
        "quickref",
        "page",
        "tb",
        "pdb",
        "logstop",
        "logstate",
        "logon",
        "logoff",
        "notebook",
        "connect_info",
        "qtconsole",
        "history",
        "hist",
        "recall_nothing",
    ]
)
LOOKING = frozenset(
    [
        "cat",
        "head",
        "tail",
        "wc",
        "ls",
        "echo",
        "pwd",
        "date",
        "which",
        "file",
        "stat",
        "du",
        "df",
        "md5sum",
        "sha256sum",
        "diff",
        "uname",
        "whoami",
        "sort",
        "uniq",
        "cut",
    ]
)
OPTION = re.compile(r"\s*-\w+(?:\s*\d+)?")
VARIABLE = re.compile(r"\{([^{}]+)\}|\$\{?([A-Za-z_]\w*)\}?")


class Shell(Blocks):
    """Follows what `get_ipython()` is asked to do."""

    def method(self, receiver: Value, name: str, given: Given) -> Value:
        """Call a method; those of `get_ipython()` are magics and commands."""
        paths = [thing.path for thing in receiver.things if thing.path.startswith("IPython.shell()")]
        if any(path.startswith(("IPython.shell().display", "IPython.shell().config")) for path in paths):
            options = self.memory.use("options")
            options.holds |= given.everything().things
            return Value({options})
        if paths:
            return self.shell_method(name, given)
        return super().method(receiver, name, given)

    def shell_method(self, name: str, given: Given) -> Value:
        """Call a method of `get_ipython()`."""
        text, line, body = given.text(0), given.text(1), given.text(2)
        if name in ("run_line_magic", "magic") and text is not None:
            if name == "magic":
                text, _, line = text.partition(" ")
            if line is not None:
                return self.line_magic(text, line)
        if name == "run_cell_magic" and text is not None and body is not None:
            return self.cell_magic(text, line or "", body)
        if name in ("system", "getoutput") and text is not None:
            return self.command(text)
        if name in ("run_cell", "ex", "ev", "run_code") and text is not None:
            return self.follow_text(text)
        if name in ("set_next_input", "show_usage"):
            return NOTHING
        if name in ("register_magic_function", "register_magics"):
            self.memory.use("magics").holds |= given.everything().things
            return NOTHING
        self.opaque()
        return self.unknown(NOTHING, given, is_foreign=True)

    def follow_text(self, text: str) -> Value:
        """Follow a text as a cell; what can't be read may touch all that it names."""
        parsed = parse_cell(text)
        if parsed is None:
            return self.foreign(text)
        self.run(parsed.body)
        return self.thing(blob=True, once=True)

    def foreign(self, text: str) -> Value:
        """Follow a text of another language: all that it names may be read and changed."""
        self.act()
        self.world()
        found = []
        for name in sorted(names_in(text)):
            if self.memory.find(name, self.scopes) is not None:
                found.append(self.memory.read(name, self.scopes))
                self.memory.change(found[-1])
                self.callbacks(found[-1])
            self.memory.bind(name, self.thing(*found, blob=True, once=True), self.memory.session, weak=True)
        return self.thing(*found, blob=True, once=True)

    def line_magic(self, name: str, line: str) -> Value:
        """Follow `%name line`."""
        self.act()
        self.interpolate(line)
        if name in PYTHON:
            return self._timed(name, line)
        if name in HARMLESS:
            return NOTHING
        if name in SHELLS:
            return self.command(line)
        if name in ("ls", "ll", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "less", "more", "man"):
            return self.command(f"{name} {line}")
        if name in PLACES:
            return self._place_magic(name, line)
        method = getattr(self, f"magic_{name}", None)
        if method is not None:
            method(line)
            return self.thing(blob=True)
        magics = self.memory.get("magics")
        self.callbacks(Value(magics.holds))
        return self.foreign(line)

    def _place_magic(self, name: str, line: str) -> Value:
        place = PLACES[name]
        if name == "env" and "=" not in line and " " not in line.strip():
            self.memory.get(place)
        elif name == "matplotlib":
            self.memory.put(place, self.is_unsure)
        else:
            self.memory.use(place)
        if name == "cd":
            self.use_file(next((word for word in line.split() if not word.startswith("-")), None), "get")
        if name == "autoreload":
            self.context.reloads = True
            for path in list(self.memory.places):
                if path.endswith(".py"):
                    self.memory.get(path)
        if name.endswith("load_ext"):
            self.world()
        return NOTHING

    def _timed(self, name: str, line: str) -> Value:
        rest = line
        while found := OPTION.match(rest):
            rest = rest[found.end() :]
        parsed = parse_cell(rest)
        if parsed is None:
            return self.foreign(line)
        if name in ("timeit", "memit"):
            self._run_apart(parsed.body)
            return NOTHING
        if len(parsed.body) == 1 and isinstance(parsed.body[0], ast.Expr):
            return self.value(parsed.body[0].value)
        self.run(parsed.body)
        return NOTHING

    def _run_apart(self, body: list[ast.stmt]) -> None:
        """Run code as the body of a function, as %timeit does: what it binds is gone again."""
        kept = {name: Binding(one.writers, one.value) for name, one in self.memory.session.names.items()}
        self.run(body)
        self.memory.session.names = kept

    def cell_magic(self, name: str, line: str, body: str) -> Value:
        """Follow `%%name line` and its body."""
        self.act()
        if name in SHOWING:
            return NOTHING
        if name in PYTHON:
            return self._python_cell(name, line, body)
        if name in ("writefile", "file"):
            return self.write_file(line, body)
        if name in SHELLS or name.startswith(("python", "pypy", "node", "ruby", "perl")):
            self.interpolate(line)
            self.command(body, is_script=True)
            words = line.split()
            for flag in ("--out", "--err"):
                if flag in words[:-1]:
                    self.bind(words[words.index(flag) + 1], NOTHING)
            return NOTHING
        self.callbacks(Value(self.memory.get("magics").holds))
        return self.foreign(f"{line}\n{body}")

    def _python_cell(self, name: str, line: str, body: str) -> Value:
        parsed = parse_cell(body)
        if parsed is None:
            return self.foreign(f"{line}\n{body}")
        if name == "timeit":
            setup = parse_cell(re.sub(r"^(\s*-\w+(\s*\d+)?)*", "", line))
            self._run_apart([*(setup.body if setup else []), *parsed.body])
        else:
            self.run(parsed.body)
        if name == "capture":
            for word in line.split():
                if word.isidentifier():
                    self.bind(word, self.thing(blob=True))
        return NOTHING

    def write_file(self, line: str, body: str) -> Value:
        """`%%writefile`: the one way of which the text that a file gets is known."""
        words = line.split()
        names = [word for word in words if not word.startswith("-")]
        self.interpolate(line)
        if len(names) != 1 or VARIABLE.search(names[0]):
            self.use_file(None, "use")
            return NOTHING
        self.use_file(names[0].strip("'\""), "use" if len(words) > 1 else "set")
        if len(words) == 1:
            self.context.texts[place_of(names[0].strip("'\""))] = body
        return NOTHING

    def interpolate(self, text: str) -> None:
        """Read the variables that a command or a magic's line names by `{x}` and `$x`."""
        for braced, plain in VARIABLE.findall(text):
            parsed = parse_cell(braced or plain)
            for node in ast.walk(parsed) if parsed is not None else ():
                if isinstance(node, ast.Name) and self.memory.find(node.id, self.scopes) is not None:
                    self.memory.read(node.id, self.scopes)

    def command(self, text: str, *, is_script: bool = False) -> Value:
        """Follow a command of the system's shell: it may read and write any file, but for a few that only look."""
        self.act()
        self.interpolate(text)
        if self.context.notes is not None:
            self.context.notes.started(text)
        words = text.split()
        quiet = bool(words) and words[0] in LOOKING and not is_script and not set("|>&;`$(") & set(text)
        if not quiet:
            self.process(Given([Value((), text)]))
            return self.thing(blob=True)
        for place in ("environ", "cwd"):
            self.memory.get(place)
        try:
            paths = [word for word in shlex.split(text)[1:] if not word.startswith("-")]
        except ValueError:
            paths = ["*"]
        if words[0] in ("echo", "date", "which", "uname", "whoami", "pwd"):
            return self.thing(blob=True)
        for path in paths or ["*"]:
            self.use_file(None if set("*?[{~") & set(path) or words[0] in ("ls", "du") else path, "get")
        return self.thing(blob=True)
