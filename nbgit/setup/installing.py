"""`nbgit install` and `nbgit uninstall`: first everything that may refuse, then config, attributes and hooks."""

import os
import re
from typing import NamedTuple

from nbgit.errors import GitFailed, InstallRefused
from nbgit.setup import attributes, config, hooks, kernel_file, kernelspec, rivals
from nbgit.setup.files import read_bytes
from nbgit.setup.launch import Launcher
from nbgit.setup.scopes import Scope
from nbgit.store.git import try_git
from nbgit.store.refs import KEPT
from nbgit.store.repository import Repository
from nbgit.sync.arrivals import take_in
from nbgit.sync.fetched import fetch
from nbgit.sync.lazy import LAZY, remove_promising
from nbgit.sync.remotes import add_refspecs, remove_refspecs

DATA_REFS = ("refs/nbgit/", "refs/nbgit-remotes/", *KEPT, "refs/notes/nbgit")
CACHE_REF = "refs/notes/textconv/nbgit"
CACHE_FILES = ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "nbgit.log", "nbgit.log.1")
# Where tools keep the environments of one call, cleaned without a word: (tool, how the folder's path looks).
CACHED_ENVIRONMENTS = (
    ("uv", re.compile(r"/(archive|builds|environments)-v\d+/")),
    ("pipx", re.compile(r"/(pipx|\.cache|Cache)/[0-9a-f]{14,16}/")),
    ("pre-commit", re.compile(r"/repo[^/]+/py_env-[^/]+/")),
    ("pixi", re.compile(r"/cached-envs-v\d+/")),
)


class Outcome(NamedTuple):
    """What was done: (piece, sentence) pairs, sentences about what was left, and whether anything changed at all."""

    done: list[tuple[str, str]]
    left: list[str]
    changed: bool


def install(
    scope: Scope,
    launcher: Launcher,
    *,
    replace: bool,
    attributes_file: str | None,
    lazy: bool = False,
    driver: str | None = None,
    kernel: bool = True,
) -> Outcome:
    """Set nbgit up in `scope`; with `attributes_file`, write the committable lines there as well.

    With `lazy`, payloads are fetched from remotes only when they are first shown. `driver` is what `git diff` is to go
    by (nbgit.setup.config; None: as before). Without `kernel`, IPython's kernels are left alone and record no runs.

    Raises InstallRefused, with nothing changed, where something of another's is in the way and `replace` is false.
    """
    found = rivals.find_rivals(scope)
    rivals.refuse_rivals(scope, found, replace=replace)
    done: list[tuple[str, str]] = []
    left: list[str] = []
    if not replace:
        config.refuse_foreign(scope, config.plan_install(scope, launcher))
    _set_keys(scope, launcher, driver, replace, done, left)
    if lazy and config.set_lazy(scope):
        done.append(("lazy", f"{LAZY} in {scope.config_file}: outputs are fetched when they are first shown"))
    if replace:
        done += [("replaced", sentence) for sentence in rivals.take_over(scope, found)]
    else:
        left += _weaker_rivals(scope, found)
    if attributes.put_block(scope.attributes_file):
        done.append(("attributes", f"{attributes.LINE.decode().strip()} in {scope.attributes_file}"))
    if attributes_file is not None and attributes.put_example(attributes_file):
        done.append(("attributes", f"the lines to commit, in {attributes_file}"))
    if scope.repository is not None:
        _install_hooks(scope.repository, launcher, done, left)
        _bring_outputs(scope.repository, done, left)
    if kernel:
        _install_startup(scope, done, left)
    return Outcome(done, left, bool(done))


def refuse_temporary(launcher: Launcher) -> None:
    """Raise InstallRefused where nbgit runs from a cache: what install writes would name a folder that goes."""
    for place in (launcher.python, launcher.main):
        for tool, pattern in CACHED_ENVIRONMENTS:
            if pattern.search(place):
                raise InstallRefused(
                    f"nbgit runs from {tool}'s cache ({place}), and git could not start it once that is cleaned; run "
                    "`uv tool install nbgit` (or `pipx install nbgit`), then `nbgit install`; --temporary installs it "
                    "all the same, for a trial or a CI job"
                )


def _set_keys(
    scope: Scope, launcher: Launcher, driver: str | None, replace: bool, done: list[tuple[str, str]], left: list[str]
) -> None:
    if driver is not None and config.set_driver(scope, driver):
        done.append(("driver", f"{config.DRIVER} in {scope.config_file}: {driver}"))
    if config.drop_diff_command(scope, launcher):
        done.append(("driver", "git diff shows notebooks as their readable text, by git's own diff"))
    if driver == config.BY_TEXT and scope.try_git("config", "--get", config.DIFF_COMMAND)[0] == 0:
        left.append(f"{config.DIFF_COMMAND} of a wider scope still shows cells: give --diff-driver there, too")
    plan = config.plan_install(scope, launcher)
    changes = plan.changes + (plan.foreign if replace else [])
    config.apply_keys(scope, changes)
    if changes:
        done.append(("config", f"{len(changes)} keys in {scope.config_file}"))
    if not replace:
        left += [f"{key.name} has a value of your own in {scope.config_file}: it was left" for key in plan.foreign]


def _install_startup(scope: Scope, done: list[tuple[str, str]], left: list[str]) -> None:
    try:
        if file := kernel_file.put_startup(scope, os.environ):
            done.append(("kernels", f"{file}: what runs in IPython is recorded, in repositories like this one"))
    except OSError as error:
        left.append(f"runs are not recorded: {error.filename} can't be written ({error.strerror})")


def _install_hooks(repository: Repository, launcher: Launcher, done: list[tuple[str, str]], left: list[str]) -> None:
    change = hooks.install_hooks(repository, launcher)
    folder = hooks.hooks_folder(repository)
    if change.written:
        done.append(("hooks", f"{', '.join(change.written)} in {folder}"))
    if change.chained:
        done.append(("hooks", f"{', '.join(change.chained)} in {folder}, in front of yours, which still run"))
    left += change.left


def _bring_outputs(repository: Repository, done: list[tuple[str, str]], left: list[str]) -> None:
    """Let fetch and push carry outputs, fetch what is there, and show it in the notebooks that stand bare on disk."""
    added = add_refspecs(repository)
    if added:
        done.append(("remotes", f"{', '.join(added)}: outputs come with fetch and pull, and go with push"))
    for remote in added:
        try:
            fetch(repository, remote, remote)
        except GitFailed as error:
            left.append(f"{remote} could not be asked for outputs ({error}); `nbgit sync` asks again")
    filled = take_in(repository, always=True)
    if filled:
        many = "1 notebook has its" if len(filled) == 1 else f"{len(filled)} notebooks have their"
        done.append(("outputs", f"{many} outputs back"))


def _weaker_rivals(scope: Scope, found: list[rivals.Rival]) -> list[str]:
    in_the_way = rivals.blocking(scope, found)
    others = [rival for rival in found if rival.line and rival not in in_the_way]
    if scope.in_repository:
        return [f"{rival.tool} in {rival.place} was left: nbgit's attributes win here" for rival in others]
    return [
        f"{rival.tool} in {rival.place} was left and wins in this repository: run `nbgit install --replace` here"
        for rival in others
        if rival.scope in ("local", "tree")
    ]


def uninstall(scope: Scope, launcher: Launcher, *, attributes_file: str | None) -> Outcome:
    """Take nbgit out of `scope` again; working files and stored outputs stay as they are."""
    done: list[tuple[str, str]] = []
    removed, foreign = config.remove_keys(scope, launcher)
    if removed:
        done.append(("config", f"{len(removed)} keys out of {scope.config_file}"))
    if removed and read_bytes(scope.config_file) == b"" and not os.path.islink(scope.config_file):
        os.unlink(scope.config_file)  # git made it for nbgit's keys
    left = [f"{name} in {scope.config_file} isn't nbgit's: it was left" for name in foreign]
    repository = scope.repository
    used = repository is not None and still_installed(repository)
    if scope.in_repository and used:
        left.append("attributes and hooks were left: another scope of this repository still uses them")
    elif attributes.take_block(scope.attributes_file):
        done.append(("attributes", f"nbgit's block out of {scope.attributes_file}"))
    if repository is not None and not used:
        if remotes := remove_refspecs(repository):
            done.append(("remotes", f"nbgit's refs out of what is fetched from {', '.join(remotes)}"))
        gone = hooks.uninstall_hooks(repository, launcher)
        if gone:
            done.append(("hooks", f"{', '.join(gone)} out of {hooks.hooks_folder(repository)}"))
        _remove_caches(repository)
    if attributes_file is not None and attributes.take_example(attributes_file):
        done.append(("attributes", f"nbgit's lines out of {attributes_file}"))
    if not (scope.in_repository and used) and (file := kernel_file.take_startup(scope, os.environ)):
        done.append(("kernels", f"{file}"))
    if not (scope.in_repository and used) and (folder := kernelspec.take_kernelspec(scope, os.environ)):
        done.append(("kernels", folder))
    left += _what_goes_on(scope)
    if attributes_file is None and repository is not None and scope.in_repository:
        left += _shared_lines(repository)
    return Outcome(done, left, bool(done))


def _what_goes_on(scope: Scope) -> list[str]:
    """Return a sentence where nbgit goes on working through another scope, or where its hooks may stand elsewhere."""
    code, out, _ = scope.try_git("config", "--show-scope", "--get", "filter.nbgit.process")
    if code == 0:
        other = out.decode("utf-8", "replace").split()[0]
        return [f"nbgit is still set in the {other} scope and goes on working: see `nbgit status`"]
    if scope.in_repository:
        return []
    return ["hooks nbgit wrote in other repositories do nothing now; `nbgit uninstall` inside one takes them out"]


def still_installed(repository: Repository) -> bool:
    """Return whether the repository's configuration, or that of one of its worktrees, still names nbgit's filter."""
    worktrees = os.path.join(repository.common_dir, "worktrees")
    names = os.listdir(worktrees) if os.path.isdir(worktrees) else []
    folders = [repository.common_dir, *[os.path.join(worktrees, name) for name in names]]
    files = [os.path.join(repository.common_dir, "config")]
    files += [os.path.join(folder, "config.worktree") for folder in folders]
    return any(_names_filter(file) for file in files if b'[filter "nbgit"]' in (read_bytes(file) or b""))


def _names_filter(file: str) -> bool:
    return try_git(["config", "--file", file, "--get", "filter.nbgit.process"])[0] == 0


def _shared_lines(repository: Repository) -> list[str]:
    return [
        f"{file} still names nbgit, for those who share it (git ignores it where nbgit is missing): "
        f"`nbgit uninstall --attributes {os.path.basename(file)}` takes the line out"
        for file in rivals.tree_files(repository)
        if b"filter=nbgit" in (read_bytes(file) or b"")
    ]


def _remove_caches(repository: Repository) -> None:
    """Remove what nbgit can build again: git's cache of textconv, the figure index, the log."""
    if try_git(["rev-parse", "-q", "--verify", CACHE_REF], cwd=repository.start)[0] == 0:
        try_git(["update-ref", "-d", CACHE_REF], cwd=repository.start)
    for name in CACHE_FILES:
        path = os.path.join(repository.nbgit_dir, name)
        if os.path.exists(path):
            os.unlink(path)
    if os.path.isdir(repository.nbgit_dir) and not os.listdir(repository.nbgit_dir):
        os.rmdir(repository.nbgit_dir)


def delete_data(repository: Repository) -> int:
    """Delete every output nbgit keeps for this repository; return how many refs went."""
    _, out, _ = try_git(["for-each-ref", "--format=%(refname)", *DATA_REFS], cwd=repository.start)
    names = out.decode("utf-8", "surrogateescape").split()
    orders = "".join(f"delete {name}\n" for name in names)
    code, _, err = try_git(
        ["update-ref", "--stdin"], cwd=repository.start, stdin=orders.encode("utf-8", "surrogateescape")
    )
    if code:
        raise GitFailed(f"git would not delete nbgit's refs: {err.decode('utf-8', 'replace').strip()}; try again")
    remove_promising(repository)
    _remove_tree(repository.nbgit_dir)
    return len(names)


def _remove_tree(folder: str) -> None:
    for here, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(here, name))
        for name in folders:
            path = os.path.join(here, name)
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)
    if os.path.isdir(folder):
        os.rmdir(folder)
