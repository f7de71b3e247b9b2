"""Ring 3: what a run binds, reads, writes and touches, seen from inside an IPython session.

The file is also run as it stands in a kernel, so it imports nothing of nbgit's. `watch(shell)` returns the list to
which one record is added for each run: `{"outcome", "bound", "deleted", "read", "written", "touches", "commands",
"figures_left"}`. Files are those below the session's first working directory, relative to it.
"""

import hashlib
import os
import sys
from typing import Any

NOTHING: dict[str, Any] = {
    "outcome": "ok",
    "bound": [],
    "deleted": [],
    "read": [],
    "written": [],
    "touches": [],
    "commands": [],
    "figures_left": None,
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")


class Watch:
    """Records runs, one after the other."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.root = os.path.realpath(os.getcwd())
        self.records: list[dict[str, Any]] = []
        self.is_on = False
        self.depth = 0
        self.read: list[str] = []
        self.written: list[str] = []
        self.commands: list[str] = []
        self.names: dict[str, int] = {}
        self.state: dict[str, Any] = {}
        self.kept: list[Any] = []
        sys.addaudithook(self.hear)
        shell.events.register("pre_run_cell", self.before)
        shell.events.register("post_run_cell", self.after)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take in one audit event."""
        if not self.is_on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & WRITING) if isinstance(flags, int) else False
            writes = writes or (isinstance(mode, str) and bool(set(mode) & set("wax+")))
            self.note(path, self.written if writes else self.read)
        elif event in PROCESSES:
            self.commands.append(" ".join(str(one) for one in arguments[:2]))
        elif event in ("os.remove", "os.mkdir", "os.rmdir", "os.truncate"):
            self.note(arguments[0], self.written)
        elif event in ("os.rename", "os.link", "os.symlink"):
            self.note(arguments[0], self.written)
            self.note(arguments[1], self.written)
        elif event == "sqlite3.connect":
            self.note(arguments[0], self.written)

    def note(self, path: Any, into: list[str]) -> None:
        """Note a file, if it lies below the first working directory."""
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)):
            return
        relative = os.path.relpath(os.path.abspath(path), self.root).replace(os.sep, "/")
        if not relative.startswith("..") and "__pycache__" not in relative and relative not in into:
            into.append(relative)

    def before(self, _info: Any = None) -> None:
        """Begin a record; a run within a run belongs to it."""
        self.depth += 1
        if self.depth > 1:
            return
        self.read, self.written, self.commands = [], [], []
        self.kept = list(self.shell.user_ns.values())  # so that no id is used twice
        self.names = self.ids()
        self.state = states()
        self.is_on = True

    def after(self, result: Any = None) -> None:
        """End a record."""
        if self.depth != 1:  # 0: a blank cell, which never began
            self.depth = max(0, self.depth - 1)
            return
        self.depth = 0
        self.is_on = False
        names, state = self.ids(), states()
        error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
        outcome = "ok" if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
        pyplot = sys.modules.get("matplotlib.pyplot")
        self.records.append(
            {
                "outcome": outcome,
                "bound": sorted(name for name, one in names.items() if self.names.get(name) != one),
                "deleted": sorted(name for name in self.names if name not in names),
                "read": self.read,
                "written": self.written,
                "touches": sorted(name for name, one in state.items() if self.state.get(name, one) != one),
                "commands": self.commands,
                "figures_left": len(pyplot.get_fignums()) if pyplot is not None else None,
            }
        )
        self.kept = []

    def ids(self) -> dict[str, int]:
        """Return the id of what each name of the session refers to, IPython's own names apart."""
        hidden = self.shell.user_ns_hidden
        found = dict(self.shell.user_ns)
        return {name: id(one) for name, one in found.items() if name not in hidden and not name.startswith("_")}


def states() -> dict[str, Any]:
    """Return the state of each place that is outside of all names, in a form that can be compared."""
    found: dict[str, Any] = {"cwd": os.getcwd(), "environ": digest(sorted(os.environ.items()))}
    found["imports"] = digest([sys.path])
    modules = sys.modules
    if "random" in modules:
        found["rng:random"] = hash(modules["random"].getstate())
    if "numpy.random" in modules:
        found["rng:numpy"] = digest(
            [str(modules["numpy.random"].get_state()[1:]), modules["numpy.random"].get_state()[1].tobytes()]
        )
    if "torch" in modules and hasattr(modules["torch"], "get_rng_state"):
        found["rng:torch"] = digest([modules["torch"].get_rng_state().numpy().tobytes()])
    if "warnings" in modules:
        found["warnings"] = digest([str(modules["warnings"].filters)])
    options = []
    if "matplotlib" in modules and hasattr(modules["matplotlib"], "rcParams"):
        options.append(str(dict.items(modules["matplotlib"].rcParams)))
    if "numpy" in modules and hasattr(modules["numpy"], "get_printoptions"):
        options += [str(modules["numpy"].get_printoptions()), str(modules["numpy"].geterr())]
    found["options"] = digest(options)
    return found


def digest(parts: Any) -> str:
    """Return a short digest of what can be told apart by its repr; values are never kept."""
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def watch(shell: Any) -> list[dict[str, Any]]:
    """Watch a session from now on; return the list to which its runs are added."""
    return Watch(shell).records


RUNS: list[list[dict[str, Any]]] = []


def begin(shell: Any) -> None:
    """Watch a session; `take` gives what is seen."""
    RUNS.append(watch(shell))


def take() -> str:
    """Return the record of the last run as JSON, or one of a run that did nothing; each is given once."""
    import json

    seen = RUNS[-1]
    record = seen[-1] if seen else dict(NOTHING)
    seen.clear()
    return json.dumps(record)
