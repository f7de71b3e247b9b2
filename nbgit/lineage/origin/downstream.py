"""Ring 3: what rests on a file: runs, the files that they wrote, and the figures that they displayed."""

from dataclasses import dataclass, field

from nbgit.lineage.origin.recipe import Recipes
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records
from nbgit.notebook.outputs import is_figure


@dataclass
class Affected:
    """What rests on a file, as far as it was recorded: runs by id, files they wrote by path, digests of figures."""

    runs: dict[str, Run] = field(default_factory=dict)
    files: dict[str, FileSeen] = field(default_factory=dict)
    figures: dict[str, Run] = field(default_factory=dict)


def affected_by(path: str, records: Records, recipes: Recipes) -> Affected:
    """Return what rests on the file at `path` (as runs have it), whatever it held, and on copies of what it held."""
    found = Affected()
    todo = list(records.readers(path))
    while todo:
        reader = todo.pop()
        if reader.id in found.runs:
            continue
        for run in recipes.resting_on(reader):
            if run.id in found.runs:
                continue
            found.runs[run.id] = run
            found.figures.update({shown.digest: run for shown in run.displayed if is_figure(shown.mime)})
            for file in run.writes:
                found.files[file.path] = file
                todo += [one for one in records.readers_of(file) if one.started >= run.started]
    return found
