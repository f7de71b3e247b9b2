"""Runs of a kernel behind a real Jupyter server, over its websocket, with cell ids as JupyterLab sends them."""

from __future__ import annotations

import pytest

from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.jupyter_server import Server
from tests.kernels import recorded
from tests.nb import code, notebook

pytest.importorskip("jupyter_server")
pytest.importorskip("ipykernel")


def test_cells_of_a_server_have_their_ids_and_their_notebook(installed: GitBox) -> None:
    installed.write("sub/n é.ipynb", notebook(code("x = 1", id="first")))
    server = Server(installed)
    try:
        kernel = server.start("sub/n é.ipynb")
        cells = [("first", "x = 1"), ("second", "open('w.txt', 'w').write('x')"), ("first", "1 / 0")]
        assert [ran.status for ran in server.run(kernel, cells)] == ["ok", "ok", "error"]
        runs = recorded(find_repository(str(installed.path), {}))
    finally:
        server.close()
    assert [(run.cell_id, run.execution_count, run.outcome) for run in runs] == [
        ("first", 1, "ok"),
        ("second", 2, "ok"),
        ("first", 3, "error"),
    ]
    assert [file.path for file in runs[1].writes] == ["sub/w.txt"]
    session = runs[0].session
    assert (session.notebook, session.frontend, session.cwd) == ("sub/n é.ipynb", "jupyter", "sub")
    assert session.kernel["id"] == kernel
