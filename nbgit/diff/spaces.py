"""Ring 3: changes of white space that git was told to ignore (-w, -b, --ignore-space-at-eol)."""

from nbgit.diff.changes import LineEdits
from nbgit.diff.lines import hunks
from nbgit.diff.view import ALL, CHANGE


def ignoring_space(edits: LineEdits, space: str) -> LineEdits:
    """Return the edits of the same lines where such white space (nbgit.diff.view) makes no difference."""
    if not space or not edits.hunks:
        return edits
    found, exact = hunks([_key(line, space) for line in edits.before], [_key(line, space) for line in edits.after])
    return LineEdits.of(edits.before, edits.after, found, exact)


def _key(line: str, space: str) -> str:
    if space == ALL:
        return "".join(line.split())
    if space == CHANGE:
        words = " ".join(line.split())
        return f" {words}" if line[:1].isspace() and words else words
    return line.rstrip()
