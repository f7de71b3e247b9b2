"""The keys nbgit sets in git's configuration: written into one scope's file, told from others', and taken out again."""

import re
from typing import NamedTuple

from nbgit.errors import InstallRefused
from nbgit.setup import fallback
from nbgit.setup.launch import VERB_OPTIONS, Launcher
from nbgit.setup.scopes import Scope
from nbgit.sync.lazy import LAZY

NOTES = "refs/notes/nbgit*"  # a glob: a plain name makes git warn in every repository that has no such notes (yet)
VERBS = "filter-process|clean|smudge|textconv|diff-driver|merge-driver|difftool|mergetool"
OUR_COMMAND = re.compile(rf"""(nbgit/__main__\.py|(^|[/\s"'])nbgit(\.exe)?)["']?\s+({VERBS})\b""")
LAUNCHED = re.compile(rf'"((?:[^"\\]|\\.)*)" {VERB_OPTIONS} "((?:[^"\\]|\\.)*)" ')
COMMAND, PLAIN, LISTED = "command", "plain", "listed"
DRIVER, DIFF_COMMAND = "nbgit.diffDriver", "diff.nbgit.command"
BY_CELL, BY_TEXT = "command", "textconv"  # values of DRIVER, named as git names the two keys


class Key(NamedTuple):
    """One key: its name, the value nbgit gives it, and its kind.

    A COMMAND is ours by its shape, whichever interpreter it names; a PLAIN value is ours where it is equal;
    a LISTED value stands beside others' values of the same key.
    """

    name: str
    value: str
    kind: str


class Plan(NamedTuple):
    """What install would do to one configuration file: keys to set, keys that are right, keys that aren't nbgit's."""

    changes: list[Key]
    settled: list[Key]
    foreign: list[Key]


def keys(launcher: Launcher, driver: str = BY_CELL) -> list[Key]:
    """Return every key that install sets, in the order it sets them.

    `driver` is what `git diff` shows notebooks by: BY_CELL, or BY_TEXT, which is git's own diff of the readable text.
    """
    every = [
        Key("filter.nbgit.process", fallback.filter_process_command(launcher), COMMAND),
        Key("filter.nbgit.clean", fallback.clean_command(launcher), COMMAND),
        Key("filter.nbgit.smudge", fallback.smudge_command(launcher), COMMAND),
        Key("filter.nbgit.required", "true", PLAIN),
        Key(DIFF_COMMAND, fallback.diff_driver_command(launcher), COMMAND),
        Key("diff.nbgit.textconv", fallback.textconv_command(launcher), COMMAND),
        Key("diff.nbgit.cachetextconv", "true", PLAIN),
        Key("diff.nbgit.xfuncname", "^(## cell .*)$", PLAIN),
        Key("merge.nbgit.name", "nbgit: notebooks, cell by cell", PLAIN),
        Key("merge.nbgit.driver", merge_command(launcher), COMMAND),
        Key("merge.nbgit.recursive", "binary", PLAIN),
        Key("difftool.nbgit.cmd", fallback.difftool_command(launcher), COMMAND),
        Key("mergetool.nbgit.cmd", fallback.mergetool_command(launcher), COMMAND),
        Key("mergetool.nbgit.trustExitCode", "true", PLAIN),
        Key("notes.displayRef", NOTES, LISTED),
        Key("notes.rewriteRef", NOTES, LISTED),
    ]
    return [key for key in every if key.name != DIFF_COMMAND or driver != BY_TEXT]


def merge_command(launcher: Launcher) -> str:
    """Return the merge driver's command: nbgit, and git's own text merge wherever nbgit gave no answer.

    git takes any exit code but 0 for a conflict with %A as it stands, which is "ours" without a marker when the
    interpreter is gone: `git add` would then drop theirs in silence. So nbgit writes beside %A, and only what it has
    written in full comes into its place. A 1 is believed only with that: a broken interpreter exits with 1 as well.
    git before 2.44 leaves %S, %X and %Y as they stand.
    """
    return (
        launcher.expanding_command("merge-driver", "%O %A %B %L %P %S %X %Y %A.nbgit")
        + "; code=$?; if test $code -le 1; then "
        "if test -f %A.nbgit; then mv -f %A.nbgit %A && exit $code; elif test $code -eq 0; then exit 0; fi; fi; "
        "rm -f %A.nbgit*; echo nbgit did not answer for %P: it is merged as text, look at it before you add it "
        "'(`nbgit doctor` finds the cause)' >&2; "
        's=%S; x=%X; y=%Y; test "$x" = %%X && s=base && x=ours && y=theirs; '
        'git merge-file --marker-size=%L -L "$x" -L "$s" -L "$y" %A %O %B; exit 1'
    )


def read_launcher(command: str) -> Launcher | None:
    """Return the launcher that a command of `Launcher.command` was made from, or None for any other command."""
    match = LAUNCHED.search(command)
    return Launcher(*(re.sub(r"\\(.)", r"\1", word) for word in match.groups())) if match else None


def read_scope(scope: Scope) -> dict[str, list[str]]:
    """Return every key in the scope's own file (included files are somebody else's) with its values in order."""
    code, out, _ = scope.try_git("config", f"--{scope.name}", "--no-includes", "--list", "-z")
    values: dict[str, list[str]] = {}
    if code:
        return values
    for entry in out.decode("utf-8", "surrogateescape").split("\0"):
        name, _, value = entry.partition("\n")
        if name:
            values.setdefault(normal(name), []).append(value)
    return values


def normal(name: str) -> str:
    """Return a key's name with section and variable in lower case, as git compares them."""
    head, _, tail = name.rpartition(".")
    section, dot, subsection = head.partition(".")
    return f"{section.lower()}{dot}{subsection}.{tail.lower()}"


def is_ours(key: Key, value: str) -> bool:
    """Return whether `value` is one that this or another nbgit wrote for this key."""
    return bool(OUR_COMMAND.search(value)) if key.kind == COMMAND else value == key.value


def plan_install(scope: Scope, launcher: Launcher) -> Plan:
    """Return what has to change in the scope's file; nothing is changed yet."""
    plan = Plan([], [], [])
    present = read_scope(scope)
    for key in keys(launcher, driver_of(present)):
        values = present.get(normal(key.name), [])
        if key.kind == LISTED:
            (plan.settled if key.value in values else plan.changes).append(key)
        elif values == [key.value]:
            plan.settled.append(key)
        elif all(is_ours(key, value) for value in values):
            plan.changes.append(key)
        else:
            plan.foreign.append(key)
    return plan


def refuse_foreign(scope: Scope, plan: Plan) -> None:
    """Raise InstallRefused where a command of somebody else's stands under one of nbgit's keys."""
    commands = [key.name for key in plan.foreign if key.kind == COMMAND]
    if commands:
        raise InstallRefused(
            f"{', '.join(commands)} in {scope.config_file} is set to something that isn't nbgit's; nothing was "
            "changed: remove it, or run `nbgit install --replace` to take it over"
        )


def apply_keys(scope: Scope, changes: list[Key]) -> None:
    """Write `changes` into the scope's file, one `git config` each; raises GitFailed."""
    for key in changes:
        mode = "--add" if key.kind == LISTED else "--replace-all"
        scope.git("config", f"--{scope.name}", mode, key.name, key.value)


def driver_of(present: dict[str, list[str]]) -> str:
    """Return what `git diff` is to show notebooks by, as these settings say: BY_CELL or BY_TEXT."""
    return BY_TEXT if present.get(normal(DRIVER), [""])[-1].lower() == BY_TEXT else BY_CELL


def set_driver(scope: Scope, driver: str) -> bool:
    """Set what `git diff` shows notebooks by in the scope's file; return whether it was not so yet."""
    present = read_scope(scope)
    if driver_of(present) == driver:
        return False
    if driver == BY_TEXT:
        apply_keys(scope, [Key(DRIVER, driver, PLAIN)])
    else:
        scope.git("config", f"--{scope.name}", "--unset-all", DRIVER)
    return True


def drop_diff_command(scope: Scope, launcher: Launcher) -> bool:
    """Take nbgit's diff command out of the scope's file where `git diff` goes by text; return whether it was there."""
    present = read_scope(scope)
    command = next(key for key in keys(launcher) if key.name == DIFF_COMMAND)
    values = present.get(normal(DIFF_COMMAND), [])
    if driver_of(present) != BY_TEXT or not values or not all(is_ours(command, value) for value in values):
        return False
    scope.git("config", f"--{scope.name}", "--unset-all", DIFF_COMMAND)
    return True


def set_lazy(scope: Scope) -> bool:
    """Ask for lazy remotes in the scope's file; return whether it did not say so yet."""
    if read_scope(scope).get(LAZY) == ["true"]:
        return False
    apply_keys(scope, [Key(LAZY, "true", PLAIN)])
    return True


def remove_keys(scope: Scope, launcher: Launcher) -> tuple[list[str], list[str]]:
    """Take nbgit's values out of the scope's file; return (keys removed, keys left because they aren't nbgit's).

    git drops a section's header with its last key, so the file is what it was before.
    """
    removed: list[str] = []
    left: list[str] = []
    present = read_scope(scope)
    ours = [*keys(launcher), Key(LAZY, "true", LISTED), Key(DRIVER, BY_TEXT, LISTED)]
    for key in reversed(ours):
        for value in dict.fromkeys(present.get(normal(key.name), [])):
            if is_ours(key, value):
                scope.git("config", f"--{scope.name}", "--fixed-value", "--unset-all", key.name, value)
                removed.append(key.name)
            elif key.kind != LISTED:
                left.append(key.name)
    return removed, left
