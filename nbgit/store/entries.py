"""Ring 2: entries: what `git log` shows under a commit (docs/formats.md, "Entries").

An entry is a git note in refs/notes/nbgit: readable lines first, then one line of JSON that programs read:

    analysis.ipynb  7 cells ran, [1] to [7] in order; 2 figures (cell 5 png, cell 7 png)

    {"nbgit-entry":1,"snapshots":{"analysis.ipynb":"<snapshot id>"}}

Being a note, it is carried through amend and rebase by git itself (notes.rewriteRef).
"""

from nbgit.notebook.lean_json import loads
from nbgit.notebook.printable import printable
from nbgit.store.git import run_git
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import ENTRIES
from nbgit.store.repository import Repository
from nbgit.store.trees import BLOB, TREE, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Cuts = dict[str, list[str]]  # session -> the oids of its cuts

NO_OUTPUTS = b"no outputs"  # what stands for people where no notebook has any
SIZE_LIMIT = 16 << 20  # bytes of a note; a larger one counts as none
FORMAT, VERSION = "nbgit-entry", 1  # the JSON line's first key, and its value


def write_entry(
    notebooks: dict[str, tuple[str, str]],
    own: dict[str, tuple[str, str]] | None = None,
    cuts: "Cuts | None" = None,
) -> bytes:
    """Return the note for a commit; `notebooks` is path -> (snapshot id, what is told of it).

    `own` is path -> (blob, what it shows) of notebooks that have their outputs in the commit's own blob; a path that is
    in `notebooks` too is left out of it. `cuts` hold the recorded runs that the outputs rest on.
    """
    kept = {path: row for path, row in (own or {}).items() if path not in notebooks}
    ran = [(path, summary) for path, (_, summary) in sorted({**notebooks, **kept}.items()) if summary]
    lines = [f"{printable(path)}  {printable(summary)}".encode("utf-8", "replace") for path, summary in ran]
    ids = {path: snapshot_id for path, (snapshot_id, _) in notebooks.items()}
    machine = _machine_line(ids, {path: blob for path, (blob, _) in kept.items()}, cuts)
    return b"\n".join([*(lines or [NO_OUTPUTS]), b"", machine, b""])


def read_entry(note: bytes) -> dict[str, str]:
    """Return path -> snapshot id of a note; the last machine line wins for each path (git may have joined two notes).

    A note that is damaged, foreign or of a later version gives what can be understood of it, at worst nothing.
    """
    return dict(read_rows(note))


def read_rows(note: bytes) -> list[tuple[str, str]]:
    """Return every (path, snapshot id) of a note in its own order: a path stands twice where git has joined notes."""
    found: list[tuple[str, str]] = []
    for document in _machine_documents(note):
        try:
            found += [(path, snapshot) for path, snapshot in document["snapshots"].items() if is_oid(snapshot)]
        except (KeyError, AttributeError):
            continue
    return found


def read_own(note: bytes) -> dict[str, str]:
    """Return path -> blob of the notebooks that have their outputs in the commit's own blob (`nbgit import`)."""
    found: dict[str, str] = {}
    for document in _machine_documents(note):
        rows = document.get("own") if "snapshots" in document else None
        found |= {path: blob for path, blob in rows.items() if is_oid(blob)} if isinstance(rows, dict) else {}
    return found


def read_cuts(note: bytes) -> "Cuts":
    """Return the cuts that a note names, of all its machine lines."""
    found: dict[str, set[str]] = {}
    for document in _machine_documents(note):
        rows = document.get("runs")
        for session, oids in rows.items() if isinstance(rows, dict) else ():
            if is_session(session) and isinstance(oids, list):
                found.setdefault(session, set()).update(oid for oid in oids if is_oid(oid))
    return {session: sorted(oids) for session, oids in sorted(found.items()) if oids}


def _machine_documents(note: bytes) -> "list[dict[str, Any]]":
    """Return the JSON lines of a note that are of this version, parsed."""
    found = []
    for line in note.splitlines():
        if line.startswith(b"{"):
            try:
                document = loads(line)
                found += [document] if document[FORMAT] == VERSION else []
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
    return found


def unite_notes(one: bytes, other: bytes) -> bytes:
    """Return the note that says what both do, the same whichever comes first.

    Where they name two snapshots for a path, both are named, the greater id last, so that it holds everywhere.
    """
    lines = {line for note in (one, other) for line in note.split(b"\n") if line.strip() and line[:1] != b"{"}
    lines = lines - {NO_OUTPUTS} or lines
    ids: dict[str, set[str]] = {}
    for path, snapshot_id in read_rows(one) + read_rows(other):
        ids.setdefault(path, set()).add(snapshot_id)
    disputed = {path: max(found) for path, found in ids.items() if len(found) > 1}
    own = dict(sorted([*read_own(one).items(), *read_own(other).items()]))
    cuts = unite_cuts(read_cuts(one), read_cuts(other))
    first = _machine_line({path: min(found) for path, found in ids.items()}, own, cuts)
    return b"\n".join([*sorted(lines), b"", first, *([_machine_line(disputed)] if disputed else []), b""])


def unite_cuts(one: "Cuts", other: "Cuts") -> "Cuts":
    """Return the cuts of both."""
    sessions = sorted({*one, *other})
    return {session: sorted({*one.get(session, ()), *other.get(session, ())}) for session in sessions}


def _machine_line(snapshots: dict[str, str], own: dict[str, str] | None = None, cuts: "Cuts | None" = None) -> bytes:
    machine = {FORMAT: VERSION, "snapshots": snapshots, **({"own": own} if own else {})}
    machine |= {"runs": cuts} if cuts else {}
    import json

    return json.dumps(machine, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def is_oid(value: object) -> bool:
    """Return whether a value is an object id as git writes it."""
    return isinstance(value, str) and len(value) in (40, 64) and all(c in "0123456789abcdef" for c in value)


def is_session(value: object) -> bool:
    """Return whether a value is the id of a session of a kernel: `20261105T140211-9f86d081884c`."""
    if not isinstance(value, str) or len(value) != 28 or not value.isascii():
        return False
    shape = value[8] == "T" and value[15] == "-"
    digits = value[:8] + value[9:15]
    return shape and digits.isdigit() and all(c in "0123456789abcdef" for c in value[16:])


def list_notes(repository: Repository, name: str) -> dict[str, str]:
    """Return noted oid -> the oid of its note, of the notes tree that `name` (a ref, a commit) has."""
    lines = run_git(["ls-tree", "-r", "--full-tree", name], cwd=repository.start).decode("utf-8", "replace")
    rows = [(line.split("\t", 1)[1].replace("/", ""), line.split()[2]) for line in lines.splitlines()]
    return {noted: oid for noted, oid in rows if is_oid(noted)}


def read_some_entries(reader: ObjectReader, commits: list[str]) -> dict[str, dict[str, str]]:
    """Return the entries of just these commits, whatever fan-out the notes tree has."""
    return {commit: dict(rows) for commit, rows in read_some_rows(reader, commits).items()}


def read_some_rows(reader: ObjectReader, commits: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Return what `read_rows` does, for each of these commits that has a note."""
    names = [f"{ENTRIES}:{path}" for commit in commits for path in _note_paths(commit)]
    contents = reader.read_many(names, most=SIZE_LIMIT)
    found: dict[str, list[tuple[str, str]]] = {}
    for position, commit in enumerate(commits):
        for content in contents[position * 3 : position * 3 + 3]:
            if content is not None:
                found.setdefault(commit, []).extend(read_rows(content))
    return found


def _note_paths(commit: str) -> list[str]:
    return [commit, f"{commit[:2]}/{commit[2:]}", f"{commit[:2]}/{commit[2:4]}/{commit[4:]}"]


def put_note(notes: Tree, commit: str, blob: str) -> None:
    """Set the note of `commit` in a notes tree, at the depth that its neighbours have (new trees: 2/38)."""
    if commit in notes.entries:
        notes.put(commit, BLOB, blob)
        return
    directory, rest = notes.directory(commit[:2]), commit[2:]
    while directory.entries.get(rest[:2], ("", ""))[0] == TREE:
        directory, rest = directory.directory(rest[:2]), rest[2:]
    directory.put(rest, BLOB, blob)


def get_note(notes: Tree, commit: str) -> str | None:
    """Return the oid of the note of `commit` in a notes tree, or None."""
    directory, rest = notes, commit
    while rest:
        if rest in directory.entries:
            return directory.entries[rest][1]
        if directory.entries.get(rest[:2], ("", ""))[0] != TREE:
            return None
        directory, rest = directory.directory(rest[:2]), rest[2:]
    return None


def drop_note(notes: Tree, commit: str) -> None:
    """Remove the note of `commit` from a notes tree, wherever its fan-out has put it."""
    directory, rest = notes, commit
    while rest:
        if rest in directory.entries:
            directory.drop(rest)
            return
        if directory.entries.get(rest[:2], ("", ""))[0] != TREE:
            return
        directory, rest = directory.directory(rest[:2]), rest[2:]
