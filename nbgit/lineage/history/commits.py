"""Ring 3: the commit graph and what each commit did to notebooks, from one walk of git's, kept in the index.

The order is `git rev-list --topo-order`'s. A commit's changes against each of its parents (renames as git's own
similarity finds them) are immutable, so they are asked for once: one `git diff-tree --stdin` for all new commits.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator

from nbgit.lineage.history.index import Index
from nbgit.store.git import run_git
from nbgit.store.repository import Repository

NOTEBOOKS = ":(top,glob)**/*.ipynb"
RENAME_LIMIT = 1000  # git's default, set so that a person's own diff.renameLimit does not decide what an answer says
BATCH = 500  # commits whose changes are asked for, and stored, at once
Report = Callable[[int, int], None]  # (done, total)


class Commit:
    """What is told about a commit: `author` as "Name <mail>", `date` the author's, RFC 3339 with its own offset."""

    __slots__ = ("author", "date", "oid", "summary")

    def __init__(self, oid: str, author: str, date: str, summary: str) -> None:
        self.oid = oid
        self.author = author
        self.date = date
        self.summary = summary

    def as_json(self) -> dict[str, str]:
        """Return it as blame-output's and log's JSON spell it."""
        return {"commit": self.oid, "author": self.author, "date": self.date, "summary": self.summary}


class Change:
    """What one commit did to one notebook, compared with one parent.

    `parent` counts the commit's parents from 0; `path` is the name in the commit (or the name that was deleted);
    `old_path` is the name in the parent where git saw a rename, else None; `blob` is None for a deletion, and
    `old_blob`, the parent's, for a new notebook.
    """

    __slots__ = ("blob", "old_blob", "old_path", "parent", "path")

    def __init__(
        self, parent: int, path: str, old_path: str | None, blob: str | None, old_blob: str | None = None
    ) -> None:
        self.parent = parent
        self.path = path
        self.old_path = old_path
        self.blob = blob
        self.old_blob = old_blob


class Graph:
    """The commits reachable from some tips: `oids` newest first (topological), `parents` as positions in `oids`."""

    def __init__(self, oids: list[str], parent_oids: list[list[str]]) -> None:
        self.oids = oids
        self.parent_oids = parent_oids
        self.position = {oid: position for position, oid in enumerate(oids)}
        self.parents = [[self.position[oid] for oid in parents] for parents in parent_oids]


def read_graph(repository: Repository, tips: list[str]) -> Graph:
    """Return the graph of all commits that `tips` (commit oids) reach; raises GitFailed."""
    arguments = ["rev-list", "--topo-order", "--parents", "--stdin"]  # more tags may be there than a command line takes
    lines = run_git(arguments, cwd=repository.start, stdin="".join(f"{tip}\n" for tip in tips).encode("ascii"))
    rows = [line.split(" ") for line in lines.decode("ascii").splitlines()]
    return Graph([row[0] for row in rows], [row[1:] for row in rows])


def learn_commits(repository: Repository, index: Index, graph: Graph, report: Report | None = None) -> None:
    """Put into the index what is new of the graph's commits: who, when, and what changed.

    A commit whose parents look different from what is stored (a shallow clone that was deepened) is read again.
    """
    known = dict(index.connection.execute("SELECT oid, parents FROM commits"))
    missing = [
        (oid, parents)
        for oid, parents in zip(graph.oids, graph.parent_oids, strict=True)
        if known.get(oid) != " ".join(parents)
    ]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        found = list(read_changes(repository, batch))
        with index.writing() as connection:
            for (commit, changes), (oid, parents) in zip(found, batch, strict=True):
                if oid in known:
                    connection.execute(
                        "DELETE FROM changes WHERE commit_id = (SELECT id FROM commits WHERE oid = ?)", [oid]
                    )
                    connection.execute("DELETE FROM commits WHERE oid = ?", [oid])
                row = (oid, " ".join(parents), commit.author, commit.date, commit.summary)
                added = connection.execute(
                    "INSERT OR IGNORE INTO commits (oid, parents, author, date, summary) VALUES (?, ?, ?, ?, ?)", row
                )
                if added.rowcount:  # else another process was faster
                    connection.executemany(
                        "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)",
                        [
                            (added.lastrowid, c.parent, to_bytes(c.path), to_bytes(c.old_path), c.blob, c.old_blob)
                            for c in changes
                        ],
                    )
        if report:
            report(start + len(batch), len(missing))


def read_commits(index: Index, oids: Iterable[str]) -> dict[str, Commit]:
    """Return oid -> Commit for commits that the index has learnt."""
    found = {}
    for oid in oids:
        row = index.connection.execute("SELECT oid, author, date, summary FROM commits WHERE oid = ?", [oid]).fetchone()
        if row:
            found[oid] = Commit(*row)
    return found


def read_changes_of(index: Index, graph: Graph, names: set[str]) -> dict[int, list[Change]]:
    """Return position in the graph -> the changes there that touch one of `names`."""
    found: dict[int, list[Change]] = {}
    for name in names:
        rows = index.connection.execute(
            "SELECT oid, parent, path, old_path, blob FROM changes JOIN commits ON commits.id = commit_id"
            " WHERE path = ?1 OR old_path = ?1",
            [to_bytes(name)],
        )
        for oid, parent, path, old_path, blob in rows:
            position = graph.position.get(oid)
            old_name = None if old_path is None else to_text(old_path)
            if position is None or (old_name == name and to_text(path) in names):
                continue  # not in this history, or found under its new name too
            found.setdefault(position, []).append(Change(parent, to_text(path), old_name, blob))
    return found


def read_new_versions(index: Index, graph: Graph) -> dict[str, dict[str, str]]:
    """Return commit oid -> path -> blob of the notebooks that each commit of the graph changed against all its parents.

    Neighbouring versions of one notebook are neighbours, because git reads those quickly.
    """
    rows = index.connection.execute(
        "SELECT oid, path, blob, count(*) FROM changes JOIN commits ON commits.id = commit_id"
        " WHERE blob IS NOT NULL GROUP BY path, commit_id, blob"
    )
    found: dict[str, dict[str, str]] = {}
    for oid, path, blob, number in rows:
        position = graph.position.get(oid)
        if position is not None and number >= len(graph.parents[position]):
            found.setdefault(oid, {})[to_text(path)] = blob
    return found


def read_old_blobs(index: Index, commit: str, path: str) -> list[str | None]:
    """Return what each parent has where the commit changed a notebook: its blob, or None."""
    rows = index.connection.execute(
        "SELECT parent, old_blob FROM changes JOIN commits ON commits.id = commit_id WHERE oid = ? AND path = ?"
        " ORDER BY parent",
        [commit, to_bytes(path)],
    )
    return [old_blob for _, old_blob in rows]


def close_names(index: Index, names: Iterable[str]) -> set[str]:
    """Return `names` and every name that a rename ties to them, backwards and forwards."""
    closed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in closed:
            continue
        closed.add(name)
        rows = index.connection.execute(
            "SELECT path, old_path FROM changes WHERE old_path IS NOT NULL AND (path = ?1 OR old_path = ?1)",
            [to_bytes(name)],
        )
        waiting += [to_text(other) for row in rows for other in row]
    return closed


def to_bytes(path: str | None) -> bytes | None:
    """Return a path as the index keeps it (git's paths are bytes)."""
    return None if path is None else path.encode("utf-8", "surrogateescape")


def to_text(path: bytes) -> str:
    """Return a path of git's or the index's as text."""
    return path.decode("utf-8", "surrogateescape")


def read_changes(repository: Repository, commits: list[tuple[str, list[str]]]) -> Iterator[tuple[Commit, list[Change]]]:
    """Yield (Commit, what it did to notebooks against each parent) for (oid, parent oids), in that order."""
    lines = [f"{oid} {parent}\n" for oid, parents in commits for parent in parents or [""]]
    arguments = ["diff-tree", "--stdin", "--always", "--root", "-r", "-M", f"-l{RENAME_LIMIT}", "--raw", "-z"]
    layout = ["--no-abbrev", "--encoding=UTF-8", "--format=%x01%H%x00%an <%ae>%x00%aI%x00%s", "--", NOTEBOOKS]
    environ = {"GIT_LITERAL_PATHSPECS": "0"}
    answer = run_git([*arguments, *layout], cwd=repository.start, stdin="".join(lines).encode(), environ=environ)
    tokens = iter(answer.decode("utf-8", "surrogateescape").split("\0"))
    sections = _read_sections(tokens)
    for _, parents in commits:
        told, changes = next(sections)
        for number in range(1, len(parents)):
            changes += [Change(number, c.path, c.old_path, c.blob, c.old_blob) for c in next(sections)[1]]
        yield told, changes


def _read_sections(tokens: Iterator[str]) -> Iterator[tuple[Commit, list[Change]]]:
    """Yield one (Commit, changes) for each line that diff-tree was given."""
    current: tuple[Commit, list[Change]] | None = None
    for token in tokens:
        token = token.lstrip("\n")
        if token.startswith("\x01"):
            if current:
                yield current
            current = Commit(token[1:], *(_plain(next(tokens)) for _ in range(3))), []
        elif token.startswith(":") and current:
            old_mode, new_mode, old_blob, new_blob, status = token.split(" ")
            was_file = old_mode.startswith(":100") and status[0] != "C"
            first = next(tokens)
            second = next(tokens) if status[0] in "RC" else None
            is_file = new_mode.startswith("100")  # a symbolic link or a submodule of that name is no notebook
            old_path = first if status[0] == "R" and is_file else None
            if status[0] == "R" and not is_file:
                current[1].append(Change(0, first, None, None))
            current[1].append(
                Change(0, second or first, old_path, new_blob if is_file else None, old_blob if was_file else None)
            )
    if current:
        yield current


def _plain(text: str) -> str:
    """Return text that SQLite and JSON can hold (bytes that are no UTF-8 become replacement characters)."""
    with contextlib.suppress(UnicodeEncodeError):
        text.encode("utf-8")
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
