"""Ring 2: a pack file of new objects (gitformat-pack(5)), without deltas: git makes those when it collects garbage."""

import zlib
from hashlib import new as new_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

_TYPE_NUMBER = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


def write_pack(stream: "IO[bytes]", objects: list[tuple[str, bytes, int]], hash_name: str) -> None:
    """Write (kind, content, zlib level) objects to `stream` as one pack of version 2."""
    trailer = new_hash(hash_name, usedforsecurity=False)

    def write(data: bytes) -> None:
        trailer.update(data)
        stream.write(data)

    write(b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big"))
    for kind, content, level in objects:
        write(_pack_header(_TYPE_NUMBER[kind], len(content)))
        write(zlib.compress(content, level))
    stream.write(trailer.digest())


def _pack_header(number: int, size: int) -> bytes:
    """Return the type and size of a packed object: 4 bits of size, then 7 at a time."""
    byte = number << 4 | size & 15
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)
