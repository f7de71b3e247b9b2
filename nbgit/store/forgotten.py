"""Ring 2: which snapshots were forgotten on purpose (docs/formats.md, "Forgotten snapshots").

The list stands in the file `forgotten` at the root of the snapshots tree, so that a union with a clone or a remote that
still has them does not bring them back. It comes with what others have pushed, so each line of it is checked.
"""

from nbgit.store.entries import is_oid
from nbgit.store.objects import ObjectReader

FILE = "forgotten"
GONE = "-"  # in place of a new snapshot: nothing stands for the old one


def read_forgotten(reader: ObjectReader, commit: str | None) -> dict[str, str]:
    """Return old snapshot id -> the id that stands for it now, or GONE, as a commit of the snapshots ref lists them."""
    return decode_forgotten(reader.read(f"{commit}:{FILE}")) if commit else {}


def decode_forgotten(content: bytes | None) -> dict[str, str]:
    """Return what `encode_forgotten` was given; a line that is none of its own is passed over."""
    found: dict[str, str] = {}
    for line in (content or b"").decode("ascii", "replace").splitlines():
        old, _, new = line.partition(" ")
        if is_oid(old) and (new == GONE or is_oid(new)) and old != new:
            found[old] = GONE if found.get(old, new) != new else new
    return _resolved(found)


def encode_forgotten(forgotten: dict[str, str]) -> bytes:
    """Return the file: a line `<old id> <new id or ->` each, sorted; what was forgotten twice names the last id."""
    return "".join(f"{old} {new}\n" for old, new in sorted(_resolved(forgotten).items())).encode("ascii")


def unite_forgotten(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Return the list that holds all that two clones have forgotten.

    Where they put different snapshots in an old one's place, each may hold what the other one has removed: then the
    old one and both of these are gone.
    """
    both = {**other, **one}
    disputed = {old for old in one.keys() & other.keys() if last_id(both, one[old]) != last_id(both, other[old])}
    for old in disputed:
        ends = (last_id(both, one[old]), last_id(both, other[old]))
        both.update(dict.fromkeys([old, *(end for end in ends if end != GONE)], GONE))
    return _resolved(both)


def last_id(forgotten: dict[str, str], snapshot_id: str) -> str:
    """Return the snapshot that stands for this one: itself where it was not forgotten, or GONE."""
    seen = set()
    while snapshot_id in forgotten:
        if snapshot_id in seen:
            return GONE  # a circle, which only a damaged list has
        seen.add(snapshot_id)
        snapshot_id = forgotten[snapshot_id]
    return snapshot_id


def _resolved(forgotten: dict[str, str]) -> dict[str, str]:
    return {old: last_id(forgotten, old) for old in forgotten}
