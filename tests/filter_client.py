"""git's side of the long-running filter protocol (gitattributes(5)), spoken by hand to the real process."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from tests.gitbox import SOURCE_ROOT, GitBox

MAX_CONTENT = 65516


def packet(content: bytes) -> bytes:
    """Return one packet."""
    return b"%04x%b" % (len(content) + 4, content)


def lines(*texts: str) -> bytes:
    """Return text packets and a flush."""
    return b"".join(packet(text.encode("utf-8", "surrogateescape") + b"\n") for text in texts) + b"0000"


def content(data: bytes, size: int = MAX_CONTENT) -> bytes:
    """Return data in packets of at most `size`, and a flush."""
    return b"".join(packet(data[at : at + size]) for at in range(0, len(data), size)) + b"0000"


HELLO = lines("git-filter-client", "version=2")
OFFER = lines("capability=clean", "capability=smudge", "capability=delay")


class FilterClient:
    """One filter process, started as git starts it; use as a context manager."""

    def __init__(self, box: GitBox, *, greet: bool = True) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SOURCE_ROOT / "nbgit" / "__main__.py"), "filter-process"],
            cwd=box.path,
            env=box.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.code: int | None = None
        self.err = ""
        self.rest = b""
        if greet:
            self.send(HELLO)
            assert self.lines() == ["git-filter-server", "version=2"]
            self.send(OFFER)
            assert self.lines() == ["capability=clean", "capability=smudge", "capability=delay"]

    def __enter__(self) -> FilterClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Write to the process."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def packet(self) -> bytes | None:
        """Return the next packet's content, None for a flush."""
        assert self.process.stdout is not None
        header = self.process.stdout.read(4)
        assert len(header) == 4, f"the process ended: {self.close()}"
        size = int(header, 16)
        assert size == 0 or 4 < size <= MAX_CONTENT + 4
        return None if size == 0 else self.process.stdout.read(size - 4)

    def lines(self) -> list[str]:
        """Return the text packets up to the next flush."""
        found = []
        while (line := self.packet()) is not None:
            assert line.endswith(b"\n")
            found.append(line[:-1].decode("utf-8", "surrogateescape"))
        return found

    def content(self) -> bytes:
        """Return the content up to the next flush."""
        pieces = []
        while (piece := self.packet()) is not None:
            pieces.append(piece)
        return b"".join(pieces)

    def ask(self, command: str, data: bytes, *keys: str, path: str = "n.ipynb", size: int = MAX_CONTENT) -> bytes:
        """Send one file and return the answer, which must be a success."""
        self.send(lines(f"command={command}", f"pathname={path}", *keys) + content(data, size))
        assert self.lines() == ["status=success"]
        answer = self.content()
        assert self.lines() == []
        return answer

    def clean(self, data: bytes, *, path: str = "n.ipynb") -> bytes:
        """Return what the process cleans a file to."""
        return self.ask("clean", data, path=path)

    def smudge(self, data: bytes, *keys: str, path: str = "n.ipynb") -> bytes:
        """Return what the process smudges a file to."""
        return self.ask("smudge", data, *keys, path=path)

    def close(self) -> str:
        """End the conversation, keep the exit code, stderr and what was left on stdout; return stderr."""
        if self.code is None:
            out, err = self.process.communicate()
            self.code, self.err, self.rest = self.process.returncode, err.decode("utf-8", "replace"), out
        return self.err
