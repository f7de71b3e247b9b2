"""Ring 3: what is to be forgotten, taken out of the local files: captures, `known`, the figure index, the log.

Each step can be repeated: what an interrupted run has left is found and removed by the next.
"""

import os
import sqlite3
import time
from collections.abc import Iterator

from nbgit.lineage.history.index import Index
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, encode_spans
from nbgit.store.captures import TRAILER, Capture, CaptureStore, remove_empty, write_whole
from nbgit.store.cuts import FOLDER, SUFFIX
from nbgit.store.repository import Repository
from nbgit.upkeep.forget_notebook import remove_target, shows_target, source_shows_target
from nbgit.upkeep.forget_runs import RunsForgetter
from nbgit.upkeep.forget_targets import PathTarget, Target

LEFTOVER_SECONDS = 60  # a file being written is never this old: a crash has left it
# Tables of the figure index that tell of what was shown.
_TELLING = ("payloads", "data", "pictures", "signatures", "thumbnails", "traces", "documents")
LOGS = ("nbgit.log", "nbgit.log.1")
FOLDERS = ("captures", "past", "damaged")


class LocalForgetter:
    """Finds and removes the target in the files of one repository's `.git/nbgit`."""

    def __init__(self, repository: Repository, policy: Policy, target: Target, *, dry_run: bool) -> None:
        self._repository = repository
        self._policy = policy
        self._target = target
        self._dry_run = dry_run
        self.digests: set[str] = set()  # of the notebooks that were found, in hex
        self.payloads: set[str] = set()  # digests of the payloads that were found in captures
        self.failed: list[str] = []  # files that could not be changed

    def captures(self) -> int:
        """Take the target out of all captures, waiting or past; return how many had it."""
        store = CaptureStore(self._repository, self._policy)
        found = sum(self._capture(capture) for capture in [*store.all(), *store.all_past()])
        return found + sum(self._loose_file(file) for file in self._other_files())

    def _capture(self, capture: Capture) -> bool:
        """Write a capture anew without the target, then remove the old one; return whether it had it."""
        if isinstance(self._target, PathTarget):
            return capture.path == self._target.path and self._replace(capture, b"", None)
        found = capture.read(self._policy)
        if found is None:
            return self._loose_file(capture.file)
        _, parts = found
        if source_shows_target(parts.source, self._target):  # code that was captured may stand nowhere else in git
            return self._replace(capture, b"", None)
        policy = self._policy if capture.policy_key == self._policy.key else None
        left = remove_target(parts, self._target, policy, path=capture.path, payloads=self.payloads)
        return left is not None and self._replace(capture, left.notebook, left.parts, left.digest)

    def _replace(self, capture: Capture, notebook: bytes, parts: Split | None, digest: str = "") -> bool:
        self.digests.add(capture.digest)
        if self._dry_run:
            return True
        try:
            if parts is not None:
                name = f"{capture.taken:020d}-{capture.source_oid}-{digest}-{capture.policy_key}"
                can_run = b"true" if parts.can_run else b"false"
                head, spans = capture.head().encode("ascii", "replace"), encode_spans(parts.spans)
                trailer = b'{"can_run":%b,"head":"%b","spans":%b}\n' % (can_run, head, spans)
                write_whole(os.path.join(os.path.dirname(capture.file), name), notebook, TRAILER, trailer)
            os.unlink(capture.file)
            remove_empty(os.path.dirname(capture.file))
        except FileNotFoundError:
            pass  # linked meanwhile: the next round finds it in the snapshots
        except OSError:
            self.failed.append(capture.file)
        return True

    def _other_files(self) -> Iterator[str]:
        """Yield the files among the captures that are none: damaged ones, and half written ones left by a crash."""
        for folder in FOLDERS:
            for file in self._files_below(folder):
                if not _is_capture_name(os.path.basename(file)):
                    yield file

    def _loose_file(self, file: str) -> bool:
        """Remove a file that can't be read as a capture if it shows the target; return whether it does."""
        try:
            is_leftover = file.endswith(".new")
            if is_leftover and time.time() - os.stat(file).st_mtime < LEFTOVER_SECONDS:
                return False
            with open(file, "rb") as stream:
                shows = shows_target(stream.read(), self._target)
            if (shows or is_leftover) and not self._dry_run:
                os.unlink(file)
            return shows
        except FileNotFoundError:
            return False
        except OSError:
            self.failed.append(file)
            return True

    def journals(self, payloads: set[str]) -> int:
        """Take the target out of the journals of runs; `payloads` are digests of outputs that showed it elsewhere."""
        forgetter = RunsForgetter(self._target, payloads | self.payloads)
        found = 0
        for file in self._files_below(FOLDER):
            try:
                found += file.endswith(SUFFIX) and forgetter.journal(file, dry_run=self._dry_run)
            except FileNotFoundError:
                continue
            except OSError:
                self.failed.append(file)
        return found

    def index(self) -> None:
        """Delete the figure index: it is a cache, and holds digests of what was shown."""
        path = os.path.join(self._repository.nbgit_dir, "index.sqlite")
        if not os.path.exists(path):
            return
        try:
            for name in (path, path + "-journal"):
                if os.path.exists(name):
                    os.unlink(name)
        except OSError:  # Windows, where another process has it open
            try:
                index = Index(path)
                index.connection.execute("PRAGMA secure_delete = ON")
                for table in _TELLING:
                    index.connection.execute(f"DELETE FROM {table}")
                index.connection.execute("VACUUM")
                index.close()
            except (sqlite3.Error, OSError):
                self.failed.append(path)

    def log(self) -> int:
        """Drop the lines of the log that show the target; return how many."""
        dropped = 0
        for name in LOGS:
            file = os.path.join(self._repository.nbgit_dir, name)
            try:
                with open(file, "rb") as stream:
                    lines = stream.read().splitlines(keepends=True)
                kept = [line for line in lines if not self._target.in_text(line.decode("utf-8", "replace"))]
                if len(kept) < len(lines):
                    dropped += len(lines) - len(kept)
                    if not self._dry_run:
                        write_whole(file, *kept)
            except FileNotFoundError:
                continue
            except OSError:
                self.failed.append(file)
        return dropped

    def _files_below(self, folder: str) -> list[str]:
        top = os.path.join(self._repository.nbgit_dir, folder)
        return [os.path.join(here, name) for here, _, names in os.walk(top) for name in names]


def _is_capture_name(name: str) -> bool:
    return name.count("-") == 3 and "." not in name
