"""Ring 3: an output and what made it as a Process Run Crate 0.5 (RO-Crate 1.1): its entities and its files.

What is small and committed is in the crate by content; of all else it says name, digest and where it came from.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from mimetypes import guess_type
from typing import Any

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
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.runs.journals import OK, UNKNOWN, Run, Session

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}  # RO-Crate 1.1 has no word for it
LONGEST = 4_000  # characters of a run's code in its description
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg", "application/pdf": "pdf"}
EXTENSIONS |= {"image/gif": "gif", "image/webp": "webp", "text/html": "html", "text/plain": "txt"}
NO_LICENSE = "No license was stated; ask the people named here before you use this."
_RISKY = re.compile(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff<>:"\\|?*]|[. ]+(?=/|$)')
Entity = dict[str, Any]


@dataclass
class Crate:
    """Properties of the `root` data set, entities by their name, (properties, bytes) of files by their path."""

    root: Entity = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    files: dict[str, tuple[Entity, bytes]] = field(default_factory=dict)

    def add(self, identifier: str, kind: str, /, **properties: Any) -> Entity:
        """Tell of an entity once, and return what refers to it; a property that is None or empty is left out."""
        self.entities.setdefault(identifier, {"@id": identifier, "@type": kind, **_told(properties)})
        return {"@id": identifier}

    def put(self, path: str, data: bytes, /, *kinds: str, **properties: Any) -> Entity:
        """Put a file into the crate, and return what refers to it."""
        kind = ["File", *kinds] if kinds else "File"
        self.files[path] = {"@type": kind, "contentSize": str(len(data)), **_told(properties)}, data
        return {"@id": quoted(path)}

    def free(self, path: str) -> str:
        """Return a path for a file that no other has, also where capitals make no difference."""
        taken = {name.casefold() for name in self.files}
        stem, dot, suffix = path.rpartition(".")
        made, number = path, 1
        while made.casefold() in taken:
            number += 1
            made = f"{stem}-{number}{dot}{suffix}" if stem else f"{path}-{number}"
        return made


class Author:
    """Writes one crate; `content_of` gives the bytes of an input that the crate is to have, None for a reference."""

    def __init__(self, content_of: Callable[[Input], bytes | None]) -> None:
        self.crate = Crate()
        self._content_of = content_of
        self._known: dict[str, Entity] = {}

    def describe(self, match: Match, origin: Origin, payload: bytes, recipe: dict[str, bytes]) -> None:
        """Tell of an output with its bytes and its recipe (name of a file -> bytes)."""
        figure, crate = match.figure, self.crate
        place = told_output(match)
        digest = figure.digest.removeprefix("sha256:")
        extension = EXTENSIONS.get(figure.mime, "bin")
        facts = {"name": place, "encodingFormat": figure.mime, "sha256": digest}
        output = crate.put(f"output.{extension}", payload, **facts)
        code = [self._recipe(name, data, origin.recipe.kind, match.introduced.oid) for name, data in recipe.items()]
        actions = (
            [self._unrecorded(match, output, code)] if origin.made is None else self._recorded(origin.made, output)
        )
        commit = match.introduced
        told = f"Introduced in commit {commit.oid} of {commit.date[:10]}: {commit.summary}"
        people = [self._person(told_person(commit.author))]
        crate.root |= _told(
            {
                "name": f"What made {place}",
                "description": f"{place} ({figure.mime}), with what made it. {told}",
                "conformsTo": crate.add(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"),
                "about": output,
                "mentions": actions,
                "author": [person for person in people if person],
                "identifier": f"swh:1:rev:{commit.oid}" if len(commit.oid) == 40 else commit.oid,
            }
        )

    def license(self, text: str | None) -> None:
        """Say under what license the crate is: an SPDX name, an address, or None."""
        if text is None:
            self.crate.root["license"] = NO_LICENSE
            return
        address = text if "://" in text else f"https://spdx.org/licenses/{quoted(text)}"
        name, told = text.rstrip("/").rpartition("/")[2] or text, f"The license of this crate: {text}"
        self.crate.root["license"] = self.crate.add(address, "CreativeWork", name=name, description=told)

    def _recipe(self, name: str, data: bytes, kind: str, version: str) -> Entity:
        script = name.endswith(".py")
        told = "The recipe as a script" if script else "The recipe as a notebook"
        told = f"The recipe of a file that it rests on ({name})" if "/" in name else told
        language = self.crate.add(
            "https://www.python.org/", "ComputerLanguage", name="Python", url="https://www.python.org/"
        )
        return self.crate.put(
            name,
            data,
            "SoftwareSourceCode",
            name=told,
            description=f"Steps that the output rests on, {kind}",
            encodingFormat="text/x-python" if script else "application/x-ipynb+json",
            programmingLanguage=language,
            version=version,
        )

    def _recorded(self, made: Made, output: Entity) -> list[Entity]:
        """Tell of the runs of all makings; those without a result made what a later one needed, in memory."""
        all_made = makings(made)
        results: dict[str, list[Entity]] = {made.run.id: [output]}
        for read in (read for one in all_made for read in one.inputs):
            if read.written_by is not None:
                results.setdefault(read.written_by.run.id, []).append(self._input(read))
        actions = []
        for one in all_made:
            for run in one.recipe.runs if one.recipe else [one.run]:
                read_by_it = [self._input(read) for read in one.inputs if read.read_by.id == run.id]
                actions.append(self._action(run, one.place.path, read_by_it, results.get(run.id, [])))
        return _each_once(actions)

    def _action(self, run: Run, path: str | None, read: list[Entity], results: list[Entity]) -> Entity:
        start, end = times_of(run)
        count = f" [{run.execution_count}]" if run.execution_count is not None else ""
        code = run.code if len(run.code) <= LONGEST else f"{run.code[:LONGEST]}…"
        status = "Completed" if run.outcome in (OK, UNKNOWN) else "Failed"
        return self.crate.add(
            f"urn:nbgit:run:{quoted(run.id.replace(':', '/'))}",
            "CreateAction" if results else "ActivateAction",
            name=f"Run{count} of {path or 'a kernel'}",
            description=code,
            agent=self._person(told_person(run.session.person)),
            instrument=self._kernel(run.session, run.number),
            object=_each_once(read),
            result=_each_once(results),
            startTime=start.isoformat(timespec="milliseconds") if start else None,
            endTime=end.isoformat(timespec="milliseconds") if end else None,
            actionStatus=f"http://schema.org/{status}ActionStatus",
            error=run.error or None if run.outcome != OK else None,
        )

    def _unrecorded(self, match: Match, output: Entity, code: list[Entity]) -> Entity:
        commit, path = match.introduced, match.version.path
        return self.crate.add(
            f"urn:nbgit:run:unrecorded/{commit.oid}/{quoted(path)}/{match.then.cell_index}",
            "CreateAction",
            name=f"A run of {path} that was not recorded",
            description="Static: told by the committed code alone, since no run was recorded.",
            instrument=code,
            result=[output],
        )

    def _kernel(self, session: Session, number: int) -> Entity:
        version = session.kernel.get("python", "")
        packages = [
            self.crate.add(
                f"https://pypi.org/project/{quoted(name)}/{quoted(one)}/",
                "SoftwareApplication",
                name=name,
                softwareVersion=one,
                url=f"https://pypi.org/project/{quoted(name)}/{quoted(one)}/",
            )
            for name, one in sorted(session.packages_at(number).items())
        ]
        return self.crate.add(
            f"urn:nbgit:kernel:{quoted(session.id)}/{number}",
            "SoftwareApplication",
            name="Python, in an IPython kernel",
            softwareVersion=version or "unknown",
            url="https://www.python.org/",
            softwareRequirements=packages,
        )

    def _person(self, name: str) -> Entity | None:
        return self.crate.add(f"#person-{quoted(name)}", "Person", name=name) if name else None

    def _input(self, read: Input) -> Entity:
        """Tell of what a run has read: in the crate, or as a reference."""
        if read.file is None:
            return self._download(told_url(read.url or ""))
        file, path = read.file, told_path(read.file.path)
        key = f"urn:nbgit:file:{quoted(file_key(file))}/{quoted(path)}"
        if key not in self._known:
            source = f"Introduced in commit {read.commit.oid}" if read.commit else None
            facts = {"name": path, "description": source, "sha256": file.sha256, "dateModified": file.mtime}
            data = self._content_of(read)
            if data is not None:
                kind = guess_type(path)[0] or "application/octet-stream"
                self._known[key] = self.crate.put(self.crate.free(inner_path(path)), data, encodingFormat=kind, **facts)
            else:
                self._known[key] = self.crate.add(key, "CreativeWork", contentSize=str(file.size), **facts)
        return self._known[key]

    def _download(self, url: str) -> Entity:
        is_web = url.startswith(("http://", "https://")) and "[" not in url
        name = re.sub(r"[^!-~]|[\"<>\\^`{|}]", lambda found: quoted(found[0]), url)
        return self.crate.add(name if is_web else f"urn:nbgit:download:{quoted(url)}", "CreativeWork", name=url)


def inner_path(path: str) -> str:
    """Return where the crate has an input: its own path under inputs/, in letters that every file system takes."""
    parts = [part for part in _RISKY.sub("_", path).split("/") if part not in ("", ".", "..")]
    return "/".join(["inputs", *parts[-20:]]) if parts else "inputs/unnamed"


def _told(properties: Entity) -> Entity:
    """Return what there is to tell; a list of one is told as that one, as RO-Crate asks."""
    kept = {key: value for key, value in properties.items() if value not in (None, "", [])}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in kept.items()}


def _each_once(entities: Iterable[Entity]) -> list[Entity]:
    return list({entity["@id"]: entity for entity in entities}.values())
