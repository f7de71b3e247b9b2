"""Ring 3: the colours of code, by pygments, as spans of its lines; wanted with `nbgit.syntax` only."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Code = list[tuple[int, int, str]]  # of one line: start, end, escape

LONGEST = 200_000  # characters of a text that is coloured
END = "\x1b[39m"
COLOURS = (  # pygments' token types, the more special first; the terminal's own sixteen colours
    ("Comment", "\x1b[90m"),
    ("Keyword", "\x1b[35m"),
    ("Operator.Word", "\x1b[35m"),
    ("Name.Function", "\x1b[34m"),
    ("Name.Class", "\x1b[34m"),
    ("Name.Decorator", "\x1b[34m"),
    ("Name.Builtin", "\x1b[36m"),
    ("Literal.Number", "\x1b[36m"),
    ("Literal.String", "\x1b[33m"),
    ("Generic.Heading", "\x1b[34m"),
    ("Generic.Subheading", "\x1b[34m"),
)


def code_colours(lines: "Sequence[str]", language: str) -> "list[Code]":
    """Return the coloured spans of each line, none where pygments is not there or knows no such language."""
    found: list[Code] = [[] for _ in lines]
    if not language or sum(map(len, lines)) > LONGEST:
        return found
    try:
        from pygments.lexers import get_lexer_by_name
        from pygments.util import ClassNotFound
    except ImportError:
        return found
    try:
        lexer = get_lexer_by_name(language, stripnl=False, stripall=False, ensurenl=False)
    except ClassNotFound:
        return found
    row = column = 0
    for kind, text in lexer.get_tokens("\n".join(lines).replace("\r", " ")):
        escape = _escape(str(kind).removeprefix("Token."))
        for number, piece in enumerate(text.split("\n")):
            if number:
                row, column = row + 1, 0
            if escape and piece and row < len(found):
                line = found[row]
                joins = bool(line) and line[-1][1:] == (column, escape)
                start = line.pop()[0] if joins else column
                line.append((start, column + len(piece), escape))
            column += len(piece)
    return found


def _escape(kind: str) -> str:
    return next((escape for name, escape in COLOURS if kind == name or kind.startswith(f"{name}.")), "")
