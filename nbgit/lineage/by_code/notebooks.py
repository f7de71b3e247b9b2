"""Ring 3: notebooks of which no run was recorded: what the code of their cells in HEAD says of files.

Names count from the notebook's folder, where Jupyter starts kernels.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from nbgit.errors import NotANotebook
from nbgit.kernel.redact import redact_url
from nbgit.kernel.scripts import SUFFIXES
from nbgit.lineage.by_code.foreign import named_in
from nbgit.lineage.history.figures import counts_of
from nbgit.lineage.history.past import Past
from nbgit.lineage.history.versions import Shown
from nbgit.lineage.origin.recipe import PYTHON
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.records import Records
from nbgit.lineage.slicing.named_files import FETCHED, READ, STARTED, WRITTEN, name_files
from nbgit.notebook.cells import Cell, read_cells
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

SPEAKING = re.compile(r"['\"(]")  # code without a quote or a call names nothing
LONGEST = 200_000  # characters of a cell
SCRIPT = 1 << 20  # bytes
AT_ONCE = 400  # words that one git looks for


@dataclass
class CodedCell:
    """A cell and what its code says: files by paths from the top, addresses, scripts; `needs` are indices of cells."""

    path: str
    index: int
    id: str | None
    code: str
    execution_count: int | None = None
    reads: dict[str, None] = field(default_factory=dict)
    writes: dict[str, None] = field(default_factory=dict)
    urls: dict[str, None] = field(default_factory=dict)
    scripts: dict[str, None] = field(default_factory=dict)
    needs: set[int] = field(default_factory=set)

    @property
    def names_files(self) -> bool:
        """Whether it names anything at all."""
        return bool(self.reads or self.writes or self.urls)


class CodedNotebooks:
    """Reads the notebooks of HEAD that no run was recorded of; each is read when a question first concerns it."""

    def __init__(self, past: Past, records: Records, whereabouts: Whereabouts) -> None:
        self._past = past
        self._records = records
        self._whereabouts = whereabouts
        self._told: dict[str, list[CodedCell]] = {}

    def all(self) -> list[CodedCell]:
        """Return the cells of all such notebooks that name files anywhere."""
        return self._some(self._bare)

    def of(self, path: str) -> list[CodedCell]:
        """Return the code cells of one notebook; of one of which runs were recorded, none."""
        if path not in self._told:
            with ObjectReader(self._past.repository) as reader:
                self._told[path] = self._tell(path, reader)
        return self._told[path]

    def _some(self, paths: Iterable[str]) -> list[CodedCell]:
        """Return the cells of those of these notebooks that name files anywhere."""
        wanted = sorted(set(paths) - self._told.keys())
        if wanted:
            with ObjectReader(self._past.repository) as reader:
                for number, path in enumerate(wanted):
                    self._told[path] = self._tell(path, reader)
                    self._past.report(number + 1, len(wanted))
        found = [self._told[path] for path in sorted(paths)]
        return [cell for cells in found if any(one.names_files for one in cells) for cell in cells]

    def _tell(self, path: str, reader: ObjectReader) -> list[CodedCell]:
        state = self.in_head.get(path) if path in self._bare else None
        cells, language = _read(reader, state) if state else ([], "")
        if state is None or not cells or self._is_recorded(path, cells):
            return []
        return tell_cells(path, cells, counts_of(self._past.index, state.document), language, reader)

    @cached_property
    def _bare(self) -> set[str]:
        """The notebooks of HEAD of which no session is known to be; some may still have run in one that never told."""
        code, out, _ = try_git(
            ["ls-tree", "-r", "-z", "--full-tree", "--name-only", "HEAD"], cwd=self._past.repository.start
        )
        names = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
        return {name for name in names if name.endswith(".ipynb") and not self._records.has_session_of(name)}

    def writing(self, path: str) -> list[CodedCell]:
        """Return the cells whose code writes a path."""
        return [cell for cell in self._about([path]) if path in cell.writes]

    def reading(self, paths: Iterable[str]) -> list[CodedCell]:
        """Return the cells whose code reads one of these paths."""
        wanted = set(paths)
        return [cell for cell in self._about(wanted) if not wanted.isdisjoint(cell.reads)]

    def resting_on(self, cell: CodedCell) -> list[CodedCell]:
        """Return a cell, and the later ones of its notebook that rest on it."""
        found = {cell.index}
        for one in self.of(cell.path):
            if one.needs & found:
                found.add(one.index)
        return [one for one in self.of(cell.path) if one.index in found]

    @cached_property
    def in_head(self) -> dict[str, Shown]:
        """The notebooks that HEAD has, by path."""
        found = self._past.versions_of(self._past.all_names()).at(self._past.head)
        self._past.learn(found.values())
        return found

    def _about(self, paths: Iterable[str]) -> list[CodedCell]:
        """Return the cells of the notebooks, and of those that start scripts, in which one of these names stands."""
        names = files_naming(self._past.repository, paths) if self._bare else set()
        if any(not name.endswith(".ipynb") for name in names):
            return self.all()  # a script may be what names it
        return self._some(names & self._bare)

    def _is_recorded(self, path: str, cells: list[Cell]) -> bool:
        """Return whether any run of this notebook was recorded."""
        return any(
            self._whereabouts.notebook(run.session) == path
            for cell in cells
            if cell.kind == "code" and cell.source.strip()
            for run in self._records.of_code(cell.source, [path])
        )


def files_naming(repository: Repository, paths: Iterable[str]) -> set[str]:
    """Return the notebooks and scripts of HEAD that may name one of these paths.

    They hold the longest plain word of its name; where a name has none, all of them may.
    """
    stems = stems_of(paths)
    kinds = [f":(top){glob}" for glob in ("*.ipynb", "*.R", *(f"*{ending}" for ending in SUFFIXES))]
    found: set[str] = set()
    ordered = [""] if "" in stems else sorted(stems)
    for start in range(0, len(ordered), AT_ONCE):
        words = [part for stem in ordered[start : start + AT_ONCE] for part in ("-e", stem)]
        asked = ["grep", "-l", "-z", "-F", "--full-name", *words, "HEAD", "--", *kinds]
        code, out, _ = try_git(asked, cwd=repository.start)
        names = out.decode("utf-8", "surrogateescape").split("\0") if code == 0 else []
        found |= {name.removeprefix("HEAD:") for name in names if name}
    return found


def stems_of(paths: Iterable[str]) -> set[str]:
    """Return the longest plain word of each path's name, which code that names it holds; "" where there is none."""
    bare = (posixpath.basename(path).partition(".")[0] for path in paths)
    return {max(re.findall(r"[A-Za-z0-9_-]+", name) or [""], key=len) for name in bare}


def tell_cells(
    path: str,
    cells: Iterable[Cell],
    counts: dict[int, int],
    language: str,
    reader: ObjectReader | None = None,
    commit: str = "HEAD",
) -> list[CodedCell]:
    """Return what the code cells of the notebook at `path` say, in the order of their counts; without counts in theirs.

    Scripts that they start are read from `commit` by `reader`, and what these say is said of the cell.
    """
    code = [cell for cell in cells if cell.kind == "code" and cell.source.strip() and len(cell.source) <= LONGEST]
    ran = sorted((cell for cell in code if cell.index in counts), key=lambda cell: counts[cell.index]) or code
    folder = posixpath.dirname(path)
    told = [CodedCell(path, cell.index, cell.id, cell.source, counts.get(cell.index)) for cell in ran]
    if not any(SPEAKING.search(cell.source) for cell in ran):
        return told
    if language.lower() in PYTHON:
        named, needed = name_files([cell.source for cell in ran])
        for one in named:
            _note(told[one.unit], one.how, one.name, folder)
        for cell, needs in zip(told, needed, strict=True):
            cell.needs = {told[number].index for number in needs}
    else:
        for number, cell in enumerate(told):
            cell.needs = {one.index for one in told[:number]}
            for how, name in named_in(cell.code, language):
                _note(cell, how, name, folder)
    for cell in told:
        for script in list(cell.scripts):
            _note_script(cell, script, folder, reader, commit)
    return told


def files_of_script(path: str, code: str) -> list[tuple[str, str]]:
    """Return (READ, WRITTEN, FETCHED or STARTED; name) of what a script says; of an unknown language nothing."""
    ending = posixpath.splitext(path)[1].lower()
    if ending in (".py", ".ipy"):
        return [(one.how, one.name) for one in name_files([code])[0]]
    return list(named_in(code, {".r": "r", ".jl": "julia"}.get(ending, "")))


def from_top(name: str, folder: str) -> str:
    """Return a name as runs have it: from the top of the worktree, else from `~`, else absolute."""
    if name.startswith(("/", "~/")) or name[1:2] == ":":
        return name
    return posixpath.normpath(posixpath.join(folder, name))


def _note(cell: CodedCell, how: str, name: str, folder: str) -> None:
    if how == FETCHED:
        cell.urls[redact_url(name)] = None
        return
    places = {READ: cell.reads, WRITTEN: cell.writes, STARTED: cell.scripts}
    places[how][from_top(name, folder)] = None
    if how == STARTED:
        cell.reads[from_top(name, folder)] = None


def _note_script(cell: CodedCell, script: str, folder: str, reader: ObjectReader | None, commit: str) -> None:
    data = reader.read(f"{commit}:{script}", most=SCRIPT) if reader and "\n" not in script else None
    if data is None:
        return
    for how, name in files_of_script(script, data.decode("utf-8", "replace")):
        if how != STARTED:
            _note(cell, how, name, folder)


def _read(reader: ObjectReader, state: Shown) -> tuple[list[Cell], str]:
    try:
        notebook = read_cells(reader.read(state.blob) or b"")
    except (NotANotebook, ValueError):
        return [], ""
    return list(notebook.cells), notebook.language
