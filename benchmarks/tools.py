"""What is measured: plain git, nbgit and the installed peers, each set up by its own installer if it has one."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.sandbox import CommandFailed, Sandbox

PLAIN, NBGIT = "plain git", "nbgit"


class Tool:
    """One way of keeping notebooks in git.

    `slow` tools start a heavy process for each file: they get one round on a part of the data. `restores` says whether
    a checkout brings the notebook back byte for byte. `log_options` are what `git log -p` needs to use the tool.
    """

    def __init__(
        self,
        name: str,
        install: Callable[[Sandbox, Path], None],
        *,
        slow: bool = False,
        restores: bool = False,
        log_options: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.slow = slow
        self.restores = restores
        self.log_options = log_options
        self._install = install
        self._template: Path | None = None

    def install(self, sandbox: Sandbox, repository: Path) -> None:
        """Set the tool up in a repository; plain git needs nothing."""
        self._install(sandbox, repository)

    def fresh(self, sandbox: Sandbox) -> Path:
        """Return a fresh repository with the tool set up and one empty commit, which branch `empty` also names."""
        path = sandbox.directory(self.name.replace(" ", "-"))
        shutil.copytree(self.template(sandbox), path, symlinks=True)
        return path

    def template(self, sandbox: Sandbox) -> Path:
        """Return the repository that fresh ones are copied from; nothing is ever added to it."""
        if self._template is None:
            self._template = sandbox.new_repository(f"{self.name.replace(' ', '-')}-template")
            self.install(sandbox, self._template)
            sandbox.git(self._template, "commit", "-q", "--allow-empty", "-m", "empty")
            sandbox.git(self._template, "branch", "empty")
        return self._template

    def command(self, sandbox: Sandbox, repository: Path, verb: str, path: str) -> str | None:
        """Return the shell command that git starts for one file (clean, smudge, textconv, command), or None."""
        kind = "filter" if verb in ("clean", "smudge") else "diff"
        answer = sandbox.git(repository, "check-attr", "-z", kind, "--", "probe.ipynb").split("\0")
        try:
            line = sandbox.git(repository, "config", "--get", f"{kind}.{answer[2]}.{verb}").rstrip("\n")
        except CommandFailed:
            return None
        line = line.replace("%f", shlex.quote(path)).replace("%%", "%")
        return f"{line} {shlex.quote(path)}" if verb == "textconv" else line


def check_linked(sandbox: Sandbox, repository: Path, paths: Iterable[str]) -> None:
    """Raise CommandFailed unless HEAD's entry (docs/formats.md) names a snapshot for each of these notebooks."""
    note = sandbox.git(repository, "notes", "--ref", "refs/notes/nbgit", "show", "HEAD")
    machine = [line for line in note.splitlines() if line.startswith("{")]
    linked = json.loads(machine[-1])["snapshots"] if machine else {}
    if missing := [path for path in paths if path not in linked]:
        raise CommandFailed(f"nbgit did not link {len(missing)} notebooks to the commit, {missing[0]} among them")


def plain_and_nbgit() -> list[Tool]:
    """Return the two that every row has."""
    return [Tool(PLAIN, _nothing, restores=True), Tool(NBGIT, _install_nbgit, restores=True)]


def installed_peers(sandbox: Sandbox) -> tuple[list[Tool], list[str]]:
    """Return the peers that can be run here, and the names of those that can't."""
    every = {
        "nbstripout-fast": Tool("nbstripout-fast", _install_nbstripout_fast),
        "nb-clean": Tool("nb-clean", _install_nb_clean),
        "nbstripout": Tool("nbstripout", _install_nbstripout, slow=True),
        "nbdime": Tool("nbdime", _install_nbdime, slow=True, log_options=("--ext-diff",)),
    }
    programs = {"nbdime": "git-nbdiffdriver"}
    found = {name: tool for name, tool in every.items() if sandbox.which(programs.get(name, name))}
    return list(found.values()), [name for name in every if name not in found]


def version_of(name: str) -> str:
    """Return a tool's version, or "?" where its program is there without its metadata."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def _nothing(sandbox: Sandbox, repository: Path) -> None:
    return


def _install_nbgit(sandbox: Sandbox, repository: Path) -> None:
    sandbox.run([sys.executable, "-m", "nbgit", "install"], repository)


def _install_nbstripout(sandbox: Sandbox, repository: Path) -> None:
    sandbox.run(["nbstripout", "--install"], repository)


def _install_nb_clean(sandbox: Sandbox, repository: Path) -> None:
    sandbox.run(["nb-clean", "add-filter"], repository)


def _install_nbstripout_fast(sandbox: Sandbox, repository: Path) -> None:
    """Write what its README says: it has no installer of its own."""
    settings = {
        "filter.nbstripout-fast.clean": "nbstripout-fast",
        "filter.nbstripout-fast.smudge": "cat",
        "filter.nbstripout-fast.required": "true",
        "diff.nbstripout-fast.textconv": "nbstripout-fast -t",
    }
    for name, value in settings.items():
        sandbox.git(repository, "config", name, value)
    attributes = repository / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.ipynb filter=nbstripout-fast diff=nbstripout-fast\n", encoding="ascii")


def _install_nbdime(sandbox: Sandbox, repository: Path) -> None:
    sandbox.run(["git-nbdiffdriver", "config", "--enable"], repository)
