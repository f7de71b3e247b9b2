"""Ring 3: git's colours (git-config(1), `color.diff.<slot>` and "Values: color") as terminal escapes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = {
    "context": "normal",
    "meta": "bold",
    "frag": "cyan",
    "func": "normal",
    "old": "red",
    "new": "green",
    "whitespace": "normal red",
}
OLDER_NAMES = {"plain": "context"}
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ATTRIBUTES = {"bold": 1, "dim": 2, "italic": 3, "ul": 4, "blink": 5, "reverse": 7, "strike": 9}
RESET = "\x1b[m"
REVERSED, UPRIGHT = "\x1b[7m", "\x1b[27m"


class Palette:
    """For each part of a diff, the escape that starts its colour, or "" for none."""

    __slots__ = ("_starts", "is_coloured")

    def __init__(self, starts: "Mapping[str, str]") -> None:
        self._starts = starts
        self.is_coloured = bool(starts)

    def paint(self, slot: str, text: str) -> str:
        """Return `text` in the colour of `slot`; the colour ends before anything that follows."""
        start = self._starts.get(slot, "")
        return f"{start}{text}{RESET}" if start and text else text


def no_colours() -> Palette:
    """Return the palette of plain text."""
    return Palette({})


def git_colours(settings: "Mapping[str, str]") -> Palette:
    """Return git's palette; `settings` maps `color.diff.<slot>` (lower case) to what git-config(1) calls a color."""
    chosen = dict(DEFAULTS)
    for key, value in settings.items():
        slot = key.rpartition(".")[2]
        slot = OLDER_NAMES.get(slot, slot)
        if slot in chosen and key.startswith("color.diff."):
            chosen[slot] = value
    return Palette({slot: escape_of(value) for slot, value in chosen.items()})


def escape_of(value: str) -> str:
    """Return the escape for a colour as git writes it ("bold red", "#ff8800 black", "214 ul"); "" for nonsense."""
    codes: list[str] = []
    places = [30, 40]  # the first colour is the foreground's, the second the background's
    for word in value.lower().split():
        if word == "reset":
            codes.append("0")
            continue
        attribute = _attribute(word)
        if attribute is not None:
            codes.append(attribute)
            continue
        if not places:
            return ""
        code = _colour(word, places.pop(0))
        if code is None:
            return ""
        if code:
            codes.append(code)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _attribute(word: str) -> str | None:
    bare = word.removeprefix("no").removeprefix("-")
    if bare not in ATTRIBUTES:
        return None
    number = ATTRIBUTES[bare]
    if bare == word:
        return str(number)
    return "22" if number in (1, 2) else str(20 + number)


def _colour(word: str, place: int) -> str | None:
    if word in ("normal", "-1"):
        return ""
    if word == "default":
        return str(place + 9)
    bright = word.startswith("bright")
    name = word.removeprefix("bright")
    if name in COLOURS:
        return str(place + COLOURS.index(name) + (60 if bright else 0))
    if word.isascii() and word.isdigit() and int(word) < 256:
        return f"{place + 8};5;{int(word)}"
    digits = word[1:]
    if word.startswith("#") and len(digits) == 6 and all(digit in "0123456789abcdef" for digit in digits):
        red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
        return f"{place + 8};2;{red};{green};{blue}"
    return None
