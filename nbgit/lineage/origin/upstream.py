"""Ring 3: what files and addresses a recipe rests on, and who made these files: up to downloads and commits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from nbgit.lineage.by_code.inputs import CodedWriter
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.origin.recipe import Recipe, Recipes
from nbgit.lineage.origin.whereabouts import Place, Places
from nbgit.lineage.runs.journals import FileSeen, Run
from nbgit.lineage.runs.records import Records

DEEPEST = 100  # makings on top of each other; deeper ones are told without what they rest on


@dataclass
class Made:
    """What a run has made: where it belongs, its recipe, and what that rests on.

    `recipe` is None, and `inputs` empty, where the same run stands above with both.
    """

    run: Run
    place: Place
    recipe: Recipe | None = None
    inputs: list["Input"] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """The addresses that its recipe has fetched."""
        runs = self.recipe.runs if self.recipe else [self.run]
        return list(dict.fromkeys(address.url for run in runs for address in run.urls))


@dataclass
class Input:
    """A file that a run of a recipe has read, or (path None) an address that it has fetched.

    Files: who wrote it, as far as that was recorded, and else the commit that introduced it, if git has it, and what
    keeps it there (`sources.Found`); `likely` is the run whose script fits, where neither is known.
    """

    read_by: Run
    file: FileSeen | None = None
    url: str | None = None
    written_by: Made | None = None
    commit: Commit | None = None
    kept_by: str | None = None
    likely: CodedWriter | None = None


class Upstream:
    """Follows files from those who read them to those who wrote them; each run is told whole once.

    A download, which rests on addresses alone, is told whole each time.
    """

    def __init__(self, records: Records, recipes: Recipes, whereabouts: Places) -> None:
        self._records = records
        self._recipes = recipes
        self._whereabouts = whereabouts
        self._told: dict[str, Made] = {}

    def of(self, run: Run, depth: int = 0) -> Made:
        """Return what a run has made, with all that it rests on."""
        place = self._whereabouts.place(run)
        known = self._told.get(run.id)
        if known is not None and known.inputs and all(read.file is None for read in known.inputs):
            return known
        if known is not None or depth > DEEPEST:
            return Made(run, place)
        made = self._told[run.id] = Made(run, place, self._recipes.of(run))
        made.inputs = list(self._inputs(made.recipe.runs if made.recipe else [], depth))
        return made

    def _inputs(self, runs: list[Run], depth: int) -> Iterable[Input]:
        own = {run.id for run in runs}
        known: set[tuple[str, str | None]] = set()
        for run in runs:
            for file in run.reads:
                if (file.path, file.sha256) in known:
                    continue
                known.add((file.path, file.sha256))
                writer = self._records.writer(file, run)
                if writer is not None and writer.id in own:
                    continue  # one step of the recipe has made it for another
                yield Input(run, file, written_by=self.of(writer, depth + 1) if writer else None)
            for address in run.urls:
                if (address.url, "") not in known:
                    known.add((address.url, ""))
                    yield Input(run, url=address.url)
