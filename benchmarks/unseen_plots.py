"""Plots of other kinds than those by which the look-up's thresholds were chosen, to see how it does on what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.plots import INLINE_DPI, Plot, plot_of

UNSEEN, FAMILIES = 50, 5  # thirty of the fifty are of families, six of each
SEED = 700_000
STYLES = ("default", "ggplot", "bmh", "seaborn-v0_8-whitegrid")


def make_unseen_plots(numbers: Iterable[int] = range(UNSEEN)) -> Iterator[Plot]:
    """Yield plots by number, the same each time: of five in a row two are of their own, three are of families."""
    import matplotlib
    import numpy

    matplotlib.use("Agg")
    from matplotlib import pyplot

    for number in numbers:
        turn, place = divmod(number, 5)
        random = numpy.random.default_rng(SEED + number)
        own = 2 * turn + place
        if place > 1:
            sibling, family = divmod(3 * turn + place - 2, FAMILIES)
            with pyplot.style.context(STYLES[family % len(STYLES)]):
                figure = pyplot.figure(figsize=(6.4, 4.8), dpi=INLINE_DPI)
                _SIBLINGS[family](figure, sibling, numpy.random.default_rng(SEED - 1 - family), random)
                name = f"unseen family {family} sibling {sibling}"
                yield plot_of(name, figure)
        else:
            with pyplot.style.context(STYLES[own % len(STYLES)]):
                figure = pyplot.figure(figsize=((5.0, 5.0), (9.0, 3.5), (6.4, 4.8))[own % 3], dpi=INLINE_DPI)
                _KINDS[own % len(_KINDS)](figure, random)
                yield plot_of(f"unseen plot {own}", figure)
        pyplot.close("all")


def _spectrum(figure: Any, sibling: int, same: Any, random: Any) -> None:
    """A spectrum on a logarithmic axis, of which one line grows."""
    import numpy

    axes = figure.add_subplot()
    x = numpy.linspace(400, 700, 500)
    lines = sum(
        same.random() * 50 * numpy.exp(-(((x - place) / width) ** 2))
        for place, width in zip(same.uniform(420, 680, 8), same.uniform(2, 9, 8), strict=True)
    )
    grown = (20 + 12 * sibling) * numpy.exp(-(((x - 550) / 5) ** 2))
    axes.semilogy(x, 1 + lines + grown + 0.3 * random.random(500), lw=0.8)
    axes.set(xlabel="wavelength (nm)", ylabel="counts", title="Spectrum", ylim=(0.8, 300))


def _heatmap(figure: Any, sibling: int, same: Any, random: Any) -> None:
    """A matrix with its numbers written into it, as of correlations."""
    axes = figure.add_subplot()
    grid = same.uniform(-1, 1, (8, 8)) + 0.25 * random.uniform(-1, 1, (8, 8))
    axes.imshow(grid, cmap="coolwarm", vmin=-1.3, vmax=1.3)
    for row in range(8):
        for column in range(8):
            axes.text(column, row, f"{grid[row, column]:.2f}", ha="center", va="center", fontsize=7)


def _rates(figure: Any, sibling: int, same: Any, random: Any) -> None:
    """True against false positives, of three models."""
    import numpy

    axes = figure.add_subplot()
    x = numpy.linspace(0, 1, 100)
    for number in range(3):
        axes.step(x, x ** (0.12 + 0.1 * number + 0.03 * sibling * (number == 1)), label=f"model {number}")
    axes.plot([0, 1], [0, 1], "k--", lw=0.7)
    axes.legend(loc="lower right")
    axes.set(xlabel="false positives", ylabel="true positives")


def _fits(figure: Any, sibling: int, same: Any, random: Any) -> None:
    """Points with error bars, and a line through them that is tilted a little more each time."""
    import numpy

    axes = figure.add_subplot()
    x = numpy.arange(15.0)
    axes.errorbar(x, 2 + 0.7 * x + same.normal(size=15), yerr=0.5 + same.random(15), fmt="o", ms=4, capsize=2)
    axes.plot(x, 2 + (0.5 + 0.06 * sibling) * x, lw=2)
    axes.set(xlabel="dose", ylabel="response", ylim=(-2, 18))


def _panels(figure: Any, sibling: int, same: Any, random: Any) -> None:
    """Four panels, of which one differs."""
    for number in range(4):
        axes = figure.add_subplot(2, 2, number + 1)
        source = random if number == sibling % 4 else same
        axes.plot(source.normal(size=50).cumsum(), lw=1)
        axes.set_title(f"sensor {number}", fontsize=8)
    figure.tight_layout()


_SIBLINGS = (_spectrum, _heatmap, _rates, _fits, _panels)


def _polar(figure: Any, random: Any) -> None:
    axes = figure.add_subplot(projection="polar")
    axes.bar(random.random(16) * 6.28, random.random(16), width=0.3, alpha=0.6)


def _surface(figure: Any, random: Any) -> None:
    import numpy

    axes = figure.add_subplot(projection="3d")
    x, y = numpy.meshgrid(numpy.linspace(-2, 2, 25), numpy.linspace(-2, 2, 25))
    axes.plot_surface(x, y, numpy.cos(x * (1 + random.random())) * y, cmap="viridis")


def _pie(figure: Any, random: Any) -> None:
    figure.add_subplot().pie(random.random(6) + 0.1, labels=list("abcdef"), autopct="%1.0f%%")


def _stack(figure: Any, random: Any) -> None:
    figure.add_subplot().stackplot(range(30), random.random((4, 30)).cumsum(1))


def _violins(figure: Any, random: Any) -> None:
    figure.add_subplot().violinplot([random.normal(number, 1, 80) for number in range(5)], showmeans=True)


def _hexagons(figure: Any, random: Any) -> None:
    axes = figure.add_subplot()
    figure.colorbar(axes.hexbin(*random.normal(size=(2, 4000)), gridsize=25))


def _arrows(figure: Any, random: Any) -> None:
    figure.add_subplot().quiver(*random.normal(size=(4, 12, 12)))


def _photograph(figure: Any, random: Any) -> None:
    """A smooth picture in colours without axes."""
    import numpy

    axes = figure.add_axes((0, 0, 1, 1))
    x, y = numpy.meshgrid(numpy.linspace(0, 3, 240), numpy.linspace(0, 2, 160))
    a = random.random(6) * 5
    axes.imshow(numpy.stack([(1 + numpy.sin(a[n] * x + a[n + 3] * y)) / 2 for n in range(3)], axis=-1))
    axes.axis("off")


def _table(figure: Any, random: Any) -> None:
    axes = figure.add_subplot()
    axes.axis("off")
    axes.table([[f"{value:.3f}" for value in row] for row in random.random((7, 4))], loc="center")


def _marked(figure: Any, random: Any) -> None:
    axes = figure.add_subplot()
    axes.plot(random.normal(size=200).cumsum(), lw=0.6, color="black")
    axes.axvspan(40, 90, alpha=0.2, color="orange")
    axes.annotate("here", (100, 0), (130, 5), arrowprops={"arrowstyle": "->"})


_KINDS = (_polar, _surface, _pie, _stack, _violins, _hexagons, _arrows, _photograph, _table, _marked)
