"""`nbgit capture`: whether what runs in IPython's kernels is recorded in this repository."""

import os
import shutil
import sys

import click

from nbgit.cli.scope_options import shown
from nbgit.cli.sizes import many, size_text
from nbgit.errors import NbgitError
from nbgit.setup import kernel_checks, kernel_file, kernelspec
from nbgit.setup.kernel_checks import GONE, RIGHT, Kernels
from nbgit.setup.scopes import Scope

EPILOG = """\b
Examples:
  nbgit capture          is what runs here recorded?
  nbgit capture off      record no runs in this repository any more
  nbgit capture on       record them again
  nbgit capture kernelspec --python .venv/bin/python    a kernel that loads nbgit itself
  git config --global nbgit.runs false    in none of yours
"""


WHAT = ("on", "off", "status", "kernelspec")


@click.command(epilog=EPILOG)
@click.argument("what", type=click.Choice(WHAT), default="status", metavar="[on|off|status|kernelspec]")
@click.option("--python", metavar="PATH", help="With kernelspec: the Python of the kernel. Default: nbgit's own.")
def command(what: str, python: str | None) -> int:
    """Record what runs in IPython's kernels in this repository, or do not.

    Kernels that record follow at their next cell; others when they are started again. What was recorded stays in
    .git/nbgit/runs, and `nbgit log --runs` shows it. With kernelspec a kernel is added to Jupyter's that loads nbgit
    without the startup file of IPython's profile, which some kernels don't read.

    Exits with 0 where runs are recorded and with 1 where they aren't.
    """
    if python is not None and what != "kernelspec":
        raise click.UsageError("--python goes with `nbgit capture kernelspec`")
    scope = kernel_checks.local_scope(os.getcwd())
    if what == "kernelspec":
        folder = kernelspec.put_kernelspec(scope, shutil.which(python or "") or python or sys.executable, os.environ)
        click.echo(shown(f"Jupyter has the kernel {kernelspec.NAME} now ({folder}).", scope))
        return 0
    if what == "on":
        if not kernel_checks.is_opted_in(scope):
            raise NbgitError("nbgit is not set up in this repository, so nothing is recorded; run `nbgit install`")
        kernel_checks.set_wanted(scope, True)
        kernel_file.put_startup(scope, os.environ)
    elif what == "off":
        kernel_checks.set_wanted(scope, False)
    found = kernel_checks.look(scope)
    is_on, sentence = _tell(scope, found)
    click.echo(shown(sentence, scope))
    if found.sessions:
        click.echo(f"{many(found.sessions, 'session')}, {size_text(found.bytes)}: `nbgit log --runs` shows them.")
    return 0 if is_on or what == "off" else 1


def _tell(scope: Scope, found: Kernels) -> tuple[bool, str]:
    if not kernel_checks.is_opted_in(scope):
        return False, "Runs are not recorded: nbgit is not set up in this repository; run `nbgit install`."
    if not found.wanted:
        return False, "Runs are not recorded in this repository (nbgit.runs is false); `nbgit capture on` changes it."
    if found.state == RIGHT:
        return True, f"Runs of IPython's kernels are recorded here ({found.file})."
    if found.state == GONE:
        return False, f"Runs are not recorded: the nbgit that {found.file} loads is gone; `nbgit capture on` mends it."
    if found.state == kernel_checks.OTHER:
        return True, f"Runs are recorded here, by another installation of nbgit ({found.file})."
    return False, f"Runs are not recorded: {found.file} is not there, or not nbgit's; `nbgit capture on` writes it."
