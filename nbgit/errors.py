"""Ring 0: every failure nbgit foresees, as one sentence with an exit code (docs/design.md, "Errors")."""


class NbgitError(Exception):
    """A foreseen failure: `str(error)` is one sentence (what, which file, what to do next).

    `exit_code` is what the process answers with (3 to 99, one per class) and `slug` names the kind for programs.
    """

    exit_code = 3
    slug = "error"


class NotARepository(NbgitError):
    """No git repository where one is needed."""

    exit_code = 4
    slug = "not-a-repository"


class GitFailed(NbgitError):
    """git itself refused or could not be started; the sentence carries git's own words."""

    exit_code = 5
    slug = "git-failed"


class PolicyInvalid(NbgitError):
    """`.nbgit.toml` can't be used; the sentence names the line."""

    exit_code = 6
    slug = "policy-invalid"


class SnapshotInvalid(NbgitError):
    """A snapshot or entry is damaged, hostile, or of a newer version than this nbgit reads."""

    exit_code = 7
    slug = "snapshot-invalid"


class NotANotebook(NbgitError):
    """A file that was named as a notebook isn't one."""

    exit_code = 8
    slug = "not-a-notebook"


class TargetNotFound(NbgitError):
    """The revision, path, cell or output that was asked for does not exist."""

    exit_code = 9
    slug = "target-not-found"


class MissingExtra(NbgitError):
    """An optional library is needed and not installed; the sentence says what to install."""

    exit_code = 10
    slug = "missing-extra"


class InstallRefused(NbgitError):
    """Something that isn't nbgit's stands where nbgit would write; nothing was changed."""

    exit_code = 11
    slug = "install-refused"


class KernelFailed(NbgitError):
    """A notebook could not be run to its end."""

    exit_code = 13
    slug = "kernel-failed"


class ProtocolError(NbgitError):
    """git and the filter process disagree about the protocol (gitattributes(5), long running filter process)."""

    exit_code = 12
    slug = "protocol"


class MarkersLeft(NbgitError):
    """A commit would take in a notebook in which conflict markers are left."""

    exit_code = 14
    slug = "markers-left"


class OutputsStaged(NbgitError):
    """git holds a notebook with outputs, which the check of commits refuses."""

    exit_code = 15
    slug = "outputs-staged"
