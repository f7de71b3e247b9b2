"""Whether IPython's kernels record runs: what is set, what is stored, and a real run of the startup file."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

from nbgit.setup import kernel_file
from nbgit.setup.scopes import Scope, find_scope
from nbgit.setup.trial import Trial, TrialFailed
from nbgit.store.git import try_git

RUNS = "nbgit.runs"
RIGHT, OTHER, GONE, FOREIGN, MISSING = "right", "other", "gone", "foreign", "missing"
PATIENCE = 60  # seconds that IPython has for one run


class Kernels(NamedTuple):
    """What holds for runs here: the startup file and its state, whether the repository wants them, what is stored.

    `state` is RIGHT, OTHER (it loads another installation of nbgit), GONE (one that is no more), FOREIGN or MISSING.
    """

    file: str
    state: str
    wanted: bool
    sessions: int
    bytes: int


def look(scope: Scope) -> Kernels:
    """Return what holds in this scope; a machine's startup file counts where the person has none."""
    places = [scope._replace(name="global"), scope._replace(name="system")]
    found = [(kernel_file.startup_file(one, os.environ), kernel_file.read_startup(one, os.environ)) for one in places]
    file, text = next((one for one in found if one[1]), found[0])
    wanted = True
    if scope.repository is not None:
        code, out, _ = scope.try_git("config", "--type=bool", "--get", RUNS)
        wanted = code != 0 or out.strip() != b"false"
    sizes = _sizes(os.path.join(scope.repository.nbgit_dir, "runs")) if scope.repository is not None else []
    return Kernels(file, _state(text), wanted, len(sizes), sum(sizes))


def _state(text: str) -> str:
    package = kernel_file.package_of(text)
    if not text:
        return MISSING
    if package is None:
        return FOREIGN
    if not os.path.isfile(os.path.join(package, "kernel", "startup.py")):
        return GONE
    return RIGHT if package == kernel_file.this_package() else OTHER


def _sizes(folder: str) -> list[int]:
    try:
        return [entry.stat().st_size for entry in os.scandir(folder) if entry.name.endswith(".jsonl")]
    except OSError:
        return []


def set_wanted(scope: Scope, wanted: bool) -> None:
    """Let kernels record runs in this repository, or not; kernels that record follow at their next cell."""
    scope.git("config", "--local", RUNS, "true" if wanted else "false")


def try_run(settings: dict[str, str]) -> str:
    """Run a cell in IPython in a trial repository, and return what was recorded of it. Raises TrialFailed.

    IPython is started as a kernel is: with the person's profile, so that their startup file has to do it.
    """
    with Trial(settings) as trial:
        code = "open('a file.txt', 'w').write('x')"
        command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
        try:
            done = subprocess.run(
                command, cwd=trial.path, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise TrialFailed(f"IPython could not be started: {error}") from error
        folder = os.path.join(trial.path, ".git", "nbgit", "runs")
        lines = []
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="ascii") as journal:
                lines += [json.loads(line) for line in journal]
        if [line.get("code") for line in lines if line["type"] == "begin"] != [code]:
            words = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            raise TrialFailed("a cell was run, and not recorded" + (f": {words[-1]}" if words else ""))
        if [file["path"] for line in lines for file in line.get("writes", ())] != ["a file.txt"]:
            raise TrialFailed("the file that a cell has written was not recorded")
        return str(next(line["kernel"]["ipython"] for line in lines if "kernel" in line))


def has_ipython() -> bool:
    """Return whether nbgit's own environment has IPython, so that a run can be tried."""
    from importlib.util import find_spec

    return find_spec("IPython") is not None


def local_scope(start: str) -> Scope:
    """Return the scope of the repository that `start` lies in; raises NotARepository."""
    return find_scope("local", start, os.environ)


def is_opted_in(scope: Scope) -> bool:
    """Return whether nbgit's filter is set for this repository, in any scope."""
    return try_git(["config", "--get", "filter.nbgit.process"], cwd=scope.start)[0] == 0
