"""Ring 2: what was forgotten on purpose: snapshots and outputs (docs/formats.md, "Forgotten snapshots and outputs").

The list stands in the file `forgotten` at the root of the snapshots tree, so that neither a union with a clone or a
remote that still has them, nor a commit of a notebook that still shows them, brings them back. It comes with what
others have pushed, so each line of it is checked.
"""

from nbgit.store.entries import is_oid
from nbgit.store.objects import ObjectReader

FILE = "forgotten"
GONE = "-"  # in place of a new snapshot: nothing stands for the old one
OUTPUT = "output"  # begins the line of an output's digest


class Forgotten:
    """The list: old snapshot id -> the id that stands for it now, or GONE; and digests of outputs, in hex.

    What the digests are of is said by `nbgit.store.forgotten_outputs`.
    """

    __slots__ = ("outputs", "snapshots")

    def __init__(self, snapshots: "dict[str, str] | None" = None, outputs: "frozenset[str]" = frozenset()) -> None:
        self.snapshots = snapshots or {}
        self.outputs = outputs

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Forgotten) and self.snapshots == other.snapshots and self.outputs == other.outputs
        return bool(same)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self.snapshots or self.outputs)


def read_forgotten(reader: ObjectReader, commit: str | None) -> Forgotten:
    """Return the list that a commit of the snapshots ref has."""
    return decode_forgotten(reader.read(f"{commit}:{FILE}")) if commit else Forgotten()


def decode_forgotten(content: bytes | None) -> Forgotten:
    """Return what `encode_forgotten` was given; a line that is none of its own is passed over."""
    found: dict[str, str] = {}
    outputs = set()
    for line in (content or b"").decode("ascii", "replace").splitlines():
        old, _, new = line.partition(" ")
        if old == OUTPUT and len(new) == 64 and is_oid(new):
            outputs.add(new)
        elif is_oid(old) and (new == GONE or is_oid(new)) and old != new:
            found[old] = GONE if found.get(old, new) != new else new
    return Forgotten(_resolved(found), frozenset(outputs))


def encode_forgotten(forgotten: Forgotten) -> bytes:
    """Return the file: a line `<old id> <new id or ->` each, sorted, then a line `output <digest>` each, sorted.

    What was forgotten twice names the last id.
    """
    lines = [f"{old} {new}\n" for old, new in sorted(_resolved(forgotten.snapshots).items())]
    return "".join([*lines, *(f"{OUTPUT} {digest}\n" for digest in sorted(forgotten.outputs))]).encode("ascii")


def unite_forgotten(one: Forgotten, other: Forgotten) -> Forgotten:
    """Return the list that holds all that two clones have forgotten.

    Where they put different snapshots in an old one's place, each may hold what the other one has removed: then the
    old one and both of these are gone.
    """
    ours, theirs = one.snapshots, other.snapshots
    both = {**theirs, **ours}
    disputed = {old for old in ours.keys() & theirs.keys() if last_id(both, ours[old]) != last_id(both, theirs[old])}
    for old in disputed:
        ends = (last_id(both, ours[old]), last_id(both, theirs[old]))
        both.update(dict.fromkeys([old, *(end for end in ends if end != GONE)], GONE))
    return Forgotten(_resolved(both), one.outputs | other.outputs)


def last_id(forgotten: dict[str, str], snapshot_id: str) -> str:
    """Return the snapshot that stands for this one: itself where it was not forgotten, or GONE."""
    seen = set()
    while snapshot_id in forgotten:
        if snapshot_id in seen:
            return GONE  # a circle, which only a damaged list has
        seen.add(snapshot_id)
        snapshot_id = forgotten[snapshot_id]
    return snapshot_id


def left_out_told(path: str, cells: list[int]) -> str:
    """Return the sentence that says which cells of a notebook still show what was forgotten, and lost it."""
    places = [str(cell) for cell in cells if cell >= 0]
    where = f", cell{'' if len(places) == 1 else 's'} {', '.join(places)}" if places else ""
    return (
        f"{path}{where}: an output that was forgotten is left out; `nbgit forget --again --worktree` clears it on disk"
    )


def _resolved(forgotten: dict[str, str]) -> dict[str, str]:
    return {old: last_id(forgotten, old) for old in forgotten}
