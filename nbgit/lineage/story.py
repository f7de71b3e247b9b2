"""Ring 3: an answer of blame-output as lines for people: (text, style) pieces, the same with and without colour.

Everything that comes from notebooks or commits goes through `visible`, so that none of it can steer a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbgit.lineage.blame import Match
from nbgit.lineage.history.cell_history import Earlier
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import Figure
from nbgit.notebook.outputs import STDERR, STDOUT, is_figure
from nbgit.notebook.showing import in_words
from nbgit.notebook.text import visible, visible_lines

if TYPE_CHECKING:
    from nbgit.lineage.origin.downstream import InputFile

SHORT_OID = 10
LABEL = 12  # columns of the labels on the left
LONGEST_CODE = 24  # lines of a cell that are shown; blame-output --json has all
READERS = 8  # cells that have read a file, told one by one
MANY = 3  # matches; past it each is told in two lines
Line = list[tuple[str, str]]  # pieces of one line: (text, rich style)
Sizes = dict[str, tuple[int, int]]  # digest -> (width, height) in pixels


class Code(NamedTuple):
    """A block of code, to be coloured as `language` where there is colour; its lines are safe to print."""

    text: str
    language: str


def tell_matches(
    matches: list[Match], sizes: Sizes, head: str, origins: list[list[Line]], *, history: bool
) -> list[Line | Code]:
    """Return the lines that tell people about matches; `head` is HEAD's oid, `origins` are the lines on each origin."""
    lines: list[Line | Code] = []
    is_long = len(matches) > MANY
    for number, match in enumerate(matches):
        lines += [[]] if number else []
        lines.append(tell_match(match, sizes))
        if match.evidence is not None:
            style = "" if match.evidence.is_same else "yellow"
            lines.append([*label("evidence"), (match.evidence.as_words(), style)])
        lines.append(label("introduced") + tell_commit(match.introduced))
        if match.last_seen.oid != head:
            lines.append(label("last seen") + tell_commit(match.last_seen))
        lines += origins[number]
        if not is_long or match.source_changed_since or match.changed_before:
            lines.append(label("code") + _tell_state(match))
        if not is_long:
            lines += [[], *_tell_code(match)]
            lines += [[]] if history else []
        if history:
            lines += _tell_earlier(match.history, sizes)
    if is_long:
        lines += [[], [(f"{len(matches)} outputs. Ask for one with --cell N to see its code.", "dim")]]
    return lines


def tell_pending(path: str, figure: Figure | None, sizes: Sizes) -> Line:
    """Return the line that says what is not committed yet: an output, or (None) the file at `path`."""
    if figure is None:
        return [*label("file"), (visible(path), "bold"), (", not committed yet", "yellow")]
    place = tell_place(path, figure, figure.execution_count, sizes)
    return [*label("figure" if is_figure(figure.mime) else "output"), *place, (", not committed yet", "yellow")]


def tell_place(path: str, figure: Figure, execution_count: int | None, sizes: Sizes) -> Line:
    """Return where a payload stands and what it is."""
    count = f" [{execution_count}]" if execution_count is not None else ""
    place = f"  cell {figure.cell_index}{count} output {figure.output_index}"
    return [(visible(path), "bold"), (place, ""), (_tell_kind(figure, sizes), "cyan")]


def _tell_kind(figure: Figure, sizes: Sizes) -> str:
    kind = {STDOUT: "stdout", STDERR: "stderr"}.get(figure.mime, figure.mime.replace("vnd.jupyter.", ""))
    width, height = sizes.get(figure.digest, (0, 0))
    return f" · {visible(kind)}" + (f" {width}x{height}" if width else "")


def tell_commit(commit: Commit) -> Line:
    """Return a commit in one line: short oid, the author's date, name and summary."""
    name = commit.author.rsplit(" <", 1)[0]
    return [
        (commit.oid[:SHORT_OID], "yellow"),
        (f"  {commit.date[:10]}  ", ""),
        (visible(name), "green"),
        (f'  "{visible(commit.summary)}"', ""),
    ]


def tell_input(name: str, found: InputFile) -> list[Line]:
    """Return the lines on a file that no run has made: who committed it, and which cells have read it."""
    lines = [[*label("file"), (visible(name), "bold"), (", no run that was recorded has made it", "")]]
    if found.committed is not None:
        lines.append(label("committed") + tell_commit(found.committed.commit))
    else:
        lines.append([*label("committed"), ("not as it is now: no commit has these bytes at this path", "yellow")])
    for number, reader in enumerate(found.readers[:READERS]):
        cell = f" cell {reader.cell_index}" if reader.cell_index is not None else ""
        count = f" [{reader.execution_count}]" if reader.execution_count is not None else ""
        how = "" if reader.seen else "  by its code, not seen as it ran"
        head = label("read by") if number == 0 else [(" " * LABEL, "")]
        lines.append([*head, (visible(reader.path or "a kernel") + cell + count, ""), (how, "dim")])
    if len(found.readers) > READERS:
        lines.append([(f"{'':<{LABEL}}and {len(found.readers) - READERS} more", "")])
    if found.readers:
        lines.append([(f"{'':<{LABEL}}`nbgit affected {visible(name)}` lists the figures that rest on it", "dim")])
    else:
        lines.append([*label("read by"), ("no run that was recorded, and no notebook's code names it", "dim")])
    return lines


def label(word: str) -> Line:
    """Return the label on the left of a line."""
    return [(f"{word:<{LABEL}}", "dim")]


def tell_match(match: Match, sizes: Sizes) -> Line:
    """Return what a match is, and where: an output, or a file that a run has written."""
    tell = _tell_file if match.written else _tell_output
    return [*label(_kind(match)), *tell(match, sizes)]


def _kind(match: Match) -> str:
    if match.written and not match.figure.mime.startswith("image/"):
        return "file"
    return "figure" if is_figure(match.figure.mime) else "output"


def _tell_output(match: Match, sizes: Sizes) -> Line:
    return tell_place(match.path, match.figure, match.execution_count, sizes)


def _tell_file(match: Match, sizes: Sizes) -> Line:
    name = match.written[1].path if match.written else ""
    count = f" [{match.execution_count}]" if match.execution_count is not None else ""
    cell = f" · {visible(match.path)} cell {match.figure.cell_index}{count}"
    return [(visible(name), "bold"), (_tell_kind(match.figure, sizes), "cyan"), (cell, "")]


def _tell_state(match: Match) -> Line:
    if match.source_changed_since:
        return [("as committed then; in HEAD the cell has changed, or is gone", "yellow")]
    if match.changed_before:
        others = f"{in_words(match.changed_before)} above it {'is' if len(match.changed_before) == 1 else 'are'} not"
        return [(f"as committed then; this cell is the same in HEAD, {others}", "yellow")]
    return [("as committed then; the same in HEAD", "")]


def _tell_code(match: Match) -> list[Line | Code]:
    lines = visible_lines(match.source.rstrip("\n"))
    shown: list[Line | Code] = [Code("\n".join(lines[:LONGEST_CODE]), match.language)]
    if len(lines) > LONGEST_CODE:
        shown.append([(f"    … {len(lines) - LONGEST_CODE} more lines", "dim")])
    return shown


def _tell_earlier(history: list[Earlier], sizes: Sizes) -> list[Line | Code]:
    if not history:
        return [[*label("earlier"), ("nothing: the cell showed no other figure before", "")]]
    lines: list[Line | Code] = []
    for number, earlier in enumerate(history):
        first = label("earlier" if number == 0 else "")
        lines.append(first + tell_commit(earlier.introduced))
        place = tell_place(earlier.path, earlier.figure, earlier.figure.execution_count, sizes)
        lines.append([(" " * LABEL, ""), *place])
    return lines
