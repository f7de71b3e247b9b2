"""Ring 2: what linking does with recorded runs: those that a commit's outputs rest on are stored beside the snapshots.

Which runs these are is said by a function that is handed in (`nbgit.lineage.cuts`). Nothing of it delays or fails a
commit: what goes wrong is a line in the log, and what the entry named before stays.
"""

from nbgit.errors import NbgitError
from nbgit.store.cuts import LIMIT
from nbgit.store.log import log_bug, log_line
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbgit.store.entries import Cuts
    from nbgit.store.told import News

    Contents = dict[str, dict[str, bytes]]  # commit -> session -> the cut that the commit's new outputs rest on
    Fold = Callable[[Repository, ObjectReader, News], Contents | None]  # None: nothing can be said here


class Folder:
    """Gives the cuts of commits to the sink; `new` are all that were given."""

    def __init__(self, repository: Repository, reader: ObjectReader, sink: ObjectSink, fold: "Fold | None") -> None:
        self._repository = repository
        self._reader = reader
        self._sink = sink
        self._fold = fold
        self.new: Cuts = {}

    def cuts_of(self, news: "News", carried: "dict[str, Cuts]") -> "dict[str, Cuts]":
        """Return commit -> the cuts that its entry is to name; `carried` are those that it has named so far.

        What can be told anew takes their place; those that can't be read here stay.
        """
        self.new = {}
        contents = self._folded(news) if self._fold is not None and (news or any(carried.values())) else None
        if contents is None:
            return carried
        found: dict[str, Cuts] = {}
        for commit in {**carried, **contents}:
            if commit not in contents:  # nothing could be told of what it shows
                found[commit] = carried[commit]
                continue
            cuts = {
                session: self._sink.add("blob", content)
                for session, content in contents.get(commit, {}).items()
                if len(content) <= LIMIT
            }
            for session, oid in cuts.items():
                self.new.setdefault(session, []).append(oid)
            found[commit] = self._unreadable(carried.get(commit, {}))
            for session, oid in cuts.items():
                found[commit][session] = sorted({oid, *found[commit].get(session, ())})
        return found

    def _folded(self, news: "News") -> "Contents | None":
        assert self._fold is not None
        try:
            return self._fold(self._repository, self._reader, news)
        except NbgitError as error:
            log_line(self._repository.nbgit_dir, f"recorded runs were not stored with their commit: {error}")
        except Exception as error:
            log_bug(error)
        return None

    def _unreadable(self, cuts: "Cuts") -> "Cuts":
        rows = [(session, oid) for session, oids in cuts.items() for oid in oids]
        contents = self._reader.read_sound([oid for _, oid in rows], most=LIMIT)
        found: Cuts = {}
        for (session, oid), content in zip(rows, contents, strict=True):
            if content is None:
                found.setdefault(session, []).append(oid)
        return found
