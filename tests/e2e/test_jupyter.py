"""The extension in a real Jupyter server, driven through its REST contents API (docs/design.md, "Saving")."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from nbgit.store.captures import CaptureStore
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import find_repository
from tests.e2e.scene import run_of
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.waiting import wait_until

pytest.importorskip("jupyter_server")
TOKEN = "a-token-of-the-tests"
MANAGERS = {
    "async": "jupyter_server.services.contents.largefilemanager.AsyncLargeFileManager",
    "sync": "jupyter_server.services.contents.largefilemanager.LargeFileManager",
}


class Server:
    """A Jupyter server whose root holds boxes: repositories and other folders."""

    def __init__(self, root: Path, manager: str) -> None:
        self.root = root
        self.log = root.parent / "server.log"
        self._boxes = GitBox(root.parent, "unused", init=False)
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0"]
        command += [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}"]
        command += [f"--ServerApp.contents_manager_class={MANAGERS[manager]}", "--ServerApp.terminals_enabled=False"]
        environ = {
            **self._boxes.environ,
            "PYTHONPATH": str(SOURCE_ROOT),
            "JUPYTER_CONFIG_PATH": str(self._shipped()),
            "JUPYTER_RUNTIME_DIR": str(root.parent / "runtime"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environ, cwd=root, stdout=log, stderr=log)
        self.url = str(wait_until(self._info, f"the server at {root}")["url"])
        wait_until(lambda: self._answer("GET", "api/status")[0] == 200, "the server's first answer")

    def _shipped(self) -> Path:
        """Return a configuration folder with the file that the wheel brings, where the wheel puts it."""
        folder = self.root.parent / "config"
        (folder / "jupyter_server_config.d").mkdir(parents=True)
        shutil.copy(SOURCE_ROOT / "jupyter-config" / "nbgit.json", folder / "jupyter_server_config.d")
        return folder

    def _info(self) -> dict[str, Any]:
        assert self.process.poll() is None, self.log.read_text()
        for file in (self.root.parent / "runtime").glob("jpserver-*.json"):
            try:
                found: dict[str, Any] = json.loads(file.read_text())
                return found
            except ValueError:
                pass  # not whole yet
        return {}

    def _answer(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, {}
        except urllib.error.URLError:
            return 0, {}

    def save(self, path: str, notebook: bytes) -> int:
        """Save a notebook as JupyterLab does, and return the HTTP status."""
        body = {"type": "notebook", "format": "json", "content": json.loads(notebook)}
        return self._answer("PUT", f"api/contents/{quote(path)}", body)[0]

    def box(self, name: str, *, install: bool = True) -> GitBox:
        """Return a repository below the server's root, named `name`, with n.ipynb committed; it was saved before."""
        box = GitBox(self.root.parent, f"{self.root.name}/{name}")
        if install:
            assert box.nbgit("install").code == 0
        assert self.save(f"{name}/n.ipynb", run_of("x = 1", run="first")) == 201
        if install:
            wait_until(lambda: captured(box, "n.ipynb"), "the first capture")
        box.commit("first")
        return box

    def lines(self, words: str) -> list[str]:
        """Return the lines of the server's log that have these words."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if words in line]


def captured(box: GitBox, path: str) -> list[bytes]:
    """Return the notebooks that are captured for a path, newest first."""
    repository = find_repository(str(box.path), {})
    policy = load_policy(repository)
    found = [capture.read(policy) for capture in CaptureStore(repository, policy).of_path(path)]
    return [one[0] for one in found if one is not None]


def is_clean(box: GitBox) -> bool:
    """Return whether git calls nothing modified, without letting it find that out by itself."""
    return box.git("--no-optional-locks", "status", "--porcelain", "-uno") == ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("jupyter") / "all notebooks é"
    root.mkdir()
    started = Server(root, "async")
    yield started
    started.process.terminate()
    assert started.process.wait(60) == 0, started.log.read_text()
    assert started.lines("Traceback") == []


AGAIN = run_of("x = 1", run="again, and longer than before")


def test_a_save_is_captured_and_an_edit_of_outputs_alone_is_unmodified_for_git(server: Server) -> None:
    assert len(server.lines("nbgit: notebooks in repositories set up by `nbgit install` are captured")) == 1
    box = server.box("plain one")
    oid = box.git("rev-parse", ":n.ipynb")
    assert server.save("plain one/n.ipynb", AGAIN) == 200
    wait_until(lambda: captured(box, "n.ipynb")[:1] == [box.read("n.ipynb")], "the capture")
    wait_until(lambda: is_clean(box), "git's M to go")
    assert b"again, and longer" in captured(box, "n.ipynb")[0]
    assert box.git("rev-parse", ":n.ipynb") == oid
    assert server.save("plain one/n.ipynb", run_of("x = 2", run="edited")) == 200
    wait_until(lambda: captured(box, "n.ipynb")[:1] == [box.read("n.ipynb")], "the capture of the edit")
    assert (box.git("rev-parse", ":n.ipynb"), is_clean(box)) == (oid, False)
    assert not [place for place in box.path.rglob(".ipynb_checkpoints/*") if captured(box, str(place))]


def test_the_newest_of_many_quick_saves_is_captured(server: Server) -> None:
    box = server.box("quick")
    for number in range(12):
        assert server.save("quick/n.ipynb", run_of("x = 1", run=f"run {number} " + "." * number)) == 200
    wait_until(lambda: captured(box, "n.ipynb")[:1] == [box.read("n.ipynb")], "the last capture")
    wait_until(lambda: is_clean(box), "git's M to go")


def test_a_save_during_another_git_command_is_captured_and_touches_no_lock(server: Server) -> None:
    box, after = server.box("locked"), server.box("after the locked one")
    lock = box.write(".git/index.lock", b"a git command")
    assert server.save("locked/n.ipynb", AGAIN) == 200
    assert server.save("after the locked one/n.ipynb", AGAIN) == 200
    wait_until(lambda: is_clean(after), "the save after it")
    assert captured(box, "n.ipynb")[0] == box.read("n.ipynb")
    assert (lock.read_bytes(), is_clean(box)) == (b"a git command", False)
    lock.unlink()
    assert server.save("locked/n.ipynb", AGAIN) == 200
    wait_until(lambda: is_clean(box), "git's M to go at the next save")
    assert server.lines("locked/") == [line for line in server.lines("locked/") if "nbgit" not in line]


def test_who_has_not_opted_in_is_left_alone(server: Server) -> None:
    box = server.box("not ours", install=False)
    (server.root / "no repository").mkdir(exist_ok=True)
    assert server.save("no repository/n.ipynb", AGAIN) == 201
    assert server.save("not ours/n.ipynb", AGAIN) == 200
    marker = server.box("marker 1")  # one thread works in order: once this is captured, the others are past
    assert captured(marker, "n.ipynb") == []  # committed
    assert not (box.path / ".git" / "nbgit").exists()
    assert not is_clean(box)
    box.write(".gitattributes", b"*.ipynb filter=nbgit\n")  # from now on it has
    assert server.save("not ours/n.ipynb", AGAIN) == 200
    wait_until(lambda: captured(box, "n.ipynb"), "the capture after opting in")


@pytest.mark.parametrize("damage", ["no HEAD", "no place for captures", "policy", "read only"])
def test_a_save_never_fails_because_of_a_repository(server: Server, damage: str) -> None:
    box = server.box(damage)
    if damage == "no HEAD":
        box.write(".git/HEAD", b"nonsense\n")
    elif damage == "no place for captures":
        shutil.rmtree(box.path / ".git" / "nbgit" / "captures", ignore_errors=True)
        box.write(".git/nbgit/captures", b"a file where the directory belongs")
    elif damage == "policy":
        box.write(".nbgit.toml", b"[volatil]\n")
    else:
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        for folder in (box.path / ".git" / "nbgit", box.path / ".git"):
            folder.chmod(0o555)
    said = len(server.lines("nbgit: "))
    assert server.save(f"{damage}/new.ipynb", AGAIN) == 201
    wait_until(lambda: len(server.lines("nbgit: ")) > said, "the line in the log")
    assert len(server.lines("nbgit: ")) == said + 1
    assert b"again, and longer" in box.read("new.ipynb")
    for folder in (box.path / ".git", box.path / ".git" / "nbgit"):
        folder.chmod(0o755)


def test_a_server_of_the_older_kind_that_ends_captures_what_was_saved_last(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    server = Server(root, "sync")
    box = server.box("last")
    assert server.save("last/n.ipynb", AGAIN) == 200
    server.process.terminate()
    assert server.process.wait(60) == 0
    assert captured(box, "n.ipynb")[:1] == [box.read("n.ipynb")]
