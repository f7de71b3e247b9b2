"""Ring 4: what the command line of the git that has started us asks for.

git hands its diff driver no options. Where the system shows the command line of the parent process (Linux, macOS), -U,
-w, -b, --word-diff and --color are read from it; elsewhere git's settings hold alone.
"""

from nbgit.diff.view import ALL, AT_EOL, CHANGE, COLOUR, PLAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbgit.diff.view import View

SPACES = {
    "-w": ALL,
    "--ignore-all-space": ALL,
    "-b": CHANGE,
    "--ignore-space-change": CHANGE,
    "--ignore-space-at-eol": AT_EOL,
}
WORDS = {
    "--word-diff": PLAIN,
    "--word-diff=plain": PLAIN,
    "--word-diff=color": COLOUR,
    "--word-diff=none": "",
    "--color-words": COLOUR,
}
COLOURS = {"--no-color": "never", "--color": "always"}
WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"})  # git(1)
VALUES = frozenset(  # git-diff(1): options whose value is the next word
    {"-S", "-G", "-O", "-I", "-l", "--output", "--src-prefix", "--dst-prefix", "--diff-filter", "--word-diff-regex"}
)
READERS = frozenset({"annotate", "blame", "grep", "log", "range-diff", "show", "whatchanged"})


class Asked:
    """What was asked for: None or the lines of `context`, `colour` ("always", "never", "auto", or "" for no word),
    `space` and `words` as nbgit.diff.view has them (None: no word), the two `prefixes` where they were named."""

    __slots__ = ("colour", "context", "prefixes", "space", "words")

    def __init__(self) -> None:
        self.context: int | None = None
        self.colour = ""
        self.space: str | None = None
        self.words: str | None = None
        self.prefixes: tuple[str, str] | None = None

    def apply(self, view: "View") -> None:
        """Change a view as the command line says; its colour is there already."""
        view.context = view.context if self.context is None else self.context
        view.space = self.space or view.space
        view.words = view.words if self.words is None else self.words
        view.prefixes = self.prefixes or view.prefixes


def read_asked(words: "list[bytes]", config: "Mapping[str, str]") -> Asked:
    """Return what git's command line asks for; `config` resolves an alias (keys in lower case)."""
    asked = Asked()
    options = _options([word.decode("utf-8", "surrogateescape") for word in words], config)
    while options:
        word = options.pop(0)
        if word == "--":
            break
        if word in VALUES and options:
            options.pop(0)
        elif word in SPACES:
            asked.space = SPACES[word]
        elif word in WORDS or word.startswith("--color-words="):
            asked.words = WORDS.get(word, COLOUR)
            asked.colour = "always" if asked.words == COLOUR else asked.colour
        elif word in COLOURS or word.startswith("--color="):
            asked.colour = COLOURS.get(word) or word.partition("=")[2]
        elif word == "--no-prefix":
            asked.prefixes = ("", "")
        else:
            _read_context(asked, word, options)
    return asked


def _read_context(asked: Asked, word: str, rest: list[str]) -> None:
    if word in ("-U", "--unified"):
        number = rest[0] if rest else ""
    elif word.startswith(("-U", "--unified=")):
        number = word.removeprefix("--unified=").removeprefix("-U")
    else:
        return
    if number.isascii() and number.isdigit() and len(number) < 7:
        asked.context = int(number)


def shows_text_only(words: "list[bytes]") -> bool:
    """Say whether this command shows notebooks by textconv alone: what it has smudged it throws away."""
    options = [word.decode("utf-8", "replace") for word in words]
    verb = options[_verb_at(options) :][:1]
    return verb != [] and verb[0] in READERS and "--ext-diff" not in options


def _verb_at(words: list[str]) -> int:
    """Return the place of git's verb, or that behind the last word."""
    at = 1
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in WITH_VALUE else 1
    return at


def _options(words: list[str], config: "Mapping[str, str]") -> list[str]:
    """Return the words behind git's verb, with those of an alias in their place."""
    at = _verb_at(words)
    verb = words[at] if at < len(words) else ""
    alias = config.get(f"alias.{verb.lower()}", "")
    return [*(alias.split() if not alias.startswith("!") else []), *words[at + 1 :]]
