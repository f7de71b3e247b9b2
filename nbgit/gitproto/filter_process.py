"""Ring 4: `nbgit filter-process`: git's long-running filter protocol, version 2 (gitattributes(5)).

One process serves one git command, clean and smudge together. Nothing but packets goes to stdout; no lock is held
across requests; a file that can't be filtered gets `status=error` and never takes the others down.
"""

import os
import sys

from nbgit.errors import NbgitError, ProtocolError
from nbgit.gitproto.filters import Filters, explain
from nbgit.gitproto.pktline import PacketReader, PacketWriter
from nbgit.store.repository import find_repository


def run(arguments: list[str]) -> int:
    """Serve git on stdin and stdout until it closes them."""
    source, sink = _protocol_streams()
    reader, writer = PacketReader(source), PacketWriter(sink)
    _shake_hands(reader, writer)
    repository = find_repository(os.getcwd(), os.environ)
    with Filters(repository) as filters:
        while (header := reader.lines()) is not None:
            request = dict(line.split("=", 1) for line in header if "=" in line)
            try:
                content = reader.content()
            except EOFError:
                break  # git was interrupted in the middle of a file
            _answer(request, content, filters, writer)
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
    writer.lines(*(line for line in ("capability=clean", "capability=smudge") if line in offered))


def _answer(request: dict[str, str], content: bytes, filters: Filters, writer: PacketWriter) -> None:
    path = request.get("pathname", "")
    try:
        if request.get("command") == "clean":
            result = filters.clean(path, content)
        else:
            result = filters.smudge(path, content, request.get("blob"), request.get("treeish"))
    except NbgitError as error:
        sys.stderr.write(explain(error, path))
        writer.lines("status=error")
        return
    writer.lines("status=success")
    writer.content(result)
    writer.lines()
