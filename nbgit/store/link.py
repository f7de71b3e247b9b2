"""Ring 2: linking: a commit gets the snapshots of its notebooks and an entry (docs/design.md, "Linking").

Payloads, trees, notes and the prefilled textconv cache go to git in one pack; then all refs move together, by
compare-and-swap, and only then captures are settled. Interrupted anywhere, nothing is lost, and the next run does it.
"""

from nbgit.errors import SnapshotInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.showing import runs_of_document
from nbgit.store.build import build_captures
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.changes import NotebookChange, blobs_at, changed_notebooks, dirty_paths, rerun_notebooks, was_before
from nbgit.store.entries import is_oid, read_some_rows
from nbgit.store.forgotten import left_out_told, read_forgotten
from nbgit.store.link_writer import Link, LinkWriter
from nbgit.store.lookup import Lookup
from nbgit.store.making import Making
from nbgit.store.news import only_news
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.policy_file import load_policy
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.store.snapshots import DOCUMENT, SIZE_LIMIT, read_document
from nbgit.store.stale import stale_entries
from nbgit.store.undone import undone_runs
from nbgit.store.worktree import digest_of_worktree_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.store.folding import Fold


def link_commits(
    repository: Repository,
    commits: list[str],
    *,
    making: Making | None = None,
    lazily: bool = False,
    copies: dict[str, str] | None = None,
    tell: "Callable[[str], object]" = lambda sentence: None,
    fold: "Fold | None" = None,
) -> int:
    """Link these commits to the outputs of the notebooks they changed; return how many notebooks were linked.

    `making` says that the last one has just been made in this working tree, and how. Where a person made it, captures
    win over what its entry says already, and notebooks that were run again without an edit, and that git takes as up to
    date, are linked to it too. Otherwise an entry holds: the commit's own, then those of the commits that it was picked
    from. Git joins entries when it rewrites a commit, the new one's first. `lazily` says that the commits may be old:
    then a capture counts only if it was made before its commit, and git has taken it. `copies` are commit -> the commit
    that it was copied from, whose entry counts where there is no capture. `tell` is given a sentence for each notebook
    that shows what was forgotten, `fold` gives the runs that outputs rest on. Raises NbgitError; links nothing or all.
    """
    captures = CaptureStore(repository, policy := load_policy(repository))
    with ObjectReader(repository) as reader:
        linker = _Linker(repository, policy, captures, reader)
        changes = changed_notebooks(repository, commits, captures.has_seen)
        again: list[NotebookChange] = []
        if making is not None and making.by_person and commits:
            again = rerun_notebooks(repository, commits[-1], captures, {change.path for change in changes})
            changes += again
            changes += linker.undone(commits[-1], making.left, {change.path for change in changes})
        noted = _noted(reader, [*filter(is_oid, commits), *(change.commit for change in changes)])
        entries = _noted(reader, list((copies or {}).values()))
        copied = {commit: entries[original] for commit, original in (copies or {}).items() if original in entries}
        found = linker.find(changes, noted, copied, making=making, lazily=lazily)
        links = only_news(linker.lookup, found, again, noted) if again else found
        old = [link for link in found if link not in links]
        stale = [] if lazily else stale_entries(repository, reader, noted, {link.change.commit for link in links})
        if links or stale:
            links = linker.write(links, stale, fold)
        _settle(captures, [*links, *old], tell)
        return len(links)


def _settle(captures: CaptureStore, links: list[Link], tell: "Callable[[str], object]") -> None:
    for link in links:
        if link.capture is not None:
            captures.settle(link.capture, link.snapshot_id, keep=bool(link.left_out))
        if link.left_out:
            tell(left_out_told(link.change.path, link.left_out))


def _noted(reader: ObjectReader, commits: list[str]) -> dict[str, dict[str, list[str]]]:
    """Return commit -> path -> the snapshot ids that the commit's entry names, the one that holds first."""
    found: dict[str, dict[str, list[str]]] = {}
    for commit, rows in read_some_rows(reader, list(dict.fromkeys(commits))).items():
        by_path = found.setdefault(commit, {})
        for path, snapshot_id in rows:
            by_path.setdefault(path, []).append(snapshot_id)
    return found


class _Linker:
    def __init__(self, repository: Repository, policy: Policy, captures: CaptureStore, reader: ObjectReader) -> None:
        self._repository = repository
        self._policy = policy
        self._captures = captures
        self._reader = reader
        self._sink = ObjectSink(repository)
        self.lookup = Lookup(repository, self._policy, captures, reader)
        self._texts: dict[str, str] = {}
        self._all: list[Capture] | None = None
        self._forgotten: frozenset[str] = frozenset()  # digests of the outputs that are left out

    def find(
        self,
        changes: list[NotebookChange],
        noted: dict[str, dict[str, list[str]]],
        copied: dict[str, dict[str, list[str]]],
        *,
        making: Making | None,
        lazily: bool,
    ) -> list[Link]:
        """Return the links of these changes, and of what entries say beyond them; new snapshots are in git already,
        and nothing refers to them."""
        said = [list(noted.get(change.commit, {}).get(change.path, [])) for change in changes]
        for entry in _noted(self._reader, making.originals).values() if making is not None else ():
            for change, ids in zip(changes, said, strict=True):
                ids += entry.get(change.path, [])
        dirty = dirty_paths(self._repository) if lazily else None
        links: list[Link | None] = []
        captures: list[Capture | None] = []
        for change, ids in zip(changes, said, strict=True):
            link = None if making is not None and making.by_person else self._noted(change, ids)
            if link is None and making is not None and not making.by_person:
                link = self._existing(change, ids)
            capture = None if link is not None else self._capture_of(change, dirty)
            if link is None and capture is None and making is not None:
                link = self._existing(change, ids)
                capture = None if link is not None else self._carried(change, making)
            links.append(link)
            captures.append(capture)
        for change, ids in zip(changes, said, strict=True):
            ids += copied.get(change.commit, {}).get(change.path, [])
        self._build(changes, captures, links, said)
        found = [link for link in links if link is not None]
        return found + self._rest({**copied, **noted}, {(link.change.commit, link.change.path) for link in found})

    def undone(self, commit: str, left: list[str], changed: set[str]) -> list[NotebookChange]:
        """Return what `commit` shows of commits that were undone."""
        return undone_runs(self._repository, self.lookup, self._captures, self._reader, commit, left, changed)

    def _build(
        self,
        changes: list[NotebookChange],
        captures: list[Capture | None],
        links: list[Link | None],
        said: list[list[str]],
    ) -> None:
        """Fill in the links that are missing: from their captures, else from a snapshot that is there."""
        wanted = {capture.file: capture for capture in captures if capture is not None}
        self._forgotten = read_forgotten(self._reader, SNAPSHOTS).outputs if wanted else frozenset()
        made_of = build_captures(self._repository, self._policy, list(wanted.values()), self._forgotten)
        built = dict(zip(wanted, made_of, strict=True))
        for position, (change, capture) in enumerate(zip(changes, captures, strict=True)):
            made = built[capture.file] if capture is not None else None
            if made is not None:
                if made.text_oid:
                    self._texts[change.source_oid] = made.text_oid
                links[position] = Link(change, made.snapshot_id, made.runs, capture, made.left_out)
            elif links[position] is None:
                links[position] = self._existing(change, said[position])

    def _carried(self, change: NotebookChange, making: Making) -> Capture | None:
        from nbgit.store.carry import carry_outputs

        return carry_outputs(self._repository, self._policy, self._captures, self._reader, change, making.originals)

    def _rest(self, noted: dict[str, dict[str, list[str]]], linked: set[tuple[str, str]]) -> list[Link]:
        """Return what entries say of notebooks that their commits did not change (they were run again), and that
        still holds: the entry is written anew, and must not lose it."""
        found: list[Link | None] = []
        for commit, by_path in noted.items():
            paths = sorted(path for path in by_path if (commit, path) not in linked)
            blobs = blobs_at(self._repository, commit, paths) if paths else {}
            changes = [NotebookChange(commit, path, blobs[path]) for path in paths if path in blobs]
            found += [self._noted(change, by_path[change.path]) for change in changes]
        return [link for link in found if link is not None]

    def _capture_of(self, change: NotebookChange, dirty: set[str] | None) -> Capture | None:
        """Return the newest capture that the change may have come with; `dirty` is None where it has just been made."""
        captures = self._captures.of_path(change.path) if dirty is not None else self._here(change.path)
        same = [capture for capture in captures if capture.source_oid == change.source_oid]
        if dirty is not None and same:
            shown = digest_of_worktree_file(self._repository, change.path) if change.path in dirty else None
            same = [capture for capture in same if capture.digest != shown]
            same = [capture for capture in same if was_before(self._repository, capture, change.commit)]
        return same[0] if same else None

    def _here(self, path: str) -> list[Capture]:
        """Return the captures that this working tree shows at a path, and then those that were made here."""
        every = self._captures.of_path(path) or self._everywhere()  # it may have been moved since
        shown = digest_of_worktree_file(self._repository, path) if every else None
        return [one for one in every if one.digest == shown] + self._captures.of_path_here(path)

    def _everywhere(self) -> list[Capture]:
        if self._all is None:
            self._all = self._captures.all()
        return self._all

    def _noted(self, change: NotebookChange, noted: list[str]) -> Link | None:
        """Return the link to the first of these snapshots that is one of the change's source."""
        candidates = self.lookup.snapshot_ids(change.source_oid) if noted else []
        chosen = next((snapshot_id for snapshot_id in noted if snapshot_id in candidates), None)
        return None if chosen is None else self._link(change, chosen)

    def _existing(self, change: NotebookChange, noted: list[str]) -> Link | None:
        """Return the link to a snapshot that is there already: one noted, on disk, in the history, or any."""
        candidates = self.lookup.snapshot_ids(change.source_oid)
        if not candidates:
            return None
        digest = digest_of_worktree_file(self._repository, change.path)
        on_disk = self._captures.known(digest) if digest else None
        likely = [*noted, on_disk.snapshot_id if on_disk else None]
        chosen = next((snapshot_id for snapshot_id in likely if snapshot_id in candidates), None)
        chosen = chosen or self.lookup.linked_snapshot(change.path, change.commit, candidates) or min(candidates)
        return self._link(change, chosen)

    def _link(self, change: NotebookChange, snapshot_id: str) -> Link | None:
        try:
            runs = runs_of_document(read_document(self._reader.read(f"{snapshot_id}:{DOCUMENT}", most=SIZE_LIMIT)))
        except SnapshotInvalid:
            return None
        return Link(change, snapshot_id, runs, None)

    def write(self, links: list[Link], stale: list[str], fold: "Fold | None") -> list[Link]:
        """Write the refs that say so, as `LinkWriter.write` does."""
        writer = LinkWriter(self._repository, self.lookup, self._reader, self._sink, self._link, self._forgotten, fold)
        return writer.write(links, stale, self._texts)
