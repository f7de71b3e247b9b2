"""Ring 3: what every export tells alike: which makings an output rests on, and what of a run may leave the machine."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from nbgit.kernel.redact import redact_url
from nbgit.lineage.blame import Match
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.upstream import Made
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.paths import is_inside
from nbgit.lineage.runs.times import moment

OUTSIDE = "outside"  # stands for every folder that is not in the worktree


def makings(made: Made) -> list[Made]:
    """Return what a run has made and all that this rests on, each making with a recipe once, sources first."""
    found: dict[str, Made] = {}
    seen: set[str] = set()

    def visit(one: Made) -> None:
        if one.recipe is None or one.run.id in seen:
            return
        seen.add(one.run.id)
        for read in one.inputs:
            if read.written_by is not None:
                visit(read.written_by)
        found[one.run.id] = one

    visit(made)
    return list(found.values())


def told_path(path: str) -> str:
    """Return a recorded path as others may see it: of one outside of the worktree the file's name alone."""
    if is_inside(path):
        return path
    name = path.replace("\\", "/").rpartition("/")[2]
    return f"{OUTSIDE}/{name.removeprefix('sha256:') or 'unnamed'}"


def as_told(origin: Origin) -> Origin:
    """Return an origin whose recipe can be written for others: no path outside of the worktree, no query of an address.

    What the code itself names stays as it is.
    """
    made = origin.made
    if made is None:
        return origin
    inputs = [
        replace(read, file=read.file._replace(path=told_path(read.file.path)))
        if read.file
        else replace(read, url=told_url(read.url or ""))
        for read in made.inputs
    ]
    cwd = made.run.session.cwd
    session = replace(made.run.session, cwd=told_path(cwd) if cwd not in ("", ".") else cwd)
    return replace(origin, made=replace(made, inputs=inputs, run=replace(made.run, session=session)))


def told_url(url: str) -> str:
    """Return an address without credentials and query, whatever the journal has kept of them."""
    return redact_url(url)


def told_person(person: str) -> str:
    """Return the name in `Name <address>`."""
    return person.rpartition(" <")[0] or ("" if person.startswith("<") else person)


def told_output(match: Match) -> str:
    """Return what people call an output: its place in a notebook, or the file that its cell has written."""
    if match.written:
        return told_path(match.written[1].path)
    return f"{match.path} cell {match.figure.cell_index} output {match.figure.output_index}"


def file_key(file: FileSeen) -> str:
    """Return what tells a file's content from any other: its digest, or else its size and time."""
    return file.sha256 or f"{file.size}-{file.mtime}"


def times_of(run: Run) -> tuple[datetime | None, datetime | None]:
    """Return when a run began and ended (UTC), None for what is not known or can't be."""
    start = moment(run.started)
    if start.year == 1970:  # what names no time
        return None, None
    seconds = run.seconds if run.seconds is not None and 0 <= run.seconds < 1e9 else None
    return start, None if seconds is None else start + timedelta(milliseconds=round(seconds * 1000))


def quoted(text: str) -> str:
    """Return text as a part of a URI and of a qualified name: what is no letter, digit or one of `/_-.~` as %XX."""
    whole = quote(text.encode("utf-8", "surrogatepass"), safe="/")
    return whole[:-1] + "%2E" if whole.endswith(".") else whole
