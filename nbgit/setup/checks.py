"""The checks of `nbgit doctor`: each runs something real and says, where it fails, how to mend it."""

import os
import re
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from typing import NamedTuple

from nbgit.errors import GitFailed, NbgitError, PolicyInvalid
from nbgit.external import git_python, json_schema
from nbgit.notebook.policy import FILE_NAME, read_policy
from nbgit.notebook.printable import printable
from nbgit.setup import attributes, config, hooks, kernel_checks, rivals, trial
from nbgit.setup.files import read_bytes
from nbgit.setup.heal import GUARD, HOOKS
from nbgit.setup.launch import Launcher
from nbgit.setup.report import FOREIGN, MISSING, OTHER, Setting, git_version, nearest_scope, settings
from nbgit.setup.scopes import Scope
from nbgit.store.fill import bare_paths
from nbgit.store.git import try_git
from nbgit.store.repository import Repository

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST_GIT = (2, 30)
REFS = ("refs/nbgit/snapshots", "refs/notes/nbgit")


class Check(NamedTuple):
    """One answer: what was checked, OK, WARN or FAIL, what was found, and how to mend it (empty where it is OK)."""

    name: str
    verdict: str
    text: str
    mend: str = ""


def run_checks(start: str, launcher: Launcher) -> list[Check]:
    """Return every check's answer, as seen from the directory `start`."""
    scope = nearest_scope(start)
    found = settings(scope, launcher)
    answers = [check_git(), check_interpreter(found, launcher), *check_config(found), *run_trials(found, launcher)]
    if scope.repository is not None:
        answers += [
            check_attributes(scope.repository),
            check_line_endings(scope.repository),
            *check_hooks(scope.repository, launcher),
            check_policy(scope.repository),
            *[check_ref(scope.repository, ref) for ref in REFS],
            check_working_tree(scope.repository),
        ]
    answers.append(check_kernels(scope, _chosen({one.key: one.value for one in found}, ("process",))))
    return [*answers, *check_rivals(scope), *check_libraries()]


def check_git() -> Check:
    """Check that git is recent enough."""
    version = git_version()
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_GIT:
        return Check("git", FAIL, f"git {version} is older than 2.30", "install a newer git")
    return Check("git", OK, f"git {version}")


def check_interpreter(found: list[Setting], launcher: Launcher) -> Check:
    """Check that what the configuration starts exists: the interpreter and nbgit's main file."""
    value = found[0].value
    started = config.read_launcher(value) if value else launcher
    again = "run `nbgit install` with the Python that has nbgit"
    if started is None:
        return Check("interpreter", WARN, f"`{value}` names no interpreter, so GUIs and cron may not find it", again)
    if not os.access(started.python, os.X_OK):
        return Check("interpreter", FAIL, f"{started.python} does not exist or can't be run", again)
    if not os.path.exists(started.main):
        return Check("interpreter", FAIL, f"{started.main} does not exist", again)
    return Check("interpreter", OK, started.python)


def check_config(found: list[Setting]) -> list[Check]:
    """Check that each key is set, and set by this installation."""
    if found[0].state == MISSING:
        return [Check("config", FAIL, "nbgit's filter is not set", "run `nbgit install`")]
    answers = []
    for state, verdict, what, mend in (
        (MISSING, FAIL, "not set", "run `nbgit install`"),
        (OTHER, WARN, "of another installation of nbgit", "run `nbgit install` in that scope to set this one"),
        (FOREIGN, WARN, "not nbgit's value", "remove the key, or run `nbgit install --replace`"),
    ):
        names = [f"{one.key} ({one.file})" if one.file else one.key for one in found if one.state == state]
        if names:
            answers.append(Check("config", verdict, f"{', '.join(names)}: {what}", mend))
    if not answers:
        places = dict.fromkeys(f"{one.file} ({one.scope})" for one in found)
        answers.append(Check("config", OK, f"{len(found)} keys in {', '.join(places)}"))
    return answers


def run_trials(found: list[Setting], launcher: Launcher) -> list[Check]:
    """Run the commands that are set (this installation's, where none is) on a small notebook in a trial repository."""
    values = {key.name: key.value for key in config.keys(launcher) if key.kind != config.LISTED}
    values.update({one.key: one.value for one in found if one.state != MISSING and one.key in values})
    runs = (  # each with its own keys only, so that one broken command doesn't hide that another works
        ("filter process", trial.try_clean_and_smudge, ("process", "required"), "a notebook came back byte for byte"),
        ("clean, smudge", trial.try_clean_and_smudge, ("clean", "smudge", "required"), "the same without the process"),
        ("textconv", trial.try_textconv, ("textconv", "cachetextconv"), "a notebook is shown as cells"),
        ("diff", trial.try_diff, ("command",), "a changed cell is shown"),
        ("merge", trial.try_merge, ("name", "driver", "recursive"), "two changed cells were joined"),
    )
    return [_run_trial(name, run, _chosen(values, keys), well) for name, run, keys, well in runs]


def _chosen(values: dict[str, str], variables: tuple[str, ...]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key.rpartition(".")[2] in variables}


def _run_trial(name: str, run: Callable[[dict[str, str]], None], chosen: dict[str, str], well: str) -> Check:
    try:
        run(chosen)
    except (trial.TrialFailed, OSError, ValueError) as error:
        return Check(name, FAIL, str(error), "run `nbgit install`; if that doesn't help, install nbgit again")
    return Check(name, OK, well)


def check_kernels(scope: Scope, chosen: dict[str, str]) -> Check:
    """Check that IPython's kernels record their runs, by a run in a trial repository, unless nobody wants it."""
    found = kernel_checks.look(scope)
    if found.state == kernel_checks.MISSING:
        return Check("runs", OK, f"not recorded: {found.file} is missing; `nbgit install` writes it")
    if found.state in (kernel_checks.GONE, kernel_checks.FOREIGN):
        what = "loads an nbgit that is gone" if found.state == kernel_checks.GONE else "is not nbgit's"
        return Check("runs", WARN, f"not recorded: {found.file} {what}", "run `nbgit install`")
    if not found.wanted:
        return Check("runs", OK, "not recorded here: nbgit.runs is false; `nbgit capture on` changes it")
    if not kernel_checks.has_ipython():
        return Check("runs", OK, f"{found.file}; not tried, because there is no IPython beside nbgit")
    try:
        return Check("runs", OK, f"a cell in IPython {kernel_checks.try_run(chosen)} was recorded")
    except (trial.TrialFailed, OSError, ValueError) as error:
        return Check("runs", FAIL, str(error), f"look into {found.file} and your IPython profile")


def check_attributes(repository: Repository) -> Check:
    """Check with `git check-attr` that nbgit's attributes win, for a new notebook and for each tracked one."""
    found = attributes.winners(repository)
    wrong = {name: value for name, value in found.probe.items() if value != attributes.WANTED[name]}
    if wrong:
        shown = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        return Check("attributes", FAIL, f"for *.ipynb {shown}", "run `nbgit install` (--replace, if it asks for it)")
    if found.astray:
        name, path = next(iter(found.astray.items()))
        mend = f"see `git check-attr -a -- '{path}'` and the .gitattributes beside it"
        return Check("attributes", WARN, f"another {name} attribute wins for {path}", mend)
    many = f" and {found.notebooks} tracked ones" if found.notebooks else ""
    return Check("attributes", OK, f"nbgit's win for new notebooks{many}")


def check_line_endings(repository: Repository) -> Check:
    """Check that git leaves the line endings of notebooks alone: its conversion works around the filter's back."""
    setting = git_python.read_setting(repository, "core.autocrlf") or "false"
    _, out, _ = try_git(["check-attr", "-z", "text", "--", "notebook.ipynb"], cwd=repository.start)
    text = out.split(b"\0")[2].decode() if out.count(b"\0") > 2 else "unspecified"
    if text == "unset" or (text == "unspecified" and setting.lower() not in ("true", "input", "1", "yes", "on")):
        return Check("line endings", OK, "git leaves those of notebooks as they are")
    why = f"core.autocrlf is {setting}" if text == "unspecified" else f"the text attribute is {text}"
    mend = "add the line `*.ipynb -text` to .gitattributes"
    return Check("line endings", WARN, f"{why}: notebooks may come back with other line endings", mend)


def check_hooks(repository: Repository, launcher: Launcher) -> list[Check]:
    """Check that each hook is there, can be run, is this installation's, and is where git looks."""
    elsewhere = hooks.foreign_folder(repository)
    if elsewhere is not None:
        return [_hooks_elsewhere(elsewhere)]
    answers = []
    found = hooks.states(repository, launcher)
    groups = (
        ([one for one in found if one.state == hooks.MISSING], "missing", "run `nbgit install`"),
        ([one for one in found if one.state == hooks.STALE], "of another installation", "run `nbgit install`"),
        (
            [one for one in found if one.state == hooks.FOREIGN and not _calls_nbgit(one.path)],
            "not nbgit's",
            f"run `nbgit install`, or add this line to it: {hooks.LINE_TO_ADD.format(name='NAME')}",
        ),
        (
            [one for one in found if one.state in (hooks.OURS, hooks.CHAINED) and not one.executable],
            "not executable",
            "run `nbgit install`",
        ),
    )
    for wrong, what, mend in groups:
        if wrong:
            answers.append(Check("hooks", WARN, f"{', '.join(one.name for one in wrong)}: {what}", mend))
    return answers or [Check("hooks", OK, f"{len(found)} hooks in {hooks.hooks_folder(repository)}")]


def _hooks_elsewhere(folder: str) -> Check:
    missing = [name for name in sorted(HOOKS) if name != GUARD and not _calls_nbgit(os.path.join(folder, name))]
    if not missing:
        return Check("hooks", OK, f"those in {folder} (core.hooksPath) call nbgit")
    line = hooks.LINE_TO_ADD.format(name="NAME")
    mend = f"add to the hook NAME there: {line}"
    return Check("hooks", WARN, f"core.hooksPath is {folder}; no call of nbgit in {', '.join(missing)} there", mend)


def _calls_nbgit(path: str) -> bool:
    above = os.path.join(os.path.dirname(os.path.dirname(path)), os.path.basename(path))  # husky: .husky/_ calls .husky
    return any(b"nbgit hook" in (read_bytes(file) or b"") for file in (path, above) if not os.path.isdir(file))


def check_policy(repository: Repository) -> Check:
    """Check .nbgit.toml twice: as the filter reads it, and against its schema."""
    data = read_bytes(os.path.join(repository.worktree, FILE_NAME)) if repository.worktree else None
    if data is None:
        return Check("policy", OK, f"no {FILE_NAME}: the defaults hold")
    try:
        read_policy(data)
    except PolicyInvalid as error:
        return Check("policy", FAIL, str(error), f"mend {FILE_NAME}")
    wrong = json_schema.validate(_toml(data), "policy.v1") if "policy.v1" in json_schema.schema_names() else []
    if wrong:
        return Check("policy", FAIL, f"{FILE_NAME}: {wrong[0]}", f"mend {FILE_NAME}")
    return Check("policy", OK, f"{FILE_NAME} is valid")


def _toml(data: bytes) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return dict(tomllib.loads(data.decode("utf-8")))


def check_ref(repository: Repository, ref: str) -> Check:
    """Check that a ref of nbgit's can be read, by a reader that isn't nbgit's own."""
    try:
        content = git_python.read_ref(repository, ref)
    except GitFailed as error:
        return Check("store", FAIL, str(error), "run `git fsck`; a fetch or a backup may have the missing objects")
    if content is None:
        return Check("store", OK, f"{ref}: none yet")
    return Check("store", OK, f"{ref} is readable, last written {content.date}")


def check_working_tree(repository: Repository) -> Check:
    """Check that no notebook was checked out without its outputs, by a git that found no nbgit."""
    try:
        bare = bare_paths(repository)
    except NbgitError as error:
        return Check("notebooks", WARN, f"those on disk could not be looked at: {error}", "run `nbgit fsck`")
    if not bare:
        return Check("notebooks", OK, "none on disk came without its outputs")
    text = f"{printable(bare[0])} came without its outputs" + (f", and {len(bare) - 1} more" if bare[1:] else "")
    return Check("notebooks", WARN, text, "`nbgit install` puts them back")


def check_rivals(scope: Scope) -> list[Check]:
    """Check for other tools that hold notebooks in git here."""
    answers = []
    in_the_way = rivals.blocking(scope, rivals.find_rivals(scope))
    for rival in in_the_way:
        text = f"{rival.tool} sets {', '.join(rival.drivers)} in {rival.place}"
        answers.append(Check("rivals", WARN, text, "run `nbgit install --replace`"))
    names = rivals.pre_commit_rivals(scope.repository) if scope.repository is not None else []
    if names:
        text = f".pre-commit-config.yaml runs {', '.join(names)}, which throws outputs out of your working files"
        answers.append(Check("rivals", WARN, text, "remove it there: nbgit keeps outputs out of history by itself"))
    return answers or [Check("rivals", OK, "no other tool handles notebooks here")]


def check_libraries() -> list[Check]:
    """Check that the libraries of the cold path can be imported."""
    return [_check_library(name) for name in ("nbformat",)]


def _check_library(name: str) -> Check:
    try:
        import_module(name)
    except ImportError as error:
        return Check("libraries", FAIL, f"{name} can't be imported: {error}", f"run `pip install {name}`")
    return Check("libraries", OK, f"{name} {metadata.version(name)}")


def is_healthy(answers: list[Check]) -> bool:
    """Return whether there is nothing to mend."""
    return all(answer.verdict == OK for answer in answers)
