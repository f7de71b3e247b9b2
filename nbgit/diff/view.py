"""Ring 3: how a diff is shown: colours, context, how much of outputs, which white space counts, by lines or words."""

from nbgit.diff.palette import Palette, no_colours

NONE, SUMMARY, FULL = "none", "summary", "full"  # how much of the outputs a diff shows
CONTEXT = 3  # lines before and after a change, as in git
ALL, CHANGE, AT_EOL = "all", "change", "at-eol"  # white space that does not count: git's -w, -b, --ignore-space-at-eol
PLAIN, COLOUR = "plain", "color"  # git's --word-diff


class View:
    """How a diff is shown.

    `outputs` is NONE, SUMMARY or FULL; `decode` says whether pictures may be decoded, `picture` by what protocol the
    terminal shows them (nbgit.lineage.lookup.inline; "": it can't). `space` is ALL, CHANGE, AT_EOL, or "" where every
    blank counts; `words` is PLAIN, COLOUR, or "" for a diff by lines, in which `marks` (where there is colour) sets
    changed words off. `syntax` says whether code has its own colours, `language` which one it is in; `quotes` is git's
    core.quotePath.
    """

    __slots__ = (
        "context",
        "decode",
        "language",
        "marks",
        "outputs",
        "palette",
        "picture",
        "prefixes",
        "quotes",
        "space",
        "syntax",
        "words",
    )

    def __init__(
        self,
        palette: Palette | None = None,
        *,
        context: int = CONTEXT,
        prefixes: tuple[str, str] = ("a/", "b/"),
        outputs: str = SUMMARY,
        decode: bool = False,
    ) -> None:
        self.palette = palette or no_colours()
        self.context = context
        self.prefixes = prefixes
        self.outputs = outputs
        self.decode = decode
        self.picture = ""
        self.quotes = True
        self.space = ""
        self.words = ""
        self.marks = self.palette.is_coloured
        self.syntax = False
        self.language = ""
