"""Runs of real kernels: nothing to type after `nbgit install` (docs/lineage.md)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbgit.lineage.runs.journals import LOST, RUNNING
from nbgit.notebook.outputs import read_payloads
from nbgit.store.repository import find_repository
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.kernels import journals, lines, paths, recorded, run_cells, runs
from tests.nb import code, notebook

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])"


def test_a_notebook_run_by_nbclient(installed: GitBox) -> None:
    installed.write("sub/data.csv", b"1,2\n")
    first = installed.commit("data")
    run_cells(
        installed,
        [
            "import json\ntext = open('data.csv').read()",
            FIGURE,
            "from IPython.display import display, HTML, JSON\ndisplay(HTML('<b>é</b>'), JSON({'é': [1, 2.5]}))\n42",
            "print('no payload')",
            "1 / 0",
        ],
        cwd="sub",
    )
    told = runs(installed)
    assert [run["execution_count"] for run in told] == [1, 2, 3, 4, 5]
    assert [run["outcome"] for run in told] == ["ok"] * 4 + ["error"]
    assert {run["head"] for run in told} == {first}
    assert paths(told[0], "reads") == ["sub/data.csv"]
    shown = [[(one["mime"], one["digest"]) for one in run.get("displayed", [])] for run in told]
    stored = [
        [(p.mime, p.digest) for p in read_payloads(installed.read("sub/n.ipynb")) if p.cell_index == index]
        for index in range(5)
    ]
    for index in (1, 2):
        assert shown[index]
        assert set(shown[index]) <= set(stored[index])
    assert tuple(
        next(mime for mime, _ in shown[index] if mime == wanted)
        for index, wanted in ((1, "image/png"), (2, "text/html"), (2, "application/json"))
    ) == ("image/png", "text/html", "application/json")
    assert shown[3:] == [[], []]
    packages = {name for line in lines(installed, "packages") if line["run"] for name in line["packages"]}
    assert {"matplotlib", "numpy", "pillow"} <= packages


def test_the_reader_gives_what_the_kernel_has_seen(installed: GitBox) -> None:
    run_cells(installed, ["x = 1", "open('y.txt', 'w').write('y')"])
    first, second = recorded(find_repository(str(installed.path), {}))
    assert (first.code, first.bound, first.outcome, first.head, first.number) == ("x = 1", ("x",), "ok", "unborn", 1)
    assert [file.path for file in second.writes] == ["y.txt"]
    assert second.writes[0].sha256 == hashlib.sha256(b"y").hexdigest()
    assert first.session is second.session
    assert first.session.kernel["python"] == ".".join(map(str, sys.version_info[:3]))
    assert "ipykernel" in first.session.packages_at(0)


def test_a_kernel_elsewhere_records_nothing(box: GitBox) -> None:
    (box.root / "other").mkdir()
    assert box.nbgit("install").code == 0
    GitBox(box.root, "plain")
    for folder in ("other", "plain"):
        (cell,) = run_cells(box, ["import sys\n[m for m in sys.modules if 'nbgit' in m]"], cwd=f"../{folder}")
        assert cell["outputs"][0]["data"]["text/plain"] == ["[]"]
    assert not list(box.root.glob("*/.git/nbgit/runs"))


def test_a_kernel_that_is_killed_leaves_what_it_did(installed: GitBox) -> None:
    program = (
        "import os, signal\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "s = InteractiveShell.instance()\nfrom nbgit.kernel.startup import start_if_opted_in\nstart_if_opted_in()\n"
        "s.run_cell('x = 1', store_history=True)\n"
        "s.run_cell('print(\"on\", flush=True)\\nwhile True: pass', store_history=True)\n"
    )
    environ = {**installed.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    kernel = subprocess.Popen([sys.executable, "-c", program], cwd=installed.path, env=environ, stdout=subprocess.PIPE)
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == b"on\n"
    repository = find_repository(str(installed.path), {})
    if os.name == "posix":
        assert [run.outcome for run in recorded(repository)] == ["ok", RUNNING]
    kernel.kill()
    kernel.wait()
    kernel.stdout.close()
    with journals(installed)[0].open("ab") as journal:
        journal.write(b'{"type":"end","id":"torn')
    assert [(run.code[:5], run.outcome) for run in recorded(repository)] == [("x = 1", "ok"), ("print", LOST)]


def test_an_interrupt(installed: GitBox) -> None:
    cell = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)"
    cells = run_cells(installed, ["x = 1", cell, "x"])
    assert [run["outcome"] for run in runs(installed)] == ["ok", "interrupted", "ok"]
    assert cells[2]["outputs"][0]["data"]["text/plain"] == ["1"]


def test_jupyter_nbconvert(installed: GitBox) -> None:
    pytest.importorskip("nbconvert")
    installed.write("c é.ipynb", notebook(code("open('c.txt', 'w').write('x')", id="a")))
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--inplace", "c é.ipynb"]
    assert installed.run(command).code == 0
    assert [paths(run, "writes") for run in runs(installed)] == [["c.txt"]]


def test_papermill(installed: GitBox) -> None:
    pytest.importorskip("papermill")
    data = json.loads(notebook(code("a = 1", id="a", metadata={"tags": ["parameters"]}), code("b = a", id="b")))
    data["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    installed.write("p.ipynb", json.dumps(data).encode())
    done = installed.run([sys.executable, "-m", "papermill", "--inject-paths", "-p", "a", "7", "p.ipynb", "q.ipynb"])
    assert done.code == 0, done
    assert "a = 7" in runs(installed)[1]["code"]
    assert {"notebook": "q.ipynb", "frontend": "papermill"}.items() <= lines(installed, "session")[-1].items()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_ipython_in_a_terminal(installed: GitBox) -> None:
    import pty

    command = [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt"]
    ours, theirs = pty.openpty()
    kernel = subprocess.Popen(
        command, cwd=installed.path, env=installed.environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.write(ours, b"open('t.txt', 'w').write('x')\nexit\n")
    os.close(theirs)
    read_all(ours)
    assert kernel.wait(60) == 0
    assert next(paths(run, "writes") for run in runs(installed)) == ["t.txt"]
    done = installed.run([sys.executable, "-m", "IPython", "-c", "y = 5"])
    assert done.code == 0
    assert [run["bound"] for run in runs(installed) if run["code"] == "y = 5"] == [["y"]]


def read_all(terminal: int) -> bytes:
    """Return what a process writes to its terminal until it ends."""
    found = b""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            return found
        if not data:
            return found
        found += data


def test_uninstall_takes_the_startup_file_with_the_last_repository(box: GitBox) -> None:
    startup = box.home / ".ipython" / "profile_default" / "startup" / "00-nbgit.py"
    other = GitBox(box.root, "other é\nhere")
    assert box.nbgit("install").code == 0
    assert other.nbgit("install").code == 0
    assert "nothing changed" in box.nbgit("install").out
    assert box.nbgit("uninstall").code == 0
    assert startup.exists()
    compile(startup.read_text(encoding="ascii"), "startup", "exec")
    assert other.nbgit("uninstall").code == 0
    assert not (box.home / ".ipython").exists()


def test_install_without_it(box: GitBox) -> None:
    assert box.nbgit("install", "--no-kernel").code == 0
    assert not (box.home / ".ipython").exists()


def test_a_startup_file_whose_nbgit_is_gone_is_silent(installed: GitBox) -> None:
    startup = installed.home / ".ipython" / "profile_default" / "startup" / "00-nbgit.py"
    text = startup.read_text(encoding="ascii")
    startup.write_text(text.replace("/nbgit'", "/nbgit gone'"), encoding="ascii")
    done = installed.run([sys.executable, "-m", "IPython", "-c", "print(dir())"])
    assert "nbgit" not in done.out + done.err
    assert not journals(installed)
    # One that is installed beside the kernel takes its place; one in the folder that the kernel runs in never does.
    beside = installed.root / "environment"
    (beside / "site").mkdir(parents=True)
    (beside / "site" / "nbgit").symlink_to(SOURCE_ROOT / "nbgit")
    installed.write("nbgit/kernel/startup.py", b"raise SystemExit('code of the repository was run')")
    start = f"import sys; sys.prefix = {str(beside)!r}; sys.path.append({str(beside / 'site')!r}); import IPython; "
    start += "IPython.start_ipython(['-c', 'x = 1'])"
    done = installed.run([sys.executable, "-c", start])
    assert done.code == 0, done.err
    assert [run["code"] for run in runs(installed)] == ["x = 1"]


def test_a_kernelspec_records_where_the_profile_is_not_read(box: GitBox) -> None:
    assert box.nbgit("install", "--no-kernel").code == 0
    assert box.nbgit("capture", "on", "--python", "x").code == 2
    nothing = box.nbgit("capture", "kernelspec", "--python", "no-such-python")
    assert (nothing.code, "no-such-python can't be started" in nothing.err) == (3, True)
    assert "nbgit-python3" in box.nbgit("capture", "kernelspec").out
    box.write("n.ipynb", notebook(code("x = 1")))
    execute = [sys.executable, "-m", "jupyter", "execute", "--kernel_name=nbgit-python3", "n.ipynb"]
    assert box.run(execute, environ={"JUPYTER_PLATFORM_DIRS": "1"}).code == 0
    assert [run["code"] for run in runs(box)] == ["x = 1"]
    told = [(line["notebook"], line["frontend"]) for line in lines(box, "session") if "notebook" in line]
    assert told == [("n.ipynb", "nbclient")]
    (folder,) = box.home.rglob("kernels/nbgit-python3")
    assert sorted(file.name for file in folder.iterdir()) == ["kernel.json", "nbgit_startup.py"]
    assert f"{folder}" in box.nbgit("uninstall").out.replace("~", str(box.home))
    assert not folder.exists()
