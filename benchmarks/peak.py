"""Started by path, in place of a filter process: runs it, and writes down its peak memory in bytes.

    python -I -S peak.py RECORD COMMAND...

Standard input and output are the command's own. The peak is the command's (wait4(2)), not git's and not this process's.
"""

import os
import sys


def main() -> int:
    """Run the command in argv and return its exit code."""
    record, command = sys.argv[1], sys.argv[2:]
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    with open(record, "a", encoding="ascii") as file:
        file.write(f"{usage.ru_maxrss * unit}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
