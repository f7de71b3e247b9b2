"""git, the filter or a hook killed at random moments: `python -m tests.stress.kills --moments 200`.

A moment is an operation, a victim, a signal and a delay within the time that the operation takes, all from the seed.
Afterwards git's fsck finds nothing, every capture and snapshot is sound, and every notebook that git had seen is there.
Needs /proc.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook
from tests.stress.soundness import stored

NOTEBOOKS = 4
A_BOX = 25  # moments in one repository, then a new one: checking all that is stored takes longer each time
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
FILTER, HOOK = ("git", "all", "filter-process"), ("hook", "hook", "unpack-objects", "update-ref", "cat-file")
OPERATIONS = {
    "add": FILTER,
    "commit": ("git", "all", *HOOK),
    "commit -a": (*FILTER, *HOOK),
    "checkout": (*FILTER, "hook", "cat-file"),
    "stash": (*FILTER, "cat-file"),
    "rebase": (*FILTER, *HOOK),
    "gc": ("git", "all"),
}
LONG_AGO = 7200  # seconds: how old a lock is made that a killed process has left, so that it counts as stale


class Ground:
    """A repository with notebooks; `shown` is the sha256 of every state that git has seen."""

    def __init__(self, root: Path, seed: int) -> None:
        self.box = GitBox(root)
        self.box.git("config", "gc.reflogExpireUnreachable", "never")  # the box's commits are of 2023
        self.box.git("config", "gc.reflogExpire", "never")
        self.random = random.Random(seed)
        self.runs = 0
        self.shown: set[str] = set()
        self.durations: dict[str, float] = {}
        self.box.git("config", "gc.auto", "0")
        assert self.box.nbgit("install").code == 0
        for _ in range(2):
            self.run_all()
            self.add()
            self.box.git("commit", "-q", "-m", "start")

    def run_all(self) -> None:
        """Edit and run every notebook; nothing sees them yet."""
        self.runs += 1
        for n in range(NOTEBOOKS):
            text = [f"{self.runs} {n} {line} {self.random.random()}\n" for line in range(400)]
            output = {"output_type": "stream", "name": "stdout", "text": text}
            edited = self.runs if n % 2 else self.runs // 2
            cells = [
                markdown("# T", id="t"),
                code(f"x = {edited}", id="c", outputs=[output], execution_count=self.runs),
            ]
            self.box.write(f"n{n}.ipynb", notebook(*cells))

    def add(self) -> None:
        """Add everything, which shows it to git."""
        self.box.git("add", "-A")
        self.shown |= {sha256(self.box.read(f"n{n}.ipynb")).hexdigest() for n in range(NOTEBOOKS)}

    def prepare(self, operation: str) -> list[str]:
        """Bring the repository into the state that an operation needs, and return the command."""
        self.box.git("checkout", "-q", "-B", "work", "main")
        if operation == "checkout":
            return ["checkout", "-q", "main~1"]
        self.run_all()
        if operation in ("add", "commit -a", "stash"):
            return {"add": ["add", "-A"], "commit -a": ["commit", "-qam", "killed"], "stash": ["stash", "-q"]}[
                operation
            ]
        self.add()
        if operation == "commit":
            return ["commit", "-q", "-m", "killed"]
        self.box.git("commit", "-q", "-m", "on work")
        if operation == "rebase":
            self.box.git("checkout", "-q", "-b", f"side{self.runs}", "work~1")
            self.box.write("README", b"%d\n" % self.runs)
            self.box.git("add", "-A")
            self.box.git("commit", "-q", "-m", "aside")
            return ["rebase", "-q", "work"]
        return ["gc", "--quiet", "--prune=now"]

    def attempt(self, operation: str) -> str:
        """Do an operation and kill something within its time; return what was hit, "" where it was over before."""
        arguments = self.prepare(operation)
        share, victim = self.random.random(), self.random.choice(OPERATIONS[operation])
        number = self.random.choice(SIGNALS)
        before = time.monotonic()
        process = self._start(arguments)
        if operation not in self.durations:
            process.wait()
            self.durations[operation] = time.monotonic() - before
            return ""
        time.sleep(share * self.durations[operation])
        hit = _kill(process, victim, number)
        process.wait()
        while _members(process.pid):
            time.sleep(0.002)
        return f"{victim} by {number.name}" if hit else ""

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["git", *arguments],
            cwd=self.box.path,
            env=self.box.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def recover(self) -> None:
        """Do what a person does afterwards: remove git's own locks, give up what was under way; then go on working."""
        git_dir = self.box.path / ".git"
        old = time.time() - LONG_AGO
        for lock in git_dir.rglob("*.lock"):
            ours = "nbgit" in lock.relative_to(git_dir).as_posix()
            os.utime(lock, (old, old)) if ours else lock.unlink()
        (git_dir / "gc.pid").unlink(missing_ok=True)
        for folder in ("rebase-merge", "rebase-apply"):
            if (git_dir / folder).exists() and self.box.try_git("rebase", "--abort").code:
                self.box.git("rebase", "--quit")
        self.box.git("reset", "-q", "--hard")
        self.box.git("clean", "-qfd", "-e", "*.nbgit")

    def problems(self) -> list[str]:
        """Return what does not hold, in words."""
        linked = self.box.nbgit("link")
        if linked.code:
            return [f"nbgit link: {linked}"]
        found = stored(self.box)
        lost = [f"lost: {digest[:12]}" for digest in sorted(self.shown - found.digests)]
        left = self.box.git("status", "--porcelain")
        return found.problems + lost + ([f"left behind: {left}"] if left else [])


def _members(session: int) -> dict[int, str]:
    """Return pid -> command line of the live processes of a session."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                facts = Path("/proc", name, "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                line = Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if int(facts[3]) == session and facts[0] != "Z":
                found[int(name)] = line
    return found


def _kill(process: subprocess.Popen[bytes], victim: str, number: signal.Signals) -> bool:
    """Kill the victim, waiting for it to show up while the operation lasts; return whether it was hit."""
    while process.poll() is None:
        found = _members(process.pid)
        if victim == "git":
            found = {pid: line for pid, line in found.items() if pid == process.pid}
        elif victim != "all":
            found = {pid: line for pid, line in found.items() if f" {victim} " in f"{line} " and "sh -c" not in line}
        for pid in found:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if found:
            return True
    return False


def kill_at_moments(root: Path, *, moments: int, seed: int, every: int = 1) -> tuple[list[str], dict[str, int]]:
    """Do it this often, and look at all that is stored after `every` so many; return what was found wrong in words, and
    what was hit how often."""
    hits: dict[str, int] = {}
    wrong: list[str] = []
    for start in range(0, moments, A_BOX):
        ground = Ground(root / str(start), seed + start)
        for operation in OPERATIONS:  # unharmed, to see how long each takes
            ground.attempt(operation)
            ground.recover()
        for number in range(start, min(start + A_BOX, moments)):
            operation = list(OPERATIONS)[number % len(OPERATIONS)]
            hit = ground.attempt(operation)
            hits[f"{operation}: {hit or 'over before'}"] = hits.get(f"{operation}: {hit or 'over before'}", 0) + 1
            ground.recover()
            found = ground.problems() if (number + 1) % every == 0 or number + 1 == moments else []
            wrong += [f"seed {seed}, moment {number}, {operation}, {hit}: {words}" for words in found]
            if found:
                break
    return wrong, hits


def main() -> int:
    """Run; print what was found and return 1 if that is anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nbgit kills ") as folder:
        wrong, hits = kill_at_moments(Path(folder), moments=arguments.moments, seed=arguments.seed)
    for what, times in sorted(hits.items()):
        print(f"{times:4d}  {what}")
    for words in wrong:
        print(words)
    print(f"{arguments.moments} moments, seed {arguments.seed}: {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
