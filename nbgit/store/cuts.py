"""Ring 2: cuts: the recorded runs that commits rest on, in the tree of the snapshots ref (docs/formats.md, "Cuts").

    runs/<session>/<oid>.jsonl    the runs of one session that the outputs of one commit rest on

A cut is named by its own oid, so two clones' trees unite as sets, and a later, longer cut is one more file. What comes
from a remote is untrusted: names that are none of these are passed over.
"""

from nbgit.store.entries import is_oid, is_session
from nbgit.store.forgotten import GONE, last_id
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.trees import BLOB, TREE, Tree, decode_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbgit.store.entries import Cuts

FOLDER, SUFFIX = "runs", ".jsonl"
SWITCH = "nbgit.runsTravel"  # false: runs stay where they were recorded
LIMIT = 8 << 20  # bytes of a cut; a larger one is not written, and not read


def travels(repository: Repository) -> bool:
    """Return whether runs are stored with commits, and pushed with them (the default)."""
    code, out, _ = try_git(["config", "--type=bool", "--get", SWITCH], cwd=repository.start)
    return code != 0 or out.strip() != b"false"


def file_name(oid: str) -> str:
    """Return the name of a cut in its session's folder."""
    return oid + SUFFIX


def object_name(commit: str, session: str, oid: str) -> str:
    """Return the name that git reads as a cut in a commit of the snapshots ref, and that a partial clone fetches it
    by."""
    return f"{commit}:{FOLDER}/{session}/{file_name(oid)}"


def cuts_in(entries: "dict[str, tuple[str, str]]") -> list[str]:
    """Return the oids of the cuts in a session's folder (name -> (mode, oid)); what is misnamed is none."""
    return [oid for name, (mode, oid) in entries.items() if mode == BLOB and name == file_name(oid) and is_oid(oid)]


def list_cuts(repository: Repository, reader: ObjectReader, commit: str | None) -> list[tuple[str, str]]:
    """Return (session, oid) of all cuts that a commit of the snapshots ref (or the ref) holds, oldest session first."""

    def listing(content: bytes | None) -> dict[str, tuple[str, str]]:
        try:
            return decode_tree(content or b"", len(repository.empty_oid) // 2)
        except ValueError:
            return {}

    top = listing(reader.read(f"{commit}:{FOLDER}")) if commit else {}
    sessions = {name: oid for name, (mode, oid) in sorted(top.items()) if mode == TREE and is_session(name)}
    contents = reader.read_many(list(sessions.values()))
    pairs = zip(sessions, contents, strict=True)
    return [(session, oid) for session, content in pairs for oid in sorted(cuts_in(listing(content)))]


def put_cuts(root: Tree, cuts: "Cuts") -> None:
    """Put cuts into the root of a snapshots tree."""
    for session, oids in cuts.items():
        for oid in oids:
            root.directory(FOLDER).directory(session).put(file_name(oid), BLOB, oid)


def has_cut(root: Tree, session: str, oid: str) -> bool:
    """Return whether the root of a snapshots tree holds a cut."""
    return file_name(oid) in root.directory(FOLDER).directory(session).entries


def drop_cuts(root: Tree, cuts: "Iterable[tuple[str, str]]") -> None:
    """Take cuts, (session, oid) each, out of the root of a snapshots tree."""
    for session, oid in cuts:
        root.directory(FOLDER).directory(session).drop(file_name(oid))


def last_cuts(forgotten: dict[str, str], cuts: "Cuts") -> "Cuts":
    """Return the cuts that stand for these now (`forgotten` is old oid -> the one that stands for it, or GONE)."""
    found = {session: {last_id(forgotten, oid) for oid in oids} - {GONE} for session, oids in cuts.items()}
    return {session: sorted(oids) for session, oids in found.items() if oids}
