"""Ring 4: what the sides of a merge and their base are called, as far as git tells (docs/design.md, "Merge": labels).

git 2.44 and later hand their labels to the driver (%S %X %Y). Before that git merge names the branch in its environment
(GITHEAD_<oid>), and rebase, am and a series of picks leave what they are at in the git directory. `git pull` names a
commit by its hash alone, which says nothing to a person: what was fetched from where, or its subject, does.
"""

import os

from nbgit.errors import NbgitError
from nbgit.merge.conflicts import Names
from nbgit.notebook.text import shorten, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "HEAD"
STOPPED = ("rebase-merge/stopped-sha", "CHERRY_PICK_HEAD", "REVERT_HEAD")
LONGEST = 100  # characters of a label
ABBREVIATION = 7
HASHES = (40, 64)  # letters of a hash, sha1 and sha256
HEX = "0123456789abcdef"


def find_names(placeholders: list[str], environ: "Mapping[str, str]", cwd: str) -> Names:
    """Return what the sides of the merge are called that git is at, in the default style.

    `placeholders` is what git made of %S, %X and %Y, if it was asked to.
    """
    names = _told_names(placeholders, environ, cwd)
    for side in ("ours", "theirs", "base"):
        label = getattr(names, side)
        if len(label) in HASHES and not label.strip(HEX):
            setattr(names, side, _clean(_in_words(label, environ, cwd)))
    return names


def _told_names(placeholders: list[str], environ: "Mapping[str, str]", cwd: str) -> Names:
    if len(placeholders) == 3 and placeholders != ["%S", "%X", "%Y"]:
        base, ours, theirs = placeholders
        return named(ours, theirs, base)
    heads = {name: value for name, value in environ.items() if name.startswith("GITHEAD_")}
    if len(heads) == 1:
        return named(HEAD, next(iter(heads.values())))
    try:
        return _of_state(_git_dir(environ, cwd))
    except (OSError, NbgitError):
        return Names()


def _in_words(oid: str, environ: "Mapping[str, str]", cwd: str) -> str:
    """Return what a person calls a commit: the branch that was fetched and from where, else its hash and subject."""
    try:
        fetched = _read(_git_dir(environ, cwd), "FETCH_HEAD").splitlines()
    except (OSError, NbgitError):
        fetched = []
    for line in fetched:
        head, _, words = line.partition("\t")
        if head == oid and words:
            return words.rpartition("\t")[2]  # `branch 'main' of https://host/lab`
    from nbgit.store.objects import ObjectReader
    from nbgit.store.repository import find_repository

    with ObjectReader(find_repository(cwd, environ)) as reader:
        commit = reader.read(oid) or b""
    subject = commit.partition(b"\n\n")[2].lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    return f"{oid[:ABBREVIATION]} ({subject})" if subject else oid


def _git_dir(environ: "Mapping[str, str]", cwd: str) -> str:
    """Return the git directory; git starts drivers at the top of the working tree, where it is mostly in sight."""
    known = environ.get("GIT_DIR") or ".git"
    place = os.path.join(cwd, known)
    if os.path.isdir(place):
        return place
    from nbgit.store.repository import find_repository

    return find_repository(cwd, environ).git_dir


def _of_state(git_dir: str) -> Names:
    """Return the names that what git is in the middle of speaks for; none where that has stopped: then this
    merge is another one."""
    if any(os.path.exists(os.path.join(git_dir, *name.split("/"))) for name in STOPPED):
        return Names()
    for name, is_last in (("rebase-merge/done", True), ("sequencer/todo", False)):
        lines = [line for line in _read(git_dir, name).splitlines() if line.strip() and not line.startswith("#")]
        if lines:
            return _of_instruction(lines[-1 if is_last else 0])
    subject = _read(git_dir, "rebase-apply/final-commit").lstrip().split("\n", 1)[0]
    return named(HEAD, subject) if subject else Names()


def _of_instruction(line: str) -> Names:
    """Return the names that git gives a line of its to-do list: `pick <oid> <subject>`, options before the oid."""
    command, *words = line.split()
    while words and words[0].startswith("-"):
        words.pop(0)
    if not words:
        return Names()
    subject = " ".join(words[1:]).removeprefix("# ")
    commit = f"{words[0][:ABBREVIATION]} ({subject})" if subject else words[0][:ABBREVIATION]
    if command == "revert":
        return named(HEAD, f"parent of {commit}", commit)
    return named(HEAD, commit, f"parent of {commit}")


def _read(git_dir: str, name: str) -> str:
    try:
        with open(os.path.join(git_dir, *name.split("/")), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def named(ours: str, theirs: str, base: str = "") -> Names:
    """Return names that are each one short line that no terminal acts on; what is empty gets the default name."""
    usual = Names()
    return Names(_clean(ours) or usual.ours, _clean(theirs) or usual.theirs, _clean(base) or usual.base)


def _clean(label: str) -> str:
    text = " ".join(label.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())
    return shorten(visible(text), LONGEST)
