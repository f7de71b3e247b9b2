"""Apart: the audit hook (PEP 578): files opened, addresses fetched, commands started, told to whichever runs are on.

A hook can't be taken out again, so it asks a dictionary that can be emptied. What it does for an event that nobody asks
for is one look into that dictionary: `id()` is audited, too.
"""

import os
import sys
import sysconfig
from _thread import get_ident

from nbgit.kernel.scripts import scripts_in
from nbgit.kernel.seen import CHANGE, READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from nbgit.kernel.seen import Seen

    Handler = Callable[[tuple[Any, ...]], None]

SUFFIXES = (
    ".pyc",
    ".pyo",
    ".so",
    ".pyd",
    ".dll",
    ".dylib",
    ".ttf",
    ".otf",
    ".ttc",
    ".afm",
    ".pfb",
    ".egg-link",
    ".pth",
)
SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/var/run/", "/System/", "/Library/", "/usr/lib/")
SHARED = tuple(f"/usr/share/{name}/" for name in ("zoneinfo", "fonts", "locale", "mime", "misc"))
FRAMES = 12  # how far above a fork its command is looked for
OF_PREFIX = ("lib", "lib64", "libexec", "bin", "share", "include", "etc")  # what belongs to a shared prefix
OF_PERSON = (".cache/matplotlib", ".config/matplotlib", ".matplotlib", ".cache/fontconfig", ".fonts", ".local/lib")
OF_JUPYTER = (".jupyter", ".local/share/jupyter", "Library/Jupyter", "Library/Python", ".ipython", ".config/git")


def install_hook(handlers: "dict[str, Handler]") -> None:
    """Let the interpreter tell `handlers` of their events, for as long as it lives."""
    find = handlers.get

    def nbgit_audit(event: str, arguments: "tuple[Any, ...]") -> None:
        handler = find(event)
        if handler is not None:
            try:
                handler(arguments)
            except Exception:  # what the user does goes on, whatever becomes of the record
                pass

    sys.addaudithook(nbgit_audit)


class Watch:
    """Sorts events by what they tell. `sinks` returns the runs that an event of the calling thread belongs to."""

    def __init__(self, sinks: "Callable[[], list[Seen]]", skipped: "tuple[str, ...]") -> None:
        self._sinks = sinks
        self._skipped = skipped
        self.own: set[int] = set()  # threads of nbgit's own
        self.keep_query = False

    def handlers(self) -> "dict[str, Handler]":
        """Return the handler of each event that is asked for (docs.python.org, "Audit events table")."""
        return {
            "open": self.on_open,
            "os.rename": self.on_rename,
            "sqlite3.connect": lambda arguments: self.note(arguments[0], CHANGE),
            "os.putenv": self.on_environ,
            "os.unsetenv": self.on_environ,
            "urllib.Request": self.on_request,
            "http.client.send": self.on_send,
            "socket.getaddrinfo": self.on_address,
            "subprocess.Popen": lambda arguments: self.on_command(arguments[1] or arguments[0], arguments[2]),
            "os.forkpty": lambda _: self.on_fork(),
            "os.system": lambda arguments: self.on_command(arguments[0]),
            "os.posix_spawn": lambda arguments: self.on_command(arguments[1]),
            "os.exec": lambda arguments: self.on_command(arguments[1]),
        }

    def note(self, path: object, how: int, *, named: bool = False, skip: bool = True) -> None:
        """Note a path of any type; one that is none (a number, `:memory:`) is passed over, an address is noted as such.

        `named` says that a call named it, so that a folder stands for what is in it; without `skip` it counts wherever
        it lies.
        """
        if type(path) is not str:
            if isinstance(path, int) or not isinstance(path, bytes | os.PathLike):
                return
            path = os.fsdecode(path)
        if skip and (path.startswith(self._skipped) or path.endswith(SUFFIXES)):
            return
        sinks = self._sinks()
        if not sinks or get_ident() in self.own or not path or path == ":memory:":
            return
        path = path.removeprefix("file://")
        if "://" in path:
            for seen in sinks:
                seen.fetch(path, "GET", self.keep_query)
            return
        path = os.path.normpath(os.path.join(os.getcwd(), path))
        if not skip or not (path.startswith(self._skipped) or "/site-packages/" in path):
            for seen in sinks:
                seen.open(path, how, named)

    def on_open(self, arguments: "tuple[Any, ...]") -> None:
        """Note `open` (path, mode, flags); whether it was for writing stands in the flags."""
        path, _, flags = arguments
        if flags & os.O_RDWR or (flags & os.O_WRONLY and flags & os.O_APPEND):
            self.note(path, WRITE if flags & os.O_TRUNC else CHANGE)
        else:
            self.note(path, WRITE if flags & os.O_WRONLY else READ)

    def on_rename(self, arguments: "tuple[Any, ...]") -> None:
        """Note `os.rename` and `os.replace` (source, target, directory descriptors)."""
        here = os.getcwd()
        source, target = (os.path.normpath(os.path.join(here, os.fsdecode(path))) for path in arguments[:2])
        if not target.startswith(self._skipped) and get_ident() not in self.own and not os.path.isdir(source):
            for seen in self._sinks():
                seen.rename(source, target)

    def on_environ(self, arguments: "tuple[Any, ...]") -> None:
        """Note which variable is set or taken away; what it is set to is nobody's business."""
        name = os.fsdecode(arguments[0])
        for seen in self._sinks():
            seen.set_variable(name, os.environ.get(name))

    def on_request(self, arguments: "tuple[Any, ...]") -> None:
        """Note urllib's request (address, data, headers, method)."""
        self._fetch(str(arguments[0]), str(arguments[3] or "GET"))

    def on_send(self, arguments: "tuple[Any, ...]") -> None:
        """Note the first line of a request of http.client (connection, bytes), which requests and urllib3 use."""
        connection, data = arguments[:2]
        if not isinstance(data, bytes | bytearray | memoryview):
            return
        method, _, rest = bytes(data[:4096]).partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target, _, version = rest.rpartition(" ")
        if version.startswith("HTTP/") and method.isalpha() and method != "CONNECT":
            scheme = "https" if getattr(connection, "default_port", 80) == 443 else "http"
            host = getattr(connection, "_tunnel_host", None) or connection.host
            port = connection.port if not getattr(connection, "_tunnel_host", None) else 443
            shown = "" if port in (80, 443, None) else f":{port}"
            self._fetch(target if "://" in target else f"{scheme}://{host}{shown}{target}", method)

    def on_address(self, arguments: "tuple[Any, ...]") -> None:
        """Note a host that is looked up (host, port, ...): of some libraries nothing more is seen."""
        host, port = arguments[:2]
        host = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if host and get_ident() not in self.own:
            for seen in self._sinks():
                seen.connect(str(host)[:255], int(port) if isinstance(port, int) or str(port).isdigit() else 0)

    def on_command(self, command: object, folder: object = None) -> None:
        """Note a command line, started in `folder`; the scripts that it starts count as read."""
        if get_ident() in self.own or not self._sinks():
            return
        for seen in self._sinks():
            seen.start(command, self.keep_query)
        here = os.getcwd()
        if isinstance(folder, str | bytes | os.PathLike):
            here = os.path.join(here, os.fsdecode(folder))
        for script in scripts_in(command):
            path = os.path.join(here, script)
            if os.path.isfile(path):
                self.note(path, READ)

    def on_fork(self) -> None:
        """Note the command of `!command`: IPython has pexpect fork; no event has the command, but the caller."""
        frame: FrameType | None = sys._getframe(1)
        for _ in range(FRAMES):
            if frame is None:
                return
            words = frame.f_locals.get("argv") if frame.f_code.co_name == "spawn" else None
            if isinstance(words, list) and frame.f_globals.get("__name__", "").startswith("ptyprocess"):
                is_shell = len(words) > 2 and words[1] == "-c"
                self.on_command(words[2] if is_shell else words)
                return
            frame = frame.f_back

    def _fetch(self, url: str, method: str) -> None:
        if get_ident() not in self.own:
            for seen in self._sinks():
                seen.fetch(url, method, self.keep_query)


def skipped_folders(top: str, *more: str) -> "tuple[str, ...]":
    """Return the beginnings of those paths that tell nothing of a run: the interpreter's, the system's, Jupyter's.

    `top` is the worktree: what would hide all of it is left out. `more` are further folders.
    """
    home = os.path.expanduser("~")
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    folders = set(more) | {os.path.join(home, *name.split("/")) for name in (*OF_PERSON, *OF_JUPYTER)}
    for prefix in prefixes:
        shared = prefix in ("/usr", "/usr/local", "/") or (top + os.sep).startswith(os.path.join(prefix, ""))
        folders |= {os.path.join(prefix, name) for name in OF_PREFIX} if shared else {prefix}
    folders.add(os.environ.get("MPLCONFIGDIR", ""))
    inside = {os.path.join(folder, "") for folder in folders if folder}
    real = {os.path.join(os.path.realpath(folder), "") for folder in inside}
    system = () if os.sep == "\\" else SYSTEM + SHARED
    return tuple(sorted({one for one in (*inside, *real, *system) if not (top + os.sep).startswith(one)}))
