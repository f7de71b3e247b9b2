"""The one way in: git's own verbs go to `gitproto` (lean: see docs/design.md, "Hot path"), all others to `cli`."""

import os
import sys

GIT_VERBS = ("filter-process", "clean", "smudge", "textconv", "diff-driver", "merge-driver", "hook")


def main() -> int:
    """Run the verb in `sys.argv` and return the process's exit code."""
    if len(sys.argv) > 1 and sys.argv[1] in GIT_VERBS:
        from nbgit.gitproto import run

        code = run(sys.argv[1], sys.argv[2:])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # git waits for the end of the process, and taking the interpreter down takes 3 ms
    from nbgit.cli import run_command_line

    return run_command_line()


if __name__ == "__main__":
    if __package__ in (None, ""):  # started by path, as git does it: python -I -S .../nbgit/__main__.py clean a.ipynb
        package = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [os.path.dirname(package), *(place for place in sys.path if place != package)]
        __import__("nbgit")  # this one, whatever else of that name is installed
        sys.path.append(sys.path.pop(0))
    sys.exit(main())
