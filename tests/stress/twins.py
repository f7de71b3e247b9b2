"""Two clones of one remote, and their twins: the same commands in plain git on the sources alone.

Sources, authors and dates are the same on both sides, so everything git makes must be the same, to the oid: commits,
stashes, the index. The twins have nbgit's merge driver and nothing else of it, because a merge by cell is meant to
differ from one by line.
"""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from nbgit.errors import NbgitError
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.captures import Capture
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import find_repository
from nbgit.store.snapshots import read_snapshot
from tests.e2e.scene import run_of
from tests.gitbox import FIRST_SECOND, GitBox, Result

N, M, TEXT = "n.ipynb", "sub dir/é.ipynb", "notes.txt"
CLONES = ("ada", "bob")
SETTINGS = {  # times of copied files are believed; what the box's old dates would expire stays
    "core.checkStat": "minimal",
    "core.trustctime": "false",
    "gc.auto": "0",
    "gc.reflogExpire": "never",
    "gc.reflogExpireUnreachable": "never",
    "pull.rebase": "false",
}
OURS = ("refs/nbgit", "refs/notes/")  # refs that the twins have not
MARKERS = "conflict markers are left in"
REFUSALS = (
    "overwritten",
    "unstaged",
    "uncommitted",
    "local changes",
    "local modifications",
    "not uptodate",
    "modified",
)
POLICY = Policy()


def source_of(data: bytes) -> bytes:
    """Return what git has to store for a file's bytes."""
    parts = split(data, POLICY)
    return data if parts is None else parts.source


def digest_of(data: bytes) -> str:
    """Return what notebooks are remembered by."""
    return sha256(data).hexdigest()


class Place:
    """A working tree (`box`) of the clone `clone`, and its twin in plain git."""

    def __init__(self, box: GitBox, twin: GitBox, clone: str) -> None:
        self.box = box
        self.twin = twin
        self.clone = clone
        self.state = ""  # index, HEAD and branches, when it was last looked at
        self.unseen: dict[str, str] = {}  # path -> digest of what was saved and not shown to nbgit

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.box.path.name

    def git_dir(self) -> Path:
        """Return where git keeps what is of this working tree alone."""
        dot_git = self.box.path / ".git"
        return dot_git if dot_git.is_dir() else Path(dot_git.read_text().partition("gitdir: ")[2].strip())

    def files(self, box: GitBox) -> dict[str, bytes]:
        """Return path -> bytes of the files on disk, git's own left out."""
        found = {}
        for path in sorted(box.path.rglob("*")):
            name = path.relative_to(box.path).as_posix()
            if path.is_file() and name.partition("/")[0] != ".git":
                found[name] = path.read_bytes()
        return found

    def indexed(self) -> dict[str, str]:
        """Return path -> blob oid of the index, paths in conflict left out."""
        rows = [row.partition("\t") for row in self.box.git("ls-files", "-s", "-z").split("\0") if row]
        return {path: facts.split(" ")[1] for facts, _, path in rows if facts.endswith(" 0")}

    def phantoms(self) -> list[str]:
        """Return the paths that git may take for edited because of their size: only outputs were saved, and nothing
        has been shown to nbgit since."""
        found = []
        indexed = self.indexed() if self.unseen else {}
        for path, digest in self.unseen.items():
            file = self.box.path / path
            if path in indexed and file.is_file() and digest_of(data := file.read_bytes()) == digest:
                source = source_of(data)
                same = self.box.git("hash-object", "--no-filters", "--stdin", stdin=source).strip() == indexed[path]
                found += [path] if same else []
        return found


class Kept:
    """What can be got back in one clone, read anew each time, but no object twice."""

    def __init__(self, box: GitBox) -> None:
        self.box = box
        self.folder = box.path / ".git" / "nbgit"
        self.tip = ""
        self.captures: dict[str, str] = {}  # a file's name, without its time -> the digest that it proved to have
        self.snapshots: dict[str, bytes] = {}

    def digests(self) -> dict[str, str]:
        """Return the digest of every notebook that is captured or in a snapshot, and where: raises NbgitError."""
        found = {digest_of(data): f"snapshot {oid}" for oid, data in self._snapshots().items()}
        for file in [*self.folder.glob("captures/*/*"), *self.folder.glob("past/*/*")]:
            if "." in file.name:
                continue
            name = file.name.partition("-")[2]
            if name not in self.captures:
                read = Capture("", str(file)).read(POLICY)
                self.captures[name] = digest_of(read[0]) if read is not None else f"damaged: {file}"
            found[self.captures[name]] = f"capture {file.name}"
        return found

    def waiting(self) -> set[str]:
        """Return the source oids that captures of the clone wait with."""
        return {file.name.split("-")[1] for file in self.folder.glob("captures/*/*") if "." not in file.name}

    def _snapshots(self) -> dict[str, bytes]:
        tip = self.box.try_git("rev-parse", "-q", "--verify", SNAPSHOTS).out
        if tip != self.tip:
            rows = self.box.git("ls-tree", "-r", "-d", "--name-only", SNAPSHOTS).splitlines() if tip else []
            folders = [row.split("/") for row in rows]
            now = {parts[3]: parts[1] + parts[2] for parts in folders if len(parts) == 4}
            self.snapshots = {oid: data for oid, data in self.snapshots.items() if oid in now}
            with ObjectReader(find_repository(str(self.box.path), {})) as reader:
                for oid in now.keys() - self.snapshots.keys():
                    source = reader.read(now[oid])
                    if source is not None:
                        self.snapshots[oid] = read_snapshot(reader, oid, source)
            self.tip = tip
        return self.snapshots


class World:
    """Both sides, in the folders `nbgit` and `plain` of `root`; `trace` says in words what was done so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.minutes = 100
        self.trace: list[str] = []
        self.hubs = [GitBox(root / side, "hub.git", init=False) for side in ("nbgit", "plain")]
        self.places: list[Place] = []
        self.kept: dict[str, Kept] = {}
        self.saved: dict[str, bytes] = {}  # digest -> what people have saved
        self.ever: dict[str, set[str]] = {clone: set() for clone in CLONES}  # what could be got back once
        for clone in CLONES:
            self.add_place(clone, clone)
            self.kept[clone] = Kept(self.places[-1].box)

    def add_place(self, name: str, clone: str) -> Place:
        """Return a new place for a working tree of a clone, which is there already or is about to be made."""
        box, twin = (GitBox(self.root / side, name, init=False) for side in ("nbgit", "plain"))
        self.places.append(Place(box, twin, clone))
        return self.places[-1]

    def fail(self, words: str) -> NoReturn:
        """End the test, and say what led here."""
        raise AssertionError("\n".join([words, "after:", *(f"    {line}" for line in self.trace)]))

    def tick(self) -> None:
        """Let a minute pass, everywhere."""
        self.minutes += 1
        for box in [*self.hubs, *(box for place in self.places for box in (place.box, place.twin))]:
            box.minutes = self.minutes

    def made_now(self, place: Place) -> bool:
        """Return whether HEAD is a commit that the last command made."""
        return place.box.git("log", "-1", "--format=%ct") == f"{FIRST_SECOND + 60 * self.minutes}\n"

    def both(self, place: Place, *arguments: str) -> Result:
        """Run git on both sides and compare; return the answer with nbgit.

        Where git refuses because of outputs that it has not been shown, it is shown them, as a person would, and asked
        again; where nbgit refuses conflict markers, it is told to take them.
        """
        self.tick()
        self.trace.append(f"{place.name}: git {' '.join(arguments)}")
        result = self._sound(place, place.box.try_git(*arguments))
        if result.code and any(words in result.err for words in REFUSALS) and (phantoms := place.phantoms()):
            self.trace.append(f"    refused because of {', '.join(phantoms)}")
            if _local(place.state) == _local(self._state(place, place.box)):
                self.nbgit(place, "refresh")
                result = self._sound(place, place.box.try_git(*arguments))
        if result.code and MARKERS in result.err:
            result = self._sound(place, place.box.try_git("-c", "nbgit.guard=false", *arguments))
        plain = place.twin.try_git(*arguments)
        self.trace[-1] += f"  -> {result.code}"
        if result.code != plain.code:
            self.fail(f"git {' '.join(arguments)}: {result}\nwhere plain git says {plain}")
        return result

    def nbgit(self, place: Place, *arguments: str) -> Result:
        """Run a command of nbgit's, which may have nothing to say, but must not break."""
        self.trace.append(f"{place.name}: nbgit {' '.join(arguments)}")
        result = self._sound(place, place.box.nbgit(*arguments), ours=True)
        self.trace[-1] += f"  -> {result.code}"
        if result.code not in (0, 1, 8, 9):
            self.fail(f"nbgit {' '.join(arguments)}: {result}")
        if arguments[0] == "refresh" and result.code == 0:
            self.shown(place, *(arguments[1:] or place.unseen.keys() & place.indexed().keys()))
        return result

    def remember(self, clone: str) -> dict[str, str]:
        """Check that nothing was lost in a clone, and remember what there is."""
        try:
            there = self.kept[clone].digests()
        except NbgitError as error:
            self.fail(f"{clone}: {error}")
        lost = self.ever[clone] - there.keys()
        if lost:
            self.fail(f"{clone}: lost {[self.saved.get(digest, digest) for digest in lost]}")
        self.ever[clone] |= there.keys()
        return there

    def shown(self, place: Place, *paths: str) -> None:
        """Check that what was saved here is captured, now that git or nbgit was shown it."""
        there = self.remember(place.clone)
        for path in paths:
            digest = place.unseen.pop(path, None)
            if digest is not None and digest not in there and b'"outputs": [\n' in self.saved[digest]:
                self.fail(f"{place.name}: {path} was shown to git and is not captured: {digest}")

    def _sound(self, place: Place, result: Result, *, ours: bool = False) -> Result:
        words = [
            line
            for line in result.err.splitlines()
            if "nbgit: " in line and "conflicts are marked in" not in line and MARKERS not in line
        ]
        if "Traceback" in result.err or (words and not ours):
            self.fail(f"{place.name}: {result}")
        return result

    def _state(self, place: Place, box: GitBox) -> str:
        """Return the index, HEAD and the refs, as text; without those of nbgit."""
        head = box.try_git("symbolic-ref", "-q", "HEAD").out or box.git("rev-parse", "HEAD")
        refs = box.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        local = [row for row in refs if not row.startswith(OURS)]
        return "\n".join([head, *local, box.git("ls-files", "-s")])

    def compare(self, place: Place, *, status: bool) -> None:
        """Fail unless both sides of a place are alike: refs, index, files, and what `git status` says."""
        states = [self._state(place, box) for box in (place.box, place.twin)]
        place.state = states[0]
        if states[0] != states[1]:
            self.fail(f"{place.name}: refs and index are\n{states[0]}\nwhere plain git has\n{states[1]}")
        files = {path: source_of(data) for path, data in place.files(place.box).items()}
        plain = place.files(place.twin)
        for path in files.keys() | plain.keys():
            if files.get(path) != plain.get(path):
                self.fail(f"{place.name}: {path} is\n{files.get(path)!r}\nwhere plain git has\n{plain.get(path)!r}")
        if status:
            self._compare_status(place)
        on_disk = {path: digest_of(data) for path, data in place.files(place.box).items()}
        place.unseen = {path: digest for path, digest in place.unseen.items() if on_disk.get(path) == digest}
        log = self.kept[place.clone].folder / "nbgit.log"
        if log.exists() and "Traceback" in log.read_text():
            self.fail(f"{place.name}: {log.read_text()}")

    def _compare_status(self, place: Place) -> None:
        arguments = ["status", "--porcelain", "-z", "-uall", "--no-renames"]
        answer = self._sound(place, place.box.try_git(*arguments))
        texts = (answer.out, place.twin.git(*arguments))
        rows, plain = ({row[3:]: row[:2] for row in text.split("\0") if row} for text in texts)
        if rows != plain:
            for path in place.phantoms():
                if rows.get(path, "")[1:] == "M" and plain.get(path, "  ")[1:] == " ":
                    rows[path] = rows[path][0] + " "
            rows = {path: letters for path, letters in rows.items() if letters.strip()}
        if rows != plain:
            self.fail(f"{place.name}: status says {rows}, plain git {plain}; {answer.err}")

    def sound(self) -> None:
        """Fail unless nothing is damaged anywhere."""
        boxes = [*self.hubs, *(box for place in self.places for box in (place.box, place.twin))]
        for box in boxes:
            checked = box.try_git("fsck", "--full", "--strict", "--no-dangling")
            words = checked.out + checked.err
            if checked.code or any(word in words for word in ("missing", "broken", "error")):
                self.fail(f"{box.path}: git fsck says {checked}")
        for place in self.places:
            checked = place.box.nbgit("fsck")
            if checked.code:
                self.fail(f"{place.name}: nbgit fsck says {checked}")


def _local(state: str) -> list[str]:
    """Return what of a state a refused command must leave alone: a pull may have fetched."""
    return [line for line in state.splitlines() if not line.startswith("refs/remotes/")]


def build(root: Path) -> None:
    """Make what every world begins with: a commit with two notebooks, pushed by ada and cloned by bob."""
    driver = ""
    for side in ("nbgit", "plain"):
        hub = GitBox(root / side, "hub.git", init=False)
        hub.git("init", "-q", "--bare", "-b", "main")
        ada = GitBox(root / side, "ada")
        ada.git("remote", "add", "origin", "../hub.git")
        driver = _settle(ada, driver, plain=side == "plain")
        _commit(ada, "first", {N: ("n = 1", "n + 1", "'last'"), M: ("m = 1", "m + 1", "'last'")}, b"one\ntwo\nthree\n")
        for branch, path, source in (("topic", N, "n + 2"), ("side", M, "m + 2")):
            ada.git("checkout", "-q", "-b", branch, "main")
            _commit(ada, branch, {path: (f"{path[0]} = 1", source, "'last'")}, b"one\ntwo\n%s\n" % branch.encode())
        ada.git("checkout", "-q", "main")
        ada.git("push", "-q", "-u", "origin", "main", "topic", "side")
        bob = GitBox(root / side, "bob", init=False)
        bob.git("clone", "-q", "../hub.git", ".")
        bob.git("remote", "set-url", "origin", "../hub.git")
        driver = _settle(bob, driver, plain=side == "plain")
        bob.git("branch", "-q", "topic", "origin/topic")
        if side == "nbgit":
            assert bob.read(N) == ada.read(N)


def _commit(box: GitBox, run: str, notebooks: dict[str, tuple[str, ...]], text: bytes) -> None:
    plain = not (box.path / ".git" / "hooks" / "post-commit").exists()
    for path, sources in notebooks.items():
        data = run_of(*sources, run=run)
        box.write(path, source_of(data) if plain else data)
    box.write(TEXT, text)
    box.commit(run)


def _settle(box: GitBox, driver: str, *, plain: bool) -> str:
    for key, value in SETTINGS.items():
        box.git("config", key, value)
    if not plain:
        done = box.nbgit("install")
        assert done.code == 0, done
        return box.git("config", "merge.nbgit.driver").rstrip("\n")
    box.git("config", "merge.nbgit.driver", driver)
    box.git("config", "merge.nbgit.recursive", "binary")
    (box.path / ".git" / "info").mkdir(exist_ok=True)
    (box.path / ".git" / "info" / "attributes").write_text("*.ipynb merge=nbgit -text\n")
    return driver


def copied(template: Path, root: Path) -> World:
    """Return a world of its own in `root`, as `build` made it."""
    shutil.copytree(template, root, symlinks=True)
    return World(root)
