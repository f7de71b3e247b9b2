"""Ring 3: the versions of notebooks over the commit graph, followed through renames on every branch.

A name is followed from child to parent along each edge of the graph: a rename record gives the parent's name; a name
that the parent lacks stays as it is, because the notebook may have been there before (deleted and brought back, or
deleted on this branch only). What is followed from one name is a *lineage*: one notebook, under whatever names. Two
lineages may share a past (a notebook renamed in two ways on two branches), so a name carries a set of them, as the bits
of an integer. A notebook that no tip has any more is a lineage too, for that part of its past that no other one covers.
States are shared between neighbouring commits and copied only where something changed.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from nbgit.lineage.history.commits import Change, Graph

Entries = dict[str, dict[str, str]]  # commit oid -> path -> snapshot oid


class Shown(NamedTuple):
    """What a commit shows at a path: the source's `blob` and the linked `snapshot`, if there is one."""

    blob: str
    snapshot: str | None

    @property
    def document(self) -> str:
        """The oid of what holds the outputs: the snapshot, or else the blob itself."""
        return self.snapshot or self.blob


class Version(NamedTuple):
    """One notebook as one commit has it; `position` counts in Graph.oids (0 is the newest)."""

    position: int
    path: str
    shown: Shown


class Step(NamedTuple):
    """What one commit did to one notebook: `before` is what each parent shows (None: not there), `now` the commit.

    `old_path` is the name in the first parent where git saw a rename.
    """

    path: str
    old_path: str | None
    before: list[Shown | None]
    now: Shown | None


class Versions:
    """All versions of the notebooks that ever had one of `names`, by commit and by lineage."""

    def __init__(
        self, graph: Graph, changes: dict[int, list[Change]], names: set[str], entries: Entries, tips: list[int]
    ) -> None:
        self.graph = graph
        self._changes = changes
        self._entries = entries
        self._names = names
        self._tips = tips
        self._shown = self._walk_forward()

    def at(self, position: int) -> dict[str, Shown]:
        """Return path -> Shown for the notebooks that the commit at `position` has (treat as read-only)."""
        return self._shown[position]

    def lineage_of(self, position: int, path: str) -> int | None:
        """Return the lineage (the first, of several) that the notebook at `path` has in the commit at `position`."""
        return next(_numbers(self._lineages[position].get(path, 0)), None)

    def head_of(self, lineage: int, position: int) -> Shown | None:
        """Return what the commit at `position` shows of a lineage, or None where that notebook is gone."""
        lineages = self._lineages[position]
        shown = self._shown[position].items()
        return next((state for path, state in shown if lineages.get(path, 0) >> lineage & 1), None)

    def is_kin(self, position: int, path: str, name: str) -> bool:
        """Return whether `path` in that commit and `name` in the first tip (or formerly) are one notebook."""
        tips = self._lineages[self._tips[0]]
        return bool(self._lineages[position].get(path, 0) & tips.get(name, 0))

    def before(self, version: Version) -> list[Version]:
        """Return the notebook in each parent that has it, under the name it had there."""
        changes = self._changes.get(version.position, ())
        old_paths = {change.parent: change.old_path for change in changes if change.path == version.path}
        found = []
        for number, parent in enumerate(self.graph.parents[version.position]):
            path = old_paths.get(number) or version.path
            shown = self._shown[parent].get(path)
            found += [Version(parent, path, shown)] if shown else []
        return found

    def oldest_first(self) -> Iterator[tuple[int, Version]]:
        """Yield (lineage, Version) for every notebook of every commit, oldest commit first."""
        for position in range(len(self.graph.oids) - 1, -1, -1):
            lineages = self._lineages[position]
            for path, shown in self._shown[position].items():
                for lineage in _numbers(lineages.get(path, 0)):
                    yield lineage, Version(position, path, shown)

    def spans(self, keys: dict[str, set[str]]) -> dict[tuple[int, str], tuple[Version, Version]]:
        """Return (lineage, key) -> (earliest, latest version) that shows a document which `keys` gives that key.

        `keys` is document -> keys (digests of payloads, say). Neighbouring commits share their states, and what was
        found for a state holds for all commits that share it.
        """
        spans: dict[tuple[int, str], tuple[Version, Version]] = {}
        states: tuple[dict[str, Shown], dict[str, int]] | None = None
        hits: list[tuple[tuple[int, str], str, Shown]] = []
        for position in range(len(self.graph.oids) - 1, -1, -1):
            shown, lineages = self._shown[position], self._lineages[position]
            if states is None or states[0] is not shown or states[1] is not lineages:
                states = (shown, lineages)
                hits = [
                    ((lineage, key), path, state)
                    for path, state in shown.items()
                    for key in keys.get(state.document, ())
                    for lineage in _numbers(lineages.get(path, 0))
                ]
            for found, path, state in hits:
                version = Version(position, path, state)
                spans[found] = (spans[found][0] if found in spans else version, version)
        return spans

    def steps_at(self, position: int) -> list[Step]:
        """Return what the commit did to notebooks: where it shows what none of its parents shows, by path."""
        changes = self._changes.get(position, [])
        old_paths = {(change.parent, change.path): change.old_path for change in changes if change.old_path}
        parents = [self._shown[parent] for parent in self.graph.parents[position]] or [{}]
        entry = self._entries.get(self.graph.oids[position], {})
        steps = []
        for path in sorted({change.path for change in changes if change.parent == 0} | (entry.keys() & self._names)):
            now = self._shown[position].get(path)
            before = [state.get(old_paths.get((number, path), path)) for number, state in enumerate(parents)]
            is_renamed = all((number, path) in old_paths for number in range(len(parents)))
            if now not in before or is_renamed:
                steps.append(Step(path, old_paths.get((0, path)), before, now))
        return steps

    def all_shown(self) -> set[Shown]:
        """Return all that any commit shows under these names."""
        return {shown for state in {id(state): state for state in self._shown}.values() for shown in state.values()}

    @cached_property
    def _lineages(self) -> list[dict[str, int]]:
        return self._walk_back(self._names, self._tips)

    def _walk_forward(self) -> list[dict[str, Shown]]:
        shown: list[dict[str, Shown]] = [{} for _ in self.graph.oids]
        linked: dict[tuple[str, str], dict[int, str]] = {}  # (path, blob) -> position -> snapshot of the entry there
        for position in range(len(self.graph.oids) - 1, -1, -1):
            parents = self.graph.parents[position]
            before = shown[parents[0]] if parents else {}
            touched = [change for change in self._changes.get(position, ()) if change.parent == 0]
            entry = self._entries.get(self.graph.oids[position], {})
            here = _apply(before, touched) if touched else before
            found: dict[str, str] = {}
            for path in here if len(parents) > 1 else ():
                if here[path].snapshot is None:
                    found.update(_from_parents(path, here[path], [shown[parent] for parent in parents]))
            for path in {change.path for change in touched} & here.keys() - found.keys():
                snapshot = self._nearest(position, linked.get((path, here[path].blob)))
                found.update({path: snapshot} if snapshot else {})
            for path in entry.keys() & here.keys():
                found[path] = entry[path]
                linked.setdefault((path, here[path].blob), {})[position] = entry[path]
            new = {path: Shown(here[path].blob, snapshot) for path, snapshot in found.items()}
            shown[position] = {**here, **new} if new else here
        return shown

    def _nearest(self, position: int, linked: dict[int, str] | None) -> str | None:
        """Return the snapshot of the nearest ancestor among `linked` (position -> snapshot), breadth first."""
        if not linked:
            return None
        waiting, seen = [position], {position}
        for here in waiting:
            if here in linked:
                return linked[here]
            fresh = [parent for parent in self.graph.parents[here] if parent not in seen]
            waiting += fresh
            seen.update(fresh)
        return None

    def _walk_back(self, names: set[str], tips: list[int]) -> list[dict[str, int]]:
        present = sorted({path for tip in tips for path in self._shown[tip]} & names)
        living = self._follow({name: 1 << number for number, name in enumerate(present)}, tips)
        gone = sorted(names - set(present))
        if not gone:
            return living
        first = len(present)
        dead = self._follow({name: 1 << first + number for number, name in enumerate(gone)}, tips)
        both: list[dict[str, int]] = []
        for position, (ours, theirs) in enumerate(zip(living, dead, strict=True)):
            if position and ours is living[position - 1] and theirs is dead[position - 1]:
                both.append(both[-1])
            else:
                both.append({**{name: mask & -mask for name, mask in theirs.items()}, **ours})
        return both

    def _follow(self, seeds: dict[str, int], tips: list[int]) -> list[dict[str, int]]:
        """Return for each commit name -> lineages, followed back from the first tip and those it does not reach."""
        lineages: list[dict[str, int] | None] = [None] * len(self.graph.oids)
        lineages[tips[0]] = seeds
        done: list[dict[str, int]] = []
        for position in range(len(self.graph.oids)):
            here = lineages[position]
            here = seeds if here is None else here
            done.append(here)
            changes = self._changes.get(position, [])
            for number, parent in enumerate(self.graph.parents[position]):
                renames = [c for c in changes if c.parent == number and c.old_path is not None]
                lineages[parent] = _merge(lineages[parent], _step_back(here, renames))
        return done


def _apply(before: dict[str, Shown], changes: list[Change]) -> dict[str, Shown]:
    after = dict(before)
    for change in changes:
        after.pop(change.old_path or change.path, None)
    for change in changes:
        if change.blob:
            after[change.path] = Shown(change.blob, None)
    return after


def _from_parents(path: str, state: Shown, parents: list[dict[str, Shown]]) -> dict[str, str]:
    """Return path -> the snapshot of the first parent that has the same blob there and a snapshot, if there is one."""
    for parent in parents:
        other = parent.get(path)
        if other and other.blob == state.blob and other.snapshot:
            return {path: other.snapshot}
    return {}


def _step_back(here: dict[str, int], renames: list[Change]) -> dict[str, int]:
    """Return the parent's names of what `here` (name -> lineages) names, given the renames from parent to child."""
    if not renames:
        return here
    old_name = {change.path: change.old_path for change in renames}
    moved_away = set(old_name.values())
    there: dict[str, int] = {}
    for name, lineages in here.items():
        before = old_name.get(name, None if name in moved_away else name)
        if before is not None:
            there[before] = there.get(before, 0) | lineages
    return there


def _merge(one: dict[str, int] | None, other: dict[str, int]) -> dict[str, int]:
    if one is None or one is other:
        return other
    if all(one.get(name, 0) | mask == one.get(name, 0) for name, mask in other.items()):
        return one
    merged = dict(one)
    for name, mask in other.items():
        merged[name] = merged.get(name, 0) | mask
    return merged


def _numbers(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
