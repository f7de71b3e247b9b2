"""Ring 2: what has changed between two states of a notes tree, asked of git: the larger part never changes."""

from nbgit.store.entries import is_oid
from nbgit.store.git import try_git
from nbgit.store.objects import object_id
from nbgit.store.repository import Repository
from nbgit.store.trees import BLOB


def changed_notes(
    repository: Repository, before: str | None, after: str | None
) -> dict[str, tuple[str | None, str | None]] | None:
    """Return noted oid -> (its note before, its note after), None for no note, where the two differ.

    `before` and `after` are commits of a notes ref, None for an empty one. None where git can't tell: one is gone.
    """
    empty = object_id("tree", b"", repository.hash_name)
    shape = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"]
    code, out, _ = try_git([*shape, before or empty, after or empty], cwd=repository.start)
    if code:
        return None
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    fields = out.decode("utf-8", "replace").split("\0")
    for facts, path in zip(fields[0::2], fields[1::2], strict=False):
        _, mode, one, other, _ = facts.split(" ")
        noted = path.replace("/", "")
        if is_oid(noted) and one.strip("0"):
            old[noted] = one
        if is_oid(noted) and other.strip("0") and mode == BLOB:
            new[noted] = other
    found = {noted: (old.get(noted), new.get(noted)) for noted in {**old, **new}}
    return {noted: notes for noted, notes in found.items() if notes[0] != notes[1]}
