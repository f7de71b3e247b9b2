"""`python -m benchmarks`: options, the order of measurements, and what is printed."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, say
from benchmarks.bulk import bulk_rows, one_pass
from benchmarks.data import load_data, part_of
from benchmarks.engine import engine_rows
from benchmarks.lineage import lineage_rows
from benchmarks.lookup import lookup_rows
from benchmarks.machine import machine_facts
from benchmarks.memory import memory_rows
from benchmarks.merging import merge_rows
from benchmarks.past import past_rows
from benchmarks.reading import reading_rows
from benchmarks.results import Row, spread
from benchmarks.runs import runs_rows
from benchmarks.sandbox import SOURCE_ROOT, Sandbox
from benchmarks.save import save_rows
from benchmarks.scale import scale_rows
from benchmarks.single import diff_rows, process_rows
from benchmarks.table import as_json, markdown, print_table, table_of
from benchmarks.tools import installed_peers, plain_and_nbgit, version_of

PARTS = ("set", "distinct", "process", "diff", "reading", "merge", "history", "save", "runs", "memory")
LARGE = "scale"  # a part that is measured only where it is asked for: it takes some ten minutes
ENGINE = "engine"  # likewise: nbdime takes minutes
LINEAGE = "lineage"  # likewise: to make a million runs takes two minutes
LOOKUP = "lookup"  # likewise: a hundred and fifty plots and 1,350 questions take a quarter of an hour


def main(arguments: list[str] | None = None) -> int:
    """Measure what the options ask for and print the table; return 0, whether or not budgets are met."""
    options = _parser().parse_args(arguments)
    folder = options.data or _corpus()
    with tempfile.TemporaryDirectory(prefix="nbgit-bench-", dir=options.dir, ignore_cleanup_errors=True) as place:
        sandbox = Sandbox(Path(place))
        peers, missing = ([], []) if options.no_peers else installed_peers(sandbox)
        data = load_data(sandbox, folder, quick=options.quick)
        rounds = options.rounds or (2 if options.quick else 5)
        bench = Bench(sandbox, data, [*plain_and_nbgit(), *peers], rounds, quick=options.quick)
        rows = measure(bench, _parts(options))
        facts: dict[str, Any] = {
            **machine_facts(sandbox),
            "data": f"{data.name}, {len(data.notebooks)} notebooks, {len(data.history)} commits",
            "tools": ", ".join(f"{name} {version_of(name)}" for name in ["nbgit", *(peer.name for peer in peers)]),
            "not installed": ", ".join(missing) or "none",
            "size": "quick: too small for the budgets, fixed costs weigh more" if options.quick else "full",
            "numbers": f"medians of {rounds} interleaved rounds; git's own slowest round was "
            f"{spread(rows):.0%} over its fastest (median over the rows)",
        }
    _show(rows, [peer.name for peer in peers], facts, options)
    return 0


def _parts(options: argparse.Namespace) -> list[str]:
    if options.distinct or options.scale or options.engine:
        return ["distinct"] * options.distinct + [LARGE] * options.scale + [ENGINE] * options.engine
    return options.only or list(PARTS)


def measure(bench: Bench, parts: list[str]) -> list[Row]:
    """Return the rows of these parts, after one small round that is thrown away (it compiles and fills caches)."""
    say("warming up")
    for tool in (bench.plain, bench.nbgit):
        one_pass(bench, tool, part_of(bench.data.notebooks, 3))
    rows: list[Row] = []
    if "set" in parts:
        rows += bulk_rows(bench, bench.data.notebooks, "the set")
    if "distinct" in parts:
        rows += bulk_rows(bench, bench.data.distinct, "distinct figures")
    if "process" in parts:
        rows += process_rows(bench)
    if "diff" in parts:
        rows += diff_rows(bench)
    if "merge" in parts:
        rows += merge_rows(bench)
    if "reading" in parts:
        rows += reading_rows(bench)
    if "history" in parts:
        rows += past_rows(bench)
    if "save" in parts:
        rows += save_rows(bench)
    if "runs" in parts:
        rows += runs_rows(bench)
    if "memory" in parts:
        rows += memory_rows(bench)
    if LARGE in parts:
        rows += scale_rows(bench)
    if ENGINE in parts:
        rows += engine_rows(bench)
    if LINEAGE in parts:
        rows += lineage_rows(bench)
    if LOOKUP in parts:
        rows += lookup_rows(bench)
    return rows


def _show(rows: list[Row], peers: list[str], facts: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(rows, facts), indent=1) + "\n", encoding="utf-8")
    lines, remarks = table_of(rows, peers)
    if peers:
        remarks.insert(
            0, "nbstripout, nbstripout-fast and nb-clean throw outputs away; nbgit and plain git keep them all"
        )
    told = [f"{name}: {fact}" for name, fact in facts.items()]
    if options.markdown:
        sys.stdout.write("\n".join(f"- {line}" for line in told) + "\n\n" + markdown(lines, remarks))
    else:
        sys.stdout.write("\n".join(told) + "\n")
        sys.stdout.flush()
        print_table(lines, remarks)


def _corpus() -> Path | None:
    place = SOURCE_ROOT.parent / "shared" / "corpus"
    return place if place.is_dir() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure nbgit beside plain git and the peers that are installed."
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="a folder with a git bundle (the largest is taken) or notebooks; default: ../shared/corpus beside the "
        "checkout where it is present, else generated notebooks",
    )
    parser.add_argument("--dir", type=Path, metavar="DIR", help="where to work, for example a tmpfs; default: TMPDIR")
    parser.add_argument("--rounds", type=int, metavar="N", help="interleaved rounds of each measurement; default: 5")
    parser.add_argument("--quick", action="store_true", help="a small run: 2 rounds, a few notebooks and commits")
    parser.add_argument("--distinct", action="store_true", help="only the set in which no two figures are the same")
    parser.add_argument("--scale", action="store_true", help="only large repositories: 100,000 snapshots; ten minutes")
    parser.add_argument("--engine", action="store_true", help="only the diff engine, on real and on hard pairs")
    parts = [*PARTS, LARGE, ENGINE, LINEAGE, LOOKUP]
    parser.add_argument("--only", nargs="+", choices=parts, metavar="PART", help=f"only these: {', '.join(parts)}")
    parser.add_argument("--no-peers", action="store_true", help="only plain git and nbgit")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample to FILE")
    return parser
