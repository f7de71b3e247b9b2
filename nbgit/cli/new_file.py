"""Files that a verb writes where its user says, whole or not at all."""

import os
import tempfile

import click

from nbgit.errors import TargetNotFound


def write_file(file: str, data: bytes, *, force: bool) -> None:
    """Write through a temporary file beside the target, so that no half-written file ever stands there."""
    if os.path.exists(file) and not force:
        raise click.UsageError(f"{file} exists; give --force to overwrite it")
    folder = os.path.dirname(os.path.abspath(file))
    try:
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".nbgit-")
    except OSError as error:
        raise TargetNotFound(f"{file} can't be written: {error.strerror or error}") from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, file)
    except OSError as error:
        os.unlink(temporary)
        raise TargetNotFound(f"{file} can't be written: {error.strerror or error}") from error
