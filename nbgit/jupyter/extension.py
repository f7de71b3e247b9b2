"""Apart: the hook that the contents manager calls behind each save."""

import os

from nbgit.errors import NbgitError
from nbgit.jupyter.worker import Worker
from nbgit.store.refresh import capture_saved
from nbgit.store.saves import Saves, may_be_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LAST = 5.0  # seconds that a server which ends waits for the notebooks saved last


def load(server: "Any") -> None:
    """Register the hook with the contents manager of a jupyter_server application; one line in its log says so.

    A contents manager without `register_post_save_hook`, or one that keeps its notebooks elsewhere than in files, is
    left as it is.
    """
    import atexit

    register = getattr(server.contents_manager, "register_post_save_hook", None)
    if register is None:
        server.log.warning("nbgit: this contents manager has no save hooks; use `nbgit watch` to capture outputs")
        return
    saves = Saves(os.environ, os.path.expanduser("~"))
    worker = Worker(lambda file: _capture(saves, file, server.log))

    def nbgit_post_save(model: "Any" = None, os_path: "Any" = None, **more: "Any") -> None:
        """Note that a file was saved; the work is done behind the server's back."""
        try:
            if isinstance(os_path, str) and may_be_notebook(os_path):
                worker.put(os.path.abspath(os_path))
        except Exception as error:
            server.log.warning("nbgit: %s was not captured: %r", os_path, error)

    register(nbgit_post_save)
    atexit.register(worker.close, LAST)
    server.log.info("nbgit: notebooks in repositories set up by `nbgit install` are captured when they are saved")


def _capture(saves: Saves, file: str, log: "Any") -> None:
    """Capture one saved notebook; whatever goes wrong is one line in the server's log."""
    try:
        place = saves.place_of(file)
        if place is not None:
            repository, path = place
            for saved in capture_saved(repository, [path]):
                log.debug("nbgit: %s was captured; for git it is %s", path, saved.state)
    except NbgitError as error:
        log.warning("nbgit: %s", error)
    except Exception as error:
        log.warning("nbgit: %s was not captured: %r", file, error)
