"""Ring 4: what git starts. Lean: no click, no git library, no jsonschema; see docs/design.md, "Hot path"."""

import gc
import os
from importlib import import_module

from nbgit.errors import NbgitError
from nbgit.gitproto.telling import say

MODULES = {
    "filter-process": "filter_process",
    "clean": "one_shot",
    "smudge": "one_shot",
    "textconv": "textconv",
    "diff-driver": "diff_driver",
    "merge-driver": "merge_driver",
    "hook": "hooks",
}


def run(verb: str, arguments: list[str]) -> int:
    """Run one of git's verbs and return the exit code; a foreseen failure is one line on stderr."""
    os.environ.pop("GIT_INTERNAL_SUPER_PREFIX", None)  # checkout --recurse-submodules sets it, and cat-file dies of it
    gc.disable()  # one short job without cycles: collections would only walk every parsed notebook
    try:
        module = import_module(f"nbgit.gitproto.{MODULES[verb]}")
        return int(module.run(arguments) if MODULES[verb] != "one_shot" else module.run(verb, arguments))
    except NbgitError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # git, or whoever read the answer, has gone: there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would complain when it flushes stdout at exit
        return 0
    except Exception as error:
        from nbgit.store.log import log_bug

        where, place = log_bug(error)
        say(f"{verb}: this is a bug in nbgit ({where}); the details are in {place}")
        return 100
