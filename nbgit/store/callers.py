"""Ring 2: the command line of the git that has started us, for what git does not tell its hooks and filters."""


def words_of(pid: str) -> list[bytes]:
    """Return the words of the process's command line, none where the system does not show them."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        pass
    import subprocess

    try:
        return subprocess.run(["ps", "-o", "args=", "-p", pid], capture_output=True, check=False).stdout.split()
    except OSError:
        return []
