"""Ring 2: git's own textconv cache, filled ahead, so that `git log -p` starts no process per notebook.

The format is git's (notes-cache.c): refs/notes/textconv/<driver> is a parentless commit whose message is the textconv
command, and whose notes tree maps a blob's oid to the blob of its text. Another command string makes git start afresh.
"""

import time

from nbgit.errors import GitFailed
from nbgit.store.entries import get_note, put_note
from nbgit.store.git import try_git
from nbgit.store.objects import ObjectReader, ObjectSink
from nbgit.store.refs import commit_content
from nbgit.store.repository import Repository
from nbgit.store.trees import Tree

TEXTCONV_CACHE = "refs/notes/textconv/nbgit"


class TextconvCache:
    """The cache of one repository, for as long as one linking takes."""

    def __init__(self, repository: Repository, reader: ObjectReader) -> None:
        self._repository = repository
        self._reader = reader
        code, out, _ = try_git(["config", "diff.nbgit.textconv"], cwd=repository.start)
        self._command = out.decode("utf-8", "replace").strip() if code == 0 else ""

    def filled(self, old: str | None, texts: dict[str, str], sink: ObjectSink) -> str | None:
        """Return the oid of the cache commit with source oid -> text oid added, or None where there is no cache.

        A cache that is void or damaged starts afresh.
        """
        if not self._command or not texts:
            return None
        valid = old is not None and self._message(old) == self._command
        try:
            return self._filled(old, valid, texts, sink)
        except GitFailed:
            return self._filled(None, False, texts, sink)

    def _filled(self, old: str | None, valid: bool, texts: dict[str, str], sink: ObjectSink) -> str | None:
        notes = Tree(f"{old}^{{tree}}" if valid else None, self._reader, len(self._repository.empty_oid) // 2)
        missing = {oid: text for oid, text in texts.items() if not valid or get_note(notes, oid) is None}
        if not missing:
            return old
        for oid, text in missing.items():
            put_note(notes, oid, text)
        return sink.add("commit", commit_content(notes.write(sink), [], self._command, int(time.time())))

    def _message(self, commit: str) -> str:
        content = self._reader.read(commit) or b""
        return content.partition(b"\n\n")[2].decode("utf-8", "replace").strip()
