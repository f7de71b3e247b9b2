"""Ring 3: which commits introduced files that runs have read: by content in git itself, or named by a pointer."""

from collections.abc import Iterable
from typing import NamedTuple

from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.pointers import (
    DVC,
    POINTER,
    Contents,
    dvc_files,
    is_named_by_dvc,
    kept_by,
    names_out,
    pointer_kind,
)
from nbgit.lineage.runs.journals import FileSeen
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader, read_oids

LARGEST = 64 << 20  # bytes: what a run digests
NAMED = 1 << 20  # bytes of a file of DVC's
AT_ONCE = 400  # paths that one git is asked about


class Found(NamedTuple):
    """The commit that introduced a file, and what keeps it there: git itself, git-lfs, git-annex or DVC."""

    commit: Commit
    kept_by: str


def introduced_by(past: Past, files: Iterable[FileSeen]) -> dict[FileSeen, Found]:
    """Return the first commit, in topological order, that has each of these files with just this content at its path.

    What lies outside of the worktree is left out; so is what no commit has.
    """
    wanted = sorted({file for file in files if file.size >= 0 and is_inside(file.path)}, key=str)
    contents = Contents(past.repository.worktree)
    blobs = _blobs(past, sorted({file.path for file in wanted}))
    found: dict[FileSeen, tuple[int, str]] = {}
    with ObjectReader(past.repository) as reader:
        for file in wanted:
            for position, blob in blobs.get(file.path, ()):
                data = reader.read(blob, most=min(max(file.size, POINTER), LARGEST))
                keeper = kept_by(file, data, contents) if data is not None else None
                if keeper:
                    found[file] = position, keeper
                    break
        left = [file for file in wanted if file not in found]
        named = _blobs(past, sorted({name for file in left for name in dvc_files(file.path)}))
        for file in left if named else ():
            versions = [
                (position, name, blob) for name in dvc_files(file.path) for position, blob in named.get(name, ())
            ]
            for position, name, blob in sorted(versions, reverse=True):
                data = reader.read(blob, most=NAMED)
                if data is not None and is_named_by_dvc(file, name, data, contents):
                    found[file] = position, DVC
                    break
    commits = past.commits({position for position, _ in found.values()})
    return {file: Found(commits[position], keeper) for file, (position, keeper) in found.items()}


def committed_in(past: Past, commit: str, paths: Iterable[str]) -> dict[str, Found]:
    """Return for each path that `commit` has the first commit that has the same there, whatever that is.

    Of what DVC keeps it is the commit that named it as it is named in `commit`.
    """
    found: dict[str, Found] = {}
    wanted = sorted({path for path in paths if is_inside(path) and "\n" not in path})
    names = {path: [path, *dvc_files(path)] for path in wanted}
    asked = sorted({name for some in names.values() for name in some})
    oids = dict(zip(asked, read_oids(past.repository, [f"{commit}:{name}" for name in asked]), strict=True))
    blobs = _blobs(past, [name for name in asked if oids[name]])
    with ObjectReader(past.repository) as reader:
        for path in wanted:
            for name in names[path]:
                data = reader.read(oids[name] or "", most=NAMED) if oids[name] and name != path else b""
                if not oids[name] or (name != path and not names_out(name, data or b"", path)):
                    continue
                position = next((one for one, blob in blobs.get(name, ()) if blob == oids[name]), None)
                if position is not None:
                    keeper = DVC if name != path else pointer_kind(reader.read(oids[name] or "", most=POINTER))
                    found[path] = Found(past.commits([position])[position], keeper)
                    break
    return found


def has_content(file: FileSeen, data: bytes) -> bool:
    """Return whether a blob holds what a file was, as itself or as a pointer of git-lfs or git-annex."""
    return kept_by(file, data, Contents(None)) is not None


def is_inside(path: str) -> bool:
    """Return whether a path, as runs have it, lies in the worktree."""
    return not path.startswith(("/", "~/", "../")) and path[1:2] != ":"


def _blobs(past: Past, paths: list[str]) -> dict[str, list[tuple[int, str]]]:
    """Return path -> (commit's position, blob), oldest first, for each time that a commit before HEAD set it."""
    found: dict[str, list[tuple[int, str]]] = {}
    for start in range(0, len(paths), AT_ONCE):
        _read_blobs(past, paths[start : start + AT_ONCE], found)
    return found


def _read_blobs(past: Past, paths: list[str], found: dict[str, list[tuple[int, str]]]) -> None:
    arguments = ["log", "--format=%x01%H", "--raw", "--no-abbrev", "--no-renames", "-m", "-z", "--topo-order"]
    head = past.graph.oids[past.head]
    literal = [f":(top,literal){path}" for path in paths]
    out = run_git([*arguments, head, "--", *literal], cwd=past.repository.start)
    position, blob = 0, ""
    for part in out.decode("utf-8", "surrogateescape").split("\0"):
        line = part.lstrip("\n")
        if blob:
            found.setdefault(part, []).insert(0, (position, blob))
            blob = ""
        elif line.startswith("\x01"):
            position = past.graph.position[line[1:]]
        elif line.startswith(":"):
            blob = line.split(" ")[3]
