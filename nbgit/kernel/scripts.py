"""Apart: which scripts a command line starts, as far as its words tell."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".py", ".r", ".jl", ".sh", ".bash", ".pl", ".rb", ".js", ".m", ".ipy")
INTERPRETERS = frozenset(
    [
        *("python", "pythonw", "ipython", "pypy", "rscript", "r", "julia", "octave", "matlab"),
        *("bash", "sh", "zsh", "dash", "perl", "ruby", "node", "source", "."),
    ]
)
BEFORE = frozenset(["env", "nice", "time", "nohup", "sudo", "exec", "command", "uv", "run", "poetry", "pixi"])
ENDS = frozenset([";", "&&", "||", "|", "&", "\n", "(", ")"])
LENGTH = 4000  # characters of a command that are looked at


def scripts_in(command: object) -> "list[str]":
    """Return the paths of the scripts that a command (text, or words) starts, from where it is started."""
    return list(dict.fromkeys(os.path.join(folder, script) for folder, script in started_by(command)))


def started_by(command: object) -> "list[tuple[str, str]]":
    """Return (folder, script) of what a command starts: the folder it goes to before, and the script from there."""
    if isinstance(command, bytes):
        command = command.decode("utf-8", "replace")
    words = _split(command) if isinstance(command, str) else _texts(command)
    found: dict[tuple[str, str], None] = {}
    folder = ""
    for part in _parts(words):
        if part[0] == "cd" and len(part) > 1:
            folder = os.path.join(folder, part[1])
            continue
        for script in _started(part):
            found[folder, script] = None
    return list(found)


def _split(text: str) -> "list[str]":
    from shlex import shlex

    try:
        lexer = shlex(text[:LENGTH].replace("\n", " ; "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return []


def _texts(words: object) -> "list[str]":
    if not isinstance(words, list | tuple):
        return []
    return [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in words]


def _parts(words: "list[str]") -> "Iterator[list[str]]":
    """Yield the simple commands of a command line, without what stands before their programs."""
    part: list[str] = []
    for word in [*words, ";"]:
        if word in ENDS:
            while part and (part[0] in BEFORE or ("=" in part[0] and part[0].split("=")[0].isidentifier())):
                part = part[1:]
            if part:
                yield part
            part = []
        else:
            part.append(word)


def _started(part: "list[str]") -> "list[str]":
    name = os.path.basename(part[0].replace("\\", "/")).lower().removesuffix(".exe")
    if name.rstrip("0123456789.") not in INTERPRETERS and name != ".":
        return [part[0]] if part[0].lower().endswith(SUFFIXES) else []
    rest = part[1:]
    for flag in ("-c", "-e", "-lc"):
        if flag in rest[:3]:
            inner = rest[rest.index(flag) + 1 :]
            return scripts_in(inner[0]) if inner and name in ("sh", "bash", "zsh", "dash") else []
    if "-m" in rest[:3]:
        module = rest[rest.index("-m") + 1 :][:1]
        return [module[0].replace(".", "/") + ending for ending in (".py", "/__main__.py") if module]
    plain = [word for word in rest if not word.startswith("-") and not set("$`{}*?<>") & set(word)]
    scripts = [word for word in plain if word.lower().endswith(SUFFIXES)]
    return (scripts or plain)[:1]
