"""Ring 3: which earlier runs a run's result rests on (docs/slicing.md).

The runs are followed in the order in which they were run; each is given an edge to every earlier run that may have
made, bound or changed something that it may read. A slice is what can be reached from the target by these edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.lineage.slicing.frames import Context
    from nbgit.lineage.slicing.memory import Binding, Memory
    from nbgit.lineage.slicing.shell_magics import Session

RECORDED, IMPORTED, STATIC = "recorded", "imported", "static"
OK, ERROR, INTERRUPTED = "ok", "error", "interrupted"


@dataclass(frozen=True)
class Facts:
    """What was seen while a run was going on; paths are relative to the kernel's directory, with `/`.

    `bound_before` are names that something else than a run has bound since the run before.
    `touches` are names of places (`rng:numpy`, `pyplot`, `options`, `environ`, `cwd`, ...). `figures_left` is how many
    figures were open at the end, None where that is not known. `is_exact`: a name that is not in `bound` or `deleted`
    (and does not begin with `_`) refers to the very object that it referred to before the run.
    """

    bound: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    bound_before: frozenset[str] = frozenset()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    touches: frozenset[str] = frozenset()
    commands: tuple[str, ...] = ()
    figures_left: int | None = None
    is_exact: bool = False


@dataclass(frozen=True)
class Run:
    """One run of a cell; `outcome` is "ok", "error", "interrupted" or None where nobody knows.

    `undefined` is the name for want of which it failed.
    """

    code: str
    execution_count: int | None = None
    cell_id: str | None = None
    outcome: str | None = None
    facts: Facts | None = None
    undefined: str = ""


@dataclass(frozen=True)
class Edge:
    """Run `run` needs run `needs`, for these reasons."""

    run: int
    needs: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Slice:
    """The runs that are kept, in order, the target among them, and why.

    `kind` is "recorded" where facts were seen for every run that is kept, else "static".
    """

    kept: tuple[int, ...]
    edges: tuple[Edge, ...] = field(default=())
    kind: str = STATIC

    def why(self, run: int) -> tuple[str, ...]:
        """Return why a run is kept: what it does for the others, in a few words each."""
        found = [reason for edge in self.edges if edge.needs == run for reason in edge.reasons]
        return tuple(dict.fromkeys(found))


def slice_runs(runs: Sequence[Run], target: int) -> Slice:
    """Return what `runs[target]` rests on; `runs` are in the order in which they were run.

    Raises IndexError where there is no such run.
    """
    if not 0 <= target < len(runs):
        raise IndexError(f"there is no run {target}")
    edges = find_edges(runs[: target + 1])
    kept, todo = {target}, [target]
    while todo:
        for needed in edges[todo.pop()]:
            if needed not in kept:
                kept.add(needed)
                todo.append(needed)
    found = [
        Edge(run, needed, tuple(reasons)) for run in sorted(kept) for needed, reasons in sorted(edges[run].items())
    ]
    recorded = all(runs[index].facts is not None for index in kept)
    return Slice(tuple(sorted(kept)), tuple(found), RECORDED if recorded else STATIC)


def find_edges(runs: Sequence[Run]) -> list[dict[int, list[str]]]:
    """Return for each run the earlier runs that it needs, each with the reasons."""
    memory = _follow_all(runs, with_reasons=True)
    return [memory.edges[unit] for unit in range(len(runs))]


def find_needed(runs: Sequence[Run]) -> list[set[int]]:
    """Return the same without the reasons."""
    memory = _follow_all(runs, with_reasons=False)
    return [runs_of(memory.needed[unit]) for unit in range(len(runs))]


def runs_of(bits: int) -> set[int]:
    """Return the numbers of the bits that are set."""
    return {number for number, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"}


def _follow_all(runs: Sequence[Run], *, with_reasons: bool) -> "Memory":
    from nbgit.lineage.slicing.frames import Context  # here, because what is known already needs no following

    context = Context(with_reasons)
    count = 0
    for unit, run in enumerate(runs):
        if run.code.strip():
            count = run.execution_count if run.execution_count is not None else count + 1
        follow(context, unit, run, count if run.code.strip() else None)
    return context.memory


def follow(context: "Context", unit: int, run: Run, count: int | None) -> None:
    """Follow one run."""
    from nbgit.lineage.slicing.frames import BUDGET, Ended
    from nbgit.lineage.slicing.memory import TooMuch
    from nbgit.lineage.slicing.shell_magics import Session

    memory = context.memory
    if run.facts is not None and run.facts.bound_before and unit:
        memory.bind_late(run.facts.bound_before)
    memory.start(unit)
    context.called_back = {}
    context.budget, context.is_active = BUDGET, False
    context.outcome, context.may_have_stopped, context.undefined = run.outcome, False, run.undefined
    if count is not None:
        context.counts[count] = unit
    before = dict(memory.session.names)
    session = Session(context, (memory.session,))
    session.weak = int(run.outcome in (ERROR, INTERRUPTED))
    try:
        session.cell(run.code, count)
    except Ended:
        pass
    except TooMuch:
        memory.give_up()
    if run.facts is not None:
        _take_in(session, run.facts, before)


def _take_in(session: "Session", facts: Facts, before: "dict[str, Binding]") -> None:
    """Take in what was seen while a run was going on."""
    from nbgit.lineage.slicing.places import place_of

    session.touch_places(facts.touches)
    for path in facts.read:
        session.use_file(path, "get")
    for path in facts.written:
        if session.memory.place(place_of(path)).writers & session.memory.bit == 0:
            session.use_file(path, "use")
    session.given_commands(facts.commands)
    session.finish(before, facts.bound, facts.deleted, facts.is_exact)
    pyplot = session.memory.places.get("pyplot")
    if facts.figures_left == 0 and pyplot is not None and pyplot.writers & session.memory.bit:
        for place in ("pyplot", "figures"):  # shown and closed, as the inline backend does at the end of a run
            session.memory.clear(place)
