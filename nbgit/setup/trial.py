"""A trial repository in a temporary folder: what git really does with the commands that are set (`nbgit doctor`)."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from types import TracebackType

from nbgit.setup.attributes import LINE
from nbgit.store.git import try_git

NAME = "a trial.ipynb"
ISOLATION = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "nbgit doctor",
    "GIT_AUTHOR_EMAIL": "doctor@localhost",
    "GIT_COMMITTER_NAME": "nbgit doctor",
    "GIT_COMMITTER_EMAIL": "doctor@localhost",
    "LC_ALL": "C",
}
SECRET = "an output of the trial"  # what history must not hold and the working file must


class TrialFailed(Exception):
    """A step of a trial went wrong; the text says what git or the command answered."""


def trial_notebook(first: str = "1 + 1", last: str = "2 + 2", output: str = SECRET) -> bytes:
    """Return a small notebook with two code cells, the first of which has an output."""
    shown = [{"name": "stdout", "output_type": "stream", "text": [output + "\n"]}]
    cells = [
        _cell("first", first, 1, shown),
        {"cell_type": "markdown", "id": "middle", "metadata": {}, "source": ["between\n", "the\n", "two"]},
        _cell("last", last, 2, []),
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode() + b"\n"


def _cell(name: str, source: str, count: int, outputs: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": {},
        "outputs": outputs,
        "source": [source],
    }


class Trial:
    """A repository with the given settings and nothing else; use it in a `with` statement."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="nbgit doctor ")
        self.path = os.path.join(self._folder.name, "work")

    def __enter__(self) -> "Trial":
        os.mkdir(self.path)
        self.git("init", "-q", f"--template={os.devnull}")
        self.git("symbolic-ref", "HEAD", "refs/heads/main")
        for key, value in self._settings.items():
            self.git("config", key, value)
        os.makedirs(os.path.join(self.path, ".git", "info"), exist_ok=True)
        with open(os.path.join(self.path, ".git", "info", "attributes"), "wb") as file:
            file.write(LINE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def git(self, *arguments: str) -> bytes:
        """Return the stdout of git; raises TrialFailed with its last words."""
        code, out, err = self.try_git(*arguments)
        if code:
            words = err.decode("utf-8", "replace").strip().splitlines() or [f"exit code {code}"]
            raise TrialFailed(f"`git {arguments[0]}` answers: {words[0]}")
        return out

    def try_git(self, *arguments: str) -> tuple[int, bytes, bytes]:
        """Return (exit code, stdout, stderr) of git, sealed from the settings of this person and this machine."""
        home = self._folder.name
        environ = {**ISOLATION, "HOME": home, "XDG_CONFIG_HOME": home, **self._own_place()}
        return try_git(arguments, cwd=self.path, environ=environ)

    def _own_place(self) -> dict[str, str]:
        """Return what points git at this repository where its variables point elsewhere (in an alias or a hook)."""
        dot_git = os.path.join(self.path, ".git")
        places = {
            "GIT_DIR": dot_git,
            "GIT_COMMON_DIR": dot_git,
            "GIT_WORK_TREE": self.path,
            "GIT_INDEX_FILE": os.path.join(dot_git, "index"),
            "GIT_OBJECT_DIRECTORY": os.path.join(dot_git, "objects"),
        }
        return {name: place for name, place in places.items() if name in os.environ}

    def write(self, data: bytes) -> None:
        """Put `data` in place of the trial's notebook."""
        with open(os.path.join(self.path, NAME), "wb") as file:
            file.write(data)

    def read(self) -> bytes:
        """Return the bytes of the trial's notebook."""
        with open(os.path.join(self.path, NAME), "rb") as file:
            return file.read()

    def commit(self, data: bytes) -> None:
        """Write the notebook, add it and commit it."""
        self.write(data)
        self.git("add", NAME)
        self.git("commit", "-q", "--no-verify", "-m", "trial")


def try_clean_and_smudge(settings: dict[str, str]) -> None:
    """Add a notebook and check it out again: outputs out of history, bytes back. Raises TrialFailed."""
    with Trial(settings) as trial:
        original = trial_notebook()
        trial.commit(original)
        stored = trial.git("show", "--no-textconv", f"HEAD:{NAME}")
        if SECRET.encode() in stored:
            raise TrialFailed("clean left an output in what git stores")
        json.loads(stored)
        if trial.git("status", "--porcelain"):
            raise TrialFailed("`git status` isn't empty after a commit")
        os.unlink(os.path.join(trial.path, NAME))
        trial.git("checkout", "--", NAME)
        if trial.read() != original:
            raise TrialFailed("smudge did not bring the notebook back byte for byte")


def try_textconv(settings: dict[str, str]) -> None:
    """Show a notebook as text: a header per cell, source, no JSON. Raises TrialFailed."""
    with Trial(settings) as trial:
        trial.commit(trial_notebook())
        text = trial.git("cat-file", "--textconv", f"HEAD:{NAME}").decode("utf-8", "replace")
        if "## cell" not in text or "1 + 1" not in text or '"cell_type"' in text:
            raise TrialFailed("textconv gives something else than cells")


def try_diff(settings: dict[str, str]) -> None:
    """Compare two versions of a notebook with `git diff`. Raises TrialFailed."""
    with Trial(settings) as trial:
        trial.commit(trial_notebook())
        trial.write(trial_notebook(first="1 + 41"))
        text = trial.git("diff").decode("utf-8", "replace")
        if "41" not in text or '"cell_type"' in text:
            raise TrialFailed("`git diff` doesn't show the change of a cell")


def try_merge(settings: dict[str, str]) -> None:
    """Merge two branches that changed different cells. Raises TrialFailed."""
    with Trial(settings) as trial:
        trial.commit(trial_notebook())
        trial.git("checkout", "-q", "-b", "theirs")
        trial.commit(trial_notebook(last="2 + 40"))
        trial.git("checkout", "-q", "main")
        trial.commit(trial_notebook(first="1 + 41"))
        code, _, err = trial.try_git("merge", "-q", "--no-edit", "theirs")
        merged = trial.read()
        if b"nbgit did not answer" in err:
            raise TrialFailed("the merge driver does not start, and git's text merge stepped in")
        if code or b"1 + 41" not in merged or b"2 + 40" not in merged:
            raise TrialFailed("the merge driver did not join two changes to different cells")
        json.loads(merged)
