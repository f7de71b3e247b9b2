"""The rendered diff: what a reader sees for notebooks, text, binary and nothing."""

from nbgit.diff.palette import escape_of, git_colours
from nbgit.diff.report import Side, report
from nbgit.diff.view import View
from tests.nb import code, markdown, notebook

BASE = notebook(markdown("# Density"), code("a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\ng = 7\nh = 8\ni = 9"))


def diff(before: bytes | None, after: bytes | None) -> list[str]:
    text = report(Side("n.ipynb", before), Side("n.ipynb", after))
    return text.split("\n")[:-1]


def test_an_edit_names_cell_section_and_lines_within_the_cell() -> None:
    assert diff(BASE, BASE.replace(b"h = 8", b"h = 80")) == [
        "diff --git a/n.ipynb b/n.ipynb",
        "--- a/n.ipynb",
        "+++ b/n.ipynb",
        "@@ -5,5 +5,5 @@ cell 1 [code] Density",
        " e = 5",
        " f = 6",
        " g = 7",
        "-h = 8",
        "+h = 80",
        " i = 9",
    ]


def test_an_appended_last_line_is_one_line() -> None:
    lines = diff(notebook(code("x")), notebook(code("x\ny")))
    assert lines[3:] == ["@@ -1 +1,2 @@ cell 0 [code]", " x", "+y"]


def test_inserted_deleted_and_moved_cells_say_so() -> None:
    steps = [code(f"step_{number} = compute({number})") for number in range(4)]
    lines = diff(notebook(*steps, code("gone = 1")), notebook(*steps[1:], steps[0], markdown("Made by other\nhands.")))
    assert "@@ -1 +1 @@ moved cell 0 → 3 [code]" in lines
    assert " step_0 = compute(0)" in lines
    assert "@@ -1 +0,0 @@ deleted cell 4 [code]" in lines
    assert "@@ -0,0 +1,2 @@ inserted cell 4 [markdown]" in lines
    assert lines.index("-gone = 1") < lines.index("+Made by other")


def test_a_change_of_kind_shows() -> None:
    assert "@@ -1 +1 @@ cell 0 [code → markdown]" in diff(notebook(code("Words.")), notebook(markdown("Words.")))


def test_metadata_that_says_something_shows() -> None:
    lines = diff(notebook(code("x")), notebook(code("x", metadata={"tags": ["slow"]}), metadata={"title": "T"}))
    assert lines[3:] == [
        "@@ -1 +1,2 @@ notebook",
        " # notebook 4.5",
        "+title: T",
        "@@ -0,0 +1 @@ metadata of cell 0 [code]",
        "+tags: slow",
    ]


def test_new_ids_fold_into_one_line() -> None:
    before = notebook(*(code(f"x{n}", id=f"{n:08x}") for n in range(9)))
    after = notebook(*(code(f"x{n}", id=f"{n + 99:08x}") for n in range(9)))
    assert diff(before, after)[3:] == ["\\ 9 cells with another id"]


def test_layout_alone_and_outputs_alone_say_so() -> None:
    other = notebook(code("x"), indent=4)
    assert "only the file's layout differs" in diff(notebook(code("x")), other)[3]
    marked = b"\xef\xbb\xbf" + other
    assert diff(other, marked)[3] == "\\ the same notebook: only the file's layout differs (byte order mark added)"
    assert diff(marked, notebook(code("x")))[3].endswith("(byte order mark removed)")
    run = notebook(code("x", execution_count=4))
    assert diff(notebook(code("x")), run)[3] == "\\ the same source: only execution counts (1 cell) differ"


def test_nothing_at_all_is_nothing() -> None:
    assert diff(BASE, BASE) == []


def test_mode_change_new_and_deleted_file() -> None:
    changed = report(Side("n", BASE, "100644", "a" * 40), Side("n", BASE, "100755", "a" * 40))
    assert changed.split("\n")[1:3] == ["old mode 100644", "new mode 100755"]
    new = report(Side("n", None, ".", "."), Side("n", BASE, "100644", "b" * 40)).split("\n")
    assert new[1:5] == ["new file mode 100644", "index 0000000..bbbbbbb", "--- /dev/null", "+++ b/n"]
    gone = report(Side("n", BASE, "100644", "b" * 40), Side("n", None, ".", ".")).split("\n")
    assert gone[1:5] == ["deleted file mode 100644", "index bbbbbbb..0000000", "--- a/n", "+++ /dev/null"]
    assert "@@ -1 +0,0 @@ deleted cell 0 [markdown] Density" in gone


def test_what_cannot_be_read_is_compared_as_text() -> None:
    marked = b"<<<<<<< HEAD\n" + BASE
    assert diff(BASE, marked)[3:6] == ["@@ -1,3 +1,4 @@", "+<<<<<<< HEAD", " {"]
    assert diff(b"one", b"one\n")[3:] == ["@@ -1 +1 @@", "-one", "\\ No newline at end of file", "+one"]


def test_binary_is_named_as_git_names_it() -> None:
    assert diff(b"\0\1", b"\0\2")[-1] == "Binary files a/n.ipynb and b/n.ipynb differ"
    assert diff(None, b"\0\2")[-1] == "Binary files /dev/null and b/n.ipynb differ"


def test_no_escape_of_a_notebook_reaches_the_terminal() -> None:
    hostile = notebook(code("\x1b[2J\x07\r", id="a\x1b"), metadata={"title": "\x1b[31m"})
    text = report(Side("n\x1b[2J", BASE), Side("n\x1b[2J", hostile))
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in text)


def test_colours_are_gits_and_can_be_set() -> None:
    settings = {"color.diff.old": "bold #ff0000", "color.diff.plain": "nonsense"}
    text = report(Side("n", notebook(code("x"))), Side("n", notebook(code("y"))), View(git_colours(settings)))
    assert "\x1b[1;38;2;255;0;0m-x\x1b[m\n\x1b[32m+y\x1b[m\n" in text
    assert "\x1b[36m@@ -1 +1 @@\x1b[m cell 0 [code]\n" in text


def test_colour_words() -> None:
    cases = {
        "red": "31",
        "normal red": "41",
        "bold brightblue ul": "1;94;4",
        "214 0": "38;5;214;48;5;0",
        "nobold": "22",
        "no-reverse": "27",
        "default": "39",
        "reset": "0",
    }
    for words, codes in cases.items():
        assert escape_of(words) == f"\x1b[{codes}m"
    for words in ("normal", "", "nonsense", "red green blue", "#12345g", "999"):
        assert escape_of(words) == ""


SPLIT = ["alpha = load('alpha')\nbeta = load('beta')", "gamma = fit(alpha, beta)\ndelta = plot(gamma)"]


def test_blank_lines_at_a_cut_are_not_shown() -> None:
    whole = notebook(code("\n\n\n".join(SPLIT), id="aaaa0001"))
    parts = notebook(*(code(text, id=f"aaaa000{number}") for number, text in enumerate(SPLIT, 1)))
    for before, after in ((whole, parts), (parts, whole)):
        lines = diff(before, after)[3:]
        assert [line[:1] for line in lines] == ["@", " ", "@", " "], lines
    at_the_end = notebook(
        *(code(text, id=f"aaaa000{number}") for number, text in enumerate([SPLIT[0], SPLIT[1] + "\n\n"], 1))
    )
    assert [line for line in diff(whole, at_the_end) if line.startswith("+")][1:] == ["+", "+"]
    edited = notebook(code(SPLIT[0] + "\nepsilon = 5", id="aaaa0001"), code(SPLIT[1], id="aaaa0002"))
    assert [line for line in diff(whole, edited)[3:] if line[:1] in "+-"] == ["+epsilon = 5"]
