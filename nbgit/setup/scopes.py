"""Where an installation stands: one of git's configuration scopes, with its files (git-config(1), "SCOPES")."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from nbgit.errors import InstallRefused, NotARepository
from nbgit.store.git import run_git, try_git
from nbgit.store.repository import Repository, find_repository

NAMES = ("local", "worktree", "global", "system")  # the order in which they are looked for


class Scope(NamedTuple):
    """One scope: its name, its configuration and attributes files, and the repository (None outside of one)."""

    name: str
    config_file: str
    attributes_file: str
    repository: Repository | None
    start: str

    @property
    def in_repository(self) -> bool:
        """Whether this scope is a repository's or a worktree's own."""
        return self.name in ("local", "worktree")

    @property
    def needed_repository(self) -> Repository:
        """The repository of a scope that has one."""
        assert self.repository is not None
        return self.repository

    def git(self, *arguments: str) -> bytes:
        """Return the stdout of git, started in this scope's repository; raises GitFailed."""
        return run_git(arguments, cwd=self.start)

    def try_git(self, *arguments: str, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
        """Return (exit code, stdout, stderr) of git, started in this scope's repository."""
        return try_git(arguments, cwd=self.start, stdin=stdin)


def find_scope(name: str, start: str, environ: Mapping[str, str]) -> Scope:
    """Return the scope `name` as seen from the directory `start`.

    Raises NotARepository where a repository's scope is asked for outside of one, and InstallRefused for `worktree`
    where the worktrees share one configuration.
    """
    repository = find_repository_or_none(start, environ)
    if name in ("local", "worktree"):
        if repository is None:
            raise NotARepository(
                f"{start} is not in a git repository; run nbgit inside one, or set nbgit up for yourself with --global"
            )
        attributes = os.path.join(repository.common_dir, "info", "attributes")
        if name == "local":
            return Scope(name, os.path.join(repository.common_dir, "config"), attributes, repository, start)
        _need_worktree_config(repository)
        return Scope(name, os.path.join(repository.git_dir, "config.worktree"), attributes, repository, start)
    if name == "global":
        return Scope(name, _global_config(environ), _global_attributes(environ), repository, start)
    config = _system_config(environ)
    return Scope(name, config, _system_attributes(config), repository, start)


def find_repository_or_none(start: str, environ: Mapping[str, str]) -> Repository | None:
    """Return the repository `start` lies in, or None."""
    try:
        return find_repository(start, environ)
    except NotARepository:
        return None


def _need_worktree_config(repository: Repository) -> None:
    code, out, _ = try_git(["config", "--type=bool", "--get", "extensions.worktreeConfig"], cwd=repository.start)
    if code != 0 or out.strip() != b"true":
        raise InstallRefused(
            "the worktrees of this repository share one configuration; nothing was changed: run `git config "
            "extensions.worktreeConfig true` first (git-worktree(1), CONFIGURATION FILE), or leave out --worktree"
        )


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")


def _xdg_folder(environ: Mapping[str, str]) -> str:
    return os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(_home(environ), ".config"), "git")


def _global_config(environ: Mapping[str, str]) -> str:
    """Return the file that `git config --global` writes (git-config(1), FILES)."""
    if environ.get("GIT_CONFIG_GLOBAL"):
        return environ["GIT_CONFIG_GLOBAL"]
    own = os.path.join(_home(environ), ".gitconfig")
    shared = os.path.join(_xdg_folder(environ), "config")
    return shared if os.path.exists(shared) and not os.path.exists(own) else own


def _global_attributes(environ: Mapping[str, str]) -> str:
    """Return the attributes file git reads for this person in every repository (gitattributes(5))."""
    for scope in ("--global", "--system"):
        if scope == "--system" and environ.get("GIT_CONFIG_NOSYSTEM"):
            continue
        code, out, _ = try_git(["config", scope, "--includes", "--type=path", "--get", "core.attributesFile"])
        if code == 0 and out.strip():
            return os.path.join(_home(environ), os.fsdecode(out.rstrip(b"\r\n")))
    return os.path.join(_xdg_folder(environ), "attributes")


def _system_config(environ: Mapping[str, str]) -> str:
    """Return the file that `git config --system` writes: git names it to the editor it is told to start."""
    if environ.get("GIT_CONFIG_SYSTEM"):
        return environ["GIT_CONFIG_SYSTEM"]
    code, out, _ = try_git(["config", "--system", "--edit"], environ={"GIT_EDITOR": "echo", "TERM": "dumb"})
    name = os.fsdecode(out.strip())
    return name if code == 0 and name else "/etc/gitconfig"


def _system_attributes(config: str) -> str:
    """Return the whole machine's attributes file: `git var` knows it from 2.41 on, before it is beside the config."""
    code, out, _ = try_git(["var", "GIT_ATTR_SYSTEM"])
    name = os.fsdecode(out.strip())
    return name if code == 0 and name else os.path.join(os.path.dirname(config), "gitattributes")
