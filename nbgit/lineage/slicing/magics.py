"""Ring 3: IPython's syntax as plain Python, without IPython (docs/slicing.md).

`%name line`, `!command`, `name?` and `%%name` become the calls of `get_ipython()` that IPython itself makes of them.
"""

import ast
import re
import warnings

CELL_MAGIC = re.compile(r"%%(\S+)[ \t]*(.*)")
LINE_MAGIC = re.compile(r"(\s*)%(\w\S*)[ \t]*(.*)", re.DOTALL)
ASSIGNED = re.compile(r"(\s*)([A-Za-z_][\w.,\[\]'\" ]*?\s*=\s*)([%!])(?![=])(.*)", re.DOTALL)
SHELL = re.compile(r"(\s*)(!!?)(.*)", re.DOTALL)
HELP = re.compile(r"(\s*)(?:\?\??\s*([%\w.*\[\]]+)|([%\w.*\[\]]+)\s*\?\??)\s*;?\s*")
AUTOCALL = re.compile(r"(\s*)/([\w.]+)[ \t]*(.*)", re.DOTALL)
QUOTED = re.compile(r"(\s*)[,;]([\w.]+)[ \t]+(.*)", re.DOTALL)
AUTOMAGIC = frozenset(
    [
        "cd",
        "ls",
        "pwd",
        "cat",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "rmdir",
        "pip",
        "conda",
        "run",
        "env",
        "time",
        "timeit",
        "who",
        "whos",
        "reset",
        "less",
        "more",
        "man",
        "pushd",
        "popd",
        "dirs",
        "matplotlib",
        "pylab",
        "history",
        "load",
        "save",
        "store",
        "config",
        "precision",
    ]
)
NAME = re.compile(r"[^\W\d]\w*")


def parse_cell(code: str) -> ast.Module | None:
    """Return a cell's Python, with calls in the place of IPython's syntax; None for what can't be read."""
    stripped = code.lstrip("\n")
    while stripped[:1].isspace() and not stripped.partition("\n")[0].strip():
        stripped = stripped.partition("\n")[2]
    found = CELL_MAGIC.match(stripped)
    if found:
        body = stripped.partition("\n")[2]
        return _parse(_call("run_cell_magic", found[1], found[2].strip(), body))
    parsed = _parse(code)
    if parsed is None:
        parsed = _parse(without_magics(code))
    return parsed if parsed is not None else _parse(without_magics(_dedented(code)))


def names_in(text: str) -> set[str]:
    """Return every word in a text that may be a name."""
    return set(NAME.findall(text))


def _parse(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python has to say of the user's code is for its run
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _dedented(code: str) -> str:
    lines = code.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join(line[len(indent) :] if line.startswith(indent) else line for line in lines)


def without_magics(code: str) -> str:
    """Return code whose lines of IPython's syntax are calls; lines within brackets or long strings are left alone."""
    done: list[str] = []
    state = ""
    lines = code.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not state:
            while line.endswith("\\") and index < len(lines) and _is_magic(line):
                line = line[:-1] + " " + lines[index]
                index += 1
            line = _converted(line)
        done.append(line)
        state = _state_after(line, state)
    return "\n".join(done)


def _is_magic(line: str) -> bool:
    return line.lstrip()[:1] in ("%", "!") or ASSIGNED.fullmatch(line) is not None


def _converted(line: str) -> str:
    """Return one line as Python."""
    if found := ASSIGNED.fullmatch(line):
        indent, target, sign, rest = found.groups()
        if sign == "!":
            return f"{indent}{target.lstrip()}{_call('getoutput', rest.strip())}"
        name, _, argument = rest.strip().partition(" ")
        return f"{indent}{target.lstrip()}{_call('run_line_magic', name, argument.strip())}"
    if found := SHELL.fullmatch(line):
        return found[1] + _call("getoutput" if found[2] == "!!" else "system", found[3].strip())
    if found := HELP.fullmatch(line):
        return found[1] + _call("run_line_magic", "pinfo", found[2] or found[3])
    if found := LINE_MAGIC.fullmatch(line):
        return found[1] + _call("run_line_magic", found[2], found[3].strip())
    if found := AUTOCALL.fullmatch(line):
        return f"{found[1]}{found[2]}({found[3]})"
    if found := QUOTED.fullmatch(line):
        return f"{found[1]}{found[2]}({', '.join(repr(word) for word in found[3].split())})"
    word, _, rest = line.strip().partition(" ")
    if (
        word in AUTOMAGIC
        and rest
        and rest.lstrip()[:1] not in ("=", "(", ".", ",", "[", "in")
        and _parse(line.strip()) is None
    ):
        return line[: len(line) - len(line.lstrip())] + _call("run_line_magic", word, rest.strip())
    return line


def _call(method: str, *arguments: str) -> str:
    return f"get_ipython().{method}({', '.join(repr(one) for one in arguments)})"


def _state_after(line: str, state: str) -> str:
    """Return what is open behind a line: brackets, and a long string's quotes."""
    index = 0
    while index < len(line):
        character = line[index]
        if state[-1:] in ("'", '"'):
            quote = state[-3:]
            if character == "\\":
                index += 1
            elif line.startswith(quote, index):
                state, index = state[:-3], index + 2
        elif character == "#":
            break
        elif character in "'\"":
            if line.startswith(character * 3, index):
                state, index = state + character * 3, index + 2
            else:
                index = _end_of_string(line, index)
        elif character in "([{":
            state += character
        elif character in ")]}":
            state = state[:-1]
        index += 1
    return state


def _end_of_string(line: str, start: int) -> int:
    """Return the index of the quote that ends the string that begins at `start`."""
    index = start + 1
    while index < len(line) and line[index] != line[start]:
        index += 2 if line[index] == "\\" else 1
    return index
