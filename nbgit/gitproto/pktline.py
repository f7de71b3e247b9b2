"""Ring 4: pkt-lines, the framing of git's long-running filter protocol (gitprotocol-common(5), gitattributes(5))."""

import os

from nbgit.errors import ProtocolError

MAX_CONTENT = 65516  # bytes of content a packet may carry (LARGE_PACKET_DATA_MAX of git)
_READ = 1 << 20


class PacketReader:
    """Packets from a file descriptor; reads ahead, and gives content out without copying it twice."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self._at = 0

    def packet(self) -> bytes | None:
        """Return the next packet's content, or None for a flush packet; raises EOFError where the stream ends."""
        header = self._take(4)
        try:
            size = int(header, 16)
        except ValueError as error:
            raise ProtocolError(f"git sent {header!r} where a packet's length belongs") from error
        if size == 0:
            return None
        if size < 4:
            raise ProtocolError(f"git sent a packet of length {size}, which has no meaning here")
        return self._take(size - 4)

    def lines(self) -> list[str] | None:
        """Return the text packets up to the next flush, without their newlines; None where the stream has ended."""
        found: list[str] = []
        while True:
            try:
                packet = self.packet()
            except EOFError:
                return None
            if packet is None:
                return found
            found.append(packet.rstrip(b"\n").decode("utf-8", "surrogateescape"))

    def content(self) -> bytes:
        """Return the joined content of the packets up to the next flush."""
        pieces: list[bytes] = []
        while (packet := self.packet()) is not None:
            pieces.append(packet)
        return b"".join(pieces)

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def _fill(self, size: int) -> None:
        pieces = [self._buffer[self._at :]]
        have = len(pieces[0])
        while have < size:
            piece = os.read(self._descriptor, _READ)
            if not piece:
                raise EOFError
            pieces.append(piece)
            have += len(piece)
        self._buffer = b"".join(pieces)
        self._at = 0


class PacketWriter:
    """Packets to a file descriptor; every call writes all it was given."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def lines(self, *texts: str) -> None:
        """Write text packets and a flush packet, in one piece."""
        encoded = [text.encode("utf-8", "surrogateescape") + b"\n" for text in texts]
        self._write(b"".join([b"%04x%b" % (len(line) + 4, line) for line in encoded] + [b"0000"]))

    def content(self, data: bytes) -> None:
        """Write content in packets, and a flush packet."""
        view = memoryview(data)
        for start in range(0, len(data), MAX_CONTENT * 16):
            pieces: list[bytes | memoryview] = []
            for at in range(start, min(start + MAX_CONTENT * 16, len(data)), MAX_CONTENT):
                piece = view[at : at + MAX_CONTENT]
                pieces += (b"%04x" % (len(piece) + 4), piece)
            self._write(b"".join(pieces))
        self._write(b"0000")

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
