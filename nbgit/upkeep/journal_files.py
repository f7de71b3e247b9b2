"""Ring 3: the local journals of runs: which of them can go (`nbgit gc`)."""

import os
from typing import NamedTuple

from nbgit.lineage.cuts.reading import runs_in
from nbgit.lineage.runs.journals import is_alive, read_session
from nbgit.lineage.runs.sources import REMOVED, JournalSource, journals_in
from nbgit.store.cuts import FOLDER, LIMIT
from nbgit.store.entries import is_session
from nbgit.store.repository import Repository
from nbgit.upkeep.local_objects import LocalObjects

NEVER = -1  # a limit that nothing is older than


class OldJournal(NamedTuple):
    """A journal that can go: its session and file, bytes, the time of its last line (seconds since 1970), and whether
    every run of it is stored with a commit."""

    session: str
    file: str
    size: int
    changed: float
    is_stored: bool


def recorded_sessions(repository: Repository) -> set[str]:
    """Return the sessions that have a journal here."""
    return {source.session for source in journals_in(repository.nbgit_dir)}


def old_journals(
    objects: LocalObjects, held: list[tuple[str, str]], overtaken: int, waiting: int, now: float
) -> list[OldJournal]:
    """Return the journals that are old enough to go (seconds, or NEVER): those of which every run is in one of the cuts
    that are `held`, and all others. That of a kernel that lives, or of another machine's that may, is none of them."""
    found = []
    cuts: dict[str, list[str]] = {}
    for session, oid in held:
        cuts.setdefault(session, []).append(oid)
    for source in journals_in(objects.repository.nbgit_dir):
        try:
            state = os.stat(source.file)
        except OSError:
            continue
        age = now - state.st_mtime
        limits = [limit for limit in (overtaken, waiting) if limit != NEVER]
        if not limits or age < min(limits) or not is_session(source.session) or _may_live(source):
            continue
        is_stored = _runs(source) <= _stored(objects, source.session, cuts.get(source.session, []))
        limit = min(limits) if is_stored else waiting
        if limit != NEVER and age >= limit:
            found.append(OldJournal(source.session, source.file, state.st_size, state.st_mtime, is_stored))
    return found


def _may_live(source: JournalSource) -> bool:
    runs = read_session([source])
    return bool(runs) and is_alive(runs[0].session)


def _runs(source: JournalSource) -> set[str]:
    return {run.id for run in read_session([source]) if run.parent is None}


def _stored(objects: LocalObjects, session: str, oids: list[str]) -> set[str]:
    return {run for oid in oids for run in runs_in(session, objects.read(oid, LIMIT) or b"")}


def remove_journals(repository: Repository, journals: list[OldJournal]) -> None:
    """Remove journals that have not changed since they were looked at; their sessions are noted, since those that
    follow are counted from them."""
    for journal in journals:
        try:
            if os.stat(journal.file).st_mtime != journal.changed:
                continue  # its kernel lives after all
            with open(os.path.join(repository.nbgit_dir, FOLDER, REMOVED), "a", encoding="ascii") as file:
                file.write(f"{journal.session}\n")
            os.unlink(journal.file)
        except OSError:
            continue  # gone meanwhile, or in use
