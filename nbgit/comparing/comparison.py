"""Ring 4: two outputs compared: are they the same, what that was recorded differs, and so why (docs/lineage.md)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nbgit.comparing.sides import Side
from nbgit.comparing.steps import StepChange, Value, compare_steps, compare_values, stages_of
from nbgit.comparing.surroundings import (
    CHANGED,
    GONE,
    NEW,
    UNKNOWN,
    InputChange,
    PackageChange,
    Pair,
    compare_facts,
    compare_inputs,
    compare_packages,
    random_numbers,
    surroundings,
)
from nbgit.diff.compare import compare, tell
from nbgit.diff.figures import FigureEdits
from nbgit.diff.outputs import Output, OutputChange, kind_of
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import Run

MOST_REASONS = 6  # in the verdict; all stand below it
BYTES, PIXELS = "bytes", "pixels"


@dataclass
class Comparison:
    """Two outputs: `same` is BYTES, PIXELS or "" (they differ, or it can't be known); `summary` says it in words.

    `share` is the share of pixels that differ, None where it is not known; `notes` are sentences on what could not be
    compared.
    """

    before: Side
    after: Side
    same: str
    summary: str
    share: float | None
    steps: list[StepChange] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    inputs: list[InputChange] = field(default_factory=list)
    packages: list[PackageChange] = field(default_factory=list)
    facts: list[Pair] = field(default_factory=list)
    around: list[Pair] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def home(self) -> str:
        """The newer output's notebook."""
        return self.after.path

    @property
    def reasons(self) -> list[str]:
        """What differs of that which can make an output differ, in a few words each."""
        found = [f"{value.name} {value.before} → {value.after}" for value in self.values]
        told = [step for step in self.steps if step.shows and (step.moved or not step.is_of_values)]
        found += [f"{step.name} {_verb(step)}{self._where(step.path)}" for step in told]
        sources = [one for one in self.inputs if one.shown.is_source and one.shown.file]
        kinds = {CHANGED: "changed", NEW: "is new", GONE: "is read no more", UNKNOWN: "may have changed"}
        found += [f"{one.shown.name} {kinds[one.kind]}" for one in sources if one.kind in kinds]
        found += [f"{one.name} {one.before} → {one.after}" for one in self.packages if one.before and one.after]
        found += [f"python {one.before} → {one.after}" for one in self.around if one.name == "python" and differs(one)]
        return list(dict.fromkeys(found))

    @property
    def verdict(self) -> str:
        """The whole answer as one line."""
        reasons = self.reasons
        told = ", ".join(reasons[:MOST_REASONS])
        told += f" and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
        if self.same:
            return (
                f"{self.summary}, although: {told}" if reasons else f"{self.summary}; nothing that was recorded differs"
            )
        return f"{self.summary}; because: {told}" if reasons else f"{self.summary}; {self._unexplained()}"

    def _unexplained(self) -> str:
        if not (self.before.is_recorded and self.after.is_recorded):
            return "nothing recorded explains it (the code is the same, and no run of both was recorded)"
        if self.random:
            return f"nothing recorded explains it, but random numbers were drawn ({', '.join(self.random)})"
        others = [one.name for one in self.around if one.name != "python" and differs(one)]
        other = f" (but it ran with another {' and '.join(others)})" if others else ""
        return f"nothing recorded explains it{other}"

    def _where(self, path: str) -> str:
        return "" if path == self.home else f" in {path}"


def compare_outputs(before: Side, after: Side, place: Callable[[Run], Place], *, decode: bool) -> Comparison:
    """Return what changed from one output to another; `decode` says whether pictures may be decoded."""
    same, summary, share = _compare_payloads(before, after, decode=decode)
    renamed = before.path, after.path
    old, new = stages_of(before, place), stages_of(after, place)
    return Comparison(
        before,
        after,
        same,
        summary,
        share,
        steps=compare_steps(old, new, renamed),
        values=compare_values(old, new, renamed),
        inputs=compare_inputs(before, after),
        packages=compare_packages(before, after),
        facts=compare_facts(before, after),
        around=surroundings(before, after),
        random=[name for name in random_numbers(after) if name in random_numbers(before)],
        notes=_notes(before, after),
    )


def differs(pair: Pair) -> bool:
    """Return whether both are known, and not the same."""
    return bool(pair.before and pair.after) and pair.before != pair.after


def shown_output(side: Side) -> Output:
    """Return an output as a diff takes it."""
    figure, payload = side.figure, side.payload or b""
    return Output(max(figure.output_index, 0), kind_of(figure.mime, payload), figure.mime, payload)


def _compare_payloads(before: Side, after: Side, *, decode: bool) -> tuple[str, str, float | None]:
    noun = "picture" if shown_output(after).kind == "figure" else "output"
    if before.figure.digest == after.figure.digest:
        return BYTES, f"the same {noun} (bytes)", 0.0
    if before.payload is None or after.payload is None:
        return "", f"another {noun}, whose bytes are not all in this clone", None
    old, new = shown_output(before), shown_output(after)
    if old.kind != new.kind:
        return "", f"differs: {old.kind} → {new.kind}", None
    edits = compare(OutputChange(old, new), decode=decode)
    if not isinstance(edits, FigureEdits):
        return "", f"differs: {tell(OutputChange(old, new), edits)}", None
    if edits.share == 0:
        return PIXELS, "the same pixels, in other bytes", 0.0
    if edits.share is None:
        size = "in size, " if edits.before_size != edits.after_size else ""
        return "", f"differs {size}{edits.summary()}", None
    told = f"{edits.share * 100:.1f}" if edits.share >= 0.0005 else "under 0.1"
    return "", f"differs in {told} % of pixels", edits.share


def _notes(before: Side, after: Side) -> list[str]:
    unrecorded = [name for name, side in (("before", before), ("after", after)) if not side.is_recorded]
    if not unrecorded:
        return []
    which = "either side" if len(unrecorded) == 2 else f"the side {unrecorded[0]!r}"
    return [f"No run of {which} was recorded: its steps are those of the committed code, its inputs are not known."]


def _verb(step: StepChange) -> str:
    if step.before is None:
        return "added"
    if step.after is None:
        return "removed"
    return "edited" if step.edits.hunks else "run in another order"
