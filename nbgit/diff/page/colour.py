"""Ring 3: syntax colours for the lines of a cell, by pygments (docs/design.md, "The page")."""

from __future__ import annotations

from functools import cache
from typing import Any

Span = tuple[int, int, str]  # start, end (characters of a line), class

# The language comes from an untrusted file, and some of pygments' hundreds of lexers can be made to run for ever.
LANGUAGES = {
    **dict.fromkeys(("python", "python3", "ipython", "sage", "xpython"), "python"),
    **dict.fromkeys(("c", "c++", "c++17", "cpp"), "cpp"),
    **{name: name for name in ("go", "java", "javascript", "julia", "r", "ruby", "rust", "scala", "sql", "typescript")},
    **dict.fromkeys(("bash", "sh"), "bash"),
    "markdown": "markdown",
}
LARGEST, LONGEST = 100_000, 2_000  # characters of a text, of a line, that are coloured
CLASSES = (
    ("Comment", "c"),
    ("Literal.String", "s"),
    ("Literal.Number", "m"),
    ("Keyword", "k"),
    ("Operator.Word", "k"),
    ("Name.Function", "f"),
    ("Name.Class", "f"),
    ("Name.Decorator", "f"),
    ("Name.Builtin", "b"),
    ("Generic.Heading", "f"),
    ("Generic.Subheading", "f"),
    ("Generic.Strong", "k"),
)


def colour_lines(lines: list[str], language: str) -> list[list[Span]]:
    """Return what is to be coloured of each line; nothing of a language that isn't known here, or of a huge text."""
    found: list[list[Span]] = [[] for _ in lines]
    lexer = _lexer(LANGUAGES.get(language, "")) if sum(map(len, lines)) <= LARGEST else None
    if lexer is None or max(map(len, lines), default=0) > LONGEST:
        return found
    number, line_start = 0, 0
    for index, kind, value in lexer.get_tokens_unprocessed("\n".join(lines)):
        name = _class_of(kind)
        at = index - line_start
        for piece, part in enumerate(value.split("\n")):
            if piece:
                line_start += len(lines[number]) + 1
                number, at = number + 1, 0
            if part and name:
                found[number].append((at, at + len(part), name))
    return found


@cache
def _lexer(name: str) -> Any:
    if not name:
        return None
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(name)


@cache
def _class_of(kind: object) -> str:
    name = str(kind).removeprefix("Token.")
    return next((short for start, short in CLASSES if name.startswith(start)), "")
