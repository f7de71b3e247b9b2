"""Ring 3: the lab notebook as lines for people."""

from nbgit.lineage.log import OUT_OF_ORDER, Entry, NotebookEntry, ShownFigure
from nbgit.lineage.story import SHORT_OID, Line
from nbgit.notebook.text import visible

MOST_FIGURES = 8  # new figures that are listed for one notebook


def tell_entry(entry: Entry) -> list[Line]:
    """Return the lines of one commit, an empty one last."""
    commit = entry.commit
    name = commit.author.rsplit(" <", 1)[0]
    day = f"  {commit.date[:10]} {commit.date[11:16]}  "
    lines: list[Line] = [
        [(commit.oid[:SHORT_OID], "yellow"), (day, ""), (visible(name), "green")],
        [("    ", ""), (visible(commit.summary), "bold")],
    ]
    for notebook in entry.notebooks:
        lines += _tell_notebook(notebook)
    return [*lines, []]


def _tell_notebook(notebook: NotebookEntry) -> list[Line]:
    what = notebook.told.code if notebook.change == "edited" and notebook.told.code else notebook.change
    if notebook.old_path:
        what += f" from {visible(notebook.old_path)}"
    line: Line = [("    ", ""), (visible(notebook.path), "cyan"), (f"  {what}", "")]
    if notebook.change == "deleted":
        return [line]
    is_odd = notebook.has_run and notebook.order == OUT_OF_ORDER
    line.append((f" · {tell_runs(notebook)}", "red" if is_odd else ""))
    new = [shown for shown in notebook.figures if shown.is_new]
    if notebook.figures and notebook.has_run:
        line.append((f" · {_many(len(notebook.figures), 'figure')}, {len(new) or 'none'} new", ""))
    lines = [line, *(_tell_figure(shown) for shown in new[:MOST_FIGURES])]
    if len(new) > MOST_FIGURES:
        lines.append([(f"        … and {len(new) - MOST_FIGURES} more", "dim")])
    return lines


def tell_runs(notebook: NotebookEntry) -> str:
    """Return what ran, in the words that the commit's entry has."""
    return notebook.told.run or "not run"


def _tell_figure(shown: ShownFigure) -> Line:
    figure = shown.figure
    pixels = f" {shown.size[0]}x{shown.size[1]}" if shown.size else ""
    count = f" [{figure.execution_count}]" if figure.execution_count is not None else ""
    place = f"        cell {figure.cell_index}{count}"
    place += f" output {figure.output_index}" if figure.output_index else ""
    return [(place, ""), (f"  {visible(figure.mime)}{pixels}", "cyan")]


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
