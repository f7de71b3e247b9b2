"""Ring 4: what clean and smudge mean, for the filter process and the one-shot commands alike."""

import sys

from nbgit.errors import NbgitError, PolicyInvalid
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import split
from nbgit.store.captures import CaptureStore
from nbgit.store.objects import ObjectReader, object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.store.lookup import Lookup as Lookup


class Filters:
    """Clean and smudge in one repository; use as a context manager."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._captures = CaptureStore(repository)
        self._reader = ObjectReader(repository)
        self._policy: Policy | None = None
        self._lookup: Lookup | None = None
        self._said: set[str] = set()

    def __enter__(self) -> "Filters":
        return self

    def __exit__(self, *exception: object) -> None:
        self._reader.close()

    def clean(self, path: str, data: bytes) -> bytes:
        """Return the source of a notebook, having captured it first; what is not a notebook comes back as it is.

        A notebook whose outputs were cleared is captured too: that it has none is what a checkout must bring back.

        Raises PolicyInvalid where `.nbgit.toml` can't be used: guessing would put outputs into the history.
        """
        parts = split(data, self._read_policy())
        if parts is None or not (parts.spans or parts.can_run):
            return data
        try:
            self._captures.put(path, object_id("blob", parts.source, self._repository.hash_name), data)
        except OSError as error:
            self._say(f"the outputs of {path} could not be captured ({error.strerror}); the file itself is untouched")
        return parts.source

    def smudge(self, path: str, data: bytes, blob: str | None = None, treeish: str | None = None) -> bytes:
        """Return the notebook that belongs to a source: with the outputs that are known for it, else as it is.

        Never fails: git has deleted the user's file before it asks, so any answer is better than none.
        """
        try:
            return self._with_outputs(path, data, blob, treeish)
        except Exception as error:
            from nbgit.store.log import log_bug

            where, place = log_bug(error)
            self._say(f"{path} was checked out without its outputs ({where}); the details are in {place}")
            return data

    def _with_outputs(self, path: str, data: bytes, blob: str | None, treeish: str | None) -> bytes:
        try:
            policy = self._read_policy()
        except PolicyInvalid as error:
            self._say(f"{error}; the defaults are used to check out")
            policy = Policy()
        parts = split(data, policy)
        if parts is None or parts.source != data or not parts.can_run:
            return data  # no notebook, or its outputs are in the history itself, or it can't have any
        if self._lookup is None:
            from nbgit.store.lookup import Lookup

            self._lookup = Lookup(self._repository, policy, self._captures, self._reader)
        found = self._lookup.notebook_for(path, data, blob, treeish)
        if found is None:
            self._captures.remember_unknown(data)
            return data
        notebook, snapshot_id = found
        if snapshot_id is not None:
            self._captures.remember_notebook(notebook, snapshot_id)
        return notebook

    def _read_policy(self) -> Policy:
        if self._policy is None:
            self._policy = load_policy(self._repository)
        return self._policy

    def _say(self, text: str) -> None:
        """Write one line to stderr, the same line once only."""
        if text not in self._said:
            self._said.add(text)
            sys.stderr.write(f"nbgit: {text}\n")


def explain(error: NbgitError, path: str) -> str:
    """Return the one line for a file that could not be filtered."""
    return f"nbgit: {path}: {error}\n"
