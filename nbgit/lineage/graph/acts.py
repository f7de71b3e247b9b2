"""Ring 3: acts, the pieces of work that a graph is traced through: a recorded run, or a cell by its code alone."""

from dataclasses import dataclass, field

from nbgit.lineage.by_code.notebooks import CodedNotebooks
from nbgit.lineage.by_code.scripts import Scripts
from nbgit.lineage.graph.model import CODE, RECORDED
from nbgit.lineage.history.documents import preferred
from nbgit.lineage.history.past import Past
from nbgit.lineage.runs.journals import FileSeen, Run, Shown
from nbgit.lineage.slicing.named_files import READ


@dataclass(eq=False)
class Act:
    """One run of a cell (`run`), or (by CODE) a cell as it is committed, in the notebook at `notebook` now.

    `notebook` is None for a kernel of which no notebook is known. Files by code have a path only: size -1.
    """

    key: str
    notebook: str | None
    session: str
    number: int
    code: str
    execution_count: int | None = None
    cell_id: str | None = None
    cell_index: int | None = None
    started: str = ""
    by: str = RECORDED
    run: Run | None = None
    reads: tuple[FileSeen, ...] = ()
    writes: tuple[FileSeen, ...] = ()
    urls: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()
    script_reads: tuple[FileSeen, ...] = ()  # by the code of scripts that a recorded run has started
    script_writes: tuple[FileSeen, ...] = ()
    needs: tuple[str, ...] = field(default=())  # keys of acts, where no recorded session tells

    @property
    def is_by_code(self) -> bool:
        """Whether nothing of it was recorded."""
        return self.by == CODE


def coded_acts(notebooks: CodedNotebooks, past: Past) -> list[Act]:
    """Return the acts that cells are of which no run was recorded, with the figures that they show in HEAD."""
    shown: dict[tuple[str, int], list[Shown]] = {}
    cells = notebooks.all()
    for path in {cell.path for cell in cells}:
        for figure in preferred(past.figures(notebooks.in_head[path])):
            shown.setdefault((path, figure.cell_index), []).append(Shown(figure.mime, figure.digest))
    return [
        Act(
            key=f"{cell.path}#{cell.index}",
            notebook=cell.path,
            session="",
            number=cell.execution_count or cell.index,
            code=cell.code,
            execution_count=cell.execution_count,
            cell_id=cell.id,
            cell_index=cell.index,
            by=CODE,
            reads=tuple(FileSeen(path, -1, "", None) for path in cell.reads),
            writes=tuple(FileSeen(path, -1, "", None) for path in cell.writes),
            urls=tuple(cell.urls),
            shown=tuple(shown.get((cell.path, cell.index), ())),
            needs=tuple(f"{cell.path}#{index}" for index in sorted(cell.needs)),
        )
        for cell in cells
    ]


def act_of(run: Run, notebook: str | None, scripts: Scripts) -> Act:
    """Return the act that a recorded run is."""
    named = scripts.of(run)
    return Act(
        key=run.id,
        notebook=notebook,
        session=run.session.id,
        number=run.number,
        code=run.code,
        execution_count=run.execution_count,
        cell_id=run.cell_id,
        started=run.started,
        run=run,
        reads=run.reads,
        writes=run.writes,
        urls=tuple(dict.fromkeys(address.url for address in run.urls)),
        shown=run.displayed,
        script_reads=tuple(FileSeen(one.path, -1, "", None) for one in named if one.how == READ),
        script_writes=tuple(file for _, file in scripts.written(run)),
    )
