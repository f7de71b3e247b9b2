"""Ring 3: whether the recorded runs that are stored with commits are whole, and are those that entries name."""

from nbgit.lineage.cuts.reading import runs_in
from nbgit.store.cuts import FOLDER, LIMIT, SUFFIX
from nbgit.upkeep.contents import Shelf
from nbgit.upkeep.findings import Checks
from nbgit.upkeep.journal_files import recorded_sessions
from nbgit.upkeep.local_objects import LocalObjects

LOST_MEND = "`nbgit fsck --repair` cuts it anew from what was recorded here, else names it no more"
WRONG_MEND = "nothing uses it; `nbgit fsck --repair` takes it out and keeps the old ref"


def check_cuts(
    objects: LocalObjects, checks: Checks, shelf: Shelf, named: dict[tuple[str, str], list[str]], gone: dict[str, str]
) -> None:
    """Check the cuts of the snapshots ref, and those that entries name: (session, oid) -> commits.

    `gone` are oids that were forgotten.
    """
    for (session, oid), content in zip(shelf.cuts, _contents(objects, shelf), strict=True):
        checks.count("cuts")
        where = f"{FOLDER}/{session}/{oid[:12]}{SUFFIX}"
        commits = named.get((session, oid), [])
        if oid in gone:
            text = "these runs were forgotten, and are still in refs/nbgit/snapshots"
            checks.find(
                "cut-forgotten",
                where,
                text,
                "`nbgit fsck --repair` takes them out",
                ("drop-cut", session, oid, *commits),
            )
        elif content is None and objects.is_elsewhere(oid):
            checks.miss("cuts")
        elif content is None:
            order = ("drop-cut", session, oid, *commits)
            checks.find("cut-unreadable", where, "these runs are missing or damaged", LOST_MEND, order)
        elif not runs_in(session, content):
            order = ("drop-cut", session, oid, *commits)
            checks.find("cut-invalid", where, "it holds no run of its session", WRONG_MEND, order)
    _check_named(objects, checks, set(shelf.cuts), named, gone)


def _contents(objects: LocalObjects, shelf: Shelf) -> list[bytes | None]:
    return [content for _, content in objects.stream((oid for _, oid in shelf.cuts), LIMIT)]


def _check_named(
    objects: LocalObjects,
    checks: Checks,
    there: set[tuple[str, str]],
    named: dict[tuple[str, str], list[str]],
    gone: dict[str, str],
) -> None:
    here = recorded_sessions(objects.repository)
    for (session, oid), commits in named.items():
        if (session, oid) in there:
            continue
        where = f"entry of commit {commits[0][:12]}"
        text = f"it names runs of session {session} that are not in refs/nbgit/snapshots"
        info = objects.infos([oid])[0]
        if oid in gone:
            text = f"it names runs of session {session} that were forgotten"
            mend = "`nbgit fsck --repair` names what stands for them"
            checks.find("entry-cut", where, text, mend, ("drop-cut", session, oid, *commits))
        elif info is not None and info.kind == "blob" and runs_in(session, objects.read(oid, LIMIT) or b""):
            checks.find("entry-cut", where, text, "`nbgit fsck --repair` puts them back", ("put-cut", session, oid))
        elif session in here:
            checks.find("entry-cut", where, text, LOST_MEND, ("drop-cut", session, oid, *commits))
        else:
            checks.miss("cuts")  # whoever recorded them keeps them at home
