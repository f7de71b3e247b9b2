"""Ring 5: the parts of one notebook's change walked one by one, with the words of `git add -p`."""

from nbgit.cli.add_text import part_lines, question
from nbgit.cli.answers import ask
from nbgit.cli.editor import edit_text
from nbgit.cli.terminal import print_text
from nbgit.diff.palette import escape_of
from nbgit.diff.view import View
from nbgit.merge.parts import Part, Parts
from nbgit.notebook.policy import Policy

HELP = {
    "y": "stage this",
    "n": "do not stage this",
    "q": "quit; do not stage this nor what remains",
    "a": "stage this and all that follows in the notebook",
    "d": "do not stage this nor what follows in the notebook",
    "j": "leave this undecided, see the next undecided one",
    "J": "leave this undecided, see the next one",
    "k": "leave this undecided, see the one before that is undecided",
    "K": "leave this undecided, see the one before",
    "s": "split this cell's change into lines, metadata and place",
    "e": "write yourself what the cell is to be in the index",
    "?": "print help",
}


class Walk:
    """The answers about one notebook: `taken` are the parts to be staged, with the text that a person wrote for them.

    `has_quit` says that no more is to be asked at all.
    """

    def __init__(self, parts: Parts, view: View, policy: Policy) -> None:
        self._all = parts
        self._view = view
        self._policy = policy
        self._parts = list(parts.parts)
        self._answers: dict[Part, bool] = {}
        self._texts: dict[Part, str] = {}
        self._at = 0
        self.has_quit = False

    @property
    def taken(self) -> dict[Part, str | None]:
        """The parts that were taken."""
        return {part: self._texts.get(part) for part in self._parts if self._answers.get(part)}

    def run(self) -> "Walk":
        """Ask about each part until all is decided."""
        shown: Part | None = None
        while (part := self._next()) is not None:
            if part is not shown:
                lines = part_lines(part, self._all, self._view, self._policy)
                print_text("".join(f"{line}\n" for line in lines))
            shown = part
            offered = self._offered(part)
            typed = ask(prompt(self._view, f"({self._at + 1}/{len(self._parts)}) {question(part)}", offered))
            if typed is None:
                print_text("\n")
            answer = "q" if typed is None else typed[:1]
            if answer.lower() in ("y", "n", "a", "d", "q", "s", "e"):
                answer = answer.lower()
            if answer in offered and answer != "?":
                if not self._follow(part, answer):
                    shown = None
            elif typed:
                print_text(help_text(offered))
        return self

    def _next(self) -> Part | None:
        """Return the part to ask about: the current one, or None where all is decided."""
        undecided = [place for place, part in enumerate(self._parts) if part not in self._answers]
        if not undecided:
            return None
        if self._at >= len(self._parts):
            self._at = undecided[0]
        return self._parts[self._at]

    def _follow(self, part: Part, answer: str) -> bool:
        """Do what was answered; return whether the part is still the one that is shown."""
        if answer in "yn":
            self._decide(part, answer == "y")
        elif answer in "adq":
            for one in self._parts if answer == "q" else self._parts[self._at :]:
                if one not in self._answers or (one is part and answer != "q"):
                    self._answers[one] = answer == "a"
            self._forward()
            self.has_quit = answer == "q"
        elif answer in "jk":
            self._at = self._undecided(1 if answer == "j" else -1) or 0
        elif answer in "JK":
            self._at += 1 if answer == "J" else -1
        elif answer == "s":
            self._parts[self._at : self._at + 1] = part.pieces
            print_text(f"Split into {len(part.pieces)}.\n")
        else:
            return self._edit(part)
        return False

    def _decide(self, part: Part, answer: bool) -> None:
        self._answers[part] = answer
        self._texts.pop(part, None)
        self._forward()

    def _forward(self) -> None:
        found = self._undecided(1)
        self._at = len(self._parts) if found is None else found

    def _undecided(self, step: int) -> int | None:
        """Return the next part before (-1) or behind (1) the current one that is not decided."""
        places = range(self._at + 1, len(self._parts)) if step > 0 else range(self._at - 1, -1, -1)
        return next((place for place in places if self._parts[place] not in self._answers), None)

    def _edit(self, part: Part) -> bool:
        change = part.changes[0]
        assert change.after is not None
        text = edit_text(self._texts.get(part, change.after.source), change.after.kind)
        if text is None:
            print_text("It was not changed.\n")
            return True
        self._decide(part, True)
        self._texts[part] = text
        return False

    def _offered(self, part: Part) -> list[str]:
        """Return the answers that make sense here."""
        steps = {
            "j": self._undecided(1) is not None,
            "J": self._at + 1 < len(self._parts),
            "k": self._undecided(-1) is not None,
            "K": self._at > 0,
            "s": len(part.pieces) > 1,
            "e": part.text is not None,
        }
        return ["y", "n", "q", "a", "d", *(key for key, fits in steps.items() if fits), "?"]


def prompt(view: View, words: str, offered: list[str]) -> str:
    """Return a question with its answers, as git words it and in its colour."""
    start = escape_of("bold blue") if view.palette.is_coloured else ""
    text = f"{words} [{','.join(offered)}]?"
    return f"{start}{text}\x1b[m" if start else text


def help_text(offered: list[str]) -> str:
    """Return a line for each answer."""
    return "".join(f"{key} - {HELP[key]}\n" for key in offered)
