"""Random work in two clones of one remote: `python -m tests.stress.two_clones --seconds 1800`.

Each step is one thing that a person does: edit or run a notebook, any of git's commands, one of nbgit's, an edit on
the server. After each step

- git is where it would be without nbgit: exit code, refs, index, files and status are those of a twin that does the
  same in plain git with the sources alone (tests/stress/twins.py). Where git refuses because only outputs were saved
  and not shown to nbgit, it is shown them and asked again;
- every notebook that was ever captured or put into a snapshot can still be got back, byte for byte, and one that was
  saved and then shown to git or nbgit is one of these;
- a commit that a person makes has the outputs that were on disk, for each notebook that git took as up to date.

At the end git's and nbgit's fsck find nothing, everything is pushed and fetched, and what the commits had in the clone
where they were made they have in the other one.
"""

from __future__ import annotations

import argparse
import atexit
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from nbgit.errors import NbgitError
from nbgit.store.lookup import notebook_at
from nbgit.store.repository import find_repository
from tests.gitbox import Result
from tests.nb import code, notebook
from tests.stress.twins import CLONES, TEXT, M, N, Place, build, copied, digest_of, source_of

PLACES = st.sampled_from([0, 1, 0, 1, 2])
PATHS = st.sampled_from([N, N, M])
BRANCHES = st.sampled_from(["main", "topic", "side"])
REVISIONS = st.sampled_from(["main", "topic", "side", "origin/main", "origin/topic", "HEAD~1", "HEAD~2", "HEAD", "-"])
KINDS = ["run", "longer", "edit and run", "edit and run", "edit", "insert", "delete", "clear"]
JOINS = [
    *("merge -q --no-edit", "merge -q --no-edit", "merge -q --no-ff --no-edit", "merge -q --squash"),
    *("merge -q --no-commit", "rebase -q", "rebase -q", "rebase -q --apply", "rebase -q --no-ff"),
    *("cherry-pick", "cherry-pick", "cherry-pick -n", "revert --no-edit"),
]
ENDS = st.sampled_from(["", "abort", "ours", "theirs", "save", "save", "skip"])
STASHES = ["push", "push", "pop", "pop", "push -u", "push -k", "apply", "pop --index"]
VERBS = ["sync", "gc", "link", "refresh", "log", "captures", "fsck", "du", "status"]
OTHERS = ["mv", "rm", "rm -f", "rm --cached", "clean", "gc", "log", "diff", "blame"]
PULLS = ["fetch -q", "pull -q --no-edit origin main", "pull -q --no-edit origin main", "pull -q --rebase origin main"]
WORK: dict[str, Any] = {
    "number": PLACES,
    "where": st.sampled_from(["main", "topic", "side", "", ""]),
    "path": PATHS,
    "kind": st.sampled_from(KINDS),
    "cell": st.integers(0, 3),
    "text": st.sampled_from("abc"),
    "again": st.sampled_from(["", "", "", "run", "longer"]),
}
JOIN: dict[str, Any] = {
    "number": PLACES,
    "revision": REVISIONS,
    "how": st.sampled_from(JOINS),
    "end": ENDS,
    "autostash": st.booleans(),
}
OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


class TwoClones(RuleBasedStateMachine):
    """The model: `shows` is what commits have to show, clone by clone."""

    template: Path | None = None
    talks = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="nbgit two clones "))
        if TwoClones.template is None:
            TwoClones.template = Path(tempfile.mkdtemp(prefix="nbgit template "))
            atexit.register(shutil.rmtree, TwoClones.template, ignore_errors=True)
            build(TwoClones.template)
        self.world = copied(TwoClones.template, self.folder / "w")
        self.shows: dict[str, dict[tuple[str, str], str]] = {clone: {} for clone in CLONES}
        self.runs = 0
        self.looks = True

    # what a step begins and ends with

    def place(self, number: int) -> Place:
        """Return a place that is there."""
        return self.world.places[number % len(self.world.places)]

    def after(self, place: Place) -> None:
        """Check what must hold after each step."""
        self.world.compare(place, status=self.looks)
        self.world.remember(place.clone)

    def git(self, place: Place, *arguments: str) -> Result:
        """Run git on both sides, and check."""
        result = self.world.both(place, *arguments)
        self.after(place)
        return result

    def made(self, place: Place) -> None:
        """Remember what a person's commit has to show: what is on disk, where git has taken it."""
        head = place.box.git("rev-parse", "HEAD").strip()
        rows = place.box.git("status", "--porcelain", "-z", "-uall", "--no-renames").split("\0")
        dirty = {row[3:] for row in rows} | place.unseen.keys()
        for path, data in place.files(place.box).items():
            digest = digest_of(data)
            if path.endswith(".ipynb") and path not in dirty and digest in self.world.saved:
                self.shows[place.clone][head, path] = digest
                self.check_commit(place, head, path, digest)

    def check_commit(self, place: Place, commit: str, path: str, digest: str) -> None:
        """Fail unless a commit shows just that notebook."""
        try:
            data = notebook_at(find_repository(str(place.box.path), {}), commit, path)
        except NbgitError as error:
            data = str(error).encode()
        if digest_of(data) != digest:
            want = self.world.saved.get(digest, b"?").decode()
            self.world.fail(f"{place.name}: {commit[:12]}:{path} shows\n{data.decode()}\nand not\n{want}")

    # editing

    @initialize(looks=st.booleans())
    def begin(self, looks: bool) -> None:
        """Some people look at `git status` all the time, others hardly ever."""
        self.looks = looks

    @rule(
        number=PLACES,
        path=PATHS,
        kind=st.sampled_from(
            ["run", "run", "longer", "edit", "edit and run", "edit and run", "insert", "delete", "clear"]
        ),
        cell=st.integers(0, 3),
        text=st.sampled_from("abc"),
        hook=st.booleans(),
    )
    def save(self, number: int, path: str, kind: str, cell: int, text: str, hook: bool) -> None:
        """Save a notebook, in Jupyter (where the server's hook is) or elsewhere."""
        self.put(self.place(number), path, kind, cell, text)
        if hook:
            self.world.nbgit(self.place(number), "refresh", path)
        self.after(self.place(number))

    def put(self, place: Place, path: str, kind: str, cell: int, text: str) -> None:
        """Change a notebook on disk: its twin gets the source, where that has changed."""
        self.runs += 1
        self.world.trace.append(f"{place.name}: save {path!r} {kind} {cell} {text} {self.runs}")
        file = place.box.path / path
        before = file.read_bytes() if file.is_file() else b""
        data = notebook(*changed(before, kind, cell, text, self.runs))
        place.box.write(path, data)
        if source_of(data) != source_of(before):
            place.twin.write(path, source_of(data))
        digest = digest_of(data)
        self.world.saved[digest] = data
        if digest not in self.world.ever[place.clone]:
            place.unseen[path] = digest

    @rule(number=PLACES, line=st.integers(0, 2), text=st.sampled_from("xyz"), commit=st.booleans())
    def write_text(self, number: int, line: int, text: str, commit: bool) -> None:
        """Edit a file that is no notebook."""
        place = self.place(number)
        self.world.trace.append(f"{place.name}: write {text} to line {line} of {TEXT}")
        for box in (place.box, place.twin):
            lines = box.read(TEXT).split(b"\n") if (box.path / TEXT).is_file() else [b"", b"", b"", b""]
            lines[min(line, len(lines) - 1)] = text.encode()
            box.write(TEXT, b"\n".join(lines))
        self.after(place)
        if commit:
            self.commit_with(place, "commit", "-q", "-m", f"text {text}", "--", TEXT)

    @rule(number=PLACES, path=PATHS)
    def remove_by_hand(self, number: int, path: str) -> None:
        """Delete a notebook from disk."""
        place = self.place(number)
        self.world.trace.append(f"{place.name}: rm {path!r}")
        for box in (place.box, place.twin):
            (box.path / path).unlink(missing_ok=True)
        place.unseen.pop(path, None)
        self.after(place)

    # committing

    @rule(number=PLACES, what=st.sampled_from(["-A", "-A", N, M, "-u"]))
    def add(self, number: int, what: str) -> None:
        """Add; what was saved is captured then."""
        place = self.place(number)
        if self.git(place, "add", what).code == 0:
            added = {"-A": place.unseen, "-u": place.unseen.keys() & place.indexed().keys()}
            self.world.shown(place, *added.get(what, [what]))

    @rule(
        number=PLACES,
        add=st.booleans(),
        how=st.sampled_from(["", "", "", "-a", "--amend", "--allow-empty", "--no-verify", "-- " + N, "--only"]),
    )
    def commit(self, number: int, add: bool, how: str) -> None:
        """Commit in one of many ways."""
        place = self.place(number)
        if add and self.git(place, "add", "-A").code == 0:
            self.world.shown(place, *place.unseen)
        self.commit_with(place, "commit", "-q", "-m", f"c{self.world.minutes}", *how.split())

    def commit_with(self, place: Place, *arguments: str) -> None:
        """Commit, and check what the new commit shows."""
        if self.git(place, *arguments).code == 0:
            self.made(place)
            self.world.remember(place.clone)

    @rule(**WORK)
    def work(self, number: int, where: str, path: str, kind: str, cell: int, text: str, again: str) -> None:
        """Do what people do most: go to a branch, edit, run, add, commit; perhaps run again."""
        place = self.place(number)
        if where and self.git(place, "checkout", "-q", where).code:
            return
        self.put(place, path, kind, cell, text)
        if self.git(place, "add", path).code == 0:
            self.world.shown(place, path)
            self.commit_with(place, "commit", "-q", "-m", f"w{self.world.minutes}")
        if again:
            self.save(number, path, again, cell, text, True)

    @rule(**WORK)
    def work_again(self, **drawn: Any) -> None:
        """The same: how often something is done follows from how many rules do it."""
        self.work(**drawn)

    @rule(**WORK)
    def work_more(self, **drawn: Any) -> None:
        """The same."""
        self.work(**drawn)

    # moving about

    @rule(number=PLACES, revision=REVISIONS, how=st.sampled_from(["", "", "", "-f", "-m", "--detach"]))
    def checkout(self, number: int, revision: str, how: str) -> None:
        """Go elsewhere."""
        self.git(self.place(number), "checkout", "-q", *how.split(), revision)

    @rule(number=PLACES, branch=BRANCHES, force=st.booleans())
    def branch(self, number: int, branch: str, force: bool) -> None:
        """Begin a branch, or move one here."""
        self.git(self.place(number), "checkout", "-q", "-B" if force else "-b", branch)

    @rule(number=PLACES, revision=REVISIONS, path=PATHS, how=st.sampled_from(["", "index", "source", "staged"]))
    def checkout_path(self, number: int, revision: str, path: str, how: str) -> None:
        """Take one file from elsewhere."""
        commands = {
            "": ["checkout", "-q", revision, "--", path],
            "index": ["checkout", "-q", "--", path],
            "source": ["restore", "--source", revision, "--", path],
            "staged": ["restore", "--staged", "--", path],
        }
        self.git(self.place(number), *commands[how])

    @rule(
        number=PLACES,
        how=st.sampled_from(["--hard", "--hard", "--soft", "--mixed", "--keep", "--merge"]),
        revision=st.sampled_from(["HEAD", "HEAD~1", "main", "origin/main"]),
    )
    def reset(self, number: int, how: str, revision: str) -> None:
        """Reset; what was never shown to git may be gone."""
        self.git(self.place(number), "reset", "-q", how, revision)

    @rule(number=PLACES, how=st.sampled_from(STASHES))
    def stash(self, number: int, how: str) -> None:
        """Put work aside, or take it back."""
        place = self.place(number)
        if place.phantoms():  # plain git would say that there is nothing to stash
            self.world.nbgit(place, "refresh")
        tracked = place.unseen.keys() & place.indexed().keys()
        if self.world.both(place, "stash", *how.split()).code == 0 and how == "push":
            self.world.shown(place, *tracked)
        self.after(place)

    # joining

    @rule(**JOIN)
    def join(self, number: int, revision: str, how: str, end: str, autostash: bool) -> None:
        """Merge, rebase, pick or revert, and mostly see it through."""
        place = self.place(number)
        options = ["--autostash"] if autostash and how.startswith(("merge", "rebase")) else []
        self.joined(place, *how.split(), *options, revision)
        self.see_through(place, end)

    @rule(**JOIN)
    def join_again(self, **drawn: Any) -> None:
        """The same."""
        self.join(**drawn)

    def joined(self, place: Place, *arguments: str) -> None:
        """Run what makes commits of other commits; the new one shows what is on disk, unless more waits here."""
        before = place.box.git("rev-parse", "HEAD")
        self.git(place, *arguments)
        if place.box.git("rev-parse", "HEAD") == before or not self.world.made_now(place):
            return
        waiting = self.world.kept[place.clone].waiting()
        head = place.box.git("rev-parse", "HEAD").strip()
        rows = place.box.git("status", "--porcelain", "-z", "-uall", "--no-renames").split("\0")
        dirty = {row[3:] for row in rows} | place.unseen.keys()
        changed = place.box.git("diff-tree", "-c", "-r", "-z", "--root", "--name-only", head).split("\0")
        for path, oid in place.indexed().items():
            if path in changed and path.endswith(".ipynb") and path not in dirty and oid not in waiting:
                self.check_commit(place, head, path, digest_of(place.box.read(path)))

    def under_way(self, number: int) -> bool:
        """Return whether an operation waits for a person."""
        place = self.place(number)
        waits = any((place.git_dir() / name).exists() for name in OPERATIONS)
        return waits or re.search(r" [123]\t", place.state) is not None

    @precondition(lambda self: any(self.under_way(number) for number in range(len(self.world.places))))
    @rule(
        how=st.sampled_from(["abort", "continue", "ours", "theirs", "save", "skip", "add"]),
        cell=st.integers(0, 3),
        text=st.sampled_from("abc"),
        number=PLACES,
    )
    def resolve(self, how: str, cell: int, text: str, number: int) -> None:
        """End what waits for a person, in one way or another."""
        numbers = [n for n in range(len(self.world.places)) if self.under_way(n)]
        self.end(self.place(numbers[number % len(numbers)]), how, cell, text)

    def see_through(self, place: Place, how: str) -> None:
        """End what has begun here, if anything has: a rebase may stop again."""
        for _ in range(4 if how else 0):
            if self.under_way(self.world.places.index(place)):
                self.end(place, how, self.runs % 4, "abc"[self.runs % 3])

    def end(self, place: Place, how: str, cell: int, text: str) -> None:
        """End what waits, or go on with it."""
        verbs = [verb for name, verb in OPERATIONS.items() if (place.git_dir() / name).exists()]
        paths = sorted({row.partition("\t")[2] for row in place.box.git("ls-files", "-u", "-z").split("\0") if row})
        if how in ("abort", "skip"):
            self.git(place, verbs[0], f"--{how}") if verbs else self.git(place, "reset", "-q", "--merge")
            return
        for path in paths:
            if how == "save" and path.endswith(".ipynb"):
                self.put(place, path, "edit and run", cell, text)
            elif how in ("ours", "theirs"):
                self.git(place, "checkout", "-q", f"--{how}", "--", path)
        if paths and self.git(place, "add", "-A").code == 0:
            self.world.shown(place, *place.unseen)
        if how == "add" or not verbs:
            return
        if verbs[0] == "merge":
            self.commit_with(place, "commit", "-q", "--no-edit")
        else:
            self.git(place, verbs[0], "--continue")

    # between clones

    @rule(number=PLACES, branch=BRANCHES, force=st.sampled_from([(), (), ("--force",)]))
    def push(self, number: int, branch: str, force: tuple[str, ...]) -> None:
        """Push a branch."""
        self.git(self.place(number), "push", "-q", *force, "origin", branch)

    @rule(number=PLACES, how=st.sampled_from(PULLS), end=ENDS)
    def pull(self, number: int, how: str, end: str) -> None:
        """Fetch, and perhaps more."""
        self.joined(self.place(number), *how.split())
        self.see_through(self.place(number), end)

    @rule(path=PATHS, cell=st.integers(0, 3), text=st.sampled_from("abc"))
    def edit_on_the_server(self, path: str, cell: int, text: str) -> None:
        """Commit an edit of a bare notebook in the remote, as its web page does."""
        self.runs += 1
        self.world.tick()
        self.world.trace.append(f"server: edit {path!r} {cell} {text} {self.runs}")
        for hub in self.world.hubs:
            before = hub.try_git("cat-file", "blob", f"main:{path}").raw
            data = source_of(notebook(*changed(before, "edit", cell, text, self.runs)))
            blob = hub.git("hash-object", "-w", "--stdin", stdin=data).strip()
            index = {"GIT_INDEX_FILE": "edit.index"}
            for arguments in (["read-tree", "main"], ["update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"]):
                assert hub.run(["git", *arguments], environ=index).code == 0
            tree = hub.run(["git", "write-tree"], environ=index).out.strip()
            commit = hub.git("commit-tree", "-p", "main", "-m", "web", tree).strip()
            hub.git("update-ref", "refs/heads/main", commit)

    # nbgit's own commands, and other things to do

    @rule(number=PLACES, how=st.sampled_from(VERBS))
    def verb(self, number: int, how: str) -> None:
        """Run one of nbgit's commands."""
        place = self.place(number)
        self.world.nbgit(place, how)
        self.after(place)

    @rule(number=PLACES, path=PATHS, revision=st.sampled_from([None, None, "HEAD", "HEAD~1", "origin/main"]))
    def restore(self, number: int, path: str, revision: str | None) -> None:
        """Put outputs back: the code stays, or the whole notebook comes back."""
        place = self.place(number)
        file = place.box.path / path
        before = file.read_bytes() if file.is_file() else None
        self.world.nbgit(place, "restore", path, *(["--from", revision] if revision else []))
        if before is None and file.is_file():
            place.twin.write(path, source_of(file.read_bytes()))
        if before is not None and (not file.is_file() or file.read_bytes() != before):
            self.world.shown(place, path)
        self.after(place)

    @rule(
        number=PLACES,
        how=st.sampled_from(OTHERS),
        path=PATHS,
    )
    def other(self, number: int, how: str, path: str) -> None:
        """Do what else there is to do."""
        place = self.place(number)
        commands = {
            "mv": ["mv", path, f"moved {self.world.minutes}.ipynb"],
            "clean": ["clean", "-fdq"],
            "gc": ["gc", "--quiet"],
            "log": ["log", "-p", "-2"],
            "diff": ["diff", "HEAD"],
        }
        self.git(place, *(commands.get(how) or [*how.split(), "--", path]))

    @rule(add=st.booleans(), branch=BRANCHES)
    def worktree(self, add: bool, branch: str) -> None:
        """Make a second working tree of ada's, or remove it."""
        ada, *others = self.world.places
        if add and len(others) == 1:
            if self.git(ada, "worktree", "add", "-f", "../ada tree", branch).code == 0:
                self.after(self.world.add_place("ada tree", "ada"))
        elif not add and len(others) == 2:
            place = others[1]
            if place.phantoms():
                self.world.nbgit(place, "refresh")
            if self.git(ada, "worktree", "remove", "../ada tree").code == 0:
                self.world.places.pop()

    # the end

    def teardown(self) -> None:
        """Check everything that takes long, and clean up."""
        try:
            if sys.exc_info()[0] is None:
                self.settle()
            if self.talks:
                print("\n".join(["a world:", *self.world.trace, ""]), flush=True)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def settle(self) -> None:
        """Share everything, and look whether it arrives."""
        for place in self.world.places:
            self.world.compare(place, status=True)
        for clone in CLONES:
            self.check_all(self.world.places[CLONES.index(clone)], self.shows[clone], None)
        for clone in CLONES:
            place = self.world.places[CLONES.index(clone)]
            self.world.both(place, "push", "-q", "--force", "origin", f"refs/heads/*:refs/heads/from/{clone}/*")
            self.world.nbgit(place, "sync", "-q")
        for clone, other in zip(CLONES, reversed(CLONES), strict=True):
            place = self.world.places[CLONES.index(other)]
            self.world.both(place, "fetch", "-q")
            self.world.nbgit(place, "sync", "-q")
            there = place.box.git("rev-list", "--branches", "--remotes").split()
            self.check_all(place, self.shows[clone], set(there))
            self.world.remember(other)
        self.world.sound()

    def check_all(self, place: Place, shows: dict[tuple[str, str], str], commits: set[str] | None) -> None:
        """Check what commits show, in one clone."""
        for (commit, path), digest in shows.items():
            if commits is None or commit in commits:
                self.check_commit(place, commit, path, digest)


def changed(before: bytes, kind: str, cell: int, text: str, run: int) -> list[dict[str, Any]]:
    """Return the cells of a notebook after a change; a new notebook's where `before` can't be read."""
    cells: list[dict[str, Any]] = []
    try:
        cells = json.loads(before)["cells"]
    except (ValueError, KeyError, TypeError):
        pass
    if not cells:
        cells = [code(f"new = {n}", id=f"new{n}") for n in range(3)]
        kind = "edit and run"
    at = cell % len(cells)
    if kind == "insert":
        cells.insert(at, code(f"inserted = '{text}'", id=f"made-{run}"))
    elif kind == "delete" and len(cells) > 2:
        del cells[at]
    elif kind.startswith("edit"):
        cells[at]["source"] = [f"edited = '{text}'\n", f"at = {cell}"]
    for number, one in enumerate(cells):
        if kind == "clear" and one["cell_type"] == "code":
            one.update(outputs=[], execution_count=None)
        elif one["cell_type"] == "code" and (kind in ("run", "longer") or (kind.endswith("and run") and number == at)):
            words = [f"run {run:04d}\n", *(["more\n"] * run if kind == "longer" else [])]
            one.update(outputs=[{"output_type": "stream", "name": "stdout", "text": words}], execution_count=run + 100)
    return cells


def machine(number: int | None = None) -> type[TwoClones]:
    """Return the machine, for one seed."""
    found = type("TwoClonesOfASeed", (TwoClones,), {})
    return found if number is None else seed(number)(found)


def main() -> int:
    """Run for a while; print what was found and return 1 if that is anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40, help="how many steps a world is worked in")
    parser.add_argument("--worlds", type=int, default=4, help="how many worlds a seed makes")
    parser.add_argument("--shrink", action="store_true", help="look for the shortest way to what was found; takes long")
    parser.add_argument("--stop", action="store_true", help="end with the first problem")
    parser.add_argument("--talk", action="store_true", help="print what was done in each world")
    arguments = parser.parse_args()
    TwoClones.talks = arguments.talk
    phases = [Phase.generate, Phase.shrink] if arguments.shrink else [Phase.generate]
    chosen = settings(
        max_examples=arguments.worlds,
        stateful_step_count=arguments.steps,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    until = time.monotonic() + arguments.seconds
    number, problems = arguments.seed, 0
    while time.monotonic() < until:
        try:
            run_state_machine_as_test(machine(number), settings=chosen)
        except (AssertionError, Flaky) as error:
            problems += 1
            print(f"seed {number}: {error}\n", flush=True)
            if arguments.stop:
                break
        number += 1
    print(f"seeds {arguments.seed} to {number - 1}: {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
