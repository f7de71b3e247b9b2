"""Ring 3: a file that a recorded run has written: which run, and the cell that it was a run of."""

from hashlib import sha256
from mimetypes import guess_type

from nbgit.errors import NotANotebook
from nbgit.lineage.blame import NO_OUTPUT, Match, has_changed, which_changed_before
from nbgit.lineage.history.documents import Figure
from nbgit.lineage.history.past import Past
from nbgit.lineage.lookup.evidence import WRITTEN, Evidence
from nbgit.lineage.origin.sources import introduced_by
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.store.objects import ObjectReader


def writer_of(records: Records, data: bytes, path: str | None) -> tuple[Run, FileSeen] | None:
    """Return the run that wrote a file with these bytes, and the file as it saw it; None where none was recorded.

    Of several it is one that wrote it at `path` (from the top of the worktree), and of these the last.
    """
    asked = FileSeen(path or "", len(data), "", sha256(data).hexdigest())
    found = [(run, file) for run, file in records.writers(asked) if data and file.sha256 == asked.sha256]
    return max(found, key=lambda pair: (pair[1].path == path, pair[0].started, pair[0].number), default=None)


def match_of_writer(past: Past, whereabouts: Whereabouts, run: Run, file: FileSeen) -> Match | None:
    """Return the cell whose run has written `file` as a Match, or None where no commit has that cell.

    Introduced is the first commit that has the file, or, where none has, the one that the cell is found in.
    """
    place = whereabouts.place(run)
    if place.version is None or place.commit is None or place.path is None or place.cell_index is None:
        return None
    notebook = _read(past, place.version.shown.blob)
    digest, mime = f"sha256:{file.sha256}", guess_type(file.path)[0] or "application/octet-stream"
    figure = Figure(place.cell_index, place.cell_id, NO_OUTPUT, mime, digest, file.size, run.execution_count, None)
    versions = past.versions_of([place.path])
    lineage = versions.lineage_of(place.version.position, place.version.path)
    now = versions.head_of(lineage, past.head) if lineage is not None else None
    is_edited = lineage is None or has_changed(past, versions, lineage, place.version, figure, run.code)
    above = which_changed_before(notebook.cells, _read(past, now.blob).cells, figure) if now and not is_edited else []
    found = introduced_by(past, [file]).get(file)
    committed = found.commit if found else None
    return Match(
        path=place.path,
        figure=figure,
        introduced=committed or place.commit,
        last_seen=past.commits([past.head])[past.head] if _is_in_head(past, file) else committed or place.commit,
        version=place.version,
        then=figure,
        cells=notebook.cells,
        source=run.code,
        source_changed_since=is_edited,
        changed_before=above,
        language=notebook.language,
        evidence=Evidence(WRITTEN),
        written=(run, file),
    )


def _read(past: Past, blob: str) -> Notebook:
    with ObjectReader(past.repository) as reader:
        try:
            return read_cells(reader.read(blob) or b"")
        except NotANotebook:
            return Notebook({}, [])


def _is_in_head(past: Past, file: FileSeen) -> bool:
    with ObjectReader(past.repository) as reader:
        data = reader.read(f"HEAD:{file.path}", most=file.size)
    return data is not None and sha256(data).hexdigest() == file.sha256
