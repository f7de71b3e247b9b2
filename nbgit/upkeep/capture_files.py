"""Ring 3: the files of captures as they lie on disk, sound or not (docs/formats.md, "Local files")."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from nbgit.store.paths import CapturedPaths, path_key
from nbgit.store.repository import Repository

WAITING, PAST = "captures", "past"
DAMAGED = "damaged"  # where captures that can't be read are moved
_NAME = re.compile(r"(\d{20})-([0-9a-f]{40}|[0-9a-f]{64})-([0-9a-f]{64})-([0-9a-f]{8})")
_LEFTOVER = re.compile(r"(.+)\.\d+\.\d+\.new")


class CaptureFile(NamedTuple):
    """One file: `path` is the notebook's, or "" where nothing says it; `size` in bytes, `taken` in nanoseconds.

    `final` is the name it was to get, where it was left half written, else "". `taken` is -1 for a name that is none.
    """

    file: str
    path: str
    size: int
    taken: int
    source_oid: str
    digest: str
    is_past: bool
    final: str
    changed: float


def capture_files(repository: Repository) -> Iterator[CaptureFile]:
    """Give every file in the folders of captures."""
    paths = CapturedPaths(os.path.join(repository.nbgit_dir, "paths")).all()
    by_key = {path_key(path): path for path in paths}
    for folder in (WAITING, PAST):
        for here, _, names in os.walk(os.path.join(repository.nbgit_dir, folder)):
            path = by_key.get(os.path.basename(here), "")
            for name in sorted(names):
                found = _capture_file(os.path.join(here, name), path, folder)
                if found is not None:
                    yield found


def _capture_file(file: str, path: str, folder: str) -> CaptureFile | None:
    try:
        stat = os.stat(file)
    except OSError:
        return None  # settled meanwhile
    name = os.path.basename(file)
    leftover = _LEFTOVER.fullmatch(name)
    final = leftover.group(1) if leftover else ""
    named = _NAME.fullmatch(final or name)
    taken = int(named.group(1)) if named else -1
    source_oid, digest = (named.group(2), named.group(3)) if named else ("", "")
    is_past = folder == PAST
    return CaptureFile(file, path, stat.st_size, taken, source_oid, digest, is_past, final, stat.st_mtime)
