"""A real Jupyter server, and a notebook in it that is edited, run and saved as JupyterLab does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.gitbox import GitBox
from tests.waiting import wait_until

TOKEN = "a-token-of-the-tests"
PATIENCE = 60  # seconds for one message; only a failing test ever takes them


@dataclass
class Ran:
    """What came of one cell: `status` (`ok`, `error`, `lost`), its count, and its outputs as a notebook has them."""

    status: str = "lost"
    execution_count: int | None = None
    outputs: list[dict[str, Any]] = field(default_factory=list)


class Server:
    """A Jupyter server whose root is a box; it sees a kernel's death within a fifth of a second."""

    def __init__(self, box: GitBox) -> None:
        runtime = box.root / "runtime"
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0"]
        command += [f"--ServerApp.root_dir={box.path}", f"--IdentityProvider.token={TOKEN}"]
        command += ["--ServerApp.terminals_enabled=False", "--AsyncIOLoopKernelRestarter.time_to_dead=0.2"]
        environ = {**box.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
        self._log = box.root / "server.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environ, cwd=box.root, stdout=log, stderr=log)
        self.url = str(wait_until(lambda: self._info(runtime), "the server")["url"])
        wait_until(self._answers, "the server's first answer")

    def close(self) -> None:
        """End the server and its kernels."""
        self.process.terminate()
        self.process.wait(PATIENCE)

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

    def start(self, path: str) -> str:
        """Open a session for the notebook at `path`, and return its kernel's id."""
        name = path.rpartition("/")[2]
        body = {"path": path, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        return str(self.ask("POST", "api/sessions", body)["kernel"]["id"])

    def run(self, kernel: str, cells: list[tuple[str, str]], then: Callable[[], object] | None = None) -> list[Ran]:
        """Run (cell id, code) one after the other over the websocket.

        Once a kernel dies, what is left is not sent; `then` is called when the last cell was sent, and may kill it.
        """
        return asyncio.run(self._run(kernel, cells, then))

    async def _run(self, kernel: str, cells: list[tuple[str, str]], then: Callable[[], object] | None) -> list[Ran]:
        from tornado.websocket import websocket_connect

        url = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?token={TOKEN}"
        socket = await websocket_connect(url)
        found: list[Ran] = []
        for cell_id, source in cells:
            name = uuid.uuid4().hex
            await socket.write_message(json.dumps(_request(name, cell_id, source)))
            if then is not None and len(found) + 1 == len(cells):
                await asyncio.get_running_loop().run_in_executor(None, then)
            found.append(await _answer_to(socket, name))
            if found[-1].status == "lost":
                break
        socket.close()
        return found


async def _answer_to(socket: Any, name: str) -> Ran:
    """Return what comes back for one request: all until the kernel is idle and has replied, or until it is gone."""
    ran, waits_for = Ran(), {"execute_reply", "idle"}
    while waits_for:
        text = await asyncio.wait_for(socket.read_message(), PATIENCE)
        assert isinstance(text, str), "the server has closed the websocket"
        message = json.loads(text)
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] in ("restarting", "dead"):
            return Ran()
        if message["parent_header"].get("msg_id") != name:
            continue
        if kind == "execute_reply":
            ran.status, ran.execution_count = str(content["status"]), content["execution_count"]
            waits_for.discard(kind)
        elif kind == "status":
            waits_for.discard(content["execution_state"])
        elif kind in ("stream", "display_data", "execute_result", "error"):
            content.pop("transient", None)
            ran.outputs.append({"output_type": kind, **content})
    return ran


def _request(name: str, cell_id: str, source: str) -> dict[str, object]:
    header = {"msg_id": name, "msg_type": "execute_request", "session": "s", "username": "username", "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "stop_on_error": False, "allow_stdin": False}
    rest = {"metadata": {"cellId": cell_id}, "parent_header": {}, "buffers": [], "channel": "shell"}
    return {"header": header, "content": content, **rest}


@dataclass
class Cell:
    """A cell of an open notebook, and what it shows."""

    source: str
    ran: Ran = field(default_factory=Ran)


class Opened:
    """A notebook that is open in a server: cells (id -> source, in their order) that are edited, run and saved."""

    def __init__(self, server: Server, path: str, cells: dict[str, str]) -> None:
        self._server = server
        self._path = path
        self._cells = {name: Cell(source) for name, source in cells.items()}
        self.save()
        self.kernel = server.start(path)

    def edit(self, cell_id: str, source: str) -> None:
        """Give a cell another source; what it shows stays."""
        self._cells[cell_id].source = source

    def delete(self, cell_id: str) -> None:
        """Take a cell out."""
        del self._cells[cell_id]

    def run(self, *cell_ids: str, then: Callable[[], object] | None = None) -> list[str]:
        """Run cells in this order, and return how each ended."""
        asked = [(cell_id, self._cells[cell_id].source) for cell_id in cell_ids]
        answers = self._server.run(self.kernel, asked, then)
        for cell_id, ran in zip(cell_ids, answers, strict=False):
            self._cells[cell_id].ran = ran
        return [ran.status for ran in answers]

    def save(self) -> None:
        """Save it through the server."""
        cells: list[dict[str, object]] = [
            {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {self._path}"}
        ]
        for name, cell in self._cells.items():
            one: dict[str, object] = {"cell_type": "code", "id": name, "metadata": {}, "source": cell.source}
            cells.append(one | {"execution_count": cell.ran.execution_count, "outputs": cell.ran.outputs})
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
        content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        body = {"type": "notebook", "format": "json", "content": content}
        self._server.ask("PUT", f"api/contents/{quote(self._path)}", body)

    def shut_down(self) -> None:
        """End its kernel."""
        for session in self._server.ask("GET", "api/sessions"):
            if session["kernel"]["id"] == self.kernel:
                self._server.ask("DELETE", f"api/sessions/{session['id']}")
