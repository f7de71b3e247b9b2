"""Runs of a kernel behind a real Jupyter server, over its websocket, with cell ids as JupyterLab sends them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import pytest

from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.kernels import recorded
from tests.nb import code, notebook
from tests.waiting import wait_until

pytest.importorskip("jupyter_server")
pytest.importorskip("ipykernel")
TOKEN = "a-token-of-the-tests"


class Server:
    """A Jupyter server whose root is a box; `kernel` is the id of the kernel of the one session that is started."""

    def __init__(self, box: GitBox) -> None:
        runtime = box.root / "runtime"
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0"]
        command += [f"--ServerApp.root_dir={box.path}", f"--IdentityProvider.token={TOKEN}"]
        environ = {**box.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
        self._log = box.root / "server.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environ, cwd=box.root, stdout=log, stderr=log)
        self.url = str(wait_until(lambda: self._info(runtime), "the server")["url"])
        wait_until(self._answers, "the server's first answer")

    def _info(self, runtime: Path) -> dict[str, Any]:
        assert self.process.poll() is None, self._log.read_text()
        for file in runtime.glob("jpserver-*.json"):
            try:
                found: dict[str, Any] = json.loads(file.read_text())
                return found
            except ValueError:
                pass  # not whole yet
        return {}

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "api/status"))
        except OSError:
            return False

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the server's answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def run(self, kernel: str, cells: list[tuple[str, str]]) -> list[str]:
        """Run (cell id, code) one after the other, and return how the kernel says that each ended."""
        return asyncio.run(self._run(kernel, cells))

    async def _run(self, kernel: str, cells: list[tuple[str, str]]) -> list[str]:
        from tornado.websocket import websocket_connect

        url = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?token={TOKEN}"
        socket = await websocket_connect(url)
        ended = []
        for cell_id, source in cells:
            name = uuid.uuid4().hex
            await socket.write_message(json.dumps(_request(name, cell_id, source)))
            while True:
                text = await asyncio.wait_for(socket.read_message(), 60)
                assert isinstance(text, str)
                message = json.loads(text)
                if message["msg_type"] == "execute_reply" and message["parent_header"].get("msg_id") == name:
                    ended.append(str(message["content"]["status"]))
                    break
        socket.close()
        return ended


def _request(name: str, cell_id: str, source: str) -> dict[str, object]:
    header = {"msg_id": name, "msg_type": "execute_request", "session": "s", "username": "username", "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "stop_on_error": False, "allow_stdin": False}
    rest = {"metadata": {"cellId": cell_id}, "parent_header": {}, "buffers": [], "channel": "shell"}
    return {"header": header, "content": content, **rest}


def test_cells_of_a_server_have_their_ids_and_their_notebook(installed: GitBox) -> None:
    installed.write("sub/n é.ipynb", notebook(code("x = 1", id="first")))
    server = Server(installed)
    try:
        body = {"path": "sub/n é.ipynb", "name": "n é.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
        kernel = server.ask("POST", "api/sessions", body)["kernel"]["id"]
        cells = [("first", "x = 1"), ("second", "open('w.txt', 'w').write('x')"), ("first", "1 / 0")]
        assert server.run(kernel, cells) == ["ok", "ok", "error"]
        runs = recorded(find_repository(str(installed.path), {}))
    finally:
        server.process.terminate()
        server.process.wait(60)
    assert [(run.cell_id, run.execution_count, run.outcome) for run in runs] == [
        ("first", 1, "ok"),
        ("second", 2, "ok"),
        ("first", 3, "error"),
    ]
    assert [file.path for file in runs[1].writes] == ["sub/w.txt"]
    session = runs[0].session
    assert (session.notebook, session.frontend, session.cwd) == ("sub/n é.ipynb", "jupyter", "sub")
    assert session.kernel["id"] == kernel
