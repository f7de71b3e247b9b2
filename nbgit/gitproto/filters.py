"""Ring 4: what clean and smudge mean, for the filter process and the one-shot commands alike."""

import os
from hashlib import sha256

from nbgit.errors import NbgitError, PolicyInvalid
from nbgit.gitproto.telling import say
from nbgit.notebook.policy import Policy
from nbgit.notebook.spans import Split, split
from nbgit.store.bare import take_note
from nbgit.store.callers import words_of
from nbgit.store.captures import CaptureStore
from nbgit.store.known import NOTHING
from nbgit.store.objects import ObjectReader, object_id
from nbgit.store.policy_file import load_policy
from nbgit.store.raw import RawInIndex, is_kept_by
from nbgit.store.repository import Repository
from nbgit.store.seen import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.store.lookup import Lookup as Lookup

TOLD = 5  # notebooks whose outputs could not be read that are named, one by one
MEMO_BYTES = 1 << 20  # past this, reading the sources of notebooks seen before from git is quicker than splitting


class Filters:
    """Clean and smudge in one repository; use as a context manager."""

    def __init__(self, repository: Repository, merged: "list[str] | None" = None) -> None:
        """`merged` are the commits that git is about to merge, where that is known."""
        self._repository = repository
        self._reader = ObjectReader(repository)
        self._merged = merged
        self._raw = RawInIndex(repository)
        self._keeps: bool | None = None  # whether the git command that asks leaves what the index has with outputs
        self._tools: tuple[Policy, CaptureStore] | None = None
        self._lookup: Lookup | None = None
        self._said: set[str] = set()
        self._cleaned = 0
        self._troubles = 0

    def __enter__(self) -> "Filters":
        return self

    def __exit__(self, *exception: object) -> None:
        self._reader.close()

    def clean(self, path: str, data: bytes) -> bytes:
        """Return the source of a notebook, having captured it first; what is not a notebook comes back as it is, and so
        does what the index has with its outputs.

        A notebook whose outputs were cleared is captured too: that it has none is what a checkout must bring back.
        Raises PolicyInvalid where `.nbgit.toml` can't be used: guessing would put outputs into the history.
        """
        policy, captures = self._read_tools()
        if self._keeps_raw(path, data, policy):
            return data
        digest = sha256(data).hexdigest()
        known = captures.old_news(path, digest)
        self._cleaned += len(data)
        if self._cleaned > MEMO_BYTES:
            source_oid = known.source_oid if known is not None else captures.source_of_newest(path, digest)
            if source_oid is not None and (source := self._reader.read(source_oid)) is not None:
                return source
        parts = split(data, policy)
        if parts is None or not (parts.spans or parts.can_run):
            return data
        if known is None and path:  # a library may not say which file this is; nothing could find such a capture
            self._keep(captures, path, digest, data, parts)
        return parts.source

    def _keeps_raw(self, path: str, data: bytes, policy: Policy) -> bool:
        """Return whether this stays as it is: the index has just that with its outputs (what is bare was cleared)."""
        if self._raw.oid_of(path, data) is None:
            return False
        parts = split(data, policy)
        if parts is None or not parts.spans:
            return False
        if self._keeps is None:
            self._keeps = is_kept_by(words_of(str(os.getppid())))
        return self._keeps

    def _keep(self, captures: CaptureStore, path: str, digest: str, data: bytes, parts: Split) -> None:
        source_oid = object_id("blob", parts.source, self._repository.hash_name)
        try:
            keep(captures, self._reader, path, source_oid, digest, data, parts)
        except OSError as error:
            self._say(f"the outputs of {path} could not be captured ({error.strerror}); the file itself is untouched")

    def smudge(self, path: str, data: bytes, blob: str | None = None, treeish: str | None = None) -> bytes:
        """Return the notebook that belongs to a source: with the outputs that are known for it, else as it is.

        Never fails: git has deleted the user's file before it asks, so any answer is better than none.
        """
        try:
            return self._with_outputs(path, data, blob, treeish)
        except NbgitError as error:
            self._tell_trouble(path, error)
            return data
        except Exception as error:
            from nbgit.store.log import log_bug

            where, place = log_bug(error)
            self._say(f"{path} was checked out without its stored outputs ({where}); the details are in {place}")
            return data

    def _with_outputs(self, path: str, data: bytes, blob: str | None, treeish: str | None) -> bytes:
        try:
            policy, captures = self._read_tools()
        except PolicyInvalid as error:
            self._say(f"{error}; the defaults are used to check out")
            policy = Policy()
            captures = CaptureStore(self._repository, policy)
        if not data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return data
        lookup = self._read_lookup(policy, captures)
        oid = blob or object_id("blob", data, self._repository.hash_name)
        notebook = lookup.notebook_for(path, data, oid, treeish)
        if notebook is not None:
            return notebook
        parts = split(data, policy)
        if parts is None or parts.source != data or not parts.can_run:
            return data  # no notebook, or its outputs are in the history itself, or it can't have any
        if lookup.trouble is not None:
            self._tell_trouble(path, lookup.trouble)
        notebook = lookup.cell_by_cell(path, data, treeish) or data
        captures.remember(sha256(notebook).hexdigest(), NOTHING, oid)  # nothing that is not kept elsewhere
        return notebook

    def _tell_trouble(self, path: str, error: NbgitError) -> None:
        self._troubles += 1
        if self._troubles <= TOLD:
            self._say(f"{path} was checked out without its stored outputs: {error}")
        elif self._troubles == TOLD + 1:
            self._say("more notebooks were checked out without their stored outputs: `nbgit fsck` says which and why")

    def prefetch(self, blobs: list[str]) -> None:
        """Read ahead what smudging these blobs will take; never fails."""
        try:
            self._read_lookup(*self._read_tools()).prefetch(blobs)
        except Exception:  # whatever is wrong: git has deleted the files already, and each blob's own smudge says it
            pass

    def _read_lookup(self, policy: Policy, captures: CaptureStore) -> "Lookup":
        if self._lookup is None:
            from nbgit.store.lookup import Lookup
            from nbgit.sync.arrivals import before_smudge

            before_smudge(self._repository)
            self._lookup = Lookup(self._repository, policy, captures, self._reader, self._merged)
        return self._lookup

    def _read_tools(self) -> tuple[Policy, CaptureStore]:
        """Return the policy and the captures kept under it; raises PolicyInvalid, each time anew."""
        if self._tools is None:
            policy = load_policy(self._repository)
            self._tools = policy, CaptureStore(self._repository, policy)
            take_note(self._repository, self._tools[1], self._reader)
        return self._tools

    def _say(self, text: str) -> None:
        """Write one line to stderr, the same line once only."""
        if text not in self._said:
            self._said.add(text)
            say(text)
