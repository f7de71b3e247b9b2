"""What must hold of a repository whatever was done to it: git finds nothing damaged, and every notebook is there."""

from __future__ import annotations

from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.store.captures import CaptureStore
from nbgit.store.entries import list_notes, read_some_entries
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES, SNAPSHOTS, read_refs
from nbgit.store.repository import Repository, find_repository
from nbgit.store.snapshots import read_snapshot
from tests.gitbox import GitBox


class Stored:
    """What nbgit holds: digests of notebooks by where they are, `problems` in words, and the entries of commits."""

    def __init__(self, repository: Repository) -> None:
        self.problems: list[str] = []
        self.notebooks: dict[str, bytes] = {}  # snapshot id -> the notebook it makes
        with ObjectReader(repository) as reader:
            noted = list_notes(repository, ENTRIES) if read_refs(repository, [ENTRIES]) else {}
            self.entries = read_some_entries(reader, list(noted))
        self.captured = self._captures(repository)
        self._snapshots(repository)
        for commit, entry in self.entries.items():
            lost = [f"{path} at {commit[:12]}" for path, snapshot in entry.items() if snapshot not in self.notebooks]
            self.problems += [f"the entry's snapshot is not in the ref: {words}" for words in lost]

    @property
    def digests(self) -> set[str]:
        """The sha256 of every notebook that can be got back."""
        return self.captured | {sha256(data).hexdigest() for data in self.notebooks.values()}

    def _captures(self, repository: Repository) -> set[str]:
        policy = Policy()
        store = CaptureStore(repository, policy)
        found = set()
        for path in store.paths():
            for capture in store.of_path(path) + store.past_of_path(path):
                if capture.read(policy) is None:
                    self.problems.append(f"a capture is damaged: {capture.file}")
                found.add(capture.digest)
        return found

    def _snapshots(self, repository: Repository) -> None:
        from nbgit.store.git import try_git

        code, out, _ = try_git(["ls-tree", "-r", "-d", "--name-only", SNAPSHOTS], cwd=repository.start)
        folders = [name.split("/") for name in out.decode().splitlines()] if code == 0 else []
        with ObjectReader(repository) as reader:
            for _, first, rest, snapshot in (parts for parts in folders if len(parts) == 4):
                source = reader.read(first + rest)
                if source is None:
                    continue  # the blob went with a commit that was never finished; a gc may have taken it
                try:
                    self.notebooks[snapshot] = read_snapshot(reader, snapshot, source)
                except NbgitError as error:
                    self.problems.append(f"snapshot {snapshot}: {error}")


def stored(box: GitBox) -> Stored:
    """Return what nbgit holds in the box's repository, having let git check its own."""
    found = Stored(find_repository(str(box.path), {}))
    checked = box.try_git("fsck", "--full", "--strict", "--no-dangling")
    if checked.code or "missing" in checked.err + checked.out or "broken" in checked.err + checked.out:
        found.problems.append(f"git fsck: {checked}")
    return found
