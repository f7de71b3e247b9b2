"""The table, for a terminal (rich where it is installed), as Markdown, and as JSON."""

from __future__ import annotations

from typing import Any

from benchmarks.results import MEGABYTES, PERCENT, Measured, Row

HEAD = ["work", "data", "against", "nbgit", "nbgit (min)", "ratio", "budget", "met"]


def table_of(rows: list[Row], peers: list[str]) -> tuple[list[list[str]], list[str]]:
    """Return the table's lines, the header first, and the remarks that stand below it."""
    remarks: list[str] = []
    lines = [[*HEAD, *peers]]
    for row in rows:
        nbgit = row.tools["nbgit"]
        against = f"{row.baseline_name} {_amount(row.baseline, row.unit)}" if row.baseline else "-"
        budget = "; ".join(str(budget) for budget in row.budgets) or "-"
        met = "; ".join("yes" if row.met(budget) else "**no**" for budget in row.budgets) or "-"
        fastest = _show(min(nbgit.samples), row.unit) if len(nbgit.samples) > 1 else "-"
        cells = [row.work, row.data, against, _amount(nbgit, row.unit), fastest, _ratio(row, "nbgit"), budget, met]
        lines.append([*cells, *(_peer(row, peer, remarks) for peer in peers)])
        remarks += [remark for remark in row.remarks if remark not in remarks]
    return lines, remarks


def _peer(row: Row, name: str, remarks: list[str]) -> str:
    found = row.tools.get(name)
    if found is None:
        return "-"
    mark = ""
    if found.note:
        if found.note not in remarks:
            remarks.append(found.note)
        mark = " (part)"
    return f"{_amount(found, row.unit)}, {_ratio(row, name)}{mark}"


def _ratio(row: Row, name: str) -> str:
    ratio = row.ratio(name)
    if ratio is None:
        return "-"
    return f"{ratio:.0f} x" if ratio >= 10 else f"{ratio:.2f} x"


def _amount(found: Measured, unit: str) -> str:
    return _show(found.median, unit)


def _show(value: float, unit: str) -> str:
    if unit == MEGABYTES:
        return f"{value:.1f} MB"
    if unit == PERCENT:
        return f"{value:g} %"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.1f} ms"


def markdown(lines: list[list[str]], remarks: list[str]) -> str:
    """Return the table in Markdown, remarks as a list below."""
    head, *body = lines
    text = [_line(head), _line(["---"] * len(head)), *(_line(line) for line in body), ""]
    return "\n".join([*text, *(f"- {remark}" for remark in remarks)]) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def print_table(lines: list[list[str]], remarks: list[str]) -> None:
    """Print the table to a terminal."""
    from rich.console import Console
    from rich.table import Table

    head, *body = lines
    table = Table(*head)
    for line in body:
        table.add_row(*(cell.replace("**no**", "[bold red]no[/]") for cell in line))
    console = Console()
    if not console.is_terminal:
        console.width = 220
    console.print(table)
    for remark in remarks:
        console.print(f"- {remark}", highlight=False)


def as_json(rows: list[Row], facts: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was measured, every sample included, for programs."""
    return {
        "facts": facts,
        "rows": [
            {
                "work": row.work,
                "data": row.data,
                "unit": row.unit,
                "baseline": {"name": row.baseline_name, "samples": row.baseline.samples} if row.baseline else None,
                "budgets": [
                    {"limit": one.limit, "unit": one.unit, "value": row.value(one), "met": row.met(one)}
                    for one in row.budgets
                ],
                "tools": {
                    name: {"samples": found.samples, "ratio": row.ratio(name), "note": found.note}
                    for name, found in row.tools.items()
                },
            }
            for row in rows
        ],
    }
