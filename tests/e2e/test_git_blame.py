"""`git blame` on notebooks, line by line of the source."""

from tests.gitbox import GitBox
from tests.nb import code, markdown, notebook


def test_blame_names_the_commit_of_each_source_line(installed: GitBox) -> None:
    head = markdown("# Density", id="aaaa0001")
    installed.write("n.ipynb", notebook(head, code("a = 1\nb = 2", id="fit-model")))
    first = installed.commit("first")
    ran = code("a = 1\nb = 3", id="fit-model", outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}])
    installed.write("n.ipynb", notebook(head, ran))
    second = installed.commit("second")
    lines = installed.git("blame", "-s", "-l", "n.ipynb").splitlines()
    by_text = {line.split(") ", 1)[1]: line.split(" ")[0].lstrip("^") for line in lines if ") " in line}
    assert by_text["a = 1"].startswith(first[:39])
    assert by_text["b = 3"].startswith(second[:39])
    part = installed.git("blame", "-s", "-L", ":fit-model", "n.ipynb")
    assert [line.split(") ", 1)[1] for line in part.splitlines()] == [
        "## cell [code] fit-model Density",
        "a = 1",
        "b = 3",
    ]
