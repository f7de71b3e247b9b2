"""Ring 2: the notebook that a restore takes outputs from: a capture's, or a commit's."""

from nbgit.errors import TargetNotFound
from nbgit.notebook.policy import Policy
from nbgit.notebook.printable import printable
from nbgit.notebook.transplant import cells_with_outputs, compare
from nbgit.store.captures import Capture, CaptureStore
from nbgit.store.git import try_git
from nbgit.store.known import NOTHING
from nbgit.store.lookup import notebook_at
from nbgit.store.repository import Repository

ID_LENGTH = 12  # hex digits of a capture's digest that people see and type
NAMED = 5  # captures of other code that an error names


class Donor:
    """A notebook's bytes, and where they are from, in words."""

    __slots__ = ("notebook", "origin")

    def __init__(self, notebook: bytes, origin: str) -> None:
        self.notebook = notebook
        self.origin = origin


def captures_of(store: CaptureStore, path: str) -> list[Capture]:
    """Return every capture of a path, newest first, those that a commit has overtaken included."""
    return sorted(store.of_path(path) + store.past_of_path(path), key=lambda one: one.taken, reverse=True)


def uncommitted(store: CaptureStore, path: str) -> list[Capture]:
    """Return those captures of a path that are in no snapshot, newest first: what a commit has may have been put back,
    and was captured again."""

    def is_stored(capture: Capture) -> bool:
        known = store.known(capture.digest)
        return known is not None and known.snapshot_id != NOTHING

    return [capture for capture in captures_of(store, path) if not is_stored(capture)]


def captured_donor(
    store: CaptureStore, policy: Policy, path: str, on_disk: bytes | None, capture_id: str | None
) -> Donor:
    """Return the capture that `capture_id` starts; without one the newest that has outputs and is of the code on disk,
    but shows other outputs.

    `on_disk` is the notebook on disk, None where it is not there: then any capture will do. An id is looked for among
    the captures of other paths, too: a notebook may have been moved. Raises TargetNotFound.
    """
    if capture_id is not None:
        return _named(store, policy, path, capture_id)
    of_other_code = []
    for capture in captures_of(store, path):
        found = capture.read(policy)
        if found is None or (on_disk is not None and not cells_with_outputs(found[0])):
            continue
        differing = None if on_disk is None else compare(found[0], on_disk)
        if differing is None or differing.cells:
            return Donor(found[0], f"capture {capture.digest[:ID_LENGTH]}")
        if differing.line is not None:
            of_other_code.append(capture.digest[:ID_LENGTH])
    if on_disk is None:
        raise TargetNotFound(
            f"{path} is not on disk and was not captured; `nbgit captures` lists what was, --from REV takes a commit's"
        )
    if of_other_code:
        raise TargetNotFound(_choose(path, of_other_code))
    raise TargetNotFound(
        f"{path} has no captured outputs but what it shows already; --from REV takes those of a commit"
    )


def _choose(path: str, ids: list[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return (
        f"{path} has no captured outputs of the code it has now, only of other code: {', '.join(ids[:NAMED])}{more} "
        f"(`nbgit captures {path}` tells them apart); --capture ID puts in what fits of one, --from REV a commit's"
    )


def _named(store: CaptureStore, policy: Policy, path: str, capture_id: str) -> Donor:
    def matching(captures: list[Capture]) -> list[Capture]:
        return [one for one in captures if capture_id and one.digest.startswith(capture_id.lower())]

    found = matching(captures_of(store, path)) or matching(store.all() + store.all_past())
    digests = {capture.digest for capture in found}
    if not digests:
        raise TargetNotFound(f"{path} has no capture {capture_id}; `nbgit captures` lists what there is")
    if len(digests) > 1:
        raise TargetNotFound(f"{capture_id} could be one of {len(digests)} captures; type more of its digits")
    read = found[0].read(policy)
    if read is None:
        raise TargetNotFound(f"capture {found[0].digest[:ID_LENGTH]} is damaged: its bytes are not what was captured")
    of = "" if found[0].path == path else f" of {printable(found[0].path)}"
    return Donor(read[0], f"capture {found[0].digest[:ID_LENGTH]}{of}")


def committed_donor(repository: Repository, revision: str, path: str, *, on_disk: bool) -> Donor:
    """Return the notebook that `path` is in a commit, with its outputs; raises TargetNotFound.

    One whose outputs are not known is no donor for a notebook that is `on_disk`: it would take the outputs away.
    """
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    code, out, _ = try_git(arguments, cwd=repository.start)
    if code:
        raise TargetNotFound(f"{revision} names no commit in this repository; `git log --oneline` lists them")
    commit = out.decode("ascii").strip()
    if try_git(["cat-file", "-t", f"{commit}:{path}"], cwd=repository.start)[:2] != (0, b"blob\n"):
        raise TargetNotFound(f"{path} is not in {revision}; `git log -- {path}` lists the commits that have it")
    notebook = notebook_at(repository, commit, path)
    if on_disk and not cells_with_outputs(notebook):
        raise TargetNotFound(f"no outputs of {path} are known for {revision}; nothing was changed")
    return Donor(notebook, revision)
