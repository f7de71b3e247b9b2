"""`nbgit forget`: afterwards no object and no file of nbgit's holds the secret, and everything else is as it was."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from nbgit.store.forgotten import GONE, decode_forgotten
from tests.e2e.scene import N, assert_clean, entry_of, never_ran, note_of, outputs_at, run_of
from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook

ONE, TWO = "q7Xfirst", "k9Zsecond"  # the two halves of the secret: JSON may cut it
SECRET = ONE + TWO
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture, as far as nbgit cares " * 40
LONG = "a long line of no importance\n" * 40  # more than what stays in snapshot.json


def stream(*lines: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": list(lines)}


def shown(**data: Any) -> dict[str, Any]:
    bundle = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": bundle}


def error(*traceback: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": list(traceback)}


def with_outputs(*outputs: dict[str, Any], **metadata: Any) -> bytes:
    """Return a notebook: a first cell that shows "kept", and a second one with these outputs."""
    first = code("1", id="first", execution_count=1, outputs=[stream("kept\n", LONG)])
    second = code("2", id="second", execution_count=2, outputs=[stream("before\n"), *outputs, stream("after\n")])
    return notebook(markdown("# T", id="t"), first, second, metadata=metadata)


def held(box: GitBox, *needles: bytes) -> list[str]:
    """Return which needles are in some object (decompressed), and the files of nbgit's and ref logs that hold one."""
    objects = box.git_bytes("cat-file", "--batch-all-objects", "--batch", "--buffer")
    found = [repr(needle) for needle in needles if needle in objects]
    for folder in ("nbgit", "logs"):
        for here, _, names in os.walk(box.path / ".git" / folder):
            for name in names:
                content = (Path(here) / name).read_bytes()
                found += [name] if any(needle in content for needle in needles) else []
    return found


def forget(box: GitBox, *arguments: str) -> str:
    result = box.nbgit("forget", "--yes", *arguments)
    assert result.code == 0, (result.out, result.err)
    return result.out


WAYS: dict[str, list[dict[str, Any]]] = {
    "a short text": [stream(f"token {SECRET}\n")],
    "a list that cuts it": [stream(f"token {ONE}", f"{TWO}\n")],
    "a long text with a file of its own": [stream(LONG, f"{SECRET}\n", LONG)],
    "two pieces of one stream": [stream(f"{LONG}{ONE}"), stream(f"{TWO}{LONG}")],
    "a traceback in colours": [error("\x1b[0;31mValueError\x1b[0m", f"at \x1b[1m{ONE}\x1b[0m{TWO}")],
    "an error's value": [{**error("nothing here"), "evalue": SECRET}],
    "HTML that cuts it": [shown(text_html=[f"<td>{LONG}<b>{ONE}</b>", f"{TWO}</td>"])],
    "JSON": [{**shown(), "data": {"application/json": {"deep": [{"er": [LONG, {SECRET: 1}]}]}}}],
    "metadata of an output": [{**shown(text_plain="x"), "metadata": {"note": SECRET}}],
    "text under a binary type": [shown(image_png=f"no picture but {SECRET}!")],
}


@pytest.mark.parametrize("way", WAYS)
def test_no_byte_of_it_is_left(installed: GitBox, way: str) -> None:
    installed.write(N, with_outputs(*WAYS[way]))
    commit = installed.commit("leak")
    assert held(installed, ONE.encode(), TWO.encode())
    told = forget(installed, "--pattern", SECRET, "--worktree", "--prune-now")
    assert "The old objects are deleted from this clone." in told
    assert held(installed, ONE.encode(), TWO.encode()) == []
    assert installed.read(N) == with_outputs() == outputs_at(installed, commit, N)
    assert_clean(installed)
    installed.git("checkout", "-q", "--detach")
    (installed.path / N).unlink()
    installed.git("checkout", "-q", "--", N)
    assert installed.read(N) == with_outputs()
    assert "2 cells ran" in note_of(installed)


def test_captures_waiting_past_damaged_and_half_written(installed: GitBox) -> None:
    box = installed
    for number in range(3):  # the first becomes past, the second is committed, the third waits
        box.write(N, with_outputs(stream(f"{number} {SECRET}\n")))
        box.git("add", N)
        if number == 1:
            box.commit("run")
    folder = next((box.path / ".git" / "nbgit" / "captures").iterdir())
    damaged = folder / next(folder.iterdir()).name.replace("0", "1", 1)
    damaged.write_bytes(b"{" + SECRET.encode())
    left = folder / "x.1.1.new"
    left.write_bytes(SECRET.encode())
    os.utime(left, (time.time() - 3600,) * 2)
    (box.path / ".git" / "nbgit" / "nbgit.log").write_text(f"kept\nsome text {SECRET}\nkept too\n")
    forget(box, "--pattern", SECRET, "--worktree", "--prune-now")
    assert held(box, SECRET.encode()) == []
    assert (box.path / ".git" / "nbgit" / "nbgit.log").read_text() == "kept\nkept too\n"
    captures = json.loads(box.nbgit("captures", "--json").out)["captures"]
    assert {capture["state"] for capture in captures} <= {"waiting", "overtaken"}
    assert captures
    restored = box.nbgit("restore", N, "--capture", captures[0]["id"])
    assert restored.code == 0, restored.err
    assert box.read(N) == with_outputs()


def test_every_commit_and_every_branch(installed: GitBox) -> None:
    box = installed
    for number in range(4):
        box.write(N, with_outputs(stream(f"{number} {SECRET if number % 2 else ''}\n")))
        box.write("other.ipynb", run_of("x", run=str(number)))
        box.minutes += 1
        box.git("add", "-A")
        box.git("commit", "-q", "--allow-empty", "-m", str(number))
    untouched = [entry_of(box, f"HEAD~{number}") for number in (1, 3)]
    others = [entry_of(box, f"HEAD~{number}")["other.ipynb"] for number in range(4)]
    forget(box, "--pattern", SECRET)
    assert [entry_of(box, f"HEAD~{number}") for number in (1, 3)] == untouched
    assert [entry_of(box, f"HEAD~{number}")["other.ipynb"] for number in range(4)] == others
    assert [outputs_at(box, f"HEAD~{number}", N) for number in (0, 2)] == [with_outputs()] * 2
    assert box.git("rev-list", "--count", "refs/nbgit/snapshots", "refs/notes/nbgit").strip() == "2"
    listed = decode_forgotten(box.git_bytes("cat-file", "blob", "refs/nbgit/snapshots:forgotten")).snapshots
    assert len(listed) == 2
    assert set(listed.values()) == {entry_of(box)[N]}


def test_a_picture_by_its_file_and_by_its_digest(installed: GitBox) -> None:
    for run in ("sha256", "file"):
        png = PNG + run.encode()
        picture = shown(image_png=b64encode(png).decode(), text_plain="<Figure>")
        installed.write(N, with_outputs(picture, stream(f"{run}\n")))
        installed.commit(run)
        oid = installed.git("hash-object", "--stdin", stdin=png).strip()
        assert installed.try_git("cat-file", "-e", oid).code == 0
        figure = installed.write("figure.png", png)
        from hashlib import sha256

        target = str(figure) if run == "file" else f"sha256:{sha256(png).hexdigest()[:16]}"
        forget(installed, target, "--worktree", "--prune-now")
        figure.unlink()
        assert installed.try_git("cat-file", "-e", oid).code != 0
        assert installed.read(N) == with_outputs(stream(f"{run}\n"))
        assert_clean(installed)


def test_all_outputs_of_one_path(installed: GitBox) -> None:
    box = installed
    box.write(N, run_of("x", "y", run=SECRET))
    box.write("copy.ipynb", run_of("z", run="other"))
    commit = box.commit("both")
    forget(box, N, "--worktree", "--prune-now")
    assert held(box, SECRET.encode()) == []
    assert entry_of(box, commit).keys() == {"copy.ipynb"}
    assert box.read(N) == never_ran("x", "y")
    assert box.read("copy.ipynb") == run_of("z", run="other")
    (gone,) = decode_forgotten(box.git_bytes("cat-file", "blob", "refs/nbgit/snapshots:forgotten")).snapshots.values()
    assert gone == GONE
    assert_clean(box)


def test_outputs_that_another_path_shares_are_told_and_stay_there(installed: GitBox) -> None:
    installed.write(N, run_of("x", run="one"))
    installed.write("copy.ipynb", run_of("x", run="one"))
    commit = installed.commit("both")
    told = forget(installed, N)
    assert "copy.ipynb" in told
    assert entry_of(installed, commit).keys() == {"copy.ipynb"}
    assert outputs_at(installed, commit, "copy.ipynb") == run_of("x", run="one")


def test_a_dry_run_changes_nothing(installed: GitBox) -> None:
    installed.write(N, with_outputs(stream(SECRET)))
    installed.commit("leak")

    def state() -> tuple[str, str, list[str]]:
        objects = installed.git("cat-file", "--batch-all-objects", "--batch-check")
        files = sorted(str(path) for path in (installed.path / ".git" / "nbgit").rglob("*"))
        return objects, installed.git("for-each-ref"), files

    before = state()
    result = installed.nbgit("forget", "--pattern", SECRET, "--dry-run")
    assert result.code == 0, result.err
    assert "1 snapshot" in result.out
    assert "still shows it on disk" in result.out
    assert state() == before


def test_it_asks_first(installed: GitBox) -> None:
    installed.write(N, with_outputs(stream(SECRET)))
    installed.commit("leak")
    result = installed.nbgit("forget", "--pattern", SECRET)
    assert result.code == 2
    assert "--yes" in result.err
    assert held(installed, SECRET.encode())


def test_what_was_never_there(installed: GitBox) -> None:
    installed.write(N, with_outputs())
    installed.commit("clean")
    for arguments in (["--pattern", SECRET], ["sha256:" + "0" * 64], ["gone.ipynb"]):
        result = installed.nbgit("forget", "--yes", *arguments)
        assert result.code == 1, result
        assert "Nothing that nbgit keeps shows" in result.out
    assert installed.nbgit("forget", "--yes", "--pattern", "x*").code == 9
    assert installed.nbgit("forget", "--yes", "--pattern", "(").code == 9
    assert installed.nbgit("forget", "--yes", "sha256:ab").code == 9
    assert installed.nbgit("forget", "--yes").code == 2


def test_what_git_itself_stores_is_told(installed: GitBox) -> None:
    kept = code("1", id="k", execution_count=1, outputs=[stream(SECRET)], metadata={"tags": ["keep_output"]})
    installed.write("kept.ipynb", notebook(kept))
    installed.write("code.ipynb", run_of(f"print('{SECRET}')", run="x"))
    installed.commit("in the history")
    installed.git("rm", "-q", "kept.ipynb", "code.ipynb")
    installed.commit("gone again")
    told = forget(installed, "--pattern", SECRET)
    assert "code.ipynb kept.ipynb: nbgit does not rewrite that; `git filter-repo` does" in told


def test_the_same_outputs_again_are_not_linked_again(installed: GitBox) -> None:
    installed.write(N, with_outputs(stream(SECRET)))
    installed.commit("leak")
    forget(installed, "--pattern", SECRET, "--worktree", "--prune-now")
    installed.write(N, with_outputs(stream(SECRET)))
    installed.git("commit", "-q", "-a", "--allow-empty", "-m", "leaked again")
    installed.git("add", N)
    installed.commit("and again")
    assert note_of(installed, "HEAD~1") == ""  # what it may show is what the commit before it shows
    assert note_of(installed) == ""  # nothing has run since
    assert installed.try_git("grep", "-q", SECRET, "refs/nbgit/snapshots").code == 1
    forget(installed, "--pattern", SECRET, "--worktree", "--prune-now")
    assert "capture" not in installed.nbgit("forget", "--pattern", SECRET, "--dry-run").out


def test_objects_of_packs_go_and_nobody_elses(installed: GitBox) -> None:
    lost = installed.git("hash-object", "-w", "--stdin", stdin=b"a person's own lost work").strip()
    installed.write(N, with_outputs(stream(LONG, SECRET, LONG)))
    installed.commit("leak")
    installed.git("repack", "-adkq")
    installed.git("commit-graph", "write", "--reachable")
    forget(installed, "--pattern", SECRET, "--prune-now", "--worktree")
    assert held(installed, SECRET.encode()) == []
    assert installed.try_git("cat-file", "-e", lost).code == 0
    assert_clean(installed)


def test_pruning_later_finishes(installed: GitBox) -> None:
    installed.git("config", "core.logAllRefUpdates", "always")
    installed.write(N, with_outputs(stream(LONG, SECRET)))
    installed.commit("leak")
    told = forget(installed, "--pattern", SECRET, "--worktree")
    assert "--prune-now deletes just these" in told
    assert held(installed, SECRET.encode())
    forget(installed, "--pattern", SECRET, "--prune-now")
    assert held(installed, SECRET.encode()) == []


def test_what_a_remote_holds_is_told(installed: GitBox) -> None:
    box = installed
    box.write(N, with_outputs(stream(SECRET)))
    box.commit("leak")
    box.git("init", "-q", "--bare", str(box.root / "server"))
    box.git("remote", "add", "origin", str(box.root / "server"))
    box.git("push", "-q", "--no-verify", "origin", "refs/nbgit/snapshots", "refs/notes/nbgit")
    told = forget(box, "--pattern", SECRET, "--worktree", "--dry-run")
    assert "origin" not in told
    tracking = "refs/nbgit-remotes/origin"
    box.git("fetch", "-q", "origin", f"refs/nbgit/snapshots:{tracking}/snapshots")
    told = forget(box, "--pattern", SECRET, "--worktree", "--prune-now")
    assert "The remote origin still holds it: `nbgit sync origin` takes it out of what is shared" in told
    assert "could not be deleted: what was fetched from a remote" in told
    box.git("update-ref", "-d", f"{tracking}/snapshots")
    told = forget(box, "--pattern", SECRET, "--prune-now")
    assert held(box, SECRET.encode()) == []


def test_another_worktree_is_told_of(installed: GitBox) -> None:
    installed.write(N, with_outputs(stream(SECRET)))
    installed.commit("leak")
    installed.git("worktree", "add", "-q", str(installed.root / "second"))
    told = forget(installed, "--pattern", SECRET)
    assert told.count("still shows it on disk") == 2
    told = forget(installed, "--pattern", SECRET, "--worktree")
    assert told.count("is cleaned") == 2
    assert (installed.root / "second" / N).read_bytes() == with_outputs()


def test_widgets_and_damaged_snapshots(installed: GitBox) -> None:
    box = installed
    box.write(N, with_outputs(widgets={"state": {"a": {"value": SECRET}}}))
    box.write("broken.ipynb", run_of("x", run=SECRET))
    box.commit("leak")
    snapshot = entry_of(box)["broken.ipynb"]
    source = box.git("rev-parse", "HEAD:broken.ipynb").strip()
    (box.path / ".git" / "objects" / source[:2] / source[2:]).unlink()
    forget(box, "--pattern", SECRET, "--prune-now")
    assert outputs_at(box, "HEAD", N) == with_outputs()
    assert entry_of(box).keys() == {N}
    assert (
        decode_forgotten(box.git_bytes("cat-file", "blob", "refs/nbgit/snapshots:forgotten")).snapshots[snapshot]
        == GONE
    )
    assert held(box, SECRET.encode()) == []
