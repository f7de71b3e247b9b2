"""Ring 3: what git has in place of a file's content: pointers of git-lfs, keys of git-annex, outputs named by DVC."""

import json
import os
import posixpath
import re
from collections.abc import Iterator
from hashlib import md5, sha256

from nbgit.kernel.journal import rfc3339
from nbgit.lineage.runs.journals import FileSeen

GIT, LFS, ANNEX, DVC = "git", "git-lfs", "git-annex", "DVC"
POINTER = 1024  # bytes at most of a pointer of git-lfs, or of a link or pointer of git-annex
LARGEST = 1 << 30  # bytes of a file that is digested to compare it with a pointer
LISTED = 1 << 25  # bytes of DVC's list of a folder
ANNEX_MD5 = re.compile(rb"MD5E?-s(\d+)--([0-9a-f]{32})")
ANNEX_SHA = re.compile(rb"SHA256E?-s\d+--([0-9a-f]{64})")
LFS_HEAD = b"version https://git-lfs.github.com/spec/"
ITEM = re.compile(r"^(\s*)(- )?([\w-]+):\s*(.*?)\s*$")


class Contents:
    """Digests of files as they were recorded, as far as they are still there: on disk, or in DVC's cache."""

    def __init__(self, top: str | None) -> None:
        self._top = top
        self._known: dict[FileSeen, tuple[str, str] | None] = {}

    def has(self, file: FileSeen, md5_digits: str, size: int | None = None) -> bool:
        """Return whether a file had this MD5; false where nothing is left to tell by."""
        if size not in (None, file.size):
            return False
        cached = self.cached(md5_digits)
        if cached and file.sha256 and _size(cached) == file.size <= LARGEST:
            found = _digests(cached)
            if found is not None and found[1] == md5_digits:
                return found[0] == file.sha256
        own = self._on_disk(file)
        return own is not None and own[1] == md5_digits

    def sha256_of(self, file: FileSeen) -> str | None:
        """Return the SHA-256 of a file as recorded; where it was too large for that, of the file that still is it."""
        if file.sha256:
            return file.sha256
        own = self._on_disk(file)
        return own[0] if own else None

    def cached(self, digits: str) -> str | None:
        """Return the path of DVC's cache for an MD5 (`.dir` behind it for a folder's list), or None."""
        if self._top is None or not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", digits):
            return None
        for folder in ("files/md5", ""):
            path = os.path.join(self._top, ".dvc", "cache", *folder.split("/"), digits[:2], digits[2:])
            if os.path.isfile(path):
                return path
        return None

    def _on_disk(self, file: FileSeen) -> tuple[str, str] | None:
        """Return (SHA-256, MD5) of the file on disk, if it still is what was recorded."""
        if file not in self._known:
            self._known[file] = self._look(file)
        return self._known[file]

    def _look(self, file: FileSeen) -> tuple[str, str] | None:
        path = os.path.join(self._top or "", *file.path.split("/"))
        try:
            state = os.stat(path)
        except (OSError, ValueError):
            return None
        is_same_time = rfc3339(state.st_mtime_ns / 1e9, 6) == file.mtime
        if self._top is None or state.st_size != file.size or file.size > LARGEST or not (file.sha256 or is_same_time):
            return None
        found = _digests(path)
        return found if found and file.sha256 in (None, found[0]) else None


def kept_by(file: FileSeen, data: bytes, contents: Contents) -> str | None:
    """Return how git's blob `data` keeps a file's content (GIT, LFS, ANNEX), or None where it is another content's."""
    if file.sha256 and len(data) == file.size and sha256(data).hexdigest() == file.sha256:
        return GIT
    if len(data) > POINTER:
        return None
    if data.startswith(LFS_HEAD):
        named = re.search(rb"^oid sha256:([0-9a-f]{64})$", data, re.MULTILINE)
        return LFS if named and named[1].decode() == contents.sha256_of(file) else None
    if named := ANNEX_SHA.search(data):
        return ANNEX if named[1].decode() == contents.sha256_of(file) else None
    if named := ANNEX_MD5.search(data):
        return ANNEX if contents.has(file, named[2].decode(), int(named[1])) else None
    return None


def pointer_kind(data: bytes | None) -> str:
    """Return what keeps the content of a file for which git has this blob; None: it is too large for a pointer."""
    if data is not None and data.startswith(LFS_HEAD):
        return LFS
    return ANNEX if data is not None and (ANNEX_SHA.search(data) or ANNEX_MD5.search(data)) else GIT


def names_out(name: str, data: bytes, path: str) -> bool:
    """Return whether a `.dvc` file or a `dvc.lock` (at `name`) names a path, or a folder above it, as an output."""
    return any(path == out or path.startswith(out + "/") for out, _, _ in _outs(name, data))


def dvc_files(path: str) -> list[str]:
    """Return the files in which DVC may name the content at a path: its own, its folders', and the locks above it."""
    folders = [path]
    while folders[-1]:
        folders.append(posixpath.dirname(folders[-1]))
    return [f"{one}.dvc" for one in folders[:-1]] + [posixpath.join(one, "dvc.lock") for one in folders[1:]]


def is_named_by_dvc(file: FileSeen, name: str, data: bytes, contents: Contents) -> bool:
    """Return whether a `.dvc` file or a `dvc.lock` (at `name`) says that its commit had this very content."""
    for path, digits, size in _outs(name, data):
        if path == file.path:
            if contents.has(file, digits, size):
                return True
        elif digits.endswith(".dir") and file.path.startswith(path + "/"):
            inner = file.path[len(path) + 1 :]
            if any(one == inner and contents.has(file, md5_digits) for one, md5_digits in _listed(contents, digits)):
                return True
    return False


def _outs(name: str, data: bytes) -> Iterator[tuple[str, str, int | None]]:
    """Yield (path from the top, MD5, size) of what a file of DVC's names as outputs; what it writes is simple YAML."""
    folder = posixpath.dirname(name)
    block = ""
    item: dict[str, str] = {}
    for line in [*data.decode("utf-8", "replace").splitlines(), "- end:"]:
        found = ITEM.match(line)
        if not found:
            continue
        _, dash, key, value = found.groups()
        if dash or not value:
            if block == "outs" and item.get("path") and item.get("md5"):
                size = item.get("size", "")
                whole = posixpath.normpath(posixpath.join(folder, item.get("wdir", ""), item["path"]))
                yield whole, item["md5"], int(size) if size.isdigit() else None
            item = {}
        if not value and not dash:
            block = key
        else:
            item[key] = _scalar(value)


def _scalar(text: str) -> str:
    if text[:1] == "'" == text[-1:] and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] == '"' == text[-1:] and len(text) > 1:
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def _listed(contents: Contents, digits: str) -> Iterator[tuple[str, str]]:
    """Yield (path in the folder, MD5) of DVC's list of a folder, where its cache has it."""
    place = contents.cached(digits)
    if place is None or (_size(place) or LISTED) >= LISTED:
        return
    try:
        with open(place, "rb") as file:
            data = file.read()
        if md5(data, usedforsecurity=False).hexdigest() + ".dir" != digits:
            return
        for one in json.loads(data):
            yield str(one["relpath"]), str(one["md5"])
    except (OSError, ValueError, TypeError, KeyError):
        return


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def _digests(path: str) -> tuple[str, str] | None:
    """Return (SHA-256, MD5) of a file."""
    one, other = sha256(), md5(usedforsecurity=False)
    try:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                one.update(piece)
                other.update(piece)
    except OSError:
        return None
    return one.hexdigest(), other.hexdigest()
