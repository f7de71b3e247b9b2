"""`nbgit fsck`: check everything that is stored, and mend what can be mended."""

import os
from collections import Counter

import click

from nbgit.cli.terminal import print_json, print_lines, progress
from nbgit.lineage.story import Line
from nbgit.store.repository import find_repository
from nbgit.upkeep.findings import Finding, Report
from nbgit.upkeep.fsck import check_store
from nbgit.upkeep.repair import repair_store

EPILOG = """\b
Examples:
  nbgit fsck             check all of it; changes nothing, fetches nothing
  nbgit fsck --repair    mend what can be mended without losing anything
  nbgit fsck --json      the same for programs (nbgit/schemas/fsck.v1.schema.json)
"""
SHOWN = 10  # findings of one kind; --json has all
NAMES = {
    "snapshots": ("snapshot", "snapshots"),
    "payloads": ("payload", "payloads"),
    "entries": ("entry", "entries"),
    "cuts": ("cut of runs", "cuts of runs"),
    "captures": ("capture", "captures"),
}
ELSEWHERE = {
    "commits": "{} of commits that are not in this clone",
    "sources": "{} not joined, since their sources are not in this clone",
    "snapshots": "{} not fetched yet",
    "payloads": "{} not fetched yet",
    "entries": "{} not fetched yet",
    "cuts": "{} not here: kept where they were recorded, or not fetched yet",
    "trees": "{} not fetched yet",
}


@click.command(epilog=EPILOG)
@click.option("--repair", is_flag=True, help="Mend what can be mended without losing anything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(repair: bool, as_json: bool) -> int:
    """Check every snapshot, payload, entry, capture and cache that nbgit keeps here.

    Each notebook is put together again from its snapshot and source, and compared with its digest. What a shallow or
    partial clone does not have is counted, not called damaged. Exits with 0 where all is well, with 1 where something
    was found (and, with --repair, could not be mended).
    """
    repository = find_repository(os.getcwd(), os.environ)
    done: list[str] = []
    with progress("checking") as report_progress:
        report = check_store(repository, report_progress)
        if repair and report.findings:
            done = repair_store(repository, report)
            report = check_store(repository, report_progress) if done else report
    if as_json:
        print_json(_document(report, done))
    else:
        print_lines(_lines(report, done))
    return 1 if report.findings else 0


def _document(report: Report, done: list[str]) -> dict[str, object]:
    findings = [{"kind": one.kind, "where": one.where, "text": one.text, "mend": one.mend} for one in report.findings]
    return {
        "schema": "nbgit/fsck.v1",
        "clean": not findings,
        "checked": report.checked,
        "elsewhere": report.elsewhere,
        "newer": report.newer,
        "findings": findings,
        "repaired": done,
    }


def _lines(report: Report, done: list[str]) -> list[Line]:
    lines: list[Line] = [[("mended  ", "green"), (text, "")] for text in done]
    shown: Counter[str] = Counter()
    for finding in report.findings:
        shown[finding.kind] += 1
        if shown[finding.kind] <= SHOWN:
            lines.append(_line(finding))
    for kind, many in shown.items():
        if many > SHOWN:
            lines.append(
                [("        ", ""), (f"and {many - SHOWN:,} more of {kind}: `nbgit fsck --json` lists all", "")]
            )
    lines += [
        [("not here  ", "dim"), (ELSEWHERE[what].format(_many(what, many)), "")]
        for what, many in report.elsewhere.items()
    ]
    if report.newer:
        text = f"{_many('snapshots', report.newer)} written by a newer nbgit, left alone: upgrade nbgit to check them"
        lines.append([("newer   ", "dim"), (text, "")])
    named = [what for what in NAMES if what != "cuts" or what in report.checked]
    checked = ", ".join(_many(what, report.checked.get(what, 0)) for what in named)
    many = len(report.findings)
    verdict = ("All is well", "bold green") if not many else (f"{many:,} to mend", "bold red")
    lines.append([verdict, (f": {checked} checked.", "")])
    return lines


def _line(finding: Finding) -> Line:
    return [(finding.where, "bold"), (f": {finding.text}; ", ""), (finding.mend, "dim")]


def _many(what: str, count: int) -> str:
    one, more = NAMES.get(what, (what.removesuffix("s"), what))
    if what == "commits":
        one, more = NAMES["entries"]
    return f"{count:,} {one if count == 1 else more}"
