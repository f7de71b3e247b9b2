"""Ring 4: the few git settings a driver obeys, read by one cheap `git config` (docs/design.md, "Drivers")."""

import sys

from nbgit.diff.palette import git_colours, no_colours
from nbgit.diff.view import CONTEXT, FULL, NONE, SUMMARY, View
from nbgit.gitproto.processes import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

WANTED = (
    r"^(core\.quotepath|color\.(ui|diff|pager|diff\..*)|diff\.(color|color\..*|context|noprefix)"
    r"|nbgit\.(diffoutputs|diffmarks|syntax)|alias\..*)$"
)
CONFIG = ["git", "config", "-z", "--get-regexp", WANTED]


def read_view(environ: "Mapping[str, str]", is_terminal: bool, when: str = "") -> View:
    """Return how git would show a diff; `is_terminal` says whether stdout is one (GIT_PAGER_IN_USE counts too).

    `when` is what the command line says about colour ("always", "never", "auto"), "" where it says nothing.
    """
    return view_of(parse_config(capture(CONFIG)), environ, is_terminal, when)


def view_of(config: "dict[str, str]", environ: "Mapping[str, str]", is_terminal: bool, when: str = "") -> View:
    """Return what `config` (keys in lower case), the environment and the command line (`when`) ask for."""
    if when:
        config = {**config, "color.diff": when}
    coloured = wants_colour(config, environ, is_terminal)
    bare = is_true(config.get("diff.noprefix", "false"))
    view = View(
        git_colours(config) if coloured else no_colours(),
        context=_context(config, environ),
        prefixes=("", "") if bare else ("a/", "b/"),
        outputs=_detail(config.get("nbgit.diffoutputs", SUMMARY)),
    )
    view.marks = coloured and is_true(config.get("nbgit.diffmarks", "true"))
    view.quotes = is_true(config.get("core.quotepath", "true"))
    view.syntax = coloured and is_true(config.get("nbgit.syntax", "false"))
    return view


def picture_setting() -> str:
    """Return nbgit.pictures: "auto", "none", or a protocol that the terminal is known to understand."""
    return capture(["git", "config", "--get", "nbgit.pictures"]).decode("utf-8", "replace").strip().lower() or "auto"


def wants_colour(config: "Mapping[str, str]", environ: "Mapping[str, str]", is_terminal: bool) -> bool:
    """Say whether the diff is coloured, by git's own rules; NO_COLOR (no-color.org) overrules all but "always"."""
    when = config.get("color.diff", config.get("diff.color", config.get("color.ui", "auto"))).lower()
    if when == "always":
        return True
    if environ.get("NO_COLOR") or (when != "auto" and not is_true(when)):
        return False
    paged = environ.get("GIT_PAGER_IN_USE") == "true" and is_true(config.get("color.pager", "true"))
    return (is_terminal or paged) and environ.get("TERM", "dumb") != "dumb"


def is_true(value: str) -> bool:
    """Say whether a git-config(1) boolean is true; a key without a value is."""
    return value.lower() in ("true", "yes", "on", "1", "")


def parse_config(listing: bytes) -> dict[str, str]:
    """Return the settings in the output of `git config -z --get-regexp`; the last value of a key counts."""
    settings: dict[str, str] = {}
    for entry in listing.decode("utf-8", "replace").split("\0"):
        key, _, value = entry.partition("\n")
        if key:
            settings[key.lower()] = value
    return settings


def stdout_is_terminal() -> bool:
    """Say whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _detail(value: str) -> str:
    """Return NONE, SUMMARY or FULL for a value of nbgit.diffOutputs; a boolean is none or full."""
    if value.lower() in (NONE, SUMMARY, FULL):
        return value.lower()
    return FULL if is_true(value) else NONE if value.lower() in ("false", "no", "off", "0") else SUMMARY


def _context(config: "Mapping[str, str]", environ: "Mapping[str, str]") -> int:
    """Return the lines of context: GIT_DIFF_OPTS (git(1)), else diff.context, else git's three."""
    lines = config.get("diff.context", "")
    for option in environ.get("GIT_DIFF_OPTS", "").split():
        for name in ("--unified=", "-u"):
            if option.startswith(name):
                lines = option[len(name) :]
    return int(lines) if lines.isascii() and lines.isdigit() and len(lines) < 7 else CONTEXT
