"""Ring 4: the policy for a driver, which must answer whatever `.nbgit.toml` says."""

from nbgit.errors import PolicyInvalid
from nbgit.notebook.policy import FILE_NAME, Policy, read_policy


def working_policy() -> Policy:
    """Return the policy of `.nbgit.toml` in the working directory (git starts drivers at the top of the working tree).

    Where there is none, or one that can't be used, the defaults hold: a diff is no place to refuse.
    """
    try:
        with open(FILE_NAME, "rb") as file:
            return read_policy(file.read())
    except (OSError, PolicyInvalid):
        return Policy()
