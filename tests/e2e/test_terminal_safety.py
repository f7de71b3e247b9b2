"""No text from a notebook, a path, a commit or a fetched ref reaches the terminal with its control characters."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.gitbox import GitBox, Result
from tests.nb import code, markdown, notebook

C0 = "".join(chr(n) for n in range(1, 32))
C1 = "".join(chr(n) for n in range(0x7F, 0xA0))
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
EVIL = f"\x1b]0;title\x07\x1b[31m\x9b2J{BIDI}{C0}{C1}\u2028\u2029"
PATH = f"a{EVIL}.ipynb"
FORBIDDEN = re.compile(f"[{re.escape((C0 + C1 + BIDI).translate({9: None, 10: None}))}\u2028\u2029\ufeff\udc80-\udcff]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # what nbgit itself writes where colour is on
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no such file names elsewhere")


def hostile(source: str, run: str) -> bytes:
    """Return a notebook that has such text wherever it can have text."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": [EVIL, run]},
        {"output_type": "display_data", "metadata": {}, "data": {f"image/{EVIL}": run, "text/plain": EVIL * 20}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": IMAGE, f"text/{EVIL}": EVIL}},
        {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
        {"output_type": EVIL},
    ]
    metadata = {
        "kernelspec": {"display_name": EVIL, "name": EVIL},
        "language_info": {"name": EVIL, "version": EVIL},
        EVIL: {EVIL: EVIL},
    }
    return notebook(
        markdown(f"# {EVIL}", id=EVIL),
        code(
            f"{EVIL}\n{source}", id=f"{EVIL}2", outputs=outputs, execution_count=3, metadata={"tags": [EVIL], EVIL: 1}
        ),
        code(EVIL, id="keep", outputs=outputs[:2], metadata={"tags": ["keep_output"]}),
        metadata=metadata,
    )


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> GitBox:
    """Return a repository whose paths, people, messages, notes, notebooks, branches and remotes are all hostile."""
    box = GitBox(tmp_path_factory.mktemp("evil"))
    assert box.nbgit("install").code == 0
    box.environ.update(GIT_AUTHOR_NAME=f"A{EVIL}B", GIT_COMMITTER_NAME=f"A{EVIL}B", GIT_AUTHOR_EMAIL="a\x1b[31m@b")
    for number in range(3):
        box.write(PATH, hostile(f"x = {number}", f"run {number}"))
        box.commit(f"message {EVIL} {number}")
        box.git("branch", f"b{number}\x9b2J\u202e")
    entry = {"nbgit-entry": 1, "snapshots": {f"../{EVIL}": "1" * 40, f".git/{EVIL}": "2" * 40, f"/{EVIL}": "3" * 40}}
    note = f"{EVIL}\n\n{json.dumps(entry)}\n".encode()
    box.git("-c", "core.commentChar=auto", "notes", "--ref=nbgit", "append", "-F", "-", stdin=note)
    box.git("config", "remote.evil\x1b[31m.url", str(box.root / f"nowhere{BIDI}\x1b[31m"))
    box.write(PATH, hostile("x = 9", "run 9"))
    box.git("add", "-A")
    (box.path / ".git" / "nbgit" / "captures" / f"x{BIDI}\x1b").mkdir(parents=True)
    return box


def assert_safe(result: Result) -> None:
    """Fail where a control character is left in what a command wrote, but for colours."""
    for text in (result.raw.decode("utf-8", "surrogateescape"), result.err):
        found = FORBIDDEN.search(COLOUR.sub("", text))
        assert found is None, f"{found.group()!r} in {text[max(0, found.start() - 300) : found.end() + 50]!r}"


VERBS: dict[str, list[str]] = {
    "status": ["status"],
    "status --json": ["status", "--json"],
    "doctor": ["doctor"],
    "doctor --json": ["doctor", "--json"],
    "log": ["log"],
    "log of a path": ["log", PATH],
    "log --json": ["log", "--json"],
    "diff": ["diff", "HEAD~1", "HEAD"],
    "diff of the working tree": ["diff"],
    "diff --json": ["diff", "HEAD~1", "HEAD", "--json"],
    "blame-output": ["blame-output", PATH],
    "blame-output of a cell": ["blame-output", PATH, "--cell", "1"],
    "blame-output --json": ["blame-output", PATH, "--cell", "1", "--json"],
    "blame-output of what is not": ["blame-output", f"no{EVIL}"],
    "show": ["show", f"HEAD:{PATH}"],
    "show of a cell": ["show", f"HEAD:{PATH}", "--cell", "99"],
    "show of an id": ["show", f"HEAD:{PATH}", "--cell-id", EVIL, "--mime", EVIL],
    "show of what is not": ["show", f"HEAD:{EVIL}"],
    "captures": ["captures"],
    "captures --json": ["captures", "--json"],
    "captures of what is not": ["captures", EVIL],
    "restore": ["restore", PATH],
    "restore of what is not": ["restore", EVIL],
    "restore of no capture": ["restore", PATH, "--capture", EVIL],
    "restore from no revision": ["restore", PATH, "--from", EVIL],
    "refresh": ["refresh", PATH],
    "refresh of what is not": ["refresh", EVIL],
    "sync": ["sync"],
    "sync with what is not": ["sync", EVIL],
    "link": ["link", EVIL],
    "fsck": ["fsck"],
    "fsck --json": ["fsck", "--json"],
    "du": ["du"],
    "du --json": ["du", "--json"],
    "gc": ["gc", "--dry-run"],
    "gc --json": ["gc", "--dry-run", "--json"],
    "forget": ["forget", PATH],
    "forget a pattern": ["forget", "--pattern", re.escape(EVIL[:5])],
    "forget what is not": ["forget", f"no{EVIL}"],
    "migrate": ["migrate"],
    "no verb": [EVIL],
    "no option": ["log", f"--{EVIL}"],
    "hook": ["hook", EVIL],
    "clean": ["clean", EVIL],
    "textconv of what is not": ["textconv", EVIL],
    "merge-driver of what is not": ["merge-driver", EVIL, EVIL, EVIL, "7", EVIL],
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_hands_on_control_characters(box: GitBox, verb: str) -> None:
    colour = {"FORCE_COLOR": "1", "TERM": "xterm-256color"} if len(verb) % 2 else {}
    assert_safe(box.nbgit(*VERBS[verb], environ=colour))


GIT: dict[str, list[str]] = {
    "diff": ["diff", "HEAD~1", "HEAD"],
    "diff in colour": ["-c", "color.ui=always", "diff", "HEAD"],
    "log -p": ["log", "-p", "--no-notes", "--format="],
    "blame": ["blame", "-s", PATH],
    "checkout": ["checkout", "-q", "HEAD~1", "--", PATH],
    "status": ["status", "--porcelain"],
}


@pytest.mark.parametrize("command", GIT)
def test_no_driver_does(box: GitBox, command: str) -> None:
    assert_safe(box.try_git(*GIT[command]))


def test_the_entry_does_not(box: GitBox) -> None:
    note = box.git_bytes("notes", "--ref=nbgit", "show", "HEAD~1").decode()
    assert "cell" in note
    assert FORBIDDEN.search(note) is None


@pytest.mark.parametrize("text", ['"a\\u001b[31m\\u202e"', f'"{EVIL[8:14]}"'])
def test_no_failure_of_a_filter_does(box: GitBox, text: str) -> None:
    policy = box.write(".nbgit.toml", f"[volatile]\n{text} = 1\n".encode())
    failed = box.try_git("hash-object", f"--path={PATH}", "--stdin", stdin=hostile("y", "z"))
    refused = box.nbgit("refresh", PATH)
    policy.unlink()
    assert (failed.code, refused.code) == (128, 6)
    (line,) = [line for line in failed.err.split("\n") if line.startswith("nbgit: ")]  # what follows is git's own
    assert FORBIDDEN.search(line) is None
    assert_safe(refused)


def test_no_conflict_does(box: GitBox) -> None:
    box.git("reset", "-q", "--hard")
    box.git("checkout", "-q", "-b", "theirs", "HEAD~1")
    box.write(PATH, hostile("x = 77", "theirs"))
    box.commit("theirs")
    merged = box.try_git("merge", "-q", "main")
    assert merged.code == 1
    lines = [line for line in merged.err.splitlines() if line.startswith("nbgit")]
    assert lines
    assert FORBIDDEN.search("".join(lines)) is None
    box.git("reset", "-q", "--hard")
    box.git("checkout", "-q", "main")


def test_files_that_are_no_notebooks_do_not(installed: GitBox) -> None:
    """Neither from the filter process, which an alias keeps out, nor from the cache, nor without either."""
    for name, start in (("odd", "{"), ("head", "# notebook 4.5")):
        installed.write(f"{name}.ipynb", f'{start} "{EVIL}"\n"plain line"\n'.encode())
    installed.write("bin.ipynb", bytes(3000))
    installed.commit("first")
    installed.git("config", "alias.history", "log -p --format=")
    for command in (["log", "-p", "--format="], ["log", "-p", "--format="], ["history"], ["diff", "--no-ext-diff"]):
        shown = installed.try_git(*command)
        assert_safe(shown)
        if command[0] == "diff":
            assert '+"added"' in shown.out
            continue
        assert shown.out.count('+"plain line"') == 2
        assert "+Binary file, 3000 bytes, " in shown.out
        installed.git("update-ref", "-d", "refs/notes/textconv/nbgit")
        if command == ["history"]:
            for name in ("odd", "head"):
                installed.write(f"{name}.ipynb", installed.read(f"{name}.ipynb") + b'"added"\n')
