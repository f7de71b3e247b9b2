"""Apart: the recorder: what happens between `pre_run_cell` and `post_run_cell` becomes one run in the journal.

It never raises into a cell, keeps no object of the user's, and costs a fraction of a millisecond a cell; what takes
longer is left to a thread (docs/design.md, "Recording runs").
"""

import os
import sys
import threading
import time
from _thread import get_ident

from nbgit.kernel import names, touches
from nbgit.kernel.background import Background
from nbgit.kernel.files import Files
from nbgit.kernel.journal import Journal, new_session_id, rfc3339
from nbgit.kernel.packages import first_names, own_files
from nbgit.kernel.seen import READ, Seen
from nbgit.kernel.session import Dirt, is_kernel
from nbgit.kernel.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from nbgit.kernel.place import Place

CODE_LIMIT = 1 << 16  # characters of a cell
LAST = 2.0  # seconds that a kernel which ends waits for what is left to do


class Run:
    """A run that is on: its cell as the shell tells of it, and the state before it."""

    __slots__ = ("clock", "figures", "id", "info", "names", "seen", "touches")

    def __init__(self, run: str, info: object) -> None:
        self.id = run
        self.info = info
        self.seen = Seen(run)
        self.names: dict[str, int] = {}
        self.touches: dict[str, object] = {}
        self.figures = False
        self.clock = 0.0


class Recorder:
    """Records the runs of one shell; `warn` is given a sentence, once, when it has to give up."""

    def __init__(self, shell: "Any", place: "Place", warn: "Callable[[str], None]") -> None:
        self.shell = shell
        self.place = place
        self.own: set[int] = set()
        self.pid = os.getpid()
        self.background = Background(self.own)
        self.journal = Journal(place.common_dir, new_session_id())
        self._files = Files(place)
        self._writer = Writer(shell, place, self.journal, self._files, self.background, warn)
        self._dirt = Dirt(place)
        self._stack: list[Run] = []
        self._number = 0
        self._late: dict[str, Seen] = {}
        self._owners: dict[int, str] = {}
        self._after: dict[str, int] = {}
        self._modules: set[str] = set(sys.modules)
        self._last = ""
        self.is_broken = False

    # What the shell tells.

    def before_run(self, info: "Any") -> None:
        """Begin a run (`pre_run_cell`)."""
        if self.is_broken or self._writer.is_mute or not self._counts(info):
            return
        try:
            self._begin(info)
        except Exception as error:
            self._give_up(error)

    def after_run(self, result: "Any") -> None:
        """End the run that `result` is of (`post_run_cell`)."""
        if self.is_broken or not any(run.info is result.info for run in self._stack):
            return
        clock = time.perf_counter()
        while self._stack:
            run = self._stack.pop()
            if run.info is result.info:
                break
        try:
            self._end(run, result, clock - run.clock)
        except Exception as error:
            self._give_up(error)

    def sinks(self) -> list[Seen]:
        """Return what an event of the calling thread is to be noted in.

        That is every run that is on, and the run that has started the thread, if it is over. What the kernel itself
        does between two runs (completion reads files, too) belongs to none.
        """
        found = [run.seen for run in self._stack]
        owner = self._owners.get(get_ident(), "")
        if owner and all(seen.run != owner for seen in found):
            found.append(self._late.setdefault(owner, Seen(owner)))
        return found

    def loaded(self, part: str, look: "Callable[[ModuleType], object]") -> "Callable[[ModuleType], None]":
        """Return what notes a library's state as it is right after its import: what a run does to it shows then."""

        def step(module: "ModuleType") -> None:
            state = look(module)
            for run in self._stack:
                run.touches.setdefault(part, state)

        return step

    def figure_used(self) -> None:
        """Note that pyplot was asked for the figure at hand."""
        for run in self._stack:
            run.figures = True

    def close(self) -> None:
        """Write what is left, and end."""
        if self.is_broken or os.getpid() != self.pid:
            return
        self.is_broken = True
        try:
            self._write_late()
            self.background.finish(LAST)
            self.journal.close()
        except Exception:  # the kernel ends; nobody is there to be told
            pass

    # A run.

    def _counts(self, info: "Any") -> bool:
        """Return whether a run is a person's: what a frontend asks behind one's back is not stored in its history."""
        if getattr(info, "silent", False) or not getattr(info, "raw_cell", ""):
            return False
        return bool(getattr(info, "store_history", True)) or bool(self._stack) or not is_kernel(self.shell)

    def _begin(self, info: "Any") -> None:
        self._write_late()
        if self._number == 0:
            self._writer.open_session(self._modules)
        self._number += 1
        self._know_threads(None)
        run = Run(f"{self.journal.session}:{self._number}", info)
        code = str(info.raw_cell)
        line: dict[str, Any] = {"type": "begin", "id": run.id}
        if self._stack:
            line["parent"] = self._stack[-1].id
        if isinstance(getattr(info, "cell_id", None), str):
            line["cell_id"] = info.cell_id[:200]
        line["code"] = code[:CODE_LIMIT]
        if len(code) > CODE_LIMIT:
            line["code_size"] = len(code)
        head = self.place.head()
        line |= {"started": rfc3339(time.time(), 6), "head": head or None}
        run.names = names.identities(self.shell.user_ns)
        if self._last and not self._stack and (between := names.bound(self._after, run.names)):
            line["bound_before"] = between[: names.LIMIT]
        self._writer.write(line)
        if self._dirt.is_due(head):
            self.background.put(self._dirt.ask)
        run.touches = touches.fingerprint()  # the kernel itself draws random numbers when it is asked who it is
        run.clock = time.perf_counter()
        self._stack.append(run)

    def _end(self, run: Run, result: "Any", seconds: float) -> None:
        after = touches.fingerprint()
        self._after, self._last = names.identities(self.shell.user_ns), run.id
        self._note_modules(run)
        self._know_threads(run.id)
        seen = run.seen
        touched = touches.changed(run.touches, after) | seen.environ_touches(os.environ)
        if run.figures and (run.touches.get("pyplot") or after.get("pyplot")):
            touched.add("pyplot")
        reads, writes, due = self._files.settle(seen)
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        line: dict[str, Any] = {
            "type": "end",
            "id": run.id,
            "execution_count": result.execution_count,
            "outcome": _outcome(error),
            "seconds": round(seconds, 6),
            "dirty": self._dirt.answer(),
        }
        if isinstance(figures := after.get("pyplot"), tuple):
            line["figures"] = len(figures)
        lists: dict[str, Any] = {
            "error": type(error).__name__[:100] if error is not None else None,
            "undefined": _undefined(error),
            "bound": seen.cut("bound", names.bound(run.names, self._after), names.LIMIT),
            "deleted": seen.cut("deleted", names.deleted(run.names, self._after), names.LIMIT),
            "displayed": [{"mime": mime, "digest": digest} for mime, digest in seen.shown],
            "reads": reads,
            "writes": writes,
            "urls": seen.addresses(),
            "commands": seen.commands,
            "touches": sorted(touched),
            "facts": seen.facts,
            "omitted": seen.omitted,
        }
        self._writer.write(line | {key: value for key, value in lists.items() if value})
        self._writer.tell_later(run.id, due)
        self._writer.tell_notebook()

    def _write_late(self) -> None:
        """Write what threads have done since the runs that had started them were over."""
        waiting, self._late = self._late, {}
        for seen in waiting.values():
            self._writer.write_late(seen)

    # What is asked around a run.

    def _note_modules(self, run: Run) -> None:
        """Note the modules that a run has imported: packages by name, a person's own files as files read."""
        if len(sys.modules) == len(self._modules):
            return
        now = set(sys.modules)
        new, self._modules = now - self._modules, now
        if packages := first_names(new):
            self.background.put(lambda: self._writer.tell_packages(run.id, packages))
        for file in own_files(new, self.place.top):
            for seen in [run.seen, *(outer.seen for outer in self._stack)]:
                seen.open(file, READ)

    def _know_threads(self, run: "str | None") -> None:
        """Note the threads that are there now; those that are new belong to the run that is just over.

        The recorder's own are left out: the next thread may have the same ident, and be a run's.
        """
        if run is None and threading.active_count() == len(self._owners):
            return
        idents = {thread.ident for thread in threading.enumerate()} - self.own
        self._owners = {ident: self._owners.get(ident, run or "") for ident in idents if ident is not None}

    def _give_up(self, error: "Exception | None") -> None:
        self.is_broken = True
        self._writer.give_up(error)


def _undefined(error: object) -> "str | None":
    """Return the name that a NameError tells of."""
    name = getattr(error, "name", None) if type(error) is NameError else None
    return name[:200] if isinstance(name, str) else None


def _outcome(error: object) -> str:
    if error is None:
        return "ok"
    return "interrupted" if type(error).__name__ in ("KeyboardInterrupt", "CancelledError") else "error"
