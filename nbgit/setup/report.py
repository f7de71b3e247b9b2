"""What `nbgit status` says, as plain data: what is set, from where, what is stored (schemas/status.v1.schema.json)."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from nbgit import __version__
from nbgit.errors import NbgitError
from nbgit.external.git_python import read_position
from nbgit.setup import attributes, config, hooks, kernel_checks, rivals
from nbgit.setup.launch import Launcher
from nbgit.setup.scopes import Scope, find_scope
from nbgit.store.fill import bare_paths
from nbgit.store.git import run_git, try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES, SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.store.trees import TREE, decode_tree
from nbgit.sync.standing import Standing, standings

Document = dict[str, object]
RIGHT, OTHER, FOREIGN, MISSING = "right", "other", "foreign", "missing"


class Setting(NamedTuple):
    """One of nbgit's keys as git sees it: the value that counts, the scope and file it comes from, and its state.

    `state` is RIGHT, OTHER (another installation of nbgit), FOREIGN (somebody else's value) or MISSING.
    """

    key: str
    value: str
    scope: str
    file: str
    state: str


def settings(scope: Scope, launcher: Launcher) -> list[Setting]:
    """Return every key of nbgit's with the value that counts here; a later scope and a later line win."""
    code, out, _ = scope.try_git("config", "--list", "--show-scope", "--show-origin", "-z")
    fields = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
    present: dict[str, list[tuple[str, str, str]]] = {}
    for index in range(0, len(fields) - 2, 3):
        name, origin, entry = fields[index : index + 3]
        key, _, value = entry.partition("\n")
        file = os.path.normpath(os.path.join(_base(scope), origin.removeprefix("file:")))
        present.setdefault(config.normal(key), []).append((value, name, file))
    chosen = [value for value, _, _ in present.get(config.normal(config.DRIVER), [])]
    keys = config.keys(launcher, config.driver_of({config.normal(config.DRIVER): chosen}) if chosen else config.BY_CELL)
    return [_setting(key, present.get(config.normal(key.name), [])) for key in keys]


def _base(scope: Scope) -> str:
    """Return the folder that git's relative origins start from: the top of the working tree."""
    return scope.start if scope.repository is None else scope.repository.worktree or scope.repository.git_dir


def _setting(key: config.Key, found: list[tuple[str, str, str]]) -> Setting:
    if key.kind == config.LISTED:
        found = [one for one in found if one[0] == key.value]
    if not found:
        return Setting(key.name, "", "", "", MISSING)
    value, name, file = found[-1]
    state = RIGHT if value == key.value else OTHER if config.is_ours(key, value) else FOREIGN
    return Setting(key.name, value, name, file, state)


def gather(start: str, launcher: Launcher) -> Document:
    """Return the whole status of nbgit as seen from the directory `start`."""
    scope = nearest_scope(start)
    found = settings(scope, launcher)
    repository = scope.repository
    process = found[0]
    document: Document = {
        "schema": "nbgit/status.v1",
        "installed": is_installed(scope, found),
        "nbgit": {"version": __version__, "interpreter": launcher.python, "main": launcher.main},
        "git": {"version": git_version()},
        "scope": process.scope if process.state in (RIGHT, OTHER) else None,
        "config": [setting._asdict() for setting in found],
        "repository": None,
        "attributes": None,
        "hooks": None,
        "store": None,
        "remotes": None,
        "runs": kernel_checks.look(scope)._asdict(),
        "rivals": [
            {"tool": rival.tool, "drivers": list(rival.drivers), "place": rival.place, "scope": rival.scope}
            for rival in rivals.find_rivals(scope)
        ],
    }
    if repository is not None:
        document["repository"] = _repository(repository)
        document["attributes"] = _attributes(scope)
        document["hooks"] = _hooks(repository, launcher)
        document["store"] = _store(repository)
        document["remotes"] = [_remote(standing) for standing in standings(repository)]
    return document


def nearest_scope(start: str) -> Scope:
    """Return the repository's own scope, or the person's where `start` is in no repository."""
    try:
        return find_scope("local", start, os.environ)
    except NbgitError:
        return find_scope("global", start, os.environ)


def is_installed(scope: Scope, found: list[Setting]) -> bool:
    """Return whether git would start nbgit for a notebook here."""
    if found[0].state not in (RIGHT, OTHER):
        return False
    if scope.repository is None:
        return attributes.has_block(scope.attributes_file) or attributes.has_example(scope.attributes_file)
    return attributes.winners(scope.repository).probe.get("filter") == "nbgit"


def git_version() -> str:
    """Return git's version, such as "2.39.5"."""
    return run_git(["version"]).decode("utf-8", "replace").removeprefix("git version").split()[0]


def _repository(repository: Repository) -> Document:
    position = read_position(repository)
    return {
        "worktree": repository.worktree,
        "git_dir": repository.git_dir,
        "common_dir": repository.common_dir,
        "hash": repository.hash_name,
        "branch": position.branch,
        "head": position.head,
        "remotes": position.remotes,
    }


def _attributes(scope: Scope) -> Document:
    repository = scope.needed_repository
    found = attributes.winners(repository)
    return {
        "winning": found.probe,
        "files": [
            {"file": file, "scope": name}
            for file, name in rivals.attribute_files(scope)
            if attributes.has_block(file) or attributes.has_example(file)
        ],
        "notebooks": found.notebooks,
        "filtered": found.tracked["filter", "nbgit"],
        "astray": found.astray,
    }


def _hooks(repository: Repository, launcher: Launcher) -> Document:
    return {
        "folder": hooks.hooks_folder(repository),
        "core_hooks_path": hooks.foreign_folder(repository),
        "states": {hook.name: hook.state for hook in hooks.states(repository, launcher)},
    }


def _store(repository: Repository) -> Document:
    captures, size = _captures(os.path.join(repository.nbgit_dir, folder) for folder in ("captures", "past"))
    return {
        "snapshots": _count_snapshots(repository),
        "entries": len(_lines(repository, ["ls-tree", "-r", "--name-only", "--full-tree", ENTRIES])),
        "captures": captures,
        "capture_bytes": size,
        "bare": _bare(repository),
    }


def _bare(repository: Repository) -> int:
    """Return how many notebooks on disk came without the outputs that are known for them."""
    try:
        return len(bare_paths(repository))
    except NbgitError:
        return 0  # `nbgit doctor` says what is wrong


def _count_snapshots(repository: Repository) -> int:
    """Return how many snapshots there are: told by the sizes of their sources' trees, so that these need not be read.

    Such a tree has an entry of one length for each snapshot (docs/formats.md, "Snapshots").
    """
    width = len(repository.empty_oid) // 2
    with ObjectReader(repository) as reader:
        fans = [oid for _, oid in _directory(reader.read(f"{SNAPSHOTS}:by-source"), width)]
        sources = [oid for content in reader.read_many(fans) for _, oid in _directory(content, width)]
    command = ["cat-file", "--buffer", "--batch-check=%(objectsize)"]
    _, out, _ = try_git(command, cwd=repository.start, stdin="".join(f"{oid}\n" for oid in sources).encode())
    return sum(int(size) for size in out.split(b"\n") if size.isdigit()) // len(
        f"{TREE} {'0' * 2 * width}\0{'0' * width}"
    )


def _directory(content: bytes | None, width: int) -> list[tuple[str, str]]:
    try:
        return [found for found in decode_tree(content or b"", width).values() if found[0] == TREE]
    except ValueError:
        return []


def _remote(standing: Standing) -> Document:
    return {
        "name": standing.remote,
        "sync": standing.is_on,
        "lazy": standing.is_lazy,
        "unpushed": standing.unpushed,
        "unshared": standing.unshared,
    }


def _lines(repository: Repository, arguments: list[str]) -> list[bytes]:
    code, out, _ = try_git(arguments, cwd=repository.start)
    return out.splitlines() if code == 0 else []


def _captures(folders: Iterable[str]) -> tuple[int, int]:
    """Return how many captures lie below these folders, and their size in bytes."""
    count = size = 0
    for folder in folders:
        for here, _, names in os.walk(folder):
            count += len(names)
            size += sum(os.path.getsize(os.path.join(here, name)) for name in names)
    return count, size
