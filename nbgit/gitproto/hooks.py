"""Ring 4: `nbgit hook NAME`: what the hook shims start. Only pre-commit may make a git command fail."""

import os
import sys

from nbgit.errors import MarkersLeft, NbgitError, OutputsStaged
from nbgit.gitproto.telling import say
from nbgit.lineage.cuts.linking import fold_runs, fold_waiting, link_missing
from nbgit.store.entries import is_oid
from nbgit.store.link import link_commits
from nbgit.store.log import log_bug, log_line
from nbgit.store.making import how_made
from nbgit.store.recalled import tell_recalled
from nbgit.store.refs import resolve_commits
from nbgit.store.repository import Repository, find_repository, head_commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


TOLD = 5  # notebooks that are named one by one


def run(arguments: list[str]) -> int:
    """Run one hook and return 0: a failure is a line in the log, and the next nbgit command tries again.

    Raises MarkersLeft or OutputsStaged where a check is to stop the commit.
    """
    name, *rest = arguments or [""]
    hooks: dict[str, Callable[[Repository, list[str]], object]] = {
        "post-commit": _link_head,
        "post-merge": _link_merged,
        "post-applypatch": _link_head,
        "post-rewrite": _link_rewritten,
        "post-checkout": _switch_outputs,
        "pre-push": _share,
        "pre-commit": _guard,
        "check-sources": _check_sources,
    }
    if name not in hooks:
        sys.stderr.write(f"usage: nbgit hook NAME [ARGS]   (NAME: one of {', '.join(hooks)})\n")
        return 2
    try:
        repository = find_repository(os.getcwd(), os.environ)
    except NbgitError:
        return 0
    try:
        hooks[name](repository, rest)
    except (MarkersLeft, OutputsStaged):
        raise
    except NbgitError as error:
        log_line(repository.nbgit_dir, f"{name}: {error}")
        say(str(error))
    except Exception as error:
        where, place = log_bug(error)
        lost = "the notebooks were not checked" if name == "pre-commit" else "outputs were not linked"
        say(f"{lost} ({where}); they are kept. Details: {place}")
    return 0


def _link_head(repository: Repository, arguments: list[str]) -> None:
    head = head_commit(repository)  # an oid, since HEAD may move while this works
    commits = [head] if is_oid(head) else resolve_commits(repository, ["HEAD"])
    link_commits(repository, commits, making=how_made(repository), tell=say, fold=fold_runs)


def _link_merged(repository: Repository, arguments: list[str]) -> None:
    """Take in what a pull has fetched, and link the merge commit that was made; a squash makes none, and a fast-forward
    goes to one that was there."""
    _take_in(repository)
    if arguments[:1] != ["1"] and not how_made(repository).was_moved:
        _link_head(repository, arguments)
        _tell_mixed(repository)


def _tell_mixed(repository: Repository) -> None:
    """Say which notebooks nobody has run as the merge at HEAD has them."""
    from nbgit.store.told import mixed_notebooks

    mixed = mixed_notebooks(repository, head_commit(repository))
    for path in mixed[:TOLD]:
        say(f"{path} has code of both sides, and no run of it: run it again")
    if len(mixed) > TOLD:
        say(f"so have {len(mixed) - TOLD} more notebooks: `nbgit log -n 1` lists them")


def _take_in(repository: Repository) -> None:
    from nbgit.sync.arrivals import take_in

    take_in(repository)
    for sentence in tell_recalled(repository):
        say(sentence)


def _share(repository: Repository, arguments: list[str]) -> None:
    """Share the outputs of what is pushed; a push that only tries shares nothing."""
    from nbgit.sync.pushing import before_push, only_tries

    lines = sys.stdin.read().splitlines()
    if arguments and not only_tries(os.environ.get("NBGIT_PUSH_PID", "")):
        fold_waiting(repository)
        said = before_push(repository, arguments[0], lines)
        if said:
            say(f"{said}.")


def _guard(repository: Repository, arguments: list[str]) -> None:
    from nbgit.gitproto.guard import check_markers

    check_markers(repository, arguments, os.environ.get("PRE_COMMIT_FROM_REF", ""))


def _check_sources(repository: Repository, arguments: list[str]) -> None:
    from nbgit.gitproto.guard import check_sources

    check_sources(repository, arguments)


def _link_rewritten(repository: Repository, arguments: list[str]) -> None:
    """Give each rewritten commit one entry: git has copied the old notes by now, and may have joined two."""
    pairs = [line.split() for line in sys.stdin.read().splitlines()]
    _take_in(repository)
    commits = list(dict.fromkeys(pair[1] for pair in pairs if len(pair) > 1))
    link_commits(repository, commits, tell=say, fold=fold_runs)
    link_missing(repository, say)


def _switch_outputs(repository: Repository, arguments: list[str]) -> None:
    from nbgit.store.switch import switch_outputs

    _take_in(repository)
    if len(arguments) == 3 and arguments[2] == "1" and arguments[0] != arguments[1]:
        switch_outputs(repository, arguments[0], arguments[1])
