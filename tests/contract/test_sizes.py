"""House style: modules of at most 300 lines and functions of at most 40; each exception says why."""

from __future__ import annotations

import ast
from pathlib import Path

import nbgit

PACKAGE = Path(nbgit.__file__).resolve().parent
MODULE_LINES, FUNCTION_LINES = 300, 40
LONG_MODULES: dict[str, str] = {
    "notebook/spans.py": "one pass over a notebook: the walk and its cuts are read together",
}
LONG_FUNCTIONS: dict[str, str] = {}


def long_modules() -> dict[str, int]:
    """Return module -> lines for every module over the limit."""
    sizes = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    return {module: size for module, size in sizes.items() if size > MODULE_LINES}


def long_functions() -> dict[str, int]:
    """Return "module:function" -> lines for every function over the limit, docstring and signature included."""
    found: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > FUNCTION_LINES:
                    found[f"{path.relative_to(PACKAGE).as_posix()}:{node.name}"] = size
    return found


def test_modules_are_short() -> None:
    assert long_modules().keys() == LONG_MODULES.keys(), long_modules()


def test_functions_are_short() -> None:
    assert long_functions().keys() == LONG_FUNCTIONS.keys(), long_functions()
