"""Apart: which repository a kernel stands in, whether it has opted in, and where HEAD is, without starting git.

A kernel's start and each run must not pay for a process, so the few files that tell are read as gitrepository-layout(5)
and git-config(1) describe them. `includeIf` is not followed: a filter stands in none.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILTER, RUNS, KEEP_QUERY, SAFE = "filter.nbgit.process", "nbgit.runs", "nbgit.runskeepquery", "safe.directory"
DEPTH = 5  # includes in includes
FALSE = ("false", "no", "off", "0", "")
SYSTEM = ("/etc/gitconfig", "/usr/local/etc/gitconfig", "/opt/homebrew/etc/gitconfig")


class Place:
    """A worktree: its top, its own git directory and the one that all worktrees share, as absolute paths."""

    __slots__ = ("_head", "_head_files", "_head_state", "common_dir", "git_dir", "top")

    def __init__(self, top: str, git_dir: str, common_dir: str) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common_dir = common_dir
        self._head_files = [os.path.join(git_dir, "HEAD")]
        self._head_state: object = None
        self._head = ""

    @property
    def worktree_name(self) -> str:
        """The name that git has for this linked worktree; "" for the main one."""
        return os.path.basename(self.git_dir) if self.git_dir != self.common_dir else ""

    def head(self) -> str:
        """Return the oid that HEAD is at, "unborn" before the first commit, or "" where only git could tell."""
        state = [state_of(file) for file in self._head_files]
        if state != self._head_state:
            self._head = self._read_head()
            self._head_state = [state_of(file) for file in self._head_files] if state[0] else None
        return self._head

    def _read_head(self) -> str:
        head = first_line(self._head_files[0]) or ""
        packed = os.path.join(self.common_dir, "packed-refs")
        del self._head_files[1:]
        if not head.startswith("ref:"):
            return head
        name = head[len("ref:") :].strip()
        if name == "refs/heads/.invalid":  # what the reftable backend leaves in HEAD
            return ""
        self._head_files += [os.path.join(self.common_dir, *name.split("/")), packed]
        loose = first_line(self._head_files[1])
        if loose:
            return loose
        rows = _text(packed).splitlines()
        return next((row.split(" ", 1)[0] for row in rows if row.endswith(f" {name}")), "unborn")

    def shown(self, path: str) -> str:
        """Return a path as records have it: from the top of the worktree, else from `~`, else absolute; with `/`."""
        for candidate in (path, os.path.realpath(path)):
            if candidate == self.top:
                return "."
            if candidate.startswith(os.path.join(self.top, "")):
                return candidate[len(os.path.join(self.top, "")) :].replace(os.sep, "/")
        home = os.path.join(os.path.expanduser("~"), "")
        if len(home) > 2 and path.startswith(home):
            path = "~/" + path[len(home) :]
        return path.replace(os.sep, "/")


def find_place(start: str) -> "Place | None":
    """Return the worktree that the directory `start` lies in, or None."""
    here = os.path.realpath(start)
    while True:
        dot_git = os.path.join(here, ".git")
        if os.path.isdir(dot_git):
            return Place(here, dot_git, dot_git)
        pointer = first_line(dot_git)
        if pointer and pointer.startswith("gitdir:"):
            git_dir = os.path.normpath(os.path.join(here, pointer[len("gitdir:") :].strip()))
            common = first_line(os.path.join(git_dir, "commondir"))
            return Place(here, git_dir, os.path.normpath(os.path.join(git_dir, common)) if common else git_dir)
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def find_own_place() -> "Place | None":
    """Return the worktree that this process was started in, or that the notebook lies in which Jupyter names to it."""
    place = find_place(os.getcwd())
    name = os.environ.get("JPY_SESSION_NAME", "")
    return find_place(os.path.dirname(name)) if place is None and os.path.isabs(name) else place


def read_settings(place: Place, environ: "Mapping[str, str]") -> "dict[str, list[str]]":
    """Return the values, in git's order, of those settings that decide here (FILTER, RUNS, KEEP_QUERY, SAFE)."""
    found: dict[str, list[str]] = {}
    for file in [*outer_files(environ), *inner_files(place)]:
        for key, value in _entries(file, DEPTH):
            found.setdefault(key, []).append(value)
    return found


def outer_files(environ: "Mapping[str, str]") -> list[str]:
    """Return the configuration files of the machine and of the person, in git's order."""
    files = []
    if environ.get("GIT_CONFIG_SYSTEM"):
        files.append(environ["GIT_CONFIG_SYSTEM"])
    elif not environ.get("GIT_CONFIG_NOSYSTEM"):
        files += SYSTEM
        files += [os.path.join(environ["PROGRAMFILES"], "Git", "etc", "gitconfig")] if "PROGRAMFILES" in environ else []
    if environ.get("GIT_CONFIG_GLOBAL"):
        return [*files, environ["GIT_CONFIG_GLOBAL"]]
    home = environ.get("HOME") or os.path.expanduser("~")
    folder = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return [*files, os.path.join(folder, "git", "config"), os.path.join(home, ".gitconfig")]


def inner_files(place: Place) -> list[str]:
    """Return the configuration files of the repository and of this worktree."""
    return [os.path.join(place.common_dir, "config"), os.path.join(place.git_dir, "config.worktree")]


def is_opted_in(place: Place, settings: "Mapping[str, list[str]]") -> bool:
    """Return whether git would start nbgit's filter here, and neither `nbgit.runs` nor another owner forbids runs."""
    return FILTER in settings and is_on(settings, RUNS, True) and is_ours(place, settings)


def is_on(settings: "Mapping[str, list[str]]", key: str, default: bool) -> bool:
    """Return a setting as git reads a boolean; a key without a value is true."""
    return settings[key][-1].lower() not in FALSE if key in settings else default


def is_ours(place: Place, settings: "Mapping[str, list[str]]") -> bool:
    """Return whether the repository is this person's, or trusted by safe.directory: git works in no other one."""
    if not hasattr(os, "geteuid"):
        return True
    mine = {os.geteuid()}
    if mine == {0} and os.environ.get("SUDO_UID", "").isdigit():
        mine.add(int(os.environ["SUDO_UID"]))
    try:
        owners = {os.stat(folder).st_uid for folder in (place.top, place.git_dir)}
    except OSError:
        return False
    return owners <= mine or not {"*", place.top}.isdisjoint(settings.get(SAFE, ()))


def _entries(file: str, depth: int) -> "Iterator[tuple[str, str]]":
    """Yield (key, value) of those lines of a configuration file that matter here, and of the files it includes."""
    text = _text(file)
    if "nbgit" not in text and "include" not in text and "safe" not in text:
        return
    section = ""
    for row in text.splitlines():
        line = row.strip()
        if line.startswith("["):
            head, _, line = line[1:].partition("]")
            name, _, rest = head.partition(" ")
            section = name.lower() + (f".{rest.strip().strip(chr(34))}" if rest else "")
            line = line.strip()
        key, equals, value = line.partition("=")
        name = f"{section}.{key.strip().lower()}"
        value = value.strip().strip('"') if equals else "true"
        if name == "include.path" and depth:
            yield from _entries(os.path.join(os.path.dirname(file), os.path.expanduser(value)), depth - 1)
        elif name in (FILTER, RUNS, KEEP_QUERY, SAFE):
            yield name, value.split(" #")[0].split(" ;")[0].rstrip() if name != FILTER else value


def state_of(file: str) -> "tuple[int, ...] | None":
    """Return a file's mtime, size and inode, or None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def first_line(path: str) -> "str | None":
    """Return the first line of a small file of git's, or None where it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\r\n") or None
    except (OSError, ValueError):
        return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
