"""The recorder in IPython's own shell: each test is one process, with the journal it leaves."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import pytest

from nbgit.external.json_schema import validate
from nbgit.kernel import touches
from tests.gitbox import GitBox
from tests.kernels import journals, lines, paths, run_in_shell, runs

pytest.importorskip("IPython")


def ran(box: GitBox, *cells: str, before: str = "") -> list[dict[str, Any]]:
    """Run cells and return their runs; every line of the journal must be valid."""
    run_in_shell(box, list(cells), before=before)
    for line in lines(box):
        assert validate(line, "run.v1") == [], line
    return runs(box)


CELLS = {
    "bind": "a = b = 1\n_own = 2",
    "rebind": "a = 2; c = 3; del b",
    "use": "a",
    "star": "from os.path import *",
    "want": "1 + 1; not_there",
    "fail": "x = 1\nopen('half.txt', 'w').write('h')\n1 / 0",
    "syntax": "x = = 1",
    "interrupt": "raise KeyboardInterrupt",
    "exit": "import sys; sys.exit(3)",
    "replace": "import os\nopen('new', 'w').write('x'); os.replace('new', 'kept')",
    "rename": "os.rename('kept', 'moved')",
    "hold": "f = open('log', 'w')",
    "rest": "1",
    "write": "f.write('x'); f.flush()",
    "close": "f.close()",
    "outer": "get_ipython().run_cell(\"y = 1; open('i.txt', 'w').close()\")\nz = 2",
    "inner": "y = 1; open('i.txt', 'w').close()",
    "await": "import asyncio\nawait asyncio.sleep(0); open('a.txt', 'w').close(); v = 1",
    "tell": "import nbgit\nnbgit.annotate(sample='B7', kelvin=4.2, odd={1, 2}, own=object)\nnbgit.reads('seen')",
    "tell more": "nbgit.writes('seen/by/c.bin'); nbgit.annotate(big='x' * 10_000)",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the run of each of these cells, all of one session."""
    box = GitBox(tmp_path_factory.mktemp("told"))
    assert box.nbgit("install").code == 0
    box.write("seen/by/c.bin", b"x")
    found = ran(box, *[code for name, code in CELLS.items() if name != "inner"])
    assert [run["code"] for run in found] == list(CELLS.values())
    return dict(zip(CELLS, found, strict=True))


def test_names_that_are_bound_rebound_and_deleted(told: dict[str, dict[str, Any]]) -> None:
    assert (told["bind"]["bound"], told["bind"].get("deleted")) == (["_own", "a", "b"], None)
    assert (told["rebind"]["bound"], told["rebind"]["deleted"]) == (["a", "c"], ["b"])
    assert "bound" not in told["use"]
    assert "join" in told["star"]["bound"]


def test_outcomes(told: dict[str, dict[str, Any]]) -> None:
    ended = [told[name]["outcome"] for name in ("use", "fail", "syntax", "interrupt", "exit", "rest")]
    assert ended == ["ok", "error", "error", "interrupted", "error", "ok"]
    errors = [told[name].get("error") for name in ("use", "fail", "syntax", "interrupt")]
    assert errors == [None, "ZeroDivisionError", "SyntaxError", "KeyboardInterrupt"]
    assert (told["want"]["undefined"], "undefined" in told["fail"]) == ("not_there", False)
    counts = [run["execution_count"] for name, run in told.items() if name != "inner"]
    assert counts == list(range(1, len(CELLS)))


def test_what_a_failing_cell_did_before_it_failed(told: dict[str, dict[str, Any]]) -> None:
    assert (told["fail"]["bound"], paths(told["fail"], "writes")) == (["x"], ["half.txt"])


def test_what_is_renamed_into_place(told: dict[str, dict[str, Any]]) -> None:
    assert paths(told["replace"], "writes") == ["kept"]
    renamed = told["rename"]
    assert (paths(renamed, "reads"), paths(renamed, "writes")) == (["kept"], ["moved"])
    assert renamed["reads"][0]["sha256"] == renamed["writes"][0]["sha256"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is open stands in /proc")
def test_a_file_left_open_is_written_where_it_is_written_to(told: dict[str, dict[str, Any]]) -> None:
    written = [paths(told[name], "writes") for name in ("hold", "rest", "write", "close")]
    assert written == [["log"], [], ["log"], []]


def test_runs_in_runs(told: dict[str, dict[str, Any]]) -> None:
    outer, inner = told["outer"], told["inner"]
    assert (outer.get("parent"), inner["parent"]) == (None, outer["id"])
    assert (inner["bound"], outer["bound"]) == (["y"], ["y", "z"])
    assert paths(inner, "writes") == paths(outer, "writes") == ["i.txt"]


def test_async_cells(told: dict[str, dict[str, Any]]) -> None:
    assert (told["await"]["bound"], paths(told["await"], "writes")) == (["asyncio", "v"], ["a.txt"])


def test_what_a_person_tells(told: dict[str, dict[str, Any]]) -> None:
    facts = told["tell"]["facts"]
    assert (facts["sample"], facts["kelvin"], facts["odd"]) == ("B7", 4.2, "{1, 2}")
    assert (paths(told["tell"], "reads"), paths(told["tell more"], "writes")) == (["seen/by/c.bin"], ["seen/by/c.bin"])
    assert len(told["tell more"]["facts"]["big"]) == 4000


def test_a_file_is_told_with_size_time_and_digest(installed: GitBox) -> None:
    installed.write("data/é.csv", b"1,2\n")
    write, both = ran(
        installed,
        "open('out.txt', 'w').write('ab')",
        "text = open('data/é.csv').read()\nwith open('data/é.csv', 'a') as f: f.write('3')",
    )
    (file,) = write["writes"]
    assert file["sha256"] == hashlib.sha256(b"ab").hexdigest()
    assert file["size"] == 2
    (read,), (written,) = both["reads"], both["writes"]
    assert (read["path"], read["size"], read["sha256"]) == ("data/é.csv", 4, None)  # it is no more what was read
    assert (written["size"], written["sha256"]) == (5, hashlib.sha256(b"1,2\n3").hexdigest())


def test_a_large_file_is_digested_behind_the_cell(installed: GitBox) -> None:
    data = b"0" * (3 << 20)
    installed.write("large.bin", data)
    (run,) = ran(installed, "len(open('large.bin', 'rb').read())")
    assert run["reads"][0]["sha256"] is None
    (line,) = lines(installed, "digests")
    assert (line["id"], line["files"][0]["sha256"]) == (run["id"], hashlib.sha256(data).hexdigest())


def test_where_a_path_stands(installed: GitBox) -> None:
    outside = installed.root / "outside.txt"
    (installed.home / "mine.txt").write_text("x")
    outside.write_text("x")
    here, down, gone = ran(
        installed,
        f"open({str(outside)!r}).read(); open({str(installed.home / 'mine.txt')!r}).read()",
        "import os\nos.makedirs('down'); os.chdir('down'); open('x.txt', 'w').close()",
        "open('gone', 'w').close(); os.unlink('gone')",
    )
    assert paths(here, "reads") == sorted([outside.as_posix(), "~/mine.txt"])
    assert (paths(down, "writes"), down["touches"]) == (["down/x.txt"], ["cwd"])
    assert "writes" not in gone


def test_a_module_of_ones_own_is_a_file_that_was_read(installed: GitBox) -> None:
    installed.write("helper.py", b"A = 1\n")
    program = "import sys; sys.path.insert(0, '')"
    ran(installed, "import helper", before=program)
    first, second = list(ran(installed, "import helper", before=program))
    assert paths(first, "reads") == paths(second, "reads") == ["helper.py"]  # also from __pycache__


def test_global_state_that_is_touched(installed: GitBox) -> None:
    told = ran(
        installed,
        "import random; random.seed(1)",
        "x = 1",
        "random.random()",
        "import os; os.environ['SECRET_OF_MINE'] = 'hidden value'",
        "import numpy as np; np.random.seed(3)",
        "np.set_printoptions(precision=3)",
        "np.random.default_rng(1).normal()",
        "os.environ['FOR_A_WHILE'] = '1'; del os.environ['FOR_A_WHILE']",
        "get_ipython().events.register('pre_execute', lambda: random.random())",
        "x = 2",  # before it was run something else has drawn
    )
    touched = [run.get("touches") for run in told]
    assert touched[:4] == [["random"], None, ["random"], ["environ:SECRET_OF_MINE"]]
    assert touched[4:] == [["numpy.random"], ["options:numpy"], None, None, None, None]
    assert "hidden value" not in [journals(installed)[0].read_text()][0].replace("= 'hidden value'", "")


def test_pyplot_counts_where_a_figure_stays(installed: GitBox) -> None:
    pytest.importorskip("matplotlib")
    told = ran(
        installed,
        "import matplotlib.pyplot as plt",
        "plt.plot([1]); plt.close()",  # chooses how figures are shown, which is no option that somebody has set
        "fig = plt.figure()",
        "plt.plot([1, 2])",
        "plt.savefig('f.png')",
        "fig.number",
    )
    assert [run.get("touches", []) for run in told] == [[], [], ["pyplot"], ["pyplot"], ["pyplot"], []]
    assert [run["figures"] for run in told] == [0, 0, 1, 1, 1, 1]


def test_loading_a_library_is_a_touch_only_where_a_figure_stays() -> None:
    after: dict[str, object] = {"pyplot": ((1, 7, []),), "numpy.random": 3}
    assert touches.changed({}, after) == {"pyplot"}
    assert touches.changed({}, after | {"pyplot": ()}) == set()


def test_addresses_and_commands_have_no_secrets(installed: GitBox) -> None:
    serve = """
import http.server, threading
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
server.RequestHandlerClass.log_message = lambda *a: None
threading.Thread(target=server.serve_forever, daemon=True).start()
import builtins
builtins.port = server.server_port
"""
    (run, posted, command) = ran(
        installed,
        "import urllib.request, http.client\n"
        "try: urllib.request.urlopen(f'http://127.0.0.1:{port}/a.csv?key=hush#part')\nexcept OSError: pass",
        "c = http.client.HTTPConnection('127.0.0.1', port); c.request('POST', '/up?token=hush', 'x'); c.getresponse()",
        "import subprocess\nsubprocess.run(['echo', '--password', 'hush', 'https://me:hush@host/x?q=hush'])\n"
        "import os; os.system('true API_KEY=hush')",
        before=serve,
    )
    assert run["urls"][0]["url"].endswith("/a.csv?[...]")
    assert posted["urls"] == [{"url": run["urls"][0]["url"].replace("a.csv", "up"), "method": "POST"}]
    assert command["commands"] == ["echo --password [...] 'https://host/x?[...]'", "true API_KEY=[...]"]
    told = [json.dumps({key: value for key, value in one.items() if key != "code"}) for one in (run, posted, command)]
    assert "hush" not in "".join(told)


def test_a_person_may_want_the_query(installed: GitBox) -> None:
    installed.git("config", "nbgit.runsKeepQuery", "true")
    (run,) = ran(
        installed,
        "import urllib.request\ntry: urllib.request.urlopen('http://u:p@127.0.0.1:9/a?b=c')\nexcept OSError: pass",
    )
    assert run["urls"][0]["url"] == "http://127.0.0.1:9/a?b=c"


def test_a_thread_writes_for_the_run_that_started_it(installed: GitBox) -> None:
    first, second, third = ran(
        installed,
        "import threading\ngo = threading.Event(); done = threading.Event()\n"
        "def work():\n    go.wait(); open('late.txt', 'w').write('x'); done.set()\n"
        "threading.Thread(target=work).start()",
        "go.set(); done.wait()",
        "3",
    )
    assert paths(first, "writes") == []
    assert paths(second, "writes") == ["late.txt"]  # while it was on; it may have asked for it
    (late,) = lines(installed, "late")
    assert (late["id"], paths(late, "writes")) == (first["id"], ["late.txt"])
    assert "writes" not in third


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_says_nothing(installed: GitBox) -> None:
    (first, second) = ran(
        installed,
        "import os\npid = os.fork()\nif pid == 0:\n    open('child.txt', 'w').close()\n"
        "    get_ipython().run_cell('q = 1')\n    os._exit(0)\nos.waitpid(pid, 0)[1]",
        "7",
    )
    assert (first["outcome"], paths(first, "writes"), second["execution_count"]) == ("ok", [], 2)
    assert (installed.path / "child.txt").exists()


def test_none_of_it_does_anything_where_nothing_is_recorded(box: GitBox) -> None:
    cell = "import nbgit; nbgit.annotate(a=1); nbgit.reads('x'); nbgit.writes('y')"
    result = run_in_shell(
        box, [cell, "import sys; print(*sorted(m for m in sys.modules if 'nbgit' in m))"], starts=False
    )
    assert result.out.split() == ["nbgit", "nbgit.kernel", "nbgit.kernel.place", "nbgit.kernel.startup"]
    assert journals(box) == []


def test_objects_are_not_kept_alive(installed: GitBox) -> None:
    result = run_in_shell(
        installed,
        [
            "import gc, weakref\nclass Big: pass\nx = Big(); r = weakref.ref(x)",
            "del x",
            "gc.collect()\nprint('gone' if r() is None else 'held')",
        ],
    )
    assert "gone" in result.out


def test_records_are_bounded(installed: GitBox) -> None:
    many, long, folder = ran(
        installed,
        "for i in range(3000): globals()[f'n{i}'] = i",
        "s = '''" + "x" * 70_000 + "'''",
        "import os\nos.mkdir('d')\nfor i in range(2500): open(f'd/{i}', 'w').close()",
    )
    assert (len(many["bound"]), many["omitted"]) == (2000, {"bound": 1001})
    assert (len(long["code"]), long["code_size"]) == (65536, 70_010)
    assert (len(folder["writes"]), folder["omitted"]) == (1000, {"files": 1500})


def test_a_full_journal_says_so_once(installed: GitBox) -> None:
    limit = "import nbgit.kernel.journal as j; j.LIMIT = 3000"
    result = run_in_shell(installed, [f"x{i} = '{'.' * 200}'" for i in range(20)], before=limit)
    assert result.err.count("nbgit: ") == 1
    assert "journal is full" in result.err
    assert 2000 < journals(installed)[0].stat().st_size < 3000


@pytest.mark.parametrize("damage", ["a file where the folder belongs", "gone while it runs"])
def test_a_place_that_cant_be_written_to_costs_one_line(installed: GitBox, damage: str) -> None:
    cells = ["x = 1", "x = 2"]
    if damage.startswith("a file"):
        installed.write(".git/nbgit/runs", b"")
    else:
        cells[:0] = ["import shutil; shutil.rmtree('.git')"]
    result = run_in_shell(installed, [*cells, "print('went on', x)"])
    assert "went on 2" in result.out
    assert result.err.count("nbgit") == (1 if damage.startswith("a file") else 0)
    assert "Traceback" not in result.out + result.err


def test_a_library_that_changed_is_imported_all_the_same(installed: GitBox) -> None:
    """A module of the name and of none of the insides that are known."""
    for name in ("h5py", "polars", "soundfile", "netCDF4"):
        installed.write(
            f"{name}.py", b"File = 1\nread_csv = None\nSoundFile = 'x'\nclass Dataset:\n    __slots__ = ()\n"
        )
    installed.write("duckdb.py", b"1 / 0\n")
    *_, last = ran(
        installed,
        "import h5py, polars, soundfile, netCDF4\nprint(h5py.__spec__.loader.get_source('h5py')[:4])",
        "import duckdb",
        before="import sys; sys.path.insert(0, '')",
    )
    assert [run["outcome"] for run in runs(installed)] == ["ok", "error"]
    assert last["error"] == "ZeroDivisionError"


def test_it_can_be_switched_off_and_on_while_it_runs(installed: GitBox) -> None:
    told = ran(installed, "a = 1", "!git config nbgit.runs false", "b = 2", "!git config nbgit.runs true", "c = 3")
    assert [run["code"] for run in told] == ["a = 1", "!git config nbgit.runs false", "c = 3"]


def test_loading_by_hand(box: GitBox) -> None:
    result = run_in_shell(
        box,
        ["%load_ext nbgit", "x = 1", "%load_ext nbgit", "%reload_ext nbgit", "y = 2", "%unload_ext nbgit", "z = 3"],
        starts=False,
    )
    told = [run["code"] for run in sorted(runs(box), key=lambda run: str(run["started"]))]
    assert told == ["x = 1", "%load_ext nbgit", "%reload_ext nbgit", "y = 2", "%unload_ext nbgit"]
    assert "nbgit:" not in result.err


def test_loading_by_hand_where_it_cant_be(box: GitBox) -> None:
    (box.root / "none").mkdir()
    result = run_in_shell(box, ["%load_ext nbgit", "x = 1"], starts=False, cwd="../none")
    assert "nbgit: this kernel was not started in a git repository" in result.err
    box.git("config", "nbgit.runs", "off")
    assert "nbgit.runs is false" in run_in_shell(box, ["%load_ext nbgit"], starts=False).err
    assert journals(box) == []


def test_who_runs_where(installed: GitBox) -> None:
    installed.git("config", "user.name", "Ada Ö.")
    installed.git("config", "user.email", "ada@example.org")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        del installed.environ[name]
    installed.write("sub/x", b"")
    first = installed.commit("one")
    installed.write("sub/x", b"changed")
    run_in_shell(
        installed,
        ["x = 1", "import threading\nfor t in threading.enumerate():\n    t.name == 'nbgit' and t.join()", "y"],
        cwd="sub",
    )
    merged = {key: value for line in lines(installed, "session") for key, value in line.items()}
    assert (merged["person"], merged["cwd"]) == ("Ada Ö. <ada@example.org>", "sub")
    assert [run["head"] for run in runs(installed)] == [first] * 3
    early, *later = [run["dirty"] for run in runs(installed)]
    assert (early in (None, True), later) == (True, [True, True])  # git has rarely answered when the first run is over
    assert "ipykernel" not in merged["kernel"]


def test_vs_code_names_its_notebook(installed: GitBox) -> None:
    cell = f"__vsc_ipynb_file__ = {str(installed.path / 'a é.ipynb')!r}"
    (run,) = ran(installed, cell)
    assert "bound" not in run
    told = {key: value for line in lines(installed, "session") for key, value in line.items()}
    assert (told["notebook"], told["frontend"]) == ("a é.ipynb", "vscode")
