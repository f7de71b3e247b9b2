"""Ring 3: one repository's past, as far as the tips reach: graph, entries and index behind one set of questions."""

from collections.abc import Iterable

from nbgit.errors import TargetNotFound
from nbgit.lineage.history.commits import (
    Commit,
    Report,
    close_names,
    learn_commits,
    read_changes_of,
    read_commits,
    read_graph,
    to_bytes,
    to_text,
)
from nbgit.lineage.history.documents import CellKey, Figure
from nbgit.lineage.history.figures import cells_of, counts_of, figures_of, learn_documents, showing_of, sizes_of
from nbgit.lineage.history.index import Index
from nbgit.lineage.history.linked import learn_links, links_of, names_linked_to, unread_snapshots
from nbgit.lineage.history.versions import Shown, Versions
from nbgit.notebook.showing import Showing
from nbgit.store.git import try_git
from nbgit.store.repository import Repository

REMEMBERED = 4000  # documents whose figures are kept in memory; neighbouring commits ask for the same ones


def resolve_commit(repository: Repository, revision: str) -> str | None:
    """Return the oid of the commit that a revision names, or None."""
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"]
    code, out, _ = try_git(arguments, cwd=repository.start)
    return out.decode("ascii").strip() if code == 0 else None


class Past:
    """What the commits reachable from HEAD (and from `tips`) did to notebooks; learns what the index lacks.

    `head` is HEAD's position in the graph. Raises TargetNotFound where there is no commit yet.
    """

    def __init__(
        self, repository: Repository, index: Index, tips: Iterable[str] = (), report: Report | None = None
    ) -> None:
        self.repository = repository
        self.index = index
        self._report = report
        head = resolve_commit(repository, "HEAD")
        if head is None:
            raise TargetNotFound("this repository has no commit yet, so there is no history to look in")
        self.graph = read_graph(repository, list(dict.fromkeys([head, *tips])))
        self.head = self.graph.position[head]
        self.tips = list(dict.fromkeys([self.head, *(self.graph.position[tip] for tip in tips)]))
        learn_commits(repository, index, self.graph, report)
        learn_links(repository, index)
        self._documents: dict[str, tuple[list[Figure], dict[int, int]]] = {}
        self._sizes: dict[str, tuple[int, int] | None] = {}

    def report(self, done: int, total: int) -> None:
        """Tell whoever waits how much of some reading is done."""
        if self._report:
            self._report(done, total)

    def versions_of(self, names: Iterable[str]) -> Versions:
        """Return all versions of the notebooks that ever had one of these names."""
        closed = close_names(self.index, names)
        changes, entries = read_changes_of(self.index, self.graph, closed), links_of(self.index, closed)
        return Versions(self.graph, changes, closed, entries, self.tips)

    def learn(self, shown: Iterable[Shown]) -> None:
        """Put into the index what it lacks of these versions."""
        blobs, snapshots = [s.blob for s in shown], {s.snapshot for s in shown if s.snapshot}
        learn_documents(self.repository, self.index, blobs, snapshots, self._report)

    def learn_all(self) -> None:
        """Put into the index every document that this history shows."""
        rows = self.index.connection.execute(
            "SELECT commits.oid, blob FROM changes JOIN commits ON commits.id = commit_id"
            " WHERE blob IS NOT NULL AND blob NOT IN (SELECT oid FROM documents) ORDER BY path, commit_id"
        )  # in this order, because git reads neighbouring versions of one path quickly
        blobs = [blob for oid, blob in rows if oid in self.graph.position]
        snapshots = {snapshot for oid, snapshot in unread_snapshots(self.index) if oid in self.graph.position}
        learn_documents(self.repository, self.index, blobs, snapshots, self._report)

    def names_showing(self, documents: set[str]) -> set[str]:
        """Return the paths at which some commit had one of these documents."""
        names: set[str] = set()
        for oid in documents:
            names |= names_linked_to(self.index, oid)
            rows = self.index.connection.execute("SELECT DISTINCT path FROM changes WHERE blob = ?", [oid])
            names.update(to_text(path) for (path,) in rows)
        return names

    def all_names(self) -> set[str]:
        """Return every name that a notebook ever had."""
        return {to_text(path) for (path,) in self.index.connection.execute("SELECT DISTINCT path FROM changes")}

    def has_name(self, path: str) -> bool:
        """Return whether any commit ever had a notebook at this path."""
        row = self.index.connection.execute("SELECT 1 FROM changes WHERE path = ? LIMIT 1", [to_bytes(path)])
        return row.fetchone() is not None

    def figures(self, shown: Shown) -> list[Figure]:
        """Return every payload of a version in reading order."""
        return self._outputs(shown)[0]

    def showing(self, shown: Shown) -> Showing:
        """Return a version as `tell_showing` compares it."""
        return showing_of(self.cells(shown), *self._outputs(shown))

    def sizes(self, figures: list[Figure]) -> dict[str, tuple[int, int]]:
        """Return digest -> (width, height) in pixels of those figures whose header says it."""
        unknown = [figure for figure in figures if figure.digest not in self._sizes]
        found = sizes_of(self.repository, self.index, unknown) if unknown else {}
        self._sizes.update({figure.digest: found.get(figure.digest) for figure in unknown})
        return {f.digest: size for f in figures if (size := self._sizes.get(f.digest))}

    def _outputs(self, shown: Shown) -> tuple[list[Figure], dict[int, int]]:
        document = shown.document
        if document not in self._documents:
            if len(self._documents) > REMEMBERED:
                self._documents.clear()
            self._documents[document] = (figures_of(self.index, document), counts_of(self.index, document))
        return self._documents[document]

    def cells(self, shown: Shown) -> list[CellKey]:
        """Return the cells of a version by id and digest of their code."""
        return cells_of(self.index, shown.blob)

    def commits(self, positions: Iterable[int]) -> dict[int, Commit]:
        """Return position -> Commit."""
        wanted = {position: self.graph.oids[position] for position in positions}
        found = read_commits(self.index, set(wanted.values()))
        return {position: found[oid] for position, oid in wanted.items()}
