"""Ring 3: outputs and what made them as records of W3C PROV (PROV-DM), with its constraints kept by construction.

A file is one entity for each content, path and writer, an output one for each payload and run: so none has two
generations, whatever was written twice. What would close a circle of derivations is left out.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from nbgit.lineage.blame import Match
from nbgit.lineage.export.telling import (
    file_key,
    makings,
    quoted,
    times_of,
    told_output,
    told_path,
    told_person,
    told_url,
)
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import Recipe
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import Run, Session
from nbgit.notebook.outputs import is_figure

PREFIXES = {
    "nbgit": "urn:nbgit:prov:",
    **{
        kind: f"urn:nbgit:{kind}:"
        for kind in ("output", "run", "file", "download", "notebook", "cell", "kernel", "person", "fact")
    },
    "pypi": "pkg:pypi/",  # package URLs (github.com/package-url/purl-spec)
}
SOFTWARE_HERITAGE = "swh:1:rev:"  # ISO/IEC 18670: a commit of a sha1 repository has this name everywhere
SHA1_DIGITS = 40
Value = str | int | float | datetime | tuple[str, str]  # a tuple is ("name", qualified name) or ("uri", address)
Attributes = list[tuple[str, Value]]


class Record(NamedTuple):
    """One statement of PROV: its `kind` (entity, used, ...), its name ("" for a relation), its attributes."""

    kind: str
    name: str
    attributes: Attributes


class Provenance:
    """Gathers records, each once, in the order in which they were told; `place` says where in the history a run is."""

    def __init__(self, place: Callable[[Run], Place], oid_digits: int = SHA1_DIGITS) -> None:
        self._place = place
        self._elements: dict[str, Record] = {}
        self._relations: dict[tuple[str, tuple[tuple[str, Value], ...]], Record] = {}
        self._sources: dict[str, set[str]] = {}  # entity -> those it was derived from
        self._untimed: set[str] = set()
        commit = SOFTWARE_HERITAGE if oid_digits == SHA1_DIGITS else "urn:nbgit:commit:"
        self.prefixes = {**PREFIXES, "commit": commit}

    @property
    def records(self) -> list[Record]:
        """All that was told: entities, activities and agents, then what relates them."""
        order = ("entity", "activity", "agent")
        return [*sorted(self._elements.values(), key=lambda one: order.index(one.kind)), *self._relations.values()]

    def add(self, match: Match, origin: Origin) -> None:
        """Tell of an output, and of all that it rests on."""
        if origin.made is None:
            self._add_unrecorded(match, origin.recipe)
            return
        made = origin.made
        all_made = makings(made)
        self._untimed |= _contradicting(all_made)
        for one in all_made:
            self._add_making(one)
        figure = self._output(match, made.run.id.replace(":", "/"))
        self._relate("wasGeneratedBy", entity=figure, activity=_run_name(made.run))
        self._derive(figure, made)

    def _add_making(self, made: Made) -> None:
        """Tell of the runs of a recipe and of the files that they read."""
        runs = made.recipe.runs if made.recipe else [made.run]
        for run in runs:
            place = made.place if run is made.run else self._place(run)
            self._run(run, place)
            if run is not made.run:
                self._relate("wasInformedBy", informed=_run_name(made.run), informant=_run_name(run))
        for name, version in sorted(made.run.session.packages_at(made.run.number).items()):
            package = f"pypi:{quoted(name)}@{quoted(version)}"
            self._element("agent", package, f"{name} {version}", "prov:SoftwareAgent", "nbgit:Package")
            self._relate("actedOnBehalfOf", delegate=package, responsible=_kernel_name(made.run.session))
        for read in made.inputs:
            self._relate("used", activity=_run_name(read.read_by), entity=self._input(read))

    def _input(self, read: Input) -> str:
        """Tell of what a run has read, and return its name; of what another run wrote also that, and from what."""
        if read.file is None:
            return self._download(read)
        made, file = read.written_by, read.file
        path = told_path(file.path)
        writer = made.run.id.replace(":", "/") if made else "unknown"
        name = f"file:{quoted(file_key(file))}/{quoted(writer)}/{quoted(path)}"
        facts: Attributes = [("nbgit:path", path), ("nbgit:size", file.size), ("nbgit:modified", file.mtime)]
        facts += [("nbgit:sha256", file.sha256)] if file.sha256 else []
        self._element("entity", name, path, "nbgit:File", facts=facts)
        if made is not None:
            self._run(made.run, made.place)
            self._relate("wasGeneratedBy", entity=name, activity=_run_name(made.run))
            self._derive(name, made)
        elif read.commit is not None:
            self._relate("hadMember", collection=self._commit(read.commit), entity=name)
        return name

    def _download(self, read: Input) -> str:
        url = told_url(read.url or "")
        name = f"download:{quoted(read.read_by.id.replace(':', '/'))}/{quoted(url)}"
        facts: Attributes = [("prov:location", ("uri", url))]
        self._element("entity", name, url, "nbgit:Download", facts=facts)
        return name

    def _derive(self, entity: str, made: Made) -> None:
        """Say that an entity was derived from each input of its making, unless that was derived from it."""
        for read in made.inputs:
            source = self._input(read)
            if source != entity and not self._rests_on(source, entity):
                self._sources.setdefault(entity, set()).add(source)
                self._relate("wasDerivedFrom", generatedEntity=entity, usedEntity=source)

    def _rests_on(self, entity: str, source: str) -> bool:
        seen, todo = {entity}, [entity]
        while todo:
            new = self._sources.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        return source in seen

    def _run(self, run: Run, place: Place) -> None:
        """Tell of a run, its person, its kernel, and its cell as the plan where a commit has it."""
        name = _run_name(run)
        if name in self._elements:
            return
        start, end = (None, None) if run.id in self._untimed else times_of(run)
        facts: Attributes = [("prov:startTime", start)] if start else []
        facts += [("prov:endTime", end)] if end else []
        facts += [("nbgit:code", run.code), ("nbgit:outcome", run.outcome)]
        facts += [("nbgit:executionCount", run.execution_count)] if run.execution_count is not None else []
        facts += [("nbgit:path", place.path)] if place.path else []
        facts += [("nbgit:headCommit", ("name", f"commit:{run.head}"))] if run.head and run.head.isalnum() else []
        facts += [(f"fact:{quoted(key)}", _plain(value)) for key, value in run.facts.items()]
        count = f" [{run.execution_count}]" if run.execution_count is not None else ""
        self._element("activity", name, f"run{count} of {place.path or 'a kernel'}", "nbgit:Run", facts=facts)
        plan = self._cell(place.commit, place.path, place.cell_index, run.code) if place.commit else None
        kernel, person = self._kernel(run.session), self._person(told_person(run.session.person))
        if person:
            self._relate("wasAssociatedWith", activity=name, agent=person, plan=plan)
            self._relate("actedOnBehalfOf", delegate=kernel, responsible=person)
        self._relate("wasAssociatedWith", activity=name, agent=kernel, plan=None if person else plan)

    def _kernel(self, session: Session) -> str:
        name = _kernel_name(session)
        told = [("Python", "python"), ("IPython", "ipython"), ("ipykernel", "ipykernel")]
        parts = [f"{word} {session.kernel[key]}" for word, key in told if session.kernel.get(key)]
        facts: Attributes = [(f"nbgit:{key}", session.kernel[key]) for _, key in told if session.kernel.get(key)]
        label = ", ".join(parts) or "kernel"
        self._element("agent", name, label, "prov:SoftwareAgent", "nbgit:Kernel", facts=facts)
        return name

    def _person(self, name: str) -> str:
        if not name:
            return ""
        self._element("agent", f"person:{quoted(name)}", name, "prov:Person")
        return f"person:{quoted(name)}"

    def _commit(self, commit: Commit) -> str:
        name = f"commit:{commit.oid}"
        facts: Attributes = [("nbgit:date", commit.date), ("nbgit:subject", commit.summary)]
        self._element(
            "entity", name, f"{commit.oid[:10]} {commit.summary}", "prov:Collection", "nbgit:Commit", facts=facts
        )
        person = self._person(told_person(commit.author))
        if person:
            self._relate("wasAttributedTo", entity=name, agent=person)
        return name

    def _cell(self, commit: Commit, path: str | None, index: int | None, code: str) -> str | None:
        """Tell of a cell of a notebook as a commit has it, and return its name."""
        if path is None or index is None:
            return None
        where = f"{commit.oid}/{quoted(path)}"
        self._element(
            "entity", f"notebook:{where}", f"{path} in {commit.oid[:10]}", "prov:Collection", "nbgit:Notebook"
        )
        self._relate("hadMember", collection=self._commit(commit), entity=f"notebook:{where}")
        facts: Attributes = [("nbgit:code", code), ("nbgit:cell", index)]
        self._element("entity", f"cell:{where}/{index}", f"{path} cell {index}", "prov:Plan", "nbgit:Cell", facts=facts)
        self._relate("hadMember", collection=f"notebook:{where}", entity=f"cell:{where}/{index}")
        return f"cell:{where}/{index}"

    def _output(self, match: Match, made_by: str) -> str:
        figure, digest = match.figure, match.figure.digest.removeprefix("sha256:")
        name = f"output:{digest}/{quoted(made_by)}"
        facts: Attributes = [("nbgit:sha256", digest), ("nbgit:mediaType", figure.mime), ("nbgit:size", figure.size)]
        facts += [("nbgit:path", match.path), ("nbgit:cell", figure.cell_index)]
        facts += [] if match.written else [("nbgit:output", figure.output_index)]
        facts.append(("nbgit:introducedIn", ("name", self._commit(match.introduced))))
        kind = "nbgit:Figure" if is_figure(figure.mime) else "nbgit:Output"
        self._element("entity", name, told_output(match), kind, facts=facts)
        return name

    def _add_unrecorded(self, match: Match, recipe: Recipe) -> None:
        """Tell what the committed code alone says: a run that nobody has recorded, and the cells it rests on."""
        commit, path = match.introduced, match.version.path
        place = f"unrecorded/{commit.oid}/{path}/{match.then.cell_index}"
        activity, figure = f"run:{quoted(place)}", self._output(match, place)
        facts: Attributes = [("nbgit:recipe", "static: from the committed code alone; no run was recorded")]
        label = f"a run of {path} that was not recorded"
        self._element("activity", activity, label, "nbgit:UnrecordedRun", facts=facts)
        self._relate("wasGeneratedBy", entity=figure, activity=activity)
        for step in recipe.steps:
            cell = self._cell(commit, path, step.cell_index, step.code)
            if cell is not None:
                self._relate("used", activity=activity, entity=cell)

    def _element(self, kind: str, name: str, label: str, *types: str, facts: Iterable[tuple[str, Value]] = ()) -> None:
        told: Attributes = [("prov:label", label), *(("prov:type", ("name", one)) for one in types)]
        self._elements.setdefault(name, Record(kind, name, [*told, *facts]))

    def _relate(self, kind: str, **ends: str | None) -> None:
        attributes: Attributes = [(f"prov:{role}", ("name", end)) for role, end in ends.items() if end]
        self._relations.setdefault((kind, tuple(attributes)), Record(kind, "", attributes))


def _run_name(run: Run) -> str:
    return f"run:{quoted(run.id.replace(':', '/'))}"


def _kernel_name(session: Session) -> str:
    return f"kernel:{quoted(session.id)}"


def _plain(value: object) -> Value:
    return value if isinstance(value, str | int | float) else str(value)


def _contradicting(all_made: list[Made]) -> set[str]:
    """Return the runs that began after one that rests on them had ended: a clock was set, and no time of them holds."""
    found: set[str] = set()
    for made in all_made:
        before = list(made.recipe.runs if made.recipe else [])
        pairs = [(run, made.run) for run in before]
        pairs += [(read.written_by.run, read.read_by) for read in made.inputs if read.written_by]
        for source, target in pairs:
            start, end = times_of(source)[0], times_of(target)[1]
            if start and end and start > end:
                found |= {source.id, target.id}
    return found
