"""Ring 2: what was checked out without nbgit, as sh has noted it (setup/fallback.py).

A notebook that came bare because nbgit could not be started looks just like one whose outputs were cleared. So it is
noted as one of which nothing was known, before any git command shows it: it is then not captured as cleared.
"""

import os
from hashlib import sha256

from nbgit.store.captures import CaptureStore
from nbgit.store.known import NOTHING
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository

FILE = "bare"  # in `<common>/nbgit/`: a line with the blob's oid for each notebook


def take_note(repository: Repository, captures: CaptureStore, reader: ObjectReader) -> None:
    """Remember of the notebooks that sh has checked out that they are not cleared ones. Never raises."""
    file = os.path.join(repository.nbgit_dir, FILE)
    try:
        with open(file, encoding="ascii", errors="replace") as stream:
            oids = set(stream.read().split())
        os.unlink(file)
    except OSError:
        return
    for oid in oids:
        source = reader.read(oid) if oid.isalnum() else None
        digest = sha256(source).hexdigest() if source is not None else ""
        if source is not None and captures.known(digest) is None:
            captures.remember(digest, NOTHING, oid)
