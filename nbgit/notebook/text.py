"""Ring 1: the readable text of a notebook, for textconv, blame and grep (docs/formats.md, "Readable text").

The text depends on the source alone: git smudges both sides before textconv and caches the answer by the cleaned
blob's id, so whatever is volatile (nbgit.notebook.policy) must not show. What does show costs few lines of diff:

- A cell's header has no number, because one inserted cell would change the header of every later cell; it names the
  section (the last Markdown heading) instead, which is also what a reader wants to see in a hunk's header line.
- An id that a program made up is left out: tools write new ones at will, and eight hexadecimal digits say nothing.
  One that a person chose ("load-data") shows.
- Metadata shows one leaf a line, and only where it differs from what every new cell has.
"""

from zlib import crc32

from nbgit.errors import NotANotebook
from nbgit.notebook.cells import Cell, Notebook, read_cells
from nbgit.notebook.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_VALUE = 120  # characters of one metadata value; what is longer shows its start, length and checksum
LONGEST_TITLE = 60
SNIFFED = 8000  # bytes; a file is binary for git where a NUL is among them
HEX_DIGITS = frozenset("0123456789abcdefABCDEF-")
KERNEL_KEYS = ("kernelspec.", "language_info.")  # the head line says what matters of them


def readable_text(notebook_bytes: bytes, policy: Policy | None = None) -> bytes:
    """Return the readable text of a notebook as UTF-8, and plain_text() of what is no notebook.

    What `policy` (None: the defaults) calls volatile does not show.
    """
    try:
        notebook = read_cells(notebook_bytes)
    except NotANotebook:
        return plain_text(notebook_bytes)
    return notebook_text(notebook, policy or Policy())


def plain_text(data: bytes) -> bytes:
    """Return a file's lines as UTF-8 that is safe to print, or one line about a file that git would call binary.

    What was made so stays as it is where it is made so again.
    """
    if b"\0" in data[:SNIFFED]:
        return f"Binary file, {len(data)} bytes, {crc32(data):08x}\n".encode()
    text = data.decode("utf-8", "backslashreplace")
    return "\n".join(visible_lines(text)).encode("utf-8", "backslashreplace")


def notebook_text(notebook: Notebook, policy: Policy) -> bytes:
    """Return the readable text of a notebook that was read already."""
    return "".join([line + "\n" for line in text_lines(notebook, policy)]).encode("utf-8", "backslashreplace")


def text_lines(notebook: Notebook, policy: Policy) -> "Iterator[str]":
    """Yield the lines of the readable text, without line ends and safe to print in a terminal."""
    yield visible(head_line(notebook))
    yield from (visible(f"# {line}") for line in notebook_metadata_lines(notebook, policy))
    title = ""
    for cell in notebook.cells:
        heading = heading_of(cell)
        title = heading or title
        yield ""
        yield visible(header_line(cell, title))
        yield from (visible(f"## {line}") for line in cell_metadata_lines(cell, policy))
        if cell.source:
            yield from visible_lines(cell.source)


def head_line(notebook: Notebook) -> str:
    """Return the first line: format, language and kernel."""
    kernelspec = notebook.metadata.get("kernelspec")
    kernel = kernelspec if isinstance(kernelspec, dict) else {}
    names = [str(kernel[key]) for key in ("display_name", "name") if kernel.get(key)]
    parts = [f"# notebook {notebook.nbformat[0]}.{notebook.nbformat[1]}"]
    if notebook.language:
        parts.append(notebook.language)
    if names:
        parts.append(f"kernel {' / '.join(dict.fromkeys(names))}")
    return ", ".join(parts)


def header_line(cell: Cell, title: str) -> str:
    """Return a cell's header: `## cell [kind]`, the id where a person chose it, and the section it is in."""
    return f"## cell [{cell.kind}]{own_name(cell, title)}"


def own_name(cell: Cell, title: str) -> str:
    """Return what a cell is called beside its kind, each part behind a blank: its id, the section `title`."""
    name = f" {cell.id}" if cell.id and not is_made_up(cell.id) else ""
    return f"{name}{' ' + title if title else ''}"


def heading_of(cell: Cell) -> str:
    """Return the text of the last Markdown heading (ATX form) in a cell, shortened, or "" where there is none."""
    if cell.kind != "markdown" or "#" not in cell.source:
        return ""
    found = ""
    fenced = False
    for line in cell.source.split("\n"):
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        elif line.startswith("#") and not fenced:
            marks = len(line) - len(line.lstrip("#"))
            if marks <= 6 and line[marks : marks + 1] == " ":
                found = line[marks:].strip().rstrip("#").rstrip() or found
    return shorten(without_stars(found), LONGEST_TITLE)


def without_stars(text: str) -> str:
    """Return a line of Markdown without the stars of its emphasis: `*x*` as `x`, while `2 * 3` stays."""
    pieces = text.split("*")
    found: list[tuple[int, int]] = []  # runs of stars: where each begins and ends among the pieces
    for at in range(1, len(pieces)):
        if found and found[-1][1] == at - 1 and not pieces[at - 1]:
            found[-1] = found[-1][0], at
        else:
            found.append((at, at))
    kept = ["", *["*"] * (len(pieces) - 1)]
    open_runs: list[tuple[int, int]] = []
    for start, end in found:
        before, after, size = pieces[start - 1], pieces[end], end - start
        partner = next((run for run in reversed(open_runs) if run[1] - run[0] == size), None)
        if before[-1:].strip() and not before.endswith("\\") and partner is not None:
            for run in (partner, (start, end)):
                kept[run[0] : run[1] + 1] = [""] * (size + 1)
            del open_runs[open_runs.index(partner) :]
        elif after[:1].strip() and not before.endswith("\\"):
            open_runs.append((start, end))
    return "".join(star + piece for star, piece in zip(kept, pieces, strict=True))


def is_made_up(cell_id: str) -> bool:
    """Say whether a program chose this id: a uuid or hex digits (Jupyter), or mixed letters (Colab, VS Code)."""
    if len(cell_id) >= 8 and HEX_DIGITS.issuperset(cell_id):
        return True
    has_digit = any(letter.isdigit() for letter in cell_id)
    return len(cell_id) >= 8 and not cell_id.islower() and (has_digit or not cell_id.isalpha())


def notebook_metadata_lines(notebook: Notebook, policy: Policy) -> list[str]:
    """Return `key: value` for each leaf of the notebook's metadata that says something, sorted by key."""
    leaves = metadata_leaves(notebook.metadata, policy.notebook_metadata)
    return [f"{key}: {value}" for key, value in leaves if not key.startswith(KERNEL_KEYS)]


def cell_metadata_lines(cell: Cell, policy: Policy) -> list[str]:
    """Return `key: value` for each leaf of a cell's metadata that says something, its attachments, its kept outputs."""
    leaves = metadata_leaves(cell.metadata, policy.cell_metadata)
    lines = [f"{key}: {value}" for key, value in leaves if (key, value) not in DEFAULTS]
    for name, bundle in sorted(cell.attachments.items()):
        for mime, data in sorted(bundle.items()) if isinstance(bundle, dict) else ():
            text = data if isinstance(data, str) else _dumps(data)
            lines.append(f"attachment {name}: {mime}, {len(text)} characters, {checksum(text)}")
    if cell.outputs and keeps_outputs(cell, policy):
        lines += [_output_line(output) for output in cell.outputs]
    return lines


def keeps_outputs(cell: Cell, policy: Policy) -> bool:
    """Say whether a cell's outputs are part of its source (as nbgit.notebook.spans decides it)."""
    metadata = cell.metadata
    tags = metadata.get("tags")
    return (
        not policy.outputs
        or metadata.get("keep_output") is True
        or (policy.keep_init_cells and metadata.get("init_cell") is True)
        or (isinstance(tags, list) and any(tag in tags for tag in policy.keep_tags))
    )


def _output_line(output: object) -> str:
    """Return one line that tells a kept output from another: its kind, media types and checksum."""
    if not isinstance(output, dict):
        return f"kept output {checksum(_dumps(output))}"
    data = output.get("data")
    names = sorted(data) if isinstance(data, dict) else [str(output.get("name", output.get("ename", "")))]
    body = {key: value for key, value in output.items() if key not in ("execution_count", "prompt_number")}
    text = _dumps(body)
    kind = " ".join([str(output.get("output_type", "")), *filter(None, [", ".join(names)])])
    return f"kept output {kind}, {len(text)} characters, {checksum(text)}"


DEFAULTS = frozenset({("deletable", "true"), ("editable", "true")})  # nbviewer-era tools wrote them into every cell


def metadata_leaves(metadata: "dict[str, object]", volatile: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (dotted key, compact JSON) for each leaf that isn't volatile, sorted by key.

    Left out as saying nothing: empty objects, lists and strings, null, and false (but for `editable` and `deletable`,
    where true is what every cell has).
    """
    leaves: list[tuple[str, str]] = []
    _collect(metadata, "", frozenset(volatile), leaves)
    return sorted(leaves)


def _collect(
    value: "dict[str, object]", prefix: str, volatile: frozenset[str], leaves: list[tuple[str, str]], depth: int = 0
) -> None:
    for key, item in value.items():
        name = prefix + key
        if name in volatile:
            continue
        if isinstance(item, dict) and depth < 4:
            _collect(item, name + ".", volatile, leaves, depth + 1)
        elif item or (item == 0 and item is not False):
            leaves.append((name, _compact(item)))
        elif item is False and name in ("deletable", "editable"):
            leaves.append((name, "false"))


def _compact(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) and "," not in item for item in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else _dumps(value, ensure_ascii=False)
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({len(text)} characters, {checksum(text)})"


def _dumps(value: object, *, ensure_ascii: bool = True) -> str:
    if type(value) is int or value is True:
        return str(value).lower()
    import json  # here: most notebooks' metadata are words and whole numbers, and need no import of 7 ms

    return json.dumps(value, sort_keys=True, ensure_ascii=ensure_ascii)


def checksum(text: str) -> str:
    """Return eight hexadecimal digits that differ where two texts do (for the eye, not for security)."""
    return f"{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def shorten(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters with an ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def visible_lines(text: str) -> list[str]:
    """Return the lines of `text` (split at line feeds only), each safe to print."""
    lines = text.split("\n")
    if text.isprintable():
        return lines
    return [line if line.isprintable() else visible(line) for line in lines]


def visible(line: str) -> str:
    """Return one line with every control character made visible, so that no notebook can steer a terminal.

    Tabs stay. C0 controls become their pictures (ESC is ␛), and other controls, the bidirectional overrides and
    line separators their code point.
    """
    if line.isprintable():
        return line
    return "".join([letter if letter.isprintable() or letter in KEPT else _picture(letter) for letter in line])


KEPT = frozenset("\t\u00a0\u200b\u200c\u200d\u2009\u202f\u3000\ufeff\u00ad")  # spaces and joiners that steer nothing


def _picture(letter: str) -> str:
    code = ord(letter)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0x100 or 0x2028 <= code <= 0x202E or 0x2066 <= code <= 0x2069 or 0xD800 <= code <= 0xDFFF:
        return f"<U+{code:04X}>"
    return letter  # unassigned or private: a terminal shows a box
