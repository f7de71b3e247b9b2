"""Ring 4: `nbgit diff-driver`, what git starts for `git diff` (gitattributes(5), GIT_EXTERNAL_DIFF in git(1)).

git calls with 7 arguments (path old-file old-hex old-mode new-file new-hex new-mode), 9 where the file was renamed
(and the new path and ready-made header lines), or 1 where the path is unmerged. Both sides come smudged, with the
outputs that are known for their sources, except that the working tree's file comes as it lies on disk. An exit
code other than 0 would end the whole `git diff`, so whatever goes wrong ends as a plain text diff.
"""

import os
import sys

from nbgit.gitproto.asked import read_asked
from nbgit.gitproto.git_settings import CONFIG, parse_config, stdout_is_terminal, view_of
from nbgit.gitproto.textconv import write_all
from nbgit.gitproto.working_policy import working_policy
from nbgit.store.callers import words_of
from nbgit.store.process import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.diff.view import View

DIFFTOOL = "git-difftool--helper"


def run(arguments: list[str]) -> int:
    """Write the diff that git asked for to stdout; return 0, whatever happens (2 for a call that isn't git's)."""
    if len(arguments) not in (1, 7, 9):
        sys.stderr.write("usage: nbgit diff-driver PATH OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE\n")
        return 2
    if os.environ.get("GIT_EXTERNAL_DIFF") == DIFFTOOL and len(arguments) > 1:
        return _leave_to_difftool(arguments)
    if len(arguments) == 1:
        from nbgit.notebook.text import visible

        write_all(1, f"* Unmerged path {visible(arguments[0])}\n".encode())
        return 0
    try:
        text = _diff(arguments)
    except Exception as error:  # a bug of nbgit's: the user still gets a diff
        from nbgit.store.log import log_bug

        log_bug(error)
        _plain_diff(arguments[1], arguments[4])
        return 0
    write_all(1, text.encode("utf-8", "backslashreplace"))
    return 0


def _diff(arguments: list[str]) -> str:
    config = Child(CONFIG)  # git reads its configuration while we import what compares
    from nbgit.diff.report import Side, report

    path, old_file, old_oid, old_mode, new_file, new_oid, new_mode = arguments[:7]
    new_path = arguments[7] if len(arguments) == 9 else path
    extended = arguments[8].rstrip("\n").split("\n") if len(arguments) == 9 else []
    before = Side(path, _read(old_file), old_mode, old_oid)
    after = Side(new_path, _read(new_file), new_mode, new_oid)
    return report(before, after, _view(config), extended=extended, policy=working_policy())


def _view(config: Child) -> "View":
    """Return how to show the diff: as git's settings and the command line of the git that asks say."""
    code, listing = config.answer()
    settings = parse_config(listing if code == 0 else b"")
    asked = read_asked(words_of(str(os.getppid())), settings)
    view = view_of(settings, os.environ, stdout_is_terminal(), asked.colour)
    asked.apply(view)
    if view.syntax:  # git starts us without the folder that pygments is in
        import site

        site.main()
    return view


def _leave_to_difftool(arguments: list[str]) -> int:
    """Let git start the tool that `git difftool` is asked for: git prefers a driver to what difftool sets, so its
    difftool would show no notebook in any tool."""
    import subprocess

    return subprocess.run(["git", DIFFTOOL.removeprefix("git-"), *arguments], check=False).returncode


def _read(path: str) -> bytes | None:
    """Return a file's bytes, a symbolic link's target, or None for what isn't there (git says /dev/null)."""
    if path == os.devnull:
        return None
    if os.path.islink(path):
        return os.fsencode(os.readlink(path))
    with open(path, "rb") as file:
        return file.read()


def _plain_diff(old_file: str, new_file: str) -> None:
    """Let git itself compare the two files as text, written to the same stdout."""
    import subprocess

    subprocess.run(
        ["git", "diff", "--no-ext-diff", "--no-textconv", "--no-index", "--", old_file, new_file], check=False
    )
