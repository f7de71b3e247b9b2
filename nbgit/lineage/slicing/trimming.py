"""Ring 3: which statements of the runs that are kept can be left out, too (docs/slicing.md, "Trimming").

The statements are followed as if each were a run of its own. A run is left whole where that would not be safe: where it
failed, where it is not plain Python, and where what was seen of it can't be laid at one statement's door.
"""

import ast
from collections.abc import Sequence

from nbgit.lineage.slicing.earlier import OUTPUT
from nbgit.lineage.slicing.magics import names_in
from nbgit.lineage.slicing.slicer import ERROR, INTERRUPTED, Run, Slice, find_needed

DYNAMIC = frozenset(
    ["get_ipython", "globals", "locals", "vars", "exec", "eval", "dir", "__main__", "_getframe", "currentframe"]
)


def trim(runs: Sequence[Run], found: Slice) -> dict[int, str]:
    """Return the code of each run of a slice, without the statements that its target, the last run, does not need."""
    target = found.kept[-1]
    code = {index: runs[index].code for index in found.kept}
    if any(OUTPUT.fullmatch(name) and name != "_" for text in code.values() for name in names_in(text)):
        return code  # they count runs
    parts: list[tuple[int, str]] = []
    for index in found.kept:
        whole = index == target or not _is_plain(runs[index])
        parts += [(index, text) for text in ([code[index]] if whole else statements(code[index]))]
    pieces = [
        Run(text, outcome=runs[index].outcome, facts=runs[index].facts if text == code[index] else None)
        for index, text in parts
    ]
    edges = find_needed(pieces)
    needed, todo = {len(parts) - 1}, [len(parts) - 1]
    while todo:
        for one in edges[todo.pop()]:
            if one not in needed:
                needed.add(one)
                todo.append(one)
    kept = {
        index: [text for number, (owner, text) in enumerate(parts) if owner == index and number in needed]
        for index in code
    }
    return {index: "\n".join(texts) for index, texts in kept.items() if texts}


def _is_plain(run: Run) -> bool:
    """Say whether a run's statements can be told apart."""
    if run.outcome in (ERROR, INTERRUPTED):
        return False
    facts = run.facts
    if facts is not None and (facts.read or facts.written or facts.touches or facts.commands):
        return False
    try:
        ast.parse(run.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if names_in(run.code) & DYNAMIC or ("*" in run.code and "import *" in run.code):
        return False
    return run.outcome is not None or not any(isinstance(node, ast.Raise) for node in ast.walk(ast.parse(run.code)))


def statements(code: str) -> list[str]:
    """Return the statements of plain Python as texts, those on one line together, each with the comments above it."""
    lines = code.split("\n")
    found: list[str] = []
    taken = 0
    for node in ast.parse(code).body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        if first <= taken:  # begins on the line that the last one ends on
            found[-1] = "\n".join([found[-1], *lines[taken:last]]) if last > taken else found[-1]
        else:
            found.append("\n".join(lines[taken:last]).strip("\n"))
        taken = max(taken, last)
    return found
