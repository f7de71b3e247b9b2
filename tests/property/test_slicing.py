"""Slices of random small programs are always enough: names, aliases, changes, closures, classes, iterators, errors."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.lineage.slicing.slicer import Run, slice_runs
from nbgit.lineage.slicing.trimming import trim

NAMES = st.sampled_from("abc")
FORMS = [
    "{x} = [{k}]",
    "{x} = {k}",
    "{x} = {y}",
    "{x} = [{y}]",
    "{x} = ({y}, {z})",
    "{x}, {y} = {y}, {z}",
    "{x} = {{'k': {y}}}",
    "{x} = list({y})",
    "{x} = {y}[:]",
    "{x} = {y}[0]",
    "{x} = {y} + {z}",
    "{x} += [{k}]",
    "{x} += list({y})",
    "{x}.append({k})",
    "{x}.append({y})",
    "{x}.extend(list({y}))",
    "{x}[0] = {y}",
    "{x}['k'].append({k})",
    "{x} = {y}.copy()",
    "{x} = sorted({y}, key=str)",
    "{x} = {y}.pop()",
    "del {x}",
    "del {x}[0]",
    "{x} = [v for v in {y}]",
    "{x} = (v for v in {y})",
    "{x} = iter({y})",
    "{x} = next({y})",
    "{x} = list(zip({y}, {z}))",
    "for {x} in {y}: pass",
    "if {k} > 1: {x} = {y}",
    "if {k} > 1:\n    {x} = [{k}]\nelse:\n    {x} = {y}",
    "try:\n    {x} = {y}[{k}]\nexcept Exception:\n    {x} = {z}",
    "def f(v):\n    {x}.append(v)\n    return v",
    "def f(v):\n    global {x}\n    {x} = v",
    "def f(v):\n    v.append({k})\n    return {y}",
    "def f(v, w={x}):\n    w.append(v)\n    return w",
    "f = lambda v: {x}",
    "f = {x}.append",
    "{x} = f({y})",
    "f({x})",
    "{x} = list(map(f, list({y})))",
    "{x} = C()",
    "class C:\n    n = [{k}]\n    def go(self, v):\n        self.n.append(v)\n        return {x}",
    "class C:\n    def __init__(self):\n        self.n = {x}\n    def go(self, v):\n        self.n.append(v)",
    "C.n = {x}",
    "{x}.n = {y}",
    "{x} = {y}.n",
    "{x} = {y}.go({z})",
    "{x}.go({k})",
    "exec('{x} = {y}')",
    "globals()['{x}'] = {y}",
    "{x} = globals()['{y}']",
    "setattr({x}, 'n', {y})",
    "[{x} := v for v in {y}]",
    "match {x}:\n    case [{y}, *{z}]: pass",
    "{x} = [*{y}, *{z}]",
    "{x} = {y} if {z} else {x}",
    "{x} = {y} and {z}",
    "while {x}:\n    {y} = {x}.pop()",
    "def g():\n    n = {x}\n    def f(v):\n        n.append(v)\n        return n\n    return f",
    "f = g()",
    "{x} = (f, {y})",
    "{x} = {x}[0]({y})",
    "def h():\n    yield {x}\n    {y}.append({k})\n    yield {z}",
    "{x} = h()",
]


@st.composite
def cells(draw: st.DrawFn) -> str:
    """One cell: one or two statements."""
    forms = draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=2))
    return "\n".join(
        form.format(x=draw(NAMES), y=draw(NAMES), z=draw(NAMES), k=draw(st.integers(0, 3))) for form in forms
    )


START = ["a = [1]", "b = [2, [3]]", "c = [b, 4]"]


def shown(value: Any, depth: int = 0) -> object:
    """Return what can be seen of a value, whatever it is; iterators are gone through, instances looked into."""
    if depth > 4:
        return "..."
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(shown(one, depth + 1) for one in value[:20])]
    if isinstance(value, dict):
        return [shown(one, depth + 1) for one in list(value.items())[:20]]
    if hasattr(value, "__next__"):
        return ["iterator", *(shown(one, depth + 1) for one, _ in zip(value, range(9), strict=False))]
    if hasattr(value, "n") and not isinstance(value, type):
        return [type(value).__name__, shown(value.n, depth + 1)]
    return repr(value) if isinstance(value, (int, str, type(None))) else type(value).__name__


def result(code: list[str], name: str) -> tuple[list[bool], object]:
    """Run cells in a fresh namespace; return which of them went well, and what `name` is at the end."""
    space: dict[str, Any] = {"__name__": "__main__"}
    went = []
    for cell in code:
        try:
            exec(compile(cell, "<cell>", "exec"), space)
            went.append(True)
        except Exception:
            went.append(False)
    try:
        return went, shown(space[name])
    except Exception as error:
        return went, type(error).__name__


@settings(max_examples=75)
@given(st.lists(cells(), min_size=2, max_size=7), NAMES)
def test_a_slice_is_enough(body: list[str], name: str) -> None:
    code = [*START, *body]
    went, expected = result(code, name)
    runs = [Run(cell, outcome="ok" if good else "error") for cell, good in zip(code, went, strict=True)]
    runs.append(Run(f"show({name})", outcome="ok"))
    found = slice_runs(runs, len(code))
    kept = [code[index] for index in found.kept[:-1]]
    assert result(kept, name)[1] == expected, kept
    trimmed = trim(runs, found)
    shorter = [text for index, text in trimmed.items() if index != len(code)]
    assert result(shorter, name)[1] == expected, shorter
    if all(went):
        static = slice_runs([Run(run.code) for run in runs], len(code))
        assert result([code[index] for index in static.kept[:-1]], name)[1] == expected
