"""What must hold of every merge (docs/design.md, "Merge": what holds), for tests and for `tests.stress.merges`."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from nbgit.errors import NbgitError
from nbgit.external.nbformat import problem_with
from nbgit.gitproto.merging import Outcome, merge_files
from nbgit.merge.conflicts import STYLES, Markers, Names
from nbgit.merge.marked import Found, find_conflicts
from nbgit.merge.notebooks import merge_notebooks
from nbgit.merge.resolve import BOTH, OURS, THEIRS, Decision, resolve
from nbgit.notebook.cells import read_cells
from nbgit.notebook.text import readable_text

LABELS = ("mine-of-this-merge", "yours-of-this-merge")  # no source has them


class Merge:
    """One merge of `sides` (base, ours, theirs) in a `folder`, as the driver makes it: its `outcome`."""

    def __init__(self, folder: Path, sides: tuple[bytes, bytes, bytes], style: str = STYLES[0]) -> None:
        self.folder = folder
        self.sides = sides
        self.files = [folder / name for name in ("base", "ours", "theirs")]
        self._write(sides)
        self.names = Names(*LABELS, "their-base", style)
        self.outcome = self._merged(sides)
        self.problems: list[str] = []

    def _merged(self, sides: tuple[bytes, bytes, bytes]) -> Outcome:
        return merge_files([str(file) for file in self.files], list(sides), Markers(7, lambda: self.names))

    def _write(self, contents: tuple[bytes, ...]) -> None:
        for file, data in zip(self.files, contents, strict=True):
            file.write_bytes(data)

    def broken_rules(self) -> list[str]:
        """Return what does not hold, in words."""
        self._trivial()
        if not self.outcome.by_cell and not self.outcome.is_clean:
            if b"<<<<<<<" not in self.outcome.data:
                self.problems.append(f"no marker after a merge as text: {self.outcome.words}")
            return self.problems
        self._valid(self.outcome.data, "the result")
        self._marked()
        self._complete(self.outcome.data, "the result")
        if len({read_cells(side).nbformat[0] for side in self.sides}) == 1:  # else a rule has settled the format
            self._text_merge()
            self._other_way_round()
        self._resolved()
        return self.problems

    def _trivial(self) -> None:
        base, ours, theirs = self.sides
        for name, three, expected in (
            ("merge(b, o, b)", (base, ours, base), ours),
            ("merge(b, b, t)", (base, base, theirs), theirs),
            ("merge(b, o, o)", (base, ours, ours), ours),
        ):
            made = self._merged(three)
            if made.data != expected or not made.is_clean:
                self.problems.append(f"{name} is not that side")

    def _valid(self, data: bytes, what: str) -> None:
        if not any(problem_with(side) for side in self.sides) and problem_with(data):
            self.problems.append(f"{what} is invalid: {problem_with(data)}")

    def _ours(self, data: bytes) -> list[Found]:
        """Return the conflicts of this merge; the sides may hold others."""
        return [one for one in find_conflicts(read_cells(data)) if one.region.ours.label == LABELS[0]]

    def _marked(self) -> None:
        found, outcome = self._ours(self.outcome.data), self.outcome
        if outcome.is_clean == bool(found):
            self.problems.append(f"clean is {outcome.is_clean}, conflicts found: {len(found)}")
        if outcome.is_clean == (f"<<<<<<< {LABELS[0]}".encode() in outcome.data):
            self.problems.append("grep does not agree")
        if any(one.region.theirs.label != LABELS[1] for one in found):
            self.problems.append("the end of a conflict is another's")
        if {one.cell.index for one in found} != {one.cell_index for one in outcome.conflicts} and not outcome.is_clean:
            self.problems.append("the cells told are not those marked")
        if found and not any(b" \n" in side or b" \r\n" in side for side in self.sides):
            rows = [row for row in outcome.data.split(b"\n") if row.endswith((b" ", b" \r"))]
            if not rows:
                self.problems.append("git diff --check sees nothing")

    def _complete(self, data: bytes, what: str) -> None:
        """Each side's line is there, or was in base and the other side deleted it."""
        base, ours, theirs, result = (lines_of(text) for text in (*self.sides, data))
        for name, side, other in (("our", ours, theirs), ("their", theirs, ours)):
            for line in side:
                if line not in result and base[line] <= other[line]:
                    self.problems.append(f"{what} lost {name} line {line!r}")
        for line in result:
            is_ours = LABELS[0] in line or ": " in line or line.startswith(("=======", "|||||||", ">>>>>>>"))
            if not is_ours and line not in ours and line not in theirs and line not in base:
                self.problems.append(f"{what} has a line of nobody's: {line!r}")

    def _text_merge(self) -> None:
        if self.outcome.is_clean:
            return
        try:
            self._write(tuple(readable_text(side) for side in self.sides))
            base, ours, theirs = (str(file) for file in self.files)
            done = subprocess.run(["git", "merge-file", "-p", ours, base, theirs], capture_output=True, check=False)
        finally:
            self._write(self.sides)
        if done.returncode == 0 and self._is_plain(done.stdout):
            self.problems.append("git merges the readable texts without a conflict")

    def _is_plain(self, text: bytes) -> bool:
        """Say whether a merged text can be read back: none of its blank lines and headers stand for something else."""
        lines = [line for side in self.sides for line in lines_of(side)]
        headers = any(line.startswith("## cell [") for line in lines)
        return not headers and b"\n\n\n" not in text and not text.endswith(b"\n\n")

    def _other_way_round(self) -> None:
        base, ours, theirs = self.sides
        names, self.names = self.names, Names(LABELS[1], LABELS[0], "their-base", self.names.style)
        self._write((base, theirs, ours))
        back = self._merged((base, theirs, ours))
        self._write(self.sides)
        self.names = names
        if back.is_clean != self.outcome.is_clean:
            self.problems.append(f"the other way round it is clean: {back.is_clean}")
        elif back.is_clean and sources_of(back.data) != sources_of(self.outcome.data):
            self.problems.append("the other way round it says something else")

    def _resolved(self) -> None:
        found = find_conflicts(read_cells(self.outcome.data))
        mine = {one.number for one in self._ours(self.outcome.data)}
        for choice, side in ((OURS, self.sides[1]), (THEIRS, self.sides[2]), (BOTH, None)):
            decisions: dict[int, Decision] = {
                one.number: choice if choice != BOTH or one.takes_both else OURS for one in found if one.number in mine
            }
            try:
                settled = resolve(self.outcome.data, decisions)
            except NbgitError as error:
                self.problems.append(f"resolving to {choice}: {error}")
                continue
            self._valid(settled, f"resolved to {choice}")
            if self._ours(settled):
                self.problems.append(f"resolved to {choice}, conflicts are left")
            if choice == BOTH:
                self._complete(settled, "both")
            elif side is not None:
                base, result = lines_of(self.sides[0]), lines_of(settled)
                lost = [line for line in lines_of(side) if line not in base and line not in result]
                if lost:
                    self.problems.append(f"resolved to {choice} lost {lost[0]!r}")


def lines_of(data: bytes) -> Counter[str]:
    """Return the lines of all sources that are not blank."""
    return Counter(line for cell in read_cells(data).cells for line in cell.source.split("\n") if line.strip())


def sources_of(data: bytes) -> list[tuple[str, str]]:
    """Return kind and source of all cells, whatever their order."""
    return sorted((cell.kind, cell.source) for cell in read_cells(data).cells)


def problems(folder: Path, sides: tuple[bytes, bytes, bytes], style: str = STYLES[0]) -> tuple[list[str], bool]:
    """Return what does not hold of a merge of three notebooks, and whether it was clean."""
    merge = Merge(folder, sides, style)
    return merge.broken_rules(), merge.outcome.is_clean


def merged_cells(base: bytes, ours: bytes, theirs: bytes) -> list[tuple[str, str, dict[str, object]]]:
    """Return kind, source and metadata of the cells of a merge that must be clean."""
    merged = merge_notebooks(base, ours, theirs)
    assert not merged.conflicts
    return cells_said(merged.data)


def cells_said(data: bytes) -> list[tuple[str, str, dict[str, object]]]:
    """Return kind, source and metadata of each cell."""
    return [(cell.kind, cell.source, cell.metadata) for cell in read_cells(data).cells]
