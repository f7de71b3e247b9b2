"""Ring 3: static recipes of what cells of the working tree show, from the commits that introduced it."""

from collections.abc import Mapping, Sequence

from nbgit.lineage.blame import documents_showing, place_then, source_reader
from nbgit.lineage.history.documents import Figure
from nbgit.lineage.history.figures import counts_of
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.recipe import Recipe, StaticRecipes
from nbgit.lineage.origin.worktree import Showing
from nbgit.store.objects import ObjectReader

Place = tuple[str, int]  # path, cell index


def committed_recipes(
    past: Past, asked: Mapping[str, Sequence[Showing]], recipes: StaticRecipes
) -> dict[Place, Recipe]:
    """Return the recipes of those cells (by path) whose outputs HEAD shows at the same path, as they were committed."""
    versions = past.versions_of(asked)
    shown = versions.at(past.head)
    past.learn(versions.all_shown())
    wanted: dict[Place, tuple[int, Figure]] = {}
    for path, cells in asked.items():
        lineage = versions.lineage_of(past.head, path)
        if path not in shown or lineage is None:
            continue
        figures = past.figures(shown[path])
        for one in cells:
            figure = _same(figures, one)
            if figure is not None:
                wanted[path, one.cell.index] = lineage, figure
    spans = versions.spans(documents_showing(past, {figure.digest for _, figure in wanted.values()}))
    found: dict[Place, Recipe] = {}
    with ObjectReader(past.repository) as reader:
        sources = source_reader(reader)
        for place, (lineage, figure) in wanted.items():
            first = spans[lineage, figure.digest][0]
            version, then = first.shown, place_then(past, first, figure)
            if then.execution_count != figure.execution_count:  # run again since, by code that may be another
                version, then = shown[place[0]], figure
            code, language = sources(version.blob)
            counts = counts_of(past.index, version.document)
            found[place] = recipes.of(version.document, code, counts, then.cell_index, language)
    return found


def _same(figures: list[Figure], shown: Showing) -> Figure | None:
    """Return the payload in HEAD that a cell shows: of the cell with its id, else the nearest."""
    digests = {digest for _, digest in shown.data}
    same = [figure for figure in figures if figure.digest in digests]
    index, cell_id = shown.cell.index, shown.cell.id
    return min(
        same,
        key=lambda one: (cell_id is None or one.cell_id != cell_id, abs(one.cell_index - index), one.output_index),
        default=None,
    )
