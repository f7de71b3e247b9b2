"""Figures seen elsewhere: 100 plots, and 50 of other kinds: is each found again, and one that is not there?"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import Bench, say
from benchmarks.plots import PLOTS, QUERIES, Plot, make_plots, notebook_of
from benchmarks.results import PERCENT, SECONDS, Budget, Measured, Row
from benchmarks.sandbox import write_files
from benchmarks.tools import NBGIT
from benchmarks.unseen_plots import UNSEEN, make_unseen_plots
from nbgit.lineage.answers import Answer, blame_picture
from nbgit.lineage.history.figures import digest_bytes
from nbgit.lineage.history.index import Index, with_index
from nbgit.lineage.history.past import Past
from nbgit.notebook.outputs import Payload
from nbgit.store.repository import find_repository

IN_A_NOTEBOOK = 10
UNBOUND = ("crop 5 % around", "crop 5 % at one side")  # told without a budget


class Score(NamedTuple):
    """What became of the questions of one kind, each a count.

    `first`: the plot is the first match; `listed`: it is among them; `proved`: its evidence is that it is the same;
    `several`: others are told beside it. With the plot left out of the history: `absent_same` were said to be another
    plot, which is wrong, `absent_alike` to be like one.
    """

    asked: int
    first: int
    listed: int
    proved: int
    several: int
    absent_same: int
    absent_alike: int


def lookup_rows(bench: Bench) -> list[Row]:
    """Return the rows: what is missed, what is claimed wrongly, and how long an answer takes.

    The thresholds were chosen on the first set of plots; the second, of other kinds, is told beside it.
    """
    say(f"look-up: {PLOTS} plots")
    plots = list(make_plots(range(20 if bench.quick else PLOTS)))
    repository = _repository(bench, "plots", plots)
    picture = bench.sandbox.directory("screenshot.png")
    picture.write_bytes(QUERIES["screenshot"](plots[0]))
    rows = _times(bench, repository, picture, f"{len(plots)} plots")
    if bench.data.original is not None:
        rows += _times(bench, bench.data.original, picture, bench.data.name)
    chosen = _scored(_scores(repository, plots), f"{len(plots)} plots, 60 % near-identical")
    say(f"look-up: {UNSEEN} plots of other kinds")
    others = list(make_unseen_plots(range(10 if bench.quick else UNSEEN)))
    scores = _scores(_repository(bench, "unseen plots", others), others)
    return [*chosen, *_scored(scores, f"{len(others)} plots of other kinds", is_bound=False), *rows]


def _repository(bench: Bench, name: str, plots: list[Plot]) -> Path:
    """Return a repository whose notebooks show these plots."""
    repository = bench.sandbox.new_repository(name)
    groups = [plots[at : at + IN_A_NOTEBOOK] for at in range(0, len(plots), IN_A_NOTEBOOK)]
    write_files(repository, {f"plots {at}.ipynb": notebook_of(group) for at, group in enumerate(groups)})
    bench.sandbox.git(repository, "add", "-A")
    bench.sandbox.git(repository, "commit", "-q", "-m", "plots")
    return repository


def _scores(repository: Path, plots: list[Plot]) -> dict[str, Score]:
    return with_index(
        find_repository(str(repository), {}), lambda index: measure_all(repository, index, plots, list(QUERIES))
    )


def measure_all(repository: Path, index: Index, plots: list[Plot], kinds: list[str]) -> dict[str, Score]:
    """Return the score of each kind of question, with an open index of the repository that shows the plots."""
    past = Past(find_repository(str(repository), {}), index)
    found = {}
    for kind in kinds:
        say(f"look-up: {kind}")
        counts: Counter[str] = Counter()
        for plot in plots:
            counts.update(_ask(past, plot, QUERIES[kind](plot)))
        found[kind] = Score(*(counts[name] for name in Score._fields))
    return found


def _ask(past: Past, plot: Plot, question: bytes) -> dict[str, int]:
    digest = Payload(0, None, 0, "image/png", plot.inline, None).digest
    answer = blame_picture(past, question)
    names = [match.figure.digest for match in answer.matches]
    is_same = any(match.evidence and match.evidence.is_same for match in answer.matches)
    told = {
        "asked": 1,
        "first": names[:1] == [digest],
        "listed": digest in names,
        "proved": is_same and digest in names,
        "several": len(set(names)) > 1,
    }
    absent = _without(past, digest, question)
    wrong = any(match.evidence and match.evidence.is_same for match in absent.matches)
    return {**told, "absent_same": int(wrong), "absent_alike": int(bool(absent.matches) and not wrong)}


def _without(past: Past, digest: str, question: bytes) -> Answer:
    """Return the answer of a history that has every plot but this one."""
    connection = past.index.connection
    connection.execute("BEGIN")
    try:
        for table in ("data", "pictures", "signatures", "thumbnails"):
            connection.execute(f"DELETE FROM {table} WHERE digest = ?", [digest_bytes(digest)])
        return blame_picture(past, question)
    finally:
        connection.execute("ROLLBACK")


def _scored(scores: dict[str, Score], data: str, *, is_bound: bool = True) -> list[Row]:
    rows = []
    for kind, score in scores.items():
        told = (
            f"{kind}: of {score.asked} {score.first} first, {score.listed} told ({score.proved} as the same), "
            f"{score.several} beside others; left out of the history, {score.absent_same} said to be the same as "
            f"another, {score.absent_alike} alike"
        )
        missed = Measured([100.0 * (score.asked - score.first) / score.asked])
        budgets = (Budget(2, PERCENT),) if is_bound and kind not in UNBOUND else ()
        work = f"look-up, not first: {kind}"
        rows.append(Row(work, data, {NBGIT: missed}, unit=PERCENT, budgets=budgets, remarks=(told,)))
    asked = sum(score.asked for score in scores.values())
    for work, count, budgets in (
        ("said to be the same", sum(score.absent_same for score in scores.values()), (Budget(0, PERCENT),)),
        ("said to be alike", sum(score.absent_alike for score in scores.values()), ()),
    ):
        found = Measured([round(100.0 * count / asked, 2)])
        rows.append(Row(f"look-up, not there: {work}", data, {NBGIT: found}, unit=PERCENT, budgets=budgets))
    return rows


def _times(bench: Bench, repository: Path, picture: Path, name: str) -> list[Row]:
    ask = [sys.executable, "-m", "nbgit", "blame-output", str(picture)]

    def cold(_: int) -> float:
        for place in (repository / ".git" / "nbgit").glob("index.sqlite*"):
            place.unlink()
        return _seconds(bench, ask, repository)

    first = bench.interleaved({"cold": cold}, min(3, bench.rounds))["cold"]
    warm = bench.interleaved({"warm": lambda _: _seconds(bench, ask, repository)})["warm"]
    return [
        Row("look-up of a screenshot, no index", name, {NBGIT: Measured(first)}, budgets=(Budget(3, SECONDS),)),
        Row("look-up of a screenshot, warm", name, {NBGIT: Measured(warm)}, budgets=(Budget(0.3, SECONDS),)),
    ]


def _seconds(bench: Bench, ask: list[str], repository: Path) -> float:
    """Return how long an answer takes, whether it names a figure or says that there is none (exit code 1)."""
    return bench.sandbox.seconds(ask, repository, codes=(0, 1))
