"""Ring 2: whether a notebook that was run again has anything to tell (design.md, "Linking")."""

from nbgit.store.changes import NotebookChange
from nbgit.store.link_writer import Link
from nbgit.store.lookup import Lookup


def only_news(
    lookup: Lookup, links: list[Link], again: list[NotebookChange], noted: dict[str, dict[str, list[str]]]
) -> list[Link]:
    """Return the links without those of notebooks run `again`, and not edited, that show what the nearest commit shows.

    Outputs that were lost and put back are captured, and are no news to anybody. What the commit's own entry names
    (`noted`) stays.
    """
    unedited = {(change.commit, change.path) for change in again}
    return [
        link
        for link in links
        if (link.commit, link.path) not in unedited
        or link.path in noted.get(link.commit, {})
        or not _is_linked(lookup, link)
    ]


def _is_linked(lookup: Lookup, link: Link) -> bool:
    candidates = lookup.snapshot_ids(link.change.source_oid)
    if link.snapshot_id not in candidates:
        return False
    return lookup.linked_snapshot(link.path, link.commit, candidates) == link.snapshot_id
