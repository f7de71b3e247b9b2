"""Apart: what one run was seen to open, fetch and start, before it is settled what of it matters."""

import os

from nbgit.kernel.redact import redact_command, redact_url

READ, WRITE, CHANGE = 1, 2, 4  # CHANGE: opened for both, so that only the file's state can tell
FILES, OTHERS = 2000, 50  # how many are kept of each kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    State = tuple[int, int, int, int]


class File:
    """One path: how it was opened (a sum of READ, WRITE, CHANGE), its state before, and whether a call named it.

    `written_first` says that nothing was read of it before it was written.
    """

    __slots__ = ("before", "how", "named", "written_first")

    def __init__(self, how: int, before: "State | None", named: bool) -> None:
        self.how = how
        self.before = before
        self.named = named
        self.written_first = how == WRITE


class Seen:
    """What one run (`run`, its id) has done so far; bounded, and of the user's objects it holds none."""

    __slots__ = ("commands", "environ", "facts", "files", "hosts", "omitted", "run", "shown", "urls")

    def __init__(self, run: str) -> None:
        self.run = run
        self.files: dict[str, File] = {}
        self.urls: dict[tuple[str, str], None] = {}
        self.hosts: dict[tuple[str, int], None] = {}
        self.commands: list[str] = []
        self.environ: dict[str, int] = {}
        self.shown: list[tuple[str, str]] = []
        self.facts: dict[str, object] = {}
        self.omitted: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.files or self.urls or self.hosts or self.commands or self.environ)

    def open(self, path: str, how: int, named: bool = False) -> None:
        """Note that an absolute path is about to be opened."""
        known = self.files.get(path)
        if known is not None:
            known.how |= how
            known.named |= named
        elif len(self.files) < FILES:
            self.files[path] = File(how, file_state(path), named)
        else:
            self._omit("files")

    def rename(self, source: str, target: str) -> None:
        """Note that a file is about to get another name: what was written to it stands there then."""
        old = self.files.pop(source, None)
        state = file_state(source)
        self.open(target, WRITE)
        if old is None or not old.written_first:
            self.files[source] = old or File(READ, state, False)

    def fetch(self, url: str, method: str, keep_query: bool) -> None:
        """Note an address; what is secret in it is dropped here."""
        self._add(self.urls, (redact_url(url, keep_query), method.upper()), "urls")

    def connect(self, host: str, port: int) -> None:
        """Note a host of which no address may become known."""
        self._add(self.hosts, (host, port), "urls")

    def start(self, command: object, keep_query: bool) -> None:
        """Note a command line."""
        if len(self.commands) < OTHERS:
            self.commands.append(redact_command(command, keep_query))
        else:
            self._omit("commands")

    def set_variable(self, name: str, before: "str | None") -> None:
        """Note that an environment variable is about to be set or taken away."""
        if len(self.environ) < OTHERS:
            self.environ.setdefault(name, hash(before))

    def environ_touches(self, environ: "Mapping[str, str]") -> "set[str]":
        """Return `environ:<name>` of the variables that are not what they were; imports set some for a while."""
        return {f"environ:{name[:100]}" for name, before in self.environ.items() if hash(environ.get(name)) != before}

    def show(self, payloads: "Iterable[tuple[str, str]]") -> None:
        """Note (media type, digest) of what was displayed."""
        for payload in payloads:
            if len(self.shown) < 2 * OTHERS:
                self.shown.append(payload)
            else:
                self._omit("displayed")

    def cut(self, what: str, values: "list[str]", limit: int) -> "list[str]":
        """Return the first values, and note how many were left out."""
        if len(values) > limit:
            self.omitted[what] = len(values) - limit
        return values[:limit]

    def addresses(self) -> "list[dict[str, str]]":
        """Return what was fetched, in order; a host on its own only where no address of it is known."""
        named = {url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0] for url, _ in self.urls}
        found = [{"url": url, **({"method": method} if method != "GET" else {})} for url, method in self.urls]
        return found + [{"url": f"{host}:{port}"} for host, port in self.hosts if host not in named]

    def _add(self, known: "dict[tuple[str, str], None] | dict[tuple[str, int], None]", key: object, what: str) -> None:
        if len(known) < OTHERS or key in known:
            known[key] = None  # type: ignore[index]
        else:
            self._omit(what)

    def _omit(self, what: str) -> None:
        self.omitted[what] = self.omitted.get(what, 0) + 1


def file_state(path: str) -> "State | None":
    """Return (device, inode, size, mtime in ns) of whatever lies at a path, or None."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
