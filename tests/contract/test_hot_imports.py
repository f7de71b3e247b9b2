"""docs/design.md, "Hot path": git's own verbs load nothing heavy, seen in the processes that git would start."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, markdown, notebook

HEAVY = {
    "asyncio",
    "click",
    "dataclasses",
    "git",
    "jsonschema",
    "logging",
    "msgspec",
    "nbdime",
    "nbformat",
    "pathlib",
    "rich",
    "typing",
}
STREAM = {"output_type": "stream", "name": "stdout", "text": ["42\n"]}
PNG = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo=" + "A" * 800}}

# As `python -I -S .../nbgit/__main__.py VERB ...`, with a list of all modules written at the end.
PROGRAM = """
import os, sys
def tell():
    names = sorted(sys.modules)
    import json
    open({report!r}, "w").write(json.dumps(names))
sys.argv[:] = {arguments!r}
os._exit = sys.exit  # the verbs end so
with open({main!r}) as file:
    program = compile(file.read(), {main!r}, "exec")
try:
    exec(program, {{"__name__": "__main__", "__package__": "", "__file__": {main!r}}})
finally:
    tell()
"""


def pkt(*lines: bytes) -> bytes:
    """Return text lines as packets, and a flush."""
    return b"".join(b"%04x%b" % (len(line) + 5, line + b"\n") for line in lines) + b"0000"


@pytest.fixture
def ran(installed: GitBox) -> GitBox:
    """Return a repository with a committed notebook, another run of it, and one of its three files on disk thrice."""
    cells = [markdown("# title", id="a1"), code("plot()", id="a2", outputs=[PNG], execution_count=3)]
    installed.write("n.ipynb", notebook(*cells))
    installed.commit("one")
    installed.write("n.ipynb", notebook(cells[0], code("plot(2)", id="a2", outputs=[STREAM, PNG], execution_count=4)))
    installed.commit("two")
    installed.write("base.txt", installed.git_bytes("cat-file", "blob", "HEAD~1:n.ipynb"))
    installed.write("ours.txt", installed.git_bytes("cat-file", "blob", "HEAD:n.ipynb"))
    installed.write("theirs.txt", installed.git_bytes("cat-file", "blob", "HEAD~1:n.ipynb").replace(b"title", b"name"))
    installed.write("n.ipynb", notebook(cells[0], code("plot(3)", id="a2", outputs=[STREAM], execution_count=5)))
    return installed


def conversation(box: GitBox) -> bytes:
    """Return what git says to a filter process: a clean of a new run, a smudge of what HEAD has."""
    new, source = box.read("n.ipynb"), box.git_bytes("cat-file", "blob", "HEAD:n.ipynb")
    hello = pkt(b"git-filter-client", b"version=2") + pkt(b"capability=clean", b"capability=smudge")
    clean = pkt(b"command=clean", b"pathname=n.ipynb") + b"%04x%b0000" % (len(new) + 4, new)
    smudge = pkt(b"command=smudge", b"pathname=n.ipynb") + b"%04x%b0000" % (len(source) + 4, source)
    return hello + clean + smudge


def modules_of(box: GitBox, *arguments: str, stdin: bytes) -> set[str]:
    """Run one of git's verbs as git does and return the top packages of the modules it loaded."""
    return {name.split(".", 1)[0] for name in all_modules_of(box, *arguments, stdin=stdin)}


def all_modules_of(box: GitBox, *arguments: str, stdin: bytes = b"", code: int = 0) -> set[str]:
    """Run one of git's verbs as git does (python -I -S .../__main__.py) and return the modules it loaded."""
    main = SOURCE_ROOT / "nbgit" / "__main__.py"
    report = box.root / "modules.json"
    program = PROGRAM.format(report=str(report), main=str(main), arguments=[str(main), *arguments])
    result = box.run([sys.executable, "-I", "-S", "-c", program], stdin=stdin)
    assert result.code == code, result
    names: list[str] = json.loads(report.read_text(encoding="utf-8"))
    assert any(name.startswith("nbgit.gitproto.") for name in names), "the verb did not run"
    return set(names)


VERBS = {
    "filter-process": ["filter-process"],
    "clean": ["clean", "n.ipynb"],
    "smudge": ["smudge", "n.ipynb"],
    "textconv": ["textconv", "n.ipynb"],
    "diff-driver": ["diff-driver", "n.ipynb", "base.txt", "1" * 40, "100644", "n.ipynb", "0" * 40, "100644"],
    "merge-driver": ["merge-driver", "base.txt", "ours.txt", "theirs.txt", "7", "n.ipynb"],
    "hook post-commit": ["hook", "post-commit"],
    "hook post-merge": ["hook", "post-merge", "0"],
    "hook post-applypatch": ["hook", "post-applypatch"],
    "hook post-rewrite": ["hook", "post-rewrite", "amend"],
    "hook post-checkout": ["hook", "post-checkout", "HEAD~1", "HEAD", "1"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_gits_loads_nothing_heavy(ran: GitBox, verb: str) -> None:
    stdin = {
        "filter-process": conversation(ran),
        "clean": ran.read("n.ipynb"),
        "smudge": ran.git_bytes("cat-file", "blob", "HEAD:n.ipynb"),
        "hook post-rewrite": ran.git("rev-parse", "HEAD~1", "HEAD").replace("\n", " ", 1).encode(),
    }.get(verb, b"")
    assert modules_of(ran, *VERBS[verb], stdin=stdin) & HEAVY == set()


@pytest.mark.parametrize("sides", [("one", "one", "two"), ("one", "two", "one"), ("one", "two", "two")])
def test_a_merge_with_one_side_unchanged_loads_nothing(box: GitBox, sides: tuple[str, ...]) -> None:
    files = [box.write(f"{place}.txt", notebook(code(side, id="c1"))).name for place, side in enumerate(sides)]
    loaded = all_modules_of(box, "merge-driver", *files, "7", "n.ipynb")
    ours = {name for name in loaded if name.startswith("nbgit.")}
    assert ours == {"nbgit.errors", "nbgit.gitproto", "nbgit.gitproto.merge_driver", "nbgit.gitproto.telling"}
    assert not loaded & {"re", "zlib", "subprocess"}


@pytest.mark.skipif(sys.platform == "win32", reason="processes are started by subprocess there")
def test_a_merge_with_a_conflict_starts_its_processes_by_hand(box: GitBox) -> None:
    for name in ("one", "two", "three"):
        box.write(f"{name}.txt", notebook(code(name, id="c1")))
    loaded = all_modules_of(box, "merge-driver", "one.txt", "two.txt", "three.txt", "7", "n.ipynb", code=1)
    assert "nbgit.merge.notebooks" in loaded
    assert not loaded & {"subprocess", "tempfile", "hashlib", "nbgit.diff.render_outputs"}


def test_every_verb_of_gits_is_covered() -> None:
    from nbgit.__main__ import GIT_VERBS

    assert {arguments[0] for arguments in VERBS.values()} == set(GIT_VERBS)


def test_the_bare_interpreter_loads_none_of_them() -> None:
    program = "import sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, check=True)
    assert set(done.stdout.decode().split()) & HEAVY == set()
