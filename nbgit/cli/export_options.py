"""Ring 5: the options of `nbgit blame-output` that say what is written to files."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click


class Exports(NamedTuple):
    """What is to be written where; `prov` and `script` are files ("-": stdout), `crate` a folder."""

    script: str | None
    prov: str | None
    crate: str | None
    license: str | None
    data: bool
    trim: bool
    force: bool

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be written in place of the answer."""
        return any(one is not None for one in (self.script, self.prov, self.crate))


OPTIONS = (
    click.option(
        "--script", metavar="FILE", help="Write the recipe to FILE, to be run: a .py or an .ipynb; - for stdout."
    ),
    click.option(
        "--prov",
        is_flag=False,
        flag_value="-",
        metavar="[FILE]",
        help="Write what made it as W3C PROV-JSON to FILE, or to stdout; needs nbgit[export].",
    ),
    click.option("--ro-crate", metavar="DIR", help="Write it and what made it as an RO-Crate; needs nbgit[export]."),
    click.option("--license", metavar="NAME", help="Of the crate: an SPDX name (CC-BY-4.0), or an address."),
    click.option("--data", is_flag=True, help="With --ro-crate: all input files that are here, not small ones alone."),
    click.option(
        "--trim/--no-trim", default=True, help="With --script: leave out statements that it does not rest on (default)."
    ),
    click.option("--force", is_flag=True, help="With --script and --prov: overwrite FILE."),
)


def export_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of what is written, which it gets as one argument, `exports`."""

    @wraps(command)
    def with_exports(
        *,
        script: str | None,
        prov: str | None,
        ro_crate: str | None,
        license: str | None,
        data: bool,
        trim: bool,
        force: bool,
        **others: Any,
    ) -> int:
        if ro_crate is None and (license is not None or data):
            raise click.UsageError("--license and --data go with --ro-crate DIR")
        if sum(one is not None for one in (script, prov, ro_crate)) > 1:
            raise click.UsageError("--script, --prov and --ro-crate each write something of its own; give one of them")
        return command(exports=Exports(script, prov, ro_crate, license, data, trim, force), **others)

    decorated: Callable[..., Any] = with_exports
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
