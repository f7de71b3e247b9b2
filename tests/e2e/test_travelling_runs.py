"""Recorded runs go with the commits that rest on them: pushed, fetched, found again after rebases, forgotten,
checked."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.store.entries import read_cuts
from tests.e2e.hub import Hub, push
from tests.e2e.scene import assert_sound, note_of
from tests.gitbox import GitBox
from tests.kernels import journals, run_steps
from tests.nb import code, notebook

SNAPSHOTS = "refs/nbgit/snapshots"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
CLEAN = {
    "path": "import os\nfolder = os.environ['HOME'] + '/private'",
    "raw": "rows = open(folder + '/raw.csv').read().split()",
    "junk": "junk = 'hunter2'",
    "write": "with open('data/clean.csv', 'w') as file:\n    _ = file.write(' '.join(rows[1:]))",
}
PLOT = {
    "load": "import base64\nfrom IPython.display import Image, display",
    "read": "text = open('data/clean.csv').read()",
    "look": "looked = len(text)",
    "n": "n = 1",
    "plot": f"display(Image(base64.b64decode('{PIXEL}') + text.encode() + bytes([n]), format='png'))",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Return a hub to which Ada has pushed two notebooks that really ran; what she recorded is in her clone."""
    hub = Hub(tmp_path_factory.mktemp("recorded"))
    hub.hub.git("config", "uploadpack.allowFilter", "true")
    ada = hub.clone("ada")
    ada.write(".gitignore", b"data/\n")
    ada.commit("set up")
    (ada.path / "data").mkdir()
    (ada.home / "private").mkdir()
    (ada.home / "private" / "raw.csv").write_text("x 1 2 3\n")
    run_steps(ada, "clean.ipynb", CLEAN, list(CLEAN))
    ada.commit("clean")
    run_steps(ada, "plot.ipynb", PLOT, [*PLOT, ("n", "n = 3"), "look", "plot"])
    ada.commit("plot")
    push(ada, "-u", "origin", "main")
    return hub


@pytest.fixture
def hub(recorded: Hub, tmp_path: Path) -> Hub:
    """Return a copy of that hub."""
    shutil.copytree(recorded.root / "hub.git", tmp_path / "hub.git")
    copy = Hub.__new__(Hub)
    copy.root = tmp_path
    copy.hub = GitBox(tmp_path, "hub.git", init=False)
    copy.url = f"file://{copy.hub.path.as_posix()}"
    return copy


@pytest.fixture
def ada(recorded: Hub, hub: Hub) -> GitBox:
    """Return a copy of Ada's clone, with all that she recorded."""
    return copied(recorded, hub, "ada")


def copied(recorded: Hub, hub: Hub, name: str) -> GitBox:
    shutil.copytree(recorded.root / "ada", hub.root / name)
    box = GitBox(hub.root, name, init=False)
    box.minutes = 10
    box.git("remote", "set-url", "origin", hub.url)
    box.git("update-index", "-q", "--refresh")
    return box


def asked(box: GitBox, path: str = "plot.ipynb", cell_id: str = "plot") -> dict[str, Any]:
    """Return the only match of blame-output --json, held against the schema."""
    result = box.nbgit("blame-output", path, "--cell-id", cell_id, "--json")
    assert result.code == 0, result
    document = json.loads(result.out)
    assert validate(document, "blame-output.v1") == []
    (match,) = document["matches"]
    found: dict[str, Any] = match
    return found


def cuts(box: GitBox, ref: str = SNAPSHOTS) -> dict[str, str]:
    """Return the cuts that a snapshots ref holds: path -> text."""
    rows = [row.split() for row in box.git("ls-tree", "-r", ref, "runs").splitlines()]
    return {row[3]: box.git("cat-file", "blob", row[2]) for row in rows}


def named(box: GitBox, commit: str = "HEAD") -> set[str]:
    """Return the paths of the cuts that a commit's entry names."""
    found = read_cuts(note_of(box, commit).encode())
    return {f"runs/{session}/{oid}.jsonl" for session, oids in found.items() for oid in oids}


def steps(match: dict[str, Any]) -> list[str]:
    return [cell["code"] for cell in match["recipe"]["cells"]]


def same_story(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two answers tell the same run, recipe and inputs, but for what never leaves a machine."""

    def told(match: dict[str, Any]) -> str:
        text = json.dumps([match["run"], match["recipe"], match["inputs"], match["packages"]], sort_keys=True)
        for kernel in (match["run"]["kernel"], match["inputs"][0]["written_by"]["run"]["kernel"]):
            text = text.replace(json.dumps(kernel, sort_keys=True), kernel["python"])
        (outside,) = (read["path"] for read in match["inputs"][0]["written_by"]["inputs"])
        return text.replace(outside, "outside")

    return told(one) == told(other)


def test_the_story_in_another_clone_and_without_the_journals(ada: GitBox, hub: Hub) -> None:
    here = asked(ada)
    assert (here["recipe"]["among"], steps(here)) == (8, [PLOT["load"], PLOT["read"], "n = 3", PLOT["plot"]])
    bob = hub.clone("bob")
    assert not journals(bob)
    assert same_story(asked(bob), here)
    told = bob.nbgit("blame-output", "plot.ipynb", "--cell-id", "plot").out
    assert "session 2, kernel python" in told
    assert "4 of 8 runs (conservative)" in told
    assert "data/clean.csv  <- clean.ipynb cell 3" in told
    assert "a file outside of the repository (" in told
    assert "state       unknown: data/clean.csv is not in this clone\n" in told
    assert "1 figure" in bob.nbgit("affected", "data/clean.csv").out
    bob.write("data/mailed.csv", ada.read("data/clean.csv"))
    assert "clean.ipynb cell 3 [4]" in bob.nbgit("blame-output", "data/mailed.csv").out
    assert "  4 runs · python" in bob.nbgit("log", "--runs", "--author", "Ada").out
    assert_sound(bob)
    shutil.rmtree(ada.path / ".git" / "nbgit" / "runs")
    assert same_story(asked(ada), here)


def test_what_leaves_the_clone(ada: GitBox, hub: Hub) -> None:
    found = cuts(hub.hub)
    assert len(found) == 2
    assert found.keys() == named(ada)  # plot rests on both sessions
    assert named(ada, "HEAD~1") < named(ada)  # a cell of clean shows nothing, and has written a file
    text = "".join(found.values())
    for line in text.splitlines():
        assert validate(json.loads(line), "run.v1") == []
    assert str(ada.root.parent) not in text
    assert not [word for word in ('"pid"', "executable", "hunter2", "looked", "~/") if word in text]
    assert "Ada Lovelace" in text
    entry = json.loads(next(row for row in note_of(ada).splitlines() if row.startswith("{")))
    assert validate(entry, "entry.v1") == []


def test_runs_stay_at_home_where_asked(ada: GitBox, hub: Hub) -> None:
    ada.git("config", "nbgit.runsTravel", "false")
    hub.hub.git("update-ref", "-d", SNAPSHOTS)
    hub.hub.git("update-ref", "-d", "refs/notes/nbgit")
    ada.git("update-ref", "-d", "refs/nbgit-remotes/origin/snapshots")
    ada.git("update-ref", "-d", "refs/nbgit-remotes/origin/notes/nbgit")
    drawn(ada, "more.ipynb", "late", 9)
    push(ada)
    assert not named(ada)
    assert not cuts(hub.hub)
    bob = hub.clone("bob")
    assert asked(bob)["run"] is None
    assert_sound(bob)  # what its entries name is kept elsewhere


def drawn(box: GitBox, path: str, cell_id: str, number: int) -> str:
    """Add a run to the journal of plot.ipynb that draws a figure of its own, and commit a notebook that shows it.

    Returns the figure's digest.
    """
    figure = base64.b64decode(PIXEL) + bytes([number % 256])
    digest = "sha256:" + hashlib.sha256(figure).hexdigest()
    source = f"display(Image(data + bytes([n, {number}])))"
    journal = journals(box)[-1]
    run = f"{journal.stem}:{number}"
    begin = {"type": "begin", "id": run, "code": source, "started": "2026-11-25T10:00:00.000Z", "head": None}
    end = {"type": "end", "id": run, "execution_count": number, "outcome": "ok", "seconds": 0.1, "dirty": None}
    end["displayed"] = [{"mime": "image/png", "digest": digest}]
    with journal.open("a", encoding="ascii") as file:
        file.write(json.dumps(begin) + "\n" + json.dumps(end) + "\n")
    shown = {"output_type": "display_data", "metadata": {}, "data": {"image/png": base64.b64encode(figure).decode()}}
    box.write(path, notebook(code(source, id=cell_id, execution_count=number, outputs=[shown])))
    box.commit(path)
    return digest


def test_what_takes_long_waits_for_a_push(ada: GitBox, hub: Hub) -> None:
    journal = journals(ada)[-1]
    rest = {"outcome": "ok", "seconds": 0.1, "dirty": None, "execution_count": None}
    with journal.open("a", encoding="ascii") as file:
        for number in range(9, 3100):
            run = {"id": f"{journal.stem}:{number}"}
            begin = {"type": "begin", **run, "code": "pass", "started": "2026-11-25T09:00:00.000Z", "head": None}
            file.write(json.dumps(begin) + "\n" + json.dumps({"type": "end", **run, **rest}) + "\n")
    drawn(ada, "more.ipynb", "late", 3100)
    assert not named(ada)
    waiting = ada.path / ".git" / "nbgit" / "runs" / "waiting"
    assert waiting.read_text() == ada.git("rev-parse", "HEAD")
    push(ada)
    assert named(ada) < cuts(hub.hub).keys()
    assert '"among":3100' in "".join(cuts(hub.hub)[path] for path in named(ada))
    assert not waiting.exists()
    assert_sound(ada)


def test_rewritten_commits_name_what_they_rest_on(ada: GitBox, hub: Hub) -> None:
    before = named(ada)
    ada.git("commit", "-q", "--amend", "-m", "plot, reworded")
    assert named(ada) == before
    bob = hub.clone("bob")  # has no journal
    bob.minutes = 20
    bob.git("checkout", "-q", "-b", "topic", "HEAD~1")
    bob.write("notes.txt", b"x\n")
    bob.commit("notes")
    bob.git("cherry-pick", "main")
    assert named(bob) == before
    bob.git("checkout", "-q", "-b", "side", "main~1")
    bob.write("other.txt", b"x\n")
    bob.commit("other")
    bob.git("rebase", "-q", "topic")
    bob.git("rebase", "-q", "--onto", "main~2", "main~1", "topic")
    assert named(bob, "topic") == before
    bob.write("plot.ipynb", bob.read("plot.ipynb").replace(b'"outputs": [', b'"outputs": [], "was": [', 9))
    bob.git("commit", "-q", "-a", "--amend", "-m", "without outputs")
    assert not named(bob)


def test_two_clones_with_cuts_of_one_session(recorded: Hub, ada: GitBox, hub: Hub) -> None:
    laptop = copied(recorded, hub, "laptop")
    drawn(ada, "a.ipynb", "a", 9)
    push(ada)
    drawn(laptop, "b.ipynb", "b", 10)
    laptop.git("pull", "-q", "--rebase")
    push(laptop)
    bob = hub.clone("bob")
    assert len(cuts(bob)) == 4
    session = journals(ada)[-1].stem
    assert len([path for path in cuts(bob) if session in path]) == 3
    assert asked(bob, "a.ipynb", "a")["recipe"]["among"] == 9
    match = asked(bob, "b.ipynb", "b")
    assert (match["recipe"]["among"], steps(match)[-2:]) == (10, ["n = 3", "display(Image(data + bytes([n, 10])))"])
    assert steps(asked(bob))[-2:] == ["n = 3", PLOT["plot"]]
    assert_sound(bob)


def test_forgetting_what_stands_in_a_run(ada: GitBox, hub: Hub) -> None:
    bob = hub.clone("bob")
    old = cuts(ada)
    seen = ada.nbgit("forget", "--pattern", r"n = 3", "--dry-run")
    assert "1 cut of recorded runs" in seen.out
    assert "1 journal of runs" in seen.out
    assert cuts(ada) == old
    assert ada.nbgit("forget", "--pattern", r"n = 3", "--yes", "--prune-now").code == 0
    text = "".join(path.read_text("ascii") for path in journals(ada)) + "".join(cuts(ada).values())
    assert "n = 3" not in text
    assert named(ada) == cuts(ada).keys() != old.keys()
    forgotten = [PLOT["load"], PLOT["read"], "# forgotten", PLOT["plot"]]
    assert set(forgotten[:2] + forgotten[3:]) < set(steps(asked(ada)))  # all before it may have gone into it
    assert_sound(ada)
    assert ada.nbgit("forget", "--pattern", r"n = 3", "--dry-run").code == 1
    assert ada.nbgit("sync", "--overwrite", "origin").code == 0
    assert cuts(hub.hub).keys() == cuts(ada).keys()
    assert bob.nbgit("sync", "origin").code == 0
    assert cuts(bob).keys() == cuts(ada).keys()
    assert named(bob) == named(ada)
    assert steps(asked(bob)) == forgotten
    assert_sound(bob)


def test_forgetting_a_figure_keeps_the_run(ada: GitBox) -> None:
    digest = drawn(ada, "more.ipynb", "late", 9)
    assert ada.nbgit("forget", digest, "--yes").code == 0
    said = "".join(cuts(ada).values()) + journals(ada)[-1].read_text("ascii")
    assert digest not in said
    assert "bytes([n, 9])" in said
    assert asked(ada)["recipe"]["among"] == 8
    assert_sound(ada)


def test_collecting_what_nobody_needs(ada: GitBox) -> None:
    text = ada.nbgit("du").out
    assert "recorded runs, stored with commits" in text
    assert "recorded runs, by session" in text
    usage = json.loads(ada.nbgit("du", "--json").out)
    assert validate(usage, "du.v1") == []
    assert (usage["cuts"]["count"], usage["files"]["runs"]["count"]) == (2, 2)
    drawn(ada, "more.ipynb", "late", 9)
    (alone,) = named(ada)
    ada.git("reset", "-q", "--hard", "HEAD~1")
    ada.git("reflog", "expire", "--expire=now", "--all")
    (ada.path / ".git" / "ORIG_HEAD").unlink()
    found = json.loads(ada.nbgit("gc", "--dry-run", "--json", "--expire", "now").out)
    assert validate(found, "gc.v1") == []
    assert [f"runs/{cut['session']}/{cut['id']}.jsonl" for cut in found["cuts"]] == [alone]
    assert found["journals"] == []  # some runs of both are in no commit
    assert len(cuts(ada)) == 3
    assert ada.nbgit("gc", "--waiting", "now").code == 0
    assert len(cuts(ada)) == 2
    assert not journals(ada)
    assert "session 2," in ada.nbgit("blame-output", "plot.ipynb", "--cell-id", "plot").out
    assert_sound(ada)


def test_checking_and_repairing(recorded: Hub, ada: GitBox, hub: Hub) -> None:
    here, before = asked(ada), cuts(ada)
    torn = b"blob 9000\0" + hashlib.sha512(b"").digest() * 200
    lose_cuts(ada, zlib.compress(torn)[:60])  # git can read what it is, and dies of it
    assert same_story(asked(ada), here)
    ada.git("commit", "-q", "--amend", "-m", "plot, reworded")
    assert len(named(ada)) == 2
    told = ada.nbgit("fsck", "--json")
    assert told.code == 1
    assert "these runs are missing or damaged" in told.out
    assert validate(json.loads(told.out), "fsck.v1") == []
    assert ada.nbgit("fsck", "--repair").code == 0, ada.nbgit("fsck").out
    assert cuts(ada) == before
    assert same_story(asked(ada), here)
    bob = hub.clone("bob")
    lose_cuts(bob)
    assert asked(bob)["run"] is None
    assert bob.nbgit("fsck", "--repair").code == 0
    assert not named(bob)
    root = bob.git("rev-parse", f"{SNAPSHOTS}^{{tree}}").strip()
    assert not bob.try_git("ls-tree", f"{root}:runs").out
    carol = hub.clone("carol")
    rows = [row for row in carol.git("ls-tree", SNAPSHOTS).splitlines() if "\truns" not in row]
    tree = carol.git("mktree", stdin="".join(f"{row}\n" for row in rows).encode()).strip()
    carol.git("update-ref", SNAPSHOTS, carol.git("commit-tree", "-m", "x", tree).strip())
    assert "it names runs of session" in carol.nbgit("fsck").out
    assert carol.nbgit("fsck", "--repair").code == 0
    assert cuts(carol) == before


def lose_cuts(box: GitBox, left: bytes = b"") -> None:
    """Delete the objects of all cuts, or leave these bytes in their places."""
    box.git("update-ref", "-d", "refs/nbgit-remotes/origin/snapshots")
    (box.path / ".git" / "nbgit" / "index.sqlite").unlink(missing_ok=True)
    oids = [path.rsplit("/", 1)[1].removesuffix(".jsonl") for path in cuts(box)]
    for pack in (box.path / ".git" / "objects" / "pack").glob("*.pack"):
        data = pack.read_bytes()
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.chmod(0o600)
            file.unlink()
        box.git("unpack-objects", "-q", stdin=data)
    for oid in oids:
        file = box.path / ".git" / "objects" / oid[:2] / oid[2:]
        file.chmod(0o600)
        file.unlink()
        if left:
            file.write_bytes(left)


def test_a_lazy_clone_fetches_runs_when_they_are_asked_for(hub: Hub, ada: GitBox) -> None:
    bob = hub.clone("bob", install=False)
    assert bob.nbgit("install", "--lazy").code == 0
    assert same_story(asked(bob), asked(ada))
    assert_sound(bob)


def test_a_clone_takes_only_what_is_a_cut(hub: Hub) -> None:
    """Somebody pushes a tree that is made up to lead others astray."""
    mallory = hub.clone("mallory")
    session, (path, text) = "20261121T000000-0123456789ab", next(iter(cuts(mallory).items()))
    own = path.split("/")[1]
    evil = [
        {"type": "session", "nbgit-run": 1, "id": own, "host": "\x1b[31mevil", "pid": 1, "notebook": "../../x.ipynb"},
        {
            "type": "begin",
            "id": f"{own}:1",
            "code": "evil()",
            "started": "2026-11-21T00:00:00.0Z",
            "head": None,
            "needs": [],
        },
        {"type": "end", "id": f"{own}:1", "outcome": "ok", "seconds": 1e400, "execution_count": 1},
    ]
    blob = put(mallory, "".join(json.dumps(line) + "\n" for line in evil).encode() + b"[" * 100_000 + b"\n\xff\xfe\n{")
    other = put(mallory, text.encode())
    folders = {
        own: [f"100644 blob {blob}\t{blob}.jsonl", f"120000 blob {other}\t{other}.jsonl"],
        session: [f"100644 blob {other}\t{'0' * 40}.jsonl", f"100644 blob {other}\t{other}.jsonl"],
        "..evil": [f"100644 blob {other}\t{other}.jsonl"],
    }
    rows = [f"040000 tree {tree(mallory, found)}\t{name}" for name, found in folders.items()]
    top = [row for row in mallory.git("ls-tree", SNAPSHOTS).splitlines() if "\truns" not in row]
    made = tree(mallory, [*top, f"040000 tree {tree(mallory, rows)}\truns"])
    tip = mallory.git("commit-tree", "-p", SNAPSHOTS, "-m", "x", made).strip()
    mallory.git("push", "-q", "--no-verify", "origin", f"{tip}:{SNAPSHOTS}")
    bob = hub.clone("bob")
    assert {name.split("/")[1] for name in cuts(bob)} == {own, session}
    match = asked(bob)
    assert match["run"] is None or "evil" not in json.dumps(match)
    listed = bob.nbgit("log", "--runs")
    assert (listed.code, "\x1b[31mevil" in listed.out) == (0, False)
    report = bob.nbgit("fsck")
    assert "Traceback" not in report.err
    assert "it holds no run of its session" in report.out


def put(box: GitBox, data: bytes) -> str:
    return box.git("hash-object", "-w", "--stdin", stdin=data).strip()


def tree(box: GitBox, rows: list[str]) -> str:
    return box.git("mktree", "-z", stdin="".join(f"{row}\0" for row in rows).encode()).strip()
