"""Ring 3: `nbgit fsck --repair`: what can be mended without losing anything. Each function returns what it did, a
sentence each."""

import os
from collections import defaultdict
from hashlib import sha256

from nbgit.errors import NbgitError
from nbgit.lineage.cuts.linking import fold_runs
from nbgit.notebook.printable import printable
from nbgit.store.captures import TRAILER
from nbgit.store.cuts import LIMIT
from nbgit.store.git import try_git
from nbgit.store.known import RAN
from nbgit.store.late import link_missing
from nbgit.store.link import link_commits
from nbgit.store.objects import read_oids
from nbgit.store.repository import Repository
from nbgit.upkeep.capture_files import DAMAGED
from nbgit.upkeep.findings import Report
from nbgit.upkeep.local_objects import LocalObjects
from nbgit.upkeep.rebuild import rebuild
from nbgit.upkeep.ref_repair import repair_refs

Orders = list[tuple[str, ...]]
OF_REFS = ("drop-snapshot", "forget-snapshot", "drop-row", "drop-note", "relink", "drop-cut", "put-cut")


def repair_store(repository: Repository, report: Report) -> list[str]:
    """Mend what a check has found; return what was done, a sentence each.

    Nothing is deleted but caches and what a crash left half written: damaged captures are moved aside, and refs keep
    their old value under refs/nbgit-backup. Done again it does nothing more.
    """
    orders: dict[str, Orders] = defaultdict(list)
    for finding in report.findings:
        if finding.order:
            orders[finding.order[0]].append(finding.order[1:])
    done = [_finish(repository, file) for (file,) in orders["finish"]]
    done += [_set_aside(repository, file) for (file,) in orders["set-aside"]]
    done += [_take_back(file, list(lines)) for file, *lines in orders["unknow"]]
    done += [_drop_cache(file) for (file,) in orders["drop-file"]]
    done += [_delete_ref(repository, name, oid) for name, oid in orders["delete-ref"]]
    lost = [(blob, snapshot_id) for _, _, snapshot_id, blob in orders["relink"]]
    done += rebuild(repository, [*orders["rebuild"], *lost])
    try:
        done += repair_refs(repository, {verb: orders[verb] for verb in OF_REFS})
    except NbgitError as error:
        done.append(f"nothing in the refs, because {error}")
    _clear_damaged(repository, [oid for _, oid, *_ in orders["drop-cut"]])
    done += _cut_anew(repository, [commit for _, _, *commits in orders["drop-cut"] for commit in commits])
    if any(orders[verb] for verb in OF_REFS) and (linked := link_missing(repository)):
        done.append(f"{linked} notebooks were linked again from their captures")
    return [sentence for sentence in done if sentence]


def _clear_damaged(repository: Repository, oids: list[str]) -> None:
    """Move the loose objects of these that can't be read aside: git would keep them for what is written anew."""
    folder = os.path.join(repository.nbgit_dir, DAMAGED)
    with LocalObjects(repository) as objects:
        for oid in oids:
            file = os.path.join(repository.common_dir, "objects", oid[:2], oid[2:])
            if os.path.isfile(file) and objects.read(oid, LIMIT) is None:
                os.makedirs(folder, exist_ok=True)
                os.replace(file, os.path.join(folder, f"object-{oid}.damaged"))


def _cut_anew(repository: Repository, commits: list[str]) -> list[str]:
    """Link these commits again, so that their entries name what was recorded here of the runs that they have lost."""
    here = [commit for commit, oid in zip(commits, read_oids(repository, commits), strict=True) if oid is not None]
    try:
        linked = link_commits(repository, list(dict.fromkeys(here)), lazily=True, fold=fold_runs) if here else 0
    except NbgitError as error:
        return [f"no runs were cut anew, because {error}"]
    return [f"the runs of {linked} notebooks were cut anew from what was recorded here"] if linked else []


def _finish(repository: Repository, file: str) -> str:
    """Give a capture that was written whole its name, or remove what a crash has left of one."""
    final = file.rsplit(".", 3)[0]
    try:
        with open(file, "rb") as stream:
            content = stream.read()
        end = content.rfind(TRAILER)
        digest = os.path.basename(final).split("-")[2:3]
        if end >= 0 and content.endswith(b"}\n") and [sha256(content[:end]).hexdigest()] == digest:
            os.replace(file, final)
            return f"the capture {_name(final)} was whole, and has its name now"
        os.unlink(file)
    except FileNotFoundError:
        return ""
    return f"what a crash left of {_name(final)} is removed"


def _set_aside(repository: Repository, file: str) -> str:
    folder = os.path.join(repository.nbgit_dir, DAMAGED)
    os.makedirs(folder, exist_ok=True)
    try:
        os.replace(file, os.path.join(folder, f"{os.path.basename(file)}.damaged"))
    except FileNotFoundError:
        return ""
    return f"the damaged capture {_name(file)} lies in nbgit/{DAMAGED} now"


def _take_back(file: str, lines: list[str]) -> str:
    with open(file, "ab") as stream:
        for line in lines:
            digest, source_oid = line.split()
            stream.write(f"{digest} {RAN} {source_oid}\n".encode("ascii"))
    return f"{len(lines)} notebooks are no longer taken for stored; seen again, they are captured"


def _drop_cache(file: str) -> str:
    for name in (file, file + "-journal", file + "-wal", file + "-shm"):
        try:
            os.unlink(name)
        except OSError:
            pass
    return f"{os.path.basename(file)} is dropped; it is made anew when it is needed"


def _delete_ref(repository: Repository, name: str, oid: str) -> str:
    code, _, _ = try_git(["update-ref", "-d", name, oid], cwd=repository.start)
    return "" if code else f"{printable(name)} is dropped; it fills again"


def _name(file: str) -> str:
    return printable(os.path.basename(file))[:33] + "..."
