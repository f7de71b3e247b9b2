"""Apart: loading: what the startup file, `%load_ext nbgit` and a fork do with the one recorder of a process."""

import atexit
import os
import sys

from nbgit.kernel import importing, readers, touches
from nbgit.kernel.audit import Watch, install_hook, skipped_folders
from nbgit.kernel.displayed import Hooks
from nbgit.kernel.place import (
    KEEP_QUERY,
    RUNS,
    Place,
    find_own_place,
    inner_files,
    is_on,
    is_opted_in,
    is_ours,
    read_settings,
    state_of,
)
from nbgit.kernel.recorder import Recorder
from nbgit.kernel.seen import READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

AFTER_IMPORT = {"pandas": "pandas._config.config"}  # where a library's state is whole later than its module
KEPT = 100  # facts of a run
FACT_LIMIT = 4000  # characters of one


class Loaded:
    """The recorder of this process with all that tells it something; `current` is the one there is, or None."""

    current: "Loaded | None" = None

    def __init__(self, shell: "Any", place: Place, *, asked: bool) -> None:
        self._shell = shell
        self._place = place
        self._asked = asked
        self._settings_state: object = None
        self.is_on = True
        self.recorder = Recorder(shell, place, _warn)
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        skipped = skipped_folders(place.top, shell.ipython_dir, place.git_dir, place.common_dir, package)
        self.watch = Watch(self.recorder.sinks, skipped)
        self.watch.own = self.recorder.own
        self._handlers = self.watch.handlers()
        self._finder = importing.AfterImport(self._steps())
        self._hooks = Hooks(shell, self._show)

    def start(self) -> None:
        """Begin to listen."""
        self._finder.install()
        install_hook(self._handlers)
        self._shell.events.register("pre_run_cell", self.before_run)
        self._shell.events.register("post_run_cell", self.after_run)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._silence)
        atexit.register(self.recorder.close)

    def stop(self) -> None:
        """Listen no more; the audit hook stays, and asks for nothing."""
        self._silence()
        for event, callback in (("pre_run_cell", self.before_run), ("post_run_cell", self.after_run)):
            if callback in self._shell.events.callbacks[event]:
                self._shell.events.unregister(event, callback)
        self._hooks.remove()
        self.recorder.close()
        atexit.unregister(self.recorder.close)

    def before_run(self, info: "Any") -> None:
        """Begin a run, if runs are still wanted here."""
        self._look_at_settings()
        if self.is_on:
            self.recorder.before_run(info)

    def after_run(self, result: "Any") -> None:
        """End a run."""
        self.recorder.after_run(result)

    def _look_at_settings(self) -> None:
        """Follow `nbgit capture on` and `off` while the kernel lives."""
        state = [state_of(file) for file in inner_files(self._place)]
        if state != self._settings_state:
            self._settings_state = state
            settings = read_settings(self._place, os.environ)
            self.is_on = is_on(settings, RUNS, True) if self._asked else is_opted_in(self._place, settings)
            self.watch.keep_query = is_on(settings, KEEP_QUERY, False)

    def _show(self, payloads: "list[tuple[str, str]]") -> None:
        for seen in self.recorder.sinks():
            seen.show(payloads)

    def _steps(self) -> "dict[str, list[Callable[[ModuleType], None]]]":
        steps = readers.steps(lambda path, how: self.watch.note(path, how, named=True))
        for part, module, look in touches.PARTS:
            whole = {inner: outer for outer, inner in AFTER_IMPORT.items()}.get(module, module)
            if whole not in sys.modules:
                steps.setdefault(whole, []).append(self.recorder.loaded(part, _inner(module, look)))
        steps.setdefault("matplotlib._pylab_helpers", []).append(self._watch_figures)
        return steps

    def _watch_figures(self, module: "Any") -> None:
        """Let pyplot's `gcf` tell that a run has used the figure at hand."""
        kind, used = module.Gcf, self.recorder.figure_used
        original = kind.__dict__["get_active"].__func__

        def get_active(cls: "Any") -> "Any":
            used()
            return original(cls)

        get_active.__doc__ = original.__doc__
        kind.get_active = classmethod(get_active)

    def _silence(self) -> None:
        """Hear nothing any more: in a forked child, whose doings are not this kernel's runs, and at the end."""
        self._handlers.clear()
        self._finder.remove()
        self.is_on = False
        self.recorder.is_broken = self.recorder.is_broken or os.getpid() != self.recorder.pid

    # What a person tells (nbgit.annotate, nbgit.reads, nbgit.writes).

    def annotate(self, facts: "dict[str, object]") -> None:
        """Keep facts with the run that is on."""
        for seen in self.recorder.sinks():
            for name, value in facts.items():
                if len(seen.facts) < KEPT or name in seen.facts:
                    seen.facts[name] = _fact(value)

    def declare(self, paths: "tuple[Any, ...]", *, written: bool) -> None:
        """Keep paths as read or written by the run that is on, wherever they lie."""
        for path in paths:
            for one, how in readers.paths_of(path, WRITE if written else READ):
                self.watch.note(one, how, named=True, skip=False)


def load(shell: "Any") -> None:
    """Record this kernel's runs because a person asks for it (`%load_ext nbgit`); say where that can't be done."""
    if Loaded.current is not None:
        return
    place = find_own_place()
    if place is None:
        _warn("this kernel was not started in a git repository: its runs are not recorded")
        return
    settings = read_settings(place, os.environ)
    if not is_on(settings, RUNS, True):
        _warn("nbgit.runs is false in this repository: its runs are not recorded; `nbgit capture on` allows it")
    elif not is_ours(place, settings):
        _warn("this repository belongs to somebody else: its runs are not recorded")
    else:
        begin(shell, place, asked=True)


def begin(shell: "Any", place: Place, *, asked: bool) -> None:
    """Record from now on; `asked` says that a person wants it whether or not the repository has opted in."""
    if Loaded.current is None:
        loaded = Loaded(shell, place, asked=asked)
        loaded.start()
        Loaded.current = loaded


def unload() -> None:
    """Record no further runs of this kernel (`%unload_ext nbgit`)."""
    if Loaded.current is not None:
        Loaded.current.stop()
        Loaded.current = None


def _inner(module: str, look: "Callable[[Any], object]") -> "Callable[[ModuleType], object]":
    return lambda outer: look(sys.modules.get(module, outer))


def _fact(value: object) -> object:
    import json

    try:
        if len(json.dumps(value)) <= FACT_LIMIT:
            return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        pass
    return repr(value)[:FACT_LIMIT]


def _warn(sentence: str) -> None:
    sys.stderr.write(f"nbgit: {sentence}\n")
