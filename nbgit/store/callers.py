"""Ring 2: the command line of the git that has started us, for what git does not tell those that it starts."""

from nbgit.store.process import Child


def words_of(pid: str) -> list[bytes]:
    """Return the words of the process's command line, none where the system does not show them.

    Where there is no /proc, `ps` parts them at blanks only.
    """
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        pass
    try:
        return Child(["ps", "-o", "args=", "-p", pid]).answer()[1].split()
    except OSError:
        return []
