"""nbgit/diff/page/: the page without a browser: escaping, what is told, folded and left out, and the policy."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.diff.page.colour import LANGUAGES, colour_lines
from nbgit.diff.page.document import Looks, page
from nbgit.diff.page.markup import Html, tag
from nbgit.diff.page.outputs import FRAME_START
from nbgit.diff.page.room import csp_hash
from nbgit.notebook.policy import Policy
from nbgit.notebook.text import visible
from tests.nb import code, markdown, notebook
from tests.pages import Element, change, having, page_of, picture, printed, read, shown, table

ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "script", "header", "h1", "h2", "h3", "h4", "div", "span", "p"),
    *(
        "a",
        "ul",
        "li",
        "nav",
        "main",
        "section",
        "article",
        "footer",
        "details",
        "summary",
        "button",
        "input",
        "dialog",
    ),
    *("dl", "dt", "dd", "kbd", "code", "i", "del", "ins", "table", "thead", "tbody", "tr", "th", "td", "figure"),
    *("figcaption", "img", "canvas", "iframe"),
}
TEXT = st.text(st.one_of(st.sampled_from("<>&\"'/=\n\r\0 \u202ea!-"), st.characters()), max_size=60)


def texts(html: str, *classes: str) -> list[str]:
    """Return the texts of the elements that have these classes."""
    return [" ".join(element.text.split()) for element in having(html, *classes)]


def frames(html: str) -> list[Element]:
    """Return the frames of a page."""
    return [element for element in read(html) if element.name == "iframe"]


@given(TEXT, TEXT)
def test_any_text_stands_as_text(child: str, value: str) -> None:
    made, inner = read(tag("p", child, tag("i", Html()), title=value))
    assert (made.name, inner.name) == ("p", "i")
    assert made.text == visible(child)
    assert list(made.attributes) == ["title"]


@settings(max_examples=30)
@given(st.data())
def test_no_text_of_a_notebook_becomes_markup(data: st.DataObject) -> None:
    def hostile() -> str:
        return data.draw(TEXT)

    def one() -> bytes:
        outputs = [
            printed(hostile()),
            shown("text/html", f"<table><tr><td>{hostile()}</td></tr></table>"),
            shown("text/html", hostile()),
            shown("image/svg+xml", hostile()),
            shown("image/" + hostile(), "AAAA"),
            shown("application/vnd.plotly.v1+json", {"data": [{hostile(): hostile()}]}),
            {"output_type": "error", "ename": hostile(), "evalue": hostile(), "traceback": [hostile()]},
        ]
        cells = [
            markdown(f"# {hostile()}"),
            code(hostile(), id=hostile(), outputs=outputs, metadata={hostile(): hostile()}),
        ]
        names = {"kernelspec": {"name": hostile(), "display_name": hostile()}, "language_info": {"name": hostile()}}
        return notebook(*cells, metadata={**names, hostile(): hostile()})

    path = hostile()
    made = page([change(one(), one(), path)], Policy(), hostile(), Looks()).decode("utf-8")
    elements = read(made)
    assert {element.name for element in elements} <= ELEMENTS
    for element in elements:
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
        assert (element.attributes.get("href") or "#").startswith("#")
        assert element.name != "img" or (element.attributes["src"] or "").startswith("data:image/")
        assert element.name != "iframe" or element.attributes["sandbox"] is None  # an empty one: nothing is allowed
    assert [element.name for element in elements].count("script") == 1


def test_the_policy_allows_our_own_script_and_style_and_nothing_else() -> None:
    made = page_of(notebook(code("1")), notebook(code("2")))
    elements = read(made)
    (policy,) = [e for e in elements if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    (script,), (style,) = ([e for e in elements if e.name == name] for name in ("script", "style"))
    assert policy.attributes["content"] == (
        f"default-src 'none'; img-src data:; script-src {csp_hash(script.text)}; "
        f"style-src {csp_hash(style.text)}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    assert elements.index(policy) < elements.index(style)


def test_frames_hold_nothing_that_runs_or_loads() -> None:
    risky = '<style>b{color:red}</style><b onclick="x()">bold</b><SCRIPT>evil()</sCript ><link rel=preconnect href=//x>'
    risky += "<meta http-equiv=refresh content=0><base href=//x><iframe src=//x></iframe><script>evil()"
    made = page_of(notebook(code("1")), notebook(code("1", outputs=[shown("text/html", risky)])))
    (frame,) = frames(made)
    document = (frame.attributes["srcdoc"] or "").removeprefix(FRAME_START)
    assert "evil" not in document
    assert not re.search(r"<(script|link|meta|base|iframe)", document, re.IGNORECASE)
    assert '<b onclick="x()">bold</b>' in document  # the sandbox and the policy keep handlers from running
    assert any(csp_hash("b{color:red}") in (element.attributes.get("content") or "") for element in read(made))


def test_what_happened_to_cells_is_told() -> None:
    long = "\n".join(f"line_{n} = function_{n}(argument_{n})" for n in range(8))
    first, second = "\n".join(long.split("\n")[:4]), "\n".join(long.split("\n")[4:])
    moved = code("a_cell_that_moves = somewhere + else_in_the_notebook")
    stays = [code(f"stays_{n} = put_{n}(where, it, was)") for n in range(4)]
    gone = code("gone()")
    before = notebook(moved, stays[0], gone, *stays[1:], code(long), markdown("text that turns into code, all of it"))
    after = notebook(
        *stays, code(first), code(second), code("text that turns into code, all of it"), code("new = 1"), moved
    )
    cells = having(page_of(before, after), "change")
    told = [element.text.partition("[ ]")[0] for element in cells]
    assert told == [
        "deletedCell 2code",
        "splitCell 6 → 4codefrom lines 1-4 of cell 6",
        "splitCell 6 → 5codefrom lines 5-8 of cell 6",
        "editedCell 6markdown → code",
        "insertedCell 7code",
        "movedCell 0 → 8code",
    ]
    assert [element.classes[2:] for element in cells[:3]] == [["deleted"], ["split"], ["split"]]


def test_words_are_marked_and_unchanged_lines_folded() -> None:
    lines = [f"x{n} = {n}" for n in range(30)]
    edited = [*lines[:20], "x20 = 21", *lines[21:]]
    made = page_of(notebook(code("\n".join(lines))), notebook(code("\n".join(edited))))
    assert [e.text for e in read(made) if e.name in ("del", "ins")] == ["20", "21"]
    assert texts(made, "fold")[0].startswith("17 unchanged lines")
    assert [e.attributes["data-n"] for e in read(made) if e.name == "i"][-1] == "30"


def test_unchanged_cells_are_folded_between_the_others() -> None:
    cells = [code(f"cell_{n} = {n}", id=f"c{n}") for n in range(5)]
    made = page_of(notebook(*cells), notebook(*cells[:3], code("cell_3 = 33", id="c3"), cells[4]))
    assert [text.partition("Cell")[0].strip() for text in texts(made, "unchanged")] == [
        "3 unchanged cells",
        "1 unchanged cell",
    ]


def test_a_table_shows_values_before_and_after() -> None:
    columns = ("", "name", "mass")
    rows = [(str(n), f"bird {n}", f"{n}.5") for n in range(12)]
    changed = [*rows[:4], ("4", "bird 4", "9.9"), *rows[5:11], ("12", "bird 12", "1.0")]
    before, after = (notebook(code("t", outputs=[table(*each, columns=columns)])) for each in (rows, changed))
    made = page_of(before, after)
    (value,) = having(made, "changed")[:1]
    assert value.text == "4.5 9.9"
    assert texts(made, "gap") == ["3 rows the same", "4 rows the same"]
    wider = table(*[(*row, "x") for row in rows], columns=(*columns, "more"))
    made = page_of(before, notebook(code("t", outputs=[wider])))
    assert [element.text for element in read(made) if element.name == "th" and "new" in element.classes] == ["more"]


def test_a_table_with_the_same_values_is_one_line() -> None:
    row = ("0", "bird", "1")
    before, after = (table(row, columns=("", "name", "mass")) for _ in range(2))
    after["data"]["text/html"] = after["data"]["text/html"].replace("<td>", "<td class=x>")
    made = page_of(notebook(code("t", outputs=[before])), notebook(code("t", outputs=[after])))
    assert texts(made, "output") == ["output 0table: the same values, written in another way"]


def test_pictures_with_the_same_pixels_are_not_in_the_page() -> None:
    other = picture("white", dots=1)
    before, after = (notebook(code("p", outputs=[each])) for each in (picture("white"), other))
    assert len([e for e in read(page_of(before, after)) if e.name == "img"]) == 2
    assert [e for e in read(page_of(before, before)) if e.name == "img"] == []
    assert "1 unchanged cell" in page_of(before, before) or "the same bytes" in page_of(before, before)


def test_a_page_holds_no_more_than_its_limit_and_says_what_it_left_out() -> None:
    noisy = [shown("image/png", "A" * 40_000), printed(*[f"line {n}" for n in range(900)])]
    before = notebook(*[code(f"cell_{n}", id=f"c{n}", outputs=[printed("-")]) for n in range(9)])
    after = notebook(*[code(f"cell_{n}", id=f"c{n}", outputs=noisy) for n in range(9)])
    small, large = page_of(before, after, limit=100_000), page_of(before, after)
    own = len(page_of(notebook(), notebook()))
    assert len(small) < own + 110_000 < len(large)
    assert having(small, "left-out")
    assert "--max-size gives it more room" in small
    assert not having(large, "left-out")


def test_a_long_output_is_folded_and_cut() -> None:
    before, after = (notebook(code("x", outputs=[printed(*lines)])) for lines in (["a"], [f"l{n}" for n in range(999)]))
    made = page_of(before, after)
    (output,) = having(made, "output")
    assert "open" not in output.attributes
    assert "600 more changed lines of this output are not shown" in output.text


def test_what_says_little_is_one_line() -> None:
    cells = [code(f"cell_{n} = {n}", id=f"c{n}") for n in range(6)]
    tagged = [{**cell, "id": f"d{n}", "metadata": {"tags": ["t"]}} for n, cell in enumerate(cells)]
    made = page_of(notebook(*cells), notebook(*tagged))
    assert having(made, "change") == []
    assert texts(made, "remark")[-2:] == ["metadata of 6 cells: tags", "6 cells with another id"]
    counted = [{**cell, "execution_count": n} for n, cell in enumerate(cells)]
    told = texts(page_of(notebook(*cells), notebook(*counted)), "remark")
    assert told == ["the same source: only execution counts (6 cells) differ"]


def test_outputs_that_are_all_new_are_shown_and_those_that_are_all_gone_are_told() -> None:
    cells = [code(f"cell_{n} = {n}", id=f"c{n}") for n in range(5)]
    ran = [{**cell, "outputs": [printed(f"ran {n}")]} for n, cell in enumerate(cells)]
    assert len(having(page_of(notebook(*cells), notebook(*ran)), "output")) == 5
    cleared = page_of(notebook(*ran), notebook(*cells))
    assert having(cleared, "output") == []
    assert "outputs of 5 cells before, of none after" in texts(cleared, "remark")


def test_without_outputs() -> None:
    before, after = (notebook(code("x", outputs=[printed(word)])) for word in ("a", "b"))
    assert having(page_of(before, after, outputs=False), "output") == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"{", b"{}", "no notebook on both sides"),
        (b"\0", notebook(), "Binary files"),
        (None, notebook(code("x = 1")), "inserted"),
        (notebook(code("x = 1")), None, "deleted"),
    ],
)
def test_what_is_no_notebook_or_no_edit(before: bytes | None, after: bytes | None, told: str) -> None:
    assert told in page_of(before, after)


def test_the_same_changes_give_the_same_bytes() -> None:
    changes = [change(notebook(code("1")), notebook(code("2", outputs=[picture("red")])), "a b/ü.ipynb")] * 2
    assert page(changes, Policy(), "", Looks()) == page(changes, Policy(), "", Looks())
    assert "No notebook changed" in page([], Policy(), "", Looks()).decode()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_colours_stay_within_their_lines(language: str) -> None:
    lines = ['def f(x): # "no string', "", '    """a', 'b""" + 1', "%magic"]
    for line, spans in zip(lines, colour_lines(lines, language), strict=True):
        assert all(0 <= start < end <= len(line) for start, end, _ in spans)
        assert spans == sorted(spans)


def test_python_is_coloured_and_an_unknown_language_is_not() -> None:
    assert ("k", "def") in {
        (name, "def f():"[start:end]) for start, end, name in colour_lines(["def f():"], "python")[0]
    }
    assert colour_lines(["def f():"], "smithy") == [[]]
