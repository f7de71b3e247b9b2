"""Ring 3: whether what this clone keeps for itself is sound: captures, what is known, caches, fetched refs."""

import json
import os
import sqlite3
import time
from hashlib import sha256

from nbgit.notebook.printable import printable
from nbgit.notebook.spans import apply_spans
from nbgit.store.captures import TRAILER
from nbgit.store.entries import is_oid
from nbgit.store.objects import object_id
from nbgit.store.refs import read_refs, refs_below
from nbgit.store.repository import Repository
from nbgit.store.textconv_cache import TEXTCONV_CACHE
from nbgit.upkeep.capture_files import CaptureFile
from nbgit.upkeep.contents import list_notes, list_snapshots
from nbgit.upkeep.findings import Checks
from nbgit.upkeep.local_objects import LocalObjects

LEFTOVER_SECONDS = 600  # a file that is being written is younger than this
FETCHED = "refs/nbgit-remotes/"
CACHE_MEND = "`nbgit fsck --repair` drops it; it is a cache and fills again"


def check_captures(repository: Repository, files: list[CaptureFile], checks: Checks) -> None:
    """Check the captures: their names, digests and records; and files that a crash has left half written."""
    for file in files:
        checks.count("captures")
        where = _shown(repository, file.file)
        if file.final:
            if time.time() - file.changed > LEFTOVER_SECONDS:
                mend = "`nbgit fsck --repair` keeps it where it is whole, and removes it where not"
                checks.find("capture-leftover", where, "a crash has left it half written", mend, ("finish", file.file))
            continue
        text = _trouble_of(repository, file)
        if text:
            mend = "`nbgit fsck --repair` moves it aside, into nbgit/damaged"
            checks.find("capture-damaged", where, text, mend, ("set-aside", file.file))
        elif not file.path:
            text = "no notebook's path is known for it, so no restore finds it"
            checks.find("capture-lost", where, text, f"copy what is before its last line out by hand: {where}")


def _trouble_of(repository: Repository, file: CaptureFile) -> str:
    """Return what is wrong with a capture, or ""."""
    if file.taken < 0:
        return "its name is none of a capture's"
    try:
        with open(file.file, "rb") as stream:
            content = stream.read()
    except FileNotFoundError:
        return ""  # settled meanwhile
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    end = content.rfind(TRAILER)
    if end < 0 or sha256(content[:end]).hexdigest() != file.digest:
        return f"its bytes are not those of its name (notebook {printable(file.path) or 'unknown'})"
    try:
        record = json.loads(content[end + len(TRAILER) :])
        parts = apply_spans(content[:end], record["spans"], record["can_run"])
    except (ValueError, KeyError, TypeError):
        return "its last line does not say how it was split"
    if object_id("blob", parts.source, repository.hash_name) != file.source_oid:
        return "its notebook does not have the source of its name"
    return ""


def check_known(repository: Repository, snapshot_ids: set[str], checks: Checks) -> None:
    """Check that what is known of notebooks names snapshots that are there: else outputs would not be captured."""
    for file, last in known_lines(repository):
        stale = [
            (digest, source)
            for digest, (snapshot, source) in last.items()
            if is_oid(snapshot) and snapshot not in snapshot_ids
        ]
        for _ in last:
            checks.count("known")
        if stale:
            text = f"it takes {len(stale)} notebooks for stored whose snapshots are gone, so they would not be captured"
            order = ("unknow", file, *(f"{digest} {source}" for digest, source in stale))
            checks.find("known-stale", _shown(repository, file), text, "`nbgit fsck --repair` takes that back", order)


def known_lines(repository: Repository) -> list[tuple[str, dict[str, tuple[str, str]]]]:
    """Return (file, digest -> (snapshot id, `-` or `+`; source oid)) for each file of what is known; the last line of
    a digest counts."""
    found = []
    for here, _, names in os.walk(os.path.join(repository.nbgit_dir, "known")):
        for name in sorted(names):
            file = os.path.join(here, name)
            last: dict[str, tuple[str, str]] = {}
            try:
                with open(file, encoding="ascii", errors="replace") as stream:
                    for line in stream:
                        fields = line.split()
                        if len(fields) == 3 and len(fields[0]) == 64 and is_oid(fields[0]) and is_oid(fields[2]):
                            last[fields[0]] = (fields[1], fields[2])
            except OSError:
                continue
            found.append((file, last))
    return found


def check_textconv_cache(objects: LocalObjects, checks: Checks) -> None:
    """Check git's cache of readable texts: that each text it names is there."""
    tip = read_refs(objects.repository, [TEXTCONV_CACHE]).get(TEXTCONV_CACHE)
    if tip is None:
        return
    notes, gaps = list_notes(objects, tip)
    infos = objects.infos([blob for _, blob in notes])
    gone = sum(info is None and not objects.is_elsewhere(blob) for (_, blob), info in zip(notes, infos, strict=True))
    for _ in notes:
        checks.count("texts")
    if gone or any(not gap.is_elsewhere for gap in gaps):
        text = f"{gone} of its texts are missing or damaged" if gone else f"{gaps[0].what} is missing or damaged"
        checks.find("textconv-cache", TEXTCONV_CACHE, text, CACHE_MEND, ("delete-ref", TEXTCONV_CACHE, tip))


def check_index(repository: Repository, checks: Checks) -> None:
    """Check the figure index, as SQLite does."""
    file = os.path.join(repository.nbgit_dir, "index.sqlite")
    if not os.path.exists(file):
        return
    checks.count("index")
    try:
        connection = sqlite3.connect(file, timeout=2.0)
        try:
            word = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        word = "ok" if "locked" in str(error) else str(error)
    except sqlite3.Error as error:
        word = str(error)
    if word != "ok":
        text = f"SQLite calls it damaged ({printable(word).splitlines()[0]})"
        checks.find("index-damaged", _shown(repository, file), text, CACHE_MEND, ("drop-file", file))


def check_fetched(objects: LocalObjects, checks: Checks) -> None:
    """Check that the refs fetched from remotes can be listed; what they hold is checked when it has been taken over."""
    for name, tip in refs_below(objects.repository, FETCHED).items():
        checks.count("fetched")
        gaps = list_snapshots(objects, tip).gaps if name.endswith("/snapshots") else list_notes(objects, tip)[1]
        gone = [gap for gap in gaps if not gap.is_elsewhere]
        if gone:
            mend = "`nbgit fsck --repair` drops it, and the next fetch brings it again"
            text = f"{gone[0].what} is missing or damaged"
            checks.find("fetched-damaged", printable(name), text, mend, ("delete-ref", name, tip))


def _shown(repository: Repository, file: str) -> str:
    """Return a file's place as people are told it: from the repository's own directory."""
    return printable(os.path.relpath(file, os.path.dirname(repository.nbgit_dir)).replace(os.sep, "/"))
