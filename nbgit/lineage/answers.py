"""Ring 3: the questions of `nbgit blame-output`, each with its matches or the sentence that says why there are none."""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from nbgit.errors import GitFailed, NotANotebook
from nbgit.lineage.blame import Match, Selection, blame_figures
from nbgit.lineage.history.documents import CellKey, Figure
from nbgit.lineage.history.figures import documents_with
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Version
from nbgit.lineage.lookup.evidence import ALIKE, BYTES, Evidence
from nbgit.lineage.lookup.pictures import can_decode
from nbgit.lineage.origin.downstream import InputFile, input_file
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.origin.written import match_of_writer, writer_of
from nbgit.lineage.runs.journals import Run
from nbgit.lineage.runs.records import Records
from nbgit.lineage.runs.times import local_time
from nbgit.lineage.targets import LIKENESS, FileTarget
from nbgit.notebook.outputs import Payload, read_payloads
from nbgit.store.git import run_git
from nbgit.store.repository import Repository

SAME, AMBIGUOUS, NONE = "same", "ambiguous", "none"
_COMPARED = {"picture": "bytes or these pixels", "svg": "bytes or this drawing", "pdf": "bytes, pictures or drawings"}
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".svg", ".pdf")
PREFIX_BYTES = 54  # 72 characters of base64: less than the 76 after which old notebooks break the line


@dataclass
class Answer:
    """What was found: `matches`, or the sentence `reason`; `notes` are sentences to tell behind, `head` one in front.

    `verdict` is for a file: SAME, ALIKE (one candidate), AMBIGUOUS (several) or NONE. `pending` is the run that
    wrote it, where no commit has its cell yet; `input` is for one that no run has made: who committed it, what read it.
    """

    matches: list[Match] = field(default_factory=list)
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    head: str = ""
    verdict: str = ""
    pending: Run | None = None
    input: InputFile | None = None


def blame_notebook(past: Past, path: str, position: int, selection: Selection, *, history: bool = False) -> Answer:
    """Answer for outputs of the notebook at `path` in the commit at `position` of the past's graph."""
    versions = past.versions_of([path])
    shown = versions.at(position).get(path)
    uncommitted = worktree_figures(past.repository, path) if position == past.head else []
    if shown is None:
        return Answer(reason=why_absent(past, path, position, sorted(versions.at(position))))
    past.learn(versions.all_shown())
    chosen = selection.choose(past.figures(shown))
    lineage = versions.lineage_of(position, path)
    if not chosen or lineage is None:
        return Answer(reason=_why_nothing(past, path, position, selection, past.cells(shown), uncommitted))
    places = [(lineage, Version(position, path, shown), figure) for figure in chosen]
    now = [] if selection.is_all else selection.choose(uncommitted)
    notes = []
    if now and {figure.digest for figure in now} != {figure.digest for figure in chosen}:
        notes.append("The working tree shows something else there, which is not committed yet.")
    return Answer(blame_figures(past, versions, places, history=history), notes=notes)


def blame_file(past: Past, records: Records, file: FileTarget, *, history: bool = False) -> Answer:
    """Answer for a file: the run that was seen to write it, then the outputs that it shows (`blame_picture`)."""
    writer = writer_of(records, file.data, file.path)
    whereabouts = Whereabouts(past, records)
    if writer is None:
        answer = blame_picture(past, file.data, history=history)
        earlier = _tell_earlier_writer(records, whereabouts, file.path)
        if earlier:
            answer.notes += [earlier] if answer.matches else []
            answer.reason += f" {earlier}" if answer.reason else ""
        if not answer.matches and file.path is not None:
            answer.input = input_file(past, records, whereabouts, file.path, file.data)
        if not answer.matches and not file.name.lower().endswith(PICTURES):
            known = f" {earlier}" if earlier else ""
            answer.reason = f"No commit and no run that was recorded has {file.name} as it is now.{known}"
        return answer
    shown = blame_picture(past, file.data, history=history, alike=False).matches
    match = match_of_writer(past, whereabouts, *writer)
    if match is None:
        home = whereabouts.notebook(writer[0].session) or "a notebook"
        reason = f"{file.name} was written by a run of {home} that is not committed yet."
        return Answer(shown, reason, verdict=SAME if shown else NONE, pending=writer[0])
    own = [one for one in shown if (one.path, one.figure.cell_index) == (match.path, match.figure.cell_index)]
    return Answer(shown if own else [match, *shown], verdict=SAME)


def _tell_earlier_writer(records: Records, whereabouts: Whereabouts, path: str | None) -> str:
    """Return the sentence for a file that a run has written, and that holds something else now, or ""."""
    runs = [run for run, _ in records.writers_at(path)] if path else []
    if not runs:
        return ""
    count = f" [{runs[-1].execution_count}]" if runs[-1].execution_count is not None else ""
    home = whereabouts.notebook(runs[-1].session) or "a kernel"
    return f"{path} was written by run{count} of {home} on {local_time(runs[-1].started)}, with another content."


def blame_picture(past: Past, data: bytes, *, history: bool = False, alike: bool = True) -> Answer:
    """Answer for a file's bytes: every payload of any notebook in history that it shows, deleted notebooks included.

    Bytes are compared first; where none are equal, pixels and drawings; where none of these are, what is alike is told
    as that (all but bytes with the extra `figures` only). Without `alike` only bytes count.
    """
    past.learn_all()
    digest = "sha256:" + sha256(data).hexdigest()
    matches = _matches_of(past, {digest: Evidence(BYTES)}, history)
    if matches or not alike:
        return Answer(matches, verdict=SAME)
    if not can_decode():
        hint = "; to compare pixels, PDF pages and what is alike, install Pillow: pip install 'nbgit[figures]'"
        reason = f"No output in the history of HEAD has exactly these bytes{hint}."
        return Answer(reason=_only_on_disk(past, data, hint) or reason, verdict=NONE)
    from nbgit.lineage.lookup.asked import Asked
    from nbgit.lineage.lookup.search import find_alike, find_same

    asked = Asked(data)
    matches = _matches_of(past, dict(find_same(past, data, asked)), history)
    if matches:
        return Answer(matches, verdict=SAME)
    on_disk = _only_on_disk(past, data, "")
    if on_disk:
        return Answer(reason=on_disk, verdict=NONE)
    if not asked.kind:
        reason = f"No output in the history of HEAD has these bytes, and the file {asked.problem}."
        return Answer(reason=reason, verdict=NONE)
    matches = _matches_of(past, dict(find_alike(past, asked)), history)
    beside = [f"The file {asked.problem}."] if asked.problem else []
    if matches:
        return _alike(matches, beside)
    compared = _COMPARED[asked.kind]
    reason = f"No output in the history of HEAD has these {compared}, and no figure is alike."
    return Answer(reason=" ".join([reason, *beside]), verdict=NONE)


def _alike(matches: list[Match], notes: list[str]) -> Answer:
    """Return the answer that tells of figures that are alike, with the sentence that says how much that is worth."""
    payloads = len({match.figure.digest for match in matches})
    told = "One figure is alike" if payloads == 1 else f"Ambiguous: {payloads} candidates are alike"
    head = f"{told}; none is proved to be the same (no bytes, pixels or drawing are equal)."
    return Answer(matches, notes=notes, verdict=ALIKE if payloads == 1 else AMBIGUOUS, head=head)


def _only_on_disk(past: Past, data: bytes, hint: str) -> str:
    """Return the sentence for a figure that only the working tree shows, or ""."""
    found = next(_in_worktree(past.repository, data), None)
    if found is None:
        return ""
    path, payload = found
    where = f"cell {payload.cell_index} of {path}"
    return f"This figure is only in the working tree, in {where}, and not committed yet{hint}."


def _matches_of(past: Past, found: Mapping[str, Evidence], history: bool) -> list[Match]:
    """Return a Match for each place at which a notebook's latest version that shows one of the payloads has it.

    They come in the order of `found` where it is ranked (what is alike), else the latest first.
    """
    matches = matches_of(past, list(found), history)
    for match in matches:
        match.evidence = found[match.figure.digest]
    ranks = {digest: 0 if evidence.is_same else rank for rank, (digest, evidence) in enumerate(found.items())}
    return sorted(matches, key=lambda match: ranks[match.figure.digest])


def matches_of(past: Past, digests: list[str], history: bool) -> list[Match]:
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
    from difflib import get_close_matches  # here: 10 ms that only this sentence needs

    near = get_close_matches(path, sorted(past.all_names()), 1, LIKENESS)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{path} is not in {where}, nor in any commit before it{hint}"


def _why_nothing(
    past: Past, path: str, position: int, selection: Selection, cells: list[CellKey], uncommitted: list[Figure]
) -> str:
    where = "HEAD" if position == past.head else past.graph.oids[position][:12]
    if selection.choose(uncommitted):
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


def worktree_figures(repository: Repository, path: str) -> list[Figure]:
    """Return every payload of the notebook at `path` as it is on disk, none where it can't be read."""
    payloads = _worktree_payloads(repository, path)
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
