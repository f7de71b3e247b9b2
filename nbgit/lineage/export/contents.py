"""Ring 3: the bytes of outputs, and of files that runs have read, from git or the disk, checked by their digest."""

import os
from hashlib import sha256

from nbgit.lineage.blame import Match
from nbgit.lineage.history.figures import read_payloads
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.upstream import Input
from nbgit.lineage.runs.paths import is_inside
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

SMALL = 1_000_000  # bytes of a file that goes along unasked, where it is committed
LARGEST = 64 << 20  # bytes of a file that has a digest at all


def payload_of(past: Past, match: Match) -> bytes | None:
    """Return the bytes of an output, None where this clone lacks them."""
    digest = match.figure.digest
    return dict(read_payloads(past.repository, past.index, [digest])).get(digest)


class Contents:
    """Gives the bytes of inputs: small committed ones, and with `all_data` whatever can be had here."""

    def __init__(self, repository: Repository, *, all_data: bool) -> None:
        self._repository = repository
        self._most = LARGEST if all_data else SMALL
        self._from_disk = all_data

    def of(self, read: Input) -> bytes | None:
        """Return what the run has read, to the byte, or None."""
        file = read.file
        if file is None or file.sha256 is None or file.size > self._most:
            return None
        if read.commit is not None:
            with ObjectReader(self._repository) as reader:
                data = reader.read(f"{read.commit.oid}:{file.path}", most=self._most)
            if data is not None and sha256(data).hexdigest() == file.sha256:
                return data
        return self._on_disk(file.path, file.sha256) if self._from_disk else None

    def _on_disk(self, path: str, digest: str) -> bytes | None:
        top = self._repository.worktree
        if top is None or not is_inside(path):
            return None
        try:
            with open(os.path.join(top, path), "rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            return None
        return data if sha256(data).hexdigest() == digest else None
