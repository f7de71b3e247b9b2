"""Ring 4: what two outputs rest on beside their code: files, downloads, packages, notes, kernel, person and time."""

from collections.abc import Iterable
from typing import NamedTuple

from nbgit.comparing.sides import Side
from nbgit.lineage.export.telling import makings, told_person
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.runs.journals import FileSeen

SAME, CHANGED, NEW, GONE, RENAMED, UNKNOWN = "same", "changed", "new", "gone", "renamed", "unknown"
RANDOM = ("random", "numpy.random", "torch.random")


class Read(NamedTuple):
    """A file that was read, or (file None) an address that was fetched; `origin` says in words where it came from.

    `is_source` says that no step that is told of has made it: what it holds came from elsewhere.
    """

    name: str
    file: FileSeen | None
    origin: str
    is_source: bool


class InputChange(NamedTuple):
    """What became of one input: `kind` is SAME, CHANGED, NEW, GONE, RENAMED, or UNKNOWN (no digest to compare)."""

    kind: str
    before: Read | None
    after: Read | None

    @property
    def shown(self) -> Read:
        """The input as the newer side has it."""
        read = self.after or self.before
        assert read is not None
        return read


class PackageChange(NamedTuple):
    """A package whose version is another one; `path` is the notebook whose session it is about."""

    path: str
    name: str
    before: str | None
    after: str | None


class Pair(NamedTuple):
    """One thing and what it was and is, "" where it is not known."""

    name: str
    before: str
    after: str


def compare_inputs(before: Side, after: Side) -> list[InputChange]:
    """Return what became of each input, upstream ones too: in the order of the newer side, then what is gone."""
    old, new = _reads(before), _reads(after)
    gone = {name: read for name, read in old.items() if name not in new}
    found = []
    for name, read in new.items():
        was = old.get(name)
        if was is None:
            same = [other for other, one in gone.items() if _digest(one) and _digest(one) == _digest(read)]
            was = gone.pop(same[0]) if same else None
            found.append(InputChange(RENAMED if was else NEW, was, read))
        else:
            found.append(InputChange(_kind(was, read), was, read))
    return found + [InputChange(GONE, read, None) for read in gone.values()]


def _kind(before: Read, after: Read) -> str:
    old, new = before.file, after.file
    if old is None or new is None:
        return SAME if old is new else CHANGED
    if old.sha256 and new.sha256:
        return SAME if old.sha256 == new.sha256 else CHANGED
    if old.size != new.size:
        return CHANGED
    return SAME if old[:3] == new[:3] else UNKNOWN


def _digest(read: Read) -> str | None:
    return read.file.sha256 if read.file and read.file.size else None


def _reads(side: Side) -> dict[str, Read]:
    """Return what the recipes of an output have read, by name; what they have downloaded counts as well."""
    found: dict[str, Read] = {}
    for made in reversed(makings(side.origin.made) if side.origin.made else []):
        for read in made.inputs:
            one = _read(read)
            found.setdefault(one.name, one)
        for file in _downloaded(made):
            found.setdefault(file.path, Read(file.path, file, "downloaded", True))
    return found


def _read(read: Input) -> Read:
    if read.file is None:
        return Read(read.url or "", None, "fetched", True)
    made = read.written_by
    if made is None:
        origin = f"committed {read.commit.oid[:7]}" if read.commit else ""
        return Read(read.file.path, read.file, origin, True)
    cell = f" cell {made.place.cell_index}" if made.place.cell_index is not None else ""
    return Read(read.file.path, read.file, f"by {made.place.path or 'a kernel'}{cell}", False)


def _downloaded(made: Made) -> Iterable[FileSeen]:
    """Yield the files that the runs of a recipe have written which fetched something, too."""
    for run in made.recipe.runs if made.recipe else ():
        if run.urls:
            yield from run.writes


def compare_packages(before: Side, after: Side) -> list[PackageChange]:
    """Return the packages whose version changed, or which one side alone has imported, by notebook and name."""
    old, new = _packages(before), _packages(after)
    found = []
    for path in new:
        there = old.get(path) or (old.get(before.path) if path == after.path else None)
        if there is None:
            continue
        found += [
            PackageChange(path, name, there.get(name), new[path].get(name))
            for name in sorted({*there, *new[path]}, key=str.lower)
            if there.get(name) != new[path].get(name)
        ]
    return found


def _packages(side: Side) -> dict[str, dict[str, str]]:
    """Return notebook -> packages at the last of its runs that the output rests on."""
    found: dict[str, dict[str, str]] = {}
    for made in makings(side.origin.made) if side.origin.made else []:
        found[made.place.path or ""] = made.run.session.packages_at(made.run.number)
    return found


def count_packages(side: Side) -> int:
    """Return how many packages the sessions of an output had imported."""
    return len({name for packages in _packages(side).values() for name in packages})


def compare_facts(before: Side, after: Side) -> list[Pair]:
    """Return what was noted of the runs (nbgit.annotate) and is not the same; "" where one side has no such note."""
    old, new = _facts(before), _facts(after)
    names = [name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]
    return [Pair(name, old.get(name, ""), new.get(name, "")) for name in names]


def _facts(side: Side) -> dict[str, str]:
    made = makings(side.origin.made) if side.origin.made else []
    runs = [run for one in made for run in (one.recipe.runs if one.recipe else [])]
    return {str(name): str(value) for run in runs for name, value in run.facts.items()}


def surroundings(before: Side, after: Side) -> list[Pair]:
    """Return kernel, host and person of both sides, whether they differ or not."""
    old, new = _around(before), _around(after)
    return [Pair(name, old.get(name, ""), new.get(name, "")) for name in dict.fromkeys([*new, *old])]


def _around(side: Side) -> dict[str, str]:
    if side.origin.made is None:
        return {}
    session = side.origin.made.run.session
    told = {"python": session.kernel.get("python", ""), "host": session.host, "person": told_person(session.person)}
    return {name: value for name, value in told.items() if value}


def random_numbers(side: Side) -> list[str]:
    """Return which random numbers the runs of a recipe have drawn or seeded."""
    made = makings(side.origin.made) if side.origin.made else []
    touched = {touch for one in made for run in (one.recipe.runs if one.recipe else []) for touch in run.touches}
    return [name for name in RANDOM if name in touched]
