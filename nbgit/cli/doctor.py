"""`nbgit doctor`: check each piece with a real run, and say how to mend it."""

import os

import click

from nbgit.cli.terminal import print_json
from nbgit.setup.checks import FAIL, OK, Check, is_healthy, run_checks
from nbgit.setup.launch import this_launcher

EPILOG = """\b
Examples:
  nbgit doctor           check everything, a second or two
  nbgit doctor --json    the same for programs (nbgit/schemas/doctor.v1.schema.json)
"""
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
def command(as_json: bool) -> int:
    """Check each piece with a real run, and say how to mend it.

    Runs clean, smudge, textconv, diff and merge on a small notebook in a temporary repository; changes nothing here.
    Exits with 0 where all is well and with 1 where something is to be mended.
    """
    answers = run_checks(os.getcwd(), this_launcher())
    if as_json:
        checks = [answer._asdict() for answer in answers]
        document = {"schema": "nbgit/doctor.v1", "healthy": is_healthy(answers), "checks": checks}
        print_json(document)
    else:
        _print(answers)
    return 0 if is_healthy(answers) else 1


def _print(answers: list[Check]) -> None:
    for answer in answers:
        verdict = click.style(f"{answer.verdict:<4}", fg=COLOURS[answer.verdict], bold=answer.verdict == FAIL)
        mend = f"; {answer.mend}" if answer.mend else ""
        click.echo(f"{verdict}  {answer.name:<14}  {answer.text}{mend}")
    wrong = sum(answer.verdict != OK for answer in answers)
    click.echo("All is well." if wrong == 0 else f"{wrong} to mend.")
