"""Ring 3: which commits introduced files that runs have read, by their content."""

from collections.abc import Iterable
from hashlib import sha256

from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.past import Past
from nbgit.lineage.runs.journals import FileSeen
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader

POINTER = 1024  # bytes at most: a file of git-lfs, or a link of git-annex, which name the content by its SHA-256
LARGEST = 64 << 20  # bytes: what a run digests


def introduced_by(past: Past, files: Iterable[FileSeen]) -> dict[FileSeen, Commit]:
    """Return the first commit, in topological order, that has each of these files with just this content at its path.

    What has no digest, or lies outside of the worktree, is left out; so is what no commit has.
    """
    wanted = {file for file in files if file.sha256 and not file.path.startswith(("/", "~/", "../"))}
    blobs = _blobs(past, sorted({file.path for file in wanted}))
    found: dict[FileSeen, Commit] = {}
    with ObjectReader(past.repository) as reader:
        for file in sorted(wanted):
            for position, blob in blobs.get(file.path, ()):
                data = reader.read(blob, most=min(max(file.size, POINTER), LARGEST))
                if data is not None and has_content(file, data):
                    found[file] = past.commits([position])[position]
                    break
    return found


def has_content(file: FileSeen, data: bytes) -> bool:
    """Return whether a blob holds what a file was, as itself or as a pointer of git-lfs or git-annex."""
    digest = file.sha256 or "-"
    return (len(data) == file.size and sha256(data).hexdigest() == digest) or (
        len(data) <= POINTER and digest.encode("ascii", "replace") in data
    )


def _blobs(past: Past, paths: list[str]) -> dict[str, list[tuple[int, str]]]:
    """Return path -> (commit's position, blob), oldest first, for each time that a commit before HEAD set it."""
    if not paths:
        return {}
    arguments = ["log", "--format=%x01%H", "--raw", "--no-abbrev", "--no-renames", "-m", "-z", "--topo-order"]
    head = past.graph.oids[past.head]
    literal = [f":(top,literal){path}" for path in paths]
    out = run_git([*arguments, head, "--", *literal], cwd=past.repository.start)
    found: dict[str, list[tuple[int, str]]] = {}
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
    return found
