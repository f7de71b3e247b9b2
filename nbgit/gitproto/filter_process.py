"""Ring 4: `nbgit filter-process`: git's long-running filter protocol, version 2 (gitattributes(5)).

One process serves one git command, clean and smudge together. Nothing but packets goes to stdout; no lock is held
across requests; a file that can't be filtered gets `status=error` and never takes the others down. Where git allows it,
smudging is delayed: many notebooks are then read from git in three exchanges instead of three each.
"""

import os
import sys

from nbgit.errors import NbgitError, ProtocolError
from nbgit.gitproto.filters import Filters
from nbgit.gitproto.pktline import PacketReader, PacketWriter
from nbgit.gitproto.telling import say
from nbgit.gitproto.texts import Texts
from nbgit.setup.heal import heal
from nbgit.store.halves import map_halves
from nbgit.store.log import log_bug
from nbgit.store.repository import Repository, find_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    _Delayed = tuple[str, bytes, str | None, str | None]  # path, source, blob, treeish

CHUNK = 64  # delayed files that are smudged, and held in memory, at a time
MERGED = "GITHEAD_"  # git merge names each commit that it merges in a variable of this prefix and the commit's oid
FEW = 12  # fewer are smudged sooner than a process is forked for half of them


def run(arguments: list[str]) -> int:
    """Serve git on stdin and stdout until it closes them."""
    source, sink = _protocol_streams()
    reader, writer = PacketReader(source), PacketWriter(sink)
    _shake_hands(reader, writer)
    repository = find_repository(os.getcwd(), os.environ)
    heal(repository)
    merged = [name[len(MERGED) :] for name in os.environ if name.startswith(MERGED)]
    with Filters(repository, merged) as filters:
        session = _Session(repository, filters, writer)
        while (header := reader.lines()) is not None:
            request = dict(line.split("=", 1) for line in header if "=" in line)
            if request.get("command") == "list_available_blobs":
                session.list_available()
                continue
            try:
                content = reader.content()
            except EOFError:
                break  # git was interrupted in the middle of a file
            session.answer(request, content)
        session.close()
    return 0


def _protocol_streams() -> tuple[int, int]:
    """Return stdin and stdout as binary descriptors; from here on a stray `print` lands on stderr."""
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(source, os.O_BINARY)
        msvcrt.setmode(sink, os.O_BINARY)
    return source, sink


def _shake_hands(reader: PacketReader, writer: PacketWriter) -> None:
    welcome = reader.lines() or []
    if welcome[:1] != ["git-filter-client"] or "version=2" not in welcome:
        raise ProtocolError("this is for git to start (filter.nbgit.process); for one file use `nbgit clean FILE`")
    writer.lines("git-filter-server", "version=2")
    offered = reader.lines() or []
    writer.lines(*(line for line in ("capability=clean", "capability=smudge", "capability=delay") if line in offered))


class _Session:
    """The answers to one git process."""

    def __init__(self, repository: Repository, filters: Filters, writer: PacketWriter) -> None:
        self._repository = repository
        self._filters = filters
        self._writer = writer
        self._delayed: dict[str, tuple[bytes, str | None, str | None]] = {}
        self._ready: dict[str, bytes] = {}
        self._in_conflict: bool | None = None
        self._is_reading: bool | None = None
        self._texts = Texts()

    def answer(self, request: dict[str, str], content: bytes) -> None:
        """Answer one clean or smudge request."""
        path = request.get("pathname", "")
        blob, treeish = request.get("blob"), request.get("treeish")
        if path in self._ready:
            self._send(self._ready.pop(path))
        elif request.get("command") == "clean":
            try:
                result = self._filters.clean(path, content)
            except NbgitError as error:
                say(f"{path}: {error}")
                self._writer.lines("status=error")
                return
            except Exception as error:  # a bug in one file's cleaning must not take the other files down
                where, place = log_bug(error)
                say(f"{path}: this is a bug in nbgit ({where}); the details are in {place}")
                self._writer.lines("status=error")
                return
            self._send(result)
        elif request.get("can-delay") == "1" and (treeish or not self._is_in_conflict()):
            self._delayed[path] = (content, blob, treeish)
            self._writer.lines("status=delayed")
        elif treeish is None and self._shows_text_only():
            self._send(self._texts.text_of(path, content))
        else:
            self._send(self._filters.smudge(path, content, blob, treeish))

    def _shows_text_only(self) -> bool:
        """Say whether git asks for what it gives to textconv, which needs no outputs (a fifth of the time)."""
        if self._is_reading is None:
            from nbgit.gitproto.asked import shows_text_only
            from nbgit.store.callers import words_of

            self._is_reading = shows_text_only(words_of(str(os.getppid())))
        return self._is_reading

    def _is_in_conflict(self) -> bool:
        """Say whether git's index has conflicts: then `git checkout -m -- FILE`, which names no treeish, may be what
        asks, and git (2.39) crashes where that is delayed, once it has deleted the file."""
        if self._in_conflict is None:
            from nbgit.store.git import try_git  # only checkouts of paths get here: what cleans imports no subprocess

            code, out, _ = try_git(["ls-files", "-u", "-z"], cwd=self._repository.worktree or self._repository.start)
            self._in_conflict = code != 0 or bool(out)
        return self._in_conflict

    def close(self) -> None:
        """End what was started for this session."""
        self._texts.close()

    def list_available(self) -> None:
        """Smudge the next delayed files and tell git which they are; none when all are done."""
        paths = list(self._delayed)[:CHUNK]
        files = [(path, *self._delayed.pop(path)) for path in paths]
        if len(files) < FEW or self._repository.is_partial:  # a partial clone is to fetch once, not twice
            results = _smudge_all(self._filters, files)
        else:
            results = map_halves(files, lambda mine: _smudge_all(self._filters, mine), self._smudge_apart)
        self._ready.update(zip(paths, results, strict=True))
        self._writer.lines(*(f"pathname={path}" for path in paths))
        self._writer.lines("status=success")

    def _smudge_apart(self, files: "list[_Delayed]") -> list[bytes]:
        """Smudge in a process of its own, which must not share this one's open git."""
        with Filters(self._repository) as filters:
            return _smudge_all(filters, files)

    def _send(self, result: bytes) -> None:
        self._writer.lines("status=success")
        self._writer.content(result)
        self._writer.lines()


def _smudge_all(filters: Filters, files: "list[_Delayed]") -> list[bytes]:
    filters.prefetch([blob for _, _, blob, _ in files if blob])
    return [filters.smudge(*file) for file in files]
