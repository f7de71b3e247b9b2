"""Many processes at once in three worktrees of one repository: `python -m tests.stress.crowd --seconds 60`.

Eight workers save, add, look and commit, each its own notebook, while others do the same in the same working tree and
pack the repository. Afterwards no update may be lost: every notebook that git has seen is found again byte for byte,
and every commit has its entry, with the outputs that it was made with.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path

from tests.e2e.scene import run_of
from tests.gitbox import GitBox, Result
from tests.stress.soundness import stored

WORKTREES = ("work", "second", "third place")
BUSY = [
    *("Unable to create", "could not lock", "cannot lock ref", "unable to write new_index", "index file open failed"),
    *("is at ", "unable to write new index", "another git process"),
    "unable to create temporary file",  # gc has just removed an empty folder of objects
]


class Worker:
    """One person at one notebook: `shown` is every state that git has seen, `committed` commit -> state."""

    def __init__(self, box: GitBox, number: int, seed: int) -> None:
        self.box = box
        self.number = number
        self.folder = box.root / WORKTREES[number % len(WORKTREES)]
        self.path = f"n{number}.ipynb"
        self.random = random.Random(f"{seed} {number}")
        self.edits = self.runs = 0
        self.state = b""
        self.shown: set[str] = set()
        self.committed: dict[str, str] = {}
        self.failures: list[str] = []
        self.operations = 0

    def work(self, until: float, most: int) -> None:
        """Do one thing after the other, until the clock (monotonic) or the number of operations says stop."""
        steps = [self.save] * 4 + [self.commit] * 3 + [self.look] * 3 + [self.restore, self.capture, self.pack]
        try:
            while time.monotonic() < until and self.operations < most:
                (self.random.choice(steps) if self.operations else self.save)()
                self.operations += 1
        except Exception as error:
            self.failures.append(f"worker {self.number}: {error!r}")

    def git(self, *arguments: str) -> Result:
        """Run git, again and again while another process holds one of git's own locks."""
        for attempt in range(400):
            result = self.box.try_git(*arguments, cwd=self.folder)
            if result.code == 0 or not any(words in result.err for words in BUSY):
                break
            time.sleep(self.random.uniform(0.005, 0.05) * min(attempt + 1, 5))
        if "nbgit: " in result.err:
            self.failures.append(f"git {' '.join(arguments)}: {result}")
        return result

    def must(self, *arguments: str) -> Result:
        """Run git; a failure is remembered."""
        result = self.git(*arguments)
        if result.code:
            self.failures.append(f"git {' '.join(arguments)}: {result}")
        return result

    def save(self) -> None:
        """Write a new run, sometimes of an edited notebook, beside and renamed as Jupyter does it; and add it."""
        self.edits += self.random.random() < 0.6
        self.runs += 1
        state = run_of(f"edit = {self.edits}", f"'{self.path}'", run=f"{self.number}/{self.runs}", count=self.runs)
        beside = self.folder / f"{self.path}.tmp"
        beside.write_bytes(state)
        beside.replace(self.folder / self.path)
        self.state = state
        if self.must("add", self.path).code == 0:
            self.shown.add(sha256(state).hexdigest())

    def commit(self) -> None:
        """Commit the own notebook, and no other's."""
        message = f"{self.number} {self.runs}"
        if self.git("commit", "-q", "-m", message, "--", self.path).code == 0:
            self.committed[message] = sha256(self.state).hexdigest()

    def look(self) -> None:
        """Do what looks at everything."""
        self.must(*self.random.choice([["status", "--porcelain"], ["diff", "--stat"], ["log", "-p", "-2"]]))

    def restore(self) -> None:
        """Check the notebook out of the index: what git has seen last comes back."""
        if self.must("checkout", "-q", "--", self.path).code == 0:
            found = (self.folder / self.path).read_bytes()
            if found != self.state:
                self.failures.append(f"{self.path}: checked out {found[-900:]!r}, not run {self.runs}")

    def capture(self) -> None:
        """Save through nbgit, or link what is not linked yet."""
        arguments = self.random.choice([["refresh", self.path], ["link"], ["log", "-n", "3"]])
        for _ in range(100):
            result = self.box.nbgit(*arguments, cwd=self.folder)
            if result.code == 0 or "index.lock" not in result.err:
                break
        if result.code:
            self.failures.append(f"nbgit {' '.join(arguments)}: {result}")

    def pack(self) -> None:
        """Let git pack what it has, under everybody's feet."""
        if self.random.random() < 0.3:
            self.git("gc", "--quiet")


def crowd(root: Path, *, seconds: float, most: int, seed: int, workers: int = 8) -> tuple[list[str], int]:
    """Let workers loose in a new repository; return what was found wrong in words, and how much was done."""
    box = GitBox(root, WORKTREES[0])
    box.git("config", "gc.auto", "0")
    assert box.nbgit("install").code == 0
    box.write("README", b"three worktrees\n")
    box.commit("first")
    for name in WORKTREES[1:]:
        box.git("worktree", "add", "-q", "-b", name.split(" ")[0], str(root / name))
    everybody = [Worker(box, number, seed) for number in range(workers)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=worker.work, args=(until, most)) for worker in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [words for worker in everybody for words in worker.failures]
    return failures + verdict(box, everybody), sum(worker.operations for worker in everybody)


def verdict(box: GitBox, workers: list[Worker]) -> list[str]:
    """Return what was lost, in words."""
    for name in WORKTREES:
        assert box.nbgit("link", cwd=box.root / name).code == 0
    found = stored(box)
    problems = list(found.problems)
    have = found.digests
    commits = dict(line.split(" ", 1) for line in box.git("log", "--all", "--format=%H %s").splitlines())
    shown = {worker.path: worker.shown for worker in workers}
    for commit, entry in found.entries.items():  # a commit may claim others' notebooks, which were run again
        made_up = [
            path for path, oid in entry.items() if sha256(found.notebooks.get(oid, b"")).hexdigest() not in shown[path]
        ]
        problems += [f"{commit[:12]} ({commits.get(commit)}): made up {path}" for path in made_up]
    for worker in workers:
        problems += [f"{worker.path}: lost {digest[:12]}" for digest in sorted(worker.shown - have)]
        for commit, subject in commits.items():
            if subject in worker.committed:
                problems += _wrong(worker, commit, subject, found.entries.get(commit, {}), found.notebooks)
    return problems


def _wrong(worker: Worker, commit: str, subject: str, entry: dict[str, str], notebooks: dict[str, bytes]) -> list[str]:
    """Return what is wrong with the entry of a worker's commit."""
    if worker.path not in entry:
        return [f"{commit[:12]} ({subject}): its entry names {sorted(entry)}, not {worker.path}"]
    if entry[worker.path] not in notebooks:
        return [f"{commit[:12]} ({subject}): its snapshot can't be read"]
    if sha256(notebooks[entry[worker.path]]).hexdigest() != worker.committed[subject]:
        return [f"{commit[:12]} ({subject}): its entry has other outputs than it was made with"]
    return []


def main() -> int:
    """Run for a while; print what was found and return 1 if that is anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nbgit crowd ") as folder:
        problems, done = crowd(
            Path(folder), seconds=arguments.seconds, most=1 << 30, seed=arguments.seed, workers=arguments.workers
        )
    for words in problems:
        print(words)
    print(f"{done} operations by {arguments.workers} workers, seed {arguments.seed}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
