"""A bare repository that several people clone, each with a HOME of their own."""

from __future__ import annotations

from pathlib import Path

from tests.gitbox import GitBox


class Hub:
    """A bare repository and clones of it, each with a HOME of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hub = GitBox(root, "hub.git", init=False)
        self.hub.git("init", "-q", "--bare", "-b", "main")
        self.url = f"file://{self.hub.path.as_posix()}"

    def clone(self, name: str, *options: str, install: bool = True) -> GitBox:
        """Clone the hub and install nbgit there."""
        box = GitBox(self.root, name, init=False)
        box.path.rmdir()
        box.git("clone", "-q", *options, self.url, str(box.path), cwd=self.root)
        if install:
            done = box.nbgit("install")
            assert done.code == 0, done
        return box

    def refs(self) -> dict[str, str]:
        """Return the hub's refs."""
        rows = self.hub.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(row.split(" ") for row in rows)

    def objects(self) -> str:
        """Return everything the hub holds, in one text."""
        return self.hub.git_bytes("cat-file", "--batch-all-objects", "--batch").decode("latin-1")


def push(box: GitBox, *arguments: str) -> str:
    """Push, and return what stands on stderr."""
    done = box.try_git("push", "-q", *arguments)
    assert done.code == 0, done
    return done.err
