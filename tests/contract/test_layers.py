"""docs/design.md, "Layers": a module imports its own folder and lower rings only, inside functions too."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import nbgit

PACKAGE = Path(nbgit.__file__).resolve().parent
RINGS = {
    "": 0,  # nbgit/__init__.py: the version, and what a person calls in a cell
    "errors": 0,
    "kernel": 1,  # apart: only IPython loads it, in environments that may lack all else
    "notebook": 1,
    "store": 2,
    "diff": 3,
    "merge": 3,
    "lineage": 3,
    "sync": 3,
    "external": 3,
    "upkeep": 3,
    "gitproto": 4,
    "comparing": 4,
    "setup": 4,
    "jupyter": 3,  # apart: only a Jupyter server loads it
    "cli": 5,
    "__main__": 6,
}
# (folder, module of another folder in the same ring) that may be imported all the same, and why.
NEIGHBOURS = {
    ("", "kernel.extension"): "`%load_ext nbgit` asks the package itself",
    ("gitproto", "setup.heal"): "the filter process mends missing hooks, so that fresh clones heal",
    ("merge", "diff.align"): "a merge pairs cells as a diff does: one alignment, so that the two never disagree",
    ("merge", "diff.changes"): "the same reading of what is one cell edited and what is two",
    ("merge", "diff.likeness"): "the same measure of how alike two cells are",
    ("merge", "diff.lines"): "the same for lines",
    ("lineage", "diff.align"): "blame follows cells as a diff pairs them",
    ("lineage", "diff.changes"): "the same reading of what a line is",
    ("lineage", "diff.lines"): "the same for lines",
    ("lineage", "diff.compare"): "an output that was made again is compared as a diff compares",
    ("lineage", "diff.outputs"): "the same reading of what an output is",
    ("diff", "lineage.lookup.pictures"): "a picture's size and whether its pixels can be read: told alike everywhere",
    ("diff", "lineage.lookup.inline"): "the same bytes show a picture in a diff and in nbgit show",
    ("lineage", "diff.page.markup"): "one way to put HTML together, so that no text becomes markup",
    ("lineage", "diff.page.room"): "the same policy for the pages",
    (
        "upkeep",
        "lineage.history.index",
    ): "the figure index goes where it holds what is forgotten; import fills it",
    ("upkeep", "lineage.cuts.linking"): "a repair cuts runs anew, as linking does",
    ("upkeep", "lineage.cuts.reading"): "which runs a cut holds, read as carefully as everywhere",
    ("upkeep", "lineage.runs.journals"): "which runs a journal holds, and whether its kernel lives",
    ("upkeep", "lineage.runs.sources"): "where journals lie",
    ("upkeep", "lineage.history.commits"): "what commits did to notebooks, for import and migrate; reports of progress",
    ("upkeep", "lineage.history.figures"): "import fills the figure index, and describes notebooks from it",
    ("upkeep", "lineage.history.linked"): "the same for what the new entries say",
}
# Which folder is the only door to a library.
DOORS = {
    "click": {"cli"},
    "git": {"external"},
    "nbformat": {"external"},
    "nbdime": set(),  # its format is written without it
    "jsonschema": {"external"},
    "watchfiles": {"external"},
    "prov": {"external"},
    "rocrate": {"external"},
    "rocrate_validator": set(),  # in tests alone
}
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def folder_of(module: str) -> str:
    """Return the part of a module (a path in the package) that has a ring."""
    first = module.split("/", 1)[0]
    return first if "/" in module else first.removesuffix(".py").replace("__init__", "")


def names_of(node: ast.AST, module: str) -> list[str]:
    """Return the dotted names that an import statement brings in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}: imports are absolute"
        whole = node.module or ""
        return [f"{whole}.{alias.name}" for alias in node.names] if whole == "nbgit" else [whole]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        target = node.args[0]
        if isinstance(target, ast.Constant):
            return [str(target.value)]
        text = ast.unparse(target).removeprefix("f").strip("'\"")
        return [text.split("{", 1)[0].rstrip(".")]  # f"nbgit.cli.{...}": the folder is what matters
    return []


@cache
def imports_of(module: str) -> list[str]:
    """Return the dotted names that a module imports anywhere, except for type checkers only."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    found: list[str] = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            stack.extend(node.orelse)
            continue
        found += names_of(node, module)
        stack.extend(ast.iter_child_nodes(node))
    return found


def test_the_walk_sees_imports_inside_functions() -> None:
    assert "nbgit.store.switch" in imports_of("gitproto/hooks.py")
    assert "nbgit.gitproto" in imports_of("gitproto/__init__.py")
    assert "click" in imports_of("cli/log.py")


def test_a_module_imports_its_own_folder_and_lower_rings_only() -> None:
    """Told all at once: a test for each module would take longer than what it tests."""
    assert {folder_of(module) for module in MODULES} - RINGS.keys() == set(), (
        "give it a ring here and in docs/design.md"
    )
    wrong = []
    for module in MODULES:
        own = folder_of(module)
        for name in (name for name in imports_of(module) if name.partition(".")[0] == "nbgit"):
            rest = name.partition(".")[2]
            other = rest.split(".", 1)[0]
            other = "" if other == "__version__" else other
            if not (other == own or RINGS[other] < RINGS[own] or (own, rest) in NEIGHBOURS):
                wrong.append(f"{module} (ring {RINGS[own]}) imports {name} (ring {RINGS[other]})")
    assert wrong == []


def test_a_library_has_one_door() -> None:
    used = [(module, name) for module in MODULES for name in imports_of(module) if name.split(".", 1)[0] in DOORS]
    assert [(module, name) for module, name in used if folder_of(module) not in DOORS[name.split(".", 1)[0]]] == []


def test_the_kernel_needs_the_standard_library_only() -> None:
    modules = [module for module in MODULES if module.startswith("kernel/")]
    tops = {name.split(".", 1)[0] for module in modules for name in imports_of(module)}
    assert tops <= sys.stdlib_module_names | {"nbgit"}


def test_no_exception_is_stale() -> None:
    used = {(folder_of(module), name.removeprefix("nbgit.")) for module in MODULES for name in imports_of(module)}
    assert used >= NEIGHBOURS.keys()
