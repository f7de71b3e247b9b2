"""Ring 2: the policy of a repository, from `.nbgit.toml` at the top of its working tree."""

import os

from nbgit.errors import PolicyInvalid
from nbgit.notebook.policy import FILE_NAME, Policy, read_policy
from nbgit.store.repository import Repository


def load_policy(repository: Repository) -> Policy:
    """Return the policy that holds in this working tree: the defaults where there is no `.nbgit.toml`.

    Raises PolicyInvalid where there is one that can't be used.
    """
    if repository.worktree is None:
        return Policy()
    try:
        with open(os.path.join(repository.worktree, FILE_NAME), "rb") as file:
            return read_policy(file.read())
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        raise PolicyInvalid(f"{FILE_NAME} can't be read ({error.strerror}); mend its permissions") from error
