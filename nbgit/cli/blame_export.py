"""Ring 5: what `nbgit blame-output` writes to files: the recipe, W3C PROV, a crate."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone

import click

from nbgit.cli.export_options import Exports
from nbgit.cli.new_file import write_file
from nbgit.cli.terminal import warn
from nbgit.errors import TargetNotFound
from nbgit.external.prov import write_prov
from nbgit.external.rocrate import write_crate
from nbgit.lineage.blame import Match
from nbgit.lineage.export.contents import Contents, payload_of
from nbgit.lineage.export.crate import TERMS, Author
from nbgit.lineage.export.provenance import Provenance
from nbgit.lineage.export.telling import as_told
from nbgit.lineage.export.upstream_scripts import upstream_scripts
from nbgit.lineage.history.past import Past
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import PYTHON
from nbgit.lineage.origin.script import as_notebook, as_script
from nbgit.lineage.origin.trimmed import trimmed
from nbgit.lineage.origin.whereabouts import Whereabouts
from nbgit.lineage.runs.records import Records
from nbgit.notebook.text import visible
from nbgit.store.repository import Repository


def prepare_exports(
    past: Past, records: Records, matches: list[Match], origins: list[Origin], file: bytes | None, exports: Exports
) -> Callable[[], int]:
    """Return what writes the files, once the index is closed; `file` holds the bytes that were asked about, if any."""
    if exports.script is None and any(match.evidence and not match.evidence.is_same for match in matches):
        raise click.UsageError(
            "no output is proved to be this figure; name the one that is meant by notebook and --cell"
        )
    if exports.prov is not None:
        provenance = Provenance(Whereabouts(past, records).place, len(past.graph.oids[past.head]))
        for match, origin in zip(matches, origins, strict=True):
            provenance.add(match, origin)
        data = write_prov(provenance.prefixes, provenance.records)
        told = f"{len(provenance.records)} records of {len(matches)} output{'' if len(matches) == 1 else 's'}"
        return lambda: _write(str(exports.prov), data, told, force=exports.force)
    if len(matches) > 1:
        raise click.UsageError(f"there are {len(matches)} outputs; name one with --cell N and --output K")
    match, origin = matches[0], origins[0]
    if exports.script is not None:
        return lambda: _write_script(match, origin, exports)
    payload = file if match.written else payload_of(past, match)
    if payload is None:
        raise TargetNotFound(f"the bytes of this output of {match.path} are not here; fetch them, then try again")
    return lambda: _write_crate(past.repository, match, origin, payload, exports)


def _write(file: str, data: bytes, told: str, *, force: bool) -> int:
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_file(file, data, force=force)
        click.echo(visible(f"{file}: {told}"))
    return 0


def _write_script(match: Match, origin: Origin, exports: Exports) -> int:
    if match.language.lower() not in PYTHON:
        raise click.UsageError(f"{match.path} is in {visible(match.language)}; --script writes Python only")
    file = str(exports.script)
    short = trimmed(origin.recipe) if exports.trim else None
    data = (as_notebook if file.endswith(".ipynb") else as_script)(match, origin, short)
    told = f"{len(origin.recipe.steps)} of {origin.recipe.among} ({origin.recipe.kind})"
    return _write(file, data, told, force=exports.force)


def _write_crate(repository: Repository, match: Match, origin: Origin, payload: bytes, exports: Exports) -> int:
    folder = os.path.abspath(str(exports.crate))
    author = Author(Contents(repository, all_data=exports.data).of)
    told = as_told(origin)
    recipe = {"recipe.ipynb": as_notebook(match, told)}
    if match.language.lower() in PYTHON:
        recipe["recipe.py"] = as_script(match, told)
        recipe |= upstream_scripts(origin.made) if origin.made else {}
    author.describe(match, origin, payload, recipe)
    author.license(exports.license)
    crate = author.crate
    crate.root["datePublished"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    _refuse(folder)
    beside = ""
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        beside = tempfile.mkdtemp(prefix=".nbgit-crate-", dir=os.path.dirname(folder))
        write_crate(beside, crate.root, crate.entities.values(), crate.files, TERMS)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(beside, 0o777 & ~mask)
        if os.path.isdir(folder):
            os.rmdir(folder)
        os.rename(beside, folder)
    except OSError as error:
        raise TargetNotFound(f"{exports.crate} can't be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True) if beside else None
    click.echo(visible(f"{exports.crate}: {len(crate.files)} files, {len(crate.entities)} other things told of"))
    if exports.license is None:
        warn("the crate names no license, so nobody may use it; name one with --license, say CC-BY-4.0")
    return 0


def _refuse(folder: str) -> None:
    """Refuse to write where something is already."""
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise click.UsageError(f"{folder} is there and not an empty folder; name another one")
