"""Ring 2: which notebooks were seen before, by their digest (docs/formats.md, "Local files").

A memory, not a record: what is missing is found out again. Lines are only appended; the last one of a digest counts.
"""

import os
from hashlib import sha256

from nbgit.store.repository import Repository

# In place of a snapshot's id: these bytes were checked out for a source of which no notebook was known (bare, or put
# together cell by cell); and: so they were, but outputs have been seen since, so that seeing it bare again is news.
NOTHING, RAN = "-", "+"


class Known:
    """What is known of a notebook that was seen before: the snapshot that holds it (or NOTHING), and its source."""

    __slots__ = ("snapshot_id", "source_oid")

    def __init__(self, snapshot_id: str, source_oid: str) -> None:
        self.snapshot_id = snapshot_id
        self.source_oid = source_oid


class KnownNotebooks:
    """What is known under one policy, in the folder `folder`: 16 files, by the first digit of the digest."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._shards: dict[str, bytes] = {}

    def get(self, digest: str) -> Known | None:
        """Return what is known of the notebook with this digest, or None where it is new here."""
        lines = self._shard(digest)
        at = lines.rfind(f"{digest} ".encode())
        if at < 0:
            return None
        fields = lines[at:].split(b"\n", 1)[0].decode("ascii", "replace").split(" ")
        return Known(fields[1], fields[2]) if len(fields) == 3 and fields[1] != RAN else None

    def put(self, digest: str, snapshot_id: str, source_oid: str) -> None:
        """Note that the notebook with this digest is in that snapshot and has that source; never raises.

        A note that is lost only costs the time to find out again.
        """
        known = self.get(digest)
        if known is not None and (known.snapshot_id, known.source_oid) == (snapshot_id, source_oid):
            return
        try:
            os.makedirs(self._folder, exist_ok=True)
            with open(os.path.join(self._folder, digest[0]), "ab") as file:
                file.write(f"{digest} {snapshot_id} {source_oid}\n".encode())
        except OSError:
            pass

    def note_run(self, source: bytes, source_oid: str) -> None:
        """Note that outputs of this source were seen: from now on the bare source on disk means they were cleared."""
        digest = sha256(source).hexdigest()
        known = self.get(digest)
        if known is not None and known.snapshot_id == NOTHING:
            self.put(digest, RAN, source_oid)

    def has_stored(self, source_oid: str) -> bool:
        """Return whether a notebook that is in a snapshot was seen here with this source."""
        end = f" {source_oid}\n".encode("ascii")
        for digit in "0123456789abcdef":
            lines = self._shard(digit)
            if lines.count(end) > lines.count(b" -" + end) + lines.count(b" +" + end):
                return True
        return False

    def _shard(self, digest: str) -> bytes:
        """Return one of the files, read again only when it has grown."""
        file = os.path.join(self._folder, digest[0])
        try:
            size = os.stat(file).st_size
            if digest[0] not in self._shards or len(self._shards[digest[0]]) != size:
                with open(file, "rb") as stream:
                    self._shards[digest[0]] = stream.read()
        except OSError:
            return b""
        return self._shards[digest[0]]


def drop_known(repository: Repository, digests: "frozenset[str]", snapshots: "frozenset[str]") -> None:
    """Drop what is known of these notebooks (digests in hex) and of these snapshots; raises OSError."""
    top = os.path.join(repository.nbgit_dir, "known")
    for file in [os.path.join(here, name) for here, _, names in os.walk(top) for name in names]:
        with open(file, "rb") as stream:
            lines = stream.read().splitlines(keepends=True)
        kept = [line for line in lines if not _names_any(line, digests, snapshots)]
        if len(kept) < len(lines):
            from nbgit.store.captures import write_whole

            write_whole(file, *kept)


def _names_any(line: bytes, digests: "frozenset[str]", snapshots: "frozenset[str]") -> bool:
    fields = line.decode("ascii", "replace").split()
    return len(fields) == 3 and (fields[0] in digests or fields[1] in snapshots)
