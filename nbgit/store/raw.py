"""Ring 2: notebooks that the index has with their outputs, byte for byte as they are on disk.

A commit from before nbgit, or of a library that knows no filters, has outputs in its blobs. Checked out, such a file is
what git has; if it were cleaned, git would call it modified, and refuse to check out anything else. So it is left as it
is, as git itself leaves line ends that the index has.
"""

import os
from binascii import hexlify

from nbgit.store.objects import object_id
from nbgit.store.repository import Repository

FIXED = 40  # bytes of an index entry before its oid (gitformat-index(5)): times, place, mode, owner, and last its size
EXTENDED, STAGE, LENGTH = 0x4000, 0x3000, 0x0FFF  # in the flags behind the oid
FEW = 32  # paths that are looked for one by one, until reading all entries is sooner done
RENORMALIZE = b"--renormalize"


class RawInIndex:
    """What one repository's index has, read again only when it has changed."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._file = os.path.join(repository.git_dir, "index")
        self._width = len(repository.empty_oid) // 2
        self._state: tuple[int, ...] = ()
        self._content = b""
        self._asked = 0
        self._all: dict[bytes, tuple[str, int]] | None = None

    def oid_of(self, path: str, data: bytes) -> str | None:
        """Return the oid of `data` if the index has just these bytes for `path`, else None."""
        content = self._read()
        if content[:4] != b"DIRC":
            return None
        if content[7] == 4:  # paths are cut short there
            from nbgit.store.index_file import in_index

            oid = object_id("blob", data, self._repository.hash_name)
            return oid if bytes.fromhex(oid) in content and in_index(self._repository, {path: oid}) else None
        oid, size = self._entry(content, path.encode("utf-8", "surrogateescape"))
        if size not in (0, len(data)):  # git notes the file's size, and 0 where it has to look again
            return None
        return oid if object_id("blob", data, self._repository.hash_name) == oid else None

    def _entry(self, content: bytes, name: bytes) -> tuple[str, int]:
        """Return the oid and the file's size of the merged entry of this name; size -1 where there is none."""
        self._asked += 1
        if self._asked > FEW:
            if self._all is None:
                self._all = self._read_all(content)
            return self._all.get(name, ("", -1))
        at = content.find(name + b"\0")
        while at >= 0:
            for back in (2, 4):  # an extended entry has two more bytes of flags
                start = at - back - self._width
                flags = int.from_bytes(content[at - back : at - back + 2], "big")
                fits = flags & LENGTH == min(len(name), LENGTH) and bool(flags & EXTENDED) == (back == 4)
                if start >= FIXED and fits and not flags & STAGE:
                    oid = hexlify(content[start : start + self._width]).decode("ascii")
                    return oid, int.from_bytes(content[start - 4 : start], "big")
            at = content.find(name + b"\0", at + 1)
        return "", -1

    def _read_all(self, content: bytes) -> dict[bytes, tuple[str, int]]:
        """Return name -> (oid, the file's size) of the merged entries."""
        found: dict[bytes, tuple[str, int]] = {}
        count, at = int.from_bytes(content[8:12], "big"), 12
        for _ in range(count):
            name_at = at + FIXED + self._width + 2
            flags = int.from_bytes(content[name_at - 2 : name_at], "big")
            name_at += 2 if flags & EXTENDED else 0
            end = content.find(b"\0", name_at)
            if not flags & STAGE:
                oid = hexlify(content[at + FIXED : at + FIXED + self._width]).decode("ascii")
                found[content[name_at:end]] = oid, int.from_bytes(content[at + FIXED - 4 : at + FIXED], "big")
            at += (end - at) // 8 * 8 + 8
        return found

    def _read(self) -> bytes:
        try:
            found = os.stat(self._file)
            state = (found.st_ino, found.st_mtime_ns, found.st_size)
            if state != self._state:
                with open(self._file, "rb") as file:
                    self._content = file.read()
                self._state, self._all = state, None
        except OSError:
            self._content, self._state = b"", ()
        return self._content


def is_kept_by(words: "list[bytes]") -> bool:
    """Return whether the git command of these words leaves such notebooks as they are: any but one that renormalizes.

    git does not tell its filters, so its arguments have to; where they are not known (no words) nothing is left.
    """
    if not words or not os.path.basename(words[0]).startswith(b"git"):
        return False
    return not any(len(word) > len(b"--re") and RENORMALIZE.startswith(word) for word in words)
