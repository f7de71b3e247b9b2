"""Ring 2: what becomes of a notebook that git or an editor's save showed: captured, unless it is nothing new."""

from nbgit.notebook.spans import Split
from nbgit.store.captures import CaptureStore
from nbgit.store.known import NOTHING
from nbgit.store.objects import ObjectReader


def keep(
    captures: CaptureStore, reader: ObjectReader, path: str, source_oid: str, digest: str, data: bytes, parts: Split
) -> bool:
    """Capture the notebook at `path`, which is not known yet, and return whether it was captured.

    A source that git had before any notebook was seen here, at this path or with this source, is a clone's file, not
    cleared outputs: to take it for cleared would hide the outputs that a later fetch brings. Raises OSError where the
    capture can't be written.
    """
    is_new = not parts.spans and not captures.has_seen(path) and not captures.has_shown(source_oid)
    if is_new and reader.read(source_oid) is not None:
        captures.remember(digest, NOTHING, source_oid)
        return False
    captures.put(path, source_oid, digest, data, parts)
    if parts.spans:
        captures.note_run(parts.source, source_oid)
    return True
