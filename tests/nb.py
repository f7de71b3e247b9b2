"""Little notebooks for tests, built the way Jupyter writes them."""

from __future__ import annotations

import json
from typing import Any


def code(source: str, **members: Any) -> dict[str, Any]:
    """Return a code cell; `members` add to or replace its members."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
        **members,
    }


def markdown(source: str, **members: Any) -> dict[str, Any]:
    """Return a Markdown cell; `members` add to or replace its members."""
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True), **members}


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] | None = None, minor: int = 5, indent: int = 1) -> bytes:
    """Return a v4 notebook's bytes as Jupyter writes them: indent 1, a final newline."""
    document = {"cells": list(cells), "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": minor}
    return (json.dumps(document, indent=indent, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
