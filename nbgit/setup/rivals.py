"""Other tools that hold notebooks in git (nbstripout, nbdime, nb-clean): found, explained, taken over on request."""

import os
import re
from typing import NamedTuple

from nbgit.errors import InstallRefused
from nbgit.setup.files import read_bytes, replace_bytes
from nbgit.setup.scopes import Scope, find_scope
from nbgit.store.git import try_git
from nbgit.store.repository import Repository

# The drivers that each tool's own installer writes.
TOOLS = {
    "filter.nbstripout": "nbstripout",
    "diff.ipynb": "nbstripout",
    "diff.jupyternotebook": "nbdime",
    "merge.jupyternotebook": "nbdime",
    "filter.nb-clean": "nb-clean",
    "filter.nbstripout-fast": "nbstripout-fast",
    "merge.nbdev-merge": "nbdev",
    "filter.clean-nbs": "nbdev",
    "filter.lfs": "git-lfs",
    "diff.lfs": "git-lfs",
    "merge.lfs": "git-lfs",
}
EXPLAINED = {
    "nbstripout": "it throws outputs away as notebooks are added, nbgit keeps them beside the history",
    "nb-clean": "it throws outputs away as notebooks are added, nbgit keeps them beside the history",
    "nbstripout-fast": "it throws outputs away as notebooks are added, nbgit keeps them beside the history",
    "nbdime": "git has room for one diff and one merge driver; nbdiff-web and `git difftool` go on working",
    "nbdev": "git has room for one filter and one merge driver",
}
DRIVER = re.compile(r"^(filter|diff|merge)=(.+)$")


class Rival(NamedTuple):
    """One attribute line or configuration section of another tool.

    `tool` is its name, `drivers` what it sets ("filter.nbstripout"), `file` where it stands, `scope` that file's scope
    ("local", "global", "system" or "tree" for a .gitattributes), `line` the line's number from 1 (0: a config section).
    """

    tool: str
    drivers: tuple[str, ...]
    file: str
    scope: str
    line: int

    @property
    def place(self) -> str:
        """Where it stands, as people say it."""
        return f"{self.file}:{self.line}" if self.line else self.file


def find_rivals(scope: Scope) -> list[Rival]:
    """Return every rival that is in sight of this scope: attribute lines first, then configuration sections."""
    return [*_attribute_rivals(scope), *_config_rivals(scope)]


def _attribute_rivals(scope: Scope) -> list[Rival]:
    found: list[Rival] = []
    for file, name in attribute_files(scope):
        data = read_bytes(file)
        for number, line in enumerate((data or b"").splitlines(), start=1):
            drivers = rival_drivers(line)
            if drivers:
                tools = sorted({TOOLS.get(driver, driver.partition(".")[2]) for driver in drivers})
                found.append(Rival(" and ".join(tools), drivers, file, name, number))
    return found


def attribute_files(scope: Scope) -> list[tuple[str, str]]:
    """Return (file, scope name) of every attributes file that git may read here, from the strongest to the weakest."""
    repository = scope.repository
    files: list[tuple[str, str]] = []
    if repository is not None:
        files.append((os.path.join(repository.common_dir, "info", "attributes"), "local"))
        files += [(file, "tree") for file in tree_files(repository)]
    for name in ("global", "system"):
        files.append((_file_of(scope, name), name))
    return files


def _file_of(scope: Scope, name: str) -> str:
    return scope.attributes_file if scope.name == name else find_scope(name, scope.start, os.environ).attributes_file


def tree_files(repository: Repository) -> list[str]:
    """Return the .gitattributes files of the working tree, those below first (they are stronger there)."""
    top = repository.worktree
    if top is None:
        return []
    pathspec = [":(top,glob)**/.gitattributes"]
    _, out, _ = try_git(
        ["ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--", *pathspec], cwd=top
    )
    paths = sorted({os.fsdecode(path) for path in out.split(b"\0") if path}, key=lambda path: (-path.count("/"), path))
    return [os.path.join(top, path) for path in paths]


def rival_drivers(line: bytes) -> tuple[str, ...]:
    """Return the drivers on this attribute line that are a known tool's, or anybody's but nbgit's on notebooks."""
    words = line.decode("utf-8", "surrogateescape").split()
    if not words or words[0].startswith(("#", "[attr]")):
        return ()
    drivers = []
    for word in words[1:]:
        match = DRIVER.match(word)
        if match is None or match[2] == "nbgit":
            continue
        driver = f"{match[1]}.{match[2]}"
        known = TOOLS.get(driver, "git-lfs") != "git-lfs"  # lfs is everybody's: a rival on notebooks only
        if known or "ipynb" in words[0]:
            drivers.append(driver)
    return tuple(drivers)


def _config_rivals(scope: Scope) -> list[Rival]:
    found: dict[tuple[str, str], Rival] = {}
    code, out, _ = scope.try_git("config", "--list", "--show-scope", "--show-origin", "-z")
    fields = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
    for index in range(0, len(fields) - 2, 3):
        name, origin, entry = fields[index : index + 3]
        section = ".".join(entry.partition("\n")[0].split(".")[:-1])
        tool = TOOLS.get(section)
        if tool is None or tool == "git-lfs":
            continue
        file = os.path.normpath(os.path.join(scope.start, origin.removeprefix("file:")))
        found.setdefault((section, file), Rival(tool, (section,), file, name, 0))
    return list(found.values())


def blocking(scope: Scope, rivals: list[Rival]) -> list[Rival]:
    """Return the rivals whose attributes would win over nbgit's, or clash with them, in this scope.

    In a repository that is its own attributes files (the person's and the machine's are weaker than info/attributes);
    in the global or system scope it is that scope's file. A configuration section without attributes harms nobody.
    """
    own = ("local", "tree") if scope.in_repository else (scope.name,)
    return [rival for rival in rivals if rival.line and rival.scope in own]


def refuse_rivals(scope: Scope, rivals: list[Rival], *, replace: bool) -> None:
    """Raise InstallRefused where rivals are in the way and `replace` doesn't settle it."""
    in_the_way = blocking(scope, rivals)
    lfs = [rival for rival in in_the_way if "git-lfs" in rival.tool]
    if lfs:
        raise InstallRefused(
            f"{lfs[0].place} gives notebooks to git-lfs; nothing was changed: take them out of it first with "
            "`git lfs migrate export --include='*.ipynb'`, or remove that line"
        )
    if in_the_way and not replace:
        raise InstallRefused(
            f"{_explained(scope, in_the_way)}; nothing was changed: run `nbgit install --replace` to take over from it"
        )


def _explained(scope: Scope, in_the_way: list[Rival]) -> str:
    """Return which tools handle notebooks where, and why nbgit can't stand beside them."""
    tools = sorted({rival.tool for rival in in_the_way})
    top = scope.repository.worktree if scope.repository else None
    files = dict.fromkeys(os.path.relpath(rival.file, top) if top else rival.file for rival in in_the_way)
    why = "; ".join(f"{tool}: {EXPLAINED[tool]}" for tool in tools if tool in EXPLAINED)
    says = f"{' and '.join(tools)} already {'handles' if len(tools) == 1 else 'handle'} notebooks here, in"
    return f"{says} {' and '.join(files)}" + (f" ({why})" if why else "")


def take_over(scope: Scope, rivals: list[Rival]) -> list[str]:
    """Remove the rivals' attributes and configuration that are in this scope; return a sentence for each."""
    said: list[str] = []
    in_the_way = blocking(scope, rivals)
    for file in dict.fromkeys(rival.file for rival in in_the_way):
        data = read_bytes(file) or b""
        rest = b"".join(_without_rivals(line) for line in data.splitlines(keepends=True))
        replace_bytes(file, rest if rest.strip() else b"")
        said += [
            f"removed {', '.join(_attribute(driver) for driver in rival.drivers)} of {rival.tool} from {rival.place}"
            for rival in in_the_way
            if rival.file == file
        ]
        if any(rival.scope == "tree" for rival in in_the_way if rival.file == file):
            said.append(f"commit {file} so that others get the change")
    names = {"local": ("local",), "worktree": ("local", "worktree")}.get(scope.name, (scope.name,))
    for rival in rivals:
        if rival.line == 0 and rival.scope in names:
            code, _, _ = scope.try_git("config", f"--{rival.scope}", "--remove-section", rival.drivers[0])
            where = f"{rival.drivers[0]} of {rival.tool}"
            said.append(f"removed {where} from {rival.file}" if code == 0 else f"left {where} in {rival.file}")
    return said


def _attribute(driver: str) -> str:
    return driver.replace(".", "=", 1)


def _without_rivals(line: bytes) -> bytes:
    """Return the attribute line without its rivals' attributes; nothing at all where no attribute is left."""
    drivers = {_attribute(driver).encode("utf-8", "surrogateescape") for driver in rival_drivers(line)}
    if not drivers:
        return line
    ending = line[len(line.rstrip(b"\r\n")) :]
    kept = [word for word in line.split() if word not in drivers]
    return b" ".join(kept) + ending if len(kept) > 1 else b""


def pre_commit_rivals(repository: Repository) -> list[str]:
    """Return the names of the strippers that the pre-commit framework runs here, which empty the working files."""
    data = read_bytes(os.path.join(repository.worktree, ".pre-commit-config.yaml")) if repository.worktree else None
    ids = re.findall(rb"^\s*-?\s*id:\s*[\"']?(nbstripout(?:-fast)?|nb-clean|nbdev_clean)\b", data or b"", re.MULTILINE)
    return sorted({name.decode() for name in ids})
