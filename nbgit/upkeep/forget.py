"""Ring 3: `nbgit forget`: what was printed by mistake is removed from all that nbgit keeps (docs/design.md, "Upkeep").

First the refs, in one transaction, then the local files: interrupted anywhere, running it again finishes it.
"""

import os
import re
from dataclasses import dataclass, field
from hashlib import sha256

from nbgit.errors import TargetNotFound
from nbgit.lineage.history.commits import Report
from nbgit.notebook.policy import Policy
from nbgit.store.captures import CaptureStore
from nbgit.store.changes import SUFFIX
from nbgit.store.forgotten import read_forgotten
from nbgit.store.known import drop_known
from nbgit.store.objects import ObjectReader
from nbgit.store.policy_file import load_policy
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository
from nbgit.upkeep.forget_history import RemoteState, paths_in_history, remote_states
from nbgit.upkeep.forget_local import LocalForgetter
from nbgit.upkeep.forget_prune import expire_reflogs, prune_objects
from nbgit.upkeep.forget_refs import Found, RefsForgetter
from nbgit.upkeep.forget_targets import PREFIX_DIGITS, ListedTarget, PathTarget, PatternTarget, PayloadTarget, Target
from nbgit.upkeep.forget_worktree import OnDisk, forget_on_disk

ROUNDS = 5  # tries, where other processes link at the same time
_DIGEST = re.compile(r"(?:sha256:)([0-9a-f]+)")


@dataclass
class Outcome:
    """What was found and done.

    `captures`, `journals` and `log_lines` are counts; `in_history` the paths that show the target in what git itself
    stores; `remaining` the objects that --prune-now could not delete (None: it was not asked for); `failed` the files
    that could not be changed.
    """

    target: Target
    found: Found
    captures: int = 0
    journals: int = 0
    log_lines: int = 0
    on_disk: list[OnDisk] = field(default_factory=list)
    in_history: list[str] = field(default_factory=list)
    remotes: list[RemoteState] = field(default_factory=list)
    remaining: list[str] | None = None
    failed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing that nbgit keeps showed the target."""
        in_refs = self.found.replaced or self.found.notebooks or self.found.cuts
        return not (in_refs or self.captures or self.journals or self.log_lines)


def listed_target(repository: Repository) -> Target:
    """Return all outputs that were forgotten before, as the shared list names them."""
    with ObjectReader(repository) as reader:
        return ListedTarget(read_forgotten(reader, SNAPSHOTS).outputs)


def read_forget_target(text: str | None, pattern: str | None, place: str | None, captured: frozenset[str]) -> Target:
    """Return what is to be forgotten.

    `captured` are the paths that nbgit has ever seen a notebook at. `text` is `sha256:<hex>`, a notebook or another
    file; `place` is the notebook's path in the repository, or None where it lies outside. Raises TargetNotFound for
    what is none of these, and for a pattern that can't be used.
    """
    if pattern is not None:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise TargetNotFound(
                f"the pattern is no regular expression ({error}); escape what is meant literally"
            ) from error
        if compiled.search(""):
            raise TargetNotFound("the pattern matches the empty text, so it would match every output; make it narrower")
        return PatternTarget(compiled)
    assert text is not None
    digest = _DIGEST.fullmatch(text)
    if digest:
        if not PREFIX_DIGITS <= len(digest.group(1)) <= 64:
            raise TargetNotFound(
                f"give {PREFIX_DIGITS} to 64 hex digits behind sha256:, as `nbgit log --json` prints them"
            )
        return PayloadTarget(text)
    if text.endswith(SUFFIX) or not os.path.isfile(text):
        if place is None:
            raise TargetNotFound(f"{text} lies outside the repository; name a notebook inside it")
        if not text.endswith(SUFFIX) and place not in captured:
            raise TargetNotFound(
                f"{text}: there is no such file; name a notebook, a file with the figure's bytes, or sha256:DIGEST"
            )
        return PathTarget(place)
    with open(text, "rb") as stream:
        return PayloadTarget("sha256:" + sha256(stream.read()).hexdigest())


class Forgetting:
    """One run of `nbgit forget`: `look` first, then `carry_out`."""

    def __init__(self, repository: Repository, target: Target) -> None:
        self.repository = repository
        self.target = target
        self._policy: Policy = load_policy(repository)

    def look(self, report: Report | None = None) -> Outcome:
        """Return what stands where, and change nothing."""
        with ObjectReader(self.repository) as reader:
            refs = RefsForgetter(self.repository, self._policy, reader, self.target)
            found = refs.look(report)
            local = LocalForgetter(self.repository, self._policy, self.target, dry_run=True)
            outcome = Outcome(self.target, found, captures=local.captures(), log_lines=local.log())
            outcome.journals = local.journals(refs.payloads)
            outcome.on_disk = forget_on_disk(self.repository, self._policy, self.target, clean=False)
            captured = CaptureStore(self.repository, self._policy).paths()
            outcome.in_history = paths_in_history(self.repository, reader, self.target, captured, report)
        return outcome

    def carry_out(self, *, worktree: bool, prune: bool, report: Report | None = None) -> Outcome:
        """Remove the target; `worktree` cleans the notebooks on disk too, `prune` deletes the old objects."""
        with ObjectReader(self.repository) as reader:
            refs = RefsForgetter(self.repository, self._policy, reader, self.target)
            local = LocalForgetter(self.repository, self._policy, self.target, dry_run=False)
            outcome = Outcome(self.target, Found())
            for _ in range(ROUNDS):
                outcome.found.add(refs.run(report))
                outcome.captures += local.captures()
                if refs.is_current():
                    break  # else a capture was linked before it was removed
            outcome.journals = local.journals(refs.payloads)
            refs.drop_backups()
            outcome.log_lines = local.log()
            forgotten = refs.forgotten()
            drop_known(self.repository, frozenset(outcome.found.digests | local.digests), frozenset(forgotten))
            local.index()
            outcome.on_disk = forget_on_disk(self.repository, self._policy, self.target, clean=worktree)
            outcome.failed = local.failed
            expire_reflogs(self.repository)
            if prune:
                outcome.remaining = prune_objects(self.repository, list(forgotten), refs.old_tips)
            outcome.remotes = remote_states(self.repository, reader, frozenset(forgotten))
        return outcome
