"""What is told of two recipes: steps, values, inputs, packages, and the verdict; built by hand, without kernels."""

from __future__ import annotations

from typing import Any

import pytest

from nbgit.comparing.comparison import Comparison, compare_outputs
from nbgit.comparing.sides import Side
from nbgit.comparing.story import tell_comparison
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import Figure
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import Recipe, Step
from nbgit.lineage.origin.state import State
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import FileSeen, Run, Session

COMMIT = Commit("1" * 40, "Ada <ada@example.org>", "2026-11-05T14:02:11+00:00", "draw")


def a_file(path: str, content: str | None, size: int = 3) -> FileSeen:
    """Return a file that was read; without content it has no digest."""
    return FileSeen(path, size, f"2026-11-0{size}T00:00:00.000000Z", content and content * 64)


def a_made(path: str, codes: list[str], reads: list[Any] = (), **facts: Any) -> Made:  # type: ignore[assignment]
    """Return a making by the last of these cells; `reads` are files, or (file, the Made that wrote it)."""
    kernel, host = {"python": facts.pop("python", "3.11.7")}, facts.pop("host", "lab-pc")
    session = Session(f"{path}-{facts.pop('started', '1')}", kernel=kernel, host=host, person="Ada <a@b>")
    session.packages.append((None, facts.pop("packages", {"pandas": "3.1"})))
    runs = [
        Run(
            f"{session.id}:{n}",
            session,
            code,
            f"2026-11-05T14:00:0{n}Z",
            None,
            execution_count=n + 1,
            seconds=0.1,
            **facts,
        )
        for n, code in enumerate(codes)
    ]
    steps = tuple(Step(run.code, run.execution_count, None, run) for run in runs)
    pairs = [read if isinstance(read, tuple) and not isinstance(read, FileSeen) else (read, None) for read in reads]
    inputs = [Input(runs[-1], file, written_by=made) for file, made in pairs]
    return Made(runs[-1], Place(path, len(runs) - 1), Recipe("recorded", steps, len(runs)), inputs)


def a_side(made: Made, payload: bytes = b"1", mime: str = "text/plain") -> Side:
    """Return one side of a comparison."""
    figure = Figure(made.place.cell_index or 0, None, 0, mime, "sha256:" + payload.hex().zfill(64), 1, 1, None)
    origin = Origin(made.recipe or Recipe("recorded", (), 0), State("unknown"), made)
    return Side("x", made.place.path or "", figure, origin, payload, COMMIT)


def compared(before: Made, after: Made, old: bytes = b"1\n", new: bytes = b"2\n") -> Comparison:
    """Return the comparison of what two makings have made."""
    numbers = {run.id: n for made in (before, after) for n, run in enumerate(made.recipe.runs if made.recipe else [])}
    place = lambda run: Place(run.session.id.partition("-")[0], numbers.get(run.id))  # noqa: E731
    return compare_outputs(a_side(before, old), a_side(after, new), place, decode=False)


CELLS = ["import pandas as pd", "n = 1", "show(n)"]


@pytest.mark.parametrize(
    ("after", "reasons"),
    [
        (CELLS, []),
        ([CELLS[0], "n = 2", CELLS[2]], ["n 1 → 2"]),
        ([CELLS[0], "n = 2 # twice", CELLS[2]], ["n 1 → 2"]),
        ([CELLS[0], "n = f(2)", CELLS[2]], ["cell 1 edited"]),
        ([CELLS[0], "n = 2; m = f()", CELLS[2]], ["n 1 → 2", "cell 1 edited"]),
        ([CELLS[0], "n = 1", "n = [1,\n 2]", CELLS[2]], ["n 1 → [1, 2]", "cell 2 added"]),
        ([CELLS[0], CELLS[2]], ["cell 1 removed"]),
        ([CELLS[1], CELLS[0], CELLS[2]], ["cell 1 run in another order"]),
        ([CELLS[0], "n = 'a\x1b[2J'", CELLS[2]], ["n 1 → 'a\\x1b[2J'"]),
        ([CELLS[0], "n = " + "(" * 300 + ")" * 300, CELLS[2]], ["cell 1 edited"]),
    ],
)
def test_code(after: list[str], reasons: list[str]) -> None:
    assert compared(a_made("n.ipynb", CELLS), a_made("n.ipynb", after)).reasons == reasons


def test_inputs() -> None:
    old = [a_file(name, digit) for name, digit in {"same": "a", "other": "b", "gone": "c", "was": "d"}.items()]
    new = [a_file(name, digit) for name, digit in {"same": "a", "other": "e", "new": "f", "is": "d"}.items()]
    old += [a_file("large", None, 4), a_file("larger", None, 5), a_file("touched", None, 6)]
    touched = a_file("touched", None, 6)._replace(mtime="2026-11-09T00:00:00.000000Z")
    new += [a_file("large", None, 4), a_file("larger", None, 6), touched]
    what = compared(a_made("n.ipynb", CELLS, old), a_made("n.ipynb", CELLS, new))
    assert {one.shown.name: one.kind for one in what.inputs} == {
        "same": "same",
        "other": "changed",
        "new": "new",
        "is": "renamed",
        "large": "same",
        "larger": "changed",
        "touched": "unknown",
        "gone": "gone",
    }
    assert what.reasons == [
        "other changed",
        "new is new",
        "larger changed",
        "touched may have changed",
        "gone is read no more",
    ]


def test_upstream() -> None:
    """What a step has made is explained by what made it: another package, another file at the source."""
    raw = {word: [a_file("raw.csv", word)] for word in "ab"}
    then = a_made("clean.ipynb", ["clean()"], raw["a"], packages={"numpy": "1"})
    now = a_made("clean.ipynb", ["clean()"], raw["b"], packages={"numpy": "2"}, started="2")
    old = a_made("n.ipynb", CELLS, [(a_file("clean.csv", "c"), then)])
    new = a_made("n.ipynb", CELLS, [(a_file("clean.csv", "d"), now)], started="2")
    what = compared(old, new)
    assert what.reasons == ["raw.csv changed", "numpy 1 → 2"]
    assert [one.kind for one in what.inputs] == ["changed", "changed"]
    lines = ["".join(text for text, _ in line) for line in tell_comparison(what, {})]
    assert "packages    numpy in clean.ipynb  1 → 2" in lines


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "nothing recorded explains it"),
        ({"host": "other"}, "nothing recorded explains it (but it ran with another host)"),
        ({"python": "3.12.0"}, "because: python 3.11.7 → 3.12.0"),
        ({"packages": {"pandas": "3.2"}}, "because: pandas 3.1 → 3.2"),
        ({"packages": {"pandas": "3.1", "numpy": "2"}}, "nothing recorded explains it"),
    ],
)
def test_the_verdict(facts: dict[str, Any], words: str) -> None:
    what = compared(a_made("n.ipynb", CELLS), a_made("n.ipynb", CELLS, **facts))
    assert what.verdict == f"differs: text: 1 → 2; {words}"
    same = compared(a_made("n.ipynb", CELLS), a_made("n.ipynb", CELLS, **facts), b"1", b"1")
    told = words.removeprefix("because: ") if words.startswith("because") else ""
    assert same.verdict == "the same output (bytes)" + (
        f", although: {told}" if told else "; nothing that was recorded differs"
    )


def test_random_numbers_are_named_where_nothing_explains_it() -> None:
    old, new = (a_made("n.ipynb", CELLS, touches=("numpy.random", "pyplot")) for _ in range(2))
    assert compared(old, new).verdict.endswith("but random numbers were drawn (numpy.random)")
