"""Ring 4: readable text instead of a notebook, where git smudges only to give it to textconv (`git log -p`).

The filter process is there already, and makes a text in a millisecond or two; a process of its own takes twenty. The
command that is set for textconv hands on what begins as such a text does, since that is no notebook.
"""

from nbgit.store.process import Child


class Texts:
    """The texts of one filter process."""

    def __init__(self) -> None:
        self._attributes: Child | None = None
        self._is_ours: dict[str, bool] = {}

    def text_of(self, path: str, source: bytes) -> bytes:
        """Return the readable text of a source; the source itself where git shows this path by another driver."""
        try:
            if path not in self._is_ours:
                self._is_ours[path] = self._driver_of(path) == b"nbgit"
            if not self._is_ours[path]:
                return source
            from nbgit.gitproto.working_policy import working_policy
            from nbgit.notebook.text import readable_text

            return readable_text(source, working_policy())
        except Exception:  # textconv itself then says what is wrong
            return source

    def _driver_of(self, path: str) -> bytes:
        """Return the value of the path's `diff` attribute."""
        if self._attributes is None:
            self._attributes = Child(["git", "check-attr", "-z", "--stdin", "diff"])
        self._attributes.stdin.write(path.encode("utf-8", "surrogateescape") + b"\0")
        self._attributes.stdin.flush()
        fields: list[bytes] = []
        while len(fields) < 3:  # path, name, value
            field = bytearray()
            while (letter := self._attributes.stdout.read(1)) not in (b"\0", b""):
                field += letter
            if not letter:
                return b""
            fields.append(bytes(field))
        return fields[2]

    def close(self) -> None:
        """End the process that was asked for attributes."""
        if self._attributes is not None:
            self._attributes.close()
