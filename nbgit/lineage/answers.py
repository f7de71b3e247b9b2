"""Ring 3: the questions of `nbgit blame-output`, each with its matches or the sentence that says why there are none."""

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from nbgit.errors import GitFailed, NotANotebook
from nbgit.lineage.blame import Match, Selection, blame_figures
from nbgit.lineage.documents import CellKey, Figure
from nbgit.lineage.figures import documents_with
from nbgit.lineage.past import Past
from nbgit.lineage.picture_search import digests_with_pixels
from nbgit.lineage.pictures import can_decode
from nbgit.lineage.versions import Version
from nbgit.notebook.outputs import Payload, read_payloads
from nbgit.store.git import run_git
from nbgit.store.repository import Repository

PREFIX_BYTES = 54  # 72 characters of base64: less than the 76 after which old notebooks break the line


@dataclass
class Answer:
    """What was found: `matches`, or the sentence `reason`; `notes` are sentences to tell beside them."""

    matches: list[Match] = field(default_factory=list)
    reason: str = ""
    notes: list[str] = field(default_factory=list)


def blame_notebook(past: Past, path: str, position: int, selection: Selection, *, history: bool = False) -> Answer:
    """Answer for outputs of the notebook at `path` in the commit at `position` of the past's graph."""
    versions = past.versions_of([path])
    shown = versions.at(position).get(path)
    uncommitted = _worktree_payloads(past.repository, path) if position == past.head else []
    if shown is None:
        return Answer(reason=why_absent(past, path, position, sorted(versions.at(position))))
    past.learn(versions.all_shown())
    chosen = selection.choose(past.figures(shown))
    lineage = versions.lineage_of(position, path)
    if not chosen or lineage is None:
        return Answer(reason=_why_nothing(past, path, position, selection, past.cells(shown), uncommitted))
    places = [(lineage, Version(position, path, shown), figure) for figure in chosen]
    now = [] if selection.is_all else selection.choose(_as_figures(uncommitted))
    notes = []
    if now and {figure.digest for figure in now} != {figure.digest for figure in chosen}:
        notes.append("The working tree shows something else there, which is not committed yet.")
    return Answer(blame_figures(past, versions, places, history=history), notes=notes)


def blame_picture(past: Past, data: bytes, *, history: bool = False) -> Answer:
    """Answer for a file's bytes: every payload of any notebook in history that equals it, deleted notebooks included.

    Bytes are compared first; where none are equal, decoded pixels (where Pillow is there to decode them).
    """
    past.learn_all()
    digest = "sha256:" + sha256(data).hexdigest()
    matches = matches_of(past, [digest], history)
    if matches:
        return Answer(matches)
    if can_decode():
        digests = digests_with_pixels(past, data)
        matches = matches_of(past, digests or [], history)
        if matches:
            return Answer(matches, notes=["The file's bytes differ; its pixels, decoded, are the same."])
        compared = "these bytes" if digests is None else "these bytes or these pixels"
        hint = ""
    else:
        compared = "exactly these bytes"
        hint = "; to compare decoded pixels too, install Pillow: pip install 'nbgit[figures]'"
    found = next(_in_worktree(past.repository, data), None)
    if found is not None:
        path, payload = found
        where = f"cell {payload.cell_index} of {path}"
        return Answer(reason=f"This figure is only in the working tree, in {where}, and not committed yet{hint}.")
    return Answer(reason=f"No output in the history of HEAD has {compared}{hint}.")


def matches_of(past: Past, digests: list[str], history: bool) -> list[Match]:
    """Return a Match for each place at which a notebook's latest version that shows one of the payloads has it."""
    keys: dict[str, set[str]] = {}
    for digest in digests:
        for document in documents_with(past.index, digest):
            keys.setdefault(document, set()).add(digest)
    names = past.names_showing(set(keys)) if keys else set()
    if not names:
        return []
    versions = past.versions_of(names)
    places: list[tuple[int, int, Version, Figure]] = []
    for (lineage, digest), (first, last) in versions.spans(keys).items():
        found = [figure for figure in past.figures(last.shown) if figure.digest == digest]
        if not any(place[0] == -first.position and place[2] == last and place[3] in found for place in places):
            places += [(-first.position, lineage, last, figure) for figure in found]
    places.sort(key=lambda place: (place[0], place[2].path, place[3].cell_index, place[3].output_index))
    needed = [versions.at(past.head).values(), [version.shown for _, _, version, _ in places]]
    past.learn(versions.all_shown() if history else {shown for group in needed for shown in group})
    return blame_figures(past, versions, [place[1:] for place in places], history=history)


def why_absent(past: Past, path: str, position: int, kin: list[str]) -> str:
    """Return the sentence that says why there is no notebook at `path` in a commit, which has `kin` of it."""
    where = "HEAD" if position == past.head else past.graph.oids[position][:12]
    if position == past.head and _on_disk(past.repository, path):
        return f"{path} is only in the working tree and not committed yet, so no commit has it."
    if kin:
        return f"{path} is not in {where}; by the renames in its history it is {kin[0]} there."
    if past.has_name(path):
        return f"{path} is not in {where}; it was in earlier commits: name one of them as REV:{path}."
    return f"{path} is not in {where}, nor in any commit before it."


def _why_nothing(
    past: Past, path: str, position: int, selection: Selection, cells: list[CellKey], uncommitted: list[Payload]
) -> str:
    where = "HEAD" if position == past.head else past.graph.oids[position][:12]
    if selection.choose(_as_figures(uncommitted)):
        return f"That output of {path} is only in the working tree and not committed yet, so no commit shows it."
    if selection.is_all:
        return f"{path} has no figures in {where}; name a cell with --cell N to ask about its other outputs."
    if selection.cell is not None and selection.cell >= len(cells):
        last = f"its cells are 0 to {len(cells) - 1}" if cells else "it has no cells"
        return f"{path} has no cell {selection.cell} in {where}; {last}."
    if selection.cell_id is not None and all(cell.id != selection.cell_id for cell in cells):
        return f"{path} has no cell with the id {selection.cell_id} in {where}."
    cell = f"Cell {selection.cell}" if selection.cell is not None else f"Cell {selection.cell_id}"
    if selection.cell is None and selection.cell_id is None:
        return f"No cell of {path} has an output {selection.output} in {where}."
    which = "no output" if selection.output is None else f"no output {selection.output}"
    return f"{cell} of {path} has {which} in {where}."


def _on_disk(repository: Repository, path: str) -> bool:
    return repository.worktree is not None and os.path.isfile(os.path.join(repository.worktree, path))


def _worktree_payloads(repository: Repository, path: str) -> list[Payload]:
    if repository.worktree is None:
        return []
    try:
        with open(os.path.join(repository.worktree, path), "rb") as file:
            return read_payloads(file.read())
    except (OSError, NotANotebook, ValueError):
        return []


def _as_figures(payloads: list[Payload]) -> list[Figure]:
    return [
        Figure(p.cell_index, p.cell_id, p.output_index, p.mime, p.digest, len(p.data), p.execution_count, None)
        for p in payloads
    ]


def _in_worktree(repository: Repository, data: bytes) -> Iterator[tuple[str, Payload]]:
    """Yield (path, payload) of the outputs of notebooks in the working tree that equal `data`."""
    if repository.worktree is None:
        return
    marks = (b64encode(data[:PREFIX_BYTES])[:72], data[:8])
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.ipynb"]
    try:
        paths = run_git(arguments, cwd=repository.worktree).decode("utf-8", "surrogateescape").split("\0")
    except GitFailed:
        return
    for path in filter(None, dict.fromkeys(paths)):
        try:
            with open(os.path.join(repository.worktree, path), "rb") as file:
                notebook = file.read()
        except OSError:
            continue
        if any(mark and mark in notebook for mark in marks):
            yield from ((path, payload) for payload in _worktree_payloads(repository, path) if payload.data == data)
