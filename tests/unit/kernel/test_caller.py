"""Which notebook a command line runs."""

from __future__ import annotations

import pytest

from nbgit.kernel.caller import read_command


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/v/bin/python /v/bin/jupyter-execute --inplace a/fit.ipynb", ("a/fit.ipynb", "nbclient")),
        ("/v/bin/python -m jupyter nbconvert --execute --to notebook fit.ipynb", ("fit.ipynb", "nbconvert")),
        ("/v/bin/python -m nbconvert --execute fit.ipynb", ("fit.ipynb", "nbconvert")),
        ("/v/bin/papermill in.ipynb out.ipynb -p x 1", ("out.ipynb", "papermill")),
        ("papermill in.ipynb s3://bucket/out.ipynb", ("in.ipynb", "papermill")),
        ("jupyter.exe execute fit.ipynb", ("fit.ipynb", "nbclient")),
        ("/v/bin/python /v/bin/jupyter-execute a.ipynb b.ipynb", None),
        ("/v/bin/python /v/bin/jupyter-lab fit.ipynb", None),
        ("python run.py fit.ipynb", None),
        ("papermill", None),
        ("", None),
    ],
)
def test_command_lines(command: str, answer: tuple[str, str] | None) -> None:
    assert read_command(command.split()) == answer
