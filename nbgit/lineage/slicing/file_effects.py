"""Ring 3: which files a call reads and writes, as far as its paths are known (docs/slicing.md)."""

import ast
import posixpath
from abc import abstractmethod
from collections.abc import Iterable

from nbgit.lineage.slicing.frames import Frame
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.memory import ANY_FILE, FILE, Thing, Value
from nbgit.lineage.slicing.places import ENDINGS, LISTERS, file_mode, parents_of, place_of

PATH_WORDS = ("filepath_or_buffer", "path_or_buf", "path", "fname", "file", "filename", "io", "buf", "filepath", "dst")
TWO_PATHS = frozenset(
    ["copy", "copy2", "copyfile", "copytree", "move", "replace", "rename", "renames", "symlink", "link"]
)


class FileEffects(Frame):
    """Follows what calls do with files."""

    @abstractmethod
    def value(self, node: ast.AST | None) -> Value:
        """Return what an expression may give."""

    def reach_of(self, value: Value) -> list[Thing]:
        """Return all things that a value reaches."""
        return self.memory.reach(value.things)

    def files(self, path: str, name: str, kind: str, given: Given) -> None:
        """Follow what a function or a method of that name does with files."""
        mode = file_mode(path, name, kind)
        if self.context.notes is not None:
            named = _file_given(name, kind, given)
            self.context.notes.files(name, given, named.text if named else None, is_sure=bool(mode))
        if not mode:
            return
        if name in TWO_PATHS:
            for index in range(2):
                self.use_file(given.text(index), "get" if index == 0 and "copy" in name else "use")
            return
        target = _file_given(name, kind, given)
        if target is None:
            return
        if target.text is None:
            if any(thing.once or thing.kind == "file" for thing in self.reach_of(target)):
                return  # a handle, which knows its file
            self.use_file(None, mode)
        elif "://" not in target.text:
            self.use_file(target.text, mode)
            if name in ENDINGS and not posixpath.splitext(target.text)[1]:
                self.use_file(target.text + ENDINGS[name], mode)
        if name in LISTERS:
            self.read_all_files()

    def open_file(self, given: Given, is_method: bool = False) -> Value:
        """Return what `open` gives: a handle that holds the file's place."""
        target = given.receiver if is_method else given.positional[0] if given.positional else given.named.get("file")
        text = target.text if target is not None else None
        if self.context.notes is not None:
            self.context.notes.opened(given, text, 0 if is_method else 1)
        how = given.named["mode"].text if "mode" in given.named else given.text(0 if is_method else 1)
        known = "mode" in given.named or len(given.positional) > (0 if is_method else 1)
        letters = how if how is not None else "r+" if known else "r"
        mode = "set" if "w" in letters else "use" if set(letters) & set("ax+") else "get"
        place = self.use_file(text, mode)
        handle = self.thing(Value({place}), once=True)
        if mode == "get":  # to read from a handle changes the handle, never the file
            for thing in handle.things:
                thing.holds.clear()
        return handle

    def use_file(self, path: str | None, mode: str) -> Thing:
        """Read, set or change a file, whose path may not be known; return its place."""
        self.memory.get("cwd")
        if path is None:
            return self._any_file(mode)
        for parent in parents_of(path):
            self.memory.get(parent)
        place = place_of(path)
        if mode != "set" or self.is_unsure:
            self.memory.get(ANY_FILE)
        if self.context.reloads and mode != "get" and place.endswith(".py"):
            self.memory.use("code")
        if mode != "get":
            self.context.texts.pop(place, None)
        return self.apply_touch(place, mode)

    def read_all_files(self) -> None:
        """Read every file that is known of."""
        for name in self._known_files():
            self.memory.get(name)

    def _any_file(self, mode: str) -> Thing:
        self.read_all_files()
        thing = self.memory.get(ANY_FILE)
        if mode != "get":
            self.context.texts.clear()
            thing.writers |= self.memory.bit
            for name in self._known_files():
                self.memory.use(name)
        return thing

    def _known_files(self) -> Iterable[str]:
        return [name for name in self.memory.places if name.startswith(FILE)]

    def text_of(self, path: str, given: Given) -> str | None:
        """Return the text that a library's function gives, where that is known: a path that it joins."""
        texts = [value.text for value in given.positional]
        if given.named or given.spread.things or not texts or any(text is None for text in texts):
            return None
        if path in ("os.path.join", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"):
            return posixpath.join(*(text or "" for text in texts))
        return texts[0] if path in ("os.fspath", "os.path.normpath") else None

    def joined_text(self, text: str | None, name: str, given: Given) -> str | None:
        """Return the text that a method gives, where that is known: a path that it joins."""
        if name == "joinpath" and text is not None and given.positional:
            texts = [value.text for value in given.positional]
            if all(one is not None for one in texts):
                return posixpath.join(text, *(one or "" for one in texts))
        return text if name in ("as_posix", "__str__", "__fspath__") else None


def _file_given(name: str, kind: str, given: Given) -> Value | None:
    """Return the argument that names a file, or the path whose method is called."""
    target = next((given.named[word] for word in PATH_WORDS if word in given.named), None)
    if target is None and kind == "pathlib" and given.receiver is not None:
        target = given.receiver
    if target is None and given.positional:
        target = given.positional[-1] if name == "dump" and len(given.positional) > 1 else given.positional[0]
    return target
