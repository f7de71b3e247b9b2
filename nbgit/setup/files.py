"""Small files that are not nbgit's alone: read whole, replaced whole, with their mode and their symbolic links kept."""

import os
import stat


def read_bytes(path: str) -> bytes | None:
    """Return the file's bytes, or None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def replace_bytes(path: str, data: bytes) -> None:
    """Put `data` in place of the file, atomically; folders are made where they are missing.

    A symbolic link stays one (its target is replaced), and an existing file keeps its mode.
    """
    place = os.path.realpath(path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    half = f"{place}.{os.getpid()}.tmp"
    try:
        with open(half, "wb") as file:
            file.write(data)
        if os.path.exists(place):
            os.chmod(half, stat.S_IMODE(os.stat(place).st_mode))
        os.replace(half, place)
    finally:
        if os.path.lexists(half):
            os.unlink(half)


def folders_missing(folder: str) -> int:
    """Return how many folders have to be made for `folder` to exist."""
    count = 0
    while not os.path.isdir(folder):
        count += 1
        folder = os.path.dirname(folder)
    return count


def remove_folders(folder: str, count: int) -> None:
    """Remove `folder` and the folders above it, `count` in all, as far as they are empty."""
    for _ in range(count):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
